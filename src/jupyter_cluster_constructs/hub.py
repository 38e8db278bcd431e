"""Configuration of JupyterHub and of the servers that it starts for members.

https://jupyterhub.readthedocs.io/en/stable/reference/config-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from . import paths
from .sign_on import login_values
from .spec import JUPYTER_PORT, Hub, IngressSettings, Jupyter
from .spec.values import quantity_value

MEBIBYTE = 1024 * 1024
# What an idle JupyterLab with a kernel that has imported numpy takes, and some room.
SERVER_MEMORY = 256 * MEBIBYTE
# A member who is taken out of the account files, or locked, is out of the hub after so long.
ACCOUNT_SECONDS = 60
# JupyterHub's own default, and the most.
ACTIVITY_SECONDS = 300


def most_servers(hub: Hub, memory: str) -> int:
    """How many servers may run at a time in a container of so much memory."""
    return hub.max_servers or max(1, int(quantity_value(memory)) // SERVER_MEMORY)


def process_memory(hub: Hub, memory: str) -> int:
    """The most private memory of a member's process, in bytes."""
    return int(quantity_value(hub.process_memory)) if hub.process_memory else int(quantity_value(memory)) // 2


def activity_seconds(hub: Hub) -> int:
    """How often the hub hears whether a server is used: often enough that none ends which is."""
    return min(ACTIVITY_SECONDS, hub.idle_minutes * 10) if hub.idle_minutes else ACTIVITY_SECONDS


def socket_url(path: str) -> str:
    """The URL of a program that answers HTTP at a socket."""
    return f"http+unix://{quote(path, safe='')}"


def hub_config(jupyter: Jupyter, ingress: IngressSettings | None = None) -> str:
    """Render jupyterhub_config.py.

    Args:
        jupyter: the settings.
        ingress: how it is reached from outside. Default: only by its Service.
    """
    hub, cookies = jupyter.hub, _cookies(ingress)
    # The database's file is on NFS, whose locks make SQLite hang; a pod is the only one to open it.
    database = f"sqlite:///file:{paths.KEPT_HUB}/jupyterhub.sqlite?nolock=1&uri=true"
    values: dict[str, object] = {
        "JupyterHub.bind_url": f"http://:{JUPYTER_PORT}/",
        "JupyterHub.hub_bind_url": socket_url(paths.HUB_SOCKET),
        "JupyterHub.hub_connect_url": socket_url(paths.HUB_SOCKET),
        # Members' servers ask the hub who it is that comes; who may is decided by their tokens.
        "JupyterHub.hub_socket_mode": 0o666,
        "JupyterHub.db_url": database,
        "JupyterHub.upgrade_db": True,
        "JupyterHub.cookie_secret_file": f"{paths.KEPT_HUB}/cookie_secret",
        # The pages of the hub have their token against forged forms in themselves; those of JupyterLab read its cookie.
        "JupyterHub.tornado_settings": {"cookie_options": cookies, "xsrf_cookie_kwargs": {"httponly": True} | cookies},
        # Members' servers and the proxy are in other containers, and outlive a hub that starts again.
        "JupyterHub.cleanup_servers": False,
        "JupyterHub.cleanup_proxy": False,
        "ConfigurableHTTPProxy.should_start": False,
        "ConfigurableHTTPProxy.api_url": socket_url(paths.PROXY_SOCKET),
        # A proxy that starts again knows no routes.
        "JupyterHub.proxy_check_interval": 5,
        **login_values(hub.sign_on, ingress),
        "Authenticator.allow_all": True,
        "Authenticator.auth_refresh_age": ACCOUNT_SECONDS,
        # For tokens of somebody who is gone, too.
        "Authenticator.auth_refresh_strict": True,
        "Authenticator.refresh_pre_spawn": True,
        "Spawner.default_url": "/lab",
        "Spawner.poll_interval": 5,
        "JupyterHub.last_activity_interval": activity_seconds(hub),
        "Spawner.environment": {"JUPYTERHUB_ACTIVITY_INTERVAL": str(activity_seconds(hub))},
        # A class that comes in at once shares few CPUs.
        "Spawner.start_timeout": 180,
        "Spawner.http_timeout": 60,
    }
    return f"""\
import sys

c = get_config()
{_assignments(values)}
{_changes(ingress)}import cluster_hub

c.JupyterHub.spawner_class = cluster_hub.MemberSpawner
{_roles(hub)}"""


