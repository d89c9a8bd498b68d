"""What a recall gave to an agent, each memory as it was then, and what became of it since.

A memory was, when it was given, what the image of its first change after that moment says; without such a change it is what
the index holds now. A first change of all that found nothing only says when the journal heard of the memory, as with an
import: it was given, so it was there. Erased memories have no image left: only that they were there is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from core.access import Actor
from core.curation.plan import Action
from core.memory import Memory
from core.memory.status import STATUS_KEY, is_hidden
from core.operate.recalls import LoggedRecall
from core.past.relation import NO_RELATIONS, Relations

if TYPE_CHECKING:
    from core.curation.journal import Image
    from core.past.versions import Applied, Versions
    from core.store import MemoryStore

__all__ = ["DECISION_SPAN", "Fate", "Given", "Turn", "become_of", "before", "given", "recall_id"]

# How far back a recall may be to have been for the memory that was written next.
DECISION_SPAN: Final = timedelta(hours=24)


class Fate(StrEnum):
    """What became of a memory since it was given, the worst first."""

    ERASED = "erased"
    GONE = "gone"
    RETIRED = "retired"
    MERGED = "merged"
    CONTRADICTED = "contradicted"
    HIDDEN = "hidden"
    EXPIRED = "expired"
    EDITED = "edited"
    ADJUSTED = "adjusted"
    SAME = "same"


_WORST_FIRST: Final = {fate: place for place, fate in enumerate(Fate)}


@dataclass(frozen=True)
class Turn:
    """One thing that happened to a memory: when, by whom, by which plan, and which memories say so."""

    fate: Fate
    at: datetime | None = None
    by: str = ""
    plan_id: str | None = None
    policy: str = ""
    why: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Given:
    """A memory of a logged recall: its place and score, whether it entered the context, as it `was`, as it `is`.

    `was` is None where it was erased since, or where nobody knows what it was. `turns` has what became of it, the worst
    first; `already` what contradicted it before it was given. A stated source has no score and place 0.
    """

    key: str
    rank: int
    score: float | None
    in_context: bool
    was: Memory | None
    now: Memory | None
    turns: tuple[Turn, ...] = ()
    already: tuple[Turn, ...] = ()

    @property
    def fate(self) -> Fate:
        """The worst that became of it."""
        return self.turns[0].fate if self.turns else Fate.SAME


def recall_id(recall: LoggedRecall) -> str:
    """Return a short id of a recall that stays when its query is redacted or a memory of it is erased."""
    at = recall.at.astimezone(UTC).isoformat()
    identity = f"{recall.stream}\n{at}\n{recall.actor}\n{recall.channel}\n{recall.mode}\n{recall.k}"
    return hashlib.blake2s(identity.encode("utf-8", "replace"), digest_size=6).hexdigest()


def given(
    store: MemoryStore,
    recall: LoggedRecall,
    *,
    actor: Actor,
    now: datetime,
    versions: Versions,
    stated: Relations = NO_RELATIONS,
) -> tuple[Given, ...]:
    """Return what a recall gave, best first; `stated` is what the memories of now state about its keys (relations)."""
    known = become_of(store, recall.keys, at=recall.at, actor=actor, now=now, versions=versions, stated=stated)
    entered = frozenset(recall.context_keys)
    return tuple(
        replace(known[key], rank=rank, score=score, in_context=key in entered)
        for rank, (key, score) in enumerate(recall.hits, start=1)
    )


def become_of(
    store: MemoryStore,
    keys: Collection[str],
    *,
    at: datetime,
    actor: Actor,
    now: datetime,
    versions: Versions,
    stated: Relations = NO_RELATIONS,
) -> dict[str, Given]:
    """Return memories as they were at a moment and what became of each until `now`, by key."""
    wanted = tuple(dict.fromkeys(keys))
    since = {key: _since(versions.of(key), at) for key in wanted}
    images = versions.images([changes[0] for changes in since.values() if changes])
    tellers = {other for key in wanted for other in stated.contradicted.get(key, ())}
    there = store.get(dict.fromkeys((*wanted, *tellers)), actor=actor)
    found = {}
    for key in wanted:
        case = _Case(store, key, at, now, tuple(since[key]), images.get(key), there.get(key))
        turns = [*case.turns(stated), *_contradictions(stated.contradicted.get(key, ()), there, case.now)]
        later = [turn for turn in turns if turn.at is None or turn.at > at]
        found[key] = Given(
            key=key,
            rank=0,
            score=None,
            in_context=False,
            was=case.was,
            now=case.there,
            turns=tuple(sorted(later, key=lambda turn: _WORST_FIRST[turn.fate])),
            already=tuple(turn for turn in turns if turn not in later),
        )
    return found


def _since(changes: Sequence[Applied], at: datetime) -> list[Applied]:
    """Return the changes after a moment, less the one by which the memory came into the journal."""
    known = changes[1:] if changes and changes[0].action is Action.PUT else changes
    return [change for change in known if change.at > at]


@dataclass(frozen=True)
class _Case:
    """One key: its changes since it was given, the image of the first of them, and what is there now."""

    store: MemoryStore
    key: str
    at: datetime
    now: datetime
    changes: tuple[Applied, ...]
    image: Image | None
    there: Memory | None

    @property
    def was(self) -> Memory | None:
        """The memory as it was, None where nothing is kept of that."""
        if self.image is not None and self.image.before is not None:
            return self.store.memory_of(self.key, self.image.before.metadata)
        if self.changes and self.image is None:
            return None
        return None if self._is_later else self.there

    @property
    def _is_later(self) -> bool:
        """Whether what is there was written after it was given: an agent's own write, of which no journal tells."""
        return self.there is not None and self.there.created_at is not None and self.there.created_at > self.at

    def turns(self, stated: Relations) -> Iterator[Turn]:
        """Yield what became of it, less what others say of it."""
        if self.there is None:
            yield self._taken_out(stated)
            return
        was = self.was
        if was is None:
            if self._is_later and not self.changes:
                why = "It was written again after it was given; what it said then is not kept."
                yield Turn(Fate.EDITED, self.there.created_at, self.there.agent_id or "", why=why)
            elif self.changes:
                yield _turn(Fate.EDITED, self.changes[-1], why="What it said then was erased.")
            return
        if is_hidden(self.there) and not is_hidden(was):
            yield _turn(Fate.HIDDEN, *self._last("hide", "quarantine"))
        if self.there.is_expired(self.now) and not was.is_expired(self.at):
            yield Turn(Fate.EXPIRED, self.there.expires_at)
        if self.there.content != was.content:
            yield _turn(Fate.EDITED, *self._last("edit"))
        elif _fields(self.there) != _fields(was):
            yield _turn(Fate.ADJUSTED, *self._last())

    def _taken_out(self, stated: Relations) -> Turn:
        if not self.changes:
            return Turn(Fate.GONE, why="It is not in the index any more, and the journal does not say why.")
        last = self.changes[-1]
        if last.action is Action.ERASE or self.image is None:
            return _turn(Fate.ERASED, last)
        heirs = stated.made.get(self.key, ())
        return replace(_turn(Fate.MERGED if heirs else Fate.RETIRED, last), keys=heirs)

    def _last(self, *policies: str) -> Sequence[Applied]:
        """Return the last change by one of the policies, else the last of all; empty where the journal has none."""
        fitting = [change for change in self.changes if change.policy in policies] or list(self.changes)
        return fitting[-1:]


