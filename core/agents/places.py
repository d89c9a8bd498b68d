"""Where an agent writes and what it may read: an index of its team or tenant, and one that is shared.

Isolation is by index. The agent acts with the rights of its actor, narrowed to its own tenant, so that no call can open,
query or write what is another tenant's, whatever it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.access import Actor
from core.catalog import Catalog
from core.errors import ConfigError, NotAllowedError, NotFoundError
from core.hostile import one_line
from core.memory.fields import preview
from core.store import MemoryStore

__all__ = ["Places", "Where", "agent_actor", "open_places"]


class Where(StrEnum):
    """Which indexes a call is about."""

    OWN = "own"
    SHARED = "shared"
    BOTH = "both"


@dataclass(frozen=True)
class Places:
    """The index of an agent and the shared one, None without one."""

    own: MemoryStore
    shared: MemoryStore | None

    def of(self, where: Where) -> tuple[MemoryStore, ...]:
        """Return the stores; raise ConfigError for the shared one where there is none."""
        if where is Where.OWN:
            return (self.own,)
        if self.shared is None:
            if where is Where.BOTH:
                return (self.own,)
            raise ConfigError("This agent was given no shared index: name one with shared=.")
        return (self.shared,) if where is Where.SHARED else (self.own, self.shared)


def agent_actor(agent: str, actor: Actor, tenant: str | None) -> Actor:
    """Return the agent as an actor: the role that was given, and of its tenants only this one."""
    if not agent.strip():
        raise ConfigError("An agent needs a name, as in agent='planner'.")
    if tenant is None:
        return Actor(agent, actor.role, None if actor.tenants is None else frozenset())
    if not actor.sees(tenant):
        raise NotAllowedError(f"{actor.name!r} has no access to tenant {preview(tenant)}: ask an admin to add it.")
    return Actor(agent, actor.role, frozenset({tenant}))


def open_places(
    catalog: Catalog,
    *,
    agent: Actor,
    creator: Actor,
    index: str | None,
    tenant: str | None,
    shared: str | None,
    create: bool,
) -> Places:
    """Open both indexes, made by `creator` if `create` and they are not there; raise unless they are the agent's to use."""
    if tenant is not None and not tenant.strip():
        raise ConfigError("The tenant is empty: name it, or leave it out for an index that everybody shares.")
    name = index or (f"user-memory-{tenant}" if tenant else None)
    if name is None:
        raise ConfigError("Name the agent's index with index=, or its tenant with tenant=.")
    if name == shared:
        raise ConfigError(f"Index {name!r} is given as the agent's own and as the shared one: leave shared= out.")

    def opened(which: str, owner: str | None) -> MemoryStore:
        try:
            return catalog.open(which, actor=agent)
        except NotFoundError:
            if not create:
                raise
        catalog.open_or_create(which, actor=creator, tenant=owner)
        return catalog.open(which, actor=agent)

    own = _require(opened(name, tenant), tenant)
    return Places(own, None if shared is None else _require(opened(shared, None), None))


def _require(store: MemoryStore, tenant: str | None) -> MemoryStore:
    """Return the store; raise NotAllowedError unless it is the tenant's (None: everybody's)."""
    found = store.info.tenant
    if found != tenant:
        whose = f"tenant {one_line(found, 80)!r}'s" if found else "shared by every tenant"
        wanted = f"tenant {one_line(tenant, 80)!r}" if tenant else "no tenant"
        raise NotAllowedError(f"Index {store.info.name!r} is {whose}, and this agent is of {wanted}: name another index.")
    return store
