"""Configuration of sshd, as sshd_config(5) says."""

from __future__ import annotations

from . import paths
from .accounts import MEMBERS, PASSWORDS
from .spec import SSHD_PORT, Ssh
from .spec.values import RSA_BITS, SSH_KEY_TYPES

HOST_KEY_TYPES = ("ed25519", "rsa")
POST_QUANTUM = ("mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com")
KEY_EXCHANGES = {"modern": POST_QUANTUM, "compatible": (*POST_QUANTUM, "curve25519-sha256", "curve25519-sha256@libssh.org")}
CIPHERS = ("chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
MACS = ("hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "umac-128-etm@openssh.com")
HOST_SIGNATURES = ("ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256")
# ssh-rsa is a type of keys, whose signatures of that name are of SHA-1.
USER_SIGNATURES = (*(kind for kind in SSH_KEY_TYPES if kind != "ssh-rsa"), "rsa-sha2-512", "rsa-sha2-256")


def sshd_config(ssh: Ssh) -> str:
    """Render sshd_config."""
    host_keys = "\n".join(f"HostKey {paths.HOST_KEYS}/ssh_host_{kind}_key" for kind in HOST_KEY_TYPES)
    return f"""\
Port {SSHD_PORT}
{host_keys}
PidFile none
KexAlgorithms {",".join(KEY_EXCHANGES[ssh.algorithms])}
Ciphers {",".join(CIPHERS)}
MACs {",".join(MACS)}
HostKeyAlgorithms {",".join(HOST_SIGNATURES)}
PubkeyAcceptedAlgorithms {",".join(USER_SIGNATURES)}
RequiredRSASize {RSA_BITS}
UsePAM yes
PermitRootLogin no
AllowGroups {MEMBERS.name}
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
AuthorizedKeysFile .ssh/authorized_keys
# Their ConfigMap's directory is writable by all, which StrictModes refuses of a file.
AuthorizedKeysCommand /usr/bin/cat {paths.ACCOUNTS}/authorized_keys.%u
AuthorizedKeysCommandUser nobody
# An agent offers each of its keys, and each is an attempt.
MaxAuthTries 6
LoginGraceTime 60
MaxStartups 100:30:200
# Behind a Service everybody comes from one address, and one person's wrong passwords would lock out all.
PerSourcePenalties no
# Tells refused keys too, with their fingerprints.
LogLevel VERBOSE
ClientAliveInterval 60
PrintLastLog no
PrintMotd no
AllowTcpForwarding {_yes_or_no("tcp" in ssh.forwarding)}
AllowStreamLocalForwarding {_yes_or_no("tcp" in ssh.forwarding)}
AllowAgentForwarding {_yes_or_no("agent" in ssh.forwarding)}
X11Forwarding {_yes_or_no("x11" in ssh.forwarding)}
GatewayPorts no
PermitTunnel no
PermitUserEnvironment no
SetEnv PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8
Subsystem sftp internal-sftp
{_passwords(ssh)}"""


def _passwords(ssh: Ssh) -> str:
    # A group, since account files are live: a first password restarts nothing.
    return f"Match Group {PASSWORDS.name}\n    PasswordAuthentication yes\n" if ssh.password_login else ""


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
