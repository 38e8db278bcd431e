"""Plausible values of every setting, by the types that the settings have."""

from __future__ import annotations

import copy
import types
import typing
from collections.abc import Iterable
from functools import cache
from typing import Any

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from unit.examples import JUPYTER_HASHES, PASSWORD_HASHES, SSH_KEYS

from jupyter_cluster_constructs import spec
from jupyter_cluster_constructs.spec import metrics, network, pods, sign_on, storage, values

from .repairs import REPAIRS, Data

# What password_env and password_file may name.
PASSWORD_ENVIRONMENT = {"ADA_PASSWORD": "correct horse", "GRACE_PASSWORD": "x:y\t$6$ ü"}
PASSWORD_FILES = {"ada.txt": "correct horse\n", "secrets/grace": "battery staple"}


def texts(*plausible: str) -> st.SearchStrategy[str]:
    return st.sampled_from(plausible)


def some(values: st.SearchStrategy[Any], *sizes: int) -> st.SearchStrategy[list[Any]]:
    """Lists of different values, of sizes that all are as likely."""

    @st.composite
    def lists(draw: st.DrawFn) -> list[Any]:
        drawn = [draw(values) for _ in range(draw(st.sampled_from(sizes or (0, 1, 2))))]
        return [value for i, value in enumerate(drawn) if value not in drawn[:i]]

    return lists()


ACCOUNT_NAMES = texts("ada", "grace", "eve", "alan", "_", "x", "a-", "no-one", "user_1", "user_home_dir_7", "homes", "config") | st.from_regex(
    "[a-z_][a-z0-9_-]{0,31}", fullmatch=True
)
ANY_TEXT = texts("", "harmless", "two words", "Physik, Göttingen", "3600")
LABELS = texts("lab", "science", "a", "a-1", "kube-system", "x" * 40, "0")
SUBDOMAINS = texts("files", "registry-login", "a.b-c.d", "cephfs", "x" * 253, "0.1")
QUANTITIES = texts("1", "250m", "0.5", "2", "1500m") | st.sampled_from([1, 2, 0.25])
SIZES = texts("1Gi", "512Mi", "20G", "1.5Gi", "1048576", "3Ti")


SIGN_ON = {
    "client_id": "jupyter-lab",
    "secret": "lab-sign-on",
    "authorize_url": "https://id.example.org/authorize?a=b",
    "token_url": "https://id.example.org/token",
    "userdata_url": "https://id.example.org:8443/userinfo",
    "callback_url": "https://jupyter.example.org/hub/oauth_callback",
}
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    values.ClusterName: texts("lab", "a", "my-cluster", "l1", "work", "x" * 44),
    values.DnsLabel: LABELS,
    values.DnsSubdomain: SUBDOMAINS,
    values.HostName: texts("jupyter.example.org", "*.example.org", "lab", "a-b.c"),
    values.WholeHostName: texts("jupyter.example.org", "lab", "a-b.c"),
    values.AccountName: ACCOUNT_NAMES,
    values.AccountId: st.integers(1001, 60_000) | st.sampled_from([1001, 65536, 2**31 - 1]),
    values.CpuQuantity: QUANTITIES,
    values.SizeQuantity: SIZES,
    values.PasswordHash: texts(*PASSWORD_HASHES.values()),
    values.JupyterPasswordHash: texts(*JUPYTER_HASHES.values()),
    values.SshKey: texts(*SSH_KEYS),
    values.HomeMode: texts("0750", "0700", "755", "0711"),
    values.AbsolutePath: texts("/", "/srv/jupyter", "/a/b.c/@d", "/srv:1/x+y"),
    values.WholeText: ANY_TEXT,
    values.EnvironmentName: texts("LAB", "OMP_NUM_THREADS", "_x", "http_proxy"),
    values.LabelKey: texts("example.org/pool", "pool", "nvidia.com/gpu", "a.b/C_d.e"),
    values.LabelValue: texts("gpu", "", "a.b_c-D", "1"),
    metrics.Duration: texts("30s", "1m", "500ms"),
    network.Cidr: texts("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "0.0.0.0/0", "169.254.0.0/16"),
    pods.Digest: texts(f"sha256:{'0a' * 32}", f"sha256:{'f' * 64}"),
    sign_on.HttpsUrl: texts("https://id.example.org/authorize", "https://[2001:db8::1]:8443/a?b=%20c", "https://id"),
    sign_on.CallbackUrl: texts("https://jupyter.example.org/hub/oauth_callback", "http://localhost:8888/hub/oauth_callback"),
    sign_on.Word: texts("openid", "preferred_username", "https://example.org/claims/id", "a:b%c\"{}'"),
    sign_on.ProviderName: texts("248289761001", "ada@example.org", "Ada Lovelace", "Jürgen's \\ {x}", "%s"),
    values.ExtendedResource: texts("nvidia.com/gpu", "amd.com/gpu"),
}


