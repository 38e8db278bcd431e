"""Public keys from the command line: a key's text, or a file with some."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..spec.values import SSH_KEY_TYPES, SshKey
from .console import CommandError

CHECK = TypeAdapter[str](SshKey)


def keys_of(text: str) -> list[str]:
    """The public keys that a word on the command line stands for.

    Args:
        text: one line of a .pub file, or the path of such a file.

    Raises:
        CommandError: the file can't be read, or something in it is no public key.
    """
    if text.startswith(SSH_KEY_TYPES):
        return [_checked(text.strip(), "--key")]
    try:
        lines = Path(text).expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is no text"
        raise CommandError(f"{text}: cannot be read: {why}; allowed: a public key, or the file with it, such as ~/.ssh/id_ed25519.pub") from None
    keys = [_checked(line.strip(), text) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not keys:
        raise CommandError(f"{text}: has no key; allowed: a file such as ~/.ssh/id_ed25519.pub")
    return keys


def _checked(key: str, source: str) -> str:
    try:
        return CHECK.validate_python(key)
    except ValidationError as error:
        # Without the input, which may be a private key.
        raise CommandError(f"{source}: {error.errors()[0].get('ctx', {})['error']}") from None
