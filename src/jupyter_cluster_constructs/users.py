"""The account files: who can log in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdk8s_plus_27 import k8s
from constructs import Construct

from . import accounts, paths
from .errors import InvalidSettingsError
from .labels import Component
from .names import Names
from .objects import metadata, mount, secret_data
from .passwords import with_password_hash
from .spec import Group, SignOn, User
from .spec.accounts import account_problems, shadow_problems


class Users(Construct):
    """A ConfigMap with passwd, group and the public keys, and a Secret with gshadow and, unless another holds it, shadow.

    Pods read them live through libnss-extrausers: a changed password works without a restart.
    https://kubernetes.io/docs/concepts/configuration/secret/

    Args:
        scope: where the construct belongs, a Chart or a construct in one.
        id: name of the construct in its scope.
        names: names of the cluster's resources.
        users: people with an account. Default: nobody.
        groups: groups of users. Default: none.
        directory: where a user's relative ``password_file`` begins. Default: the current directory.
        environment: where a user's ``password_env`` is looked up. Default: the process's environment.
        shadow_secret: a Secret that exists in the namespace, with the key shadow, in place of the users' passwords.
            Default: shadow is made from the users.
        sign_on: the identity provider by which users log in to JupyterHub; those whom it knows need neither a password nor a key.
            Default: there is none.

    Raises:
        InvalidSettingsError: doubles, accounts of the system, members that don't exist, passwords beside shadow_secret.
        ValueError: a password's variable or file is missing or empty.

    Attributes:
        names: names of the cluster's resources.
        users: the users, each with a hash in place of a plain password.
        groups: the groups.
        config_map: the ConfigMap, for patches.
        secret: the Secret, for patches.
        config_map_name: the ConfigMap, with the keys passwd, group and authorized_keys.USER.
        secret_name: the Secret, with the key gshadow and, without shadow_secret, the key shadow.
        shadow_secret_name: the Secret with the key shadow, of either kind.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        users: Sequence[User] = (),
        groups: Sequence[Group] = (),
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        shadow_secret: str | None = None,
        sign_on: SignOn | None = None,
    ) -> None:
        super().__init__(scope, id)
        if problems := (*account_problems(users, groups), *shadow_problems(users, shadow_secret)):
            raise InvalidSettingsError(*problems)
        self.names = names
        self.groups = tuple(groups)
        self.users = tuple(
            with_password_hash(
                user,
                cluster=f"{names.namespace}/{names.cluster}",
                directory=directory or Path(),
                environment=os.environ if environment is None else environment,
            )
            for user in users
        )
        self.config_map_name = self.secret_name = names.users
        self.shadow_secret_name = shadow_secret or self.secret_name
        is_made = shadow_secret is None
        hashes = {"shadow": accounts.shadow(self.users, sign_on)} if is_made else {}
        self.config_map = k8s.KubeConfigMap(
            self,
            "ConfigMap",
            metadata=metadata(names, self.config_map_name, Component.USERS),
            data={"passwd": accounts.passwd(self.users), "group": accounts.group(self.users, self.groups, shadow_is_made=is_made)}
            | {f"authorized_keys.{user.name}": accounts.authorized_keys(user) for user in self.users},
        )
        self.secret = k8s.KubeSecret(
            self,
            "Secret",
            metadata=metadata(names, self.secret_name, Component.USERS),
            data=secret_data(hashes | {"gshadow": accounts.gshadow(self.users, self.groups, shadow_is_made=is_made)}),
        )

    def names_volume(self) -> k8s.Volume:
        """A volume with the accounts' names and numbers, for pods that check no passwords."""
        keys = [k8s.KeyToPath(key=key, path=key) for key in ("passwd", "group")]
        return k8s.Volume(name="account-names", config_map=k8s.ConfigMapVolumeSource(name=self.config_map_name, items=keys))

    def logins_volume(self) -> k8s.Volume:
        """A volume with all account files, for the container that checks logins."""
        keys: dict[str, list[str]] = {}
        for name, key in ((self.shadow_secret_name, "shadow"), (self.secret_name, "gshadow")):
            keys.setdefault(name, []).append(key)
        sources = [
            k8s.VolumeProjection(config_map=k8s.ConfigMapProjection(name=self.config_map_name)),
            *(k8s.VolumeProjection(secret=k8s.SecretProjection(name=name, items=_closed(*files))) for name, files in keys.items()),
        ]
        return k8s.Volume(name="account-logins", projected=k8s.ProjectedVolumeSource(sources=sources))

    @staticmethod
    def mount(volume: k8s.Volume) -> k8s.VolumeMount:
        """The mount of either volume where libnss-extrausers reads."""
        return mount(volume.name, paths.ACCOUNTS, read_only=True)


def _closed(*keys: str) -> list[k8s.KeyToPath]:
    return [k8s.KeyToPath(key=key, path=key, mode=0o400) for key in keys]
