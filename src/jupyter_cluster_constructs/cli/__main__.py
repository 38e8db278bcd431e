"""The command as `python -m jupyter_cluster_constructs.cli`."""

from . import main

main()
