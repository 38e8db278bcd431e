"""What the hub asks of what starts members' servers, and what it makes of the answers; JupyterHub's classes are the real ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.spawner import SpawnException
from tornado.web import HTTPError

from jupyter_cluster_constructs.runtime import cluster_hub
from jupyter_cluster_constructs.runtime.cluster_hub import MemberAuthenticator, MemberSpawner

from .members import in_loop

Answer = Callable[[dict[str, Any]], dict[str, Any] | None]


@asynccontextmanager
async def launcher(directory: Path, answer: Answer) -> AsyncIterator[list[dict[str, Any]]]:
    """What starts members' servers, and what it was asked; where the answer is None it says nothing."""
    asked: list[dict[str, Any]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(json.loads(await reader.readline()))
        if (reply := answer(asked[-1])) is not None:
            writer.write(json.dumps(reply).encode() + b"\n")
        writer.close()

    async with await asyncio.start_unix_server(serve, directory / "launcher.sock"):
        yield asked


@pytest.fixture(autouse=True)
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the sockets."""
    monkeypatch.setattr(cluster_hub, "SERVERS", str(tmp_path))
    monkeypatch.setattr(cluster_hub, "PATIENCE_SECONDS", 0.5)
    return tmp_path


def spawner(name: str = "ada") -> MemberSpawner:
    """A spawner as it is when the hub has loaded it."""
    made = MemberSpawner.__new__(MemberSpawner)
    made.user = SimpleNamespace(name=name)
    return made


@pytest.mark.parametrize("ok", [True, False])
def test_who_gets_in_is_who_the_launcher_says_and_nobody_is_an_admin_of_the_hubs_own_kind(servers: Path, ok: bool) -> None:
    told = {"name": "ada", "admin": False}

    @in_loop
    async def test() -> None:
        async with launcher(servers, lambda _: {"ok": ok}) as asked:
            authenticator = MemberAuthenticator()
            assert await authenticator.authenticate(None, {"username": "ada", "password": "p"}) == (told if ok else None)
            assert await authenticator.refresh_user(SimpleNamespace(name="ada")) == (ok and told)
        assert asked == [{"do": "check", "user": "ada", "password": "p"}, {"do": "account", "user": "ada"}]

    test()


@in_loop
async def test_without_an_answer_nobody_gets_in_and_nobody_is_put_out(servers: Path) -> None:
    async with launcher(servers, lambda _: None) as asked:
        with pytest.raises(HTTPError, match="503"):
            await MemberAuthenticator().authenticate(None, {"username": "ada", "password": "p"})
        with pytest.raises(HTTPError, match="503"):
            await MemberAuthenticator().refresh_user(SimpleNamespace(name="ada"))
    # A guess counts once.
    assert [each["do"] for each in asked] == ["check", "account"]


@in_loop
async def test_a_launcher_that_starts_again_is_waited_for(servers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_hub, "PATIENCE_SECONDS", 10)
    checking = asyncio.create_task(MemberAuthenticator().authenticate(None, {"username": "ada", "password": "p"}))
    await asyncio.sleep(0.2)
    assert not checking.done()
    async with launcher(servers, lambda _: {"ok": True}):
        assert await checking == {"name": "ada", "admin": False}


@in_loop
async def test_one_that_does_not_come_back_is_told() -> None:
    with pytest.raises(HTTPError, match="503"):
        await MemberAuthenticator().authenticate(None, {"username": "ada", "password": "p"})


@in_loop
async def test_a_server_is_what_the_launcher_says_of_it(servers: Path) -> None:
    status: dict[str, Any] = {}
    async with launcher(servers, lambda _: dict(status)):
        for found in (None, 0, 7):
            status.update(status=found, uid=1001)
            found_spawner = spawner()
            assert await found_spawner.poll() == found
            assert found_spawner.uid == 1001
    # Who starts them ends with them.
    assert await spawner().poll() == 1


@in_loop
async def test_where_it_cannot_be_known_whether_a_server_runs_it_does(servers: Path) -> None:
    async with launcher(servers, lambda _: None):
        assert await spawner().poll() is None


@in_loop
async def test_who_may_have_no_server_is_told_why(servers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemberSpawner, "get_env", lambda _: {"JUPYTERHUB_USER": "ada"})
    async with launcher(servers, lambda _: {"refused": "the account ada is locked"}) as asked:
        with pytest.raises(SpawnException, match="the account ada is locked"):
            await spawner().start()
    assert asked == [{"do": "start", "user": "ada", "environment": {"JUPYTERHUB_USER": "ada"}}]


@in_loop
async def test_a_server_that_ends_before_it_answers_is_told_at_once(servers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemberSpawner, "get_env", lambda _: {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"})
    replies = {"start": {"uid": 1001}, "poll": {"status": 3, "uid": 1001}}
    async with launcher(servers, lambda request: replies[request["do"]]):
        with pytest.raises(SpawnException, match="exit code 3") as told:
            await asyncio.wait_for(spawner().start(), 10)
    assert "exit code 3" in vars(told.value)["jupyterhub_message"]


def test_what_it_takes_to_find_a_server_again_is_its_number(servers: Path) -> None:
    made = spawner()
    made.uid = 1001
    assert made.socket == f"{servers}/1001/server.sock"
    assert made.socket_url == f"http+unix://{str(servers).replace('/', '%2F')}%2F1001%2Fserver.sock"
