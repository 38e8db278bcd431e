"""Build the image of Dask and Ray, with IMAGE_BUILD from the workers' image, and bring it to the cluster with IMAGE_LOAD: `make bench-images`.

PYTHONPATH=. .venv/bin/python bench/build_neighbours.py --registry localhost/jupyter-cluster --tag TAG
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from docker.build import WORKER, command_in, run

CONTEXT = Path(__file__).resolve().parent / "neighbours"
NAME = "bench-neighbours"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and load."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", required=True, help="what stands before each image's name, such as localhost/jupyter-cluster")
    parser.add_argument("--tag", required=True, help="the version of the workers' image, which this one gets too")
    options = parser.parse_args(arguments)
    reference, worker = f"{options.registry}/{NAME}:{options.tag}", f"{options.registry}/{WORKER}:{options.tag}"
    build = [*command_in("IMAGE_BUILD", "docker build"), "--tag", reference, "--file", str(CONTEXT / "Dockerfile")]
    run("building", reference, [*build, "--build-arg", f"WORKER_IMAGE={worker}", str(CONTEXT)])
    run("loading", reference, [*command_in("IMAGE_LOAD", "kind load docker-image"), reference])
    return 0


if __name__ == "__main__":
    sys.exit(main())
