"""Hashes of plain passwords, the same ones each time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .spec import User

ROUNDS = 100_000
SALT_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def stable_salt(owner: str) -> str:
    """A salt of 16 characters that is always the same for an owner, so that the manifests do not change by themselves."""
    return "".join(SALT_ALPHABET[byte % 64] for byte in hashlib.sha512(f"shadow of {owner}".encode()).digest()[:16])


def hashed(password: str, owner: str) -> str:
    """Hash a password with sha512_crypt under the owner's salt."""
    return _hash(password, ROUNDS, stable_salt(owner))


def newly_hashed(password: str) -> str:
    """Hash a password with sha512_crypt under a random salt, for a file that keeps the hash.

    Raises:
        ValueError: it is empty, or no line of UTF-8.
    """
    if not _is_usable(password):
        raise ValueError("received no password of one line in UTF-8")
    return _hash(password, ROUNDS, "".join(secrets.choice(SALT_ALPHABET) for _ in range(16)))


# Each takes 0.1 s, and an app makes the same more than once.
@cache
def _hash(password: str, rounds: int, salt: str) -> str:
    # Here, since most settings have no plain password.
    from passlib.handlers.sha2_crypt import sha512_crypt

    scheme: Any = sha512_crypt.using(rounds=rounds, salt=salt)
    return str(scheme.hash(password))


def with_password_hash(user: User, *, cluster: str, directory: Path, environment: Mapping[str, str]) -> User:
    """Replace a password from the environment or a file by its hash.

    Args:
        user: the user; one with a hash or without a password comes back as it is.
        cluster: namespace and name of the cluster, which the salt depends on.
        directory: where a relative ``password_file`` begins.
        environment: environment variables.

    Raises:
        ValueError: the variable is not set, the file cannot be read, or the password is empty; the text names no secret.
    """
    if user.password_env is not None:
        if user.password_env not in environment:
            raise ValueError(f"the environment variable {user.password_env} is not set; set it, or give password_hash")
        password, source = environment[user.password_env], f"the environment variable {user.password_env}"
    elif user.password_file is not None:
        path = directory / user.password_file
        try:
            password, source = path.read_text(encoding="utf-8").removesuffix("\n"), f"the file {path}"
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ValueError(f"the file {path} cannot be read ({reason}); write the password into it, or give password_hash") from None
    else:
        return user
    if not _is_usable(password):
        raise ValueError(f"{source} holds no password of one line in UTF-8")
    found = hashed(password, f"{cluster}/{user.name}")
    return user.model_copy(update={"password_hash": found, "password_env": None, "password_file": None})


def _is_usable(password: str) -> bool:
    """Whether it is a line of UTF-8, which an environment variable of other bytes is not."""
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return bool(password) and not {"\n", "\0"} & {*password}
