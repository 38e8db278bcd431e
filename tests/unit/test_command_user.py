"""jupyter-cluster user: edits of the settings file."""

from __future__ import annotations

import difflib
import json
import os
import stat
from pathlib import Path

import pytest
from command import run
from passlib.handlers.sha2_crypt import sha512_crypt

from jupyter_cluster_constructs import passwords
from jupyter_cluster_constructs.settings_file import load_cluster
from jupyter_cluster_constructs.spec import ClusterSpec, User

from .examples import ED25519

TEXT = """\
# yaml-language-server: $schema=cluster.schema.json
name: lab   # the laboratory
users:
  # The boss.
  - name: ada
    uid: 0x3E9
    groups: [physics]
  - {name: 'grace', uid: 1002}

# Who works together.
groups:
- name: physics
  gid: 2001
  members: [grace]
storage:
  local: {size:   20Gi}  # three spaces
"""
WORD = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 1000)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONFIG", str(tmp_path / "cluster.yaml"))
    (tmp_path / "cluster.yaml").write_text(TEXT)
    return tmp_path / "cluster.yaml"


def users(file: Path) -> dict[str, User]:
    return {user.name: user for user in load_cluster(file, hash_passwords=False).users}


def changed_lines(file: Path) -> list[str]:
    return [line for line in difflib.ndiff(TEXT.splitlines(), file.read_text().splitlines()) if line[:2] in ("- ", "+ ")]


def test_a_user_more_is_two_lines_more(file: Path) -> None:
    assert run("user", "add", "eve").exit_code == 0
    assert changed_lines(file) == ["+   - name: eve", "+     uid: 1003"]


def test_a_user_comes_with_groups_and_keys_of_a_text_and_of_a_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "keys.pub").write_text(f"# hers\n{ED25519} one\n\n{ED25519} two\n")
    done = run("user", "add", "eve", "--group", "physics", "--key", ED25519, "--key", tmp_path / "keys.pub", "--uid", "1010")
    assert done.exit_code == 0, done.stderr
    assert users(file)["eve"] == User(name="eve", uid=1010, groups=("physics",), ssh_keys=(ED25519, f"{ED25519} one", f"{ED25519} two"))
    assert "login: 3 keys" in done.stdout


def test_the_next_uid_is_above_all_uids_and_homes_and_no_groups_number(file: Path) -> None:
    file.write_text(TEXT.replace("uid: 1002", "uid: 1002, home_number: 2000"))
    run("user", "add", "eve")
    assert users(file)["eve"].uid == 2002, "2001 is the number of physics"


def test_a_first_user_has_uid_1001(file: Path) -> None:
    file.write_text("name: lab\n")
    run("user", "add", "ada")
    assert users(file)["ada"].uid == 1001


def test_a_password_from_stdin_is_kept_as_a_hash_alone_and_never_shown(file: Path) -> None:
    done = run("user", "add", "eve", "--password-stdin", stdin=f"{WORD}\n")
    assert done.exit_code == 0
    assert sha512_crypt.verify(WORD, users(file)["eve"].password_hash)
    assert WORD not in file.read_text() + done.output
    assert sha512_crypt.from_string(users(file)["eve"].password_hash).rounds == 1000


def test_two_users_of_one_password_have_two_hashes(file: Path) -> None:
    for name in ("ada", "grace"):
        assert run("user", "passwd", name, "--password-stdin", stdin=WORD).exit_code == 0
    assert users(file)["ada"].password_hash != users(file)["grace"].password_hash


@pytest.mark.parametrize("stdin", ["", "\n", "two\nlines\n", "a\0b"])
def test_what_is_no_password_of_one_line_is_refused(file: Path, stdin: str) -> None:
    done = run("user", "passwd", "ada", "--password-stdin", stdin=stdin)
    assert (done.exit_code, done.stderr) == (2, "stdin: received no password of one line in UTF-8\n")
    assert file.read_text() == TEXT


