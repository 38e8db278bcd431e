"""The blocks of the documentation that need a cluster, as a reader types them: the whole tutorial, and on its cluster those of the other pages.

What differs from the reader's: a namespace of the test's own, images that are there already, and an ssh that knows no other hosts and keys.
"""

from __future__ import annotations

import ipaddress
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest
from documents import Block, blocks, pages, project_copy, readers_environment
from ruamel.yaml import YAML

from jupyter_cluster_constructs.spec import default_cluster_ip

from .cluster import Cluster, node_networks
from .conftest import NAMESPACE
from .kube import items, kubectl
from .others import CPU
from .terminal import Terminal, terminal

TUTORIAL = "docs/tutorial.md"
SETTINGS, END = "2. The settings", "9. Remove it"
OWN = f"e2e-tutorial-{NAMESPACE}"
OTHERS = [page for page in pages() if page != TUTORIAL and any(block.needs_a_cluster for block in blocks(page))]
SSH_OPTIONS = {"StrictHostKeyChecking": "accept-new", "IdentityAgent": "none", "LogLevel": "ERROR", "ConnectionAttempts": "20"}


@dataclass(frozen=True)
class Reader:
    """Who follows the tutorial.

    Attributes:
        directory: their checkout.
        terminal: their terminal in it.
        printed: what the tutorial's blocks printed, by the heading above them.
    """

    directory: Path
    terminal: Terminal
    printed: dict[str, str] = field(default_factory=dict)

    def follow(self, block: Block) -> str:
        """Do what a block says: save a file, type into a shell, or type Python into a session."""
        if block.title is not None:
            (self.directory / block.title).write_text(block.text)
            return ""
        if block.language == "python":
            (self.directory / "typed.py").write_text(block.text)
            return self.terminal.run("ssh -i lab.key -p 2222 ada@localhost python - < typed.py")
        printed = self.terminal.run(block.text)
        if block.heading == SETTINGS:
            self.settle()
        return printed

    def settle(self) -> None:
        """Add to the settings what is particular to the test's cluster."""
        file = self.directory / "cluster.yaml"
        settings = YAML().load(file)
        settings |= {"namespace": OWN, "frontend": {name: {"cpu": CPU} for name in ("controller", "jupyter", "sshd")}} | node_networks()
        settings["workers"][0]["cpu"] = CPU
        # `init` chose for the namespace `default`, where the tests' first cluster may have that address.
        given = os.environ.get("E2E_NFS_ADDRESS")
        address = str(ipaddress.ip_address(given) + 1) if given else default_cluster_ip(OWN, settings["name"])
        settings["storage"]["local"]["cluster_ip"] = address
        YAML().dump(settings, file)


def ours(page: str) -> list[Block]:
    """The blocks of a page that run here."""
    typed = [block for block in blocks(page) if block.language in ("python", "sh") and block.excuse is None]
    return [block for block in typed if block.needs_a_cluster or page == TUTORIAL]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    around = tmp_path_factory.mktemp("tutorial")
    directory = project_copy(around / "project")
    environment = readers_environment(directory)
    (around / "bin").mkdir()
    config = around / "ssh_config"
    config.write_text("".join(f"{key} {value}\n" for key, value in {**SSH_OPTIONS, "UserKnownHostsFile": around / "known_hosts"}.items()))
    for program in ("scp", "ssh"):
        wrapper = around / "bin" / program
        wrapper.write_text(f'#!/bin/sh\nPATH="${{PATH#*:}}" exec {program} -F {config} "$@"\n')
        wrapper.chmod(0o755)
    (around / "kubeconfig").write_text(kubectl("config", "view", "--raw", "--minify", "--flatten"))
    kubectl("--kubeconfig", str(around / "kubeconfig"), "config", "set-context", "--current", f"--namespace={OWN}")
    environment |= {"PATH": f"{around / 'bin'}:{environment['PATH']}", "KUBECONFIG": str(around / "kubeconfig")}
    remove(directory)
    kubectl("create", "namespace", OWN)
    try:
        with terminal(directory, environment) as shell:
            yield Reader(directory, shell)
    finally:
        remove(directory)


def remove(directory: Path) -> None:
    """Remove what this run or a killed one made."""
    if (directory / "dist").exists():
        Cluster("lab", OWN, directory / "dist", "").delete()
    kubectl("delete", "namespace", OWN, "--ignore-not-found", "--timeout=180s", seconds=190)
    volumes = kubectl("get", "persistentvolumes", "--output=name").split()
    if ours := [volume for volume in volumes if volume.startswith(f"persistentvolume/{OWN}.")]:
        kubectl("delete", "--ignore-not-found", *ours)


@pytest.fixture(scope="module")
def followed(reader: Reader, note: Callable[[str], None]) -> Reader:
    """Who has followed the tutorial as far as to its last step."""
    for heading, found in groupby(ours(TUTORIAL), lambda block: block.heading):
        if heading != END:
            start = time.monotonic()
            reader.printed[heading] = "".join(reader.follow(block) for block in found)
            note(f"tutorial, {heading}: {time.monotonic() - start:.1f} s")
    return reader


def picture(file: Path) -> tuple[int, int, set[bytes]]:
    """Width, height and the different rows of a PNG, undone as far as their filter."""
    data = file.read_bytes()
    chunks: dict[bytes, bytes] = {}
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        chunks[kind] = chunks.get(kind, b"") + data[at + 8 : at + 8 + length]
        at += length + 12
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    pixels = zlib.decompress(chunks[b"IDAT"])
    size = len(pixels) // height
    return width, height, {pixels[at : at + size] for at in range(0, len(pixels), size)}


def test_the_tutorial_makes_a_picture_that_its_engines_computed(followed: Reader) -> None:
    (said,) = (line for line in followed.printed["6. Compute a picture"].splitlines() if line.startswith("800 x 600 points, computed on "))
    hosts = set(said.removeprefix("800 x 600 points, computed on ").split(", "))
    pods = {pod["metadata"]["name"] for pod in items("pods", "--namespace", OWN, "--selector", "app.kubernetes.io/component=worker")}
    assert len(hosts) == 2
    assert hosts < pods
    width, height, rows = picture(followed.directory / "mandelbrot.png")
    assert (width, height) == (800, 600)
    assert len(rows) > 200


def test_the_tutorial_prints_what_it_says(followed: Reader) -> None:
    assert followed.printed["5. Log in"].strip().splitlines()[-1] == "[0, 1]"
    assert "successfully rolled out" in followed.printed["8. More engines"]


@pytest.mark.parametrize("page", OTHERS)
def test_the_blocks_of_other_pages_work_on_the_tutorials_cluster(followed: Reader, page: str) -> None:
    for block in ours(page):
        followed.follow(block)


def test_the_tutorial_leaves_nothing_behind(followed: Reader) -> None:
    for block in ours(TUTORIAL):
        if block.heading == END:
            followed.follow(block)
    left = kubectl("get", "deployments,statefulsets,services,secrets,persistentvolumeclaims", "--namespace", OWN, "--output=name").split()
    # The other pages make Secrets, each for a cluster that has its setting.
    assert {name for name in left if not name.startswith("secret/")} == set()