def member_server_config(jupyter: Jupyter, ingress: IngressSettings | None = None) -> str:
    """Render the configuration of members' servers.

    Args:
        jupyter: the settings.
        ingress: how they are reached from outside. Default: only by their Service.
    """
    values: dict[str, object] = {
        # Its directory lets in the member and the hub alone.
        "ServerApp.sock_mode": "0666",
        "ServerApp.terminals_enabled": jupyter.has_terminals,
        "ServerApp.terminado_settings": {"shell_command": ["/bin/bash", "-l"]},
        # Ports are everybody's in the pod: while a kernel starts again, somebody else could listen at its own.
        "KernelManager.transport": "ipc",
        # Neither the server nor members' browsers ask others for news, versions or packages.
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
    }
    return f"""\
import os
import sys

c = get_config()
{_assignments(values)}\
# Lines of all servers are in one log.
c.Application.log_format = f"%(color)s[%(levelname)1.1s %(asctime)s.%(msecs).03d {{os.environ['USER']}} %(name)s]%(end_color)s %(message)s"
# Each server has its own token against forged requests.
c.ServerApp.tornado_settings = {{"xsrf_cookie_kwargs": {{"path": os.environ["JUPYTERHUB_SERVICE_PREFIX"], **{_cookies(ingress)!r}}}}}

{_changes(ingress)}import busy_kernels

busy_kernels.install()
"""


def _cookies(ingress: IngressSettings | None) -> dict[str, object]:
    """What browsers do with the cookies; without TLS of ours, they are for https alone where the request came by it."""
    secure: dict[str, object] = {"secure": True} if ingress and ingress.has_tls else {}
    return {"samesite": "Lax"} | secure


def _changes(ingress: IngressSettings | None) -> str:
    """What both change in their process."""
    by_https = f"import https_only\n\nhttps_only.install({ingress.host!r})\n" if ingress and ingress.has_tls else ""
    return f"sys.path.insert(0, {paths.CONFIG!r})\nimport scrubbed_log\n\nscrubbed_log.install()\n{by_https}"


def _roles(hub: Hub) -> str:
    """What some may do beside their own; nobody is an administrator of JupyterHub's own kind, who looks into everybody's server."""
    # Without admins too: whom a role that is left out had before, it keeps in the database.
    admins: dict[str, object] = {"name": "hub-admins", "scopes": ["admin-ui", "list:users", "read:users", "servers"], "users": list(hub.admins)}
    roles: list[dict[str, object]] = [admins]
    values: dict[str, object] = {"JupyterHub.load_roles": roles}
    if hub.idle_minutes:
        values["JupyterHub.services"] = [_culler(hub.idle_minutes)]
        scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
        roles.append({"name": "idle-culler", "scopes": scopes, "services": ["idle-culler"]})
    return _assignments(values)


def _culler(idle_minutes: int) -> dict[str, object]:
    """The service that ends idle servers, which may do that alone."""
    command = ["python3", f"{paths.CONFIG}/idle_culler.py", f"--url=http://{quote(paths.HUB_SOCKET, safe='')}/hub/api"]
    return {"name": "idle-culler", "command": [*command, f"--timeout={idle_minutes * 60}", f"--cull-every={min(60, idle_minutes * 30)}"]}


def _assignments(values: Mapping[str, object]) -> str:
    return "".join(f"c.{name} = {value!r}\n" for name, value in values.items())
