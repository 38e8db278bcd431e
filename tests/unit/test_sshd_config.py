"""The configuration of sshd."""

from __future__ import annotations

from collections import Counter

import pytest

from jupyter_cluster_constructs import accounts, paths
from jupyter_cluster_constructs.spec import SSHD_PORT, Ssh
from jupyter_cluster_constructs.spec.values import SSH_KEY_TYPES
from jupyter_cluster_constructs.sshd import HOST_KEY_TYPES, sshd_config


def lines(ssh: Ssh | None = None) -> list[str]:
    return [line for line in sshd_config(ssh or Ssh()).splitlines() if not line.startswith("#")]


def options(ssh: Ssh | None = None) -> list[tuple[str, str]]:
    """The options for everybody, which end where a Match begins."""
    matches = [number for number, line in enumerate(lines(ssh)) if line.startswith("Match ")]
    return [(key, value) for key, _, value in (line.partition(" ") for line in lines(ssh)[: matches[0] if matches else None])]


def matched(ssh: Ssh | None = None) -> list[str]:
    """The part for some."""
    return lines(ssh)[len(options(ssh)) :]


def test_every_option_but_host_keys_is_given_once() -> None:
    # sshd takes the first and ignores the others.
    assert [key for key, count in Counter(key.lower() for key, _ in options()).items() if count > 1] == ["hostkey"]


def test_every_option_has_a_value() -> None:
    assert all(key and value for key, value in options())


def test_sshd_listens_at_the_containers_port() -> None:
    assert dict(options())["Port"] == str(SSHD_PORT)


def test_members_are_let_in_and_nobody_else() -> None:
    assert dict(options())["PermitRootLogin"] == "no"
    assert dict(options())["AllowGroups"] == accounts.MEMBERS.name


def test_keys_log_in_and_nothing_else_does_by_default() -> None:
    given = dict(options())
    assert given["PasswordAuthentication"] == given["KbdInteractiveAuthentication"] == given["PermitEmptyPasswords"] == "no"
    assert given["UsePAM"] == "yes"
    assert given.get("PubkeyAuthentication", "yes") == "yes"


def test_passwords_log_in_whom_a_live_group_names() -> None:
    # Names of users in this file would restart the frontend for every first password.
    assert matched() == [f"Match Group {accounts.PASSWORDS.name}", "    PasswordAuthentication yes"]


def test_passwords_log_in_nobody_where_they_are_off() -> None:
    assert matched(Ssh(password_login=False)) == []
    assert "PasswordAuthentication yes" not in sshd_config(Ssh(password_login=False))


def test_keys_come_from_the_settings_and_from_the_home() -> None:
    given = dict(options())
    assert given["AuthorizedKeysCommand"] == f"/usr/bin/cat {paths.ACCOUNTS}/authorized_keys.%u"
    assert given["AuthorizedKeysFile"] == ".ssh/authorized_keys"


def test_homes_that_others_could_write_to_are_refused() -> None:
    assert dict(options()).get("StrictModes", "yes") == "yes"


def test_host_keys_are_those_that_the_init_container_copies() -> None:
    assert [value for key, value in options() if key == "HostKey"] == [f"{paths.HOST_KEYS}/ssh_host_{kind}_key" for kind in HOST_KEY_TYPES]


def test_a_key_that_the_settings_take_is_one_that_sshd_takes() -> None:
    taken = {*dict(options())["PubkeyAcceptedAlgorithms"].split(",")}
    assert {*SSH_KEY_TYPES} - taken == {"ssh-rsa"}, "SHA-1"
    assert taken - {*SSH_KEY_TYPES} == {"rsa-sha2-256", "rsa-sha2-512"}


@pytest.mark.parametrize("weak", ["sha1", "nistp", "cbc", "md5", "umac-64", "group1", "ssh-rsa", "ssh-dss"])
def test_no_algorithm_that_ssh_audit_fails_is_offered_in_any_setting(weak: str) -> None:
    for ssh in (Ssh(), Ssh(algorithms="compatible")):
        given = dict(options(ssh))
        assert not [key for key in ("KexAlgorithms", "Ciphers", "MACs", "HostKeyAlgorithms") if weak in given[key]]


def test_key_exchanges_are_post_quantum_unless_older_clients_are_to_come_in() -> None:
    modern, compatible = (dict(options(Ssh(algorithms=name)))["KexAlgorithms"].split(",") for name in ("modern", "compatible"))
    assert all(name.startswith(("mlkem768x25519", "sntrup761x25519")) for name in modern)
    assert compatible[: len(modern)] == modern
    assert compatible[len(modern) :] == ["curve25519-sha256", "curve25519-sha256@libssh.org"]


@pytest.mark.parametrize(
    ("forwarding", "allowed"),
    [
        (None, {"AllowTcpForwarding", "AllowStreamLocalForwarding"}),
        ((), set()),
        (("agent",), {"AllowAgentForwarding"}),
        (("x11", "tcp"), {"X11Forwarding", "AllowTcpForwarding", "AllowStreamLocalForwarding"}),
    ],
)
def test_what_is_forwarded_is_what_the_settings_name(forwarding: tuple[str, ...] | None, allowed: set[str]) -> None:
    given = options(Ssh() if forwarding is None else Ssh.model_validate({"forwarding": forwarding}))
    assert {key for key, value in given if value == "yes" and "Forwarding" in key} == allowed
    assert {key for key, value in given if value == "no"} >= {"GatewayPorts", "PermitTunnel", "PermitUserEnvironment"}


def test_attempts_are_limited_and_an_agent_of_five_keys_gets_in() -> None:
    given = dict(options())
    assert int(given["MaxAuthTries"]) == 6
    assert 0 < int(given["LoginGraceTime"]) <= 60
    assert len(given["MaxStartups"].split(":")) == 3


def test_one_persons_wrong_passwords_do_not_lock_out_all() -> None:
    # Behind a Service everybody has one address.
    assert dict(options())["PerSourcePenalties"] == "no"


def test_refused_keys_are_in_the_log() -> None:
    # INFO tells of the third one.
    assert dict(options())["LogLevel"] == "VERBOSE"


def test_nothing_is_written_to_a_read_only_root() -> None:
    assert dict(options())["PidFile"] == "none"


def test_sessions_have_the_environments_python_on_path() -> None:
    variables = dict(word.split("=", 1) for word in dict(options())["SetEnv"].split())
    assert variables["PATH"].split(":")[0] == "/opt/venv/bin"
