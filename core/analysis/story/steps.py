"""The steps of a task: its memories in order, each with who wrote it, what kind of step it is and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.story.vocabulary import (
    LEASE_FIELDS,
    ORDER_FIELDS,
    PART_FIELDS,
    TO_FIELDS,
    TOOL_FIELDS,
    Kind,
    field_text,
    in_fields,
    in_tags,
    kind_of_type,
)
from core.curation.tasks import outcome_of
from core.hostile import clean_text
from core.memory.times import read_time

__all__ = ["Step", "essence", "steps"]

# What tools print is known by its first words, whatever its type says.
_RESULT: Final = re.compile(
    r"\s*(?:exit ?code\s*[:=]|execution (?:succeeded|failed)|\$ |stdout:|stderr:|Traceback \()", re.IGNORECASE
)
_CALL: Final = re.compile(
    r"\s*(?:call(?:ed|ing)? \w+\s*[({]|\w+\(\{|<tool_call>|\{\"(?:name|tool)\": ?\"\w+\", ?\"arg)", re.IGNORECASE
)
_TASK: Final = re.compile(r"\s*(?:you are given\b|# (?:general )?task\b|task:|user task:|goal:)", re.IGNORECASE)
# Before a word's kind: a memory that is blocked and handed over is both, and being blocked is what matters first.
_FIRST: Final[tuple[Kind, ...]] = (
    *(Kind.OUTCOME, Kind.CONFLICT, Kind.BLOCKED, Kind.HANDOFF, Kind.CLAIM, Kind.RELEASE, Kind.FAILED, Kind.DONE),
    *(Kind.DECISION, Kind.QUESTION, Kind.ANSWER, Kind.RESULT, Kind.CALL, Kind.ARTEFACT, Kind.PLAN, Kind.TASK, Kind.PROGRESS),
)


@dataclass(frozen=True)
class Step:
    """One step: `number` from 1 in the story's order, `row` in the frame, its text cleaned; `kinds` is all that it is.

    `own` is the number that the memory itself states, where all steps of the story state one that is theirs alone in
    their session: what a reader's log and annotations call the step.
    """

    number: int
    row: int
    key: str
    agent: str | None
    kind: Kind
    text: str
    at: datetime | None = None
    session: str | None = None
    kinds: frozenset[Kind] = frozenset()
    to: str | None = None
    tool: str | None = None
    part: str | None = None
    expires: datetime | None = None
    stated: float | None = None
    own: int | None = None
    tags: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> int:
        """The number to show: its own, else its place in the story."""
        return self.number if self.own is None else self.own

    @property
    def tokens(self) -> int:
        """About how many tokens its text is, four characters each."""
        return (len(self.text) + 3) // 4


def steps(
    frame: pd.DataFrame,
    *,
    extras: Mapping[str, pd.Series[Any]] | None = None,
    rows: npt.NDArray[np.int64] | None = None,
) -> tuple[Step, ...]:
    """Return the memories of a frame as steps, by time, then by the step that is stated, then by key.

    `extras` are columns of vocabulary.FIELDS, row for row; `rows` the positions that `Step.row` shall tell, else the
    frame's own. Memories without a time come last.
    """
    known = {name: column.tolist() for name, column in (extras or {}).items()}
    stated = _stated(known, len(frame))
    times = frame["created_at"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    times = np.where(frame["created_at"].isna().to_numpy(), np.iinfo(np.int64).max, times)
    columns = {name: frame[name].tolist() for name in _COLUMNS}
    order = sorted(range(len(frame)), key=lambda p: (times[p], _last(float(stated[p])), columns["key"][p]))
    told = tuple(
        _step(number, place, columns, known, float(stated[place]), int(rows[place]) if rows is not None else place)
        for number, place in enumerate(order, start=1)
    )
    return tuple(replace(step, own=int(step.stated or 0)) for step in told) if _are_numbered(told) else told


_COLUMNS: Final = ("key", "content", "memory_type", "agent_id", "session_id", "created_at", "expires_at", "tags")


def essence(text: str) -> str:
    """Return what a text is about: the task itself, where frameworks put a preamble before it."""
    for mark in ("# General Task", "# Task", "Task:", "Question:"):
        before, found, after = text.partition(mark)
        if found and len(before) < _PREAMBLE and after.strip():
            return after.split("\n# ", 1)[0].strip()
    return text


_PREAMBLE: Final = 600


def _are_numbered(told: tuple[Step, ...]) -> bool:
    """Say whether every step states a whole number, from 0 on, that no other step of its session states."""
    whole = all(step.stated is not None and 0 <= step.stated < _MOST and step.stated.is_integer() for step in told)
    return whole and len({(step.session, step.stated) for step in told}) == len(told)


_MOST: Final = 2**31


def _step(
    number: int, place: int, columns: Mapping[str, list[Any]], known: Mapping[str, list[Any]], stated: float, row: int
) -> Step:
    extra = {name: values[place] for name, values in known.items() if _is_there(values[place])}
    text = clean_text(columns["content"][place])
    tags = tuple(columns["tags"][place])
    words = in_tags(tags)
    kinds = frozenset(_kinds(text, tags, words, extra, _text(columns["memory_type"][place])))
    about = field_text(extra, PART_FIELDS) or next((name for _, name in words if name), None)
    return Step(
        number,
        row,
        columns["key"][place],
        _text(columns["agent_id"][place]),
        _main(kinds),
        text,
        at=_moment(columns["created_at"][place]),
        session=_text(columns["session_id"][place]),
        kinds=kinds,
        to=field_text(extra, TO_FIELDS),
        tool=field_text(extra, TOOL_FIELDS),
        part=about,
        expires=_moment(columns["expires_at"][place]) or _lease(extra),
        stated=None if np.isnan(stated) else float(stated),
        tags=tags,
        extra=extra,
    )


def _main(kinds: frozenset[Kind]) -> Kind:
    ranked = sorted(kinds, key=lambda kind: (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), kind.value))
    return ranked[0] if ranked else Kind.NOTE


def _kinds(
    text: str, tags: tuple[str, ...], words: list[tuple[Kind, str | None]], extra: Mapping[str, Any], memory_type: str | None
) -> Iterator[Kind]:
    """Yield what a step is: by its tags, its fields, its type, and only where these say nothing by its first words."""
    said: set[Kind] = {kind for kind, _ in words if kind is not Kind.NOTE}
    if (kind := in_fields(extra)) is not None:
        said.add(kind)
    if outcome_of(tags, extra) is not None and not (said & {Kind.DONE, Kind.FAILED} and _has_part(extra, words)):
        said.add(Kind.OUTCOME)
    typed = kind_of_type(memory_type)
    if typed in (None, Kind.MESSAGE, Kind.OBSERVATION, Kind.ANSWER) and not said:
        shape = _RESULT, _CALL, _TASK
        typed = next((k for k, p in zip((Kind.RESULT, Kind.CALL, Kind.TASK), shape, strict=True) if p.match(text)), typed)
    yield from said
    if typed is not None:
        yield typed
    if not said and typed is None and field_text(extra, TO_FIELDS):
        yield Kind.HANDOFF


def _has_part(extra: Mapping[str, Any], words: list[tuple[Kind, str | None]]) -> bool:
    return field_text(extra, PART_FIELDS) is not None or any(name for _, name in words)


def _stated(known: Mapping[str, list[Any]], size: int) -> npt.NDArray[np.float64]:
    """Return the place in the order that each memory states, NaN where it states none; numbers as text count too."""
    name = next((name for name in ORDER_FIELDS if name in known), None)
    if name is None:
        return np.full(size, np.nan)
    return pd.to_numeric(pd.Series(known[name], dtype=object), errors="coerce").to_numpy(dtype=np.float64)


def _last(number: float) -> float:
    return np.inf if np.isnan(number) else number


def _is_there(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and np.isnan(value))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _lease(extra: Mapping[str, Any]) -> datetime | None:
    """Return until when a claim holds, where a field says so."""
    try:
        return read_time(field_text(extra, LEASE_FIELDS))
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime()
