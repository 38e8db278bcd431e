"""The single values that settings are made of, each with its check."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema

from ..names import checked_cluster_name

QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
SUFFIXES = {"m": Decimal("0.001"), "": Decimal(1)}
SUFFIXES |= {s: Decimal(1000) ** n for n, s in enumerate("kMGTPE", 1)}
SUFFIXES |= {f"{s}i": Decimal(1024) ** n for n, s in enumerate("KMGTPE", 1)}

# What pam_unix of Debian verifies, without the kinds that a laptop breaks (DES, MD5).
PASSWORD_HASH = re.compile(
    r"\$6\$(?:rounds=[0-9]+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}"
    r"|\$5\$(?:rounds=[0-9]+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}"
    r"|\$2[aby]\$[0-9]{2}\$[./0-9A-Za-z]{53}"
    r"|\$(?:y|gy|7)\$[./0-9A-Za-z]+\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{43}"
    r"|\$7\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{43}"
)
JUPYTER_PASSWORD_HASH = re.compile(r"argon2:\$argon2(?:id|i|d)\$[-A-Za-z0-9+/=,$]+|sha(?:1|256|512):[0-9a-f]+:[0-9a-f]{40,128}")
SSH_KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
RSA_BITS = 2048  # NIST SP 800-131A; sshd takes no shorter key
SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
QUALIFIED_NAME = re.compile(rf"(?:(?=[^/]{{1,253}}/){SUBDOMAIN}/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{{0,61}}[A-Za-z0-9])?")


def matching(pattern: str, allowed: str, longest: int) -> AfterValidator:
    """Make a check that a text is all of a pattern, with words for what is allowed."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if len(value) > longest or not compiled.fullmatch(value):
            raise ValueError(f"allowed: {allowed}, at most {longest} characters")
        return value

    return AfterValidator(check)


def quantity_value(quantity: str) -> Decimal:
    """Read a Kubernetes quantity such as ``500m`` or ``2Gi``.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

    Raises:
        ValueError: the text is no quantity.
    """
    found = QUANTITY.fullmatch(quantity)
    if not found:
        raise ValueError("allowed: a number, or a number and one of m k M G T P E Ki Mi Gi Ti Pi Ei, such as 500m or 2Gi")
    return Decimal(found[1]) * SUFFIXES[found[2] or ""]


