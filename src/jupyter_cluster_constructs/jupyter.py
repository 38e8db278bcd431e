"""Configuration of Jupyter Server.

https://jupyter-server.readthedocs.io/en/latest/other/full-config.html
"""

from __future__ import annotations

from . import paths
from .spec import JUPYTER_PORT

PASSWORD_KEY = "password_hash"
TOKEN_KEY = "token"

# Read by every Jupyter program, those that members start themselves too.
JUPYTER_CONFIG = """\
c = get_config()
# SQLite locks on NFS, and homes are on NFS.
c.NotebookNotary.db_file = ":memory:"
"""


def shared_server_config() -> str:
    """Render the configuration of the Jupyter Server that all members share; the password's hash and the token are read from a Secret's directory."""
    return f"""\
import secrets
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

c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = {JUPYTER_PORT}
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.allow_remote_access = True
c.ServerApp.trust_xheaders = True
# Everything saved lands on the shared volume; the home is gone with the pod.
c.ServerApp.root_dir = {paths.SHARED!r}
c.ServerApp.terminado_settings = {{"shell_command": ["/bin/bash", "-l"]}}
"""
