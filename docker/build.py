#!/usr/bin/env python3
"""Build the cluster's three images: `python docker/build.py --registry localhost/jupyter-cluster --tag TAG`.

IMAGE_BUILD ("docker build" by default) builds each image; with --load, IMAGE_LOAD ("kind load docker-image") then
brings each to the cluster. Both are split as a shell splits words.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

CONTEXT = Path(__file__).resolve().parent
PROJECT = "jupyter-cluster-constructs"
WORKER, FRONTEND, NFS_SERVER = "debian-ipython-wn", "debian-ipython-fn", "nfs-server"


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    builder = command_in("IMAGE_BUILD", "docker build")
    loader = command_in("IMAGE_LOAD", "kind load docker-image")
    references = {name: f"{options.registry}/{name}:{options.tag}" for name in (WORKER, FRONTEND, NFS_SERVER)}
    extra = {FRONTEND: ["--build-arg", f"WORKER_IMAGE={references[WORKER]}"]}
    for name, reference in references.items():
        dockerfile = CONTEXT / name / "Dockerfile"
        labels = [word for label in image_labels(name, options.tag) for word in ("--label", label)]
        run("building", reference, [*builder, "--tag", reference, "--file", str(dockerfile), *labels, *extra.get(name, []), str(CONTEXT)])
    if options.load:
        for reference in references.values():
            run("loading", reference, [*loader, reference])
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", required=True, help="what stands before each image's name, such as localhost/jupyter-cluster")
    parser.add_argument("--tag", required=True, help="the version that each image gets as its tag")
    parser.add_argument("--load", action="store_true", help="bring the images to the cluster as well")
    return parser.parse_args(arguments)


def command_in(variable: str, default: str) -> list[str]:
    """The words of the command in an environment variable, or of the default where it is unset or empty."""
    try:
        return shlex.split(os.environ.get(variable) or default)
    except ValueError as error:
        sys.exit(f"build.py: {variable} is no command: {error}")


def image_labels(name: str, version: str) -> Iterator[str]:
    """The OCI labels; they are given at build time because a LABEL line would undo the cache with each commit."""
    yield f"org.opencontainers.image.title={name}"
    yield f"org.opencontainers.image.version={version}"
    if revision := git("rev-parse", "HEAD"):
        yield f"org.opencontainers.image.revision={revision}"
    source = public_url(git("remote", "get-url", "origin")) or f"{PROJECT}/docker/{name}/Dockerfile"
    yield f"org.opencontainers.image.source={source}"


def public_url(remote: str) -> str:
    """A remote's URL without its credentials; nothing for a remote that is a path of this machine."""
    return re.sub(r"(?<=://)[^/]*@", "", remote) if "://" in remote else ""


def git(*arguments: str) -> str:
    """What git prints; nothing where there is no git, no checkout or no answer."""
    try:
        done = subprocess.run(["git", "-C", str(CONTEXT), *arguments], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def run(step: str, reference: str, command: list[str]) -> None:
    """Run one step and show its output; a failed one ends the program with its exit code."""
    print(f"build.py: {step} {reference}", flush=True)
    try:
        code = subprocess.run(command).returncode
    except OSError as error:
        sys.exit(f"build.py: {step} {reference}: cannot run {command[0]!r}: {error.strerror}")
    if code:
        print(f"build.py: {step} {reference}: {command[0]} ended with exit code {code}", file=sys.stderr)
        sys.exit(code)


if __name__ == "__main__":
    sys.exit(main())
