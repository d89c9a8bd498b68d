"""The versions of a procedure by its log: the steps of each, how often it went well, and how far it is trusted. Pure.

Trust is the lower bound of the success rate (Wilson 1927, one-sided 90 %), so that 9 of 10 counts more than 1 of 1. A
version begins with the rate of the one that it was made from, as if it had been tried twice; one made from none begins
with one success and one failure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from core.agents.log import Event
from core.errors import NotFoundError
from core.hostile import one_line
from core.memory import Memory

__all__ = ["Procedure", "Version", "lower_bound", "procedure_of", "versions_of"]

_Z: Final = 1.2816  # 90 % of a normal distribution lie below
_PRIOR: Final = 2.0


@dataclass(frozen=True)
class Version:
    """One version: its steps, what must hold before, why it was made, from which version, and how it went."""

    name: str
    number: int
    steps: tuple[str, ...]
    preconditions: tuple[str, ...]
    when: str
    why: str
    key: str
    by: str | None
    at: datetime | None
    based_on: int | None
    successes: int = 0
    failures: int = 0
    trust: float = 0.0

    @property
    def tried(self) -> int:
        """How often an outcome was recorded."""
        return self.successes + self.failures

    @property
    def success_rate(self) -> float | None:
        """The share of successes, None where it was never tried."""
        return self.successes / self.tried if self.tried else None


@dataclass(frozen=True)
class Procedure:
    """A workflow by its name, with all versions, the oldest first."""

    name: str
    versions: tuple[Version, ...]

    @property
    def latest(self) -> Version:
        """The newest version."""
        return self.versions[-1]

    @property
    def best(self) -> Version:
        """The version that is trusted most, the newer of equals."""
        return max(self.versions, key=lambda version: (version.trust, version.number))

    def version(self, number: int) -> Version:
        """Return one version; raise NotFoundError where there is none."""
        for version in self.versions:
            if version.number == number:
                return version
        raise NotFoundError(f"Procedure {one_line(self.name, 80)!r} has no version {number}.")


def lower_bound(successes: float, tried: float, *, z: float = _Z) -> float:
    """Return the lower end of Wilson's interval of a rate, 0 where nothing was tried."""
    if tried <= 0:
        return 0.0
    rate, square = successes / tried, z * z
    middle = rate + square / (2 * tried)
    spread = z * math.sqrt(rate * (1 - rate) / tried + square / (4 * tried * tried))
    return max((middle - spread) / (1 + square / tried), 0.0)


def procedure_of(name: str, events: Iterable[Event]) -> Procedure:
    versions = versions_of(name, events)
    if not versions:
        raise NotFoundError(f"There is no procedure {one_line(name, 80)!r} here: store it first.")
    return Procedure(name, versions)


def versions_of(name: str, events: Iterable[Event]) -> tuple[Version, ...]:
    found: dict[int, Version] = {}
    for event in events:
        extra = event.memory.extra
        number = extra.get("procedure_version")
        if extra.get("procedure") != name or not isinstance(number, int | float):
            continue
        success, known = extra.get("procedure_success"), found.get(int(number))
        # Of two with one number (the first came out of quarantine meanwhile) the one that was tried is known by its key.
        if isinstance(success, bool) and known is not None and extra.get("procedure_key") in (None, known.key):
            good, bad = known.successes + success, known.failures + (not success)
            found[int(number)] = replace(known, successes=good, failures=bad)
        elif success is None and known is None and event.memory.memory_type == "procedural":
            found[int(number)] = _version(name, int(number), event.memory)
    trusted: dict[int, Version] = {}
    for number in sorted(found):
        trusted[number] = replace(found[number], trust=_trust(found[number], trusted))
    return tuple(trusted.values())


def _version(name: str, number: int, memory: Memory) -> Version:
    extra = memory.extra
    based_on = extra.get("based_on")
    return Version(
        name,
        number,
        steps=_listed(extra.get("steps")),
        preconditions=_listed(extra.get("preconditions")),
        when=str(extra.get("when") or ""),
        why=str(extra.get("why") or ""),
        key=memory.key,
        by=memory.agent_id,
        at=memory.created_at,
        based_on=int(based_on) if isinstance(based_on, int | float) else None,
    )


def _trust(version: Version, before: dict[int, Version]) -> float:
    """Return the lower bound of the success rate, begun with that of the version before."""
    base = before.get(version.based_on) if version.based_on is not None else None
    rate = 0.5 if base is None else (base.successes + _PRIOR / 2) / (base.tried + _PRIOR)
    return lower_bound(version.successes + rate * _PRIOR, version.tried + _PRIOR)


def _listed(said: Any) -> tuple[str, ...]:
    return tuple(map(str, said)) if isinstance(said, list | tuple) else ()
