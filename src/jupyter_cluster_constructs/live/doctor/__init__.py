"""What of the cluster, its nodes and the images would make the settings fail, found before it does."""
