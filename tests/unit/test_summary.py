"""What is printed after the manifests are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_cluster_constructs.spec import ClusterSpec, Gateway, IngressSettings, Jupyter, User
from jupyter_cluster_constructs.summary import summary

from .examples import ADA, ED25519, GRACE, JUPYTER_HASHES, SHA512

HOST = "jupyter.example.org"
OPEN = Jupyter(password_hash=JUPYTER_HASHES["argon2"])


def lines(spec: ClusterSpec, *files: Path) -> list[str]:
    return summary(spec, Path("dist"), files).splitlines()


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


def test_without_users_it_says_that_nobody_can_log_in() -> None:
    assert any("Nobody can log in" in line for line in lines(ClusterSpec(name="lab")))


def test_a_locked_jupyterlab_says_what_opens_it() -> None:
    assert "JupyterLab is locked: give jupyter.password_hash or jupyter.secret." in lines(ClusterSpec(name="lab"))


@pytest.mark.parametrize(
    ("ingress", "address"),
    [
        (IngressSettings(host=HOST), f"http://{HOST}/"),
        (IngressSettings(host=HOST, tls_secret="tls"), f"https://{HOST}/"),
    ],
)
def test_an_open_jupyterlab_is_named_with_its_address(ingress: IngressSettings, address: str) -> None:
    (line,) = (line for line in lines(ClusterSpec(name="lab", jupyter=OPEN, ingress=ingress)) if line.startswith("JupyterLab"))
    assert line.endswith(f" at {address}")
    assert "password" in line


def test_jupyterlab_behind_a_gateway_is_named_with_its_host() -> None:
    spec = ClusterSpec(name="lab", jupyter=OPEN, ingress=IngressSettings(host=HOST, gateway=Gateway(name="public")))
    assert any(line.startswith("JupyterLab") and HOST in line for line in lines(spec))


def test_the_secret_that_opens_jupyterlab_is_named() -> None:
    assert any("Secret jupyter-login" in line for line in lines(ClusterSpec(name="lab", jupyter=Jupyter(secret="jupyter-login"))))


def test_the_command_that_comes_next_is_the_last_line() -> None:
    assert lines(ClusterSpec(name="lab"))[-1] == "Next: kubectl apply -f dist"


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
