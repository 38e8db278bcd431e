"""The whole output: schemas, references, names, images, secrets, Pod Security."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
from kubernetes_validate.utils import latest_version
from ruamel.yaml import YAML
from support import ROOT, Manifest, all_containers, all_of, decoded, pod_metadata, pod_of, workloads

from .outputs import ADA_PASSWORD, BOB_PASSWORD, EXISTING, NAMESPACES, Output

# Of these kinds Kubernetes has no schema of its own; each has a test by its CRD below.
CUSTOM_KINDS = {"HTTPRoute": "httproutes.gateway.networking.k8s.io.yaml"}
CLUSTER_SCOPED = {"Namespace", "PersistentVolume"}
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
BASELINE_CAPABILITIES = set(
    re.findall(r"\w+", "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT")
)


@pytest.mark.parametrize("version", ["1.27", latest_version()])
def test_every_manifest_is_one_of_kubernetes(made: Output, version: str) -> None:
    validated = 0
    for manifest in made.manifests:
        if manifest["kind"] not in CUSTOM_KINDS:
            kubernetes_validate.validate(manifest, version, strict=True)
            validated += 1
    assert validated > 10


def strict(schema: Any) -> Any:
    """A schema that refuses keys that it does not name, as `kubectl apply` does."""
    if isinstance(schema, dict):
        made = {key: strict(value) for key, value in schema.items()}
        return made | ({"additionalProperties": False} if "properties" in made and "additionalProperties" not in made else {})
    return [strict(value) for value in schema] if isinstance(schema, list) else schema


def test_routes_are_of_their_crd(outputs: dict[str, Output]) -> None:
    routes = all_of(outputs["everything else"].manifests, "HTTPRoute")
    assert len(routes) == 2
    crd = YAML(typ="safe").load((ROOT / "imports" / "crds" / CUSTOM_KINDS["HTTPRoute"]).read_text())
    for route in routes:
        (version,) = (v for v in crd["spec"]["versions"] if route["apiVersion"] == f"{crd['spec']['group']}/{v['name']}")
        assert version["served"]
        properties = {key: value for key, value in version["schema"]["openAPIV3Schema"]["properties"].items() if key != "metadata"}
        own = {key: value for key, value in route.items() if key != "metadata"}
        jsonschema.validate(own, strict({"type": "object", "properties": properties, "required": ["spec"]}))


def test_no_object_is_there_twice(made: Output) -> None:
    identities = [(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for m in made.manifests]
    assert sorted({*identities}, key=str) == sorted(identities, key=str)


def test_every_object_is_in_the_settings_namespace_or_in_none(made: Output) -> None:
    namespace = NAMESPACES.get(made.name, "default")
    for manifest in made.manifests:
        assert manifest["metadata"].get("namespace") == (None if manifest["kind"] in CLUSTER_SCOPED else namespace)


def test_names_in_the_namespace_begin_with_the_clusters_and_others_with_both(made: Output) -> None:
    (name,) = {m["metadata"]["labels"]["app.kubernetes.io/instance"] for m in made.manifests if m["kind"] != "Namespace"}
    for manifest in made.manifests:
        if manifest["kind"] == "PersistentVolume":
            assert re.fullmatch(rf"(default|science)\.{name}\..+", manifest["metadata"]["name"])
        elif manifest["kind"] != "Namespace":
            assert manifest["metadata"]["name"].startswith(f"{name}-")


def test_a_namespace_is_among_the_files_only_when_asked_for(made: Output) -> None:
    assert [m["metadata"]["name"] for m in all_of(made.manifests, "Namespace")] == (["science"] if made.name == "everything" else [])


def nodes(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value inside a manifest with its path."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from nodes(inner, f"{path}/{key}")


def test_nothing_is_null_or_an_empty_list(made: Output) -> None:
    # The API server drops them, and `kubectl diff` would differ for ever.
    for manifest in made.manifests:
        assert [path for path, value in nodes(manifest) if value is None or value == []] == [], manifest["metadata"]["name"]


def references(manifest: Manifest) -> Iterator[tuple[str, str, str | None]]:
    """The kind, name and key (if any) of every object that a manifest refers to."""
    if manifest["kind"] in ("Deployment", "StatefulSet"):
        yield from pod_references(pod_of(manifest))
    if manifest["kind"] == "StatefulSet":
        yield "Service", manifest["spec"]["serviceName"], None
    if manifest["kind"] == "PersistentVolumeClaim":
        yield "PersistentVolume", manifest["spec"]["volumeName"], None
    if manifest["kind"] == "PersistentVolume":
        yield "PersistentVolumeClaim", manifest["spec"]["claimRef"]["name"], None
    if manifest["kind"] == "Ingress":
        for tls in manifest["spec"].get("tls", ()):
            yield "Secret", tls["secretName"], None
        for rule in manifest["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                yield "Service", path["backend"]["service"]["name"], path["backend"]["service"]["port"]["name"]
    if manifest["kind"] == "HTTPRoute":
        for rule in manifest["spec"]["rules"]:
            for backend in rule.get("backendRefs", ()):
                yield "Service", backend["name"], str(backend["port"])


def pod_references(pod: Manifest) -> Iterator[tuple[str, str, str | None]]:
    yield "ServiceAccount", pod["serviceAccountName"], None
    for secret in pod.get("imagePullSecrets", ()):
        yield "Secret", secret["name"], None
    for volume in pod["volumes"]:
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], None
        for source in (volume, *volume.get("projected", {}).get("sources", ())):
            for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                if key in source:
                    name = source[key].get("name") or source[key]["secretName"]
                    yield kind, name, None
                    yield from ((kind, name, item["key"]) for item in source[key].get("items", ()))


def claims_of_templates(manifests: list[Manifest]) -> Iterator[Manifest]:
    """The claims that StatefulSets make of their templates, each named TEMPLATE-STATEFULSET-NUMBER."""
    for stateful in all_of(manifests, "StatefulSet"):
        for template in stateful["spec"].get("volumeClaimTemplates", ()):
            for number in range(stateful["spec"]["replicas"]):
                name = f"{template['metadata']['name']}-{stateful['metadata']['name']}-{number}"
                yield template | {"kind": "PersistentVolumeClaim", "metadata": template["metadata"] | {"name": name}}


def test_whatever_is_referred_to_is_there(made: Output) -> None:
    there = {(m["kind"], m["metadata"]["name"]): m for m in (*made.manifests, *claims_of_templates(made.manifests))}
    seen = set()
    for manifest in made.manifests:
        for kind, name, key in references(manifest):
            if (kind, name) in EXISTING[made.name]:
                seen.add((kind, name))
                continue
            found = there.get((kind, name))
            assert found, f"{manifest['kind']} {manifest['metadata']['name']} refers to {kind} {name}"
            keys = (
                {str(p) for port in found["spec"].get("ports", ()) for p in (port["name"], port["port"])}
                if kind == "Service"
                else found.get("data", {})
            )
            assert key is None or key in keys, f"{kind} {name} has no {key}"
    assert seen == EXISTING[made.name]


def test_a_claim_of_a_template_that_other_pods_use_too_is_readwritemany(outputs: dict[str, Output]) -> None:
    # A claim of one node alone would keep the pods of all others waiting for ever.
    for made in outputs.values():
        templates = {claim["metadata"]["name"]: claim["spec"]["accessModes"] for claim in claims_of_templates(made.manifests)}
        used = {name for m in made.manifests for kind, name, _ in references(m) if kind == "PersistentVolumeClaim"}
        assert all(templates[name] == ["ReadWriteMany"] for name in used & templates.keys())
        assert bool(used & templates.keys()) is (made.name == "everything made")


def test_every_service_leads_to_ports_of_pods(made: Output) -> None:
    for service in all_of(made.manifests, "Service"):
        (workload,) = (w for w in workloads(made.manifests) if service["spec"]["selector"].items() <= pod_metadata(w)["labels"].items())
        named = {port["name"] for container in pod_of(workload)["containers"] for port in container.get("ports", ())}
        # One without ports is one that a StatefulSet has to name and nothing connects to.
        assert {port["targetPort"] for port in service["spec"].get("ports", ())} <= named
        assert service["spec"].get("ports") or service["spec"]["clusterIP"] == "None"


def test_every_program_that_a_container_runs_from_the_configuration_is_there(made: Output) -> None:
    (config,) = (m["data"] for m in all_of(made.manifests, "ConfigMap") if m["metadata"]["name"].endswith("-config"))
    used = {
        word.removeprefix("/home/jupyter/config/")
        for _, container in all_containers(made.manifests)
        for word in container["command"]
        if word.startswith("/home/jupyter/config/")
    }
    assert used
    assert used <= config.keys()
    # And what those read in their turn.
    for text in config.values():
        assert {found for found in re.findall(r"/home/jupyter/config/([\w.]+\.(?:py|sh)|sshd_config)", text)} <= config.keys()


def test_the_connection_files_address_is_a_service_of_the_output(made: Output) -> None:
    (config,) = (m["data"] for m in all_of(made.manifests, "ConfigMap") if m["metadata"]["name"].endswith("-config"))
    location = re.search(r"IPController\.location = '([^']+)'", config["ipcontroller_config.py"])
    assert location
    name, namespace, svc = location[1].split(".")
    assert svc == "svc"
    assert [m for m in all_of(made.manifests, "Service") if (m["metadata"]["name"], m["metadata"]["namespace"]) == (name, namespace)]


def test_every_image_has_a_fixed_tag(made: Output) -> None:
    images = {container["image"] for _, container in all_containers(made.manifests)}
    assert len(images) == (2 if made.name == "everything else" else 3)
    for image in images:
        tag = re.fullmatch(r"[a-z0-9.:/_-]+/[a-z0-9-]+:([A-Za-z0-9_][A-Za-z0-9_.-]*)(@sha256:[0-9a-f]{64})?", image)
        assert tag, image
        assert tag[1] not in ("latest", "stable", "main", "master")


def test_every_option_of_the_images_is_used(outputs: dict[str, Output]) -> None:
    used = {
        (*re.split(r"/(?=[^/]*$)|:(?=[^/:]*@)|@sha256:0*", c["image"]), c["imagePullPolicy"])
        for _, c in all_containers(outputs["everything"].manifests)
    }
    digests = {"debian-ipython-fn": "1", "debian-ipython-wn": "2", "nfs-server": "3"}
    assert used == {("registry.example.org:5000/lab", name, "1.2.3", digest, "Always") for name, digest in digests.items()}


def test_no_plain_password_is_anywhere(outputs: dict[str, Output]) -> None:
    for made in outputs.values():
        texts = [content.decode() for content in made.files.values()] + [t for s in all_of(made.manifests, "Secret") for t in decoded(s).values()]
        for password in (ADA_PASSWORD, BOB_PASSWORD):
            assert not any(password in text for text in texts)


def test_secrets_hold_hashes_and_nothing_else(made: Output) -> None:
    for secret in all_of(made.manifests, "Secret"):
        for key, text in decoded(secret).items():
            assert key in ("shadow", "gshadow", "password_hash")
            if key == "shadow":
                assert all(re.fullmatch(r"!\*?|\*|\$6\$\S+", line.split(":")[1]) for line in text.splitlines())


def test_the_users_of_everything_log_in_as_the_settings_say(outputs: dict[str, Output]) -> None:
    from passlib.hash import sha512_crypt

    (shadow,) = (decoded(s)["shadow"] for s in all_of(outputs["everything"].manifests, "Secret") if "shadow" in s["data"])
    hashes = {line.split(":")[0]: line.split(":")[1] for line in shadow.splitlines()}
    assert sha512_crypt.verify(ADA_PASSWORD, hashes["ada"])
    assert sha512_crypt.verify(BOB_PASSWORD, hashes["bob"])
    assert hashes["eve"].startswith("$6$saltstring$")


def test_engines_satisfy_the_restricted_pod_security_standard(made: Output) -> None:
    for workload in workloads(made.manifests):
        if workload["metadata"]["labels"]["app.kubernetes.io/component"] == "worker":
            assert pod_security_problems(workload, restricted=True) == []


def test_the_frontend_satisfies_the_baseline_pod_security_standard(made: Output) -> None:
    (frontend,) = (w for w in workloads(made.manifests) if w["metadata"]["labels"]["app.kubernetes.io/component"] == "frontend")
    assert pod_security_problems(frontend, restricted=False) == []


def test_the_pod_that_makes_homes_on_a_claim_satisfies_the_baseline_pod_security_standard(outputs: dict[str, Output]) -> None:
    for name in ("everything claimed", "everything made"):
        (storage,) = all_of(outputs[name].manifests, "StatefulSet")
        assert pod_security_problems(storage, restricted=False) == []


def test_the_nfs_server_leaves_the_baseline_by_one_capability_alone(outputs: dict[str, Output]) -> None:
    (server,) = all_of(outputs["example"].manifests, "StatefulSet")
    assert pod_security_problems(server, restricted=False) == ["nfs-server adds DAC_READ_SEARCH"]


def pod_security_problems(workload: Manifest, *, restricted: bool) -> list[str]:
    """What a pod has that a level of https://kubernetes.io/docs/concepts/security/pod-security-standards/ forbids."""
    pod, found = pod_of(workload), []
    found += [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    found += [f"volume {v['name']}" for v in pod["volumes"] if "hostPath" in v]
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        name, security = container["name"], container["securityContext"]
        added = set(security["capabilities"].get("add", ()))
        found += [f"{name} adds {capability}" for capability in sorted(added - ({"NET_BIND_SERVICE"} if restricted else BASELINE_CAPABILITIES))]
        found += [f"{name} is privileged"] * bool(security.get("privileged"))
        found += [f"{name} has a hostPort"] * any("hostPort" in port for port in container.get("ports", ()))
        found += [f"{name} is unconfined"] * (security.get("seccompProfile", {}).get("type") == "Unconfined")
        if restricted:
            found += [f"{name} may be root"] * (not security["runAsNonRoot"] or security["runAsUser"] == 0)
            found += [f"{name} may escalate"] * security["allowPrivilegeEscalation"]
            found += [f"{name} keeps capabilities"] * ("ALL" not in security["capabilities"]["drop"])
            found += [f"{name} has no seccomp profile"] * (security.get("seccompProfile", {}).get("type") != "RuntimeDefault")
    return found
