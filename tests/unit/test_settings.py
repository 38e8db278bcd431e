"""The typed settings: defaults, and what they mean."""

from __future__ import annotations

import ipaddress
import itertools

import pytest
from pydantic import ValidationError

from jupyter_cluster_constructs.errors import InvalidSettingsError, Problem
from jupyter_cluster_constructs.spec import (
    JUPYTER_PORT,
    SSHD_PORT,
    ClusterSpec,
    Controller,
    ExternalStorage,
    Group,
    Jupyter,
    LocalStorage,
    Storage,
    User,
    WorkerGroup,
    default_cluster_ip,
)

from .examples import ADA, ED25519, GRACE, SHA512


def test_a_name_is_enough() -> None:
    spec = ClusterSpec(name="lab")
    assert spec.namespace == "default"
    assert spec.create_namespace is False
    assert spec.storage.local is not None
    assert [group.replicas for group in spec.workers] == [2]
    assert spec.ingress is None
    assert spec.jupyter.mode == "hub"


def test_nothing_in_the_defaults_opens_anything() -> None:
    assert ClusterSpec(name="lab").users == ()
    assert User(name="ada", uid=1001).is_locked
    assert Jupyter(mode="server").is_locked


@pytest.mark.parametrize("way", [{"password_hash": SHA512}, {"password_env": "A"}, {"password_file": "a"}, {"ssh_keys": [ED25519]}])
def test_each_way_to_log_in_unlocks_a_user(way: dict[str, object]) -> None:
    assert not User.model_validate({"name": "ada", "uid": 1001} | way).is_locked


def test_settings_cannot_be_changed() -> None:
    spec = ClusterSpec(name="lab")
    with pytest.raises(ValidationError, match="frozen"):
        spec.name = "other"


def test_the_homes_number_is_the_uid_unless_given() -> None:
    assert ADA.home == 1001
    assert User(name="ada", uid=1001, home_number=0).home == 0


def test_two_users_cannot_have_one_home_even_if_one_has_it_by_default() -> None:
    users = (User(name="ada", uid=1001), User(name="grace", uid=1002, home_number=1001))
    with pytest.raises((InvalidSettingsError, ValidationError), match="1001"):
        ClusterSpec(name="lab", users=users)


def test_a_home_number_that_somebody_else_had_as_uid_is_free() -> None:
    users = (User(name="ada", uid=1001, home_number=7), User(name="grace", uid=1002, home_number=1001))
    assert [user.home for user in ClusterSpec(name="lab", users=users).users] == [7, 1001]


def test_the_ports_of_a_controller_are_in_a_row_and_nobody_elses() -> None:
    for first in (1024, 10101, 65536 - 18):
        controller = Controller(first_port=first)
        ports = [*controller.engine_ports, *controller.client_ports, *controller.internal_ports]
        assert sorted(ports) == list(range(first, first + 18))
        assert not {SSHD_PORT, JUPYTER_PORT} & {*ports}


@pytest.mark.parametrize("first", [SSHD_PORT - 17, SSHD_PORT, JUPYTER_PORT - 17, JUPYTER_PORT])
def test_ports_that_sshd_or_jupyter_have_are_refused(first: int) -> None:
    with pytest.raises(ValidationError, match="choose another"):
        Controller(first_port=first)


def test_the_default_address_of_the_nfs_server_is_stable_and_inside_the_service_network() -> None:
    addresses = {(namespace, name): default_cluster_ip(namespace, name) for namespace in ("a", "b", "default") for name in ("lab", "lab2", "c")}
    assert addresses["default", "lab"] == default_cluster_ip("default", "lab") == "10.96.0.142"
    # Of a /16 the first 256 are those that Kubernetes hands out last; 1 is the API server's and 10 the DNS server's.
    assert all(ipaddress.ip_address(address) in ipaddress.ip_network("10.96.0.0/24") for address in addresses.values())
    assert all(int(address.rpartition(".")[2]) > 15 for address in addresses.values())
    assert len({*addresses.values()}) > 5


@pytest.mark.parametrize("server", ["10.0.0.5", "nfs.example.org", "nfs", "filer-1"])
def test_an_external_server_is_an_address_or_a_name(server: str) -> None:
    assert ExternalStorage(server=server, path="/srv").server == server


@pytest.mark.parametrize(
    "server", ["", " ", "nfs.default.svc", "nfs.default.svc.", "nfs.default.svc.cluster.local", "nfs:/srv", "nfs.example.org/srv", "a b"]
)
def test_an_external_server_that_nodes_cannot_reach_is_refused(server: str) -> None:
    with pytest.raises(ValidationError, match="allowed: an address or a DNS name"):
        ExternalStorage(server=server, path="/srv")


KINDS: dict[str, object] = {"local": {}, "external": {"server": "nfs", "path": "/srv"}, "claim": "files", "storage_class": "cephfs"}


