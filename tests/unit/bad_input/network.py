"""Who may reach what."""

from __future__ import annotations

from .case import Bad

BAD = {
    "a network that begins elsewhere": Bad(
        "name: lab\nnetwork: {node_cidrs: [10.0.0.7/8]}  # <-", "network.node_cidrs[0]", ("received '10.0.0.7/8'; did you mean 10.0.0.0/8?",)
    ),
    "an address without its length": Bad(
        "name: lab\nnetwork: {node_cidrs: [10.0.0.7]}  # <-", "network.node_cidrs[0]", ("'10.0.0.7'", "did you mean 10.0.0.7/32?")
    ),
    "a name as a network": Bad(
        "name: lab\nnetwork: {node_cidrs: [node1]}  # <-", "network.node_cidrs[0]", ("'node1'", "allowed: a network such as 10.0.0.0/8")
    ),
    "a network in other words": Bad(
        "name: lab\nnetwork: {node_cidrs: ['2001:DB8::/32']}  # <-", "network.node_cidrs[0]", ("'2001:DB8::/32'", "write 2001:db8::/32")
    ),
    "nobody in particular": Bad(
        "name: lab\nssh:\n  allowed_from:\n    - {}  # <-", "ssh.allowed_from[0]", ("received neither a cidr nor", "allowed: `cidr: NETWORK`, or")
    ),
    "a network in a namespace": Bad(
        "name: lab\njupyter:\n  allowed_from:\n    - {cidr: 10.0.0.0/8, namespace: a}  # <-",
        "jupyter.allowed_from[0]",
        ("received cidr and namespace or pod_labels", "or one of them"),
    ),
    "a cloud's metadata": Bad(
        "name: lab\nnetwork: {engines: {to: [{cidr: 169.254.169.254/32}]}}  # <-",
        "network.engines.to[0]",
        ("hands out its nodes' credentials", "stays closed"),
    ),
    "openings without policies": Bad(
        "name: lab\nnetwork: {policies: false, engines: {internet: true}, dns: []}  # <-", "network", ("received dns and engines", "leave it out")
    ),
    "who may reach sshd without policies": Bad(
        "name: lab\nnetwork: {policies: false}\nssh: {allowed_from: []}  # <-", "ssh.allowed_from", ("network.policies: false", "leave it out")
    ),
    "who may reach JupyterLab without policies": Bad(
        "name: lab\nnetwork: {policies: false}\njupyter: {allowed_from: [{namespace: a}]}  # <-",
        "jupyter.allowed_from",
        ("network.policies: false", "leave it out"),
    ),
    "nodes of no server": Bad(
        "name: lab\nstorage: {claim: files}\nnetwork: {node_cidrs: [10.0.0.0/8]}  # <-", "network.node_cidrs", ("storage.local", "leave it out")
    ),
    "an Ingress that reaches nothing": Bad(
        "name: lab\ningress: {host: a.example.org}  # <-",
        "ingress",
        ("without jupyter.allowed_from", "`jupyter: {allowed_from: [{namespace: ingress-nginx}]}`", "`kubectl get pods --all-namespaces`"),
    ),
    "traffic from outside to a Service inside": Bad(
        "name: lab\nssh: {external_traffic_policy: Local}  # <-", "ssh", ("with service_type ClusterIP", "leave it out, or use NodePort")
    ),
}
