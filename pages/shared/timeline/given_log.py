"""The recalls of an index for the pages, up to the moment that is looked at, and what became of what they gave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from core.memory import Memory
from core.operate.recalls import LoggedRecall
from core.past.given import Given, become_of, given, recall_id
from core.past.relation import Relations, relations
from pages.shared.here import Here
from pages.shared.past_stops import versions
from pages.shared.remembered import to_minute
from pages.shared.words import plural

__all__ = [
    "LATEST",
    "find_recall",
    "left_out_words",
    "recalls_of",
    "what_became",
    "what_it_gave",
    "who_asked",
    "who_contradicts",
]

# What a view looks through at most; the log itself keeps more.
LATEST: Final = 5_000
_KEPT: Final = 400


def recalls_of(
    here: Here,
    *,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    keys: Collection[str] | None = None,
    limit: int = LATEST,
) -> list[LoggedRecall]:
    """Return the newest recalls of the open index, newest first, up to the moment that is looked at."""
    if here.store is None or here.store.archive is None:
        return []
    ends = here.now if until is None else min(until, here.now)
    log = here.store.archive.recalls
    return log.between(here.store.stream, since=since, until=ends, actor=actor, keys=keys, limit=limit)


def left_out_words(here: Here) -> str:
    """Return that the log has entries which cannot be read, "" where it has none."""
    if here.store is None or here.store.archive is None:
        return ""
    count = here.store.archive.recalls.unreadable(here.store.stream)
    return f"Left out: {plural(count, 'entry', 'entries')} of the log that cannot be read." if count else ""


def who_asked(recalls: Iterable[LoggedRecall]) -> dict[str, int]:
    """Return who asked and how often, most first."""
    counted: dict[str, int] = {}
    for recall in recalls:
        counted[recall.actor] = counted.get(recall.actor, 0) + 1
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def find_recall(recalls: Iterable[LoggedRecall], wanted: str) -> LoggedRecall | None:
    """Return the recall of an id, None where there is none."""
    return next((recall for recall in recalls if recall_id(recall) == wanted), None)


def what_it_gave(here: Here, recalls: Sequence[LoggedRecall]) -> list[tuple[Given, ...]]:
    """Return what each recall gave, with its fate until today; kept as long as neither index nor journal change."""
    known = versions(here)
    if here.store is None or known is None:
        return [() for _ in recalls]
    present = here.at_present
    mark = (here.catalog.uri, here.store.stream, present.edition, known.head, here.actor, to_minute(here.today))
    kept: dict[str, tuple[Given, ...]] = st.session_state.setdefault("given_kept", {}) if _same(mark) else _fresh()
    missing = [recall for recall in recalls if _name(recall) not in kept]
    stated = _stated(present, {key for recall in missing for key in recall.keys}) if missing else Relations()
    for recall in missing:
        kept[_name(recall)] = given(here.store, recall, actor=here.actor, now=here.today, versions=known, stated=stated)
    while len(kept) > max(_KEPT, len(recalls)):
        kept.pop(next(iter(kept)))
    return [kept[_name(recall)] for recall in recalls]


def _name(recall: LoggedRecall) -> str:
    return f"{recall_id(recall)}-{hash((recall.hits, recall.context_keys))}"


def _same(mark: tuple[object, ...]) -> bool:
    before, st.session_state["given_mark"] = st.session_state.get("given_mark"), mark
    return bool(before == mark)


def _fresh() -> dict[str, tuple[Given, ...]]:
    st.session_state["given_kept"] = {}
    kept: dict[str, tuple[Given, ...]] = st.session_state["given_kept"]
    return kept


def what_became(here: Here, keys: Sequence[str], *, at: datetime) -> tuple[Given, ...]:
    """Return memories as they were at a moment with their fates until today, in the order of the keys."""
    known = versions(here)
    if here.store is None or known is None or not keys:
        return ()
    found = become_of(
        here.store, keys, at=at, actor=here.actor, now=here.today, versions=known, stated=_stated(here.at_present, keys)
    )
    return tuple(found.values())


def who_contradicts(here: Here, found: Iterable[Given]) -> dict[str, Memory]:
    """Return the memories that speak against given ones, by key, as they are now."""
    keys = {key for each in found for turn in (*each.turns, *each.already) for key in turn.keys}
    return here.store.get(keys, actor=here.actor) if here.store is not None and keys else {}


def _stated(present: Here, keys: Collection[str]) -> Relations:
    if present.frame is None or present.snapshot is None:
        return Relations()
    return relations(present.frame, present.snapshot.table, keys)