# What has a type of its own, or is any text.
BY_NAME: dict[tuple[type[BaseModel], str], st.SearchStrategy[Any]] = {
    (spec.User, "password_env"): texts(*PASSWORD_ENVIRONMENT),
    (spec.User, "password_file"): texts(*PASSWORD_FILES),
    (spec.LocalStorage, "cluster_ip"): texts("10.96.0.150", "10.43.0.9"),
    (spec.ExternalStorage, "server"): texts("10.0.0.5", "nfs.example.org", "nfs"),
    (storage.Storage, "mount_options"): some(texts("nfsvers=4.1", "hard", "timeo=100", "noresvport", "sec=sys"), 0, 2, 4),
    (spec.Images, "registry"): texts("localhost/jupyter-cluster", "registry.example.org:5000/lab", "ghcr.io/a/b-c_d"),
    (spec.Images, "tag"): texts("1.2.3", "v1", "_x.y-z"),
    # Each engine is a container more to make.
    (spec.WorkerGroup, "engines_per_pod"): st.integers(1, 2),
    (spec.ObjectPatch, "kind"): st.just("Deployment"),
    (spec.PatchOperation, "op"): st.just("add"),
    (spec.PatchOperation, "path"): texts("/spec/template/metadata/annotations/team", "/spec/template/metadata/annotations/a~1b"),
    (spec.PatchOperation, "value"): texts("physics", "two words", ""),
    (spec.Controller, "first_port"): st.integers(9000, 65518),
    # Below all that controllers have here.
    (spec.Metrics, "port"): st.integers(8900, 8999),
    # As one: so many choices more leave Hypothesis none for the users.
    (spec.Hub, "sign_on"): st.sampled_from(
        [
            SIGN_ON | {"usernames": {"248289761001": "ada", "Jürgen's {x} %s": "ada"}, "scopes": [], "login_service": "Keycloak"},
            SIGN_ON | {"domain": "example.org", "username_claim": "email", "required_claims": {"hd": "example.org"}},
            SIGN_ON | {"same_names": True, "username_claim": "preferred_username", "logout_url": "https://id.example.org/logout"},
        ]
    ).map(copy.deepcopy),
}


# What every file gives, since there are most names, texts and kinds of people's own: how many, where it is a list.
SIZES_OF: dict[tuple[type[BaseModel], str], tuple[int, ...]] = {
    (spec.ClusterSpec, "users"): (1, 2, 3, 4),
    (spec.ClusterSpec, "groups"): (0, 1, 2, 3),
    (spec.ClusterSpec, "workers"): (0, 1, 1, 2),
    (spec.ClusterSpec, "storage"): (),
    (spec.ClusterSpec, "metrics"): (),
    (spec.WorkerGroup, "env"): (1, 2),
    (spec.Metrics, "port"): (),
    (spec.Metrics, "enabled"): (),
    (spec.PatchOperation, "value"): (),
    (spec.IngressSettings, "annotations"): (1, 2),
}


@cache
def plausible(model: type[BaseModel]) -> st.SearchStrategy[Data]:
    """The settings of a model, as a file has them: every key that has no default, and most of the others."""
    fields = {name: _field(model, name, field) for name, field in model.model_fields.items()}
    needed = {name for name, field in model.model_fields.items() if field.is_required() or (model, name) in SIZES_OF}
    kinds = storage.KINDS if model is storage.Storage else ()
    repair = REPAIRS.get(model, dict)

    @st.composite
    def settings(draw: st.DrawFn) -> Data:
        given = {*needed, draw(st.sampled_from(kinds))} if kinds else needed
        optional = fields.keys() - {*kinds} - given
        return repair({name: draw(values) for name, values in fields.items() if name in given or (name in optional and draw(st.booleans()))})

    return settings()


def field_values(model: type[BaseModel], name: str) -> st.SearchStrategy[Any]:
    """The values of one setting, whatever the others are."""
    return _field(model, name, model.model_fields[name])


def _field(model: type[BaseModel], name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    found = BY_NAME.get((model, name))
    return found if found is not None else _annotated(field.annotation, field.metadata, f"{model.__name__}.{name}", SIZES_OF.get((model, name), ()))


def _annotated(annotation: Any, metadata: Iterable[Any], where: str, sizes: tuple[int, ...] = ()) -> st.SearchStrategy[Any]:
    """The values of a type; TypeError names a setting whose type nobody has given plausible values."""
    limits = [limit for m in metadata for limit in (m.metadata if isinstance(m, FieldInfo) else [m])]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _annotated(arguments[0], (*annotation.__metadata__, *limits), where, sizes)
    for known, made in BY_TYPE.items():
        if known.__metadata__[0] in metadata:
            return made
    if origin in (typing.Union, types.UnionType):
        return st.one_of([_annotated(choice, limits, where, sizes) for choice in arguments if choice is not type(None)])
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return some(_annotated(arguments[0], (), where), *sizes)
    if origin is dict:
        return some(st.tuples(*(_annotated(of, (), where) for of in arguments)), *sizes).map(dict)
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return _integers(limits)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return plausible(annotation)
    if annotation is str and not any(isinstance(m, (AfterValidator, BeforeValidator)) for m in limits):
        return ANY_TEXT
    raise TypeError(f"{where}: no plausible values are known; add them to tests/generated/plausible.py")


def _integers(limits: Iterable[Any]) -> st.SearchStrategy[int]:
    at_least: list[Any] = [limit.ge for limit in limits if isinstance(limit, Ge)]
    at_most: list[Any] = [limit.le for limit in limits if isinstance(limit, Le)]
    return st.integers(max(at_least, default=-(2**31)), min(at_most, default=2**31))
