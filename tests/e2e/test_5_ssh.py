"""What sshd refuses, whom it lets in meanwhile, and what it says of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import paramiko
import pytest

from jupyter_cluster_constructs import accounts
from jupyter_cluster_constructs.spec import SSHD_PORT, Ssh
from jupyter_cluster_constructs.sshd import sshd_config

from .cluster import Cluster
from .conftest import Lab
from .kube import run, wait_until
from .ssh import HOST, Person, attempt, login, offered
from .ssh_forwarding import forwarded_to

WRONG_PASSWORDS = 200
AT_ONCE = 20
WITHOUT_LOGIN = ["root", "sshd", "nobody", *(account.name for account in accounts.SYSTEM_ACCOUNTS)]


def log(cluster: Cluster) -> list[str]:
    """What sshd said until now."""
    return cluster.kubectl("logs", f"deployment/{cluster.name}-frontend", "--container=sshd").splitlines()


@pytest.fixture(scope="module")
def port(lab: Lab) -> Iterator[int]:
    with lab.cluster.forward("ssh", 22) as port:
        yield port


def fingerprint(person: Person) -> str:
    """How sshd calls somebody's key."""
    return str(person.key.fingerprint)


# What is offered


def audit(port: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "ssh_audit.ssh_audit", "--json", "--skip-rate-test", f"--port={port}", HOST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ssh_audit_finds_no_algorithm_to_fail_or_warn_of(port: int, note: Callable[[str], None]) -> None:
    found = audit(port)

    algorithms = [each for kind in ("kex", "key", "enc", "mac") for each in found[kind]]
    note(f"ssh-audit: {', '.join(each['algorithm'] for each in algorithms)}")
    assert len(algorithms) > 10
    assert [each for each in algorithms if {"fail", "warn"} & each["notes"].keys()] == []
    assert found["cves"] == []


def test_host_keys_are_of_a_kind_and_length_that_last(port: int) -> None:
    keys = run(["ssh-keyscan", "-t", "ed25519,rsa", "-p", str(port), HOST])

    lengths = [line.split()[0] + line.split()[-1] for line in run(["ssh-keygen", "-l", "-f", "-"], stdin=keys).splitlines()]
    assert sorted(lengths) == ["256(ED25519)", "3072(RSA)"]


# Who gets in


def test_a_password_is_asked_only_of_who_has_one(port: int) -> None:
    assert {user: offered(port, user) for user in ("ada", "grace", "locked", "unknown", *WITHOUT_LOGIN)} == {
        "ada": ["password", "publickey"],
        **{user: ["publickey"] for user in ("grace", "locked", "unknown", *WITHOUT_LOGIN)},
    }


def by_key_and_password(person: Person) -> list[dict[str, Any]]:
    return [{"key": person.key}, {"password": person.password}]


@pytest.mark.parametrize("user", WITHOUT_LOGIN)
def test_an_account_that_is_nobodys_is_closed_to_keys_and_passwords(lab: Lab, user: str) -> None:
    for way in by_key_and_password(lab.ada):
        with pytest.raises(paramiko.AuthenticationException), login(lab.cluster, user, **way):
            pass
    assert any(re.search(f"User {user} from .* not allowed", line) for line in log(lab.cluster)[-40:])


def test_the_log_tells_who_logged_in_how_and_from_where(lab: Lab) -> None:
    for way in by_key_and_password(lab.ada):
        with login(lab.cluster, "ada", **way) as session:
            session.run("true")

    lines = log(lab.cluster)
    assert any(re.fullmatch(rf"Accepted publickey for ada from \S+ port \d+ ssh2: ECDSA {re.escape(fingerprint(lab.ada))}", line) for line in lines)
    assert any(re.fullmatch(r"Accepted password for ada from \S+ port \d+ ssh2", line) for line in lines)


def test_the_log_tells_of_a_refused_key(lab: Lab, tmp_path: Path) -> None:
    stranger = Person.with_new_key("ada", tmp_path)

    with pytest.raises(paramiko.AuthenticationException), login(lab.cluster, "ada", key=stranger.key):
        pass

    failed = rf"Failed publickey for ada from \S+ port \d+ ssh2: ECDSA {re.escape(fingerprint(stranger))}"
    wait_until("the refused key is in the log", lambda: any(re.fullmatch(failed, line) for line in log(lab.cluster)), seconds=10)


def test_200_wrong_passwords_are_refused_and_told_of_while_others_log_in(lab: Lab, port: int, note: Callable[[str], None]) -> None:
    before, start, over = len(log(lab.cluster)), time.monotonic(), threading.Event()
    names = [f"intruder{number}" for number in range(WRONG_PASSWORDS // 2)]
    logins: list[float] = []

    def grace_works() -> None:
        while not over.is_set():
            began = time.monotonic()
            with login(lab.cluster, "grace", key=lab.grace.key) as session:
                assert session.run("id -un") == "grace\n"
            logins.append(time.monotonic() - began)

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        grace = pool.submit(grace_works)
        try:
            tried = [user for name in names for user in ("ada", name)]
            let_in = list(pool.map(lambda user: attempt(port, user, f"{lab.ada.password}x"), tried))
        finally:
            over.set()
        grace.result()

    seconds = time.monotonic() - start
    note(f"{len(let_in)} wrong passwords, {AT_ONCE} at a time: {seconds:.0f} s; {len(logins)} logins meanwhile, the slowest {max(logins):.1f} s")
    assert let_in == [False] * WRONG_PASSWORDS
    assert len(logins) > 5
    with login(lab.cluster, "ada", password=lab.ada.password) as session:
        assert session.run("id -un") == "ada\n"
    lines = log(lab.cluster)[before:]
    failed = [line for line in lines if re.fullmatch(r"Failed password for ada from \S+ port \d+ ssh2", line)]
    assert len(failed) == WRONG_PASSWORDS // 2
    invalid = [re.fullmatch(r"Invalid user (\S+) from \S+ port \d+", line) for line in lines]
    assert sorted(found[1] for found in invalid if found) == sorted(names)


def test_agent_and_windows_are_not_forwarded(lab: Lab, tmp_path: Path) -> None:
    assert set(forwarded_to(lab.cluster, lab.ada, tmp_path).values()) == {""}


def test_ports_are_forwarded_both_ways(lab: Lab) -> None:
    with login(lab.cluster, "grace", key=lab.grace.key) as session:
        transport = session.client.get_transport()
        assert transport is not None
        with transport.open_channel("direct-tcpip", ("127.0.0.1", SSHD_PORT), ("127.0.0.1", 0), timeout=20) as channel:
            assert channel.recv(8) == b"SSH-2.0-"
        there = transport.request_port_forward("127.0.0.1", 0)
        session.run(f'python -c \'import socket; socket.create_connection(("127.0.0.1", {there})).sendall(b"back")\'')
        back = transport.accept(20)
        assert back is not None
        assert back.recv(4) == b"back"


def effective(lab: Lab, ssh: Ssh, user: str) -> dict[str, str]:
    """What sshd makes of settings, for a user."""
    script = f"cat > /tmp/settings && /usr/sbin/sshd -T -f /tmp/settings -C user={user},host=example.org,addr=192.0.2.1; rm /tmp/settings"
    shown = lab.cluster.execute("deployment/frontend", "sshd", "sh", "-euc", script, stdin=sshd_config(ssh))
    return dict(line.split(" ", 1) for line in shown.splitlines() if " " in line)


@pytest.mark.parametrize(
    ("ssh", "given"),
    [
        (Ssh(), {"passwordauthentication": "yes", "allowtcpforwarding": "yes", "allowagentforwarding": "no", "x11forwarding": "no"}),
        (Ssh(password_login=False), {"passwordauthentication": "no", "pubkeyauthentication": "yes"}),
        (Ssh(forwarding=()), {"allowtcpforwarding": "no", "allowstreamlocalforwarding": "no", "permittunnel": "no"}),
        (Ssh(forwarding=("agent", "x11")), {"allowagentforwarding": "yes", "x11forwarding": "yes", "allowtcpforwarding": "no", "gatewayports": "no"}),
    ],
)
def test_sshd_takes_the_settings_as_they_are_meant(lab: Lab, ssh: Ssh, given: dict[str, str]) -> None:
    found = effective(lab, ssh, "ada")
    assert {key: found[key] for key in given} == given
