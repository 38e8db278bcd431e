"""Make a controller that restores its engines forget those that are gone, and never give an id twice.

ipyparallel (9.2) restores engines from engines.json, but never drops one that did not survive, saves the next id
while it restores, so that a later engine takes an id in use, and writes the file in place, so that a crash can leave
half of it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ipyparallel.controller.hub import Hub


def install(grace_seconds: float) -> None:
    """Change the controller's Hub in this process.

    Args:
        grace_seconds: how long a restored engine may take until its heart is heard; longer than engines take to reconnect.
    """
    load, new_heart = Hub._load_engine_state, Hub.handle_new_heart

    def load_engine_state(hub: Any) -> None:
        if not is_restorable(hub):
            return
        hub.is_loading = True
        load(hub)
        hub.is_loading = False
        hub._idcounter = max([hub._idcounter, *(eid + 1 for eid in hub.engines)])
        hub.unheard_hearts = set(hub.hearts)
        hub._save_engine_state()
        hub.loop.add_timeout(hub.loop.time() + grace_seconds, lambda: forget_unheard(hub))

    def handle_new_heart(hub: Any, heart: bytes) -> None:
        hub.unheard_hearts.discard(heart)
        new_heart(hub, heart)

    def forget_unheard(hub: Any) -> None:
        for heart in hub.unheard_hearts & hub.hearts.keys():
            hub.log.warning("restored engine %s was not heard of for %s s: unregistering it", hub.hearts[heart], grace_seconds)
            hub.handle_stopped_heart(heart)
        hub.unheard_hearts.clear()

    Hub.is_loading = False
    Hub.unheard_hearts = set()
    Hub._load_engine_state = load_engine_state
    Hub._save_engine_state = save_engine_state
    Hub.handle_new_heart = handle_new_heart


def save_engine_state(hub: Any) -> None:
    """Write engines.json whole or not at all: engines look for themselves in it."""
    if not hub.engine_state_file or hub.is_loading:
        return
    state = {"engines": {eid: engine.uuid for eid, engine in hub.engines.items()}, "next_id": hub._idcounter}
    new = f"{hub.engine_state_file}.new"
    with open(new, "w") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, hub.engine_state_file)


def is_restorable(hub: Any) -> bool:
    """Whether engines.json is there and whole; a damaged one is removed, since the controller would crash on it for ever."""
    state_file = Path(hub.engine_state_file)
    try:
        state = json.loads(state_file.read_text())
        if isinstance(state["next_id"], int) and all(int(eid) >= 0 and uuid.isascii() for eid, uuid in state["engines"].items()):
            return True
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hub.log.error("%s cannot be read (%r): starting without its engines", state_file, error)
    state_file.unlink(missing_ok=True)
    return False
