"""Run a test's function with a Python inside the cluster."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Callable
from typing import Any


def program(function: Callable[..., object], *arguments: object) -> str:
    """The text of a program that prints what a function returns, as JSON.

    Args:
        function: a function that needs nothing from its module; arguments and result travel as JSON.
        *arguments: its arguments.
    """
    source = textwrap.dedent(inspect.getsource(function))
    return f"import json\n{source}\nprint(json.dumps({function.__name__}(*json.loads({json.dumps(arguments)!r}))))\n"


def call(python: Callable[[str], str], function: Callable[..., object], *arguments: object) -> Any:
    """What a function returns elsewhere, where `python` runs the text of a program and returns what it prints."""
    return json.loads(python(program(function, *arguments)).splitlines()[-1])
