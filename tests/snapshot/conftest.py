"""Snapshots as the library's users have them, one file a test, and one jsii kernel for all."""

from __future__ import annotations

from jupyter_cluster_constructs.testing.snapshots import yaml_snapshot

__all__ = ["yaml_snapshot"]
