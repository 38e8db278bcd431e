"""The cluster of cluster.yaml (or of the file that CONFIG names) as manifests in dist/."""

from jupyter_cluster_constructs.synthesis import main

main()
