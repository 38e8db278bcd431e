"""Accounts and NFS homes alone, for a workload of one's own: each night it writes how large the homes are into the shared directory."""

from jupyter_cluster_constructs import Images, LocalStorage, Names, Nfs, Storage, User, Users  # isort: skip

import cdk8s
from cdk8s_plus_27 import k8s

app = cdk8s.App()
chart = cdk8s.Chart(app, "homes", namespace="science", disable_resource_name_hashes=True)
users = Users(chart, "Users", names=Names("files", "science"), users=(User(name="ada", uid=1001), User(name="grace", uid=1002)))
nfs = Nfs(chart, "Nfs", users=users, storage=Storage(local=LocalStorage(size="5Gi")))

ada = nfs.home_of("ada")
REPORT = f"du -sk {ada.path} > {nfs.shared.path}/sizes.tmp && mv {nfs.shared.path}/sizes.tmp {nfs.shared.path}/sizes"
k8s.KubeCronJob(
    chart,
    "Sizes",
    metadata=k8s.ObjectMeta(name="sizes-of-homes"),
    spec=k8s.CronJobSpec(
        schedule="0 3 * * *",
        job_template=k8s.JobTemplateSpec(
            spec=k8s.JobSpec(
                template=k8s.PodTemplateSpec(
                    spec=k8s.PodSpec(
                        restart_policy="Never",
                        automount_service_account_token=False,
                        # The homes belong to their users; their group is that of `jupyter`, 1000.
                        security_context=k8s.PodSecurityContext(
                            run_as_user=1000, run_as_group=1000, run_as_non_root=True, seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault")
                        ),
                        containers=[
                            k8s.Container(
                                name="du",
                                image=Images().named("debian-ipython-wn"),
                                command=["sh", "-c", REPORT],
                                resources=k8s.ResourceRequirements(
                                    requests={"cpu": k8s.Quantity.from_string("50m"), "memory": k8s.Quantity.from_string("64Mi")},
                                    limits={"cpu": k8s.Quantity.from_string("1"), "memory": k8s.Quantity.from_string("64Mi")},
                                ),
                                security_context=k8s.SecurityContext(
                                    allow_privilege_escalation=False,
                                    read_only_root_filesystem=True,
                                    capabilities=k8s.Capabilities(drop=["ALL"]),
                                ),
                                volume_mounts=[
                                    k8s.VolumeMount(name="ada", mount_path=ada.path, read_only=True),
                                    k8s.VolumeMount(name="shared", mount_path=nfs.shared.path),
                                ],
                            )
                        ],
                        volumes=[
                            k8s.Volume(name=name, persistent_volume_claim=k8s.PersistentVolumeClaimVolumeSource(claim_name=directory.claim_name))
                            for name, directory in (("ada", ada), ("shared", nfs.shared))
                        ],
                    )
                )
            )
        ),
    ),
)
app.synth()
