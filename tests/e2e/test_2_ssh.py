from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path, PurePosixPath

import paramiko
import pytest

from .conftest import Lab
from .kube import CommandError, run
from .ssh import HOST, Person, Session, client_options, login

SHARED = "/home/jupyter/shared"
PROGRAMS = ("python", "ipython", "jupyter")


def test_a_password_logs_in(lab: Lab) -> None:
    with login(lab.cluster, "ada", password=lab.ada.password) as session:
        assert session.run("id -un") == "ada\n"


@pytest.mark.parametrize("user", ["ada", "grace"])
def test_a_key_logs_in(lab: Lab, user: str) -> None:
    person = {"ada": lab.ada, "grace": lab.grace}[user]

    with login(lab.cluster, user, key=person.key) as session:
        assert session.run("id -un") == f"{user}\n"


def test_a_key_in_the_own_home_logs_in(lab: Lab, grace: Session, tmp_path: Path) -> None:
    other = Person.with_new_key("grace", tmp_path)
    grace.run("mkdir -p -m 700 ~/.ssh && cat > ~/.ssh/authorized_keys", stdin=f"{other.public_key}\n")

    with login(lab.cluster, "grace", key=other.key) as session:
        assert session.run("id -un") == "grace\n"


def test_openssh_logs_in_by_password(lab: Lab, tmp_path: Path) -> None:
    ask = tmp_path / "askpass"
    ask.write_text('#!/bin/sh\nprintf "%s\\n" "$ADA_PASSWORD"\n')
    ask.chmod(0o700)
    environment = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0", "ADA_PASSWORD": lab.ada.password or ""}

    with lab.cluster.forward("ssh", 22) as port:
        command = ["ssh", *client_options(tmp_path), "-o", "PubkeyAuthentication=no", "-p", str(port), f"ada@{HOST}", "id -un"]
        assert run(command, environment=environment) == "ada\n"


def test_scp_brings_a_file_there_and_back(lab: Lab, tmp_path: Path) -> None:
    content = secrets.token_bytes(300_000)
    (tmp_path / "sent").write_bytes(content)

    with lab.cluster.forward("ssh", 22) as port:
        scp = ["scp", *client_options(tmp_path), "-i", str(lab.ada.key_file), "-P", str(port)]
        run([*scp, str(tmp_path / "sent"), f"ada@{HOST}:by-scp"])
        run([*scp, f"ada@{HOST}:by-scp", str(tmp_path / "received")])

    assert (tmp_path / "received").read_bytes() == content


def refused(lab: Lab, user: str, *, password: str | None = None, key: paramiko.PKey | None = None) -> None:
    with pytest.raises(paramiko.AuthenticationException), login(lab.cluster, user, password=password, key=key):
        pass


def test_a_wrong_password_is_refused(lab: Lab) -> None:
    refused(lab, "ada", password=f"{lab.ada.password}x")


def test_another_users_key_is_refused(lab: Lab) -> None:
    refused(lab, "ada", key=lab.grace.key)


@pytest.mark.parametrize("user", ["root", "jupyter", "locked", "nobody-of-that-name"])
def test_a_password_does_not_open_an_account_without_login(lab: Lab, user: str) -> None:
    refused(lab, user, password=lab.ada.password)


@pytest.mark.parametrize("user", ["root", "jupyter", "locked"])
def test_a_key_does_not_open_an_account_without_login(lab: Lab, user: str) -> None:
    refused(lab, user, key=lab.ada.key)


def test_a_key_left_in_a_locked_home_is_refused(lab: Lab) -> None:
    home = "user_home_dir_1003"
    lab.cluster.on_nfs_server(
        f"install -d -o 1003 -g 1003 -m 700 {home}/.ssh; cat > {home}/.ssh/authorized_keys; chown 1003:1003 {home}/.ssh/authorized_keys",
        stdin=f"{lab.ada.public_key}\n",
    )

    refused(lab, "locked", key=lab.ada.key)


def test_a_command_finds_the_environments_programs(ada: Session) -> None:
    paths = [PurePosixPath(ada.run(f"command -v {program}").strip()) for program in PROGRAMS]

    assert [path.name for path in paths] == list(PROGRAMS)
    assert len({path.parent for path in paths}) == 1
    assert ada.run("python -c 'import ipyparallel, numpy; print(1)'") == "1\n"


def test_a_login_shell_on_a_terminal_finds_the_same_programs(ada: Session) -> None:
    by_command = [ada.run(f"command -v {program}").strip() for program in PROGRAMS]

    shown = ada.type_in_terminal("tty\nshopt login_shell\n" + "".join(f"command -v {program}\n" for program in PROGRAMS) + "exit\n")

    lines = [line.strip() for line in shown.splitlines()]
    assert [line for line in lines if line in by_command] == by_command
    assert any(line.startswith("/dev/pts/") for line in lines)
    assert "login_shell\ton" in [line.replace(" ", "") for line in lines]


def test_the_home_is_the_shells_directory_and_the_users_own(ada: Session) -> None:
    assert ada.run("pwd; echo ~; stat -c %U ~").splitlines() == ["/home/ada", "/home/ada", "ada"]


def test_a_home_is_closed_to_other_users(ada: Session, grace: Session) -> None:
    ada.write("/home/ada/private", b"ada's")

    for command in ("ls /home/ada", "cat /home/ada/private", "touch /home/ada/intruder"):
        with pytest.raises(CommandError, match="Permission denied"):
            grace.run(command)


def test_the_shared_directory_is_everybodys_but_files_are_their_owners(ada: Session, grace: Session) -> None:
    ada.write(f"{SHARED}/from-ada", b"for all")
    grace.write(f"{SHARED}/from-grace", b"for all")

    assert grace.read(f"{SHARED}/from-ada") == b"for all"
    with pytest.raises(CommandError, match="not permitted"):
        grace.run(f"rm -f {SHARED}/from-ada")
    assert ada.read(f"{SHARED}/from-ada") == b"for all"


def test_a_user_is_in_their_groups(ada: Session, grace: Session) -> None:
    assert sorted(ada.run("id -Gn").split()) == ["ada", "cluster-members", "physics", "ssh-passwords"]
    assert sorted(grace.run("id -Gn").split()) == ["cluster-members", "grace"]


def test_ipython_keeps_its_history_off_the_home(ada: Session) -> None:
    file = ada.run("ipython --no-banner -c 'print(get_ipython().history_manager.hist_file)'").split()

    assert file == [":memory:"]
    assert ada.run("find ~ -name 'history.sqlite*'") == ""


def test_sftp_shows_the_mode_of_the_home(ada: Session) -> None:
    with ada.sftp() as sftp:
        attributes = sftp.stat("/home/ada")

    assert attributes.st_mode is not None
    assert (stat.S_IMODE(attributes.st_mode), attributes.st_uid, attributes.st_gid) == (0o750, 1001, 1000)
