"""Keep what opens a server out of the log: of a request that failed, Tornado logs the whole URL."""

from __future__ import annotations

import logging
import re

# In a URL, and in one that is a part of another. A code is what a member's server gets a token for.
SECRET = re.compile(r"((?:token|password|[?&]code|%(?:25)*(?:3F|26)code)(?:=|%(?:25)*3D))[^&\s\"')]+", re.IGNORECASE)


def install() -> None:
    """Change the log of this process."""
    logging.setLogRecordFactory(ScrubbedRecord)


class ScrubbedRecord(logging.LogRecord):
    """A line of the log without secrets."""

    def getMessage(self) -> str:  # noqa: N802
        """The line."""
        return SECRET.sub(r"\1[secret]", super().getMessage())
