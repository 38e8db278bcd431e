"""Who is on the controller's network without its key gets nowhere, and who listens hears nothing."""

from __future__ import annotations

import json
import secrets
import uuid
from functools import partial

import zmq

from jupyter_cluster_constructs.paths import CLIENT_CONNECTION_FILE

from .conftest import Lab
from .eavesdropper import accepting, client_with, overheard, registration_without_key
from .kube import kubectl
from .remote import call
from .ssh import Session
from .strangers import namespace_of, stranger


def test_no_port_of_the_controller_takes_a_connection_without_its_key(ada: Session) -> None:
    with_key, without = ada.call(accepting, CLIENT_CONNECTION_FILE, True), ada.call(accepting, CLIENT_CONNECTION_FILE, False)

    assert len(with_key) == len(without) == 15
    assert all(with_key.values()), with_key
    assert not any(without.values()), without


def test_a_client_without_the_key_or_with_another_one_gets_nothing(lab: Lab, ada: Session) -> None:
    connection = json.loads(ada.run(f"cat {CLIENT_CONNECTION_FILE}"))
    other = zmq.curve_keypair()[0].decode()

    assert ada.call(client_with, json.dumps(connection)) == f"engines {sorted(lab.cluster.engines())}"
    assert [ada.call(client_with, json.dumps(connection | {"curve_serverkey": key})) for key in (None, other)] == ["nothing", "nothing"]


def test_a_stolen_connection_file_is_of_no_use_in_another_namespace(lab: Lab, ada: Session) -> None:
    stolen = ada.run(f"cat {CLIENT_CONNECTION_FILE}")
    image = lab.cluster.pods("frontend")[0]["spec"]["containers"][0]["image"]

    with namespace_of(f"e2e-thief-{lab.cluster.namespace}") as namespace, stranger(image, namespace, "thief") as pod:
        python = partial(kubectl, "--namespace", namespace, "exec", "--stdin", pod, "--", "python3", "-")
        assert call(lambda program: python(stdin=program), client_with, stolen) == "nothing"


def test_an_engine_without_the_key_is_not_registered(lab: Lab, ada: Session) -> None:
    before = lab.cluster.engines()

    assert ada.call(registration_without_key, CLIENT_CONNECTION_FILE, str(uuid.uuid4())) == "nothing"
    assert lab.cluster.engines() == before


def test_who_listens_hears_nothing_of_a_task_or_its_result(ada: Session) -> None:
    secret = secrets.token_hex(50)

    found = ada.call(overheard, CLIENT_CONNECTION_FILE, secret)

    assert found["answers"] == [secret[::-1] + secret]
    assert found["bytes"] > 5_000
    assert found["heard in clear"], "the listener is deaf"
    assert not found["heard"]
