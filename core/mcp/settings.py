"""Whose memory a server is, settled when it starts: agent, tenant, role and indexes, and no call can change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from core.access import Actor, Role
from core.agents import AgentMemory, RecallCache, WriteGuard
from core.catalog import Catalog
from core.errors import ConfigError, NotAllowedError
from core.models.judge import Judge

__all__ = ["Settings", "open_agent"]

_ORDER: Final = (*Role,)


@dataclass(frozen=True)
class Settings:
    """Which agent it is and where it writes; `create` makes indexes that are not there, as whoever starts the server."""

    agent: str
    role: Role | None = None
    team: str | None = None
    tenant: str | None = None
    index: str | None = None
    shared: str | None = None
    session: str | None = None
    create: bool = False


def open_agent(
    settings: Settings,
    catalog: Catalog,
    *,
    actor: Actor,
    judge: Judge | None = None,
    guard: WriteGuard | None = None,
    cache: RecallCache | None = None,
) -> AgentMemory:
    """Return the agent's memory, with no more rights than `actor` has, none over other tenants, and never those of an admin
    unless they were asked for.
    """
    if settings.tenant is None and settings.index is None:
        raise ConfigError("Name the agent's index with --index or $MNEMOSCOPE_INDEX, or its tenant with --tenant.")
    role = settings.role or min(actor.role, Role.REVIEWER, key=_ORDER.index)
    if _ORDER.index(role) > _ORDER.index(actor.role):
        raise NotAllowedError(f"{actor.name!r} is a {actor.role} and cannot serve as {role}: choose {actor.role} or less.")
    narrowed = replace(actor, role=role)
    if settings.tenant is None:
        narrowed = replace(narrowed, tenants=frozenset())  # what is no tenant's, and nothing else
    if settings.create:
        catalog.open_or_create(settings.index or f"user-memory-{settings.tenant}", actor=actor, tenant=settings.tenant)
        if settings.shared is not None:
            catalog.open_or_create(settings.shared, actor=actor)
    return AgentMemory(
        catalog,
        agent=settings.agent,
        actor=narrowed,
        team=settings.team,
        tenant=settings.tenant,
        index=settings.index,
        shared=settings.shared,
        session=settings.session,
        judge=judge,
        guard=guard,
        cache=cache,
    )
