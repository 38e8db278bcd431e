"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        check: what was looked at.
        level: how bad it is.
        found: what was found.
        advice: what to do; empty where nothing is.
    """

    check: str
    level: Level
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Level.OK, found)


def warning(check: str, found: str, advice: str) -> Finding:
    """It may fail, or could not be looked at."""
    return Finding(check, Level.WARNING, found, advice)


def failure(check: str, found: str, advice: str) -> Finding:
    """It will fail."""
    return Finding(check, Level.FAILURE, found, advice)
