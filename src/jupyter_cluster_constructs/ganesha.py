"""Configuration of the NFS server, nfs-ganesha.

https://github.com/nfs-ganesha/nfs-ganesha/tree/next/src/doc/man
"""

from __future__ import annotations

from collections.abc import Sequence

from . import paths

NFS_PORT = 2049
NOBODY = 65534
# The probes ask from there.
LOOPBACK = ("127.0.0.1", "::1")


def ganesha_config(node_cidrs: Sequence[str] = ()) -> str:
    """Render ganesha.conf: NFSv4 only, one port, one export, root squashed.

    Args:
        node_cidrs: networks whose hosts may use the export, beside this pod itself. Default: every host.
    """
    return f"""\
NFS_CORE_PARAM {{
    Protocols = 4;
    NFS_Port = {NFS_PORT};
    Enable_NLM = false;
    Enable_RQUOTA = false;
    Enable_UDP = false;
    # Seconds; the connection of a client whose node is gone ends after a minute, and is waited for no longer.
    TCP_KEEPIDLE = 30;
    TCP_KEEPINTVL = 10;
    TCP_KEEPCNT = 3;
    # Needs the capability SYS_RESOURCE, which the server does without.
    allow_set_io_flusher_fail = true;
}}
NFSv4 {{
    # Clients go on at once after a restart; nobody else may take their locks, since one pod alone serves the disk.
    Graceless = true;
    # 0 for the readiness probe, which needs no session; clients use 1 or 2.
    Minor_Versions = 0, 1, 2;
    RecoveryBackend = "fs_ng";
    Lease_Lifetime = 20;
    Only_Numeric_Owners = true;
    # Otherwise it asks DNS for the domain of names that it never sends, and without an answer starts 10 s later.
    UseGetpwnam = true;
}}
NFS_KRB5 {{
    Active_krb5 = false;
}}
EXPORT {{
    Export_Id = 1;
    Path = {paths.EXPORT};
    Pseudo = {paths.EXPORT};
{_access(node_cidrs)}
    # The init container makes every directory with its owner, so that no client needs root's rights.
    Squash = Root_Squash;
    # Otherwise -2 of 32 bits, which no other system calls nobody.
    Anonymous_Uid = {NOBODY};
    Anonymous_Gid = {NOBODY};
    SecType = sys;
    Transports = TCP;
    # Seconds; an administrator's chown on the disk is seen that soon.
    Attr_Expiration_Time = 5;
    FSAL {{
        Name = VFS;
    }}
}}
"""


def _access(node_cidrs: Sequence[str]) -> str:
    if not node_cidrs:
        return "    Access_Type = RW;"
    return f"""\
    Access_Type = None;
    CLIENT {{
        Clients = {", ".join((*LOOPBACK, *node_cidrs))};
        Access_Type = RW;
        Protocols = 4;
    }}"""
