"""What the manifests are made with is imported without what they are not; whoever wants the rest of cdk8s-plus gets it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

BEGIN = """
import json, sys
from jupyter_cluster_constructs._k8s_alone import import_k8s_alone
import_k8s_alone()
"""


def result(program: str) -> Any:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_only_the_objects_of_kubernetes_are_imported() -> None:
    program = 'import cdk8s_plus_27\nprint(json.dumps(["Deployment" in vars(cdk8s_plus_27), "k8s" in vars(cdk8s_plus_27)]))'
    assert result(BEGIN + program) == [False, True]


@pytest.mark.parametrize(
    "wanted",
    [
        "import cdk8s_plus_27\nfound = [cdk8s_plus_27.ConfigMap, cdk8s_plus_27.k8s]",
        "from cdk8s_plus_27 import ConfigMap, k8s\nfound = [ConfigMap, k8s]",
        "from cdk8s_plus_27 import *\nfound = [ConfigMap, k8s]",
    ],
)
def test_the_rest_is_there_as_soon_as_somebody_wants_it(wanted: str) -> None:
    program = f"""
{wanted}
import cdk8s
import cdk8s_plus_27 as plus
chart = cdk8s.Chart(cdk8s.App(), "chart")
plus.ConfigMap(chart, "by-plus", data={{"key": "value"}})
plus.k8s.KubeConfigMap(chart, "by-k8s", data={{"key": "value"}})
print(json.dumps([found[1] is plus.k8s, [each["kind"] for each in cdk8s.Testing.synth(chart)]]))
"""
    assert result(BEGIN + program) == [True, ["ConfigMap", "ConfigMap"]]


def test_a_name_that_it_does_not_have_is_an_error_as_of_every_module() -> None:
    program = """
import cdk8s_plus_27
try:
    cdk8s_plus_27.Nothing
except AttributeError as error:
    print(json.dumps(str(error)))
"""
    assert result(BEGIN + program) == "module 'cdk8s_plus_27' has no attribute 'Nothing'"


def test_what_is_imported_already_stays_as_it_is() -> None:
    program = """
import json, sys
import jupyter_cluster_constructs
import cdk8s_plus_27
from jupyter_cluster_constructs._k8s_alone import import_k8s_alone
import_k8s_alone()
print(json.dumps([sys.modules["cdk8s_plus_27"] is cdk8s_plus_27, type(cdk8s_plus_27).__name__]))
"""
    assert result(program) == [True, "module"]
