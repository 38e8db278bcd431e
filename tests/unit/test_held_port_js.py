"""Node.js listens at a port that is held for its user, with the real Node.js."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import SOURCE

from jupyter_cluster_constructs.runtime import held_port

NODE = Path(sys.executable).with_name("node")
PROGRAM = """
const server = require("node:http").createServer((_, reply) => reply.end("here"));
server.on("error", (error) => { console.log(error.code); process.exit(0) });
server.on("listening", () => console.log("listening"));
server.listen(LISTEN);
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def node(listen: str, *, preloaded: bool = True) -> Iterator[str]:
    """What a server says of how it listens."""
    environment = {"NODE_OPTIONS": f"--require={SOURCE / 'runtime' / 'held_port.js'}"} if preloaded else {}
    program = [str(NODE), "-e", PROGRAM.replace("LISTEN", listen)]
    with subprocess.Popen(program, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize(
    "more", ['"0.0.0.0"', '"127.0.0.1"', '"0.0.0.0", 511', '"0.0.0.0", 511, () => {}', '"0.0.0.0", () => {}', "() => {}", "undefined"]
)
def test_it_shares_the_port_however_it_asks_for_it(port: int, more: str) -> None:
    with held_port.hold(port, os.geteuid()), node(f"{port}, {more}") as said:
        assert said == "listening"
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert connection.makefile("rb").read().endswith(b"here")


def test_without_it_the_port_is_in_use(port: int) -> None:
    with held_port.hold(port, os.geteuid()), node(f'{port}, "0.0.0.0"', preloaded=False) as said:
        assert said == "EADDRINUSE"


def test_the_function_that_it_calls_then_is_called(port: int) -> None:
    with node(f'{port}, "127.0.0.1", () => console.log("called")') as said:
        assert said in {"called", "listening"}


def test_it_listens_at_sockets_of_the_file_system_as_ever(tmp_path: Path) -> None:
    for listen in (f'"{tmp_path}/a"', f'{{ path: "{tmp_path}/b" }}'):
        with node(listen) as said:
            assert said == "listening"
    assert {path.name for path in tmp_path.iterdir() if path.is_socket()} == {"a", "b"}
