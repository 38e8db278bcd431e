"""The whole output: schemas, references, names, images, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from support import ROOT, all_containers, all_of, decoded, pod_metadata, pod_of, read, workloads

from jupyter_cluster_constructs.testing import (
    claims_of_templates,
    duplicate_problems,
    image_problems,
    kubernetes_versions,
    mount_problems,
    reference_problems,
    references,
    schema_problems,
    scope_problems,
    selector_problems,
)
from jupyter_cluster_constructs.testing.schemas import strict

from .outputs import ADA_PASSWORD, BOB_PASSWORD, EXISTING, NAMESPACES, Output

# Of these kinds Kubernetes has no schema of its own, but a CRD.
CRDS = sorted((ROOT / "imports" / "crds").glob("*.yaml"))
CUSTOM_KINDS = {crd["spec"]["names"]["kind"]: file.name for file in CRDS for crd in read(file)}
CLUSTER_SCOPED = {"Namespace", "PersistentVolume"}

__all__ = ["CRDS", "CUSTOM_KINDS", "nodes", "strict"]


def test_every_kubernetes_from_1_27_to_the_newest_is_looked_at() -> None:
    versions = kubernetes_versions()
    assert versions[0] == "1.27"
    assert len(versions) > 10


@pytest.mark.parametrize("version", kubernetes_versions())
def test_every_manifest_is_one_of_kubernetes(made: Output, version: str) -> None:
    assert len(made.manifests) > 10
    assert schema_problems(made.manifests, versions=[version], crds=CRDS) == []


def test_routes_are_of_their_crd(outputs: dict[str, Output]) -> None:
    routes = all_of(outputs["everything else"].manifests, "HTTPRoute")
    assert len(routes) == 2
    assert schema_problems(routes, crds=CRDS) == []
    for route in routes:
        route["spec"]["hostname"] = "misspelt"
        assert schema_problems([route], crds=CRDS) != []
        del route["spec"]["hostname"]


def test_no_object_is_there_twice_and_no_address_is_asked_for_twice(made: Output) -> None:
    assert duplicate_problems(made.manifests) == []


def test_every_object_is_in_a_namespace_if_its_kind_can_be(made: Output) -> None:
    assert scope_problems(made.manifests) == []


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


def test_whatever_is_referred_to_is_there(made: Output) -> None:
    assert reference_problems(made.manifests, existing=EXISTING[made.name]) == []


def test_a_workloads_selector_selects_its_own_pods_and_no_others(made: Output) -> None:
    assert selector_problems(made.manifests) == []


def test_every_mount_has_its_volume_and_nothing_is_in_a_pod_twice(made: Output) -> None:
    assert mount_problems(made.manifests) == []


def test_a_claim_of_a_template_that_other_pods_use_too_is_readwritemany(outputs: dict[str, Output]) -> None:
    # A claim of one node alone would keep the pods of all others waiting for ever.
    for made in outputs.values():
        templates = {claim["metadata"]["name"]: claim["spec"]["accessModes"] for claim in claims_of_templates(made.manifests)}
        used = {reference.name for m in made.manifests for reference in references(m) if reference.kind == "PersistentVolumeClaim"}
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
    assert image_problems(made.manifests) == []
    # None of them is named by a digest alone.
    assert all(re.fullmatch(r"[a-z0-9.:/_-]+/[a-z0-9-]+:\w[\w.-]*(@sha256:[0-9a-f]{64})?", image) for image in images)


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
    from passlib.handlers.sha2_crypt import sha512_crypt

    (shadow,) = (decoded(s)["shadow"] for s in all_of(outputs["everything"].manifests, "Secret") if "shadow" in s["data"])
    hashes = {line.split(":")[0]: line.split(":")[1] for line in shadow.splitlines()}
    assert sha512_crypt.verify(ADA_PASSWORD, hashes["ada"])
    assert sha512_crypt.verify(BOB_PASSWORD, hashes["bob"])
    assert hashes["eve"].startswith("$6$saltstring$")
