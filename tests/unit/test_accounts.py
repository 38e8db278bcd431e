"""The account files of libnss-extrausers."""

from __future__ import annotations

import re

import pytest

from jupyter_cluster_constructs import accounts
from jupyter_cluster_constructs.spec import Group, SignOn, User
from jupyter_cluster_constructs.spec.accounts import SYSTEM_IDS, SYSTEM_NAMES

from .examples import ADA, ED25519, GRACE, SHA512, SIGN_ON

KEYED = User(name="kim", uid=1003, ssh_keys=(ED25519,))
PHYSICS = Group(name="physics", gid=2001, members=("grace",))
IN_PHYSICS = User(name="lise", uid=1004, groups=("physics",))


def entries(text: str) -> dict[str, list[str]]:
    """The fields of each line, by the first one."""
    assert text.endswith("\n")
    assert "\n\n" not in text
    lines = [line.split(":") for line in text.splitlines()]
    assert len({line[0] for line in lines}) == len(lines), "a name is there twice"
    return {line[0]: line for line in lines}


def rendered() -> dict[str, str]:
    users, groups = (ADA, GRACE, KEYED, IN_PHYSICS), (PHYSICS, Group(name="empty", gid=2002))
    return {
        "passwd": accounts.passwd(users),
        "group": accounts.group(users, groups),
        "shadow": accounts.shadow(users),
        "gshadow": accounts.gshadow(users, groups),
    }


@pytest.mark.parametrize(("file", "fields"), [("passwd", 7), ("group", 4), ("shadow", 9), ("gshadow", 4)])
def test_every_line_has_the_number_of_fields_of_its_manual_page(file: str, fields: int) -> None:
    assert {len(line) for line in entries(rendered()[file]).values()} == {fields}


def test_passwd_and_shadow_have_the_same_accounts() -> None:
    files = rendered()
    assert entries(files["passwd"]).keys() == entries(files["shadow"]).keys()


def test_group_and_gshadow_have_the_same_groups_and_members() -> None:
    files = rendered()
    group, gshadow = entries(files["group"]), entries(files["gshadow"])
    assert group.keys() == gshadow.keys()
    assert all(group[name][3] == gshadow[name][3] for name in group)


def test_every_account_has_a_group_of_its_name_and_number() -> None:
    files = rendered()
    group = entries(files["group"])
    for name, fields in entries(files["passwd"]).items():
        assert fields[2] == fields[3] == group[name][2]


def test_a_user_has_a_home_and_bash() -> None:
    assert entries(accounts.passwd([ADA]))["ada"] == ["ada", "x", "1001", "1001", "", "/home/ada", "/bin/bash"]


def test_system_accounts_cannot_log_in() -> None:
    files = rendered()
    for account in accounts.SYSTEM_ACCOUNTS:
        assert entries(files["passwd"])[account.name][6] == "/usr/sbin/nologin"
        assert entries(files["shadow"])[account.name][1].startswith("!")


def test_jupyter_is_1000_and_no_account_hides_from_extrausers() -> None:
    passwd = entries(rendered()["passwd"])
    assert passwd["jupyter"][2:4] == ["1000", "1000"]
    # libnss-extrausers ignores smaller numbers.
    assert all(int(fields[2]) >= 500 for fields in passwd.values())


def test_a_hash_is_passed_through_unchanged() -> None:
    assert entries(accounts.shadow([ADA]))["ada"][1] == SHA512


def test_a_user_with_a_key_alone_has_no_password_but_is_not_locked() -> None:
    # `!` reads as locked, though PAM takes keys with both: only the expiry refuses them.
    fields = entries(accounts.shadow([KEYED]))["kim"]
    assert fields[1] == "*"
    assert fields[7] == ""


def test_a_user_without_password_and_key_is_locked_and_expired() -> None:
    fields = entries(accounts.shadow([GRACE]))["grace"]
    assert fields[1] == "!"
    # Days since 1970; a past one, so that keys left in the home are refused too.
    assert 0 < int(fields[7]) < 10_000


