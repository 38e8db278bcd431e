"""A controller that somebody else runs, for engines of this library to join."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .base import Settings
from .network import Destination
from .values import DnsSubdomain, Listed


class ExternalController(Settings):
    """An IPython Parallel controller that exists, and how engines reach it.

    Its ``location`` has to be a name or an address that pods resolve, so it was started with ``--ip=0.0.0.0 --location=HOST``.
    https://ipyparallel.readthedocs.io/en/latest/tutorial/process.html#manual-startup

    Raises:
        ValidationError: a value that is not allowed.
    """

    connection_secret: DnsSubdomain = Field(
        description="Secret in the namespace with the key `ipcontroller-engine.json`: the file that ipcontroller writes for its engines."
    )
    destinations: Annotated[tuple[Destination, ...], Listed] = Field(
        min_length=1, description="Where it is: what the engines' NetworkPolicy lets them connect to, a network or pods, and its ports."
    )