@pytest.mark.parametrize("key", ["password_env: ADA", "password_file: secrets/ada", "password_hash: $6$abc$" + 86 * "."])
def test_a_new_password_takes_the_place_of_the_old_one_in_whichever_form(file: Path, key: str) -> None:
    file.write_text(TEXT.replace("    groups: [physics]", f"    {key}  # old\n    groups: [physics]"))
    done = run("user", "passwd", "ada", "--password-stdin", stdin=WORD)
    assert done.exit_code == 0, done.stderr
    ada = users(file)["ada"]
    assert sha512_crypt.verify(WORD, ada.password_hash)
    assert (ada.password_env, ada.password_file) == (None, None)
    assert "restarts nothing" in done.stdout


def test_a_removed_user_leaves_the_groups_too_and_both_are_told(file: Path) -> None:
    done = run("user", "remove", "grace")
    assert done.exit_code == 0, done.stderr
    assert [line for line in changed_lines(file) if not line.startswith("+ # removed user grace: uid 1002, user_home_dir_1002;")] == [
        "-   - {name: 'grace', uid: 1002}",
        "-   members: [grace]",
        "+   members: []",
    ]
    assert "members of physics" in done.stdout
    assert "user_home_dir_1002 stay" in done.stdout


def test_nobody_gets_a_removed_users_number_or_home(file: Path) -> None:
    run("user", "remove", "grace")
    run("user", "add", "eve")
    assert users(file)["eve"].uid == 1003
    before = file.read_text()
    done = run("user", "add", "max", "--uid", "1002")
    assert done.exit_code == 2
    assert "was grace's" in done.stderr
    assert file.read_text() == before


def test_a_removed_user_comes_back_to_the_same_home(file: Path) -> None:
    file.write_text(TEXT.replace("uid: 1002", "uid: 1002, home_number: 7"))
    run("user", "remove", "grace")
    assert "--uid 1002" in run("user", "add", "grace").stdout
    run("user", "remove", "grace")
    assert run("user", "add", "grace", "--uid", "1002").exit_code == 0
    assert users(file)["grace"].home == 7
    assert "# removed user grace: uid 1002" not in file.read_text()


def test_all_users_can_go_and_come(file: Path) -> None:
    for name in ("ada", "grace"):
        assert run("user", "remove", name).exit_code == 0
    assert "no users" in run("user", "list").stderr
    assert run("user", "add", "eve").exit_code == 0
    assert [(user.name, user.uid) for user in users(file).values()] == [("eve", 1003)]


