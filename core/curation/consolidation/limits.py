"""How far merging may go by itself: limits of an index that an admin sets, kept as a document beside its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import numpy as np

from core.access import Actor, Permission
from core.curation.journal import ANY_VERSION, Documents
from core.curation.rule_form import made_of
from core.errors import ConfigError
from core.memory.fields import preview
from core.past.versions import Table, us_of
from core.store import MemoryStore

__all__ = [
    "DEFAULT_LIMITS",
    "MODES",
    "MergeLimits",
    "Mode",
    "SavedLimits",
    "load_limits",
    "merged_within_a_day",
    "room",
    "run_most",
    "save_limits",
]

FORMAT: Final = 1
_KIND, _NAME = "policies", "merging"

Mode = Literal["off", "propose", "apply"]
MODES: Final[tuple[Mode, ...]] = ("off", "propose", "apply")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class MergeLimits:
    """What a scheduled merge may do: nothing ("off"), "propose" plans for a person, or "apply" them within the rest.

    `share_run` and `share_day` are how much of an index merges may retire, 0 to 1: in one run, and in 24 hours whoever
    merges. `faithfulness` is the least of a consolidation, `certainty` that of a group of duplicates, 0 to 1. What would
    lose a golden answer is never applied without a person.
    """

    mode: Mode = "propose"
    share_run: float = 0.02
    share_day: float = 0.05
    faithfulness: float = 1.0
    certainty: float = 0.95

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ConfigError(f"The mode of merging is {preview(self.mode)}: choose of {', '.join(MODES)}.")
        for name in ("share_run", "share_day", "faithfulness", "certainty"):
            value: object = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ConfigError(f"{name} is {preview(value)}: give a number from 0 to 1.")

    def to_json(self) -> dict[str, Any]:
        """Return the limits as one JSON object."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, value: Any) -> MergeLimits:
        """Return the limits of a JSON object, what it lacks by default; raise ConfigError for what is none."""
        given = dict(value) if isinstance(value, Mapping) else value
        if isinstance(given, dict) and given.pop("format", FORMAT) != FORMAT:
            raise ConfigError(f"These limits have another format than {FORMAT}, which this Mnemoscope reads: upgrade it.")
        return made_of(cls, given, "The limits of merging")


DEFAULT_LIMITS: Final = MergeLimits()


@dataclass(frozen=True)
class SavedLimits:
    """The limits that hold for an index; `version` is None where they are the default and nobody has saved any."""

    limits: MergeLimits
    version: str | None


def load_limits(store: MemoryStore, documents: Documents, *, actor: Actor) -> SavedLimits:
    """Return the limits of an index, the default where none were saved."""
    _require(store, actor, Permission.READ)
    found = documents.get(store.stream, _KIND, _NAME)
    return (
        SavedLimits(DEFAULT_LIMITS, None)
        if found is None
        else SavedLimits(MergeLimits.from_json(found.value), found.version)
    )


def save_limits(
    store: MemoryStore, documents: Documents, limits: MergeLimits, *, actor: Actor, expected: str | None = ANY_VERSION
) -> SavedLimits:
    """Keep the limits of an index, which needs the role admin; `expected` is the version that they were made from."""
    _require(store, actor, Permission.ADMINISTER)
    kept = documents.put(store.stream, _KIND, _NAME, limits.to_json(), expected=expected)
    return SavedLimits(limits, kept.version)


def merged_within_a_day(table: Table, now: datetime) -> int:
    """Return how many memories were retired in favour of another in the 24 hours before, whether they came back or not."""
    recent = np.flatnonzero(table.at > us_of(now - _DAY)) if table.stood else ()
    return sum((int(table.key[place]), int(table.number[place])) in table.stood for place in recent)


def room(limits: MergeLimits, *, memories: int, merged_today: int) -> tuple[int, str]:
    """Return how many memories a run may retire, and the limit that says so in words.

    The shares are of what the index held before the day's merges: else each run would leave a smaller one room again.
    """
    whole = memories + merged_today
    run = run_most(limits, memories=memories, merged_today=merged_today)
    day = int(limits.share_day * whole) - merged_today
    if run <= day:
        return run, f"{limits.share_run:.0%} of {whole:,} memories a run"
    return max(0, day), f"{limits.share_day:.0%} of {whole:,} memories a day, of which {merged_today:,} are merged"


def run_most(limits: MergeLimits, *, memories: int, merged_today: int) -> int:
    """Return how many memories one run may retire, whatever the day has taken."""
    return int(limits.share_run * (memories + merged_today))


def _require(store: MemoryStore, actor: Actor, permission: Permission) -> None:
    what = f"the limits of index {store.info.name!r}"
    actor.require(permission, what=what, tenant=store.info.tenant, known=store.info.tags_known)
