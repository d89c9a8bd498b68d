"""What a text can be held to: who speaks of whom in it, and whether it states anything at all. Pure.

"I have two children" of two speakers are two people, "your booking" in two talks two bookings; "is making coffee", or what a
tool returned, is of its moment; a question and a call state nothing. What such texts differ in contradicts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import IntFlag
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["DAY", "MOMENT", "Voice", "are_within", "comparable_voices", "voices"]

# What is further apart is of two moments, and what of two days.
MOMENT: Final = timedelta(seconds=5)
DAY: Final = timedelta(hours=18)

_CHARS: Final = 4_000
_I: Final = re.compile(r"(?<![\w'])(?:I|[Mm]y)(?![\w-])(?!\.)|(?<!\w)(?:ich|mein|meine|yo|mi)(?!\w)")
_YOU: Final = re.compile(
    r"(?<!\w)(?:you|your|yours|yourself|thanks|thank|sorry|please)(?!\w)|(?<!\w)(?:hey|hi|hello|wow|yeah)(?=[,! ])",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[^.!?;\n]+[.!?;\n]*")
_VERBS: Final = "call|tool_call|invoke|run|curl|GET|POST|PUT|DELETE"
_CALL: Final = re.compile(rf"\s*(?:{_VERBS})\s+\S{{1,200}}\s*[{{(\[]|\s*[a-z_][\w.]{{2,80}}\(")
_MARKS: Final = re.compile(r"[{}\[\]<>=;\"|]")
# From such a share of its characters on the marks make a text data, as JSON, a table or a log in columns.
_DATA: Final = 0.05
_DOING: Final = re.compile(
    r"(?<!\w)(?:is|are|was|were|am|'m|'s|'re)\s+(?:\w+ly\s+|not\s+|still\s+|currently\s+)?\w{2,}ing(?!\w)"
)
# What a text says of its own day: another day has another.
_UNITS: Final = "hour|morning|afternoon|evening|night|week|weekend|month|quarter|sprint|shift|run|time"
_DAYS: Final = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DATED: Final = re.compile(
    rf"(?<!\w)(?:today|tonight|yesterday|just now|right now|at the moment|so far"
    rf"|(?:nightly|hourly|daily|weekly|monthly)\s+\w{{1,30}}(?=\s?:)"
    rf"|(?:this|last|past)\s+(?:{_UNITS}|{_DAYS})|(?:heute|gestern|hoy|ayer|aujourd'hui|hier)(?!\w))(?!\w)",
    re.IGNORECASE,
)
_LONG: Final = 300
_ONE_REPORT: Final = 0.9


class Voice(IntFlag):
    """How a text speaks: of its speaker, to somebody, only asking or calling, of what is done at the moment, as data, of its
    own day, at length.
    """

    SELF = 1
    YOU = 2
    ASKS = 4
    DOING = 8
    DATA = 16
    DATED = 32
    LONG = 64


def voices(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return how texts speak, (n,), as the flags of Voice."""
    return np.array([_voice(text[:_CHARS]) for text in texts], np.uint8)


def comparable_voices(
    first: npt.NDArray[np.uint8],
    second: npt.NDArray[np.uint8],
    *,
    same_agent: npt.NDArray[np.bool_],
    same_task: npt.NDArray[np.bool_],
    same_talk: npt.NDArray[np.bool_],
    same_moment: npt.NDArray[np.bool_],
    same_day: npt.NDArray[np.bool_],
    cosines: npt.NDArray[np.float32],
) -> npt.NDArray[np.bool_]:
    """Return which pairs of texts may be held against each other, (p,), by how they speak, who does, where and when.

    `same_task` says that they are not of two tasks, as far as is known, `same_talk` not of two sessions either,
    `same_moment` and `same_day` not of two times further apart than MOMENT and DAY.
    """
    both, either = first & second, first | second
    other_speakers = ((both & Voice.SELF) > 0) & ~(same_agent & same_task)
    other_talks = ((either & Voice.YOU) > 0) & ~same_talk
    asking = (either & Voice.ASKS) > 0
    other_moments = ((both & (Voice.DOING | Voice.DATA)) > 0) & ~same_moment
    other_days = ((both & Voice.DATED) > 0) & ~same_day
    # Two long reports of one topic tell many things each, of which hardly two are of one thing.
    reports = ((both & Voice.LONG) > 0) & (cosines < _ONE_REPORT)
    return ~(other_speakers | other_talks | asking | other_moments | other_days | reports)


def are_within(one: datetime | None, other: datetime | None, most: timedelta) -> bool:
    """Say whether two memories are of times no further apart than that, as far as is known."""
    return one is None or other is None or abs(one - other) <= most


def _voice(text: str) -> int:
    found = Voice(0)
    if _YOU.search(text):
        found |= Voice.YOU
    sentences = [part for part in (each.strip() for each in _SENTENCE.findall(text)) if any(map(str.isalnum, part))]
    if sum(_I.search(part) is not None for part in sentences) * 2 >= max(1, len(sentences)):
        found |= Voice.SELF
    if _CALL.match(text) or (sentences and all(part.endswith(("?", "？")) for part in sentences)):
        found |= Voice.ASKS
    if sentences and len(sentences) <= 2 and _DOING.search(sentences[0]):
        found |= Voice.DOING
    if _DATED.search(text):
        found |= Voice.DATED
    if len(text) >= _LONG:
        found |= Voice.LONG
    if len(_MARKS.findall(text)) >= max(4, _DATA * len(text)):
        found |= Voice.DATA
    return int(found)
