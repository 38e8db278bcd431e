"""Start members' Jupyter Servers, each under its member's account, and check members' passwords, for a hub that may do neither.

Whoever becomes somebody else has to be root: this is the only program that is, it takes requests of the hub alone, and members' code
never meets it but as processes that it started. A request is a line of JSON at a socket, and so is its answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import fair_memory
import held_port
import member_accounts
from member_accounts import Member
from member_directories import fresh_directory
from member_requests import Reply, answering
from member_signals import Signals
from turns import Turns

# Of what the hub tells a server, and of nothing else: who has the hub has no other way into members' programs.
PASSED_ON = ("JUPYTERHUB_", "JPY_", "MEM_", "CPU_")
# The pod is given 10 s to end.
GRACE_SECONDS = 6
SERVER = "/home/jupyter/config/start_member_server.sh"
# Guesses for one name that wait for their turn, and at how many names somebody may guess at a time.
MOST_GUESSES, MOST_GUESSED = 20, 16


@dataclass(frozen=True)
class Server:
    """A member's server that was started here."""

    member: Member
    process: asyncio.subprocess.Process


class MemberServers:
    """The servers, at most one for each member.

    Args:
        sockets: directory where each member gets a directory for the server's socket.
        runtime: directory where each gets one for kernels' connection files.
        hub: number of the hub's user and group, the only one beside the member who gets to the socket.
        data_limit: most private memory of a process, in bytes.
        signals: sends signals to members' processes.
    """

    def __init__(self, sockets: Path, runtime: Path, *, hub: int, data_limit: int, signals: Signals) -> None:
        self._sockets, self._runtime, self._hub, self._data_limit, self._signals = sockets, runtime, hub, data_limit, signals
        self._servers: dict[str, Server] = {}
        self._watching: set[asyncio.Task[None]] = set()
        self._turns, self._guesses = Turns(), Turns()
        # PAM takes 2 s for a wrong password: strangers' guesses neither keep members waiting nor what else is asked here.
        self._checking = {known: ThreadPoolExecutor(MOST_GUESSED, "passwords") for known in (True, False)}

    async def check(self, user: str, password: str) -> Reply:
        """Whether a password is a member's."""
        if self._guesses.count(user) >= MOST_GUESSES:
            return {"ok": False}
        # One guess at a time for each name.
        async with self._guesses.turn(user):
            known = await asyncio.to_thread(member_accounts.find, user) is not None
            checked = asyncio.get_running_loop().run_in_executor(self._checking[known], member_accounts.has_password, user, password)
            return {"ok": await checked}

    async def account(self, user: str) -> Reply:
        """Whether somebody is a member whose account is open."""
        return {"ok": await asyncio.to_thread(member_accounts.is_open, user)}

    async def start(self, user: str, environment: Mapping[str, str]) -> Reply:
        """Start a member's server, in place of one that runs."""
        async with self._turns.turn(user):
            member = await asyncio.to_thread(member_accounts.member, user)
            # A number may have been somebody else's before.
            for name in [name for name, server in self._servers.items() if name == user or server.member.uid == member.uid]:
                await self._end(name)
            self._signals.send(member.uid, signal.SIGKILL)
            sockets = fresh_directory(self._sockets / str(member.uid), member.uid, self._hub, 0o710)
            runtime = fresh_directory(self._runtime / str(member.uid), member.uid, member.gid, 0o700)
            process = await asyncio.create_subprocess_exec(
                "sh",
                SERVER,
                str(sockets),
                str(runtime),
                str(self._data_limit // 1024),
                env=member.environment() | {name: value for name, value in environment.items() if name.startswith(PASSED_ON)},
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                **member.identity(),
            )
            server = self._servers[user] = Server(member, process)
            watching = asyncio.create_task(self._watch(server))
            self._watching.add(watching)
            watching.add_done_callback(self._watching.discard)
            print(f"{user}: a server was started", flush=True)
            return {"uid": member.uid}

    async def poll(self, user: str) -> Reply:
        """Whether a member's server runs: null, or the exit code of one that ended; and under which number, which a hub may have missed."""
        if (server := self._servers.get(user)) is None:
            return {"status": 0}
        if server.process.returncode is None and not await asyncio.to_thread(member_accounts.is_still_open, server.member):
            async with self._turns.turn(user):
                if self._servers.get(user) is server:
                    print(f"{user}: the account is gone or locked, and its server with it", flush=True)
                    await self._end(user)
        return {"status": server.process.returncode, "uid": server.member.uid}

    async def stop(self, user: str) -> Reply:
        """End a member's server, and whatever else runs here under the account."""
        async with self._turns.turn(user):
            await self._end(user)
        return {}

    async def ping(self) -> Reply:
        """Say that requests are answered."""
        return {}

    async def stop_all(self) -> Reply:
        """End all servers."""
        await asyncio.gather(*map(self.stop, list(self._servers)), return_exceptions=True)
        return {}

    async def _watch(self, server: Server) -> None:
        """Kernels have sessions of their own, and outlive a server that ended by itself; without one nobody would end them."""
        code, user = await server.process.wait(), server.member.name
        async with self._turns.turn(user):
            if self._servers.get(user) is server:
                self._signals.send(server.member.uid, signal.SIGKILL)
                print(f"{user}: the server ended by itself with exit code {code}", flush=True)

    async def _end(self, user: str) -> None:
        if (server := self._servers.pop(user, None)) is None:
            return
        if server.process.returncode is None:
            self._signals.send(server.member.uid, signal.SIGTERM, server.process.pid)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.process.wait(), GRACE_SECONDS)
        self._signals.send(server.member.uid, signal.SIGKILL)
        code = await server.process.wait()
        print(f"{user}: the server ended with exit code {code}", flush=True)


async def serve(options: argparse.Namespace, signals: Signals) -> None:
    """Answer requests until the container is stopped."""
    directory: Path = options.directory
    # The volume is everybody's; none but root makes anything in it from now on.
    directory.chmod(0o755)
    servers = MemberServers(directory, options.runtime, hub=options.hub, data_limit=options.process_memory, signals=signals)
    known = (servers.check, servers.account, servers.start, servers.poll, servers.stop, servers.stop_all, servers.ping)
    path = directory / "launcher.sock"
    path.unlink(missing_ok=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    listening = await asyncio.start_unix_server(answering({each.__name__: each for each in known}, frozenset({0, options.hub})), path)
    # Members' processes do not even get to its door.
    path.chmod(0o660)
    os.chown(path, 0, options.hub)
    watching = asyncio.create_task(fair_memory.watch(options.memory, lambda member, pid: signals.send(member.uid, signal.SIGKILL, pid)))
    print("members' servers can be started", flush=True)
    await stopped.wait()
    listening.close()
    watching.cancel()
    await servers.stop_all()


def main() -> None:
    """Serve the hub, and hold the port of its proxy, which a member's process could take while the proxy restarts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--runtime", type=Path, required=True, metavar="DIRECTORY", help="root's, for kernels' connection files")
    parser.add_argument("--hub", type=int, required=True, metavar="UID", help="whose requests are taken, and whose port is held")
    parser.add_argument("--port", type=int, required=True, help="the port of the hub's proxy")
    parser.add_argument("--memory", type=int, required=True, metavar="BYTES", help="memory of all servers together")
    parser.add_argument("--process-memory", type=int, required=True, metavar="BYTES", help="most private memory of a member's process")
    options = parser.parse_args()
    signals = Signals()
    with held_port.hold(options.port, options.hub):
        asyncio.run(serve(options, signals))


if __name__ == "__main__":
    main()
