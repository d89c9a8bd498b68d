"""What still says the text of memories that a plan erases: those that were made from them, through every merge.

A merged memory that one source was taken out of says that source's sentences until somebody edits it, so the journal is
asked which memories anything was ever merged into; `derived_from` says it of all others, an agent's own summaries too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from core.access import Actor
from core.curation.consolidation.sentences import sentences_in
from core.curation.plan import Action, Plan
from core.errors import MnemoscopeError
from core.hostile import one_line
from core.memory import Memory
from core.memory.record import Record
from core.past.stand_ins import relying
from core.past.versions import Versions, versions_of
from core.store import MemoryStore

__all__ = ["Remnant", "erasure_notes", "left_behind", "merged_from", "remnants", "said_in_journal"]

_NAMED: Final = 5
_KEY_CHARS: Final = 80


@dataclass(frozen=True)
class Remnant:
    """A memory that says what erased ones (`of`, by key) said; `here` is False where only the journal has it."""

    key: str
    of: tuple[str, ...]
    here: bool
    text: str


def remnants(store: MemoryStore, plan: Plan, *, actor: Actor, frame: pd.DataFrame | None = None) -> list[Remnant]:
    """Return what still says the text of the memories that a plan erases, those in the index first; none of its own.

    `frame` is a snapshot of the index: only that tells of memories that name their sources and were merged by nobody.
    """
    erased = {change.key: change.before for change in plan if change.action is Action.ERASE}
    if not erased:
        return []
    versions = _versions(store)
    made_from = _made_from(erased.keys(), _edges(versions, frame))
    made_from = {key: of for key, of in made_from.items() if key not in erased}
    here = store.records.get(made_from, actor=actor, vectors=False)
    kept = {} if versions is None else _kept(versions, made_from.keys() - here.keys())
    told = _sentences(store, erased)
    found = [
        Remnant(key, of, key in here, memory.content)
        for key, record in {**here, **kept}.items()
        if (of := _still_said(memory := store.memory_of(key, record.metadata), made_from[key], told))
    ]
    return sorted(found, key=lambda each: (not each.here, each.key))


def left_behind(store: MemoryStore, plan: Plan, *, actor: Actor) -> list[str]:
    """Return the memories that were retired in favour of those that a plan erases, through every merge, and are out yet.

    Nothing stands for them any more, and what they said, often the same, stays in the journal.
    """
    erased = {change.key for change in plan if change.action is Action.ERASE}
    versions = _versions(store) if erased else None
    if versions is None:
        return []
    out = relying(versions.table())
    level, found = list(erased), dict[str, None]()
    while level:
        level = [key for by in level for key in out.get(by, ()) if key not in found]
        found |= dict.fromkeys(level)
    here = store.records.get([key for key in found if key not in erased], actor=actor, vectors=False)
    return sorted(_kept(versions, found.keys() - here.keys() - erased))


def erasure_notes(found: Sequence[Remnant], behind: Sequence[str]) -> Iterator[str]:
    """Yield what a reader must know before the erasure, with what can be done; `behind` is what it leaves behind."""
    if behind:
        it, they = ("it", "It stays") if len(behind) == 1 else ("them", "They stay")
        yield (
            f"{_count(behind, 'was', 'were')} retired in favour of what is erased ({_names(behind)}). {they} out, with "
            f"nothing in the index that says the same, and the journal keeps the text: un-merge first to have {it} back, or "
            f"to erase {it} too."
        )
    here, gone = [each for each in found if each.here], [each for each in found if not each.here]
    if here:
        it = "it" if len(here) == 1 else "them"
        yield (
            f"{_count(here, 'was', 'were')} made from what is erased and may still say it ({_names(here)}): edit {it} "
            f"before, or erase {it} as well. Un-merging alone leaves the words."
        )
    if gone:
        yield (
            f"{_count(gone, 'was', 'were')} made from what is erased and left the index ({_names(gone)}): the journal's "
            "copies go too, and nothing brings them back."
        )


def merged_from(versions: Versions, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the memories that these keys were ever merged into, in any generation, each with those of the keys."""
    return {key: of for key, of in _made_from(keys, _edges(versions, None)).items() if key not in keys}


def said_in_journal(
    store: MemoryStore, versions: Versions, made_from: Mapping[str, Sequence[str]], texts: Collection[str]
) -> list[str]:
    """Return of which memories, each made from some keys, the journal has an image that names these or says their texts."""
    sentences = [_plain(each) for text in texts for each in sentences_in(text)]
    found: list[str] = []
    for key, of in made_from.items():
        images = (versions.images([change]).get(key) for change in versions.of(key))
        records = (image.before for image in images if image is not None and image.before is not None)
        told = dict.fromkeys(of, sentences)
        if any(_still_said(store.memory_of(key, record.metadata), of, told) for record in records):
            found.append(key)
    return found


def _edges(versions: Versions | None, frame: pd.DataFrame | None) -> dict[str, set[str]]:
    """Return which memories were made from a key, by key: whatever was merged, and what says so itself."""
    found: dict[str, set[str]] = {}
    if versions is not None:
        table = versions.table()
        for (number, _), by in table.stood.items():
            found.setdefault(table.keys[number], set()).add(by)
    if frame is not None and "derived_from" in frame:
        for key, sources in zip(frame["key"].to_numpy(), frame["derived_from"].to_numpy(), strict=True):
            for source in () if sources is None else sources:
                found.setdefault(source, set()).add(str(key))
    return found


def _made_from(keys: Iterable[str], edges: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Return the memories that were made from these keys, in any generation, each with those of the keys."""
    found: dict[str, list[str]] = {}
    for key in keys:
        level, known = [key], {key}
        while level:
            level = [each for source in level for each in edges.get(source, ()) if each not in known]
            known.update(level)
        for each in known - {key}:
            found.setdefault(each, []).append(key)
    return {each: tuple(of) for each, of in found.items()}


def _kept(versions: Versions, keys: Collection[str]) -> dict[str, Record]:
    """Return what the journal still has of memories that left the index."""
    gone = {key: change for key, change in versions.retired().items() if key in keys}
    images = versions.images(gone.values())
    return {key: image.before for key, image in images.items() if image.before is not None}


def _sentences(store: MemoryStore, erased: Mapping[str, Record | None]) -> dict[str, list[str]]:
    texts = {key: store.memory_of(key, record.metadata).content for key, record in erased.items() if record is not None}
    return {key: [_plain(each) for each in sentences_in(text)] for key, text in texts.items()}


def _still_said(memory: Memory, of: Sequence[str], told: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return of which sources a memory says the text: those it names, and those of which it has a sentence."""
    text, named = _plain(memory.content), set(memory.derived_from)
    return tuple(key for key in of if key in named or any(each and each in text for each in told.get(key, ())))


def _versions(store: MemoryStore) -> Versions | None:
    try:
        return versions_of(store.archive.ledger.journal, store.stream) if store.archive else None
    except MnemoscopeError:
        return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _count(found: Sequence[object], one: str, many: str) -> str:
    return f"1 memory {one}" if len(found) == 1 else f"{len(found):,} memories {many}"


def _names(found: Sequence[Remnant] | Sequence[str]) -> str:
    keys = [each if isinstance(each, str) else each.key for each in found[:_NAMED]]
    names = ", ".join(repr(one_line(key, _KEY_CHARS)) for key in keys)
    return names if len(found) <= _NAMED else f"{names} and {len(found) - _NAMED:,} more"
