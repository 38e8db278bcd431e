"""The controller's probe: every port of it answers, since each scheduler is a process that can hang alone."""

from __future__ import annotations

import sys
import threading

import zeromq_peer

# A process that runs at all greets in this time, however loaded its machine is; the ports are asked at once.
ANSWER_SECONDS = 3.0


def silent_ports(ports: list[int]) -> list[int]:
    """Those of this machine's ports where ZeroMQ does not answer."""
    answering: set[int] = set()

    def ask(port: int) -> None:
        if zeromq_peer.answers("127.0.0.1", port, ANSWER_SECONDS):
            answering.add(port)

    threads = [threading.Thread(target=ask, args=(port,)) for port in ports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [port for port in ports if port not in answering]


def main() -> None:
    """Exit with 1 and name the ports that don't answer."""
    if silent := silent_ports([int(port) for port in sys.argv[1:]]):
        sys.exit(f"no answer at {', '.join(map(str, silent))}")


if __name__ == "__main__":
    main()
