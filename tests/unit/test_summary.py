"""What is printed after the manifests are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_cluster_constructs.changes import Changes, read
from jupyter_cluster_constructs.spec import (
    ClusterSpec,
    ExternalStorage,
    Gateway,
    IngressSettings,
    Jupyter,
    LocalStorage,
    Network,
    Peer,
    Ssh,
    Storage,
    User,
)
from jupyter_cluster_constructs.summary import summary

from .examples import ADA, ED25519, GRACE, JUPYTER_HASHES, SHA512, SIGN_ON

HOST = "jupyter.example.org"
NODES = Network(node_cidrs=("10.0.0.0/16",))
OPEN = Jupyter(mode="server", password_hash=JUPYTER_HASHES["argon2"])
REACHED = OPEN.model_copy(update={"allowed_from": (Peer(namespace="ingress-nginx"),)})


def lines(spec: ClusterSpec, *files: Path) -> list[str]:
    return summary(spec, Path("dist"), read(files)).splitlines()


def login(user: User) -> str:
    found = [line for line in lines(ClusterSpec(name="lab", users=(user,))) if line.startswith(f"  {user.name}: ")]
    assert len(found) == 1
    return found[0].partition(": ")[2]


def test_each_file_is_named_with_its_objects(tmp_path: Path) -> None:
    file = tmp_path / "0000-a.k8s.yaml"
    file.write_text("kind: Secret\nmetadata: {name: a}\n---\nkind: Service\nmetadata: {name: b}\n---\nkind: Secret\nmetadata: {name: c}\n")
    assert lines(ClusterSpec(name="lab"), file)[:3] == [str(file), "  Secret: a, c", "  Service: b"]


def test_of_many_objects_of_a_kind_the_first_are_named_and_the_others_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.k8s.yaml"
    file.write_text("---\n".join(f"kind: Secret\nmetadata: {{name: s{i}}}\n" for i in range(30)))
    assert lines(ClusterSpec(name="lab"), file)[1] == "  Secret: s0, s1, s2, s3 and 26 more"


@pytest.mark.parametrize(
    ("user", "way"),
    [
        (ADA, "password"),
        (User(name="kim", uid=1003, ssh_keys=(ED25519,)), "key"),
        (User(name="kim", uid=1003, ssh_keys=(ED25519, ED25519)), "2 keys"),
        (User(name="kim", uid=1003, ssh_keys=(ED25519,), password_hash=SHA512), "password or key"),
        (GRACE, "locked, since there is neither a password nor a key"),
    ],
)
def test_each_user_is_named_with_how_they_log_in(user: User, way: str) -> None:
    assert login(user) == way


@pytest.mark.parametrize(
    ("user", "way"),
    [
        (ADA, "no key in the settings, and passwords are off by ssh.password_login; keys in ~/.ssh/authorized_keys work"),
        (User(name="kim", uid=1003, ssh_keys=(ED25519,), password_hash=SHA512), "key"),
        (GRACE, "locked, since there is neither a password nor a key"),
    ],
)
def test_where_passwords_are_off_nobody_is_said_to_log_in_by_one(user: User, way: str) -> None:
    spec = ClusterSpec(name="lab", users=(user,), ssh=Ssh(password_login=False))
    assert f"  {user.name}: {way}" in lines(spec)


@pytest.mark.parametrize(
    ("user", "way"),
    [
        (GRACE, "password as the Secret hashes says"),
        (User(name="kim", uid=1003, ssh_keys=(ED25519,)), "key or password as the Secret hashes says"),
    ],
)
def test_where_a_secret_has_the_passwords_it_is_named(user: User, way: str) -> None:
    spec = ClusterSpec(name="lab", users=(user,), shadow_secret="hashes")
    assert f"  {user.name}: {way}" in lines(spec)


def test_without_users_it_says_that_nobody_can_log_in() -> None:
    assert any("Nobody can log in" in line for line in lines(ClusterSpec(name="lab")))


def test_a_locked_jupyterlab_says_what_opens_it() -> None:
    locked = ClusterSpec(name="lab", jupyter=Jupyter(mode="server"))
    assert "JupyterLab: locked; jupyter.password_hash or jupyter.secret opens it" in lines(locked)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            {"users": [{"name": "ada", "uid": 1001, "password_hash": SHA512}, {"name": "eve", "uid": 1002}]},
            "each user's own, by their password (ada)",
        ),
        ({"users": [{"name": "eve", "uid": 1002}]}, "each user's own, by their password; nobody has one"),
        ({"shadow_secret": "hashes"}, "each user's own, by the password that the Secret hashes says"),
        ({"jupyter": {"hub": {"sign_on": SIGN_ON}}}, "each user's own, by single sign-on"),
        ({"jupyter": {"mode": "off"}}, "none, by jupyter.mode: off"),
    ],
)
def test_who_has_a_jupyterlab_is_said(spec: dict[str, object], said: str) -> None:
    assert f"JupyterLab: {said}" in lines(ClusterSpec.model_validate({"name": "lab"} | spec))


@pytest.mark.parametrize(
    ("ingress", "address"),
    [
        (IngressSettings(host=HOST), f"http://{HOST}/"),
        (IngressSettings(host=HOST, tls_secret="tls"), f"https://{HOST}/"),
    ],
)
def test_an_open_jupyterlab_is_named_with_its_address(ingress: IngressSettings, address: str) -> None:
    (line,) = (line for line in lines(ClusterSpec(name="lab", jupyter=REACHED, ingress=ingress)) if line.startswith("JupyterLab"))
    assert line.endswith(f" at {address}")
    assert "password" in line


def test_jupyterlab_behind_a_gateway_is_named_with_its_host() -> None:
    spec = ClusterSpec(name="lab", jupyter=REACHED, ingress=IngressSettings(host=HOST, gateway=Gateway(name="public")))
    assert any(line.startswith("JupyterLab") and HOST in line for line in lines(spec))


def test_the_secret_that_opens_jupyterlab_is_named() -> None:
    assert any("Secret jupyter-login" in line for line in lines(ClusterSpec(name="lab", jupyter=Jupyter(mode="server", secret="jupyter-login"))))


def test_the_command_that_comes_next_is_the_last_line() -> None:
    assert lines(ClusterSpec(name="lab"))[-1] == "Next: kubectl apply -f dist"


@pytest.mark.parametrize(
    ("spec", "is_said"),
    [
        (ClusterSpec(name="lab"), True),
        (ClusterSpec(name="lab", network=NODES), False),
        (ClusterSpec(name="lab", network=Network(policies=False)), False),
        (ClusterSpec(name="lab", storage=Storage(claim="files")), False),
    ],
)
def test_nodes_that_could_not_mount_are_warned_of(spec: ClusterSpec, is_said: bool) -> None:
    assert any("network.node_cidrs" in line for line in lines(spec)) is is_said


def test_a_namespace_among_the_files_is_warned_of() -> None:
    said = [line for line in lines(ClusterSpec(name="lab", namespace="science", create_namespace=True)) if "deleting it deletes the claim" in line]
    assert len(said) == 1
    assert "science" in said[0]
    assert not any("deleting it" in line for line in lines(ClusterSpec(name="lab")))


def test_no_hash_and_no_key_is_printed() -> None:
    user = User(name="kim", uid=1003, ssh_keys=(ED25519,), password_hash=SHA512)
    text = "\n".join(lines(ClusterSpec(name="lab", users=(user,), jupyter=OPEN)))
    assert "$6$" not in text
    assert "AAAA" not in text
    assert "argon2:" not in text


# What applying does


def test_without_anything_before_nothing_is_said_of_restarts() -> None:
    assert not any("kubectl apply restarts" in line for line in lines(ClusterSpec(name="lab")))


def test_what_restarts_and_what_is_left_over_is_said_before_what_comes_next() -> None:
    spec = ClusterSpec(name="lab", namespace="science", network=NODES)
    said = summary(spec, Path("dist"), {}, Changes(restarted=("deployment/lab-worker",), refused=(), left_over=("service/lab-old",))).splitlines()
    assert said[-6:] == [
        "",
        "Against what was there before, kubectl apply restarts the pods of deployment/lab-worker.",
        "  A frontend's restart ends SSH sessions and kernels; a worker's, the memory of its engines. No file is lost.",
        "kubectl apply does not remove what is no longer among the files: kubectl delete -n science service/lab-old",
        "",
        "Next: kubectl apply -f dist",
    ]


# What the administrator of a server that exists has to do


def external(*users: User, single: bool = False) -> list[str]:
    """The commands that are printed for external storage."""
    storage = Storage(external=ExternalStorage(server="nfs", path="/srv/jupyter"), homes="single" if single else "per-user")
    said = lines(ClusterSpec(name="lab", users=users, storage=storage))
    begin = said.index("What the administrator of the NFS server has to have made, in /srv/jupyter:")
    assert said[-1] == "Next: kubectl apply -f dist"
    return said[begin + 1 : -1]


def many(number: int) -> tuple[User, ...]:
    return tuple(User(name=f"user{i}", uid=2000 + i) for i in range(number))


def test_with_external_storage_the_commands_that_make_its_directories_are_printed() -> None:
    assert external(ADA, User(name="kim", uid=1003, home_number=7)) == [
        "  install -d -o 0 -g 1000 -m 1777 jupyter_shared",
        "  install -d -o 1001 -g 1000 -m 0750 user_home_dir_1001",
        "  install -d -o 1003 -g 1000 -m 0750 user_home_dir_7",
    ]


def test_with_homes_in_one_volume_the_links_and_mount_points_are_among_them() -> None:
    assert external(ADA, single=True) == [
        "  install -d -o 0 -g 1000 -m 1777 jupyter_shared",
        "  install -d -o 0 -g 0 -m 0755 jupyter jupyter/config jupyter/shared",
        "  install -d -o 1001 -g 1000 -m 0750 user_home_dir_1001 && ln -sfn user_home_dir_1001 ada",
    ]


@pytest.mark.parametrize("single", [False, True])
def test_of_many_homes_the_first_are_shown_and_what_is_not_shown_is_of_the_same_kind(single: bool) -> None:
    others = 2 if single else 1
    assert external(*many(12 - others), single=single)[-1].startswith("  install ")
    said = external(*many(100), single=single)
    assert len(said) == 13
    assert said[-1] == f"  and {100 + others - 12} more of the same kind"
    assert not any("jupyter_shared" in line or "jupyter/config" in line for line in said[others:])


@pytest.mark.parametrize("storage", [{"local": {}}, {"claim": "files"}, {"storage_class": "cephfs"}])
def test_no_administrator_is_needed_where_the_cluster_makes_its_directories(storage: dict[str, object]) -> None:
    spec = ClusterSpec.model_validate({"name": "lab", "users": [{"name": "ada", "uid": 1001}], "storage": storage | {"homes": "single"}})
    assert not any("administrator" in line for line in lines(spec))


@pytest.mark.parametrize("storage", [{"local": {}}, {"claim": "files"}, {"storage_class": "cephfs"}])
def test_a_namespace_with_the_claim_under_the_homes_is_warned_of(storage: dict[str, object]) -> None:
    spec = ClusterSpec.model_validate({"name": "lab", "namespace": "science", "create_namespace": True, "storage": storage})
    assert any("deleting it deletes the claim" in line for line in lines(spec))


def test_homes_that_the_deletion_takes_along_are_told() -> None:
    kept, deleted = (ClusterSpec(name="lab", storage=Storage(local=LocalStorage(), reclaim_policy=policy)) for policy in ("Retain", "Delete"))
    assert not any("deletes every home" in line for line in lines(kept))
    assert "kubectl delete -f dist deletes every home: storage.reclaim_policy is Delete." in lines(deleted)
