"""A small app of somebody else's, with nothing wrong in it, for mistakes to be planted in."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from support import Manifest

APP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {shop.ini: "", color: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: shop}
data: {password: c2VjcmV0}
stringData: {user: ada}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: shop.files}
spec:
  accessModes: [ReadWriteMany]
  capacity: {storage: 1Gi}
  claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, name: files, namespace: shop}
  nfs: {path: /srv, server: 10.0.0.5}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: shop}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}, storageClassName: "", volumeName: shop.files}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      priorityClassName: system-cluster-critical
      imagePullSecrets: [{name: login}]
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      initContainers:
        - name: prepare
          image: registry.example.org:5000/shop/web@sha256:0000000000000000000000000000000000000000000000000000000000000001
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      containers:
        - name: server
          image: shop/web:1.2
          env:
            - {name: PLAIN, value: text}
            - {name: COLOR, valueFrom: {configMapKeyRef: {name: settings, key: color}}}
            - {name: USER, valueFrom: {secretKeyRef: {name: login, key: user}}}
          envFrom: [{configMapRef: {name: settings}}]
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {port: http}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}
          volumeMounts: [{name: settings, mountPath: /etc/shop}, {name: files, mountPath: /srv}]
      volumes:
        - {name: settings, projected: {sources: [{configMap: {name: settings, items: [{key: shop.ini, path: shop.ini}]}}, {secret: {name: login}}]}}
        - {name: files, persistentVolumeClaim: {claimName: files}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: postgres
          image: postgres:18.1
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: disk, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: disk}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http, nodePort: 30080}], type: NodePort}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: sql, port: 5432, targetPort: 5432}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  tls: [{secretName: login}]
  rules:
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: gateways}]
  rules: [{backendRefs: [{name: web, port: 80}]}]
"""
# What of it exists before.
EXISTING = ["Gateway/gateways/public"]
_LOADED = list(yaml.safe_load_all(APP))


def app() -> list[Manifest]:
    """Its manifests, for one test to change."""
    return copy.deepcopy(_LOADED)


def planted(where: str, value: object) -> list[Manifest]:
    """The app with another value at a place: ``Deployment/web spec.replicas``; None takes it away, and a list's end is ``+``."""
    manifests = app()
    identity, _, path = where.partition(" ")
    kind, name = identity.split("/")
    (at,) = (m for m in manifests if m["kind"] == kind and m["metadata"]["name"] == name)
    *parents, last = path.replace("POD", "spec.template.spec").split(" ")[0].split(".")
    place: Any = at
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    if last == "+":
        place.append(value)
    elif value is None:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return manifests
