"""The Kubernetes API as this package uses it: objects are plain dicts, as they are in manifests.

Kinds are few and known, so that nothing has to be discovered before the first request.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Object = dict[str, Any]
SECONDS = (5, 30)  # to connect, to answer
JSON = "application/json"
NOTHING: Mapping[str, str] = {}
CLUSTER_SCOPED = frozenset({"IngressClass", "Namespace", "Node", "PersistentVolume", "ServiceCIDR", "StorageClass"})


@dataclass(frozen=True)
class Kind:
    """A kind of objects, as `apiVersion` and `kind` of a manifest name it."""

    api_version: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Kind:
        """The kind of a manifest."""
        return cls(manifest["apiVersion"], manifest["kind"])

    @property
    def group(self) -> str:
        """The API group; empty for the core's."""
        return self.api_version.rpartition("/")[0]

    @property
    def plural(self) -> str:
        """The name in paths and in rules of RBAC."""
        name = self.name.lower()
        return f"{name[:-1]}ies" if name.endswith("y") else f"{name}es" if name.endswith("s") else f"{name}s"

    def path(self, namespace: str | None, name: str | None = None) -> str:
        """The path of all objects of the kind, of those in a namespace, or of one."""
        parts = ["apis" if self.group else "api", self.api_version]
        if namespace is not None and self.name not in CLUSTER_SCOPED:
            parts += ["namespaces", namespace]
        return "/" + "/".join([*parts, self.plural, *([name] if name else [])])


POD, EVENT, NODE, NAMESPACE = Kind("v1", "Pod"), Kind("v1", "Event"), Kind("v1", "Node"), Kind("v1", "Namespace")
CONFIG_MAP, SECRET, SERVICE = Kind("v1", "ConfigMap"), Kind("v1", "Secret"), Kind("v1", "Service")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount")
VOLUME, CLAIM = Kind("v1", "PersistentVolume"), Kind("v1", "PersistentVolumeClaim")
DEPLOYMENT, STATEFUL_SET, REPLICA_SET = Kind("apps/v1", "Deployment"), Kind("apps/v1", "StatefulSet"), Kind("apps/v1", "ReplicaSet")
POLICY, INGRESS, INGRESS_CLASS = (Kind("networking.k8s.io/v1", name) for name in ("NetworkPolicy", "Ingress", "IngressClass"))
STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass")
ROUTE, GATEWAY = Kind("gateway.networking.k8s.io/v1", "HTTPRoute"), Kind("gateway.networking.k8s.io/v1", "Gateway")
POD_MONITOR = Kind("monitoring.coreos.com/v1", "PodMonitor")


class Kubernetes(Protocol):
    """What this package asks of a cluster; every method raises ApiException when it is refused, HTTPError when nobody answers."""

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """An object; None where there is none, or no such kind."""
        ...

    def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        """The objects of a kind, in all namespaces if none is given; none where there is no such kind."""
        ...

    def send(
        self, method: str, path: str, body: Object | list[Object] | None = None, *, content_type: str = JSON, query: Mapping[str, str] = NOTHING
    ) -> Object:
        """Another request, and the object that answers it."""
        ...

    def delete(self, kind: Kind, name: str, namespace: str | None = None) -> bool:
        """Delete an object, and its dependents in the background; whether it was there."""
        ...

    def log(self, pod: str, namespace: str, container: str, *, tail: int | None = None, previous: bool = False) -> str:
        """The last lines of a container's log."""
        ...


class Cluster:
    """A Kubernetes cluster, by the official client.

    Args:
        client: the client, which knows where it is and who asks.
    """

    def __init__(self, client: ApiClient) -> None:
        from kubernetes.dynamic import DynamicClient

        self.client = client
        # Typed from release 36 on, and only in part.
        dynamic: Any = DynamicClient
        self._dynamic = dynamic(client, discoverer=_NothingIsDiscovered)

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """See Kubernetes."""
        return self._unless_missing("GET", kind.path(namespace, name))

    def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        """See Kubernetes."""
        found = self._unless_missing("GET", kind.path(namespace), {"labelSelector": labels} if labels else NOTHING)
        # The items of a list don't say what they are.
        return [{"apiVersion": kind.api_version, "kind": kind.name} | each for each in (found or {}).get("items", ())]

    def send(
        self, method: str, path: str, body: Object | list[Object] | None = None, *, content_type: str = JSON, query: Mapping[str, str] = NOTHING
    ) -> Object:
        """See Kubernetes."""
        answer = self._dynamic.request(
            method, path, body=body, content_type=content_type, query_params=[*query.items()], serialize=False, _request_timeout=SECONDS
        )
        found: Object = json.loads(answer.data)
        return found

    def delete(self, kind: Kind, name: str, namespace: str | None = None) -> bool:
        """See Kubernetes."""
        return self._unless_missing("DELETE", kind.path(namespace, name), {"propagationPolicy": "Background"}) is not None

    def log(self, pod: str, namespace: str, container: str, *, tail: int | None = None, previous: bool = False) -> str:
        """See Kubernetes."""
        return b"".join(self.log_stream(pod, namespace, container, tail=tail, previous=previous)).decode(errors="replace")

    def log_stream(
        self, pod: str, namespace: str, container: str, *, tail: int | None = None, previous: bool = False, follow: bool = False
    ) -> Iterator[bytes]:
        """The pieces of a container's log as they come; with follow, until the container ends."""
        from kubernetes.client import CoreV1Api

        wanted: dict[str, Any] = {"container": container, "previous": previous, "follow": follow}
        if tail is not None:
            wanted["tail_lines"] = tail
        timeout = (SECONDS[0], None) if follow else SECONDS
        api: Any = CoreV1Api(self.client)
        answer = api.read_namespaced_pod_log(pod, namespace, **wanted, _preload_content=False, _request_timeout=timeout)
        yield from answer.stream(1 << 14)

    def _unless_missing(self, method: str, path: str, query: Mapping[str, str] = NOTHING) -> Object | None:
        from kubernetes.client import ApiException

        try:
            return self.send(method, path, query=query)
        except ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise


class _NothingIsDiscovered:
    """In the place of the dynamic client's discovery, which asks for every group and keeps the answers in a file."""

    def __init__(self, client: Any, cache_file: Any) -> None: ...


def message_of(error: Any) -> str:
    """What the API server says in an ApiException."""
    try:
        return str(json.loads(error.body)["message"])
    except (KeyError, TypeError, ValueError):
        return str(error.reason or error.status)
