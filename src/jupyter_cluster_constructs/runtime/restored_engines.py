"""Make a controller that restores its engines show them once they are there, forget those that are gone, and never give an id twice.

ipyparallel (9.2) restores engines from engines.json and takes them as present, though none has reconnected yet: what is
sent to one before that is lost, and the task scheduler then waits for ever for its result and gives that engine no other
task. It never drops an engine that did not survive; it saves the next id while it restores, so that a later engine takes
an id in use; and it writes the file in place, so that a crash can leave half of it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ipyparallel.controller.hub import Hub

SAVE_AGAIN_SECONDS = 5


def install(grace_seconds: float, settle_seconds: float) -> None:
    """Change the controller's Hub in this process.

    Args:
        grace_seconds: how long a restored engine may take until its heart is heard; longer than engines take to reconnect.
        settle_seconds: how long after its heart a restored engine's other sockets may take to reconnect.
    """
    load, new_heart = Hub._load_engine_state, Hub.handle_new_heart

    def load_engine_state(hub: Any) -> None:
        if not is_restorable(hub):
            return
        hub.is_loading = True
        load(hub)
        hub.is_loading = False
        hub._idcounter = max([hub._idcounter, *(eid + 1 for eid in hub.engines)])
        hub.unheard_hearts, hub.hidden_hearts = set(hub.hearts), set(hub.hearts)
        hub._save_engine_state()
        hub.loop.add_timeout(hub.loop.time() + grace_seconds, lambda: forget_unheard(hub))

    def handle_new_heart(hub: Any, heart: bytes) -> None:
        if heart in hub.unheard_hearts:
            hub.unheard_hearts.discard(heart)
            hub.loop.add_timeout(hub.loop.time() + settle_seconds, lambda: show(hub, heart))
        new_heart(hub, heart)

    def show(hub: Any, heart: bytes) -> None:
        hub.hidden_hearts.discard(heart)
        if (eid := hub.hearts.get(heart)) is not None:
            hub.log.info("restored engine %s is there", eid)
            hub.session.send(hub.notifier, "registration_notification", content={"id": eid, "uuid": heart.decode()})

    def forget_unheard(hub: Any) -> None:
        for heart in hub.unheard_hearts & hub.hearts.keys():
            hub.log.warning("restored engine %s was not heard of for %s s: unregistering it", hub.hearts[heart], grace_seconds)
            hub.handle_stopped_heart(heart)
        hub.unheard_hearts.clear()

    Hub.is_loading = False
    Hub.unheard_hearts = Hub.hidden_hearts = frozenset()
    Hub._load_engine_state = load_engine_state
    Hub._save_engine_state = save_engine_state
    Hub.handle_new_heart = handle_new_heart
    Hub.connection_request = connection_request


def connection_request(hub: Any, client_id: Any, msg: Any) -> None:
    """Answer a client, or the task scheduler, with the engines that are there; with all, if so asked."""
    hidden = () if msg["content"].get("all") else hub.hidden_hearts
    engines = {str(eid): engine.uuid for eid, engine in hub.engines.items() if engine.ident not in hidden}
    hub.session.send(hub.query, "connection_reply", {"status": "ok", "engines": engines}, parent=msg, ident=client_id)


def save_engine_state(hub: Any) -> None:
    """Write engines.json whole or not at all: engines look for themselves in it."""
    if not hub.engine_state_file or hub.is_loading:
        return
    state = {"engines": {eid: engine.uuid for eid, engine in hub.engines.items()}, "next_id": hub._idcounter}
    new = f"{hub.engine_state_file}.new"
    try:
        with open(new, "w") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, hub.engine_state_file)
    except OSError as error:
        # A full disk keeps nobody from registering; the engine is ready once there is room.
        hub.log.error("%s cannot be written (%s): trying again", hub.engine_state_file, error)
        hub.loop.add_timeout(hub.loop.time() + SAVE_AGAIN_SECONDS, lambda: save_engine_state(hub))


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
