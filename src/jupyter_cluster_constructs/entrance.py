"""The way to JupyterLab from outside: an Ingress, or an HTTPRoute of the Gateway API."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from .labels import Component
from .names import Names
from .objects import metadata
from .spec import IngressSettings


class Entrance(Construct):
    """An Ingress for a host, or an HTTPRoute where the settings name a Gateway.

    https://kubernetes.io/docs/concepts/services-networking/ingress/
    https://gateway-api.sigs.k8s.io/api-types/httproute/

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        names: names of the cluster's resources.
        service_name: Service of Jupyter Server, port 80.
        ingress: host, class, TLS, annotations, Gateway.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names, service_name: str, ingress: IngressSettings) -> None:
        super().__init__(scope, id)
        self._metadata = metadata(names, names.jupyter, Component.FRONTEND, annotations=ingress.annotations)
        self._service_name = service_name
        self._ingress(ingress)

    def _ingress(self, ingress: IngressSettings) -> None:
        backend = k8s.IngressBackend(service=k8s.IngressServiceBackend(name=self._service_name, port=k8s.ServiceBackendPort(name="http")))
        path = k8s.HttpIngressPath(path="/", path_type="Prefix", backend=backend)
        k8s.KubeIngress(
            self,
            "Ingress",
            metadata=self._metadata,
            spec=k8s.IngressSpec(
                ingress_class_name=ingress.class_name,
                tls=[k8s.IngressTls(hosts=[ingress.host], secret_name=ingress.tls_secret)] if ingress.tls_secret else None,
                rules=[k8s.IngressRule(host=ingress.host, http=k8s.HttpIngressRuleValue(paths=[path]))],
            ),
        )