@pytest.mark.parametrize("number", range(len(KINDS) + 1))
def test_storage_is_of_exactly_one_kind(number: int) -> None:
    for kinds in itertools.combinations(KINDS, number):
        settings = {kind: KINDS[kind] for kind in kinds}
        if number == 1:
            assert getattr(Storage.model_validate(settings), kinds[0]) is not None
        else:
            with pytest.raises(ValidationError, match=f"received {' and '.join(kinds) or 'none of them'}; allowed: one of"):
                Storage.model_validate(settings)


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_disk_that_the_cluster_makes_is_ever_deleted(kind: str) -> None:
    settings = {kind: KINDS[kind]}
    assert Storage.model_validate(settings).reclaim_policy == "Retain"
    if kind in ("local", "storage_class"):
        assert Storage.model_validate(settings | {"reclaim_policy": "Delete"}).reclaim_policy == "Delete"
    else:
        with pytest.raises(ValidationError, match="received reclaim_policy Delete for storage that the cluster does not make; allowed: Retain"):
            Storage.model_validate(settings | {"reclaim_policy": "Delete"})


@pytest.mark.parametrize("kind", KINDS)
def test_homes_are_in_a_volume_each_unless_asked_for(kind: str) -> None:
    assert Storage.model_validate({kind: KINDS[kind]}).homes == "per-user"
    assert Storage.model_validate({kind: KINDS[kind], "homes": "single"}).homes == "single"


def test_a_claim_that_exists_and_one_that_is_made_are_claims_and_nfs_is_none() -> None:
    assert [kind for kind in KINDS if Storage.model_validate({kind: KINDS[kind]}).is_claimed] == ["claim", "storage_class"]


@pytest.mark.parametrize("name", ["user_home_dir_7", "user_home_dir_1001", "jupyter_shared"])
def test_a_user_may_be_called_as_a_directory_of_the_storage_unless_homes_have_links_beside_them(name: str) -> None:
    users = (User(name=name, uid=1001),)
    for kind in KINDS:
        assert ClusterSpec(name="lab", users=users, storage=Storage.model_validate({kind: KINDS[kind]})).users == users
        with pytest.raises(ValidationError, match=rf"users\[0\]\.name: received '{name}', a directory of the storage"):
            ClusterSpec(name="lab", users=users, storage=Storage.model_validate({kind: KINDS[kind], "homes": "single"}))


@pytest.mark.parametrize("name", ["user_home_dir_", "user_home_dir_7x", "xuser_home_dir_7", "jupyter_shared2", "home"])
def test_every_other_name_is_one_that_a_user_may_have(name: str) -> None:
    storage = Storage(local=LocalStorage(), homes="single")
    assert ClusterSpec(name="lab", users=(User(name=name, uid=1001),), storage=storage).users[0].name == name


@pytest.mark.parametrize(("kind", "longest"), [("local", 48), ("external", 48), ("claim", 44), ("storage_class", 44)])
def test_the_longest_name_depends_on_the_kind_of_storage_and_is_told(kind: str, longest: int) -> None:
    storage = Storage.model_validate({kind: KINDS[kind]})
    assert ClusterSpec(name="c" * longest, storage=storage).storage == storage
    with pytest.raises(ValidationError, match=rf"of {longest + 1} characters; allowed.*at most {longest}\b"):
        ClusterSpec(name="c" * (longest + 1), storage=storage)


def test_a_group_without_members_is_fine() -> None:
    assert ClusterSpec(name="lab", groups=(Group(name="physics", gid=2001),)).groups[0].members == ()


def test_a_worker_group_may_have_no_pods() -> None:
    assert WorkerGroup(replicas=0).replicas == 0


def test_the_typed_settings_refuse_what_the_file_would_refuse() -> None:
    with pytest.raises((InvalidSettingsError, ValidationError), match=r"users\[1\]\.name: received 'ada', which users\[0\] has already"):
        ClusterSpec(name="lab", users=(ADA, User(name="ada", uid=1002)))


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        ClusterSpec(name="lab", users=(ADA, GRACE, User(name="ada", uid=1002, groups=("none",))))
    cause = refused.value.errors()[0].get("ctx", {})["error"]
    assert [problem.path for problem in cause.problems] == [("users", 2, "name"), ("users", 2, "uid"), ("users", 2, "groups", 0)]


@pytest.mark.parametrize(
    ("path", "text"),
    [((), "message"), (("name",), "name: message"), (("users", 1, "uid"), "users[1].uid: message"), (("a", "b", 0, 1), "a.b[0][1]: message")],
)
def test_a_problem_is_written_as_people_write_paths(path: tuple[str | int, ...], text: str) -> None:
    assert str(Problem(path, "message")) == text
