"""The parts of a task by what its log says: who has which, until when, and how far it is. Pure.

    open ──claim──▶ claimed ──progress──▶ in progress ──finish──▶ done
      ▲               │  │                   │  │
      └──release / the lease ends────────────┘  └──▶ blocked, failed

A claim holds until its lease ends. An event counts only if it was allowed where it stands in the log: a claim of what
another holds, or a report by who does not hold it, changes nothing, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from core.agents.log import Event
from core.memory.times import read_time

__all__ = ["Board", "Status", "Subtask", "Word", "board_of", "may_follow", "parts_of"]


class Status(StrEnum):
    """What becomes of a subtask."""

    OPEN = "open"
    CLAIMED = "claimed"
    IN_PROGRESS = "in progress"
    BLOCKED = "blocked"
    DONE = "done"
    FAILED = "failed"


class Word(StrEnum):
    """What an event says; the words are those that the story of a task reads too (core.analysis.story.vocabulary)."""

    TODO = "todo"
    CLAIMED = "claimed"
    PROGRESS = "progress"
    BLOCKED = "blocked"
    RELEASED = "released"
    DONE = "done"
    FAILED = "failed"


_HELD: Final = frozenset({Status.CLAIMED, Status.IN_PROGRESS, Status.BLOCKED})
_ENDED: Final = frozenset({Status.DONE, Status.FAILED})
_AFTER: Final[Mapping[Word, Status]] = {
    Word.TODO: Status.OPEN,
    Word.CLAIMED: Status.CLAIMED,
    Word.PROGRESS: Status.IN_PROGRESS,
    Word.BLOCKED: Status.BLOCKED,
    Word.RELEASED: Status.OPEN,
    Word.DONE: Status.DONE,
    Word.FAILED: Status.FAILED,
}
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Subtask:
    """A part of a task: `owner` is the agent that holds it, or held it last, until the lease ends at `until`.

    `holder` tells two processes of one agent apart. `progress` is 0 to 1, None where nobody said. `note` is the last word
    that somebody left with it, `key` the memory that says it, `by` and `at` who and when.
    """

    name: str
    status: Status = Status.OPEN
    owner: str | None = None
    holder: str | None = None
    until: datetime | None = None
    progress: float | None = None
    note: str = ""
    by: str | None = None
    at: datetime | None = None
    key: str = ""

    def is_held(self, now: datetime) -> bool:
        """Say whether somebody holds it."""
        return self.status in _HELD and self.until is not None and self.until > now

    def as_of(self, now: datetime) -> Subtask:
        """Return it as it is now: what was held is open again once the lease has ended."""
        lapsed = self.status in _HELD and not self.is_held(now)
        return replace(self, status=Status.OPEN, holder=None, until=None) if lapsed else self


@dataclass(frozen=True)
class Board:
    """The parts of a task at one moment, in the order in which they were named."""

    task: str
    at: datetime
    subtasks: tuple[Subtask, ...] = field(default=())

    def of(self, *statuses: Status) -> tuple[Subtask, ...]:
        """Return the parts of some statuses."""
        return tuple(each for each in self.subtasks if each.status in statuses)

    @property
    def done(self) -> tuple[Subtask, ...]:
        """What is done."""
        return self.of(Status.DONE)

    @property
    def in_progress(self) -> tuple[Subtask, ...]:
        """What somebody holds: claimed, worked on or blocked."""
        return self.of(Status.CLAIMED, Status.IN_PROGRESS, Status.BLOCKED)

    @property
    def open(self) -> tuple[Subtask, ...]:
        """What anybody may claim: open, or failed before."""
        return self.of(Status.OPEN, Status.FAILED)

    @property
    def is_done(self) -> bool:
        """Whether everything is done, and there was something to do."""
        return bool(self.subtasks) and len(self.done) == len(self.subtasks)

    def named(self, name: str) -> Subtask | None:
        """Return one part, None where there is none of that name."""
        return next((each for each in self.subtasks if each.name == name), None)


def board_of(task: str, events: Iterable[Event], *, now: datetime) -> Board:
    """Return the parts of a task by its log, as they are now."""
    return Board(task, now, tuple(each.as_of(now) for each in parts_of(events).values()))


def parts_of(events: Iterable[Event]) -> dict[str, Subtask]:
    """Return the parts of a task by name, each as the last event left it, whether or not its lease has ended since."""
    parts: dict[str, Subtask] = {}
    for event in events:
        memory = event.memory
        name, word = memory.extra.get("subtask"), _word(memory.extra.get("event"))
        if not isinstance(name, str) or word is None:
            continue
        before = parts.get(name)
        holder, at = _text(memory.extra.get("holder")), memory.created_at or _OLDEST
        if may_follow(before, word, holder=holder, at=at):
            parts[name] = _after(before or Subtask(name), event, word, holder, at)
    return parts


def may_follow(before: Subtask | None, word: Word, *, holder: str | None, at: datetime) -> bool:
    """Say whether an event is allowed by the holder where the subtask is as it is (None: nobody has named it yet)."""
    if before is None:
        return word in (Word.TODO, Word.CLAIMED)
    if word is Word.TODO:
        return before.status in _ENDED
    if word is Word.CLAIMED:
        return before.status is not Status.DONE and (not before.is_held(at) or before.holder == holder)
    # Who is late may still report what nobody else has taken over.
    return before.status in _HELD and before.holder == holder


def _after(before: Subtask, event: Event, word: Word, holder: str | None, at: datetime) -> Subtask:
    memory, status = event.memory, _AFTER[word]
    renewed = word is Word.CLAIMED and before.status in _HELD and before.holder == holder and before.is_held(at)
    held = status in _HELD
    kept = None if word is Word.TODO else before.progress
    return Subtask(
        name=before.name,
        status=before.status if renewed else status,
        owner=before.owner if word is Word.TODO else memory.agent_id,
        holder=holder if held else None,
        until=(_moment(memory.extra.get("lease_until")) or before.until) if held else None,
        progress=1.0 if status is Status.DONE else _share(memory.extra.get("progress"), kept),
        note=_text(memory.extra.get("note")) or (before.note if renewed else ""),
        by=memory.agent_id,
        at=memory.created_at,
        key=memory.key,
    )


def _word(said: Any) -> Word | None:
    return Word(said) if isinstance(said, str) and said in {*Word} else None


def _text(said: Any) -> str | None:
    return said if isinstance(said, str) else None


def _share(said: Any, before: float | None) -> float | None:
    number = isinstance(said, int | float) and not isinstance(said, bool)
    return float(said) if number and 0 <= said <= 1 else before


def _moment(said: Any) -> datetime | None:
    try:
        return read_time(said) if isinstance(said, str) else None
    except ValueError:
        return None
