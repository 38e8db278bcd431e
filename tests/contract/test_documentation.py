"""What README and docs say is what the library does, and docs/ is a site without a loose end."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import documents
import pytest
from documents import pages
from markdown_it import MarkdownIt

import jupyter_cluster_constructs
from jupyter_cluster_constructs import spec, testing
from jupyter_cluster_constructs.schema import settings_table
from jupyter_cluster_constructs.spec import ClusterSpec, Storage

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def drawn_by_hand(page: str) -> list[str]:
    return [block.text for block in documents.blocks(page) if block.language == "mermaid" and block.text.startswith("sequenceDiagram")]


def blocks(language: str) -> list[str]:
    return [text for kind, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL) if kind == language]


def test_the_table_of_all_settings_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == settings_table()


@pytest.mark.parametrize("key", ClusterSpec.model_fields)
def test_every_group_of_settings_is_in_the_table_of_readme(key: str) -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `")]
    assert any(f"`{key}" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("key", Storage.model_fields)
def test_every_setting_of_the_storage_is_in_the_table_of_readme(key: str) -> None:
    assert any(f"`{key}`" in row or f"`storage.{key}`" in row for row in README.splitlines() if row.startswith("| `storage"))


def test_readme_shows_what_make_synth_prints(tmp_path: Path) -> None:
    environment = os.environ | {"CONFIG": str(ROOT / "cluster.yaml"), "CDK8S_OUTDIR": "dist"}
    printed = subprocess.run([sys.executable, ROOT / "app.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed in blocks("")


def test_the_app_of_readme_writes_one_file_with_the_whole_cluster(tmp_path: Path) -> None:
    (app,) = (block for block in blocks("python") if "cdk8s.App" in block)
    environment = os.environ | {"ADA_PASSWORD": "only for this test"}
    subprocess.run([sys.executable, "-c", app], cwd=tmp_path, env=environment, check=True)
    (written,) = (tmp_path / "dist").glob("*.k8s.yaml")
    kinds = re.findall(r"^kind: (\w+)$", written.read_text(), re.MULTILINE)
    of_pods = {"StatefulSet", "Deployment", "Service", "ServiceAccount", "NetworkPolicy"}
    assert of_pods | {"Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim"} == set(kinds)


def test_every_make_target_that_readme_names_exists() -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z0-9_]+)", README, re.MULTILINE))
    assert named
    assert named <= set(re.findall(r"^([a-z0-9_]+):", MAKEFILE, re.MULTILINE))


def test_every_document_that_is_referred_to_exists() -> None:
    texts = [*(ROOT / "src").rglob("*.py"), ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {name for file in texts for name in re.findall(r"\bdocs/[\w/-]+\.md", file.read_text(encoding="utf-8"))}
    assert "docs/operations.md" in named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it."""
    (command,) = re.findall(r"^docs:.*\n\t(.*)$", MAKEFILE, re.MULTILINE)
    directory = tmp_path_factory.mktemp("site")
    words = command.replace("$(BIN)", str(Path(sys.executable).parent)).replace("--quiet", "")
    done = subprocess.run(f"{words} --site-dir {directory}", shell=True, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search("WARNING|ERROR", done.stdout + done.stderr)
    return directory


def test_every_page_is_built_and_in_the_navigation(site: Path) -> None:
    built = {str(Path(page).relative_to("docs").with_suffix(".html")) for page in pages() if page.startswith("docs/")}
    linked = set(re.findall(r'<a href="([^"#]+)" class="md-nav__link', (site / "index.html").read_text()))
    assert {page for page in built if not (site / page).exists()} == set()
    assert built - linked - {"index.html"} == set()


def test_the_site_loads_nothing_from_another_host(site: Path) -> None:
    elements = [element for file in site.rglob("*.html") for element in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", file.read_text())]
    assert elements
    assert [element for element in elements if re.search(r"(?:src|href)=[\"']?(?:https?:)?//", element)] == []
    # Without it the theme would fetch what draws the pictures.
    assert 'globalThis["mermaid"]' in (site / "javascripts" / "mermaid.js").read_text()
    assert "javascripts/mermaid.js" in (site / "explanation.html").read_text()


@pytest.mark.parametrize("page", [page for page in pages() if drawn_by_hand(page)])
def test_a_sequence_is_drawn_without_a_mistake(page: str) -> None:
    # Flowcharts need a browser, also to be read alone.
    program = """
        const [script, ...pictures] = process.argv.slice(1);
        require("vm").runInThisContext(require("fs").readFileSync(script, "utf8"));
        Promise.all(pictures.map((picture) => mermaid.parse(picture))).catch((error) => { console.error(error.message); process.exit(1); });
    """
    script = ROOT / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
    node = Path(sys.executable).with_name("node")
    done = subprocess.run([node, "-e", program, script, *drawn_by_hand(page)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", pages())
def test_every_relative_link_leads_to_a_file(page: str) -> None:
    tokens = [child for token in MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text()) for child in token.children or ()]
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    relative = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in relative if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_everything_public_is_in_the_reference(site: Path) -> None:
    text = "".join(file.read_text() for file in (site / "reference").glob("*.html"))
    modules = {
        jupyter_cluster_constructs: {"__version__"},
        testing: set(),
        spec: {"JUPYTER_PORT", "JUPYTER_SERVICE_PORT", "SSHD_PORT", "Settings", "default_cluster_ip"},
    }
    public = {name for module, inner in modules.items() for name in set(module.__all__) - inner}
    assert {name for name in public if not re.search(rf'<h\d id="jupyter_cluster_constructs\.[\w.]*\b{name}"', text)} == set()


def test_the_picture_of_the_objects_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs")
    picture = importlib.import_module("picture")
    assert (ROOT / "docs" / "explanation.md").read_text() == picture.page(), "python docs/picture.py brings it up to date"
