"""The program jupyter-cluster as scripts, shells and terminals use it."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from command import SCRIPT, run, run_script
from passlib.handlers.sha2_crypt import sha512_crypt

from jupyter_cluster_constructs import __version__
from jupyter_cluster_constructs.schema import schema_text
from jupyter_cluster_constructs.settings_file import load_cluster

ESCAPE = "\x1b"
WORD = "correct horse battery"
INTERRUPT = "\x03"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "cluster.yaml").write_text("name: lab\nusers: [{name: ada, uid: 1001}, {name: adele, uid: 1002}, {name: bob, uid: 1003}]\n")
    return tmp_path / "cluster.yaml"


def in_terminal(arguments: Sequence[str], answers: Sequence[tuple[str, str]], directory: Path) -> tuple[int, str]:
    """Run the program in a terminal of its own and answer what it asks: the exit code, and all that it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        # A job in the background ignores it, and so do its children.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(directory)
        os.execv(SCRIPT, [str(SCRIPT), *arguments])
    shown, waiting, typed, presses = "", list(answers), "", 0
    while True:
        if typed == INTERRUPT and presses < 5 and not select.select([terminal], [], [], 10)[0]:
            # Python takes a signal between its look for one and its `read` with the next: who is not heard presses again.
            os.write(terminal, typed.encode())
            presses += 1
            continue
        try:
            part = os.read(terminal, 4096).decode() if select.select([terminal], [], [], 60)[0] else ""
        except OSError:
            part = ""
        if not part:
            break
        shown += part
        # What is typed before the space after the question is thrown away by getpass.
        if waiting and waiting[0][0] in shown.rpartition("\n")[2] and shown.endswith(" "):
            typed = waiting.pop(0)[1]
            os.write(terminal, typed.encode())
            shown += "\n"
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def test_help_needs_neither_node_nor_kubernetes() -> None:
    program = (
        "import sys; from jupyter_cluster_constructs.cli.app import app\n"
        "app(['--help'], standalone_mode=False); print(sorted({'cdk8s', 'jsii', 'kubernetes'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"jupyter-cluster {__version__}\n"


def test_no_command_is_a_question_for_help() -> None:
    done = run()
    assert "Usage: jupyter-cluster" in done.output.replace("Usage: root", "Usage: jupyter-cluster")
    for command in ("init", "user", "schema", "synth"):
        assert command in done.output


@pytest.mark.parametrize("missing", ["typer", "rich", "kubernetes"])
def test_without_the_extra_there_is_one_line_and_no_traceback(missing: str) -> None:
    program = (
        "import importlib.util, sys; known = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *rest: None if name == {missing!r} else known(name, *rest)\n"
        "from jupyter_cluster_constructs.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"jupyter-cluster needs {missing}: pip install 'jupyter-cluster-constructs[cli]'\n"


def test_an_unknown_option_is_bad_usage(file: Path) -> None:
    assert run_script("user", "list", "--nope", directory=file.parent).returncode == 2


def test_a_pipe_gets_neither_colours_nor_a_table_that_is_cut(file: Path) -> None:
    done = run_script("user", "list", directory=file.parent, COLUMNS="20")
    assert done.returncode == 0
    assert ESCAPE not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 4
    assert ESCAPE not in run_script("user", "remove", "eve", directory=file.parent).stderr


def test_a_terminal_gets_colours_unless_it_wants_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert f"{ESCAPE}[31m" in in_terminal(["user", "remove", "eve"], [], file.parent)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert f"{ESCAPE}[31m" not in in_terminal(["user", "remove", "eve"], [], file.parent)[1]


def test_whoever_reads_no_further_is_no_traceback(file: Path) -> None:
    done = subprocess.run(f"'{SCRIPT}' schema - | head -c 1", shell=True, cwd=file.parent, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{", "")


def test_a_mistake_in_the_settings_exits_with_2_on_stderr(file: Path) -> None:
    file.write_text("name: Lab\n")
    done = run_script("synth", directory=file.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cluster.yaml:1: name: received 'Lab'; allowed: small letters, digits and -, a letter first\n"


def test_passwords_are_asked_for_twice_and_not_shown(file: Path) -> None:
    code, shown = in_terminal(
        ["user", "passwd", "ada"],
        [("Password of ada", f"{WORD}\n"), ("The same again", "other\n"), ("Password of ada", f"{WORD}\n"), ("The same again", f"{WORD}\n")],
        file.parent,
    )
    assert code == 0, shown
    assert WORD not in shown
    assert sha512_crypt.verify(WORD, load_cluster(file).users[0].password_hash)


def test_an_interrupted_question_exits_with_130_and_changes_nothing(file: Path) -> None:
    before = file.read_text()
    code, shown = in_terminal(["user", "passwd", "ada"], [("Password of ada", INTERRUPT)], file.parent)
    assert code == 130, shown
    assert "interrupted" in shown
    assert "Traceback" not in shown
    assert file.read_text() == before


def test_a_password_is_in_no_process_list(file: Path) -> None:
    with subprocess.Popen(
        [SCRIPT, "user", "add", "eve", "--password-stdin"], cwd=file.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        seen, done = list[str](), threading.Event()

        def look() -> None:
            while not done.is_set():
                seen.append(subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True).stdout)

        watcher = threading.Thread(target=look)
        watcher.start()
        process.communicate(f"{WORD}\n".encode())
        done.set()
        watcher.join()
    assert any("user add eve" in processes for processes in seen)
    assert not any(WORD in processes for processes in seen)


def test_questions_in_a_terminal_make_a_file(tmp_path: Path) -> None:
    questions = [
        ("Name of the cluster", "Lab\n"), ("Name of the cluster", "chem\n"), ("Namespace", "\n"),
        ("first user", "root\n"), ("first user", "ada\n"), ("uid of ada", "12\n"), ("uid of ada", "\n"),
        ("Public SSH key of ada", "none\n"), ("A password for ada", "y\n"), ("Password of ada", f"{WORD}\n"), ("The same again", f"{WORD}\n"),
        ("empty: no more", "\n"), ("Where homes live", "disk\n"), ("Where homes live", "nfs\n"),
        ("Address of the NFS", "10.0.0.5\n"), ("Directory on it", "srv\n"), ("Directory on it", "/srv\n"),
        ("Number of engines", "-1\n"), ("Number of engines", "4\n"), ("Memory of each", "2Gi\n"),
    ]  # fmt: skip
    code, shown = in_terminal(["init"], questions, tmp_path)
    assert code == 0, shown
    spec = load_cluster(tmp_path / "cluster.yaml")
    assert (spec.name, spec.workers[0].replicas, spec.workers[0].memory, spec.users[0].uid) == ("chem", 4, "2Gi", 1001)
    assert spec.storage.external is not None
    assert (spec.storage.external.server, spec.storage.external.path) == ("10.0.0.5", "/srv")
    assert sha512_crypt.verify(WORD, spec.users[0].password_hash)
    assert WORD not in shown


def test_nothing_waits_for_an_answer_where_nobody_is(tmp_path: Path) -> None:
    done = subprocess.run([SCRIPT, "init", "--offline"], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "cluster.yaml").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_be_taught_completion(tmp_path: Path, shell: str) -> None:
    done = run_script("--show-completion", shell, directory=tmp_path, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert (done.returncode, "_JUPYTER_CLUSTER_COMPLETE" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(("typed", "names"), [("ad", ["ada", "adele"]), ("", ["ada", "adele", "bob"]), ("x", [])])
def test_user_names_are_completed_from_the_file(file: Path, typed: str, names: list[str]) -> None:
    words = f"jupyter-cluster user remove {typed}"
    found = run_script(directory=file.parent, _JUPYTER_CLUSTER_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="3")
    assert found.stdout.split() == names
    file.write_text("users: {")
    broken = run_script(directory=file.parent, _JUPYTER_CLUSTER_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="3")
    assert (broken.stdout.strip(), broken.stderr) == ("", "")


def test_the_schema_is_written_and_a_file_of_something_else_is_not_lost(file: Path) -> None:
    assert run_script("schema", "-", directory=file.parent).stdout == schema_text()
    assert run_script("schema", directory=file.parent).returncode == 0
    written = file.parent / "cluster.schema.json"
    assert written.read_text() == schema_text()
    written.write_text(json.dumps({"title": "ClusterSpec", "of": "an older version"}))
    assert run_script("schema", directory=file.parent).returncode == 0
    assert written.read_text() == schema_text()
    before = file.read_text()
    done = run_script("schema", "cluster.yaml", directory=file.parent)
    assert (done.returncode, done.stderr) == (2, "cluster.yaml: is there, and no JSON Schema of these settings; name another file\n")
    assert file.read_text() == before


def test_synth_writes_what_the_app_writes_and_says_the_same(file: Path) -> None:
    (file.parent / "app.py").write_text("from jupyter_cluster_constructs.synthesis import main\nmain()\n")
    kept = {key: value for key, value in os.environ.items() if key not in {"CONFIG", "CDK8S_OUTDIR"}}
    app = subprocess.run([sys.executable, "app.py"], cwd=file.parent, env=kept, capture_output=True, text=True, check=True)
    written = {path.name: path.read_bytes() for path in (file.parent / "dist").iterdir()}
    done = run_script("synth", "--out", "other", directory=file.parent)
    assert done.stdout == app.stdout.replace("dist/000", "other/000").replace("kubectl apply -f dist", "kubectl apply -f other")
    assert {path.name: path.read_bytes() for path in (file.parent / "other").iterdir()} == written


def test_synth_tells_programs_the_files_objects_and_changes(file: Path) -> None:
    first = json.loads(run_script("synth", "--json", directory=file.parent).stdout)
    assert first["changes"] is None
    assert first["files"][0] == {
        "file": "dist/0000-users.k8s.yaml",
        "objects": [{"apiVersion": "v1", "kind": kind, "namespace": "default", "name": "lab-users"} for kind in ("ConfigMap", "Secret")],
    }
    second = json.loads(run_script("synth", "--json", directory=file.parent).stdout)
    assert second["changes"] == {"restarted": [], "refused": [], "left_over": [], "disks": []}
    done = run_script("synth", "--out", "cluster.yaml", directory=file.parent)
    assert (done.returncode, done.stderr) == (2, "cluster.yaml: cannot be written: cluster.yaml: File exists; --out names another directory\n")


def test_synth_without_node_says_how_to_get_it(file: Path) -> None:
    program = "import os; from jupyter_cluster_constructs.cli import main; os.environ.pop('JSII_NODE', None); main()"
    done = subprocess.run([sys.executable, "-c", program, "synth"], cwd=file.parent, env={"PATH": "/nowhere"}, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'jupyter-cluster-constructs[node]'" in done.stderr
    assert not (file.parent / "dist").exists()
