"""A cluster whose host key, hashes and controller's key are Secrets of the admin's, and what its settings let in and forward."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
import zmq
from passlib.handlers.sha2_crypt import sha512_crypt

from jupyter_cluster_constructs import paths
from jupyter_cluster_constructs.spec import SSHD_PORT

from .cluster import Cluster
from .conftest import Lab
from .kube import kubectl, run
from .others import own_namespace, small_settings
from .ssh import HOST, client_options, login
from .ssh_forwarding import forwarded_to

CURVE_PUBLIC, CURVE_SECRET = zmq.curve_keypair()


@pytest.fixture(scope="module")
def own(site: Lab, directory: Path) -> Iterator[tuple[Cluster, str]]:
    """A cluster whose host key, hashes and controller's key are in Secrets of the admin's, and the host key's public half."""
    settings = small_settings("own", ssh_key=site.ada.public_key)
    settings |= {
        "users": [{"name": "ada", "uid": 1001, "ssh_keys": [site.ada.public_key]}, {"name": "lin", "uid": 1002}],
        "workers": [{"replicas": 0}],
        "shadow_secret": "hashes",
        "controller": {"curve_secret": "curve"},
        "ssh": {"host_keys_secret": "host-keys", "forwarding": ["agent", "x11"], "algorithms": "compatible"},
    }
    cluster = Cluster.synthesized(settings, directory / "own")
    key, shadow = directory / "ssh_host_ed25519_key", directory / "shadow"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    scheme: Any = sha512_crypt.using(rounds=5000)
    shadow.write_text(f"ada:*:::::::\nlin:{scheme.hash(str(site.ada.password))}:::::::\n")
    with own_namespace(cluster):
        kubectl("create", "namespace", cluster.namespace)
        cluster.kubectl("create", "secret", "generic", "hashes", f"--from-file={shadow}")
        cluster.kubectl("create", "secret", "generic", "host-keys", f"--from-file={key}")
        cluster.kubectl("create", "secret", "generic", "curve", f"--from-literal=secretkey={CURVE_SECRET.decode()}")
        cluster.apply()
        cluster.wait_until_frontend_is_ready()
        yield cluster, key.with_suffix(".pub").read_text()


def test_the_server_has_the_secrets_host_key_and_nothing_made_one(own: tuple[Cluster, str]) -> None:
    cluster, public = own
    with cluster.forward("ssh", 22) as port, socket.create_connection((HOST, port), timeout=20) as connection:
        transport = paramiko.Transport(connection)
        transport.start_client(timeout=20)
        key = transport.get_remote_server_key()
        transport.close()

    assert public.startswith(f"{key.get_name()} {key.get_base64()} ")
    assert Path(paths.KEPT_HOST_KEYS).name not in cluster.execute("deployment/frontend", "sshd", "ls", "-A", paths.SHARED).split()


def test_the_secrets_hashes_let_in(own: tuple[Cluster, str], lab: Lab) -> None:
    with login(own[0], "lin", password=lab.ada.password) as session:
        assert session.run("id -un") == "lin\n"
        assert session.run("cat /var/lib/extrausers/shadow 2>&1 || true").strip().endswith("Permission denied")


def test_the_controller_has_the_secrets_key_and_made_none(own: tuple[Cluster, str], lab: Lab) -> None:
    with login(own[0], "ada", key=lab.ada.key) as session:
        connection = json.loads(session.run(f"cat {paths.CLIENT_CONNECTION_FILE}"))

    assert connection["curve_serverkey"] == CURVE_PUBLIC.decode()
    found = own[0].execute("deployment/frontend", "controller", "find", paths.CONTROLLER_DIRECTORY, "-name", "curve.json")
    assert found == ""


def test_keys_let_in_beside_the_secrets_hashes(own: tuple[Cluster, str], lab: Lab) -> None:
    with login(own[0], "ada", key=lab.ada.key) as session:
        assert session.run("id -un") == "ada\n"


def test_agent_and_windows_are_forwarded_and_ports_are_not_where_the_settings_say_so(own: tuple[Cluster, str], lab: Lab, tmp_path: Path) -> None:
    found = forwarded_to(own[0], lab.ada, tmp_path)

    assert found["agent"].startswith("/")
    assert "ECDSA" in found["keys"]
    assert found["display"].startswith("localhost:")
    assert "MIT-MAGIC-COOKIE-1" in found["cookie"]
    with login(own[0], "ada", key=lab.ada.key) as session:
        transport = session.client.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", SSHD_PORT), ("127.0.0.1", 0), timeout=20)


def test_a_client_without_post_quantum_gets_in_where_the_settings_say_so(own: tuple[Cluster, str], lab: Lab, tmp_path: Path) -> None:
    old = ["ssh", "-o", "LogLevel=INFO", *client_options(tmp_path), "-o", "KexAlgorithms=curve25519-sha256", "-i", str(lab.ada.key_file)]

    with own[0].forward("ssh", 22) as port:
        assert run([*old, "-p", str(port), f"ada@{HOST}", "id -un"]) == "ada\n"
    with lab.cluster.forward("ssh", 22) as port:
        refused = subprocess.run([*old, "-p", str(port), f"ada@{HOST}"], capture_output=True, text=True, timeout=30)
    assert "no matching key exchange method found" in refused.stderr