def _turn(fate: Fate, change: Applied | None = None, *, why: str = "") -> Turn:
    if change is None:
        return Turn(fate, why=why)
    return Turn(fate, change.at, change.actor, change.plan_id, change.policy, why or change.reason)


def _fields(memory: Memory) -> Memory:
    """Return a memory less what has a fate of its own: text, status, and how often it was recalled."""
    extra = {name: value for name, value in memory.extra.items() if name != STATUS_KEY}
    return replace(memory, content="", extra=extra, recall_count=0, last_recalled_at=None, origin=None)


def _contradictions(tellers: Iterable[str], there: dict[str, Memory], now: datetime) -> Iterator[Turn]:
    """Yield what others say against a memory, the oldest first; hidden and expired memories do not count."""
    found = [there[key] for key in tellers if key in there]
    living = [memory for memory in found if not is_hidden(memory) and not memory.is_expired(now)]
    for other in sorted(living, key=lambda memory: (memory.created_at is None, memory.created_at or now, memory.key)):
        yield Turn(Fate.CONTRADICTED, other.created_at, other.agent_id or "", keys=(other.key,))


def before(memory: Memory, recalls: Iterable[LoggedRecall], *, previous: datetime | None = None) -> tuple[LoggedRecall, ...]:
    """Return what an agent was given before it wrote a memory, newest first: its recalls since its `previous` memory.

    At most DECISION_SPAN back. Empty for a memory without an author or a time.
    """
    if memory.agent_id is None or memory.created_at is None:
        return ()
    written, since = memory.created_at, memory.created_at - DECISION_SPAN
    if previous is not None and previous < written:
        since = max(since, previous)
    found = [each for each in recalls if each.actor == memory.agent_id and since < each.at <= written]
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))
