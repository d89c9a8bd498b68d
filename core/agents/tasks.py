"""Shared task state: agents name the parts of a task, claim one each, report on it, and see what is done and open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.agents.log import AgentLog, Event
from core.agents.subtasks import Board, Status, Subtask, Word, board_of, may_follow, parts_of
from core.errors import ClaimLostError, ConfigError
from core.hostile import one_line
from core.memory import Memory
from core.memory.status import is_hidden
from core.memory.times import iso

__all__ = ["LEASE", "Claim", "TaskState", "Voice"]

LEASE: Final = timedelta(minutes=15)
_NAME_CHARS: Final = 200
_NOTE_BYTES: Final = 4_000


@dataclass(frozen=True)
class Voice:
    """Who speaks in a log: the agent, what tells this process of it from another, and where it works."""

    agent: str
    holder: str
    team: str | None
    session: str | None
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Claim:
    """The right to work on a subtask until the lease ends; `number` is its event's place in the task's log."""

    task: str
    subtask: str
    agent: str
    holder: str
    until: datetime
    number: int


@dataclass(frozen=True)
class _Told:
    word: Word
    subtask: str
    sentence: str
    note: str = ""
    progress: float | None = None
    lease: timedelta | None = None


class _HeldError(Exception):
    """The subtask is another's; for `claim` alone, to whom that is no error."""


