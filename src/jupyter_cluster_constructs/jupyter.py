"""Configuration of Jupyter Server.

https://jupyter-server.readthedocs.io/en/latest/other/full-config.html
"""

from __future__ import annotations

from collections.abc import Sequence

from . import paths
from .spec import JUPYTER_PORT, IngressSettings, Jupyter

PASSWORD_KEY = "password_hash"
TOKEN_KEY = "token"

# Read by every Jupyter program, those that members start themselves too.
JUPYTER_CONFIG = """\
c = get_config()
# SQLite locks on NFS, and homes are on NFS.
c.NotebookNotary.db_file = ":memory:"
"""


def shared_server_config(service_names: Sequence[str] = (), jupyter: Jupyter | None = None, ingress: IngressSettings | None = None) -> str:
    """Render the configuration of the Jupyter Server that all members share; the password's hash and the token are read from a Secret's directory.

    Args:
        service_names: DNS names of its Service.
        jupyter: its settings. Default: their defaults.
        ingress: how it is reached from outside. Default: only by its Service.
    """
    return f"""\
import secrets
import sys
from pathlib import Path

c = get_config()
login = Path({paths.JUPYTER_LOGIN!r})


def secret(key):
    file = login / key
    return file.read_text().strip() if file.is_file() else ""


password_hash, token = secret({PASSWORD_KEY!r}), secret({TOKEN_KEY!r})
c.PasswordIdentityProvider.hashed_password = password_hash
# With neither, a token that nobody knows keeps the server locked; an empty one would open it.
c.IdentityProvider.token = token or ("" if password_hash else secrets.token_hex(32))
c.PasswordIdentityProvider.allow_password_change = False
c.ServerApp.allow_unauthenticated_access = False

c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = {JUPYTER_PORT}
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
{_ways_in(service_names, jupyter or Jupyter(mode="server"), ingress)}\
# Everything saved lands on the shared volume; the home is gone with the pod.
c.ServerApp.root_dir = {paths.SHARED!r}
c.ServerApp.terminals_enabled = {(jupyter or Jupyter(mode="server")).has_terminals}
c.ServerApp.terminado_settings = {{"shell_command": ["/bin/bash", "-l"]}}
# Its menu would offer every member to end the server of all.
c.ServerApp.quit_button = False
# Neither the server nor members' browsers ask others for news, versions or packages.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

sys.path.insert(0, {paths.CONFIG!r})
import closed_server
import held_port

held_port.share()
closed_server.install(https_host={ingress.host if ingress and ingress.has_tls else None!r})
"""


def _ways_in(service_names: Sequence[str], jupyter: Jupyter, ingress: IngressSettings | None) -> str:
    """By which names, by which proxies and with which cookies people reach it."""
    hosts = ["localhost", *service_names, *jupyter.host_names, *([ingress.host] if ingress else [])]
    # Jupyter Server compares whole names alone; what a wildcard covers is the admin's.
    any_host = any("*" in host for host in hosts)
    cookie = {"samesite": "Lax", "secure": bool(ingress and ingress.has_tls)}
    values = {
        "ServerApp.allow_remote_access": any_host,
        "ServerApp.local_hostnames": hosts,
        # The page's own origin is allowed by itself: another site under the wildcard is not.
        "ServerApp.allow_origin": ingress.url.rstrip("/") if ingress and not any_host else "",
        # Without a proxy of ours, these headers are anybody's.
        "ServerApp.trust_xheaders": ingress is not None,
        "IdentityProvider.secure_cookie": cookie["secure"],
        "IdentityProvider.cookie_options": {"httponly": True, "samesite": "Lax"},
        # JupyterLab reads this one by its scripts.
        "ServerApp.tornado_settings": {"xsrf_cookie_kwargs": {"path": "/", **cookie}},
    }
    return "".join(f"c.{name} = {value!r}\n" for name, value in values.items())
