"""JupyterHub's part of this cluster: who may log in, and how a member's server is started. Both are done by member_servers.py.

https://jupyterhub.readthedocs.io/en/stable/reference/authenticators.html
https://jupyterhub.readthedocs.io/en/stable/reference/spawners.html
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from jupyterhub.auth import Authenticator
from jupyterhub.objects import Server
from jupyterhub.spawner import Spawner, SpawnException
from tornado.web import HTTPError

SERVERS = "/run/servers"
# How long a container takes that starts again after it ended for the first time in a while, and some.
PATIENCE_SECONDS = 10
PAUSE_SECONDS = 0.1
ANSWER_SECONDS = 10
# Less than the hub's own Spawner.start_timeout, whose error has no text.
START_SECONDS = 150
AGAIN = "Members' servers are being restarted. Try again in a few seconds."


async def ask(do: str, **request: Any) -> dict[str, Any]:
    """Send a request to what starts members' servers.

    Raises:
        OSError: it does not run at the moment.
    """
    reader, writer = await asyncio.open_unix_connection(f"{SERVERS}/launcher.sock")
    try:
        writer.write(json.dumps({"do": do} | request).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
    finally:
        writer.close()
    if not line:
        raise ConnectionError("members' servers: no answer")
    reply: dict[str, Any] = json.loads(line)
    return reply


async def ask_patiently(do: str, **request: Any) -> dict[str, Any]:
    """Send a request as soon as somebody takes it.

    Raises:
        HTTPError: nobody does, or the answer did not come; its text is for the member.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            return await ask(do, **request)
        except (ConnectionRefusedError, FileNotFoundError):
            if asyncio.get_running_loop().time() > deadline:
                raise HTTPError(503, AGAIN) from None
        except OSError:
            # It may have been done, and must not be done twice.
            raise HTTPError(503, AGAIN) from None
        await asyncio.sleep(PAUSE_SECONDS)


async def answers(path: str, url: str) -> bool:
    """Whether a server answers requests at its socket yet."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(f"GET {url} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
                await writer.drain()
                return (await reader.read(5)) == b"HTTP/"
            finally:
                writer.close()
    return False


def told_of(name: str) -> dict[str, Any]:
    """What the hub is told of a member: an admin of its own kind would look into everybody's server, and nobody is one."""
    return {"name": name, "admin": False}


class MemberAuthenticator(Authenticator):
    """Lets members in by the password that they have for SSH."""

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """Who it is, if it is their password."""
        name = data["username"]
        return told_of(name) if (await ask_patiently("check", user=name, password=data["password"]))["ok"] else None

    async def refresh_user(self, user: Any, handler: Any = None, **options: Any) -> dict[str, Any] | bool:
        """Who it is that is logged in, if they still have an account that is open."""
        return told_of(user.name) if (await ask_patiently("account", user=user.name))["ok"] else False


class StartError(SpawnException):
    """Why a server was not started, for its member to read."""

    def __init__(self, message: str, **options: Any) -> None:
        super().__init__(message, **options)
        # The page that offers to start it again shows this one alone.
        self.jupyterhub_message = message


class MemberSpawner(Spawner):
    """Starts a member's server, reached by a socket that nobody else can take its place at."""

    uid: int | None = None

    @property
    def server(self) -> Server | None:
        """Where the server is; the database has no place for a socket."""
        found: Server | None = Spawner.server.fget(self)
        if found is not None and self.uid is not None and not found.connect_url:
            found.connect_url = self.socket_url
        return found

    @server.setter
    def server(self, server: Server | None) -> None:
        Spawner.server.fset(self, server)

    @property
    def socket(self) -> str:
        """The server's socket."""
        return f"{SERVERS}/{self.uid}/server.sock"

    @property
    def socket_url(self) -> str:
        """The server's socket as a URL."""
        return f"http+unix://{quote(self.socket, safe='')}"

    def load_state(self, state: dict[str, Any]) -> None:
        """Find a server again that an earlier life of the hub started."""
        super().load_state(state)
        self.uid = state.get("uid")

    def get_state(self) -> dict[str, Any]:
        """What it takes to find it again."""
        state: dict[str, Any] = super().get_state()
        return state | {"uid": self.uid}

    def clear_state(self) -> None:
        """Forget a server that ended."""
        super().clear_state()
        self.uid = None

    async def start(self) -> str:
        """Start the server, and say where it is once it answers: what JupyterHub does by itself looks ever more seldom."""
        environment = self.get_env()
        reply = await ask_patiently("start", user=self.user.name, environment=environment)
        if why := reply.get("refused"):
            raise StartError(why, reason="refused")
        self.uid = reply["uid"]
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await answers(self.socket, f"{environment['JUPYTERHUB_SERVICE_PREFIX']}api"):
            if asyncio.get_running_loop().time() > deadline:
                why = f"Your server did not answer within {START_SECONDS} s. Try again, later if many others start theirs."
                raise StartError(why, reason="timeout", status_code=503)
            if (status := await self.poll()) is not None:
                raise StartError(
                    f"Your server ended with exit code {status} before it could be used."
                    " Who runs the cluster sees why in the log of the container jupyter.",
                    reason="ended",
                    status_code=500,
                )
            await asyncio.sleep(PAUSE_SECONDS)
        return self.socket_url

    async def poll(self) -> int | None:
        """None while the server runs, or its exit code; where nothing starts servers at the moment, none is left either."""
        try:
            reply = await ask("poll", user=self.user.name)
        except (ConnectionRefusedError, FileNotFoundError):
            return 1
        except OSError:
            # The next look tells.
            return None
        # A hub that ended while the server was started has not kept the number.
        self.uid = reply.get("uid", self.uid)
        status: int | None = reply["status"]
        return status

    async def stop(self, now: bool = False) -> None:
        """End the server."""
        try:
            await ask("stop", user=self.user.name)
        except OSError as error:
            self.log.warning("%s: %s", self.user.name, error)
