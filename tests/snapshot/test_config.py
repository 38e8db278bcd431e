"""The construct ClusterConfig."""

from __future__ import annotations

from typing import Literal

import pytest
from support import SOURCE, Manifest, all_of, decoded, one

from jupyter_cluster_constructs import ClusterConfig, Controller, Gateway, IngressSettings, Jupyter
from jupyter_cluster_constructs.config import JUPYTER_FILES, METRICS_FILES, SIGN_ON_FILES

from .charts import NAMES, manifests, new_chart

JUPYTER_HASH = "sha1:97d7fed4c901:e79e48a6a9b58b62be62c2911fa863a64a8cf9d9"


def config(
    controller: Controller | None = None, jupyter: Jupyter | None = None, ingress: IngressSettings | None = None
) -> tuple[ClusterConfig, list[Manifest]]:
    chart = new_chart()
    made = ClusterConfig(chart, "Config", names=NAMES, controller=controller, jupyter=jupyter, ingress=ingress)
    return made, manifests(chart)


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    data: dict[str, str] = one(config()[1], "ConfigMap", "lab-config")["data"]
    return data


def test_the_configuration_of_each_program_is_there(files: dict[str, str]) -> None:
    assert {"ipcontroller_config.py", "ipengine_config.py", "ipython_config.py", "sshd_config"} <= files.keys()
    assert any("jupyter" in name for name in files)


def test_every_program_of_the_runtime_is_there_as_it_is_in_the_package(files: dict[str, str]) -> None:
    programs = {file.name: file.read_text() for file in (SOURCE / "runtime").iterdir() if file.is_file() and file.name != "__init__.py"}
    # Without metrics and an identity provider their programs have no use, and neither have those of one JupyterLab for all alone.
    unused = {*METRICS_FILES, *SIGN_ON_FILES, *JUPYTER_FILES["server"]} - {*JUPYTER_FILES["hub"]}
    assert programs.keys() > unused
    assert {name: text for name, text in programs.items() if name not in unused}.items() <= files.items()
    assert files.keys().isdisjoint(unused)


@pytest.mark.parametrize("mode", ["hub", "server", "off"])
def test_the_programs_of_another_jupyterlab_are_left_out(mode: Literal["hub", "server", "off"]) -> None:
    there = one(config(jupyter=Jupyter(mode=mode))[1], "ConfigMap")["data"].keys()
    for other, programs in JUPYTER_FILES.items():
        assert (there >= {*programs}) if other == mode else there.isdisjoint({*programs} - {*JUPYTER_FILES.get(mode, ())}), other


def test_every_python_file_is_python(files: dict[str, str]) -> None:
    for name, text in files.items():
        if name.endswith(".py"):
            compile(text, name, "exec")


def test_the_controllers_address_is_its_service(files: dict[str, str]) -> None:
    assert "'lab-frontend.science.svc'" in files["ipcontroller_config.py"]


def test_it_fits_into_a_config_map(files: dict[str, str]) -> None:
    # https://kubernetes.io/docs/concepts/configuration/configmap/: 1 MiB; and `kubectl apply` keeps a copy in an annotation of 256 KiB.
    assert sum(map(len, files.values())) < 200_000


def test_without_a_hash_no_secret_is_made() -> None:
    made, there = config()
    assert all_of(there, "Secret") == []
    assert made.jupyter_secret_name is None


def test_a_hash_of_the_settings_is_in_a_secret_alone() -> None:
    made, there = config(jupyter=Jupyter(mode="server", password_hash=JUPYTER_HASH))
    secret = one(there, "Secret")
    assert decoded(secret) == {"password_hash": JUPYTER_HASH}
    assert made.jupyter_secret_name == secret["metadata"]["name"]
    assert JUPYTER_HASH not in str(one(there, "ConfigMap"))


def test_a_secret_that_exists_is_used_and_not_made() -> None:
    made, there = config(jupyter=Jupyter(mode="server", secret="my-login"))
    assert all_of(there, "Secret") == []
    assert made.jupyter_secret_name == "my-login"


def test_what_changes_the_controller_changes_both_checksums() -> None:
    before, after = config()[0], config(Controller(heartbeat_period=3000))[0]
    assert before.frontend_checksum != after.frontend_checksum
    assert before.engine_checksum != after.engine_checksum


def test_a_jupyter_password_changes_the_frontends_checksum_alone() -> None:
    before, after = config()[0], config(jupyter=Jupyter(mode="server", password_hash=JUPYTER_HASH))[0]
    assert before.frontend_checksum != after.frontend_checksum
    assert before.engine_checksum == after.engine_checksum


HOST = "jupyter.example.org"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, IngressSettings(host=HOST)),
        (IngressSettings(host=HOST), IngressSettings(host=HOST, tls_secret="tls")),
        (IngressSettings(host=HOST), IngressSettings(host="lab.example.org")),
    ],
)
def test_another_address_of_jupyterlab_changes_the_frontends_checksum_alone(before: IngressSettings | None, after: IngressSettings) -> None:
    old, new = (config(jupyter=Jupyter(mode="server"), ingress=ingress)[0] for ingress in (before, after))
    assert old.frontend_checksum != new.frontend_checksum
    assert old.engine_checksum == new.engine_checksum


@pytest.mark.parametrize(
    "after",
    [
        IngressSettings(host=HOST, tls_secret="other"),
        IngressSettings(host=HOST, tls_secret="tls", class_name="nginx", annotations={"example.org/timeout": "3600"}),
        IngressSettings(host=HOST, gateway=Gateway(name="public", section_name="https", http_section_name="http")),
    ],
)
def test_what_the_server_does_not_read_of_the_ingress_changes_no_checksum(after: IngressSettings) -> None:
    assert config(ingress=IngressSettings(host=HOST, tls_secret="tls"))[0].frontend_checksum == config(ingress=after)[0].frontend_checksum


def test_the_checksums_are_the_same_each_time() -> None:
    assert config()[0].frontend_checksum == config()[0].frontend_checksum
    assert config()[0].engine_checksum == config()[0].engine_checksum