REFUSED = {
    "a name that is none": (["add", "Eve"], "users[2].name: received 'Eve'; allowed: small letters"),
    "a name of the system": (["add", "root"], "users[2].name: received 'root', an account of the system"),
    "a user who is there": (["add", "ada"], "received 'ada', who is a user already"),
    "a uid that is used": (["add", "eve", "--uid", "1001"], "users[2].uid: received 1001, which users[0] has already"),
    "a uid too low": (["add", "eve", "--uid", "12"], "users[2].uid: received 12; allowed: greater than or equal to 1001"),
    "a group that is none": (["add", "eve", "--group", "art"], "received 'art', which is no group; allowed: physics"),
    "a key that is none": (["add", "eve", "--key", "ssh-rsa"], "allowed: one line of a .pub file"),
    "a key's file that is not there": (["add", "eve", "--key", "no.pub"], "no.pub: cannot be read: No such file or directory"),
    "a user who is none": (["remove", "eve"], "received 'eve', which is no user; allowed: ada, grace"),
    "a password for nobody": (["passwd", "eve", "--password-stdin"], "received 'eve', which is no user"),
    "a password without a terminal": (["passwd", "ada"], "--password-stdin reads it from a pipe"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_leaves_the_file_as_it_was(file: Path, arguments: list[str], said: str) -> None:
    done = run("user", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert file.read_text() == TEXT
    assert os.listdir(file.parent) == ["cluster.yaml"]


def test_a_mistake_that_is_in_the_file_is_told_with_its_line(file: Path) -> None:
    file.write_text(TEXT.replace("0x3E9", "one"))
    done = run("user", "add", "eve")
    assert (done.exit_code, done.stderr) == (2, f"{file}:6: users[0].uid: received 'one'; allowed: a whole number\n")


def test_a_private_key_is_refused_and_not_shown(file: Path, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")
    done = run("user", "add", "eve", "--key", tmp_path / "id")
    assert done.exit_code == 2
    assert "received a private key (not shown)" in done.stderr
    assert "c2VjcmV0" not in done.stderr


ALIASES = {
    "a password": "name: lab\nusers:\n  - {name: ada, uid: 1001, password_env: &same ADA}\n  - {name: grace, uid: 1002, password_env: *same}\n",
    "members": "name: lab\ngroups:\n  - {name: a, gid: 2001, members: &m [ada]}\n  - {name: b, gid: 2002, members: *m}\nusers:\n"
    "  - {name: ada, uid: 1001}\n  - {name: grace, uid: 1002, password_env: &p A}\n  - {name: max, uid: 1003, password_env: *p}\n",
}


@pytest.mark.parametrize("text", ALIASES.values(), ids=ALIASES.keys())
@pytest.mark.parametrize("arguments", [["remove", "ada"], ["passwd", "grace", "--password-stdin"]])
def test_what_aliases_say_is_left_to_people(file: Path, text: str, arguments: list[str]) -> None:
    file.write_text(text)
    done = run("user", *arguments, stdin=WORD)
    assert done.exit_code == 2
    assert "(anchors, aliases, values over several lines) is more than this command can edit" in done.stderr
    assert file.read_text() == text
    assert run("user", "add", "eve").exit_code == 0, "what no alias stands in the way of works"


def test_the_file_keeps_its_mode_and_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert run("user", "add", "eve", "--config", link).exit_code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "eve" in users(file)


def test_the_file_keeps_its_owner(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Only root gives files away.
    given, known = list[tuple[int, int]](), Path.stat

    def stat_of_another(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = known(path, follow_symlinks=follow_symlinks)
        return os.stat_result((*found[:4], 1234, 2345, *found[6:])) if path == file else found

    monkeypatch.setattr(Path, "stat", stat_of_another)
    monkeypatch.setattr(os, "fchown", lambda _, uid, gid: given.append((uid, gid)))
    run("user", "add", "eve")
    assert given == [(1234, 2345)]


def test_line_ends_of_windows_stay(file: Path) -> None:
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())
    run("user", "add", "eve")
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n") == TEXT.count("\n") + 2


def test_what_applying_does_depends_on_the_homes(file: Path) -> None:
    assert "restarts statefulset/lab-nfs, deployment/lab-frontend, deployment/lab-worker," in run("user", "add", "eve").stdout
    file.write_text(file.read_text() + "  homes: single\n")
    assert "restarts nothing" in run("user", "add", "max").stdout


def test_the_list_has_everybody_with_their_groups_and_logins(file: Path) -> None:
    assert run("user", "list").stdout.splitlines()[0].split() == ["NAME", "UID", "HOME", "LOGIN", "GROUPS"]
    found = json.loads(run("user", "list", "--json").stdout)
    assert [(user["name"], user["uid"], user["groups"]) for user in found] == [("ada", 1001, ["physics"]), ("grace", 1002, ["physics"])]


def test_programs_get_json(file: Path) -> None:
    added = json.loads(run("user", "add", "eve", "--json").stdout)
    assert (added["name"], added["uid"], added["restarts"][1]) == ("eve", 1003, "deployment/lab-frontend")
    assert json.loads(run("user", "remove", "grace", "--json").stdout)["removed_from_groups"] == ["physics"]


def test_an_edit_changes_nothing_of_the_other_settings(file: Path) -> None:
    before = load_cluster(file, hash_passwords=False)
    run("user", "add", "eve")
    after = load_cluster(file, hash_passwords=False)
    assert ClusterSpec.model_validate({**dict(after), "users": before.users}) == before
