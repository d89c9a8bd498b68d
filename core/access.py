"""Who may do what: an Actor is an argument of every store and curation function."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import ConfigError, NotAllowedError

__all__ = ["ACTOR_VARIABLE", "LOCAL_ADMIN", "Actor", "Permission", "Role", "actor_from_environment", "tenant_of_index"]

# Hard isolation is one index per tenant, named so.
_TENANT_INDEX = re.compile(r"^user-memory-(?P<tenant>.+)$")


class Permission(StrEnum):
    """What a call needs."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    ERASE = "erase"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What an actor is trusted with; each role includes the ones before it."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"


_ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.REVIEWER: frozenset({Permission.READ, Permission.WRITE, Permission.DELETE}),
    Role.ADMIN: frozenset(Permission),
}

_NEEDED: dict[Permission, Role] = {
    Permission.READ: Role.VIEWER,
    Permission.WRITE: Role.REVIEWER,
    Permission.DELETE: Role.REVIEWER,
    Permission.ERASE: Role.ADMIN,
    Permission.ADMINISTER: Role.ADMIN,
}


@dataclass(frozen=True)
class Actor:
    """A person or agent on whose behalf a call is made; `tenants=None` means every tenant."""

    name: str
    role: Role
    tenants: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Refuse one tenant as bare text: "acme" would open the tenants a, c, ac and me too."""
        if isinstance(self.tenants, str):
            raise ConfigError(
                f"tenants is the text {self.tenants!r}: give a set of names, as in frozenset({{{self.tenants!r}}})."
            )

    def may(self, permission: Permission, *, tenant: str | None = None, known: bool = True) -> bool:
        """Say whether the actor may; a shared index (`tenant=None`) is every tenant's; none alone makes or drops it.

        `known=False` is an index of which nobody can say whose it is: it is only for who sees every tenant.
        """
        return (
            permission in _ALLOWED[self.role]
            and self.sees(tenant)
            and (known or self.tenants is None)
            and not self._is_above(permission, tenant)
        )

    def _is_above(self, permission: Permission, tenant: str | None) -> bool:
        return permission is Permission.ADMINISTER and tenant is None and self.tenants is not None

    def sees(self, tenant: str | None) -> bool:
        """Say whether the tenant is within the actor's scope."""
        return tenant is None or self.tenants is None or tenant in self.tenants

    def require(self, permission: Permission, *, what: str, tenant: str | None = None, known: bool = True) -> None:
        """Raise NotAllowedError unless the actor may; `what` names the thing, as in "index 'team'"."""
        if not known and self.tenants is not None:
            raise NotAllowedError(
                f"{self.name!r} has no access to {what}: its tags cannot be read, so nobody can say whose it is; "
                "allow s3vectors:ListTagsForResource."
            )
        if not self.sees(tenant):
            raise NotAllowedError(
                f"{self.name!r} has no access to {what}: it is another tenant's; ask an admin to add that to your account."
            )
        if permission not in _ALLOWED[self.role]:
            raise NotAllowedError(
                f"{self.name!r} is a {self.role} and cannot {permission} {what}: this needs the role {_NEEDED[permission]}."
            )
        if self._is_above(permission, tenant):
            raise NotAllowedError(
                f"{self.name!r} cannot {permission} {what}, which every tenant shares: this needs an admin of all tenants."
            )


LOCAL_ADMIN = Actor("local", Role.ADMIN)
ACTOR_VARIABLE: Final = "MNEMOSCOPE_ACTOR"


def actor_from_environment() -> Actor:
    """Return the actor that $MNEMOSCOPE_ACTOR names, as in "ann:reviewer" or "ann:viewer:acme,globex"; else the local admin.

    It takes rights away from who works on their own machine, it does not keep others out: that is for a login.
    """
    given = os.environ.get(ACTOR_VARIABLE, "").strip()
    if not given:
        return LOCAL_ADMIN
    name, _, rest = given.partition(":")
    role, _, tenants = rest.partition(":")
    if not name.strip() or role.strip() not in [*Role]:
        raise ConfigError(
            f"{ACTOR_VARIABLE} is {given!r}: write NAME:ROLE or NAME:ROLE:TENANT,TENANT with the role "
            "viewer, reviewer or admin, as in ann:reviewer."
        )
    named = frozenset(tenant.strip() for tenant in tenants.split(",") if tenant.strip())
    return Actor(name.strip(), Role(role.strip()), named if ":" in rest else None)


def tenant_of_index(index: str, *, tag: str | None = None) -> str | None:
    """Return the tenant that an index belongs to: its `tenant` tag, else its name `user-memory-<tenant>`, else None."""
    if tag:
        return tag
    match = _TENANT_INDEX.match(index)
    return match["tenant"] if match else None
