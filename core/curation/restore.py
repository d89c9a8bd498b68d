"""The index as it was at a moment, as far as the journal knows: a plan that brings it back.

A key is known from its first change after the moment: the image of that one is what it was. Writes that the journal does not
have, agents' own, are in that image too, for nobody can tell when they came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from core.access import Actor, Permission
from core.curation.authority import TAKES_BACK
from core.curation.journal import Image
from core.curation.outcomes import Outcome, images_of
from core.curation.plan import Change, Plan
from core.curation.staleness import chunks
from core.curation.undo import change_back, left_out
from core.curation.workplace import Workplace
from core.errors import ConfigError, CurationError
from core.memory.record import Record
from core.scope import Scope

__all__ = ["restore_plan"]

_CHUNK: Final = 500
Later = Literal["keep", "retire"]


def restore_plan(place: Workplace, as_of: datetime, *, actor: Actor, scope: Scope, later: Later = "keep") -> Plan:
    """Return the plan that brings back what was in the scope at a moment (see Desk.restore_plan)."""
    place.require(Permission.READ, actor)
    if as_of.tzinfo is None:
        raise ConfigError(f"The moment {as_of.isoformat()} has no time zone: use an aware time, as datetime.now(UTC) is.")
    since = place.versions.since(as_of)
    out: dict[str, str] = {}
    changes: list[Change] = []
    for part in chunks((change.outcome for change in since.values()), _CHUNK):
        changes += _Then(place, as_of, actor, scope, later, out).changes(part)
    if not changes:
        raise CurationError(
            f"Nothing is to be restored as of {as_of:%Y-%m-%d %H:%M:%S %Z}: since then the journal has no change of "
            f"{scope.sentence()[:1].lower()}{scope.sentence()[1:]}"
        )
    since_plans = place.versions.plans_since(as_of, [change.key for change in changes])
    return Plan(
        id=place.new_id(),
        bucket=place.store.bucket,
        index=place.store.info.name,
        title=f"Restore as of {as_of:%Y-%m-%d %H:%M:%S %Z}",
        policy="restore",
        author=actor.name,
        created_at=place.clock(),
        changes=tuple(changes),
        parameters={
            "as_of": as_of.isoformat(),
            "scope": scope.to_params(),
            "later": later,
            TAKES_BACK: sorted(set().union(*since_plans.values())),
            **left_out(out),
        },
    )


@dataclass(frozen=True)
class _Then:
    """What keys were at the moment, against what they are now; `out` gets those that cannot be brought back."""

    place: Workplace
    as_of: datetime
    actor: Actor
    scope: Scope
    later: Later
    out: dict[str, str]

    def changes(self, outcomes: list[Outcome]) -> Iterator[Change]:
        images = images_of(self.place.journal, self.place.stream, outcomes)
        now = self.place.read([outcome.key for outcome in outcomes], actor=self.actor, vectors=True)
        for outcome in outcomes:
            image, there = images.get(outcome.key), now.get(outcome.key)
            if image is None:
                self.out[outcome.key] = "was erased"
            elif self._wanted(image, there):
                before = None if there is None else Record(there.metadata)
                reason = f"As it was at {self.as_of.isoformat()}"
                yield change_back(image, before, reason=reason, policy="restore")

    def _wanted(self, image: Image, there: Record | None) -> bool:
        """Say whether the key is in the scope and not as it was."""
        if image.before is None:
            return self.later == "retire" and there is not None and self._admits(image.key, there)
        return there != image.before and self._admits(image.key, image.before)

    def _admits(self, key: str, record: Record) -> bool:
        return self.scope.admits(self.place.store.memory_of(key, record.metadata), now=self.as_of)
