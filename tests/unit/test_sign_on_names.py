"""Whose account a name at the identity provider is, and who is told that there is none."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .sign_on import ADA, authenticator, install, login, refusal


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return install(tmp_path, monkeypatch)


def test_a_name_of_the_list_is_the_account_that_the_list_says(asked: list[str]) -> None:
    found = login(ADA)
    assert found
    assert found["name"] == "ada"
    assert asked == ["ada"]


def test_nobody_is_or_stays_an_admin_of_the_hubs_own_kind() -> None:
    found = login(ADA)
    assert found
    assert found["admin"] is False


def test_a_number_is_a_name_such_as_githubs() -> None:
    found = login({"id": 583231, "login": "octocat"}, username_claim="id", usernames={"583231": "ada"})
    assert found
    assert found["name"] == "ada"


@pytest.mark.parametrize("name", ["ada", "ADA", "248289761001 ", "24828976100", "grace"])
def test_a_name_that_is_in_no_list_is_nobodys_even_if_it_is_an_accounts(name: str, asked: list[str]) -> None:
    refused = refusal({"sub": name})
    assert refused.status_code == 403
    assert f"Keycloak says that you are {name!r}, which is the name of no account in this cluster" in str(refused.get_message())
    assert asked == []


@pytest.mark.parametrize("address", ["ada@example.org", "ada@Example.ORG"])
def test_a_name_of_the_domain_is_the_account_of_its_first_part(address: str) -> None:
    found = login({"email": address, "email_verified": True}, username_claim="email", domain="example.org")
    assert found
    assert found["name"] == "ada"


@pytest.mark.parametrize(
    "address",
    [
        *("ada@example.com", "ada@evil.example.org", "ada@example.org.", "ada", "@example.org", "ada@", "a/../ada@example.org"),
        # Signs that small letters are made of, in a domain that is somebody else's.
        *("ada@eXample.org@evil.example", "ADA@example.org", "Ada@example.org", "ada @example.org", "ada@eｘample.org", "ada@\u212aexample.org"),
    ],
)
def test_a_name_of_another_domain_is_nobodys(address: str, asked: list[str]) -> None:
    refused = refusal({"email": address, "email_verified": True}, username_claim="email", domain="example.org")
    assert (refused.status_code, asked) == (403, [])


def test_a_sign_that_is_no_letter_but_becomes_one_makes_no_domain() -> None:
    # The Kelvin sign, whose small letter is a k.
    refused = refusal({"email": "ada@\u212aiel.example", "email_verified": True}, username_claim="email", domain="kiel.example")
    assert refused.status_code == 403


@pytest.mark.parametrize("verified", [None, False, "false", 1, "yes"])
def test_an_address_that_the_provider_did_not_verify_is_nobodys(verified: object) -> None:
    claims = {"email": "ada@example.org"} | ({} if verified is None else {"email_verified": verified})
    found: list[dict[str, Any]] = [{"domain": "example.org"}, {"usernames": {"ada@example.org": "ada"}}]
    for settings in found:
        refused = refusal(claims, username_claim="email", **settings)
        assert refused.status_code == 403
        assert "email_verified" in str(refused.get_message())


def test_the_same_names_are_accounts_only_where_the_settings_say_so() -> None:
    found = login(ADA, username_claim="preferred_username", same_names=True)
    assert found
    assert found["name"] == "ada"
    assert refusal(ADA, username_claim="preferred_username", usernames={"x": "ada"}).status_code == 403


def test_the_same_names_may_be_accounts_beside_those_of_the_domain() -> None:
    for name in ("ada", "ada@example.org"):
        found = login({"sub": name}, same_names=True, domain="example.org")
        assert found
        assert found["name"] == "ada"


@pytest.mark.parametrize("name", ["Ada", "ada@example.org", "ada@", "a da", "ada\n", "x" * 33, "../ada", "ADA"])
def test_what_is_no_name_of_an_account_is_none_of_the_same_name(name: str, asked: list[str]) -> None:
    assert refusal({"sub": name}, same_names=True).status_code == 403
    assert asked == []


@pytest.mark.parametrize("name", [None, "", True, ["ada"], {"ada": 1}, 1.5])
def test_without_a_name_nobody_gets_in(name: object) -> None:
    refused = refusal({"sub": name} if name is not None else {"email": "ada"}, same_names=True)
    assert refused.status_code == 403
    assert "did not tell sub" in str(refused.get_message())


@pytest.mark.parametrize("groups", ["hpc", ["students", "hpc"]])
def test_a_required_claim_is_one_value_or_among_several(groups: object) -> None:
    assert login(ADA | {"groups": groups}, usernames={ADA["sub"]: "ada"}, required_claims={"groups": "hpc"})


@pytest.mark.parametrize("claims", [{}, {"groups": None}, {"groups": []}, {"groups": "hpc-guests"}, {"groups": ["HPC"]}, {"groups": {"hpc": 1}}])
def test_without_a_required_claim_nobody_gets_in(claims: dict[str, object]) -> None:
    refused = refusal(ADA | claims, usernames={ADA["sub"]: "ada"}, required_claims={"groups": "hpc"})
    assert refused.status_code == 403
    assert "not that your groups is 'hpc'" in str(refused.get_message())


def test_a_required_claim_may_be_true() -> None:
    assert login(ADA | {"staff": True}, usernames={ADA["sub"]: "ada"}, required_claims={"staff": "true"})


# Whose account is open


@pytest.mark.parametrize("account", ["nobody", "root", "locked"])
def test_who_has_no_open_account_gets_a_page_that_says_so(account: str, asked: list[str]) -> None:
    refused = refusal({"sub": "7"}, usernames={"7": account})
    assert (refused.status_code, refused.reason) == (403, "No account in this cluster")
    assert f"you are '7', whose account in this cluster is '{account}': there is none of that name, or it is locked" in str(refused.get_message())
    assert "Ask whoever runs this cluster" in str(refused.get_message())
    assert asked == [account]


def test_a_page_has_no_long_name_and_no_line_of_it() -> None:
    message = str(refusal({"sub": "x\n%s<b>" + "y" * 5000}).get_message())
    assert "'x\\n%s<b>yyy" in message
    assert len(message) < 500
    assert "\n" not in message


def test_who_is_logged_in_is_out_when_the_account_is_closed() -> None:
    class User:
        def __init__(self, name: str) -> None:
            self.name = name

    async def still_in(name: str) -> bool:
        return bool(await authenticator().refresh_user(User(name)))

    assert [asyncio.run(still_in(name)) for name in ("ada", "locked")] == [True, False]
