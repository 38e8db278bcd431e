"""A real Jupyter Server with JupyterLab, of the images' versions, started from the rendered configuration."""

from __future__ import annotations

import http.client
import inspect
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import SOURCE

from jupyter_cluster_constructs import IngressSettings, Jupyter, jupyter, paths
from jupyter_cluster_constructs.spec import JUPYTER_PORT

# Of `correct horse`, as jupyter_server.auth.passwd makes it.
HASH = "sha256:4b5f77085f35:da520263ef776316d68e4bc657241f9ab8ec81596bcf816270e65cf5f0cab328"
PASSWORD, TOKEN = "correct horse", "a-token-that-nobody-guesses"
SERVICE_NAMES = ("lab-jupyter", "lab-jupyter.science.svc")
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


@dataclass(frozen=True)
class Answer:
    """What a server answers; a header that is given more than once is joined by newlines."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def cookies(self) -> dict[str, str]:
        """Each cookie that it sets, with its attributes, by the beginning of its name."""
        lines = self.headers.get("set-cookie", "").splitlines()
        return {line.partition("=")[0].partition("-")[0]: line for line in lines}


@dataclass(frozen=True)
class Server:
    """A server that runs; its log is read while it does."""

    port: int
    log: Path
    directory: Path

    @property
    def routes(self) -> list[str]:
        """The patterns of all paths that it answers."""
        found: list[str] = json.loads((self.directory / "routes.json").read_text())
        return found

    def written(self) -> str:
        """Its log, with all that came before."""
        last = f"/last-{time.monotonic_ns()}"
        self.answer("GET", last)
        deadline = time.monotonic() + 10
        while last not in (text := self.log.read_text()):
            # What a request is logged with comes after its answer.
            assert time.monotonic() < deadline, text
            time.sleep(0.05)
        return text

    def answer(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            met: dict[str, str] = {}
            for name, value in response.getheaders():
                met[name.lower()] = f"{met[name.lower()]}\n{value}" if name.lower() in met else value
            # A websocket never ends.
            return Answer(response.status, met, "" if response.status == 101 else response.read().decode(errors="replace"))
        finally:
            connection.close()

    def xsrf(self, headers: Mapping[str, str] | None = None) -> dict[str, str]:
        """The cookie and the header by which a page's own scripts are known."""
        cookie = self.answer("GET", "/login", headers).cookies["_xsrf"].partition(";")[0]
        return {"Cookie": cookie, "X-XSRFToken": cookie.partition("=")[2]}

    def session(self) -> dict[str, str]:
        """What the browser of somebody who logged in by the form sends."""
        known = self.xsrf()
        login = self.log_in(PASSWORD).cookies["username"].partition(";")[0]
        return known | {"Cookie": f"{known['Cookie']}; {login}"}

    def log_in(self, password: str, headers: Mapping[str, str] | None = None, query: str = "") -> Answer:
        """Send the form of the login page."""
        more = self.xsrf(headers) | {"Content-Type": "application/x-www-form-urlencoded"}
        return self.answer("POST", f"/login{query}", {**(headers or {}), **more}, urllib.parse.urlencode({"password": password}))


def write_routes(file: str) -> None:
    """Run in the server: write the patterns of all its routes, once all extensions are there."""
    import json
    import pathlib
    from typing import Any

    from jupyter_server.serverapp import ServerApp

    def routes(router: Any) -> Any:
        for rule in router.rules:
            if hasattr(rule.target, "rules"):
                yield from routes(rule.target)
            else:
                yield rule.matcher.regex.pattern

    server: Any = ServerApp
    start = server.start_app

    def write_and_start(app: Any) -> None:
        pathlib.Path(file).write_text(json.dumps(list(routes(app.web_app.default_router))))
        start(app)

    server.start_app = write_and_start


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def jupyter_server(directory: Path, settings: Jupyter, ingress: IngressSettings | None = None) -> Iterator[Server]:
    """Start it as the pod does, with a password and a token."""
    login, shared, port, log = directory / "login", directory / "shared", free_port(), directory / "log"
    for made in (login, shared):
        made.mkdir(parents=True)
    (login / "password_hash").write_text(HASH)
    (login / "token").write_text(TOKEN)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("JUPYTER_LOGIN", login), ("SHARED", shared), ("CONFIG", SOURCE / "runtime")):
            patch.setattr(paths, name, str(value))
        text = jupyter.shared_server_config(SERVICE_NAMES, settings, ingress)
    text = text.replace(f"c.ServerApp.port = {JUPYTER_PORT}", f"c.ServerApp.port = {port}").replace('"0.0.0.0"', '"127.0.0.1"')
    config, routes = directory / "shared_jupyter_server.py", directory / "routes.json"
    config.write_text(f"{text}\n{inspect.getsource(write_routes)}\nwrite_routes({str(routes)!r})\n")
    own = {f"JUPYTER_{kind}_DIR": str(directory / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")} | {"HOME": str(directory)}
    command = [sys.executable, "-m", "jupyterlab", f"--config={config}", "--allow-root"]
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=directory, env={**os.environ, **own}, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            wait_until_it_listens(process, log)
            yield Server(port, log, directory)
        finally:
            process.terminate()


def wait_until_it_listens(process: subprocess.Popen[bytes], log: Path) -> None:
    # Not by a connection: in the meantime the port may be another program's.
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if "is running at" in log.read_text():
            return
        time.sleep(0.1)
    raise TimeoutError(log.read_text())
