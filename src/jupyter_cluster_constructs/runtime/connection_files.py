"""Write the controller's two connection files while it reads its configuration, and keep their key for as long as the storage lives.

The controller would write them itself, but then nobody else could read them, and a changed port or location would be
ignored for as long as the old files are there (`reuse_files`).
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import kept_files
from traitlets.config import Config

ENGINE_CHANNELS = ("registration", "control", "mux", "task", "iopub", "hb_ping", "hb_pong")
CLIENT_CHANNELS = ("control", "mux", "task", "iopub", "notification", "broadcast")
# JSON on the wire all the same; who has no orjson writes and reads it with the standard library.
PACKER = "orjson"
ENGINE_FILE, CLIENT_FILE = "ipcontroller-engine.json", "ipcontroller-client.json"


def connection_info(config: Config, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make what the engines' and the clients' file hold, in the order in which the controller takes its ports."""
    controller = config.IPController
    common = {
        "ssh": "",
        "interface": "tcp://0.0.0.0",
        "location": controller.location,
        # CurveZMQ, where it is on, signs each message too.
        "key": "" if "enable_curve" in controller else key,
        "curve_serverkey": controller.curve_publickey.decode() if "enable_curve" in controller else None,
        "pack": PACKER,
        "unpack": PACKER,
        "signature_scheme": "hmac-sha256",
    }
    engine_ports = list(controller.engine_ports)
    engine = common | dict(zip(ENGINE_CHANNELS, engine_ports, strict=False)) | {"broadcast": engine_ports[len(ENGINE_CHANNELS) :]}
    client = common | dict(zip(CLIENT_CHANNELS, controller.client_ports, strict=True))
    return engine, client | {"registration": engine["registration"], "task_scheme": config.TaskScheduler.scheme_name}


def kept_key(path: Path) -> str:
    """The key of an earlier life, so that engines that live on are let in; a new one where there is none."""
    try:
        key = json.loads(path.read_text())["key"]
    except (OSError, ValueError, KeyError, TypeError):
        key = None
    return key if isinstance(key, str) and len(key) >= 32 else secrets.token_hex(32)


def write(config: Config, *, engines: int, clients: int) -> None:
    """Write them into IPYTHONDIR.

    Args:
        config: the controller's configuration, with everything that the files hold.
        engines: the group that may read the engines' file.
        clients: the group that may read the clients' file.

    Raises:
        OSError: they cannot be written.
        SystemExit: the directory belongs to somebody else.
    """
    directory = kept_files.controller_directory()
    engine, client = connection_info(config, kept_key(directory / ENGINE_FILE))
    kept_files.write(directory / ENGINE_FILE, json.dumps(engine, indent=2), 0o640, engines)
    kept_files.write(directory / CLIENT_FILE, json.dumps(client, indent=2), 0o640, clients)
