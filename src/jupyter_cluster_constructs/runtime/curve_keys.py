"""The controller's CurveZMQ keys: made once and kept, so that engines that live on are let in by a restarted controller.

https://ipyparallel.readthedocs.io/en/latest/tutorial/security.html
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import kept_files
import zmq

Pair = tuple[bytes, bytes]
SECRET_KEY = "secretkey"


def _pair(secret: bytes) -> Pair:
    return zmq.curve_public(secret), secret


def kept_pair() -> Pair:
    """Public and secret key of the controller whose directory is IPYTHONDIR; new ones where there are none."""
    file = kept_files.security_directory() / "curve.json"
    try:
        return _pair(json.loads(file.read_text())[SECRET_KEY].encode())
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError, AttributeError, zmq.ZMQError):
        print(f"{file} holds no key: engines and clients need the new one", flush=True)
    pair = _pair(zmq.curve_keypair()[1])
    kept_files.write(file, json.dumps({SECRET_KEY: pair[1].decode()}), 0o600)
    return pair


def pair_in(directory: str) -> Pair:
    """Public and secret key of the Secret that is mounted there; the reason, and the end, where it has none."""
    file = Path(directory) / SECRET_KEY
    try:
        return _pair(file.read_text().strip().encode())
    except OSError as error:
        reason = error.strerror
    except (ValueError, zmq.ZMQError):
        reason = "it is not 40 characters of Z85"
    sys.exit(f"the Secret of controller.curve_secret has no usable key {SECRET_KEY}: {reason}")
