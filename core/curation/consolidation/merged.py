"""The memory that a draft becomes, field by field; and what it says of its sentences, read back.

- `memory_type` is semantic, `source` "consolidation". `created_at` is that of the latest source: a merge makes none newer,
  or recency would prefer it to what is new. `extra["consolidation"]` has when it was merged, and the earliest source's time.
- `agent_id`, `team_id`, `task_id` and `session_id` are those that all sources share, else none: a memory of two agents is
  neither's. `tags` are all tags, so that no filter by a tag loses it.
- `derived_from` names the sources and then what they were derived from themselves.
- It expires when the last of its sources would, if each of them says when; `recall_count` is their sum, `last_recalled_at`
  the latest; `confidence` is such that what is left of it now is what was left of theirs. Notes stay in the journal.
- `extra["consolidation"]` also says what each sentence stands on, by its place in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

from core.curation.consolidation.confidence import combined_confidence, stated_for
from core.curation.consolidation.draft import BREAK, Draft, Sentence, text_hash
from core.curation.consolidation.statements import in_order
from core.curation.decay import DEFAULT_DECAY, DecayRules
from core.errors import ConfigError
from core.memory import Memory, MemoryType
from core.memory.fields import iso
from core.memory.merged import CONSOLIDATION_KEY

__all__ = ["CONSOLIDATION_KEY", "direct_sources", "merged_memory", "sentences_of"]

_SOURCE: Final = "consolidation"
_DIGITS: Final = 4
_HASH: Final = 12
T = TypeVar("T")


def merged_memory(
    draft: Draft, sources: Sequence[Memory], *, key: str, now: datetime, rules: DecayRules = DEFAULT_DECAY
) -> Memory:
    """Return the memory that would stand for the sources of a draft.

    Raises ConfigError for a draft without sentences, and where a source of it is missing.
    """
    by_key = {one.key: one for one in sources}
    missing = [one for one in draft.sources if one not in by_key]
    if missing or not draft.sentences or not draft.sources:
        said = f"its source {missing[0]!r} is missing" if missing else "it has no sentences or no sources"
        raise ConfigError(f"The draft makes no memory, since {said}: draft it again.")
    chosen = in_order([by_key[one] for one in draft.sources])
    effective = combined_confidence(draft, chosen, now=now, rules=rules).value
    made = [one.created_at for one in chosen if one.created_at is not None]
    ends = [one.expires_at for one in chosen if one.expires_at is not None]
    memory = Memory(
        key,
        draft.text,
        memory_type=MemoryType.SEMANTIC,
        agent_id=_shared(one.agent_id for one in chosen),
        team_id=_shared(one.team_id for one in chosen),
        task_id=_shared(one.task_id for one in chosen),
        session_id=_shared(one.session_id for one in chosen),
        created_at=max(made, default=now),
        expires_at=max(ends) if len(ends) == len(chosen) else None,
        source=_SOURCE,
        tags=_once(tag for one in chosen for tag in one.tags),
        derived_from=_lineage(chosen, key),
        recall_count=sum(one.recall_count for one in chosen),
        last_recalled_at=max((one.last_recalled_at for one in chosen if one.last_recalled_at), default=None),
        extra={CONSOLIDATION_KEY: {"at": iso(now), "since": iso(min(made, default=now)), **_marks(draft)}},
    )
    return memory if effective is None else replace(memory, confidence=stated_for(effective, memory, now=now, rules=rules))


def direct_sources(memory: Memory) -> tuple[str, ...]:
    """Return the memories that this one was merged from, without those that were merged into them; else `derived_from`."""
    said = memory.extra.get(CONSOLIDATION_KEY)
    keys = said.get("sources") if isinstance(said, Mapping) else None
    if not isinstance(keys, Sequence) or isinstance(keys, str):
        return memory.derived_from
    known = set(memory.derived_from)  # a source that was taken out of it since is no source
    return tuple(one for one in keys if isinstance(one, str) and one in known)


def sentences_of(memory: Memory) -> tuple[Sentence, ...]:
    """Return the sentences of a merged memory with the sources that each stood on when it was made; () of any other.

    What was edited since has no sources and is not supported; sources that were taken out of `derived_from` are left out.
    """
    said = memory.extra.get(CONSOLIDATION_KEY)
    if not isinstance(said, Mapping):
        return ()
    keys, known = said.get("sources"), set(memory.derived_from)
    marks = said.get("sentences")
    if not isinstance(keys, list | tuple) or not isinstance(marks, list | tuple):
        return ()
    found, place = [], 0
    for mark in marks:
        read = _read(mark, memory.content, keys, known)
        if read is None:
            continue
        start, end, sentence = read
        if start >= place:
            found += _edited(memory.content[place:start])
            found.append(sentence)
            place = end
    return (*found, *_edited(memory.content[place:]))


def _read(mark: Any, content: str, keys: Sequence[Any], known: set[str]) -> tuple[int, int, Sentence] | None:
    """Return where a sentence is and what it stands on; None where the text is another one now, or the mark is none."""
    try:
        start, end, digest, places, support = mark
        text = content[start:end]
        named = tuple(keys[place] for place in places if keys[place] in known)
        score = float(support)
    except (TypeError, ValueError, IndexError, KeyError):
        return None
    if not text or text_hash(text)[:_HASH] != digest:
        return None
    why = "As it was merged." if named else "None of its sources is among those of the memory any more."
    return int(start), int(end), Sentence(text, named, score if named else 0.0, bool(named), why)


def _edited(text: str) -> list[Sentence]:
    return [
        Sentence(line.strip(), (), 0.0, False, "Edited since it was merged.") for line in text.split(BREAK) if line.strip()
    ]


def _marks(draft: Draft) -> dict[str, Any]:
    places = {key: place for place, key in enumerate(draft.sources)}
    marks: list[list[Any]] = []
    start = 0
    for one in draft.sentences:
        end = start + len(one.text)
        stands = [places[key] for key in one.sources if key in places]
        marks.append([start, end, text_hash(one.text)[:_HASH], stands, round(one.support, _DIGITS)])
        start = end + len(BREAK)
    faithfulness = round(draft.faithfulness, _DIGITS)
    return {"method": draft.method, "faithfulness": faithfulness, "sources": list(draft.sources), "sentences": marks}


def _lineage(sources: Sequence[Memory], key: str) -> tuple[str, ...]:
    earlier = (older for one in sources for older in one.derived_from)
    return tuple(one for one in _once([*(one.key for one in sources), *earlier]) if one != key)


def _shared(values: Iterable[T | None]) -> T | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
