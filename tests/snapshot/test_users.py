"""The construct Users."""

from __future__ import annotations

import pytest
from support import Manifest, all_of, decoded, one
from syrupy.assertion import SnapshotAssertion

from jupyter_cluster_constructs import Group, InvalidSettingsError, User, Users
from jupyter_cluster_constructs import accounts as renderers

from .charts import ADA, GRACE, NAMES, PHYSICS, SHA512, manifests, new_chart


@pytest.fixture(scope="module")
def two_users() -> list[Manifest]:
    chart = new_chart()
    Users(chart, "Users", names=NAMES, users=[ADA, GRACE], groups=[PHYSICS])
    return manifests(chart)


def test_users_of_two(two_users: list[Manifest], yaml_snapshot: SnapshotAssertion) -> None:
    assert two_users == yaml_snapshot


def test_names_are_in_a_config_map_and_hashes_in_a_secret(two_users: list[Manifest]) -> None:
    assert sorted(m["kind"] for m in two_users) == ["ConfigMap", "Secret"]
    assert set(one(two_users, "ConfigMap")["data"]) == {"passwd", "group", "authorized_keys.ada", "authorized_keys.grace"}
    assert set(decoded(one(two_users, "Secret"))) == {"shadow", "gshadow"}


def test_hashes_are_only_in_the_secret(two_users: list[Manifest]) -> None:
    assert SHA512 in decoded(one(two_users, "Secret"))["shadow"]
    assert SHA512 not in str(all_of(two_users, "ConfigMap"))


def test_the_secret_is_of_data_from_which_a_key_goes_away_when_it_is_no_longer_there(two_users: list[Manifest]) -> None:
    assert "stringData" not in one(two_users, "Secret")


def test_the_files_are_those_of_the_renderers(two_users: list[Manifest]) -> None:
    data = one(two_users, "ConfigMap")["data"]
    assert data["passwd"] == renderers.passwd([ADA, GRACE])
    assert data["group"] == renderers.group([ADA, GRACE], [PHYSICS])
    assert data["authorized_keys.grace"] == ""


def test_a_plain_password_of_the_environment_becomes_a_hash() -> None:
    chart = new_chart()
    bob = User(name="bob", uid=1003, password_env="BOB_PASSWORD")
    users = Users(chart, "Users", names=NAMES, users=[bob], environment={"BOB_PASSWORD": "hunter2"})
    shadow = decoded(one(manifests(chart), "Secret"))["shadow"]
    assert "bob:$6$rounds=" in shadow
    assert "hunter2" not in str(manifests(chart))
    assert str(users.users[0].password_hash) in shadow


def test_shadow_may_be_a_secret_that_exists() -> None:
    chart = new_chart()
    lin = User(name="lin", uid=1003)
    users = Users(chart, "Users", names=NAMES, users=[lin], shadow_secret="hashes")
    made = manifests(chart)
    assert decoded(one(made, "Secret")) == {"gshadow": renderers.gshadow([lin], [], shadow_is_made=False)}
    assert "ssh-passwords:x:988:lin\n" in one(made, "ConfigMap")["data"]["group"]
    assert (users.secret_name, users.shadow_secret_name) == ("lab-users", "hashes")


@pytest.mark.parametrize("password", [{"password_hash": SHA512}, {"password_env": "ADA"}, {"password_file": "ada"}])
def test_a_password_beside_a_secret_with_all_of_them_is_refused(password: dict[str, str]) -> None:
    ada = User.model_validate({"name": "ada", "uid": 1001} | password)
    with pytest.raises(InvalidSettingsError, match=rf"users\[0\]\.{next(iter(password))}.*shadow_secret 'hashes'"):
        Users(new_chart(), "Users", names=NAMES, users=[ada], shadow_secret="hashes")


def test_an_unset_variable_is_refused() -> None:
    with pytest.raises(ValueError, match="BOB_PASSWORD is not set"):
        Users(new_chart(), "Users", names=NAMES, users=[User(name="bob", uid=1003, password_env="BOB_PASSWORD")], environment={})


@pytest.mark.parametrize(
    ("users", "groups", "where"),
    [
        ([ADA, User(name="ada", uid=1009)], [], r"users\[1\]\.name"),
        ([User(name="root", uid=1009)], [], r"users\[0\]\.name"),
        ([GRACE], [], r"users\[0\]\.groups\[0\]"),
        ([ADA], [Group(name="g", gid=2001, members=("eve",))], r"groups\[0\]\.members\[0\]"),
    ],
)
def test_the_construct_alone_refuses_what_the_settings_refuse(users: list[User], groups: list[Group], where: str) -> None:
    with pytest.raises(InvalidSettingsError, match=where):
        Users(new_chart(), "Users", names=NAMES, users=users, groups=groups)