def _quantity(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = format(Decimal(str(value)), "f")
    if isinstance(value, str) and quantity_value(value) <= 0:
        raise ValueError("allowed: more than zero")
    return value


def _memory(value: Any) -> Any:
    value = _quantity(value)
    if isinstance(value, str) and quantity_value(value) < 1024**2:
        raise ValueError("allowed: at least 1Mi; a memory or disk size has a unit, such as 512Mi or 2Gi")
    return value


def _password_hash(value: str) -> str:
    if not PASSWORD_HASH.fullmatch(value):
        raise ValueError(
            "received a text that is no password hash (not shown); allowed: a crypt hash that begins with $6$, $5$, $y$, $gy$, $7$ or $2b$,"
            " as `mkpasswd -m sha-512` or `openssl passwd -6` prints it; a plain password comes from password_env or password_file"
        )
    return value


def _jupyter_password_hash(value: str) -> str:
    if not JUPYTER_PASSWORD_HASH.fullmatch(value):
        raise ValueError(
            "received a text that is no Jupyter password hash (not shown); allowed: what"
            ' `python -c "from jupyter_server.auth import passwd; print(passwd())"` prints, which begins with argon2: or sha256:'
        )
    return value


def _ssh_key(value: str) -> str:
    allowed = "allowed: one line of a .pub file, a type and a base64 text: " + ", ".join(SSH_KEY_TYPES)
    if "PRIVATE KEY" in value:
        raise ValueError(f"received a private key (not shown); {allowed}")
    words = value.split(maxsplit=2)
    if "\n" in value.strip() or not value.isprintable() or len(words) < 2 or words[0] not in SSH_KEY_TYPES:
        raise ValueError(allowed)
    try:
        blob = base64.b64decode(words[1], validate=True)
        length = struct.unpack(">I", blob[:4])[0]
    except (binascii.Error, struct.error):
        raise ValueError(f"the base64 part is damaged; {allowed}") from None
    if blob[4 : 4 + length] != words[0].encode() or len(blob) < 4 + length + 32:
        raise ValueError(f"the base64 part is no key of type {words[0]}; {allowed}")
    if words[0] == "ssh-rsa" and (bits := _rsa_bits(blob)) < RSA_BITS:
        raise ValueError(f"received an RSA key of {bits} bits; allowed: {RSA_BITS} or more, or a new key from `ssh-keygen -t ed25519`")
    return value


def _rsa_bits(blob: bytes) -> int:
    """The length of the modulus, which stands last in the key (RFC 4253, 6.6)."""
    at, number = 0, b""
    while at + 4 <= len(blob):
        length = struct.unpack_from(">I", blob, at)[0]
        number, at = blob[at + 4 : at + 4 + length], at + 4 + length
    return int.from_bytes(number).bit_length()


def _qualified_name(value: str) -> str:
    if not QUALIFIED_NAME.fullmatch(value):
        raise ValueError("allowed: a name such as example.org/pool: a domain and a slash if any, then letters, digits, - _ and .")
    return value


def _whole_text(value: str) -> str:
    # An environment cannot hold the first, and no file the second.
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("allowed: a text without the character NUL and without half characters (single surrogates)")
    return value


def _extended_resource(value: str) -> str:
    domain, slash, _ = _qualified_name(value).partition("/")
    if not slash or domain.endswith("kubernetes.io"):
        raise ValueError("allowed: a name with a domain, as the device's plugin registers it, such as nvidia.com/gpu")
    return value


# Of passwords that nobody has, and of a key that nobody has the private one of.
EXAMPLE_HASH = "$6$saltstring$......................................................................................"
EXAMPLE_JUPYTER_HASH = "sha256:0123456789ab:0000000000000000000000000000000000000000000000000000000000000000"
EXAMPLE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF84DP4mh+hP4i0zWte3K1Jzvj2Bj3k2m7d5DDq8W/9l ada@laptop"
QUANTITY_SCHEMA = {"type": ["string", "number"], "pattern": f"^{QUANTITY.pattern}$"}

ClusterName = Annotated[str, AfterValidator(checked_cluster_name)]
DnsLabel = Annotated[str, matching("[a-z0-9]([-a-z0-9]*[a-z0-9])?", "small letters, digits and - between", 63)]
DnsSubdomain = Annotated[
    str, matching(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", "small letters, digits, - and . between", 253)
]
HostName = Annotated[
    str,
    matching(
        r"(?![0-9.]+$)(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
        "a DNS name in small letters, such as jupyter.example.org, without https:// and without a path",
        253,
    ),
]
WholeHostName = Annotated[
    str,
    matching(
        r"(?![0-9.]+$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
        "a DNS name in small letters without *, such as jupyter.example.org",
        253,
    ),
]
# As useradd of Debian takes it, without the $ that it allows at the end.
AccountName = Annotated[str, matching("[a-z_][a-z0-9_-]*", "small letters, digits, _ and -, a letter or _ first", 32)]
AccountId = Annotated[int, Field(ge=1001, le=2**31 - 1)]
CpuQuantity = Annotated[str, BeforeValidator(_quantity), WithJsonSchema({**QUANTITY_SCHEMA, "examples": ["500m", 4]})]
SizeQuantity = Annotated[str, BeforeValidator(_memory), WithJsonSchema({**QUANTITY_SCHEMA, "examples": ["512Mi", "20Gi"]})]
PasswordHash = Annotated[str, AfterValidator(_password_hash), Field(examples=[EXAMPLE_HASH])]
JupyterPasswordHash = Annotated[str, AfterValidator(_jupyter_password_hash), Field(examples=[EXAMPLE_JUPYTER_HASH])]
SshKey = Annotated[str, AfterValidator(_ssh_key), Field(examples=[EXAMPLE_KEY])]
HomeMode = Annotated[
    str, matching("0?7[0145][0145]", 'an octal mode in quotes that gives the owner all and lets nobody else write, such as "0750"', 4)
]
AbsolutePath = Annotated[str, matching(r"/|(/(?!\.\.?(/|$))[A-Za-z0-9._@+:-]+)+", "an absolute path without .., such as /srv/jupyter", 1024)]
Port = Annotated[int, Field(ge=1, le=65535)]
WholeText = Annotated[str, AfterValidator(_whole_text)]
EnvironmentName = Annotated[str, matching("[A-Za-z_][A-Za-z0-9_]*", "letters, digits and _, no digit first", 256)]
LabelKey = Annotated[str, AfterValidator(_qualified_name)]
ExtendedResource = Annotated[str, AfterValidator(_extended_resource)]
LabelValue = Annotated[str, matching("([A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?)?", "letters, digits, - _ and . between", 63)]
Listed = Strict(False)  # YAML has lists only; frozen settings keep them as tuples
