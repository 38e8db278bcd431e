"""The controller's probe: every port of it answers, since each scheduler is a process that can die alone."""

from __future__ import annotations

import sys

import zeromq_peer


def main() -> None:
    """Exit with 1 and name the ports that don't answer."""
    silent = [port for port in sys.argv[1:] if not zeromq_peer.answers("127.0.0.1", int(port))]
    if silent:
        sys.exit(f"no answer at {', '.join(silent)}")


if __name__ == "__main__":
    main()
