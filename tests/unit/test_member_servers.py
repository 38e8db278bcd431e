"""Members' servers: real processes of real users, in place of Jupyter's a program that tells what it was given."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import member_accounts
import pytest
from member_accounts import Member
from member_signals import Signals
from support import SOURCE

from jupyter_cluster_constructs.runtime import member_servers
from jupyter_cluster_constructs.runtime.member_servers import MemberServers

from .members import ADA, GRACE, as_root, eventually, in_loop, open_directory, running, started

HUB = 47130
SERVER = """
trap 'exit 3' TERM
touch "$1/server.sock" "$2/kernel.json"
env > "$1/environment"; pwd >> "$1/environment"; ulimit -d > "$1/limit"; umask > "$1/umask"; id -G > "$1/groups"
setsid sleep 60 &
echo > "$1/ready"
while :; do sleep 0.05; done
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as made:
        yield made


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Member]:
    """The accounts that there are."""
    found = {"ada": ADA, "grace": GRACE}

    def member(name: str) -> Member:
        if name not in found:
            raise member_accounts.RefusedError(f"{name} has no account in this cluster")
        return found[name]

    accounts = member_accounts
    monkeypatch.setattr(accounts, "find", found.get)
    monkeypatch.setattr(accounts, "member", member)
    monkeypatch.setattr(accounts, "is_still_open", lambda was: found.get(was.name) == was)
    return found


@pytest.fixture
def servers(directory: Path, accounts: dict[str, Member], monkeypatch: pytest.MonkeyPatch) -> Iterator[MemberServers]:
    signals = Signals()
    (directory / "server.sh").write_text(SERVER)
    monkeypatch.setattr(member_servers, "SERVER", str(directory / "server.sh"))
    monkeypatch.setattr(member_servers, "GRACE_SECONDS", 2)
    for name in ("sockets", "runtime"):
        (directory / name).mkdir(mode=0o755)
    yield MemberServers(directory / "sockets", directory / "runtime", hub=HUB, data_limit=512 * 2**20, signals=signals)
    for member in (ADA, GRACE):
        signals.send(member.uid, signal.SIGKILL)
    signals.close()


async def ready(directory: Path, member: Member = ADA) -> Path:
    """Where a server listens, once it does."""
    sockets = directory / "sockets" / str(member.uid)
    async with asyncio.timeout(10):
        while not (sockets / "ready").exists():
            await asyncio.sleep(0.02)
    return sockets


async def until(what: Callable[[], object]) -> None:
    """Wait until something holds, while servers are looked after."""
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.02)


