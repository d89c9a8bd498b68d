"""Procedural memory: workflows that agents store, find for a task, try, and improve.

A procedure is a log of its versions and of how each went. The best for a task is the one with the highest relevance ×
trust (core.agents.versions).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from core.agents.log import AgentLog, Event
from core.agents.tasks import Voice
from core.agents.versions import Procedure, Version, procedure_of, versions_of
from core.errors import ConfigError
from core.hostile import one_line
from core.memory import Memory
from core.recalled import RecallResult

__all__ = ["TAG", "Procedures", "Suggestion"]

TAG: Final = "procedure"
_STEPS_MAX: Final = 100
_CANDIDATES: Final = 30


@dataclass(frozen=True)
class Suggestion:
    """A version for a task: `score` is relevance × trust, and `why` says both in words."""

    version: Version
    relevance: float
    score: float
    why: str


@dataclass(frozen=True)
class _Draft:
    steps: tuple[str, ...]
    preconditions: tuple[str, ...]
    when: str
    why: str


class Procedures:
    """The procedures of one index, as one agent uses them."""

    def __init__(
        self,
        *,
        voice: Voice,
        log: Callable[[str], AgentLog],
        find: Callable[[str, int], RecallResult],
        task: str | None = None,
    ) -> None:
        """`log` opens that of a name; `find` recalls so many memories tagged as procedures."""
        self._voice, self._log, self._find, self._task = voice, log, find, task

    def store(
        self, name: str, steps: Sequence[str], *, when: str = "", preconditions: Sequence[str] = (), why: str = ""
    ) -> Version:
        """Store a workflow and return its version: a new one where the name is known and the steps are others."""
        draft = _Draft(_texts("step", steps), _texts("precondition", preconditions), when.strip(), why.strip())
        if not draft.steps:
            raise ConfigError(f"Procedure {one_line(name, 80)!r} has no steps: give at least one.")
        return self._add(_named(name), draft, based_on=None)

    def revise(
        self,
        name: str,
        steps: Sequence[str],
        *,
        why: str,
        based_on: int | None = None,
        when: str | None = None,
        preconditions: Sequence[str] | None = None,
    ) -> Version:
        """Return a new version made from another (None: the best); what is not given is as it was there."""
        known = self.get(name)
        base = known.best if based_on is None else known.version(based_on)
        texts = base.preconditions if preconditions is None else _texts("precondition", preconditions)
        draft = _Draft(_texts("step", steps) or base.steps, texts, base.when if when is None else when, why.strip())
        return self._add(known.name, draft, based_on=base.number)

    def record(self, name: str, version: int, *, success: bool, note: str = "", task: str | None = None) -> Version:
        """Record how a version went, and return it with the new count; what others record meanwhile counts too."""

        def tell(before: tuple[Event, ...]) -> Memory:
            known = procedure_of(name, before).version(version)
            worked = "worked" if success else "did not work"
            said = f"Procedure {name} (version {version}) {worked}" + (f": {note}" if note else ".")
            extra: dict[str, Any] = {"procedure": name, "procedure_version": version, "procedure_success": success}
            # What somebody noted is worth recalling, a bare count is not.
            extra |= {"procedure_key": known.key, "event": "progress" if note else "tried"}
            return self._memory(said, "episodic", extra, task=task)

        self._log(_named(name)).append(tell)
        return self.get(name).version(version)

    def get(self, name: str) -> Procedure:
        """Return a procedure by its name; raise NotFoundError where there is none."""
        return procedure_of(name, self._log(_named(name)).read())

    def best(self, task: str, *, k: int = 3) -> tuple[Suggestion, ...]:
        """Return the k best procedures for a task in words, the best first; of each its most trusted version."""
        relevance: dict[str, float] = {}
        for hit in self._find(task, _CANDIDATES).hits:
            name = hit.memory.extra.get("procedure")
            if isinstance(name, str) and name not in relevance:
                relevance[name] = hit.score
        found = []
        for name, share in relevance.items():
            versions = versions_of(name, self._log(name).read())
            if versions:  # else it is no procedure of ours, only tagged like one
                best = Procedure(name, versions).best
                found.append(Suggestion(best, share, share * best.trust, _why(best, share)))
        return tuple(sorted(found, key=lambda each: (-each.score, each.version.name))[:k])

    def _add(self, name: str, draft: _Draft, *, based_on: int | None) -> Version:
        def tell(before: tuple[Event, ...]) -> Memory:
            known = versions_of(name, before)
            same = next(
                (each for each in known if (each.steps, each.preconditions) == (draft.steps, draft.preconditions)), None
            )
            if same is not None:
                raise _KnownError(same)
            base = next((each for each in known if each.number == based_on), known[-1] if known else None)
            number = max((each.number for each in known), default=0) + 1
            extra: dict[str, Any] = {"procedure": name, "procedure_version": number, "steps": list(draft.steps)}
            extra |= {"preconditions": list(draft.preconditions)} if draft.preconditions else {}
            extra |= {"when": draft.when} if draft.when else {}
            extra |= {"why": draft.why} if draft.why else {}
            extra |= {"based_on": base.number} if base else {}
            memory = self._memory(_prose(name, draft), "procedural", extra, tags=(TAG,))
            return replace(memory, derived_from=(base.key,) if base else ())

        try:
            event = self._log(name).append(tell)
        except _KnownError as known:
            return known.version
        return self.get(name).version(int(event.memory.extra["procedure_version"]))

    def _memory(
        self, content: str, kind: str, extra: dict[str, Any], *, tags: tuple[str, ...] = (), task: str | None = None
    ) -> Memory:
        voice = self._voice
        return Memory(
            "",
            content,
            kind,
            agent_id=voice.agent,
            team_id=voice.team,
            task_id=task or self._task,
            session_id=voice.session,
            created_at=voice.clock(),
            source="agents",
            tags=tags,
            extra=extra,
        )


class _KnownError(Exception):
    """The procedure has a version with these very steps."""

    def __init__(self, version: Version) -> None:
        super().__init__(version.name)
        self.version = version


def _why(version: Version, relevance: float) -> str:
    tried = f"{version.successes} of {version.tried} tries went well" if version.tried else "never tried"
    return f"relevance {relevance:.2f} × trust {version.trust:.2f} (version {version.number}, {tried})"


def _prose(name: str, draft: _Draft) -> str:
    head = f"{name}: {draft.when}" if draft.when else name
    before = [f"Before: {each}" for each in draft.preconditions]
    return "\n".join([head, *before, *(f"{place}. {step}" for place, step in enumerate(draft.steps, start=1))])


def _named(name: str) -> str:
    if not name.strip() or len(name) > 200:
        raise ConfigError(f"The name of a procedure needs 1 to 200 characters, this one has {len(name):,}.")
    return name


def _texts(what: str, given: Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise ConfigError(f"Give each {what} by itself, as in [{given!r}].")
    texts = tuple(text.strip() for text in given)
    if not all(texts) or len(texts) > _STEPS_MAX:
        raise ConfigError(f"A procedure has up to {_STEPS_MAX} {what}s, none of them empty; these are {len(texts)}.")
    return texts
