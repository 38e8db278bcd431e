"""The construct Frontend: which container sees which files, and who puts them right first."""

from __future__ import annotations

from typing import Literal

import pytest
from support import Manifest, containers, mounted_volumes, pod_of, secret_names, volumes

from jupyter_cluster_constructs import (
    Controller,
    Hub,
    Jupyter,
    Ssh,
)

from .charts import ADA, EXTERNAL, SIGN_ON
from .frontend_manifests import deployment, frontend

JUPYTER_HASH = "sha1:97d7fed4c901:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9"


@pytest.fixture(scope="module")
def local() -> list[Manifest]:
    return frontend()


@pytest.fixture(scope="module")
def external() -> list[Manifest]:
    return frontend(storage=EXTERNAL)


def test_every_container_but_the_waiting_one_sees_what_it_works_on(local: list[Manifest]) -> None:
    there = deployment(local)
    homes = {"/home/ada", "/home/grace"}
    for name in ("controller", "hub", "jupyter", "sshd"):
        assert {"/home/jupyter/shared", "/home/jupyter/config", "/var/lib/extrausers"} <= mounted_volumes(there, name).keys()
        assert (homes <= mounted_volumes(there, name).keys()) is (name in ("jupyter", "sshd")), name
    assert {"/home/jupyter/shared", *homes}.isdisjoint(mounted_volumes(there, "proxy"))
    assert homes <= mounted_volumes(there, "own-homes").keys()
    assert "/home/jupyter/shared" in mounted_volumes(there, "own-homes")


def test_homes_are_mounted_by_their_claims(local: list[Manifest]) -> None:
    mounted = mounted_volumes(deployment(local), "sshd")
    assert mounted["/home/ada"]["persistentVolumeClaim"]["claimName"] == "lab-home-1001"
    assert mounted["/home/grace"]["persistentVolumeClaim"]["claimName"] == "lab-home-7"
    assert mounted["/home/jupyter/shared"]["persistentVolumeClaim"]["claimName"] == "lab-shared"


def test_neither_controller_nor_hub_is_jupyter_whose_files_the_engines_tasks_read(local: list[Manifest]) -> None:
    users = {name: container["securityContext"]["runAsUser"] for name, container in containers(deployment(local)).items()}
    assert {name: users[name] for name in ("controller", "hub", "proxy")} == {"controller": 991, "hub": 992, "proxy": 992}


def test_one_jupyterlab_for_all_is_the_user_jupyter() -> None:
    assert containers(deployment(frontend(jupyter=Jupyter(mode="server"))))["jupyter"]["securityContext"]["runAsUser"] == 1000


def test_the_sockets_of_hub_proxy_and_servers_are_written_by_their_own_container_alone(local: list[Manifest]) -> None:
    there = containers(deployment(local))
    mounted = {
        path: {name: not mount.get("readOnly", False) for name, c in there.items() for mount in c["volumeMounts"] if mount["mountPath"] == path}
        for path in ("/run/hub", "/run/proxy", "/run/servers")
    }
    assert mounted == {
        "/run/hub": {"hub": True, "proxy": False, "jupyter": False},
        # Members' processes are in the last two; who knows the proxy's token leads everybody where they like.
        "/run/proxy": {"proxy": True, "hub": False},
        "/run/servers": {"jupyter": True, "hub": False, "proxy": False},
    }


def test_jupyters_kernels_read_the_clients_file_as_members_do(local: list[Manifest]) -> None:
    assert pod_of(deployment(local))["securityContext"]["supplementalGroups"] == [989, 1000]


def test_only_the_controller_sees_the_secret_of_its_key() -> None:
    there = deployment(frontend(controller=Controller(curve_secret="keys")))
    seeing = [name for name in containers(there) if any("keys" in secret_names(volume) for volume in mounted_volumes(there, name).values())]
    assert seeing == ["controller"]
    assert mounted_volumes(there, "controller")["/run/curve"]["secret"] == {"secretName": "keys"}


@pytest.mark.parametrize(("mode", "checking"), [("hub", {"sshd", "jupyter"}), ("server", {"sshd"}), ("off", {"sshd"})])
def test_only_what_checks_passwords_sees_the_hashes(mode: Literal["hub", "server", "off"], checking: set[str]) -> None:
    there = deployment(frontend(jupyter=Jupyter(mode=mode)))
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if "lab-users" in secret_names(volume)}
    assert seeing == checking


def test_the_hashes_files_are_closed(local: list[Manifest]) -> None:
    (secret,) = (
        source["secret"]
        for volume in volumes(deployment(local)).values()
        for source in volume.get("projected", {}).get("sources", ())
        if "secret" in source
    )
    assert {item["path"]: item["mode"] for item in secret["items"]} == {"shadow": 0o400, "gshadow": 0o400}


