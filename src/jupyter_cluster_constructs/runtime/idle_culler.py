"""jupyterhub-idle-culler, whose HTTP client does not know sockets: every name that it asks for is one, as URLs quote it."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import unquote

from jupyterhub_idle_culler import main
from tornado.netutil import Resolver


class SocketResolver(Resolver):
    """Finds sockets."""

    async def resolve(self, host: str, port: int, family: int = 0) -> list[tuple[int, Any]]:
        """The address of a socket."""
        return [(socket.AF_UNIX, unquote(host))]


Resolver.configure(SocketResolver)
main()
