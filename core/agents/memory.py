"""What an agent calls: remember, recall, context, tasks that several share, procedures, and resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from core.access import Actor
from core.agents.log import AgentLog
from core.agents.places import Where, agent_actor, open_places
from core.agents.procedures import TAG, Procedures
from core.agents.protocols import RecallCache, WriteGuard
from core.agents.reporting import Reported, report
from core.agents.resuming import Resumed, resumed
from core.agents.tasks import TaskState, Voice
from core.agents.together import Together
from core.agents.writing import Pen, Remembered
from core.answering import Asked, ask, mode_of
from core.candidates import Mode
from core.catalog import Catalog
from core.curation.conflicts.card import Card
from core.memory import Memory, new_key
from core.models.embedding import embed_query
from core.models.judge import Judge
from core.operate.cache import Question
from core.operate.recalls import as_logged
from core.recall import ContextBlock, context_block
from core.recalled import RecallResult
from core.scope import Scope
from core.scoring import Weights
from core.store import MemoryStore

__all__ = ["AgentMemory", "AgentRecall"]

_EVERYTHING: Final = Scope()
_DEFAULT: Final = Weights()
_SETTLE_S: Final = 2.0


@dataclass(frozen=True)
class AgentRecall(RecallResult):
    """What a recall brought back; `index_of` has the index of each hit by key, `cached` says that a cache had it."""

    index_of: Mapping[str, str] = field(default_factory=dict)
    cached: bool = False


class AgentMemory:
    """The memory of one agent in one process. Thread-safe as far as its store is; any number of processes share an index.

    The agent writes into its own index (`index`, or that of its `tenant`), and reads it and the `shared` one, together
    where it asks for both. It acts with the role of `actor`, narrowed to its tenant, and under its own name.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        agent: str,
        actor: Actor,
        team: str | None = None,
        tenant: str | None = None,
        index: str | None = None,
        shared: str | None = None,
        session: str | None = None,
        create: bool = False,
        guard: WriteGuard | None = None,
        cache: RecallCache | None = None,
        judge: Judge | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: uuid4().hex,
        sleep: Callable[[float], None] = time.sleep,
        settle_s: float = _SETTLE_S,
    ) -> None:
        """Open the indexes; with `create` those that are not there are made, which needs an actor that is an admin.

        `judge` has writes checked for contradictions. Without a `guard` the rules of each index decide (core.guard).
        `settle_s` is how long a claim waits on Amazon S3 Vectors until the puts of others have arrived (core.agents.log);
        a local store and its endpoint do not wait.
        """
        self.agent, self.team, self.session, self.tenant = agent, team, session, tenant
        self.actor = agent_actor(agent, actor, tenant)
        self.places = open_places(
            catalog, agent=self.actor, creator=actor, index=index, tenant=tenant, shared=shared, create=create
        )
        self._pen, self._cache = Pen(self.actor, guard, cache, judge), cache
        self._clock, self._new_id, self._sleep, self._settle_s = clock, new_id, sleep, settle_s
        self._voice = Voice(agent, session or new_id(), team, session, clock)

    def remember(
        self,
        text: str,
        *,
        kind: str = "episodic",
        task: str | None = None,
        confidence: float | None = None,
        tags: Sequence[str] = (),
        source: str | None = None,
        ttl: timedelta | None = None,
        derived_from: Sequence[str] = (),
        extra: Mapping[str, Any] | None = None,
        shared: bool = False,
        check: bool = True,
    ) -> Remembered:
        """Write a memory, and return it with what the guard and the judge say of it; `shared` writes to the shared index.

        Conflicts are flagged for the inbox, and stop nothing; `check=False` does not look. What the guard refuses raises.
        """
        now = self._clock()
        store = self.places.of(Where.SHARED if shared else Where.OWN)[0]
        memory = Memory(
            new_key(agent_id=self.agent, task_id=task, created_at=now, unique=self._new_id),
            text,
            kind,
            agent_id=self.agent,
            team_id=self.team,
            task_id=task,
            session_id=self.session,
            created_at=now,
            expires_at=None if ttl is None else now + ttl,
            confidence=confidence,
            source=source,
            tags=tuple(tags),
            derived_from=tuple(derived_from),
            extra=dict(extra or {}),
        )
        return self._pen.write(memory, store, now=now, check=check)

    def conflicts(self, text: str, *, task: str | None = None, shared: bool = False) -> tuple[Card, ...]:
        """Return what a text would contradict if it were written now; nothing is written, and nothing flagged."""
        now = self._clock()
        store = self.places.of(Where.SHARED if shared else Where.OWN)[0]
        key = new_key(agent_id=self.agent, task_id=task, created_at=now, unique=self._new_id)
        memory = Memory(key, text, agent_id=self.agent, team_id=self.team, task_id=task, created_at=now)
        return self._pen.conflicts(memory, store, now=now)[0]

    def report_conflict(self, key: str, other: str, *, why: str = "", shared: bool = False) -> Reported:
        """Put two memories that contradict each other into the inbox, for a person to decide; the memories stay as they are.

        What the guard puts in quarantine of the reason is left out of it.
        """
        now = self._clock()
        store = self.places.of(Where.SHARED if shared else Where.OWN)[0]
        said = self._pen.words(why, store, now=now)
        return report(store, key, other, why=said, by=self.agent, actor=self.actor, now=now)

    def recall(
        self,
        query: str,
        *,
        k: int = 10,
        where: Where = Where.OWN,
        scope: Scope = _EVERYTHING,
        mode: Mode = Mode.HYBRID,
        weights: Weights = _DEFAULT,
    ) -> AgentRecall:
        """Return the k best memories for a query, of one index or of both in one ranking; it is logged."""
        found = self._recall(query, k=k, where=where, scope=scope, mode=mode, weights=weights)
        self._log(found, where, scope)
        return found

    def context(
        self,
        query: str,
        *,
        budget_tokens: int,
        k: int = 40,
        where: Where = Where.OWN,
        scope: Scope = _EVERYTHING,
        weights: Weights = _DEFAULT,
    ) -> ContextBlock:
        """Return what is recalled for a query as a fenced block for a prompt; the log has what went into it."""
        found = self._recall(query, k=k, where=where, scope=scope, mode=Mode.HYBRID, weights=weights)
        block = context_block(found, budget_tokens=budget_tokens)
        self._log(found, where, scope, used=block.used)
        return block

    def task(self, name: str, *, shared: bool = False) -> TaskState:
        """Return the state of a task that the agents of a team share."""
        return TaskState(name, self._log_of(("task", self.team or "", name), shared=shared), self._voice)

    def procedures(self, *, task: str | None = None, shared: bool = False) -> Procedures:
        """Return the procedures of the index; `task` is noted with what is stored and tried."""
        where = Where.SHARED if shared else Where.OWN
        scope = Scope(types=("procedural",), tags=(TAG,))
        return Procedures(
            voice=self._voice,
            log=lambda name: self._log_of(("procedure", self.team or "", name), shared=shared),
            find=lambda text, k: self.recall(text, k=k, where=where, scope=scope),
            task=task,
        )

    def resume(self, task: str, *, about: str = "", budget_tokens: int = 2_000, where: Where = Where.OWN) -> Resumed:
        """Return where a task stands and what to know of it, within a budget of tokens: for a prompt, or as data.

        `about` says what it is about where its name does not.
        """
        return resumed(self, task, about=about, budget_tokens=budget_tokens, where=where, now=self._clock())

    def _log_of(self, about: tuple[str, ...], *, shared: bool) -> AgentLog:
        store = self.places.of(Where.SHARED if shared else Where.OWN)[0]

        def admit(memory: Memory) -> Memory:
            return self._pen.admit(memory, store, now=self._clock())[0]

        return AgentLog(
            store,
            about,
            actor=self.actor,
            admit=admit,
            clock=self._clock,
            new_id=self._new_id,
            sleep=self._sleep,
            settle_s=self._settle_s,
            written=lambda: self._pen.written(store),
        )

    def _recall(self, query: str, *, k: int, where: Where, scope: Scope, mode: Mode, weights: Weights) -> AgentRecall:
        stores, now = self.places.of(where), self._clock()
        index = Together(stores, self.actor)
        mode, _ = mode_of(index, query, mode, k)
        asked = Asked(query, mode, k, scope, weights, now)
        if self._cache is None:
            return self._asked(index, asked, None)
        vector = None if mode is Mode.TEXT else embed_query(stores[0].embedder(), query)
        # Together leaves claims and releases out: an answer with them is another one.
        question = Question(stores, self.tenant, self.actor, query, vector, mode, k, scope, weights, "bookkeeping")
        if (kept := self._cache.find(question, now=now)) is not None:
            return AgentRecall(**_fields(kept), index_of=self._origins(kept, stores), cached=True)
        found = self._asked(index, asked, vector)
        self._cache.keep(question, RecallResult(**_fields(found)), now=now)
        return found

    def _origins(self, kept: RecallResult, stores: Sequence[MemoryStore]) -> dict[str, str]:
        """Return the index of each hit of an answer that a cache kept; of one key in two indexes the first."""
        keys = [hit.memory.key for hit in kept.hits]
        if len(stores) == 1:
            return dict.fromkeys(keys, stores[0].info.name)
        return {key: store.info.name for store in reversed(stores) for key in store.get(keys, actor=self.actor)}

    def _asked(self, index: Together, asked: Asked, vector: Any) -> AgentRecall:
        store = index.stores[0]
        result = ask(index, asked, lambda text: store.embed(text, actor=self.actor) if vector is None else vector)
        names = {hit.memory.key: index.index_of[hit.memory.key] for hit in result.hits}
        return AgentRecall(**_fields(result), index_of=names)

    def _log(self, found: AgentRecall, where: Where, scope: Scope, *, used: Sequence[str] = ()) -> None:
        """Log a recall with each index that was asked, of its own memories alone: who reads one may not read the other."""
        for store in self.places.of(where):
            if store.archive is not None:
                hits = tuple(hit for hit in found.hits if found.index_of.get(hit.memory.key) == store.info.name)
                entry = as_logged(
                    replace(found, hits=hits),
                    store.stream,
                    at=self._clock(),
                    actor=self.agent,
                    channel="agent",
                    scope=scope,
                )
                keys = {hit.memory.key for hit in hits}
                store.archive.recalls.append(replace(entry, context_keys=tuple(key for key in used if key in keys)))


def _fields(result: RecallResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in RecallResult.__dataclass_fields__}
