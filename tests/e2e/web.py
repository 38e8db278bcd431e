"""HTTP, through a forwarded port of a Service."""

from __future__ import annotations

import http.client
from collections.abc import Mapping

HOST = "127.0.0.1"


def answer(port: int, path: str, token: str | None = None, headers: Mapping[str, str] | None = None) -> str:
    """How the server answers: the status, and for a redirection where it leads to."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request("GET", path, headers={**(headers or {}), **({"Authorization": f"token {token}"} if token else {})})
        response = connection.getresponse()
        return f"{response.status} {response.headers.get('Location', '').partition('?')[0]}".strip()
    finally:
        connection.close()
