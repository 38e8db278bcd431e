"""Draw the objects of the example and what refers to what, from its manifests: `python docs/picture.py` brings docs/explanation.md up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jupyter_cluster_constructs.testing import Manifest, claims_of_templates, pod_metadata, references, synth_charts, workloads

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "explanation.md"
BEGIN, END = "<!-- from docs/picture.py, which draws it from the manifests of cluster.yaml -->\n", "<!-- end -->\n"
# Every workload has one of each, which refer to it alone.
LEFT_OUT = {"NetworkPolicy", "ServiceAccount"}
SHAPES = {
    "ConfigMap": "[/{}/]",
    "Deployment": "[{}]",
    "PersistentVolume": "[({})]",
    "PersistentVolumeClaim": "[({})]",
    "Secret": "[/{}/]",
    "Service": "([{}])",
    "StatefulSet": "[{}]",
}


def picture() -> str:
    """The flowchart, in mermaid's words."""
    charts = synth_charts(str(DOCS.parent / "cluster.yaml"))
    made = [manifest for chart in charts.values() for manifest in chart]
    claims = list(claims_of_templates(made))
    there = {_id(manifest) for manifest in [*made, *claims] if manifest["kind"] not in LEFT_OUT}
    return "".join(
        [
            "flowchart LR\n",
            *(line for chart, manifests in charts.items() for line in _box(chart, manifests)),
            *(f"  {_node(claim)}\n" for claim in claims),
            *_lines([(start, arrow, end) for start, arrow, end in _arrows(made, claims) if {start, end} <= there]),
        ]
    )


def page() -> str:
    """The page with the picture as it is now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n```mermaid\n{picture()}```\n\n{END}{after}"


def _box(chart: str, manifests: list[Manifest]) -> Iterator[str]:
    yield f"  subgraph {chart}\n"
    yield from (f"    {_node(manifest)}\n" for manifest in manifests if manifest["kind"] not in LEFT_OUT)
    yield "  end\n"


def _arrows(made: list[Manifest], claims: list[Manifest]) -> Iterator[tuple[str, str, str]]:
    addresses = {m["spec"]["clusterIP"]: _id(m) for m in made if m["kind"] == "Service" and m["spec"].get("clusterIP")}
    for manifest in made:
        for reference in references(manifest):
            yield _id(manifest), "-->", _identifier(reference.kind, reference.name)
        if manifest["kind"] == "Service":
            wanted = manifest["spec"]["selector"].items()
            yield from ((_id(manifest), "==>", _id(w)) for w in workloads(made) if wanted <= pod_metadata(w)["labels"].items())
        if manifest["kind"] == "PersistentVolume" and "nfs" in manifest["spec"]:
            yield _id(manifest), "-.->|address|", addresses.get(manifest["spec"]["nfs"]["server"], "")
    for claim in claims:
        owner = claim["metadata"]["name"].split("-", 1)[1].rsplit("-", 1)[0]
        yield _identifier("StatefulSet", owner), "-->|template|", _id(claim)


def _lines(arrows: list[tuple[str, str, str]]) -> Iterator[str]:
    for start, arrow, end in dict.fromkeys(arrows):
        # Two that name each other are one line.
        both = arrow == "-->" and (end, "-->", start) in arrows
        if not both or start < end:
            yield f"  {start} {'<-->' if both else arrow} {end}\n"


def _node(manifest: Manifest) -> str:
    text = f'"{manifest["kind"]}<br>{manifest["metadata"]["name"]}"'
    return _id(manifest) + SHAPES.get(manifest["kind"], "[{}]").format(text)


def _id(manifest: Manifest) -> str:
    return _identifier(manifest["kind"], manifest["metadata"]["name"])


def _identifier(kind: str, name: str) -> str:
    return re.sub(r"\W", "_", f"{kind}_{name}")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