def test_members_come_from_the_group_and_from_the_users() -> None:
    group = entries(rendered()["group"])
    assert group["physics"] == ["physics", "x", "2001", "grace,lise"]
    assert group["empty"][3] == ""


def test_a_member_named_on_both_sides_is_a_member_once() -> None:
    both = User(name="lise", uid=1004, groups=("physics",))
    group = Group(name="physics", gid=2001, members=("lise",))
    assert entries(accounts.group([both], [group]))["physics"][3] == "lise"


def test_no_group_has_a_password() -> None:
    files = rendered()
    assert {fields[1] for fields in entries(files["gshadow"]).values()} == {"!"}
    assert {fields[1] for fields in entries(files["group"]).values()} == {"x"}


def test_who_has_a_password_is_in_the_group_that_sshd_asks_for_one() -> None:
    assert entries(rendered()["group"])["ssh-passwords"] == ["ssh-passwords", "x", "988", "ada"]


def test_a_password_in_whatever_form_counts() -> None:
    users = [User(name="kim", uid=1003, password_env="KIM"), User(name="lin", uid=1004, password_file="lin"), GRACE]
    assert entries(accounts.group(users, []))["ssh-passwords"][3] == "kim,lin"


@pytest.mark.parametrize(
    ("names", "is_open"),
    [
        ({"usernames": {"7": "grace"}}, True),
        ({"usernames": {"7": "ada"}}, False),
        ({"domain": "example.org", "username_claim": "email"}, True),
        ({"same_names": True}, True),
    ],
)
def test_who_has_a_name_at_the_identity_provider_needs_neither_a_password_nor_a_key(names: dict[str, object], is_open: bool) -> None:
    provider = SignOn.model_validate({key: value for key, value in SIGN_ON.items() if key != "same_names"} | names)
    lines = accounts.shadow([ADA, GRACE], provider).splitlines()
    assert ("grace:*:::::::" in lines) is is_open
    assert ("grace:!::::::1:" in lines) is not is_open


def test_where_shadow_is_made_elsewhere_everybody_may_have_a_password() -> None:
    for text in (accounts.group([KEYED, GRACE], [], shadow_is_made=False), accounts.gshadow([KEYED, GRACE], [], shadow_is_made=False)):
        assert entries(text)["ssh-passwords"][3] == "kim,grace"


def test_no_account_of_the_librarys_own_is_a_member() -> None:
    # sshd lets members in and nobody else.
    group = entries(rendered()["group"])
    assert group["cluster-members"][3] == "ada,grace,kim,lise"
    assert not {a.name for a in accounts.SYSTEM_ACCOUNTS} & {*group["cluster-members"][3].split(",")}


def test_hashes_are_in_shadow_alone() -> None:
    files = rendered()
    assert SHA512 in files["shadow"]
    assert not any(re.search(r"\$\w+\$", text) for name, text in files.items() if name != "shadow")


def test_authorized_keys_has_one_line_a_key_and_is_empty_without() -> None:
    two = User(name="kim", uid=1003, ssh_keys=(ED25519, f"{ED25519} too"))
    assert accounts.authorized_keys(two) == f"{ED25519}\n{ED25519} too\n"
    assert accounts.authorized_keys(ADA) == ""


def test_without_users_only_the_system_accounts_are_there() -> None:
    assert list(entries(accounts.passwd([]))) == [a.name for a in accounts.SYSTEM_ACCOUNTS]


def test_no_user_can_take_the_name_or_number_of_a_system_account() -> None:
    for account in accounts.SYSTEM_ACCOUNTS:
        assert account.name in SYSTEM_NAMES
        assert account.uid in SYSTEM_IDS or account.uid < 1001
    for group in (accounts.MEMBERS, accounts.PASSWORDS):
        assert group.name in SYSTEM_NAMES
        assert group.gid < 1001
