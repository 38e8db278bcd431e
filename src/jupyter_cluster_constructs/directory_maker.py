"""Containers that make the storage's directories where the cluster owns the disk: before all else, and while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdk8s_plus_27 import k8s

from .objects import exec_probe, resource_requirements, security_context
from .spec import Images, Resources

IMAGE = "nfs-server"
RESOURCES = Resources(cpu="50m", memory="64Mi")
FOLLOWER_RESOURCES = Resources(cpu="10m", memory="64Mi")


@dataclass(frozen=True, kw_only=True)
class DirectoryMaker:
    """Makes the containers.

    Attributes:
        images: where their image comes from.
        root: where the disk is mounted.
        mounts: the disk, and the list of directories if there is one.
        directories: what to make, as make_directories.py takes it.
        listed_in: file with more of it, which changes while the pod runs; None where there is none.
    """

    images: Images
    root: str
    mounts: Sequence[k8s.VolumeMount]
    directories: Sequence[str] = ()
    listed_in: str | None = None

    def init_container(self) -> k8s.Container:
        """A container that makes everything once."""
        return self._container("make-directories", RESOURCES)

    def follower(self) -> k8s.Container:
        """A container that makes what the list gains while the pod runs."""
        is_made = self._command("--check")
        return self._container(
            "make-homes",
            FOLLOWER_RESOURCES,
            "--follow",
            readiness_probe=exec_probe(is_made, period=10, failures=1),
            # What stands in a home's way is not removed by a restart; one that hangs is noticed after ten minutes.
            liveness_probe=exec_probe(is_made, period=20, failures=30),
        )

    def _command(self, *options: str) -> list[str]:
        listed = ["--listed-in", self.listed_in] if self.listed_in else []
        return ["make_directories.py", *options, *listed, self.root, *self.directories]

    def _container(
        self,
        name: str,
        resources: Resources,
        *options: str,
        readiness_probe: k8s.Probe | None = None,
        liveness_probe: k8s.Probe | None = None,
    ) -> k8s.Container:
        return k8s.Container(
            name=name,
            image=self.images.named(IMAGE),
            image_pull_policy=self.images.pull_policy,
            command=self._command(*options),
            # CHOWN gives homes to their users; FOWNER sets modes of what is then no longer root's.
            security_context=security_context("CHOWN", "FOWNER", uid=0),
            resources=resource_requirements(resources),
            readiness_probe=readiness_probe,
            liveness_probe=liveness_probe,
            volume_mounts=list(self.mounts),
        )
