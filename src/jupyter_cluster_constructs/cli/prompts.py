"""Questions on a terminal, and passwords, which are never in a command's words."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError

from ..errors import InvalidSettingsError
from ..passwords import newly_hashed
from .console import CommandError


def is_interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def asked(question: str, default: str | None = None, *, check: Callable[[str], Any] = str) -> Any:
    """Ask until the answer is one.

    Args:
        question: what is asked.
        default: what an empty answer means. Default: there has to be one.
        check: makes what is returned of the answer; raises ValueError with what is allowed.

    Returns:
        What ``check`` makes.
    """

    def value(answer: str) -> Any:
        try:
            return check(answer)
        except ValueError as error:
            raise typer.BadParameter(_in_words(error)) from None

    # On stderr, so that --json stays alone on stdout.
    return typer.prompt(question, default=default, show_default=bool(default), value_proc=value, err=True)


def _in_words(error: ValueError) -> str:
    """What is allowed, without pydantic's own frame and without the input."""
    if not isinstance(error, ValidationError):
        return str(error)
    details = error.errors(include_input=False, include_url=False)[0]
    cause = details.get("ctx", {}).get("error")
    problems = cause.problems if isinstance(cause, InvalidSettingsError) else ()
    return problems[0].message if problems else str(cause or details["msg"].replace("Input should be", "allowed:"))


def asked_password_hash(name: str) -> str:
    """Ask twice for a password.

    Raises:
        CommandError: nobody can be asked.
    """
    if not is_interactive():
        raise CommandError("a password is asked for on a terminal, and this is none; --password-stdin reads it from a pipe")
    password: str = typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt="The same again", err=True)
    return _hashed(password, "the password")


def password_hash_from_stdin() -> str:
    """Hash the password that stdin holds as its only line.

    Raises:
        CommandError: stdin is a terminal, or holds something else.
    """
    if sys.stdin.isatty():
        raise CommandError("--password-stdin reads a pipe or a file, and stdin is a terminal, which would show the password; --password asks for it")
    try:
        password = typer.get_binary_stream("stdin").read().decode()
    except UnicodeDecodeError:
        raise CommandError("stdin: received no password of one line in UTF-8") from None
    return _hashed(password.removesuffix("\n").removesuffix("\r"), "stdin")


def _hashed(password: str, source: str) -> str:
    try:
        return newly_hashed(password)
    except ValueError as error:
        raise CommandError(f"{source}: {error}") from None
