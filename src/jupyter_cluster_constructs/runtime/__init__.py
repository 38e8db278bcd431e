"""Files that the pods run: they go into the configuration's ConfigMap as they are, and import nothing of this package."""
