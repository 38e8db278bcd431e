"""What somebody might write into a setting to get a line, a path or a flag into the output, or just by mistake."""

from __future__ import annotations

from datetime import date
from typing import Any

# Each is put in place of a plausible text, before it or after it.
TEXTS = {
    "colon": (":", ":0:0::/root:/bin/bash", "x:y", "sshd:*:::::::"),
    "new line": (
        "\nroot::0:0::/root:/bin/bash",
        "\nroot::::::::\n",
        "\nPermitRootLogin yes\n",
        "\n}\nEXPORT { Export_Id = 2; Path = /; Pseudo = /; }\n",
        "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: stolen}\n",
        "\nc.IdentityProvider.token = ''",
        "\r\n",
        "\r",
        "\x0b",
        "\x85",
        "\u2028",
        "\n",
    ),
    "parent directory": ("..", "../", "/..", "/../../etc/shadow", "../../../etc", "/srv/../etc", "/./", "//", "%2e%2e/"),
    "YAML": ("{a: b}", "[", "]", "- x", "a: b", " #x", "!!python/name:os.system", "&a", "*a", "|", ">-", "---", "%YAML 1.1", '"', "'", "null", "~"),
    "shell": ("$(id)", "`id`", ";id", "|id", "&& id", "$HOME", "$(HOME)", "${IFS}", "'\"", "\\", "*", ">/etc/passwd", "!", "%u", "%h"),
    "option": ("-", "--", "-o", "--privileged", "-oProxyCommand=id", "--root=/"),
    "look-alike": (
        "\u0430da",
        "r\u043e\u043et",
        "\uff41\uff44\uff41",
        "\u200b",
        "\u202e",
        "\ufeff",
        "\u017f",
        "\u0661\u0660\u0660\u0661",
        "\xe9",
        "e\u0301",
    ),
    "control character": ("\0", "\x1b[2J", "\x7f", "\b", "\t", "\x9b"),
    "half a character": ("\ud800", "\udfff"),
    "space": (" ", "  ", "\xa0", "a b", ","),
    "length": ("a" * 33, "a" * 64, "a" * 254, "a" * 3000),
    "system account": ("root", "daemon", "jupyter", "sshd", "nobody", "sudo", "shadow", "sshd-keys"),
    "nothing": ("",),
}
# Each is put in place of a plausible value.
VALUES: dict[str, tuple[Any, ...]] = {
    "huge number": (2**31, 2**31 - 1, 2**32, 2**63, 10**30, 10**400, 1e308, float("inf"), float("nan"), "9" * 40, "9" * 40 + "Ei", "1e9"),
    "small number": (0, -1, -(2**63), 0.5, -0.0, 1e-300, 1, 1000, 65534, 65535),
    "other type": (None, True, [], {}, ["x"], {"x": 1}, 7, 1.5, "7", date(2026, 11, 23), [[]], {"name": "x", "uid": 1}),
}
# Each is what stands in the file in place of a plausible value: things that only YAML can say.
RAW = {
    "YAML's own types": (
        "!!python/object/apply:os.system [id]",
        "!!python/name:os.system",
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!!timestamp 2001-12-14t21:59:43.10-05:00",
        "!!int lots",
        "!!float x",
        "!mine {a: 1}",
        "!mine x",
        "2001-12-14",
        "0o17",
        "0x7fffffffffffffffff",
        "1_000",
        ".inf",
        ".nan",
        "1e400",
        "9" * 5000,
    ),
    "YAML's own structure": (
        "*nothing",
        "&a [*a]",
        "&a {b: *a}",
        "{<<: {uid: 7}}",
        "{<<: 7}",
        "{[a, b]: c}",
        "{{a: b}: c}",
        "{a: 1, a: 2}",
        "{~: 1}",
        "{1.5: x, true: y}",
        "? x",
        "[" * 500 + "]" * 500,
        "[",
        '"unclosed',
        '"\\xZZ"',
        "\t- x",
        "@at",
        "`back`",
        "%percent",
        "|\n  x\n ---\n",
        "\x00",
        "\x07",
    ),
}
UNKNOWN_KEY = "unknown key"
KEYS = (
    "command",
    "hostPath",
    "privileged",
    "args",
    "image",
    "password",
    "x\ny",
    "../x",
    "\x1b[2J",
    "-x",
    "a b",
    "__class__",
    "model_config",
    "name ",
)
KINDS = frozenset({*TEXTS, *VALUES, *RAW, UNKNOWN_KEY})
