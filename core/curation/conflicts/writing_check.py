"""One memory on its way into an index: what is there that it may contradict? The rules are those of a scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from core.access import Actor
from core.candidates import Candidate, Mode
from core.curation.conflicts.asking import require_may_ask
from core.curation.conflicts.candidates import DEFAULT_BOUNDS, Bounds
from core.curation.conflicts.card import Card, CardSide
from core.curation.conflicts.grounds import has_grounds
from core.curation.conflicts.measuring.threshold import threshold_for
from core.curation.conflicts.reach import Whose, why_compared
from core.curation.conflicts.sides import age, carded, comes_and_goes
from core.curation.conflicts.speaking import DAY, MOMENT, are_within, comparable_voices, voices
from core.curation.conflicts.subject import identities, of_other_things, promise, signatures
from core.curation.conflicts.told import tells_of
from core.curation.duplicates.exact import content_hash
from core.filters import UNKNOWN
from core.memory import Memory
from core.models.judge import Judge, JudgedPair, Side
from core.scope import Scope
from core.store import MemoryStore

__all__ = ["conflicts_on_write"]

# Equal texts take places of a query's answer too.
_ROOM: Final = 2
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Text:
    """What is in the index with one text, the latest first."""

    hash: str
    memories: tuple[Memory, ...]
    cosine: float

    @property
    def latest(self) -> Memory:
        return self.memories[0]


def conflicts_on_write(
    store: MemoryStore,
    memory: Memory,
    vector: npt.NDArray[np.float32],
    *,
    judge: Judge,
    actor: Actor,
    now: datetime,
    threshold: float | None = None,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> list[Card]:
    """Return the possible conflicts of a memory with an index, the likeliest first; it needs not be in the index yet.

    `vector` (dim,) is that of its text. Compared is what a scan compares: memories of the same team or task, or of nobody's,
    that are neither hidden nor expired, and say something else. Without a `threshold` that of the index holds. Nothing is
    written: `Inbox.take_in` keeps the cards, with {} as `checked`. Raises ModelError where the judge cannot be asked.
    """
    require_may_ask(store, judge, actor=actor)
    tenant, digest = store.info.tenant is not None, content_hash(memory.content)
    same, near = _texts(store, memory, digest, vector, tenant=tenant, bounds=bounds, now=now, actor=actor)
    found = _partners(near, memory, bounds)
    pairs = [_ordered(memory, each.latest) for each in found]
    asked = [
        JudgedPair(_judged(left), _judged(right), each.cosine) for (left, right), each in zip(pairs, found, strict=True)
    ]
    if not asked:
        return []
    least, cards = threshold_for(store, judge) if threshold is None else threshold, []
    rules: dict[str, bool] = {"tenant": tenant, "same_agent": bounds.same_agent}
    for pair, each, shown, judgement in zip(pairs, found, asked, judge.judge(asked), strict=True):
        if judgement.clash < least or not has_grounds(shown, judgement):
            continue
        whose = [Whose.of(other) for other in each.memories]
        also = [other for other in same if any(why_compared(Whose.of(other), one, **rules) for one in whose)]
        sides = {memory.key: _side(memory, digest, also), each.latest.key: _side(each.latest, each.hash, each.memories[1:])}
        left, right = (sides[side.key] for side in pair)
        why = why_compared(Whose.of(pair[0]), Whose.of(pair[1]), **rules) or ""
        cards.append(carded(left, right, judgement, cosine=each.cosine, why=why, now=now))
    return sorted(cards, key=lambda card: (-card.judgement.clash, card.id))


def _texts(
    store: MemoryStore,
    memory: Memory,
    digest: str,
    vector: npt.NDArray[np.float32],
    *,
    tenant: bool,
    bounds: Bounds,
    now: datetime,
    actor: Actor,
) -> tuple[list[Memory], list[_Text]]:
    """Return what says the same as a memory, and the texts near to it that may be compared with it, each once."""
    by_hash: dict[str, dict[str, Candidate]] = {}
    for scope in _scopes(memory, tenant=tenant) if memory.content.strip() else ():
        for hit in store.query(
            vector=vector, mode=Mode.VECTOR, k=_ROOM * bounds.neighbours, scope=scope, now=now, actor=actor
        ):
            other = hit.memory
            why = why_compared(Whose.of(memory), Whose.of(other), tenant=tenant, same_agent=bounds.same_agent)
            if why is None or other.key == memory.key or hit.cosine is None or hit.cosine < bounds.cosine:
                continue
            if other.content.strip() and not _resolved(memory, other):
                by_hash.setdefault(content_hash(other.content), {})[other.key] = hit
    own = [hit.memory for hit in by_hash.pop(digest, {}).values()]
    texts = []
    for name, hits in by_hash.items():
        members = sorted((hit.memory for hit in hits.values()), key=_latest, reverse=True)
        said = [(each.agent_id, each.created_at, 0) for each in (memory, *own)]
        said += [(each.agent_id, each.created_at, 1) for each in members]
        if not comes_and_goes(said):
            texts.append(_Text(name, tuple(members), max(hit.cosine or 0.0 for hit in hits.values())))
    return own, texts


def _scopes(memory: Memory, *, tenant: bool) -> Iterator[Scope]:
    """Yield where to look: the whole index, or team, task and what is of neither."""
    whose = Whose.of(memory)
    if tenant or whose.is_free:
        yield Scope()
        return
    if whose.team is not None:
        yield Scope(teams=(whose.team,))
    if whose.task is not None:
        yield Scope(tasks=(whose.task,))
    yield Scope(teams=(UNKNOWN,), tasks=(UNKNOWN,))


def _partners(texts: list[_Text], memory: Memory, bounds: Bounds) -> list[_Text]:
    """Return the texts that a memory is judged with: the most promising that can be held against it."""
    if not texts:
        return []
    contents = [memory.content, *(each.latest.content for each in texts)]
    own, others = np.zeros(len(texts), np.int64), np.arange(1, len(contents))
    cosines = np.array([each.cosine for each in texts], np.float32)
    worth = promise(signatures(contents, told=lambda _: None), own, others, cosines)
    spoken = voices(contents)
    may = comparable_voices(
        spoken[own],
        spoken[others],
        same_agent=np.array([memory.agent_id == each.latest.agent_id is not None for each in texts]),
        same_task=np.array([not _apart(memory.task_id, each.latest.task_id) for each in texts]),
        same_talk=np.array([not _apart_in_talk(memory, each.latest) for each in texts]),
        same_moment=np.array([are_within(memory.created_at, each.latest.created_at, MOMENT) for each in texts]),
        same_day=np.array([are_within(memory.created_at, each.latest.created_at, DAY) for each in texts]),
        cosines=cosines,
    )
    may &= ~of_other_things(identities(contents), own, others)
    order = sorted(range(len(texts)), key=lambda place: (-worth[place], texts[place].latest.key))
    kept = [place for place in order if may[place] and worth[place] >= bounds.promise]
    return [texts[place] for place in kept[: bounds.partners]]


def _resolved(one: Memory, other: Memory) -> bool:
    return tells_of(one.source, one.content, other.content) or tells_of(other.source, other.content, one.content)


def _apart(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _apart_in_talk(one: Memory, other: Memory) -> bool:
    return _apart(one.task_id, other.task_id) or _apart(one.session_id, other.session_id)


def _ordered(one: Memory, other: Memory) -> tuple[Memory, Memory]:
    first, second = sorted((one, other), key=_age)
    return first, second


def _age(memory: Memory) -> tuple[datetime, str]:
    return age(memory.created_at, memory.key)


def _latest(memory: Memory) -> tuple[datetime, str]:
    return memory.created_at or _OLDEST, memory.key


def _judged(memory: Memory) -> Side:
    return Side(memory.content, memory.created_at, memory.agent_id)


def _side(memory: Memory, digest: str, others: Sequence[Memory]) -> CardSide:
    return CardSide(
        key=memory.key,
        hash=digest,
        text=memory.content,
        agent=memory.agent_id,
        team=memory.team_id,
        task=memory.task_id,
        at=memory.created_at,
        confidence=memory.confidence,
        others=tuple(sorted(each.key for each in others)),
    )
