"""The cluster that runs: applying, observing, deleting and checking it by the Kubernetes API; it knows nothing of the terminal."""
