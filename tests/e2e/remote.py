"""Run a test's function with a Python inside the cluster."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Callable
from typing import Any


def call(python: Callable[[str], str], function: Callable[..., object], *arguments: object) -> Any:
    """What a function returns elsewhere.

    Args:
        python: runs the text of a program and returns what it prints.
        function: a function that needs nothing from its module; arguments and result travel as JSON.
        *arguments: its arguments.
    """
    source = textwrap.dedent(inspect.getsource(function))
    program = f"import json\n{source}\nprint(json.dumps({function.__name__}(*json.loads({json.dumps(arguments)!r}))))\n"
    return json.loads(python(program).splitlines()[-1])
