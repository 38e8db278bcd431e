"""When things happened in a namespace: what Kubernetes writes has whole seconds, so each event's arrival here is taken."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

from e2e.kube import wait_until

Happening = tuple[str, str, str]
"""An event's reason, the pod that it is about, and the container, empty where it is about the whole pod."""


class Timeline:
    """Listens to the events and pods of a namespace while it is entered.

    Attributes:
        first: when each thing happened first, in seconds since 1970 by this machine's clock.
    """

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.first: dict[Happening, float] = {}
        self._watches: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Timeline:
        for kind, note in (("events", self._event), ("pods", self._pod)):
            command = ["kubectl", "--namespace", self.namespace, "get", kind, "--watch-only", "--output=json"]
            watch = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self._watches.append(watch)
            threading.Thread(target=self._listen, args=(watch, note), daemon=True).start()
        # Until both have asked the API server.
        time.sleep(1)
        return self

    def __exit__(self, *_: object) -> None:
        for watch in self._watches:
            watch.terminate()
            watch.wait()

    def all(self, reason: str, pod: str, container: str = "") -> list[float]:
        """When something happened in each of the pods whose names begin so."""
        return sorted(at for (why, name, where), at in dict(self.first).items() if (why, where) == (reason, container) and name.startswith(pod))

    def wait(self, reason: str, pod: str, container: str = "", *, seconds: float, pods: int = 1) -> str:
        """Wait until something has happened in so many pods; the name of one of them."""

        def name() -> str | None:
            names = [name for why, name, where in dict(self.first) if (why, where) == (reason, container) and name.startswith(pod)]
            return names[0] if len(names) >= pods else None

        return wait_until(f"{reason} of {pod} {container}", name, seconds=seconds)

    def last(self, reason: str, pod: str, container: str = "") -> float:
        """When something had happened in all pods whose names begin so."""
        return max(self.all(reason, pod, container))

    def containers(self, pod: str) -> list[str]:
        """The containers of the pods whose names begin so, in the order in which they started."""
        started = {where: at for (why, name, where), at in dict(self.first).items() if why == "Started" and name.startswith(pod)}
        return sorted(started, key=started.__getitem__)

    def _listen(self, watch: subprocess.Popen[str], note: Any) -> None:
        for found in _objects(watch):
            note(found, time.time())

    def _event(self, event: dict[str, Any], now: float) -> None:
        about = event["involvedObject"]
        _, _, container = about.get("fieldPath", "").rstrip("}").partition("{")
        self.first.setdefault((event["reason"], about["name"], container), now)

    def _pod(self, pod: dict[str, Any], now: float) -> None:
        for condition in pod["status"].get("conditions", ()):
            if condition["status"] == "True":
                self.first.setdefault((condition["type"], pod["metadata"]["name"], ""), now)


def _objects(watch: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """The objects that a watch prints, each from a line `{` to a line `}`."""
    assert watch.stdout is not None
    lines: list[str] = []
    for line in watch.stdout:
        lines.append(line)
        if line.rstrip() == "}":
            yield json.loads("".join(lines))
            lines = []
