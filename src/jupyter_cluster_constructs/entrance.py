"""The way to JupyterLab from outside: an Ingress, or an HTTPRoute of the Gateway API."""

from __future__ import annotations

import cdk8s
from cdk8s_plus_27 import k8s
from constructs import Construct

from .labels import Component, object_labels
from .names import Names
from .objects import metadata
from .spec import JUPYTER_SERVICE_PORT, Gateway, IngressSettings


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

    Attributes:
        route: the Ingress or HTTPRoute, for patches.
        redirect: the HTTPRoute from http to https, for patches; None where there is none.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names, service_name: str, ingress: IngressSettings) -> None:
        super().__init__(scope, id)
        self._names, self._service_name = names, service_name
        self.route: cdk8s.ApiObject
        self.redirect: cdk8s.ApiObject | None = None
        if ingress.gateway is None:
            self.route = self._ingress(ingress)
        else:
            self.route = self._route(ingress, ingress.gateway)
            if ingress.gateway.http_section_name is not None:
                self.redirect = self._redirect(ingress, ingress.gateway)

    def _ingress(self, ingress: IngressSettings) -> cdk8s.ApiObject:
        backend = k8s.IngressBackend(service=k8s.IngressServiceBackend(name=self._service_name, port=k8s.ServiceBackendPort(name="http")))
        path = k8s.HttpIngressPath(path="/", path_type="Prefix", backend=backend)
        return k8s.KubeIngress(
            self,
            "Ingress",
            metadata=metadata(self._names, self._names.jupyter, Component.FRONTEND, annotations=ingress.annotations),
            spec=k8s.IngressSpec(
                ingress_class_name=ingress.class_name,
                tls=[k8s.IngressTls(hosts=[ingress.host], secret_name=ingress.tls_secret)] if ingress.tls_secret else None,
                rules=[k8s.IngressRule(host=ingress.host, http=k8s.HttpIngressRuleValue(paths=[path]))],
            ),
        )

    def _route(self, ingress: IngressSettings, gateway: Gateway) -> cdk8s.ApiObject:
        # Here, since Node loads its assembly.
        from .imports.io.k8s.networking import gateway as gateway_api

        parent = gateway_api.HttpRouteSpecParentRefs(name=gateway.name, namespace=gateway.namespace, section_name=gateway.section_name)
        everything = gateway_api.HttpRouteSpecRulesMatches(
            path=gateway_api.HttpRouteSpecRulesMatchesPath(type=gateway_api.HttpRouteSpecRulesMatchesPathType.PATH_PREFIX, value="/")
        )
        backend = gateway_api.HttpRouteSpecRulesBackendRefs(name=self._service_name, port=JUPYTER_SERVICE_PORT)
        return gateway_api.HttpRoute(
            self,
            "HTTPRoute",
            metadata=self._route_metadata(self._names.jupyter, ingress),
            spec=gateway_api.HttpRouteSpec(
                parent_refs=[parent],
                hostnames=[ingress.host],
                rules=[gateway_api.HttpRouteSpecRules(matches=[everything], backend_refs=[backend])],
            ),
        )

    def _redirect(self, ingress: IngressSettings, gateway: Gateway) -> cdk8s.ApiObject:
        # Here, since Node loads its assembly.
        from .imports.io.k8s.networking import gateway as gateway_api

        parent = gateway_api.HttpRouteSpecParentRefs(name=gateway.name, namespace=gateway.namespace, section_name=gateway.http_section_name)
        to_https = gateway_api.HttpRouteSpecRulesFilters(
            type=gateway_api.HttpRouteSpecRulesFiltersType.REQUEST_REDIRECT,
            request_redirect=gateway_api.HttpRouteSpecRulesFiltersRequestRedirect(
                scheme=gateway_api.HttpRouteSpecRulesFiltersRequestRedirectScheme.HTTPS,
                status_code=gateway_api.HttpRouteSpecRulesFiltersRequestRedirectStatusCode.VALUE_301,
            ),
        )
        return gateway_api.HttpRoute(
            self,
            "Redirect",
            metadata=self._route_metadata(self._names.jupyter_redirect, ingress),
            spec=gateway_api.HttpRouteSpec(
                parent_refs=[parent], hostnames=[ingress.host], rules=[gateway_api.HttpRouteSpecRules(filters=[to_https])]
            ),
        )

    def _route_metadata(self, name: str, ingress: IngressSettings) -> cdk8s.ApiObjectMetadata:
        return cdk8s.ApiObjectMetadata(
            name=name,
            namespace=self._names.namespace,
            labels=object_labels(self._names.cluster, Component.FRONTEND),
            annotations=ingress.annotations or None,
        )
