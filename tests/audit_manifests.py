"""Let checkov look at the manifests of every kind of storage: each check that fails has a reason in docs/security.md.

Usage: audit_manifests.py CHECKOV DIST, the program and a directory with manifests that are looked at too.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.outputs import EXAMPLE, SETTINGS, project, run_main
from ruamel.yaml import YAML
from support import ROOT, read, workloads

from jupyter_cluster_constructs.spec import pods

REASONS = ROOT / "docs" / "security.md"
SECTION = "## What checkov says"
# What is no pod, such as a ConfigMap.
OTHERS = "others"
COMPONENT = "app.kubernetes.io/component"
# Checks of the control plane's flags, by their classes' names: every pod that is none of its programs passes them.
CONTROL_PLANE = re.compile(r"(ApiServer|KubeControllerManager|ControllerManager|Scheduler|Etcd|Kubele?t|RotateKubelet|PeerClientCertAuth)[A-Za-z]*")
# Root with a capability alone fails three, CKV_K8S_23, 25 and 40, and sshd, the NFS server and what gives homes to their owners have to be that.
LEAST_PERCENT, MOST_FAILED = 93, 4
Failure = tuple[str, str]


@dataclass
class Template:
    """What checkov says of the pods of a workload.

    Args:
        component: what they are of the cluster.
        passed: how many checks of pods they pass.
        failed: the checks that they fail.
    """

    component: str
    passed: int = 0
    failed: set[str] = field(default_factory=set)

    @property
    def percent(self) -> float:
        """The share of checks that they pass."""
        return 100 * self.passed / (self.passed + len(self.failed))


@dataclass(frozen=True)
class Audit:
    """What checkov says of the manifests in a directory.

    Args:
        templates: of the pods of each workload, by its name.
        failures: each failed check and where it fails.
    """

    templates: dict[str, Template]
    failures: frozenset[Failure]


def audited(checkov: str, directory: Path) -> Audit:
    command = [checkov, "--framework", "kubernetes", "--skip-download", "--compact", "--output", "json", "--directory", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True)
    # It exits with 1 when a check fails.
    if done.returncode > 1 or not done.stdout.startswith("{"):
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    results = json.loads(done.stdout)["results"]
    made = workloads(read(*sorted(directory.rglob("*.yaml"))))
    templates = {f"{w['metadata']['namespace']}/{w['metadata']['name']}": Template(w["metadata"]["labels"][COMPONENT]) for w in made}
    failures = set()
    for check in (*results["passed_checks"], *results["failed_checks"]):
        kind, namespace, name = check["resource"].split(".")[:3]
        template = templates[f"{namespace}/{name}"] if kind in ("Deployment", "StatefulSet", "Pod") else None
        is_failed = check["check_result"]["result"] == "FAILED"
        if is_failed:
            failures.add((check["check_id"], template.component if template else OTHERS))
        if template and not CONTROL_PLANE.fullmatch(check["check_class"].rpartition(".")[2]):
            template.passed += not is_failed
            template.failed |= {check["check_id"]} if is_failed else set()
    return Audit(templates, frozenset(failures))


def answered(settings: Any) -> Any:
    """Settings in which everything is said that checks ask for and only settings can say: a namespace, digests, that there are policies."""
    images = settings.get("images", {}) | {"digests": dict.fromkeys(typing.get_args(pods.ImageName), f"sha256:{'0' * 64}")}
    closed = {"namespace": "audit", "images": images, "network": settings.get("network", {}) | {"policies": True}}
    # Policies ask who may read the metrics.
    metrics = {"metrics": {"allowed_from": [{"namespace": "monitoring"}]} | settings["metrics"]} if "metrics" in settings else {}
    return settings | closed | metrics


def synthesized(settings: Any, directory: Path) -> None:
    """Write the settings' manifests, and nothing else, into a directory."""
    text = io.StringIO()
    YAML().dump(settings, text)
    with tempfile.TemporaryDirectory() as made:
        run_main(project(Path(made), text.getvalue()))
        shutil.copytree(Path(made, "dist"), directory)


def reasons(page: str) -> set[Failure]:
    """The checks that the page's table lists, each with where it may fail."""
    section = page.partition(f"\n{SECTION}\n")[2].partition("\n## ")[0]
    rows = [row.strip("| ").split("|") for row in section.splitlines() if re.match(r"\| *`?CKV", row)]
    return {(row[0].strip(" `"), where) for row in rows for where in re.findall("`([a-z]+)`", row[2])}


def table(templates: Mapping[str, Template]) -> Iterator[str]:
    """The figures as lines."""
    yield f"{'pods of':<32}{'passed':>8}{'failed':>8}{'%':>8}"
    for name, template in templates.items():
        yield f"{name:<32}{template.passed:>8}{len(template.failed):>8}{template.percent:>8.1f}  {' '.join(sorted(template.failed))}"
    yield f"{'all':<32}{sum(t.passed for t in templates.values()):>8}{sum(len(t.failed) for t in templates.values()):>8}{percent(templates):>8.1f}"


def percent(templates: Mapping[str, Template]) -> float:
    """The share of checks that all pass together."""
    passed = sum(t.passed for t in templates.values())
    return 100 * passed / (passed + sum(len(t.failed) for t in templates.values()))


def complaints(listed: Set[Failure], failures: Set[Failure], templates: Mapping[str, Template]) -> Iterator[str]:
    """What is not as it has to be."""
    for check, where in sorted(failures - listed):
        yield f"{check} fails in {where}: fix it, or give the reason in {REASONS.name}, {SECTION!r}"
    for check, where in sorted(listed - failures):
        yield f"{check} no longer fails in {where}: take it out of {REASONS.name}"
    if percent(templates) < LEAST_PERCENT:
        yield f"{percent(templates):.1f} % of the pods' checks are passed; at least {LEAST_PERCENT} % have to be"
    for name, template in templates.items():
        if len(template.failed) > MOST_FAILED:
            yield f"{name}: {len(template.failed)} checks fail; at most {MOST_FAILED} may"


def main(checkov: str, dist: str) -> None:
    """Look at everything, print the figures, and exit with 1 when something is not as it has to be."""
    parser = YAML(typ="safe")
    with tempfile.TemporaryDirectory() as made:
        example, others = Path(made, "example"), Path(made, "answered")
        synthesized(parser.load(EXAMPLE), example)
        for name, file in SETTINGS.items():
            synthesized(answered(parser.load(file)), others / name.replace(" ", "-"))
        as_it_is, given, all_kinds = audited(checkov, example), audited(checkov, Path(dist)), audited(checkov, others)
    print("The example as it is:", *table(as_it_is.templates), "", sep="\n")
    print("Every kind of storage, with a namespace, digests of images and policies:", *table(all_kinds.templates), "", sep="\n")
    failures = as_it_is.failures | all_kinds.failures
    listed = reasons(REASONS.read_text(encoding="utf-8"))
    found = [
        *complaints(listed, failures, all_kinds.templates),
        *(f"{dist}: {c} fails in {w}" for c, w in sorted(given.failures - failures - listed)),
    ]
    print(*found or [f"Every failed check has its reason in {REASONS.relative_to(ROOT)}."], sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
