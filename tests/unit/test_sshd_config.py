"""The configuration of sshd."""

from __future__ import annotations

from collections import Counter

from jupyter_cluster_constructs import accounts, paths
from jupyter_cluster_constructs.spec import SSHD_PORT
from jupyter_cluster_constructs.sshd import HOST_KEY_TYPES, sshd_config


def options() -> list[tuple[str, str]]:
    lines = (line for line in sshd_config().splitlines() if not line.startswith("#"))
    return [(key, value) for key, _, value in (line.partition(" ") for line in lines)]


def test_every_option_but_host_keys_is_given_once() -> None:
    # sshd takes the first and ignores the others.
    assert [key for key, count in Counter(key.lower() for key, _ in options()).items() if count > 1] == ["hostkey"]


def test_every_option_has_a_value() -> None:
    assert all(key and value for key, value in options())


def test_sshd_listens_at_the_containers_port() -> None:
    assert dict(options())["Port"] == str(SSHD_PORT)


def test_root_and_the_librarys_accounts_are_refused() -> None:
    assert dict(options())["PermitRootLogin"] == "no"
    assert set(dict(options())["DenyUsers"].split()) == {"root", *(a.name for a in accounts.SYSTEM_ACCOUNTS)}


def test_passwords_and_keys_log_in() -> None:
    given = dict(options())
    assert given["PasswordAuthentication"] == "yes"
    assert given["UsePAM"] == "yes"
    assert given.get("PubkeyAuthentication", "yes") == "yes"
    # A locked account's empty password must never do.
    assert given.get("PermitEmptyPasswords", "no") == "no"


def test_keys_come_from_the_settings_and_from_the_home() -> None:
    given = dict(options())
    assert given["AuthorizedKeysCommand"] == f"/usr/bin/cat {paths.ACCOUNTS}/authorized_keys.%u"
    assert given["AuthorizedKeysFile"] == ".ssh/authorized_keys"


def test_homes_that_others_could_write_to_are_refused() -> None:
    assert dict(options()).get("StrictModes", "yes") == "yes"


def test_host_keys_are_those_that_the_init_container_copies() -> None:
    assert [value for key, value in options() if key == "HostKey"] == [f"{paths.HOST_KEYS}/ssh_host_{kind}_key" for kind in HOST_KEY_TYPES]


def test_one_persons_wrong_passwords_do_not_lock_out_all() -> None:
    # Behind a Service everybody has one address.
    assert dict(options())["PerSourcePenalties"] == "no"


def test_nothing_is_written_to_a_read_only_root() -> None:
    assert dict(options())["PidFile"] == "none"


def test_sessions_have_the_environments_python_on_path() -> None:
    variables = dict(word.split("=", 1) for word in dict(options())["SetEnv"].split())
    assert variables["PATH"].split(":")[0] == "/opt/venv/bin"
