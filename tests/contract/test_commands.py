"""The commands: same bytes however they are run, no stale files, nothing written on bad input."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cdk8s
import pytest
from support import ROOT

from jupyter_cluster_constructs.spec import ClusterSpec
from jupyter_cluster_constructs.synthesis import synthesize

from .outputs import SETTINGS, Output, contents, environment, project, run_app, run_main

STALE = "0009-stale.k8s.yaml"


@pytest.mark.parametrize("name", ["everything", "everything else", "everything made"])
def test_another_process_makes_the_same_bytes(tmp_path: Path, outputs: dict[str, Output], name: str) -> None:
    # Another order of sets and dicts, another locale, and python -O.
    elsewhere = {
        "PYTHONOPTIMIZE": "1",
        "PYTHONHASHSEED": "4711",
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "utf-8",
    }
    done = run_app(project(tmp_path, SETTINGS[name]), elsewhere)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "dist") == outputs[name].files


def test_a_second_run_changes_nothing_and_removes_stale_files(tmp_path: Path, outputs: dict[str, Output]) -> None:
    dist = project(tmp_path) / "dist"
    dist.mkdir()
    (dist / STALE).write_text("kind: Stale\n")
    (dist / "0000-users.k8s.yaml").write_text("old\n")
    # Of files that are no manifests nobody can tell what they would restart.
    assert "Against what was there before" not in run_main(tmp_path)
    assert contents(dist) == outputs["example"].files
    # And nothing is left beside it.
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bob.txt", "cluster.yaml", "dist"]

    assert "\n\nAgainst what was there before, kubectl apply restarts no pod.\n\nWhere the network plugin" in run_main(tmp_path)
    assert contents(dist) == outputs["example"].files


def test_a_run_after_a_change_says_what_restarts_and_what_is_left_over(tmp_path: Path) -> None:
    project(tmp_path, "name: lab\nusers: [{name: ada, uid: 1001}]\nworkers: [{}, {name: gpu}]\n")
    run_main(tmp_path)
    project(tmp_path, "name: lab\nworkers: [{memory: 2Gi}]\n")
    said = run_main(tmp_path).splitlines()
    assert (
        "Against what was there before, kubectl apply restarts the pods of statefulset/lab-nfs, deployment/lab-frontend, deployment/lab-worker."
        in said
    )
    assert (
        "kubectl apply does not remove what is no longer among the files: kubectl delete -n default"
        " persistentvolume/default.lab.home-1001 persistentvolumeclaim/lab-home-1001"
        " serviceaccount/lab-worker-gpu networkpolicy/lab-worker-gpu deployment/lab-worker-gpu"
    ) in said


def test_a_run_after_another_cluster_says_nothing_of_restarts(tmp_path: Path) -> None:
    # They have the Namespace together, which nobody should be told to delete.
    for name in ("one", "two"):
        project(tmp_path, f"name: {name}\nnamespace: science\ncreate_namespace: true\n")
        assert "Against what was there before" not in run_main(tmp_path)
    project(tmp_path, "name: two\nnamespace: science\n")
    assert "kubectl delete" not in run_main(tmp_path)


def test_a_file_of_the_admins_own_stays(tmp_path: Path) -> None:
    dist = project(tmp_path) / "dist"
    dist.mkdir()
    (dist / "README.md").write_text("mine\n")
    run_main(tmp_path)
    assert (dist / "README.md").read_text() == "mine\n"


def test_config_and_outdir_lead_elsewhere(tmp_path: Path, outputs: dict[str, Output]) -> None:
    (project(tmp_path) / "cluster.yaml").rename(tmp_path / "other.yaml")
    assert run_app(tmp_path, {"CONFIG": "other.yaml", "CDK8S_OUTDIR": "deep/out"}).returncode == 0
    assert contents(tmp_path / "deep" / "out") == outputs["example"].files
    assert not (tmp_path / "dist").exists()


def test_what_was_written_is_printed_and_nothing_else(tmp_path: Path, outputs: dict[str, Output]) -> None:
    done = run_app(project(tmp_path))
    said = done.stdout.splitlines()
    assert {f"dist/{name}" for name in outputs["example"].files} <= {*said}
    assert "  ada: locked, since there is neither a password nor a key" in said
    assert said[-1] == "Next: kubectl apply -f dist"
    assert done.stderr == ""


def test_a_file_in_the_place_of_the_output_is_told_and_kept(tmp_path: Path) -> None:
    (project(tmp_path) / "dist").write_text("mine\n")
    done = run_app(tmp_path)
    assert done.returncode == 2
    assert done.stderr == "dist: cannot be written: dist: File exists; OUT names another directory\n"
    assert (tmp_path / "dist").read_text() == "mine\n"


BAD_INPUT = {
    "an unknown key": ("name: lab\nworker: []\n", "cluster.yaml:2: worker: unknown key, did you mean workers?"),
    "an unset variable": ("name: lab\nusers:\n  - name: ada\n    uid: 1001\n    password_env: UNSET\n", "cluster.yaml:5: users[0].password_env: "),
    "a name that is too long": (f"name: {'c' * 60}\n", "cluster.yaml:1: name: received "),
    "an empty file": ("", "cluster.yaml: is empty; "),
    "no YAML": ("name: [\n", "cluster.yaml:2: is not YAML: "),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_ends_with_2_and_one_line_and_keeps_the_old_output(tmp_path: Path, name: str) -> None:
    text, error = BAD_INPUT[name]
    dist = project(tmp_path, text) / "dist"
    dist.mkdir()
    (dist / "0000-users.k8s.yaml").write_text("kept: true\n")
    before = contents(tmp_path)
    written = (dist / "0000-users.k8s.yaml").stat().st_mtime_ns
    done = run_app(tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(error)
    assert contents(tmp_path) == before
    assert (dist / "0000-users.k8s.yaml").stat().st_mtime_ns == written


def test_a_missing_file_ends_with_2(tmp_path: Path) -> None:
    done = run_app(tmp_path, {"CONFIG": "none.yaml"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "none.yaml: there is no such file; CONFIG or --config names another one\n"
    assert list(tmp_path.iterdir()) == []


def test_several_mistakes_are_a_line_each(tmp_path: Path) -> None:
    done = run_app(project(tmp_path, "name: lab\nworker: []\nusers:\n  - name: root\n    uid: 0\n"))
    assert done.returncode == 2
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["cluster.yaml:2", "cluster.yaml:5"]


def test_a_run_that_fails_on_the_way_keeps_the_old_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / STALE).write_text("kept: true\n")

    def half(app: cdk8s.App) -> None:
        (Path(app.outdir) / "0000-users.k8s.yaml").write_text("half: tr")
        raise OSError("No space left on device")

    monkeypatch.setattr(cdk8s.App, "synth", half)
    with pytest.raises(OSError, match="No space"):
        synthesize(ClusterSpec(name="lab"), dist)
    assert contents(tmp_path) == {f"dist/{STALE}": b"kept: true\n"}


def test_a_process_that_changed_its_directory_writes_where_it_is(tmp_path: Path) -> None:
    # Node has been started by then, and is elsewhere.
    program = (
        "import os, pathlib, cdk8s; os.chdir('inner');"
        "from jupyter_cluster_constructs.synthesis import synthesize, ClusterSpec;"
        "print(*synthesize(ClusterSpec(name='lab'), pathlib.Path('dist')), sep='\\n')"
    )
    (tmp_path / "inner" / "dist").mkdir(parents=True)
    (tmp_path / "inner" / "dist" / STALE).write_text("kind: Stale\n")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert {f"inner/{name}" for name in done.stdout.split()} == contents(tmp_path).keys()
    assert len(contents(tmp_path)) == 5


def test_cdk8s_synth_makes_the_same_bytes_and_removes_stale_files(tmp_path: Path, outputs: dict[str, Output]) -> None:
    assert (ROOT / "node_modules" / ".bin" / "cdk8s").exists(), "`make node_modules` comes before this test; `make test` does both"
    dist = project(tmp_path) / "dist"
    dist.mkdir()
    (dist / STALE).write_text("kind: Stale\n")
    for name in ("app.py", "cdk8s.yaml", "package.json"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    python = Path(sys.executable)
    done = subprocess.run(
        ["npx", "cdk8s", "synth"],
        cwd=tmp_path,
        env=environment({"PYTHON": str(python), "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert contents(dist) == outputs["example"].files


def test_the_images_that_are_built_are_those_of_the_manifests(tmp_path: Path) -> None:
    directory = project(tmp_path, SETTINGS["everything"])
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_cluster_constructs.images"], cwd=directory, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "--registry registry.example.org:5000/lab --tag 1.2.3\n"
