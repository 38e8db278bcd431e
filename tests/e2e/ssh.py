"""SSH sessions, through a forwarded port of the Service."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

from .cluster import Cluster
from .kube import CommandError
from .remote import call

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Person:
    """Somebody with an account.

    Attributes:
        name: the login name.
        key: a key pair.
        key_file: the file with its private half.
        password: the password; None where there is none.
    """

    name: str
    key: paramiko.PKey
    key_file: Path
    password: str | None = field(default=None, repr=False)

    @classmethod
    def with_new_key(cls, name: str, directory: Path, password: str | None = None) -> Person:
        key, file = paramiko.ECDSAKey.generate(), directory / f"{name}.key"
        key.write_private_key_file(str(file))
        return cls(name, key, file, password)

    @property
    def public_key(self) -> str:
        """The line of the .pub file."""
        return f"{self.key.get_name()} {self.key.get_base64()} {self.name}@e2e"


@dataclass(frozen=True)
class Session:
    """What somebody who is logged in can do."""

    client: paramiko.SSHClient

    def run(self, command: str, *, stdin: str = "", seconds: float = 60) -> str:
        """What a command prints; CommandError when it fails."""
        to, out, err = self.client.exec_command(command, timeout=seconds)
        to.write(stdin)
        to.channel.shutdown_write()
        printed, complaints = out.read().decode(), err.read().decode()
        if not out.channel.status_event.wait(seconds):
            raise CommandError(f"{command}: no exit code after {seconds:.0f} s")
        if code := out.channel.recv_exit_status():
            raise CommandError(f"{command}: exit code {code}\n{printed}{complaints}")
        return printed

    def type_in_terminal(self, text: str, *, seconds: float = 30) -> str:
        """All that a login shell on a terminal shows for what is typed, until it ends."""
        channel = self.client.invoke_shell()
        channel.settimeout(seconds)
        channel.sendall(text.encode())
        return channel.makefile("rb").read().decode()

    def call(self, function: Callable[..., object], *arguments: object) -> Any:
        """Run a function with the python that is on PATH."""
        return call(lambda program: self.run("python -", stdin=program), function, *arguments)

    def write(self, path: str, content: bytes) -> None:
        """Put a file, by sftp."""
        with self.sftp() as sftp, sftp.open(path, "wb") as file:
            file.write(content)

    def read(self, path: str) -> bytes:
        """Get a file, by sftp."""
        with self.sftp() as sftp, sftp.open(path, "rb") as file:
            return file.read()

    @contextmanager
    def sftp(self, *, seconds: float = 60) -> Iterator[paramiko.SFTPClient]:
        """An sftp connection whose answers have to come in time."""
        with self.client.open_sftp() as sftp:
            channel = sftp.get_channel()
            assert channel is not None
            channel.settimeout(seconds)
            yield sftp

    @property
    def host_key(self) -> str:
        """The server's public key."""
        transport = self.client.get_transport()
        assert transport is not None
        key = transport.get_remote_server_key()
        return f"{key.get_name()} {key.get_base64()}"


def client_options(tmp_path: Path) -> list[str]:
    """Options of OpenSSH's programs that leave this machine's own configuration, keys and agent out."""
    options = {
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": tmp_path / "known_hosts",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "ConnectTimeout": 20,
        "LogLevel": "ERROR",
    }
    return ["-F", os.devnull, *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]


def offered(port: int, user: str) -> list[str]:
    """The ways to log in that sshd names to who shows nothing yet."""
    with socket.create_connection((HOST, port), timeout=20) as connection:
        transport = paramiko.Transport(connection)
        try:
            transport.start_client(timeout=20)
            transport.auth_none(user)
        except paramiko.BadAuthenticationType as error:
            return sorted(error.allowed_types)
        finally:
            transport.close()
    return ["none"]


def attempt(port: int, user: str, password: str) -> bool:
    """Whether a password lets somebody in, through a port that is forwarded already."""
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        try:
            client.connect(HOST, port, username=user, password=password, allow_agent=False, look_for_keys=False, banner_timeout=30, auth_timeout=60)
        except paramiko.AuthenticationException:
            return False
    return True


@contextmanager
def login(cluster: Cluster, user: str, *, password: str | None = None, key: paramiko.PKey | None = None) -> Iterator[Session]:
    """Log in; paramiko.AuthenticationException when sshd refuses."""
    with cluster.forward("ssh", 22) as port, paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect(
            HOST,
            port,
            username=user,
            password=password,
            pkey=key,
            allow_agent=False,
            look_for_keys=False,
            timeout=20,
            banner_timeout=20,
            auth_timeout=30,
        )
        yield Session(client)
