"""The demo world: every memory of the story as seen from one moment, and what is true about them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2s

from core.access import tenant_of_index
from core.demo.asking import Asking, askings
from core.demo.draft import Draft, rows
from core.demo.records import recorded
from core.demo.script import written
from core.memory import Memory

__all__ = ["Contradiction", "DemoWorld", "DuplicateGroup", "Handoff", "Question", "build"]


@dataclass(frozen=True)
class Contradiction:
    """Two memories of one index that cannot both be true; the newer one is right."""

    index: str
    about: str
    older: str
    newer: str


@dataclass(frozen=True)
class DuplicateGroup:
    """Memories of one index that say the same; `exact` if in the same words."""

    index: str
    name: str
    keys: tuple[str, ...]
    exact: bool


@dataclass(frozen=True)
class Handoff:
    """A memory with which one agent gives work to another."""

    index: str
    key: str
    task: str | None
    from_agent: str
    to_agent: str


@dataclass(frozen=True)
class Question:
    """A question to one index and the keys of the memories that answer it."""

    text: str
    index: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class DemoWorld:
    """The memories of each index, oldest first, and the ground truth about them; every reference is a key."""

    now: datetime
    indexes: Mapping[str, tuple[Memory, ...]]
    contradictions: tuple[Contradiction, ...]
    duplicates: tuple[DuplicateGroup, ...]
    handoffs: tuple[Handoff, ...]
    poisoned: tuple[str, ...]
    questions: tuple[Question, ...]
    resumed_task: str
    recalls: tuple[Asking, ...] = ()

    @property
    def tenants(self) -> dict[str, str]:
        """Return the tenant of each index that belongs to one."""
        return {index: tenant for index in self.indexes if (tenant := tenant_of_index(index))}

    def memories(self) -> Iterator[Memory]:
        """Yield every memory of every index."""
        for memories in self.indexes.values():
            yield from memories


def build(now: datetime) -> DemoWorld:
    """Return the world as of `now`, an aware time: the same moment gives the same world, a later one the same keys."""
    now = now.astimezone(UTC)
    drafts = _with_keys([*written(), *recorded()])
    names = {draft.name: key for key, draft in drafts if draft.name}
    if len(names) != sum(draft.name is not None for _, draft in drafts):
        raise ValueError("Two memories of the story have the same id.")
    indexes: dict[str, list[Memory]] = defaultdict(list)
    for key, draft in drafts:
        indexes[draft.index].append(_memory(key, draft, names, now))
    return DemoWorld(
        now=now,
        indexes={name: tuple(sorted(indexes[name], key=_by_time)) for name in sorted(indexes)},
        contradictions=tuple(
            Contradiction(draft.index, draft.contradicts[1], names[draft.contradicts[0]], key)
            for key, draft in drafts
            if draft.contradicts
        ),
        duplicates=tuple(_duplicates(drafts)),
        handoffs=tuple(Handoff(d.index, key, d.task, d.agent, d.to_agent) for key, d in drafts if d.to_agent),
        poisoned=tuple(key for key, draft in drafts if draft.poisoned),
        questions=tuple(
            Question(text, index, tuple(names[name.strip()] for name in answers.split(",")))
            for text, index, answers in rows("questions.psv")
        ),
        resumed_task="pricing-survey",
        recalls=askings(now),
    )


def _with_keys(drafts: Iterable[Draft]) -> list[tuple[str, Draft]]:
    """Pair each draft with its key: agent and task for people, then a digest that no other memory of the story has."""
    seen: Counter[str] = Counter()
    keyed = []
    for draft in drafts:
        readable = ":".join(part for part in (draft.agent, draft.task) if part)
        identity = f"{draft.index}\n{readable}\n{draft.content}"
        digest = blake2s(f"{identity}\n{seen[identity]}".encode(), digest_size=6).hexdigest()
        seen[identity] += 1
        keyed.append((f"{readable}:{digest}", draft))
    return keyed


def _memory(key: str, draft: Draft, names: Mapping[str, str], now: datetime) -> Memory:
    # Nobody writes at whole minutes: the key decides the seconds.
    seconds = timedelta(seconds=int(key[-4:], 16) % 60)
    at = draft.when.at(now)
    created = at - seconds if draft.when.clock is None else at + seconds
    expires = created + draft.lives if draft.lives else now + draft.until if draft.until else None
    return Memory(
        key=key,
        content=draft.content,
        memory_type=draft.memory_type,
        agent_id=draft.agent,
        team_id=draft.team,
        task_id=draft.task,
        session_id=draft.session,
        created_at=created,
        expires_at=expires.replace(microsecond=0) if expires else None,
        confidence=draft.confidence,
        source=draft.source,
        tags=draft.tags,
        derived_from=tuple(names[name] for name in draft.derived_from),
        recall_count=draft.recalls,
        last_recalled_at=max(created, now.replace(microsecond=0) - draft.recalled) if draft.recalled else None,
        extra={**draft.extra, **_links(draft, names)},
    )


def _links(draft: Draft, names: Mapping[str, str]) -> dict[str, str | list[str]]:
    links: dict[str, str | list[str]] = {"to_agent": draft.to_agent} if draft.to_agent else {}
    return links | ({"contradicts": [names[draft.contradicts[0]]]} if draft.contradicts and draft.stated else {})


def _by_time(memory: Memory) -> tuple[datetime, str]:
    return (memory.created_at or datetime.min.replace(tzinfo=UTC), memory.key)


def _duplicates(drafts: list[tuple[str, Draft]]) -> Iterator[DuplicateGroup]:
    """Yield the groups; a group may be named after the memory that it repeats, which then belongs to it."""
    groups: dict[str, list[tuple[str, Draft]]] = defaultdict(list)
    wanted = {draft.same for _, draft in drafts if draft.same}
    for key, draft in drafts:
        name = draft.same or (draft.name if draft.name in wanted else None)
        if name:
            groups[name].append((key, draft))
    for name, members in groups.items():
        texts = {draft.content for _, draft in members}
        yield DuplicateGroup(members[0][1].index, name, tuple(key for key, _ in members), exact=len(texts) == 1)
