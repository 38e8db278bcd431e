"""Numbers, quantities, ports, images and where pods run."""

from __future__ import annotations

from .case import Bad

BAD = {
    # Numbers and quantities
    "negative replicas": Bad("name: lab\nworkers:\n  - replicas: -1  # <-", "workers[0].replicas", ("received -1", "greater than or equal to 0")),
    "no engine in a pod": Bad("name: lab\nworkers:\n  - engines_per_pod: 0  # <-", "workers[0].engines_per_pod", ("received 0", "or equal to 1")),
    "a negative number of GPUs": Bad("name: lab\nworkers:\n  - gpu: -1  # <-", "workers[0].gpu", ("received -1", "or equal to 0")),
    "a malformed quantity of memory": Bad(
        "name: lab\nworkers:\n  - memory: 2GB  # <-", "workers[0].memory", ("received '2GB'", "allowed: a number, or a number and one of")
    ),
    "memory without a unit": Bad("name: lab\nworkers:\n  - memory: 512  # <-", "workers[0].memory", ("received 512", "a unit, such as 512Mi")),
    "a malformed quantity of CPUs": Bad(
        "name: lab\nfrontend:\n  sshd:\n    cpu: two  # <-", "frontend.sshd.cpu", ("received 'two'", "allowed: a number")
    ),
    "no CPU": Bad("name: lab\nworkers:\n  - cpu: 0  # <-", "workers[0].cpu", ("received 0", "allowed: more than zero")),
    "a negative quantity": Bad("name: lab\nstorage:\n  local:\n    size: -1Gi  # <-", "storage.local.size", ("received '-1Gi'", "allowed: a number")),
    "a limit below the request": Bad(
        "name: lab\nworkers:\n  - cpu: 4  # <-\n    cpu_limit: 2", "workers[0]", ("received cpu_limit 2 below cpu 4", "allowed: at least cpu")
    ),
    "a port beyond the last": Bad("name: lab\nssh:\n  port: 65536  # <-", "ssh.port", ("received 65536", "less than or equal to 65535")),
    "controller's ports that sshd has": Bad(
        "name: lab\ncontroller:  # <-\n  first_port: 2220", "controller", ("received first_port 2220", "2222 of sshd", "choose another")
    ),
    "a node's port of an internal Service": Bad(
        "name: lab\nssh:  # <-\n  node_port: 30022", "ssh", ("received node_port with service_type ClusterIP", "allowed: no node_port")
    ),
    "an unknown type of Service": Bad(
        "name: lab\nssh:\n  service_type: External  # <-",
        "ssh.service_type",
        ("received 'External'", "allowed: 'ClusterIP', 'NodePort' or 'LoadBalancer'"),
    ),
    # Placement and images
    "a digest that is none": Bad(
        "name: lab\nimages:\n  digests: {nfs-server: sha256:12}  # <-", "images.digests.nfs-server", ("'sha256:12'", "64 hexadecimal digits")
    ),
    "a digest of an image that is none": Bad(
        f"name: lab\nimages:\n  digests: {{nfs: sha256:{'0' * 64}}}  # <-", "images.digests.nfs", ("debian-ipython-fn", "nfs-server")
    ),
    "a key that nothing is encrypted with": Bad(
        "name: lab\ncontroller: {encryption: false, curve_secret: keys}  # <-", "controller", ("curve_secret with encryption false", "leave one")
    ),
    "a limit that the scheduler does not use": Bad(
        "name: lab\ncontroller: {scheduler: pure, hwm: 8}  # <-", "controller", ("received hwm 8 with scheduler pure", "leave hwm out")
    ),
    "a scheduler that there is not": Bad("name: lab\ncontroller:\n  scheduler: lru  # <-", "controller.scheduler", ("'leastload' or 'pure'",)),
    "a negative limit": Bad("name: lab\ncontroller:\n  hwm: -1  # <-", "controller.hwm", ("-1", "0")),
    "a tag that changes": Bad("name: lab\nimages:\n  tag: latest  # <-", "images.tag", ("received 'latest'", "allowed: a fixed tag")),
    "a variable that the library sets": Bad(
        "name: lab\nworkers:\n  - env:  # <-\n      HOME: /tmp", "workers[0]", ("received env HOME", "allowed: any other name")
    ),
    "an illegal label": Bad(
        "name: lab\nworkers:\n  - node_selector:\n      'a b': c  # <-", "workers[0].node_selector.a b", ("received 'a b'", "allowed: a name such as")
    ),
    "a toleration of a value for every value": Bad(
        "name: lab\nworkers:\n  - tolerations:\n      - {key: a, operator: Exists, value: b}  # <-",
        "workers[0].tolerations[0]",
        ("received a value with operator Exists", "allowed: no value"),
    ),
    "a Gateway and a class": Bad(
        "name: lab\ningress:  # <-\n  host: a.org\n  class_name: nginx\n  gateway: {name: public}",
        "ingress",
        ("class_name and gateway", "allowed: one"),
    ),
}
