"""The configuration of the NFS server."""

from __future__ import annotations

import re

from jupyter_cluster_constructs import paths
from jupyter_cluster_constructs.ganesha import NFS_PORT, ganesha_config


def blocks(node_cidrs: tuple[str, ...] = ()) -> dict[str, dict[str, str]]:
    """Each block's options; a block inside another has a name with a dot."""
    found: dict[str, dict[str, str]] = {}
    inside: list[str] = []
    for line in ganesha_config(node_cidrs).splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if opened := re.fullmatch(r"(\w+) \{", text):
            inside.append(opened[1])
            found[".".join(inside)] = {}
        elif text == "}":
            inside.pop()
        else:
            option = re.fullmatch(r"(\w+) = ([^;]+);", text)
            assert option, f"neither a block nor an option: {text}"
            found[".".join(inside)][option[1]] = option[2].strip('"')
    assert not inside, "a block is open at the end"
    return found


def test_the_file_is_blocks_of_options() -> None:
    assert {"NFS_CORE_PARAM", "NFSv4", "EXPORT", "EXPORT.FSAL"} <= blocks().keys()


def test_nfs_4_alone_is_served_at_one_port() -> None:
    core = blocks()["NFS_CORE_PARAM"]
    assert core["Protocols"] == "4"
    assert core["NFS_Port"] == str(NFS_PORT) == "2049"


def test_the_readiness_probe_and_the_clients_have_their_minor_versions() -> None:
    # export_answers.py speaks 4.0, the mounts 4.1 and 4.2.
    assert {v.strip() for v in blocks()["NFSv4"]["Minor_Versions"].split(",")} == {"0", "1", "2"}


def test_the_one_export_is_where_the_volumes_lead() -> None:
    export = blocks()["EXPORT"]
    assert export["Path"] == export["Pseudo"] == paths.EXPORT
    assert export["Access_Type"] == "RW"


def test_root_of_a_pod_has_no_rights_on_the_export() -> None:
    assert blocks()["EXPORT"]["Squash"] == "Root_Squash"


def test_a_client_whose_node_is_gone_is_dropped_after_a_minute() -> None:
    # The server would wait for it when everything is deleted.
    core = {name: int(value) for name, value in blocks()["NFS_CORE_PARAM"].items() if name.startswith("TCP_KEEP")}
    assert core["TCP_KEEPIDLE"] + core["TCP_KEEPINTVL"] * core["TCP_KEEPCNT"] <= 60


def test_by_itself_the_server_lets_every_host_use_the_export() -> None:
    assert not any("CLIENT" in name for name in blocks())


def test_with_networks_of_nodes_only_those_and_the_probes_use_the_export() -> None:
    found = blocks(("10.0.0.0/8", "fd00::/64"))
    assert found["EXPORT"]["Access_Type"] == "None"
    assert found["EXPORT.CLIENT"] == {"Clients": "127.0.0.1, ::1, 10.0.0.0/8, fd00::/64", "Access_Type": "RW", "Protocols": "4"}
    # What a client's block does not say is the export's.
    assert found["EXPORT"]["Squash"] == "Root_Squash"


def test_root_is_the_nobody_that_every_system_knows() -> None:
    assert blocks()["EXPORT"]["Anonymous_Uid"] == blocks()["EXPORT"]["Anonymous_Gid"] == "65534"


def test_the_server_asks_no_dns_before_it_starts() -> None:
    # The network policy lets it ask nobody, and libnfsidmap waits 10 s for an answer.
    assert blocks()["NFSv4"]["UseGetpwnam"] == "true"
