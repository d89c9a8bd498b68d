"""Whether what a plan is about to change is still what it saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

from core.access import Actor
from core.curation.plan import Change, Plan
from core.curation.workplace import Workplace
from core.errors import StalePlanError
from core.memory.fields import preview
from core.memory.record import Record, fingerprint

__all__ = ["DIFFERENCES", "chunks", "difference", "differences", "refuse_stale"]

_T = TypeVar("_T")
_GONE, _THERE, _CHANGED = "is gone", "is there now", "was changed"
DIFFERENCES: Final = frozenset({_GONE, _THERE, _CHANGED})
_CHUNK: Final = 1_000  # records in memory at once
_SHOWN: Final = 3


def difference(seen: str | None, now: Record | None) -> str | None:
    """Return in words how a record differs from the fingerprint that was seen, None where it does not."""
    if now is None:
        return None if seen is None else _GONE
    if seen is None:
        return _THERE
    return None if fingerprint(now.metadata) == seen else _CHANGED


def differences(changes: Iterable[Change], now: Mapping[str, Record]) -> dict[str, str]:
    """Return the changes' keys of which something else is there than what the plan saw, each with what happened to it."""
    found = ((change.key, difference(change.seen, now.get(change.key))) for change in changes)
    return {key: what for key, what in found if what is not None}


def refuse_stale(place: Workplace, plan: Plan, changes: Sequence[Change], *, actor: Actor) -> None:
    """Raise StalePlanError unless every one of these changes finds what the plan saw."""
    stale: dict[str, str] = {}
    for part in chunks(changes, _CHUNK):
        stale |= differences(part, place.read([change.key for change in part], actor=actor))
    if stale:
        shown = ", ".join(f"{preview(key)} {what}" for key, what in list(stale.items())[:_SHOWN])
        rest = f" and {len(stale) - _SHOWN:,} more" if len(stale) > _SHOWN else ""
        raise StalePlanError(
            f"Plan {plan.id} is stale: {len(stale):,} of its {len(plan):,} changes would meet something else than what it "
            f"saw ({shown}{rest}). Nothing was done: plan it again and look at it again.",
            keys=stale,
        )


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Yield the items in lists of at most `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
