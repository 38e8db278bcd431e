"""Change ipyparallel (9.2) as the images have it, for what only its own text can change; WHY is beside each change.

Usage: patch_ipyparallel.py [DIRECTORY]   Default: the package that Python finds. A text that is not there fails the build.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

# It stands beside this program, and becomes a module of the package.
STREAM = "direct_stream.py"


@dataclass(frozen=True)
class Change:
    """One change of one file.

    Attributes:
        file: the file, in the package.
        before: a text that is in it once.
        after: what stands there instead.
    """

    file: str
    before: str
    after: str


# WHY: with a scheduler that is pure, the client closes its task socket as soon as an engine is gone, or when its first list of engines
# has a gap, as it has while engines register. Neither is needed: the scheduler's socket gives no task to a connection that has ended.
# What that engine had is lost, and the client says so.
GO_ON_FARMING = (
    Change(
        "client/client.py",
        """\
        if (
            sorted(self._engines.keys()) != list(range(len(self._engines)))
            and self._task_scheme == 'pure'
            and self._task_socket
        ):
            self._stop_scheduling_tasks()
""",
        "",
    ),
    Change(
        "client/client.py",
        """\
        self._task_socket.close()
        self._task_socket = None
        msg = (
            "An engine has been unregistered, and we are using pure "
            + "ZMQ task scheduling.  Task farming will be disabled."
        )
        if self.outstanding:
            msg += (
                " If you were running tasks when this happened, "
                + "some `outstanding` msg_ids may never resolve."
            )
        warnings.warn(msg, RuntimeWarning)
""",
        """\
        if self.outstanding:
            warnings.warn(
                "An engine has been unregistered, and we are using pure ZMQ task scheduling. "
                "Some `outstanding` msg_ids may never resolve.",
                RuntimeWarning,
            )
""",
    ),
)

# WHY: pyzmq's streams take a quarter of a client's time for each small task (direct_stream.py).
SEND_AT_ONCE = (
    Change(
        "client/client.py",
        "from zmq.eventloop.zmqstream import ZMQStream\n",
        "from ipyparallel.direct_stream import DirectStream as ZMQStream\n",
    ),
)

# WHY: every client hears what every engine tells any client. With many members, each one's client would unpack everybody's messages.
LEAVE_OTHERS_MESSAGES = (
    Change(
        "client/client.py",
        """\
    @unpack_message
    def _dispatch_iopub(self, msg):
        \"""handler for IOPub messages\"""
""",
        """\
    def _dispatch_iopub(self, msg_parts):
        \"""handler for IOPub messages, which are this client's or name another one's session\"""
        if any(self.session.bsession in part.bytes for part in msg_parts[1:6]):
            self._dispatch_own_iopub(msg_parts)

    @unpack_message
    def _dispatch_own_iopub(self, msg):
        \"""handler for IOPub messages of this client's session\"""
""",
    ),
)

# WHY: a date of each result is parsed by a parser of all formats there are, which takes 35 microseconds; Python's own takes less than one.
# What only that parser takes goes there as before.
PARSE_DATES_FAST = (
    Change(
        "util.py",
        "        dt = dateutil_parse(s)\n",
        """\
        try:
            dt = datetime.fromisoformat(s)
        except ValueError:
            dt = dateutil_parse(s)
""",
    ),
)

# WHY: three functions a task are decorated by a package that binds all arguments at each call; functools.wraps keeps the signature too.
DECORATOR = '''\
def decorator(caller):
    """Make a decorator of a function that takes the decorated one and its arguments"""

    def decorate(f):
        @functools.wraps(f)
        def decorated(*args, **kwargs):
            return caller(f, *args, **kwargs)

        return decorated

    return decorate


@lru_cache
def _disable_session_extract_dates():
'''
DECORATE_FAST = (
    Change("util.py", "@lru_cache\ndef _disable_session_extract_dates():\n", DECORATOR),
    *(
        Change(f"client/{name}.py", "from decorator import decorator\n", "from ipyparallel.util import decorator\n")
        for name in ("asyncresult", "client", "remotefunction", "view")
    ),
)

# WHY: after each task that is sent, the view looks through all that are outstanding three times, and traitlets looks at each of them once
# more: the eight thousandth takes twice as long as the first. Once is enough, where the set stays the same.
LOOK_ONCE = (
    Change(
        "client/view.py",
        """\
        delta = self.outstanding.difference(self.client.outstanding)
        completed = self.outstanding.intersection(delta)
        self.outstanding = self.outstanding.difference(completed)
""",
        """\
        self.outstanding.intersection_update(self.client.outstanding)
""",
    ),
)

# WHY: `import ipyparallel`, of each client, engine and controller, takes a fifth of its time for what starts other clusters. They are there as
# soon as somebody asks for them by name; only `from ipyparallel import *` no longer brings them.
START_CLUSTERS_LATER = (
    Change("__init__.py", "from .cluster import Cluster  # noqa\nfrom .cluster import ClusterManager  # noqa\n", ""),
    Change(
        "__init__.py",
        "def bind_kernel(**kwargs):\n",
        """\
def __getattr__(name):
    \"""Import what starts clusters when it is first asked for\"""
    if name not in {"Cluster", "ClusterManager", "cluster"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    cluster = import_module(".cluster", __name__)
    return cluster if name == "cluster" else getattr(cluster, name)


def bind_kernel(**kwargs):
""",
    ),
    Change("client/client.py", "cluster = Instance('ipyparallel.cluster.Cluster', allow_none=True)", "cluster = Instance(object, allow_none=True)"),
)

CHANGES = (*GO_ON_FARMING, *SEND_AT_ONCE, *LEAVE_OTHERS_MESSAGES, *PARSE_DATES_FAST, *DECORATE_FAST, *LOOK_ONCE, *START_CLUSTERS_LATER)


def patched(texts: dict[str, str]) -> dict[str, str]:
    """The sources with the changes, by file."""
    texts = dict(texts)
    for change in CHANGES:
        if (times := texts[change.file].count(change.before)) != 1:
            raise SystemExit(f"ipyparallel/{change.file} has {times} times, and not once:\n{change.before}")
        texts[change.file] = texts[change.file].replace(change.before, change.after)
    return texts


def main() -> None:
    """Patch the package in place, all of it or nothing."""
    found = importlib.util.find_spec("ipyparallel")
    places = sys.argv[1:2] or (list(found.submodule_search_locations or ()) if found else [])
    if not places:
        raise SystemExit("ipyparallel is not installed")
    package = Path(places[0])
    texts = patched({change.file: (package / change.file).read_text() for change in CHANGES})
    texts[STREAM] = Path(__file__).with_name(STREAM).read_text()
    for file, text in texts.items():
        (package / file).write_text(text)


if __name__ == "__main__":
    main()
