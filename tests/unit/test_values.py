"""Single values: what is taken, what is refused."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from jupyter_cluster_constructs.spec import Resources, values
from jupyter_cluster_constructs.spec.values import quantity_value

from .examples import JUPYTER_HASHES, PASSWORD, PASSWORD_HASHES, SSH_KEYS, WEAK_HASHES


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", "0.5"),
        ("1", "1"),
        ("1.5", "1.5"),
        ("2k", "2000"),
        ("1M", "1000000"),
        ("2Gi", "2147483648"),
        ("512Mi", "536870912"),
        ("1Ki", "1024"),
        ("1Ei", "1152921504606846976"),
        ("0.5Gi", "536870912"),
    ],
)
def test_a_quantity_is_worth_what_kubernetes_says(text: str, value: str) -> None:
    assert quantity_value(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "Gi", "2gi", "2GB", "2 Gi", " 2Gi", "2Gi\n", "-1", "+1", "1,5", "1.", ".5", "0x10", "²", "٣Gi", "1_000", "inf", "two"]
)
def test_another_text_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: a number, or a number and one of m k M"):
        quantity_value(text)


@pytest.mark.parametrize(("given", "kept"), [(4, "4"), (0.5, "0.5"), (1e-1, "0.1"), (100000.0, "100000.0"), ("250m", "250m")])
def test_cpus_are_a_text_or_a_number(given: object, kept: str) -> None:
    assert TypeAdapter(values.CpuQuantity).validate_python(given) == kept
    assert quantity_value(kept) == quantity_value(str(given))


@pytest.mark.parametrize("given", [0, -1, "0", "0m", True, None, float("inf"), float("nan"), [], "1e400"])
def test_cpus_are_more_than_nothing(given: object) -> None:
    assert not takes(values.CpuQuantity, given)


@pytest.mark.parametrize("given", ["512", 512, "512m", "1Ki", "0.5k", 0])
def test_memory_without_its_unit_is_refused(given: object) -> None:
    # Kubernetes would take 512 as bytes, and 512m as half a byte; no container starts with that.
    assert not takes(values.SizeQuantity, given)


@pytest.mark.parametrize("given", ["1Mi", "20Gi", "1.5Gi", "1000M", 1073741824])
def test_memory_with_its_unit_or_in_bytes_is_taken(given: object) -> None:
    assert takes(values.SizeQuantity, given)


@pytest.mark.parametrize(("cpu", "limit"), [("100m", "2"), ("2", "2"), ("4", "4"), ("3500m", "3500m")])
def test_the_cpu_limit_is_never_below_the_request(cpu: str, limit: str) -> None:
    assert Resources(cpu=cpu).most_cpu == limit


@pytest.mark.parametrize("kind", PASSWORD_HASHES)
def test_a_strong_crypt_hash_is_taken(kind: str) -> None:
    assert takes(values.PasswordHash, PASSWORD_HASHES[kind])


@pytest.mark.parametrize("kind", WEAK_HASHES)
def test_a_weak_crypt_hash_is_refused(kind: str) -> None:
    assert not takes(values.PasswordHash, WEAK_HASHES[kind])


@pytest.mark.parametrize("kind", PASSWORD_HASHES)
@pytest.mark.parametrize("damaged", ["{hash}:", "{hash}\n", " {hash}", "!{hash}", "{hash}x"])
def test_a_hash_with_something_around_it_is_refused(kind: str, damaged: str) -> None:
    # A colon or a newline would end the field or the line of shadow, and so give the rest to the next one.
    assert not takes(values.PasswordHash, damaged.format(hash=PASSWORD_HASHES[kind]))


@pytest.mark.parametrize("kind", PASSWORD_HASHES)
def test_a_hash_whose_end_is_cut_off_is_refused(kind: str) -> None:
    # No password fits it, and the user would learn it from sshd alone.
    assert not takes(values.PasswordHash, PASSWORD_HASHES[kind][:-1])


@pytest.mark.parametrize("kind", JUPYTER_HASHES)
def test_a_hash_of_jupyter_server_is_taken(kind: str) -> None:
    assert takes(values.JupyterPasswordHash, JUPYTER_HASHES[kind])


@pytest.mark.parametrize(
    "text", [PASSWORD, "", "argon2:", "sha1:abc:def", "md5:67c9e60bb8b6:9ffede0825894254b2e042ea597d7710", *PASSWORD_HASHES.values()]
)
def test_another_text_is_no_hash_of_jupyter_server(text: str) -> None:
    assert not takes(values.JupyterPasswordHash, text)


@pytest.mark.parametrize("key", SSH_KEYS, ids=lambda key: str(key).partition(" ")[0])
def test_a_public_key_of_ssh_keygen_is_taken(key: str) -> None:
    assert takes(values.SshKey, key)


@pytest.mark.parametrize(("bits", "taken"), [(1024, False), (2047, False), (2048, True), (3072, True), (16384, True)])
def test_a_short_rsa_key_is_refused(bits: int, taken: bool) -> None:
    # sshd would refuse it, and only its log would say so.
    assert takes(values.SshKey, rsa_key(bits)) is taken


def rsa_key(bits: int) -> str:
    numbers = [b"ssh-rsa", (65537).to_bytes(3), b"\0" + (1 << (bits - 1) | 1).to_bytes((bits + 7) // 8)]
    return f"ssh-rsa {base64.b64encode(b''.join(struct.pack('>I', len(n)) + n for n in numbers)).decode()}"


@pytest.mark.parametrize("key", SSH_KEYS, ids=lambda key: str(key).partition(" ")[0])
def test_a_damaged_public_key_is_refused(key: str) -> None:
    kind, blob, *_ = key.split()
    other = next(k for k in values.SSH_KEY_TYPES if k != kind)
    for damaged in (
        kind,
        blob,
        f"{kind} {blob[:40]}",
        f"{kind} {blob[:-5]}",
        f"{other} {blob}",
        f"{kind}\n{blob}",
        f"{key}\n{key}",
        f"{kind} !{blob}",
        "",
    ):
        assert not takes(values.SshKey, damaged), damaged


def test_options_before_a_key_and_dsa_are_refused() -> None:
    assert not takes(values.SshKey, f'command="/bin/true" {SSH_KEYS[0]}')
    assert not takes(
        values.SshKey, "ssh-dss AAAAB3NzaC1kc3MAAACBAP1/U4EddRIpUt9KnC7s5Of2EbdSPO9EAMMeP4C2USZpRV1AIlH7WT2NWPq/xfW6MPbLm1Vs14E7gB00b/JmYLdrmVCl"
    )


@pytest.mark.parametrize("host", ["jupyter.example.org", "localhost", "a-b.c", "*.example.org", "x1"])
def test_a_dns_name_is_a_host(host: str) -> None:
    assert takes(values.HostName, host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://jupyter.example.org",
        "jupyter.example.org/lab",
        "jupyter.example.org:443",
        "Jupyter.example.org",
        "-a.org",
        "a..org",
        "a.org.",
        "a_b.org",
        "a.*.org",
        "a b",
        "jupyter.example.org\n",
        f"{'a.' * 127}toolong",
    ],
)
def test_another_text_is_no_host(host: str) -> None:
    assert not takes(values.HostName, host)


@pytest.mark.parametrize("host", ["10.0.0.1", "127.0.0.1"])
def test_an_address_is_no_host(host: str) -> None:
    # The API server: "must be a DNS name, not an IP address".
    assert not takes(values.HostName, host)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (values.ClusterName, ["lab", "a", "lab-2"], ["", "Lab", "2lab", "-lab", "lab-", "lab_2", "lab.2", "läb", "lab\n"]),
        (values.DnsLabel, ["lab", "2lab", "a" * 63], ["", "Lab", "-lab", "lab-", "lab.2", "a" * 64]),
        (values.DnsSubdomain, ["lab", "lab.2", "a" * 253], ["", "Lab", ".lab", "lab.", "lab..2", "a" * 254]),
        (values.AccountName, ["ada", "_ada", "a-da_2", "a" * 32], ["", "Ada", "2ada", "-ada", "ada.l", "ada$", "ada:x", "ada\n", "ádá", "a" * 33]),
        (values.EnvironmentName, ["A", "_A1", "a"], ["", "1A", "A-B", "A.B", "A=B", "A B"]),
        (values.LabelValue, ["", "a", "A.b-c_d", "1"], ["-a", "a-", "a b", "a" * 64]),
        (values.LabelKey, ["a", "example.org/pool", "A.b_c-d"], ["", "/a", "a/", "a/b/c", "Example.org/a", "a b", "-a"]),
        (values.AbsolutePath, ["/", "/srv", "/srv/jupyter-2/x.y"], ["", "srv", "/srv/", "//srv", "/srv/../etc", "/srv/.", "/a b", "/srv\n"]),
        (values.HomeMode, ["0750", "750", "0700", "0755"], ["0770", "0757", "0777", "2750", "1750", "8", "07500", "rwx", "0750\n"]),
    ],
    ids=["cluster", "label", "subdomain", "account", "variable", "label value", "label key", "path", "home mode"],
)
def test_texts_of_a_kind(kind: Any, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not takes(kind, text)] == []
    assert [text for text in bad if takes(kind, text)] == []


@pytest.mark.parametrize("kind", [values.ClusterName, values.AccountName, values.HostName, values.DnsLabel, values.AbsolutePath])
def test_what_is_allowed_is_said(kind: Any) -> None:
    with pytest.raises(ValidationError, match="allowed: "):
        TypeAdapter(kind).validate_python("~")
