"""Who an actor is when the environment names one, and which role may erase."""

from __future__ import annotations

import pytest

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN, Actor, Permission, Role, actor_from_environment
from core.errors import ConfigError, NotAllowedError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", LOCAL_ADMIN, id="nobody named"),
        pytest.param("  ", LOCAL_ADMIN, id="blank"),
        pytest.param("ann:reviewer", Actor("ann", Role.REVIEWER), id="a role"),
        pytest.param(" ann : viewer ", Actor("ann", Role.VIEWER), id="spaces"),
        pytest.param("bob:viewer:acme, globex", Actor("bob", Role.VIEWER, frozenset({"acme", "globex"})), id="tenants"),
        pytest.param("bob:admin:", Actor("bob", Role.ADMIN, frozenset()), id="no tenant at all"),
    ],
)
def test_the_environment_names_the_actor(value: str, expected: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACTOR_VARIABLE, value)
    assert actor_from_environment() == expected


@pytest.mark.parametrize("value", ["ann", "ann:", "ann:owner", ":admin", "ann:ADMIN"])
def test_an_actor_that_is_none_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACTOR_VARIABLE, value)
    with pytest.raises(ConfigError, match="NAME:ROLE"):
        actor_from_environment()


@pytest.mark.parametrize("role", list(Role))
def test_only_an_admin_erases(role: Role) -> None:
    actor = Actor("ann", role)
    assert actor.may(Permission.ERASE) is (role is Role.ADMIN)
    if role is not Role.ADMIN:
        with pytest.raises(NotAllowedError, match="admin"):
            actor.require(Permission.ERASE, what="index 'team'")
