"""Write the controller's two connection files before it starts, and keep their key for as long as the storage lives.

The controller would write them itself, but the clients' file then is readable by nobody else, and a changed port or
location would be ignored for as long as the old files are there (`reuse_files`).
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

ENGINE_CHANNELS = ("registration", "control", "mux", "task", "iopub", "hb_ping", "hb_pong")
CLIENT_CHANNELS = ("control", "mux", "task", "iopub", "notification", "broadcast")


def connection_info(config: Config, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make what the engines' and the clients' file hold, in the order in which the controller takes its ports."""
    controller = config.IPController
    common = {
        "ssh": "",
        "interface": "tcp://0.0.0.0",
        "location": controller.location,
        "key": key,
        "curve_serverkey": None,
        "pack": "json",
        "unpack": "json",
        "signature_scheme": "hmac-sha256",
    }
    engine_ports = list(controller.engine_ports)
    engine = common | dict(zip(ENGINE_CHANNELS, engine_ports, strict=False)) | {"broadcast": engine_ports[len(ENGINE_CHANNELS) :]}
    client = common | dict(zip(CLIENT_CHANNELS, controller.client_ports, strict=True))
    return engine, client | {"registration": engine["registration"], "task_scheme": config.TaskScheduler.scheme_name}


def write(path: Path, content: dict[str, Any], mode: int) -> None:
    """Put a file in place at once, so that nobody ever reads half of it."""
    text = json.dumps(content, indent=2)
    if path.is_file() and not path.is_symlink() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
        return
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        os.fsync(descriptor)
    new.replace(path)
    print(f"wrote {path}", flush=True)


def kept_key(path: Path) -> str:
    """The key of an earlier life, so that engines that live on are let in; a new one where there is none."""
    try:
        key = json.loads(path.read_text())["key"]
    except (OSError, ValueError, KeyError, TypeError):
        key = None
    return key if isinstance(key, str) and len(key) >= 32 else secrets.token_hex(32)


def main() -> None:
    """Read the controller's configuration and write its files below IPYTHONDIR."""
    config_file = Path(sys.argv[1])
    config = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    directory = Path(os.environ["IPYTHONDIR"])
    security = directory / "profile_default" / "security"
    security.mkdir(parents=True, exist_ok=True)
    security.chmod(0o700)
    directory.chmod(0o755)
    engine_file = security / "ipcontroller-engine.json"
    engine, client = connection_info(config, kept_key(engine_file))
    write(engine_file, engine, 0o600)
    write(directory / "ipcontroller-client.json", client, 0o644)


if __name__ == "__main__":
    main()