class TaskState:
    """One task as its agents share it. Each call reads the log, so it sees what every process wrote."""

    def __init__(self, name: str, log: AgentLog, voice: Voice) -> None:
        self.name, self._log, self._voice = _name("task", name), log, voice

    def board(self) -> Board:
        """Return what is done, in progress and open now."""
        return board_of(self.name, self._log.read(), now=self._voice.clock())

    def add(self, *subtasks: str, note: str = "") -> Board:
        """Name parts of the task, in order; those that are known stay as they are."""
        for name in subtasks:
            told = _Told(Word.TODO, _name("subtask", name), f"{self._voice.agent} names a part of the task", note)
            if self.board().named(name) is None:
                self._unless_held(told)
        return self.board()

    def claim(self, subtask: str, *, lease: timedelta = LEASE) -> Claim | None:
        """Claim a subtask; None where another holds it, or it is done. To claim what one holds renews the lease.

        The same agent in another process is another holder, unless both were given the same session.
        """
        if lease <= timedelta(0):
            raise ConfigError(f"The lease is {lease}: give a time above 0.")
        sentence = f"{self._voice.agent} claims a part of the task for {lease.total_seconds():,.0f} s"
        event = self._unless_held(_Told(Word.CLAIMED, _name("subtask", subtask), sentence, lease=lease))
        if event is None:
            return None
        until = (event.memory.created_at or self._voice.clock()) + lease
        return Claim(self.name, subtask, self._voice.agent, self._voice.holder, until, event.number)

    def claim_next(self, *, lease: timedelta = LEASE) -> Claim | None:
        """Claim the first part that nobody has, in the order in which they were named; None where there is none.

        What failed before comes after all that nobody has tried.
        """
        board = self.board()
        for part in (*board.of(Status.OPEN), *board.of(Status.FAILED)):
            if (claim := self.claim(part.name, lease=lease)) is not None:
                return claim
        return None

    def renew(self, subtask: str, *, lease: timedelta = LEASE) -> Claim:
        """Return the claim with a lease from now on; raise ClaimLostError where another has it."""
        if not self.holds(subtask) or (claim := self.claim(subtask, lease=lease)) is None:
            raise self._lost(subtask, self.board().named(subtask))
        return claim

    def holds(self, subtask: str) -> bool:
        """Say whether this process holds a subtask now: look before a step that must not be done twice."""
        part = self.board().named(subtask)
        return part is not None and part.is_held(self._voice.clock()) and part.holder == self._voice.holder

    def progress(self, subtask: str, note: str, *, share: float | None = None, lease: timedelta | None = LEASE) -> Subtask:
        """Report on a subtask that one holds: what was done, and how much of it (0 to 1); the lease begins anew."""
        if share is not None and not 0 <= share <= 1:
            raise ConfigError(f"share is {share}: give how much is done, from 0 to 1.")
        return self._report(Word.PROGRESS, subtask, "reports progress on a part of the task", note, share, lease)

    def block(self, subtask: str, why: str, *, lease: timedelta | None = LEASE) -> Subtask:
        """Say why a subtask that one holds cannot go on; it stays one's own until the lease ends."""
        return self._report(Word.BLOCKED, subtask, "is blocked at a part of the task", why, None, lease)

    def release(self, subtask: str, why: str = "") -> Subtask:
        """Give a subtask back, for anybody to claim."""
        return self._report(Word.RELEASED, subtask, "gives a part of the task back", why)

    def finish(self, subtask: str, result: str) -> Subtask:
        """Say that a subtask that one holds is done, and with what result."""
        return self._report(Word.DONE, subtask, "finished a part of the task", result, 1.0)

    def fail(self, subtask: str, why: str) -> Subtask:
        """Say that a subtask that one holds failed, and why; anybody may claim it again."""
        return self._report(Word.FAILED, subtask, "failed at a part of the task", why)

    def reopen(self, subtask: str, why: str) -> Subtask:
        """Open a subtask again that is done or failed; raise ConfigError for any other."""
        told = _Told(Word.TODO, _name("subtask", subtask), f"{self._voice.agent} opens a part of the task again", why)
        if self.board().named(subtask) is None or self._unless_held(told) is None:
            raise ConfigError(f"Subtask {one_line(subtask, 80)!r} is neither done nor failed: there is nothing to reopen.")
        return self._part(subtask)

    def _report(
        self,
        word: Word,
        subtask: str,
        verb: str,
        note: str,
        share: float | None = None,
        lease: timedelta | None = None,
    ) -> Subtask:
        told = _Told(word, _name("subtask", subtask), f"{self._voice.agent} {verb}", note, share, lease)
        if self._unless_held(told) is None:
            raise self._lost(subtask, self.board().named(subtask))
        return self._part(subtask)

    def _part(self, subtask: str) -> Subtask:
        part = self.board().named(subtask)
        return part if part is not None else Subtask(subtask)

    def _unless_held(self, told: _Told) -> Event | None:
        """Append an event if it is allowed where it will stand, and return it; else None."""
        if len(told.note.encode("utf-8", "replace")) > _NOTE_BYTES:
            raise ConfigError(f"A note in the log of a task has {_NOTE_BYTES:,} bytes at most: remember the rest by itself.")

        def tell(before: tuple[Event, ...]) -> Memory:
            now = self._voice.clock()
            if not may_follow(parts_of(before).get(told.subtask), told.word, holder=self._voice.holder, at=now):
                raise _HeldError
            return self._memory(told, now)

        try:
            event = self._log.append(tell)
        except _HeldError:
            return None
        if is_hidden(event.memory):
            raise ConfigError(
                f"The guard put what was said of subtask {one_line(told.subtask, 80)!r} in quarantine: it does not count "
                "until a person releases it. Say it in other words."
            )
        return event

    def _memory(self, told: _Told, now: datetime) -> Memory:
        voice = self._voice
        extra: dict[str, Any] = {"event": str(told.word), "subtask": told.subtask, "holder": voice.holder}
        if told.note:
            extra["note"] = told.note
        if told.progress is not None:
            extra["progress"] = told.progress
        if told.lease is not None:
            extra["lease_until"] = iso(now + told.lease)
        if told.word is Word.CLAIMED:
            extra["claimed_by"] = voice.agent
        said = f"{told.sentence}: {told.subtask}" + (f". {told.note}" if told.note else "")
        return Memory(
            "",
            said,
            "episodic",
            agent_id=voice.agent,
            team_id=voice.team,
            task_id=self.name,
            session_id=voice.session,
            created_at=now,
            source="agents",
            extra=extra,
        )

    def _lost(self, subtask: str, part: Subtask | None) -> ClaimLostError:
        shown = one_line(subtask, 80)
        if part is None:
            return ClaimLostError(
                f"Nobody has named a subtask {shown!r} of task {one_line(self.name, 80)!r}: claim it first."
            )
        whose = f", held by {one_line(part.owner, 80)}" if part.owner and part.holder else ""
        return ClaimLostError(f"Subtask {shown!r} is {part.status}{whose}, and not {self._voice.agent}'s: claim it first.")


def _name(what: str, given: str) -> str:
    if not given.strip() or len(given) > _NAME_CHARS:
        raise ConfigError(f"The name of a {what} needs 1 to {_NAME_CHARS} characters, this one has {len(given):,}.")
    return given
