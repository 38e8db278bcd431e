"""Configuration of sshd, as sshd_config(5) says."""

from __future__ import annotations

from . import paths
from .spec import SSHD_PORT

HOST_KEY_TYPES = ("ed25519", "rsa")


def sshd_config() -> str:
    """Render sshd_config."""
    host_keys = "\n".join(f"HostKey {paths.HOST_KEYS}/ssh_host_{kind}_key" for kind in HOST_KEY_TYPES)
    return f"""\
Port {SSHD_PORT}
{host_keys}
PidFile none
UsePAM yes
PermitRootLogin no
DenyUsers root jupyter sshd-keys
PasswordAuthentication yes
KbdInteractiveAuthentication no
AuthorizedKeysFile .ssh/authorized_keys
# Their ConfigMap's directory is writable by all, which StrictModes refuses of a file.
AuthorizedKeysCommand /usr/bin/cat {paths.ACCOUNTS}/authorized_keys.%u
AuthorizedKeysCommandUser nobody
# Behind a Service everybody comes from one address, and one person's wrong passwords would lock out all.
PerSourcePenalties no
MaxStartups 100:30:200
ClientAliveInterval 60
PrintLastLog no
PrintMotd no
X11Forwarding no
AllowAgentForwarding no
SetEnv PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
Subsystem sftp internal-sftp
"""
