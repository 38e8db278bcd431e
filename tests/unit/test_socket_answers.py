"""Whether a program answers at its socket, with real sockets and the program as the kubelet runs it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support import SOURCE

PROGRAM = SOURCE / "runtime" / "socket_answers.py"


def code(path: Path, question: str, answer: bytes | None) -> tuple[int, bytes]:
    """The program's exit code where somebody answers so, and what it asked."""
    asked: list[bytes] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(4096))
            if answer:
                connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        serving = threading.Thread(target=serve)
        serving.start()
        done = subprocess.run([sys.executable, "-SE", PROGRAM, str(path), question], capture_output=True, timeout=30)
        serving.join(10)
    return done.returncode, asked[0]


@pytest.mark.parametrize(("answer", "expected"), [(b"{}\n", 0), (b"", 1), (b"\n", 1), (b"no\n", 1)])
def test_a_launcher_lives_that_answers_with_json(tmp_path: Path, answer: bytes, expected: int) -> None:
    assert code(tmp_path / "socket", "ping", answer) == (expected, b'{"do": "ping"}\n')


@pytest.mark.parametrize(
    ("answer", "expected"), [(b"HTTP/1.1 200 OK\r\n\r\n", 0), (b"HTTP/1.1 503 No\r\n\r\n", 1), (b"HTTP/1.1 302 Found\r\n\r\n", 1), (b"", 1)]
)
def test_a_hub_lives_that_says_that_it_is_well(tmp_path: Path, answer: bytes, expected: int) -> None:
    found, asked = code(tmp_path / "socket", "/hub/health", answer)
    assert found == expected
    assert asked.startswith(b"GET /hub/health HTTP/1.0\r\n")


def test_where_nobody_listens_nobody_lives_and_who_waits_reads_why(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-SE", PROGRAM, str(tmp_path / "none"), "ping"], capture_output=True, timeout=30, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, f"no answer at {tmp_path / 'none'}: No such file or directory\n", "")