@as_root
@in_loop
async def test_a_server_is_its_members_and_gets_what_is_for_it_alone(
    servers: MemberServers, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_LAUNCHER", "x")
    given = {"JUPYTERHUB_API_TOKEN": "t", "LD_PRELOAD": "/evil.so", "PATH": "/evil", "PYTHONPATH": "/evil", "BASH_ENV": "/evil", "HOME": "/evil"}
    assert await servers.start("ada", given) == {"uid": ADA.uid}
    sockets = await ready(directory)
    told = (sockets / "environment").read_text()
    assert "JUPYTERHUB_API_TOKEN=t" in told
    assert f"HOME={ADA.home}\n" in told
    assert "evil" not in told
    assert "SECRET_OF_THE_LAUNCHER" not in told
    assert (sockets / "limit").read_text().split() == ["unlimited"]
    assert (sockets / "groups").read_text().split() == [str(ADA.gid)]
    assert {tuple(process["uids"]) for process in running(ADA)} == {(ADA.uid,) * 3}
    assert [(path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) for path in (sockets, directory / "runtime" / str(ADA.uid))] == [
        (ADA.uid, HUB, 0o710),
        (ADA.uid, ADA.gid, 0o700),
    ]


@as_root
@in_loop
async def test_whatever_runs_under_the_account_ends_with_its_server(servers: MemberServers, directory: Path) -> None:
    await servers.start("ada", {})
    await servers.start("grace", {})
    await ready(directory)
    await ready(directory, GRACE)
    assert await servers.poll("ada") == {"status": None, "uid": ADA.uid}
    await servers.stop("ada")
    await until(lambda: not running(ADA))
    assert running(GRACE)
    assert await servers.poll("ada") == {"status": 0}
    assert await servers.poll("grace") == {"status": None, "uid": GRACE.uid}


@as_root
@in_loop
async def test_a_server_that_was_killed_takes_its_kernels_along(servers: MemberServers, directory: Path) -> None:
    await servers.start("ada", {})
    await ready(directory)
    servers._servers["ada"].process.kill()
    await until(lambda: not running(ADA))
    assert await servers.poll("ada") == {"status": -signal.SIGKILL, "uid": ADA.uid}


@as_root
@in_loop
async def test_a_server_that_does_not_end_when_told_is_killed(servers: MemberServers, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_servers, "GRACE_SECONDS", 0.2)
    Path(member_servers.SERVER).write_text(SERVER.replace("exit 3", ":"))
    await servers.start("ada", {})
    await ready(directory)
    await servers.stop("ada")
    await until(lambda: not running(ADA))


@as_root
@in_loop
async def test_a_server_that_is_told_to_stop_while_it_starts_does_not_stay(servers: MemberServers) -> None:
    for _ in range(5):
        await asyncio.gather(servers.start("ada", {}), servers.stop("ada"))
        await until(lambda: not running(ADA))
        assert await servers.poll("ada") == {"status": 0}


@as_root
@in_loop
async def test_a_second_start_takes_the_place_of_the_first(servers: MemberServers, directory: Path) -> None:
    await asyncio.gather(*(servers.start("ada", {}) for _ in range(3)))
    await ready(directory)
    assert [process["cmdline"] for process in running(ADA)].count(["sleep", "60"]) == 1


@as_root
@in_loop
async def test_a_server_of_who_has_no_open_account_any_more_is_ended(servers: MemberServers, directory: Path, accounts: dict[str, Member]) -> None:
    await servers.start("ada", {})
    await ready(directory)
    del accounts["ada"]
    assert (await servers.poll("ada"))["status"] is not None
    await until(lambda: not running(ADA))
    with pytest.raises(Exception, match="no account"):
        await servers.start("ada", {})


@as_root
@in_loop
async def test_a_number_that_is_somebody_elses_now_gets_nothing_of_before(
    servers: MemberServers, directory: Path, accounts: dict[str, Member]
) -> None:
    await servers.start("ada", {})
    sockets = await ready(directory)
    (sockets / "environment").chmod(0)
    accounts["mallory"] = Member("mallory", ADA.uid, ADA.gid, "/", "/bin/sh")
    del accounts["ada"]
    await servers.start("mallory", {"JUPYTERHUB_USER": "mallory"})
    await ready(directory)
    # What the hub still asks about the old name does no harm to the new one.
    assert await servers.poll("ada") == {"status": 0}
    await servers.stop("ada")
    assert await servers.poll("mallory") == {"status": None, "uid": ADA.uid}
    assert "JUPYTERHUB_USER=mallory" in (sockets / "environment").read_text()


@as_root
@in_loop
async def test_what_cannot_be_started_keeps_nobody_else_from_it(servers: MemberServers, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "runtime" / str(ADA.uid)).mkdir()
    monkeypatch.setattr(member_servers, "fresh_directory", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        await servers.start("ada", {})
    monkeypatch.undo()
    assert await asyncio.wait_for(servers.stop("ada"), 5) == {}


# Passwords


@pytest.fixture
def guesses(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What PAM is asked, each for a while."""
    found = SimpleNamespace(most=0, now={}, asked=[], seconds=0.05, lock=threading.Lock())

    def has_password(name: str, password: str) -> bool:
        with found.lock:
            found.asked.append(name)
            found.now[name] = found.now.get(name, 0) + 1
            found.most = max(found.most, found.now[name])
        time.sleep(found.seconds)
        with found.lock:
            found.now[name] -= 1
        return password == f"{name}'s"

    monkeypatch.setattr(member_accounts, "has_password", has_password)
    monkeypatch.setattr(member_accounts, "find", {"ada": ADA, "grace": GRACE}.get)
    return found


@pytest.fixture
def checking() -> MemberServers:
    return MemberServers(Path("/nowhere"), Path("/nowhere"), hub=HUB, data_limit=0, signals=Mock(spec=Signals))


@in_loop
async def test_guesses_at_one_name_are_made_one_after_the_other(checking: MemberServers, guesses: SimpleNamespace) -> None:
    answers = await asyncio.gather(*(checking.check("ada", password) for password in ("x", "y", "ada's", "z")))
    assert [answer["ok"] for answer in answers] == [False, False, True, False]
    assert guesses.most == 1


@in_loop
async def test_too_many_guesses_at_one_name_are_refused_at_once(checking: MemberServers, guesses: SimpleNamespace) -> None:
    answers = await asyncio.gather(*(checking.check("ada", "x") for _ in range(member_servers.MOST_GUESSES + 30)))
    assert not any(answer["ok"] for answer in answers)
    assert len(guesses.asked) == member_servers.MOST_GUESSES


@in_loop
async def test_guesses_at_names_that_nobody_has_keep_no_member_waiting(checking: MemberServers, guesses: SimpleNamespace) -> None:
    guesses.seconds = 0.3
    strangers = [asyncio.create_task(checking.check(f"stranger-{number}", "x")) for number in range(200)]
    await asyncio.sleep(0.05)
    assert await checking.check("ada", "ada's") == {"ok": True}
    assert sum(each.done() for each in strangers) <= 2 * member_servers.MOST_GUESSED
    assert await asyncio.wait_for(checking.account("nobody"), 0.3) == {"ok": False}
    for each in strangers:
        each.cancel()
    await asyncio.gather(*strangers, return_exceptions=True)


@in_loop
async def test_nothing_is_kept_of_names_that_were_guessed_at(checking: MemberServers, guesses: SimpleNamespace) -> None:
    guesses.seconds = 0
    await asyncio.gather(*(checking.check(f"stranger-{number}", "x") for number in range(100)))
    assert checking._guesses._turns == {}


# The program


@as_root
def test_the_program_answers_the_hub_until_it_is_told_to_end(directory: Path) -> None:
    program = [sys.executable, "member_servers.py", str(directory), f"--runtime={directory}", f"--hub={HUB}", "--port=0", "--memory=8589934592"]
    with subprocess.Popen([*program, "--process-memory=1000000"], cwd=SOURCE / "runtime", stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "members' servers can be started\n"
            socket = directory / "launcher.sock"
            assert (socket.stat().st_uid, socket.stat().st_gid, socket.stat().st_mode & 0o777) == (0, HUB, 0o660)
            asked = [sys.executable, "-SE", str(SOURCE / "runtime/socket_answers.py"), str(socket), "ping"]
            assert subprocess.run(asked).returncode == 0
            stranger = started(ADA, "sh", "-c", f"exec 3<>{socket}; test -w {socket}")
            assert stranger.wait(10) != 0
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
    eventually(
        lambda: not any(b"member_servers.py" in read(path) for path in Path("/proc").glob("[0-9]*/cmdline") if str(directory).encode() in read(path))
    )


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
