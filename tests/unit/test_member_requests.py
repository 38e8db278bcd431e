"""Requests of the hub at a real socket: who may ask, and what is no request."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from member_accounts import RefusedError

from jupyter_cluster_constructs.runtime.member_requests import answering

from .members import ADA, as_root, in_loop, open_directory


async def double(number: int) -> dict[str, Any]:
    if number == 13:
        raise RefusedError("not this one")
    if number == 14:
        raise OSError("no space\nleft")
    return {"is": 2 * number}


@asynccontextmanager
async def served(directory: Path, *allowed: int) -> AsyncIterator[Path]:
    server = await asyncio.start_unix_server(answering({"double": double}, frozenset(allowed)), directory / "socket")
    (directory / "socket").chmod(0o666)
    async with server:
        yield directory / "socket"


async def said(socket: Path, line: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(line)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def request(**values: object) -> bytes:
    return json.dumps(values).encode() + b"\n"


@in_loop
async def test_a_request_is_answered(tmp_path: Path) -> None:
    async with served(tmp_path, os.geteuid()) as socket:
        assert json.loads(await said(socket, request(do="double", number=4))) == {"is": 8}
        assert json.loads(await said(socket, request(do="double", number=13))) == {"refused": "not this one"}


@in_loop
async def test_who_is_not_the_hub_gets_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with served(tmp_path, os.geteuid() + 1) as socket:
        assert await said(socket, request(do="double", number=4)) == b""
    assert capsys.readouterr().out == f"refused a request of the user {os.geteuid()}\n"


@as_root
@in_loop
async def test_a_member_gets_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with open_directory() as directory:
        async with served(directory, 0) as socket:
            program = f"import socket; s = socket.socket(1); s.connect('{socket}'); s.send(b'{{}}\\n'); print(s.recv(9))"
            process = await asyncio.create_subprocess_exec("python3", "-c", program, stdout=-1, stderr=-1, **ADA.identity())
            out, complaints = await process.communicate()
    assert out.decode().strip() in {"b''", ""}, complaints
    assert capsys.readouterr().out == f"refused a request of the user {ADA.uid}\n"


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"",
        b"no JSON\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"7\n",
        b"{}\n",
        request(do="__init__"),
        request(do=["double"]),
        request(do="double"),
        request(do="double", number=1, more=2),
        request(do="double", number=14),
        b"x" * 2**20 + b"\n",
        b'{"do": "' + b"x" * 2**20,
        b"[" * 60_000 + b"\n",
    ],
)
@in_loop
async def test_what_is_no_request_has_no_answer_and_one_line_in_the_log(tmp_path: Path, line: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    async with served(tmp_path, os.geteuid()) as socket:
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            writer.write(line)
            writer.write_eof()
            assert await reader.read() == b""
        except ConnectionError:
            # It was not even read to its end.
            writer.close()
        assert json.loads(await said(socket, request(do="double", number=4))) == {"is": 8}
    logged = capsys.readouterr()
    assert len(logged.out.splitlines()) == 1
    assert len(logged.out) < 300
    assert "failed: " in logged.out
    assert logged.err == ""


@in_loop
async def test_no_value_of_a_request_is_in_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with served(tmp_path, os.geteuid()) as socket:
        for wrong in (b'{"do": "double", "password": "S3cret", "number": \n', request(do="double", password="S3cret", number=3)):
            assert await said(socket, wrong) == b""
    assert "S3cret" not in capsys.readouterr().out
