"""What is looked for in manifests is found, and what is not there is said so that one finds it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_cluster_constructs.testing import (
    Manifest,
    all_containers,
    all_of,
    containers,
    decoded,
    environment,
    identity,
    mounted_volumes,
    one,
    pod_metadata,
    pod_of,
    secret_names,
    volumes,
    without_containers,
    workloads,
)

from .planted import app


def test_one_object_is_found_by_kind_name_and_namespace() -> None:
    assert one(app(), "ConfigMap")["data"]["color"] == "blue"
    assert one(app(), "Service", "web")["spec"]["clusterIP"] == "10.96.0.7"
    assert one(app(), "Service", "web", namespace="shop")["spec"]["clusterIP"] == "10.96.0.7"


def test_an_object_that_is_not_there_is_answered_with_what_is_and_what_is_close() -> None:
    with pytest.raises(AssertionError) as failure:
        one(app(), "Deployment", "wbe", namespace="shop")
    text = str(failure.value)
    assert text.startswith("0 of Deployment shop/wbe among ConfigMap shop/settings, Deployment shop/web, ")
    assert "; close to it: Deployment shop/web" in text


@pytest.mark.parametrize(("kind", "name", "namespace"), [("Service", None, None), ("Service", "web", "other"), ("Pod", None, None)])
def test_more_than_one_object_or_one_elsewhere_is_not_taken(kind: str, name: str | None, namespace: str | None) -> None:
    with pytest.raises(AssertionError, match=f"of {kind}"):
        one(app(), kind, name, namespace=namespace)


def test_where_there_is_nothing_it_is_said() -> None:
    with pytest.raises(AssertionError, match="among no objects at all"):
        one([], "Service")


def test_the_pods_of_every_kind_of_workload_are_found() -> None:
    def workload(kind: str, **spec: object) -> Manifest:
        return {"kind": kind, "metadata": {"name": "w", "namespace": "n"}, "spec": spec}

    pod = {"containers": [{"name": "c"}]}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod}
    made = [workload(kind, template=template) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")]
    made += [
        workload("CronJob", jobTemplate={"spec": {"template": template}}),
        workload("Pod", **pod) | {"metadata": {"name": "w", "labels": {"a": "b"}}},
    ]
    assert workloads([*made, *all_of(app(), "Service")]) == made
    for each in made:
        assert pod_of(each) == pod
        assert pod_metadata(each)["labels"] == {"a": "b"}
        assert containers(each) == {"c": {"name": "c"}}
        assert volumes(each) == {}
    assert [name for name, _ in all_containers(made)] == ["w/c"] * 7


def test_containers_volumes_and_environment_are_found_by_name() -> None:
    web = one(app(), "Deployment")
    assert list(containers(web)) == ["prepare", "server"]
    assert mounted_volumes(web, "server")["/srv"] == {"name": "files", "persistentVolumeClaim": {"claimName": "files"}}
    assert mounted_volumes(web, "prepare") == {}
    assert secret_names(volumes(web)["settings"]) == {"login"}
    assert environment(containers(web)["server"]) == {"PLAIN": "text"}
    assert volumes(one(app(), "StatefulSet"))["disk"]["claimTemplate"]["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_a_variable_that_is_given_twice_is_an_error() -> None:
    with pytest.raises(AssertionError, match="twice"):
        environment({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]})


def test_the_texts_of_a_secret_are_readable() -> None:
    assert decoded(one(app(), "Secret")) == {"password": "secret", "user": "ada"}


def test_a_workload_without_its_containers_keeps_their_names_and_the_original() -> None:
    web = one(app(), "Deployment")
    assert pod_of(without_containers(web))["containers"] == ["server"]
    assert pod_of(web)["containers"][0]["name"] == "server"


def test_messages_call_an_object_by_kind_namespace_and_name() -> None:
    assert [identity(m) for m in app()][:2] == ["Namespace shop", "ConfigMap shop/settings"]


def test_looking_into_manifests_needs_neither_jsii_nor_the_extra() -> None:
    unwanted = {"jsii", "cdk8s", "pytest", "syrupy", "kubernetes_validate", "yaml"}
    program = f"import sys, jupyter_cluster_constructs.testing; print({unwanted} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"
