"""A member at JupyterHub: logs in by the form, as a browser does, and works with the own server."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import requests
from jupyter_kernel_client import JupyterKernelClient

from .kube import wait_until

SERVER_SECONDS = 90
CALL_SECONDS = 60


class LoginError(Exception):
    """JupyterHub did not let somebody in, with what its page says."""


class HubSession:
    """Somebody who is logged in; get one by ``log_in``.

    Args:
        origin: where JupyterHub is, such as ``http://127.0.0.1:8888``.
        user: the member's name.
        verify: a file with the certificate that is trusted. Default: the system's.

    Attributes:
        origin: where JupyterHub is.
        user: the member's name.
        http: has the cookies, as a browser has.
    """

    def __init__(self, origin: str, user: str, verify: str | bool = True) -> None:
        self.origin, self.user = origin.rstrip("/"), user
        self.http = requests.Session()
        self.http.verify = verify
        self._token: str | None = None

    @classmethod
    def log_in(cls, origin: str, user: str, password: str, *, verify: str | bool = True) -> HubSession:
        """Send the form of the login page.

        Raises:
            LoginError: the form was refused.
        """
        session = cls(origin, user, verify)
        session.ask("GET", "/hub/login").raise_for_status()
        form = {"username": user, "password": password, "_xsrf": session.xsrf("/hub/")}
        # By default the form leads to the server, and so begins to start it.
        reply = session.ask("POST", "/hub/login?next=/hub/token", data=form, allow_redirects=False)
        if reply.status_code != 302:
            raise LoginError(f"{user}: {reply.status_code}")
        # A login has other XSRF tokens than nobody had.
        session.ask("GET", "/hub/token").raise_for_status()
        return session

    def xsrf(self, path: str) -> str:
        """The token against forged requests that goes with the cookies of the hub (``/hub/``) or of the own server."""
        return next((cookie.value or "" for cookie in self.http.cookies if cookie.name == "_xsrf" and cookie.path == path), "")

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request, with the cookies and the token against forged requests."""
        headers = {"X-XSRFToken": self.xsrf("/hub/" if path.startswith("/hub/") else f"{self.base}/"), "Referer": f"{self.origin}{path}"}
        return self.http.request(method, f"{self.origin}{path}", headers=headers | options.pop("headers", {}), timeout=CALL_SECONDS, **options)

    @property
    def base(self) -> str:
        """The path of the own server."""
        return f"/user/{self.user}"

    def start_server(self, seconds: float = SERVER_SECONDS) -> None:
        """Start the own server, if it does not run, and wait until it answers."""
        reply = self.ask("POST", f"/hub/api/users/{self.user}/server")
        # 400: it runs, or starts, already.
        if reply.status_code not in {201, 202, 400}:
            reply.raise_for_status()
        self.wait_for_server(seconds)

    def wait_for_server(self, seconds: float = SERVER_SECONDS) -> None:
        """Wait until the own server answers with the login's cookie."""

        def answers() -> bool:
            with suppress(requests.ConnectionError):
                # By the page, which sets the server's cookies.
                reply = self.ask("GET", f"{self.base}/lab")
                return reply.status_code == 200 and reply.url.startswith(f"{self.origin}{self.base}/lab")
            return False

        wait_until(f"{self.user}'s server answers", answers, seconds=seconds)

    def server_runs(self) -> bool:
        """Whether the hub says that the own server runs and is ready."""
        reply = self.ask("GET", f"/hub/api/users/{self.user}")
        reply.raise_for_status()
        return bool(reply.json()["servers"].get("", {}).get("ready"))

    def stop_server(self, seconds: float = SERVER_SECONDS) -> None:
        """Stop the own server, and wait until the hub has none."""
        self.ask("DELETE", f"/hub/api/users/{self.user}/server").raise_for_status()

        def gone() -> bool:
            return not self.ask("GET", f"/hub/api/users/{self.user}").json()["servers"]

        wait_until(f"{self.user}'s server is gone", gone, seconds=seconds)

    def get(self, path: str) -> Any:
        """The JSON that the own server answers at a path below its own, such as ``/api/kernels``."""
        reply = self.ask("GET", f"{self.base}{path}")
        reply.raise_for_status()
        return reply.json()

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON of the answer to JSON that is sent there, or None where the answer is empty."""
        reply = self.ask("POST", f"{self.base}{path}", json=body)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def token(self) -> str:
        """A token of the hub's API that may all that the member may, as the page /hub/token makes it."""
        if self._token is None:
            reply = self.ask("POST", f"/hub/api/users/{self.user}/tokens", json={"note": "e2e", "expires_in": 3600})
            reply.raise_for_status()
            self._token = str(reply.json()["token"])
        return self._token

    def kernel(self) -> Any:
        """A new kernel of the own server, for a ``with`` statement, which ends it; see ``printed``."""
        # JupyterHub takes no token in a URL, where a websocket of the client's has it otherwise.
        headers = {"Authorization": f"Bearer {self.token()}"}
        return JupyterKernelClient(server_url=f"{self.origin}{self.base}", token=None, headers=headers)


def printed(kernel: Any, code: str, seconds: float = CALL_SECONDS) -> str:
    """What code prints in a kernel, which must not fail."""
    reply = kernel.execute(code, timeout=seconds)
    assert reply["status"] == "ok", reply["outputs"]
    return "".join(output["text"] for output in reply["outputs"] if output["output_type"] == "stream")
