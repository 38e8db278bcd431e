"""What goes wrong in settings, as one kind of error that names each place."""

from __future__ import annotations

from dataclasses import dataclass

SettingsPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake in the settings.

    Args:
        path: where it is, as keys and list positions: ``("users", 1, "uid")``.
        message: what was received, what is allowed and what to do, without a secret in it.
    """

    path: SettingsPath
    message: str

    def __str__(self) -> str:
        """The path as people write it, then the message."""
        return f"{path_text(self.path)}: {self.message}" if self.path else self.message


class InvalidSettingsError(ValueError):
    """Settings that cannot become a cluster.

    Attributes:
        problems: every mistake that was found, in the order of the settings.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def path_text(path: SettingsPath) -> str:
    """Write a path as ``users[1].uid``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
