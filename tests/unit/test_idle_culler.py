"""The culler reaches the hub by its socket: the program as the hub starts it, and a hub of the test's."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from support import SOURCE
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler

from .members import in_loop

PROGRAM = SOURCE / "runtime" / "idle_culler.py"


def user(name: str, idle: timedelta) -> dict[str, Any]:
    last = (datetime.now(UTC) - idle).isoformat()
    started = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    server = {"name": "", "ready": True, "pending": None, "url": f"/user/{name}/", "last_activity": last, "started": started, "user_options": {}}
    return {"name": name, "admin": False, "last_activity": last, "created": started, "servers": {"": server}, "kind": "user"}


@in_loop
async def test_idle_servers_are_ended_and_others_are_not(tmp_path: Path) -> None:
    told: list[tuple[str, str, str | None]] = []
    users = [user("ada", timedelta(minutes=5)), user("grace", timedelta(seconds=5))]

    class Hub(RequestHandler):
        def prepare(self) -> None:
            told.append((self.request.method or "", self.request.path, self.request.headers.get("Authorization")))

        def get(self) -> None:
            self.finish({"version": "6.1.1"} if self.request.path.endswith("/api/") else _json(users))

        def delete(self) -> None:
            self.set_status(204)

    socket = tmp_path / "hub.sock"
    HTTPServer(Application([("/.*", Hub)])).add_socket(bind_unix_socket(str(socket)))
    url = f"http://{quote(str(socket), safe='')}/hub/api"
    process = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, f"--url={url}", "--timeout=60", "--cull-every=30", env={**os.environ, "JUPYTERHUB_API_TOKEN": "t"}, stderr=-1
    )
    try:
        async with asyncio.timeout(30):
            while not any(method == "DELETE" for method, _, _ in told):
                assert process.returncode is None, await process.communicate()
                await asyncio.sleep(0.05)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
    assert [path for method, path, _ in told if method == "DELETE"] == ["/hub/api/users/ada/server"]
    assert {token for _, _, token in told} == {"token t"}


def _json(users: list[dict[str, Any]]) -> str:
    import json

    return json.dumps(users)
