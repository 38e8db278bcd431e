"""The NFS server's pod is lost while files are written on two clients."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from .conftest import Lab
from .programs import pull, push_ids
from .ssh import Session
from .writers import Writer, writing

STALL_SECONDS = 45
READY_SECONDS = 60
VARIABLE = "kept_without_nfs"
FAULTS = {"killed without grace": ("--grace-period=0", "--force"), "deleted with grace": ()}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_acknowledged_write_is_lost_and_writers_go_on(lab: Lab, ada: Session, fault: str, note: Callable[[str], None]) -> None:
    pod = lab.cluster.pod_names("worker")[0]
    engines, restarts = lab.cluster.engines(), lab.cluster.restarts()
    lab.cluster.call(push_ids, VARIABLE)
    uid = lab.cluster.kubectl("get", "pod", "lab-nfs-0", "--output=jsonpath={.metadata.uid}")

    # An error that a writer meets, such as ESTALE or EIO, is raised at the end of the block.
    with writing([Writer.in_session(ada, "user_home_dir_1001"), Writer.on_engine(lab.cluster, pod)]) as all_written:
        start = time.monotonic()
        lab.cluster.kubectl("delete", "pod", "lab-nfs-0", *FAULTS[fault], seconds=90)
        lab.cluster.wait_for_rollouts("statefulset/nfs", seconds=READY_SECONDS)
        ready = time.monotonic() - start
        time.sleep(3)

    longest = ", ".join(f"{written.writer.who} {written.longest:.1f} s" for written in all_written)
    note(f"NFS server's pod {fault}: another one ready after {ready:.1f} s; longest time without a write: {longest}")
    assert lab.cluster.kubectl("get", "pod", "lab-nfs-0", "--output=jsonpath={.metadata.uid}") != uid
    for written in all_written:
        assert len(written.digests) > 20
        assert written.kept(lab.cluster) == written.digests, f"what {written.writer.who} wrote"
        assert written.longest < STALL_SECONDS
    assert lab.cluster.restarts() == restarts
    assert lab.cluster.engines() == engines
    assert lab.cluster.call(pull, VARIABLE) == {str(number): number for number in engines}
