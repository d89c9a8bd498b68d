"""Whether both texts of a card are in the index: where one is not, the card is no question any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from core.access import Actor
from core.curation.conflicts.card import CardSide
from core.curation.conflicts.case import Case, keys_of
from core.curation.conflicts.register import Register
from core.curation.duplicates.exact import content_hash
from core.memory.fields import preview
from core.store import MemoryStore

__all__ = ["GONE", "IsThere", "present", "refresh", "refreshed", "there_of"]

GONE = "changed or left the index"
IsThere = Callable[[CardSide], bool]


def present(store: MemoryStore, keys: Collection[str], *, actor: Actor) -> dict[str, str]:
    """Return the content hashes of those of some keys that are in the index, by key."""
    return {key: content_hash(memory.content) for key, memory in store.get(keys, actor=actor).items()}


def there_of(hashes: Mapping[str, str]) -> IsThere:
    """Return what says whether a side is there, by the content hashes of its keys."""
    return lambda side: any(hashes.get(key) == side.hash for key in keys_of(side))


def refreshed(case: Case, is_there: IsThere) -> Case:
    """Return the case closed where one of its texts is gone, open where all are there again; a decided one stays.

    One that was closed for another reason stays closed.
    """
    if case.ruling is not None or (case.closed and not case.closed.endswith(GONE)):
        return case
    gone = [preview(side.key) for side in (case.card.left, case.card.right) if not is_there(side)]
    closed = f"{' and '.join(gone)} {GONE}" if gone else ""
    return case if bool(closed) == bool(case.closed) else replace(case, closed=closed, claim=None)


def refresh(store: MemoryStore, register: Register, hashes: Collection[str], *, actor: Actor) -> None:
    """Close or open the cards with texts of these content hashes, by what is in the index now."""
    cases = register.cases_with(hashes)
    there = present(store, dict.fromkeys(key for case in cases for key in case.keys), actor=actor)
    register.change([case.card.id for case in cases], lambda case: refreshed(case, there_of(there)))
