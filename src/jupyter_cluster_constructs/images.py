"""Where a cluster's images are, as options of docker/build.py: `python -m jupyter_cluster_constructs.images` prints them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .settings_file import SettingsFileError, load_cluster

if __name__ == "__main__":
    try:
        images = load_cluster(Path(os.environ.get("CONFIG") or "cluster.yaml"), hash_passwords=False).images
    except SettingsFileError as error:
        sys.exit(str(error))
    print(f"--registry {images.registry} --tag {images.tag}")
