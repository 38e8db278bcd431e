"""Signals to members' processes, sent by a process that exists for it.

Root signals nobody else's processes without a capability for that. A process that became the member could be stopped by other processes
of that member before it sends anything, and none can be made where a member has used up all that there may be. So there is one
from the start, which takes the member's number only as its effective one: that lets it send signals to them, and them none to it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import struct
import sys

ALL = -1
MESSAGE, REPLY = struct.Struct("3i"), struct.Struct("i")
# A number of the library's own range (accounts.py) that no process has: `kill` goes by the sender's real number, too.
NO_USER = 986


class Signals:
    """Sends signals to members' processes; made before there are threads."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self._ours.close()
            _send_until_closed(theirs)
            os._exit(0)
        theirs.close()
        self._ours.recv(REPLY.size)

    def send(self, uid: int, number: signal.Signals, pid: int = ALL) -> None:
        """Send a signal to a process of a user, or to all that are theirs; to one that is gone or somebody else's it goes without a word.

        Raises:
            OSError: it could not be sent.
        """
        if uid <= NO_USER:
            raise PermissionError(errno.EPERM, f"the user {uid} is no member")
        reply = b""
        with contextlib.suppress(ConnectionError):
            self._ours.sendall(MESSAGE.pack(uid, number, pid))
            reply = self._ours.recv(REPLY.size)
        if not reply:
            # Nobody could be stopped any more; the container starts again.
            sys.exit("what sends signals has ended")
        (code,) = REPLY.unpack(reply)
        if code not in (0, errno.ESRCH, errno.EPERM):
            raise OSError(code, os.strerror(code))

    def close(self) -> None:
        """End the process that sends them."""
        self._ours.close()


def _send_until_closed(requests: socket.socket) -> None:
    # Whoever stops the container stops who asks for signals, and needs them for that.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests.sendall(REPLY.pack(0))
    while message := requests.recv(MESSAGE.size):
        uid, number, pid = MESSAGE.unpack(message)
        requests.sendall(REPLY.pack(_sent(uid, number, pid)))


def _sent(uid: int, number: int, pid: int) -> int:
    try:
        os.setresuid(NO_USER, uid, 0)
        try:
            os.kill(pid, number)
        finally:
            os.setresuid(0, 0, 0)
    except OSError as error:
        return error.errno or errno.EIO
    return 0
