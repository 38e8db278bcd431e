"""jupyter-cluster init: a settings file that loads, and fits the cluster."""

from __future__ import annotations

import ipaddress
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import run

from jupyter_cluster_constructs.schema import schema_text
from jupyter_cluster_constructs.settings_file import load_cluster
from jupyter_cluster_constructs.spec import ClusterSpec, User, WorkerGroup, default_cluster_ip

from .examples import ED25519
from .kubernetes_api import Api, kubeconfig_text, served


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no kubeconfig"))
    return tmp_path


@pytest.fixture
def api(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    known = Api()
    with served(known, directory) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        yield known
    assert known.changes == [], "init changes nothing in a cluster"


def settings(*arguments: str, file: str = "cluster.yaml") -> ClusterSpec:
    done = run("init", file, "--yes", *arguments)
    assert done.exit_code == 0, done.stderr
    return load_cluster(Path(file))


def cluster_ip(spec: ClusterSpec) -> str:
    assert spec.storage.local is not None
    assert spec.storage.local.cluster_ip is not None
    return spec.storage.local.cluster_ip


def uncommented(text: str) -> str:
    """The file with each commented section in force."""
    return re.sub(r"^# (?=[a-z_]+:|  )", "", text, flags=re.MULTILINE)


def test_without_a_terminal_nothing_is_asked_and_defaults_are_taken() -> None:
    assert run("init", "--offline").exit_code == 0
    assert load_cluster(Path("cluster.yaml")).model_dump(exclude={"storage"}) == ClusterSpec(
        name="lab", workers=(WorkerGroup(replicas=2, memory="1Gi"),)
    ).model_dump(exclude={"storage"})


def test_options_say_everything_that_is_asked() -> None:
    spec = settings(
        *("--offline", "--name", "chem", "--namespace", "science", "--engines", "8", "--memory", "4Gi", "--cluster-ip", "10.43.0.150"),
        *("--user", f"ada={ED25519}", "--user", "grace:1010", "--user", "eve"),
    )
    assert (spec.name, spec.namespace, spec.workers[0].replicas, spec.workers[0].memory) == ("chem", "science", 8, "4Gi")
    assert spec.users == (User(name="ada", uid=1001, ssh_keys=(ED25519,)), User(name="grace", uid=1010), User(name="eve", uid=1011))
    assert cluster_ip(spec) == "10.43.0.150"


@pytest.mark.parametrize(
    ("option", "value", "storage"),
    [
        ("--nfs", "10.0.0.5:/srv/jupyter", {"external": {"server": "10.0.0.5", "path": "/srv/jupyter"}}),
        ("--claim", "files", {"claim": "files"}),
        ("--storage-class", "cephfs", {"storage_class": "cephfs"}),
    ],
)
def test_other_storage_asks_no_cluster(option: str, value: str, storage: dict[str, Any]) -> None:
    assert settings(option, value).storage.model_dump(exclude_unset=True) == storage


@pytest.mark.parametrize("key", ClusterSpec.model_fields)
def test_every_section_is_in_the_file_and_explained(key: str) -> None:
    settings("--offline")
    text = Path("cluster.yaml").read_text()
    assert re.search(rf"^(?:# .*\n)+(?:# )?{key}:", text, re.MULTILINE)


def test_the_file_leads_editors_to_the_schema_beside_it() -> None:
    settings("--offline")
    first = Path("cluster.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=cluster.schema.json"
    assert Path("cluster.schema.json").read_text() == schema_text()


def test_nobody_else_reads_the_file_which_may_hold_hashes() -> None:
    settings("--offline")
    assert stat.S_IMODE(Path("cluster.yaml").stat().st_mode) == 0o600


def test_a_file_that_is_there_stays_unless_it_is_to_be_overwritten() -> None:
    Path("cluster.yaml").write_text("name: mine\n")
    done = run("init", "--offline")
    assert (done.exit_code, done.stderr) == (
        2,
        "cluster.yaml: is there already, and unchanged; name another file, or overwrite it by --force\n",
    )
    assert Path("cluster.yaml").read_text() == "name: mine\n"
    assert settings("--offline", "--force").name == "lab"


def test_a_schema_of_somebody_elses_is_not_overwritten(directory: Path) -> None:
    Path("cluster.schema.json").write_text("mine")
    done = run("init", "--offline")
    assert done.exit_code == 2
    assert "cluster.schema.json: is there, and no JSON Schema of these settings" in done.stderr
    assert [file.name for file in directory.iterdir()] == ["cluster.schema.json"]


REFUSED = {
    "a name": (["--name", "Lab"], "name: received 'Lab'; allowed: small letters, digits and -, a letter first"),
    "a memory": (["--memory", "1"], "workers[0].memory: received '1'"),
    "an address": (["--cluster-ip", "10.0"], "storage.local.cluster_ip: received '10.0'"),
    "a user": (["--user", "root"], "users[0].name: received 'root'"),
    "a user's form": (["--user", "ada:x"], "--user: received 'ada:x'; allowed: NAME, NAME:UID, and =KEY"),
    "a key": (["--user", "ada=no.pub"], "no.pub: cannot be read"),
    "a server": (["--nfs", "10.0.0.5"], "--nfs: received '10.0.0.5'; allowed: SERVER:/PATH"),
    "two storages": (["--nfs", "a:/b", "--claim", "c"], "received --nfs and --claim; allowed: one of them"),
    "an address of no Service": (["--claim", "c", "--cluster-ip", "10.96.0.5"], "received --cluster-ip with storage that is not in the cluster"),
    "a directory that is not there": (["no/cluster.yaml"], "there is no directory no"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_leaves_nothing_behind(directory: Path, arguments: list[str], said: str) -> None:
    done = run("init", "--offline", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert list(directory.iterdir()) == []


def test_without_a_cluster_the_address_is_a_guess_and_that_is_said(directory: Path) -> None:
    done = run("init")
    assert done.exit_code == 0
    assert "no cluster: " in done.stderr
    assert "a guess" in done.stderr
    assert "a guess" in Path("cluster.yaml").read_text()
    assert cluster_ip(load_cluster(Path("cluster.yaml"))) == default_cluster_ip("default", "lab")


def test_a_cluster_that_does_not_answer_is_as_none(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "kubeconfig").write_text(kubeconfig_text("http://127.0.0.1:9"))
    monkeypatch.setenv("KUBECONFIG", str(directory / "kubeconfig"))
    done = run("init")
    assert done.exit_code == 0
    assert "the API server can't be reached: " in done.stderr
    assert run("init", "--force", "--context", "here").exit_code == 3, "a cluster that was named has to be there"


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_the_address_is_free_and_in_the_network_of_the_service_cidr(api: Api, version: str) -> None:
    api.network, api.cidrs, api.version = "10.96.0.0/12", ("fd00::/112", "10.96.0.0/12"), version
    api.services["other/files"] = default_cluster_ip("default", "lab")
    spec = settings()
    assert ipaddress.ip_address(cluster_ip(spec)) in ipaddress.ip_network("10.96.0.0/24")
    assert cluster_ip(spec) not in api.services.values()
    assert "free and in the Service network" in Path("cluster.yaml").read_text()


def test_the_default_address_is_kept_where_it_is_free(api: Api) -> None:
    api.network = "10.96.0.0/16"
    assert cluster_ip(settings()) == default_cluster_ip("default", "lab")


def test_without_such_objects_the_api_server_tells_its_network(api: Api) -> None:
    api.network = "192.168.128.0/28"
    api.services = {f"a/{i}": f"192.168.128.{i}" for i in range(1, 14)}
    assert cluster_ip(settings()) == "192.168.128.14"


def test_a_full_network_is_an_error_that_says_what_else_there_is(api: Api) -> None:
    api.network = "192.168.128.0/28"
    api.services = {f"a/{i}": f"192.168.128.{i}" for i in range(1, 15)}
    done = run("init")
    assert done.exit_code == 1
    assert "no free IPv4 address for the NFS server's Service in 192.168.128.0/28; choose other storage (--nfs" in done.stderr
    assert not Path("cluster.yaml").exists()


def test_whoever_may_ask_little_gets_an_address_near_the_api_servers(api: Api) -> None:
    api.forbidden = ("/api/v1/services", "/api/v1/nodes", "POST")
    done = run("init")
    assert done.exit_code == 0
    assert "10.43.0.0/24, around the Service kubernetes, is taken for a part of it." in done.stderr
    assert "network.node_cidrs is left out" in done.stderr
    assert ipaddress.ip_address(cluster_ip(load_cluster(Path("cluster.yaml")))) in ipaddress.ip_network("10.43.0.0/24")


def test_a_cluster_that_is_there_keeps_its_address(api: Api) -> None:
    api.services["default/lab-nfs"] = "10.43.7.7"
    assert cluster_ip(settings()) == "10.43.7.7"


def test_nodes_mount_from_their_addresses_bridges_and_tunnels(api: Api) -> None:
    api.nodes = {
        "one": {"address": "172.18.0.2", "podCIDRs": ["10.42.0.0/24", "fd00:42::/64"]},
        "two": {"address": "172.18.0.3", "podCIDRs": [], "annotations": {"projectcalico.org/IPv4VXLANTunnelAddr": "10.42.9.64"}},
    }
    assert settings().network.node_cidrs == ("172.18.0.2/32", "10.42.0.0/31", "fd00:42::/127", "172.18.0.3/32", "10.42.9.64/32")
    assert re.search(r"- 10.42.9.64/32 +# two$", Path("cluster.yaml").read_text(), re.MULTILINE)


def test_networks_of_nodes_that_are_not_known_for_sure_are_told_and_not_set(api: Api) -> None:
    # One too few would keep a node from mounting.
    api.nodes["two"] = {"address": "172.18.0.3", "podCIDRs": []}
    done = run("init")
    assert load_cluster(Path("cluster.yaml")).network.node_cidrs == ()
    said = "it has to be 172.18.0.2/32, 10.42.0.0/31, 172.18.0.3/32 and what docs/operations.md says."
    assert said in done.stderr
    assert said in Path("cluster.yaml").read_text().replace("\n# ", " ")


def test_programs_get_json(api: Api) -> None:
    found = json.loads(run("init", "--json").stdout)
    assert (found["file"], found["schema"], found["cluster_ip_from"], found["service_networks"]) == (
        "cluster.yaml",
        "cluster.schema.json",
        "cluster",
        ["10.43.0.0/16"],
    )
    assert found["node_cidrs"] == ["172.18.0.2/32", "10.42.0.0/31"]


def test_the_sections_that_are_comments_are_settings_too() -> None:
    settings("--offline", "--user", f"ada={ED25519}")
    text = uncommented(Path("cluster.yaml").read_text())
    Path("all.yaml").write_text(text)
    assert {*load_cluster(Path("all.yaml")).model_fields_set} == {*ClusterSpec.model_fields}