def test_account_files_are_mounted_as_a_directory_and_so_change_live(local: list[Manifest]) -> None:
    for container in containers(deployment(local)).values():
        assert [m for m in container["volumeMounts"] if m["mountPath"] == "/var/lib/extrausers" and "subPath" in m] == []


def test_jupyters_login_is_mounted_in_jupyter_alone() -> None:
    there = deployment(frontend(jupyter=Jupyter(mode="server", password_hash=JUPYTER_HASH)))
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if secret_names(volume) == {"lab-jupyter"}}
    assert seeing == {"jupyter"}


def test_jupyters_login_may_be_a_secret_that_exists() -> None:
    there = frontend(jupyter=Jupyter(mode="server", secret="my-login"))
    assert secret_names(mounted_volumes(deployment(there), "jupyter")["/run/jupyter-login"]) == {"my-login"}


@pytest.mark.parametrize("mode", ["hub", "server"])
def test_without_a_login_for_all_none_is_mounted(mode: Literal["hub", "server"]) -> None:
    assert "/run/jupyter-login" not in mounted_volumes(deployment(frontend(jupyter=Jupyter(mode=mode))), "jupyter")


def test_only_the_hub_sees_the_secret_that_its_identity_provider_knows() -> None:
    there = deployment(frontend(jupyter=Jupyter(hub=Hub.model_validate({"sign_on": SIGN_ON}))))
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if "lab-sign-on" in secret_names(volume)}
    assert seeing == {"hub"}
    assert mounted_volumes(there, "hub")["/run/sign-on"]["secret"] == {"secretName": "lab-sign-on"}
    (mount,) = (m for m in containers(there)["hub"]["volumeMounts"] if m["mountPath"] == "/run/sign-on")
    assert mount["readOnly"] is True


def test_host_keys_are_in_memory_and_only_sshd_reads_them(local: list[Manifest]) -> None:
    there = deployment(local)
    seeing = {name for name in containers(there) if "/run/host-keys" in mounted_volumes(there, name)}
    assert seeing == {"sshd"}
    assert mounted_volumes(there, "sshd")["/run/host-keys"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Mi"}


def test_host_keys_may_be_a_secret_that_exists() -> None:
    there = deployment(frontend(ssh=Ssh(host_keys_secret="my-keys")))
    assert "copied_host_keys.sh" not in " ".join(containers(there)["sshd"]["command"])
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if "my-keys" in secret_names(volume)}
    assert seeing == {"sshd"}
    # Other people's files sshd's root cannot read, and an open one of its own it refuses.
    assert mounted_volumes(there, "sshd")["/run/host-keys"]["secret"] == {"secretName": "my-keys", "defaultMode": 0o400}


def test_hashes_may_be_a_secret_that_exists() -> None:
    there = deployment(frontend(users=(ADA.model_copy(update={"password_hash": None}),), shadow_secret="hashes"))
    seeing = {name for name in containers(there) for volume in mounted_volumes(there, name).values() if "hashes" in secret_names(volume)}
    assert seeing == {"sshd", "jupyter"}
    sources = mounted_volumes(there, "sshd")["/var/lib/extrausers"]["projected"]["sources"]
    taken = {(s["secret"]["name"], i["key"], i["mode"]) for s in sources if "secret" in s for i in s["secret"]["items"]}
    assert taken == {("hashes", "shadow", 0o400), ("lab-users", "gshadow", 0o400)}


def test_nfs_is_waited_for_first_and_only_where_it_is_the_clusters(local: list[Manifest], external: list[Manifest]) -> None:
    init = [c["name"] for c in pod_of(deployment(local))["initContainers"]]
    assert init == [c["name"] for c in pod_of(deployment(external))["initContainers"]] == ["own-homes"]
    # By its mounts: the server itself is closed to pods.
    used = [word for word in containers(deployment(local))["own-homes"]["command"] if word.startswith("--use=")]
    assert used == ["--use=/home/jupyter/shared", "--use=/home/ada", "--use=/home/grace"]
    assert not [word for word in containers(deployment(external))["own-homes"]["command"] if word.startswith("--use=")]


def test_homes_are_put_right_by_root_only_on_a_server_that_the_cluster_does_not_run(local: list[Manifest], external: list[Manifest]) -> None:
    assert containers(deployment(local))["own-homes"]["securityContext"]["runAsUser"] == 1000
    by_root = containers(deployment(external))["own-homes"]["securityContext"]
    assert (by_root["runAsUser"], by_root["capabilities"]["add"]) == (0, ["CHOWN", "FOWNER"])


def test_owners_and_modes_are_checked_where_the_homes_are_mounted(local: list[Manifest]) -> None:
    there = containers(deployment(local))
    homes = ["/home/ada:user_home_dir_1001:1001:1000:0750", "/home/grace:user_home_dir_7:1002:1000:0750"]
    assert there["own-homes"]["command"][-3:] == ["/home/jupyter/shared:jupyter_shared:0:1000:1777", *homes]
