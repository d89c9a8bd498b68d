"""What a sentence loses with the memory that it was in: the day, and who wrote it. It goes before the sentence.

"2023-05-08 caroline: I went there yesterday." says what it said; without its heading it would not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from core.curation.consolidation.sentences import stays_whole
from core.memory import Memory

__all__ = ["Heading", "heading_of", "split_heading"]

# Facts and instructions hold whenever they were written down.
_TIMELESS: Final = frozenset({"semantic", "procedural"})
_DAY: Final = r"\d{4}-\d\d-\d\d"
_HEADING: Final = re.compile(
    rf"(?:(?P<first>{_DAY})(?:/(?P<last>{_DAY}))?)?(?: ?(?P<author>[^:\n]{{1,80}}?))?:(?: (?=\S)|\n)"
)


@dataclass(frozen=True)
class Heading:
    """The days, first and last, and the author; "" where there is none."""

    first: str = ""
    last: str = ""
    author: str = ""

    def before(self, sentence: str) -> str:
        """Return the sentence with its heading, on a line of its own before what stays whole: a list, a program."""
        days = self.first if self.first == self.last else f"{self.first}/{self.last}"
        said = " ".join(part for part in (days, self.author) if part)
        if not said:
            return sentence
        return f"{said}:\n{sentence}" if stays_whole(sentence) else f"{said}: {sentence}"

    def fits(self, memory: Memory) -> bool:
        """Say whether a memory was written by that author in those days."""
        return (not self.author or memory.agent_id == self.author) and (
            not self.first or self.first <= day_of(memory) <= self.last
        )


def day_of(memory: Memory) -> str:
    """Return the day (UTC) that a memory was made on, "" where it does not say."""
    return "" if memory.created_at is None else memory.created_at.astimezone(UTC).date().isoformat()


def heading_of(owners: Sequence[Memory], *, authors: bool) -> Heading:
    """Return the heading of a sentence of some memories; with `authors` it names the one that wrote it."""
    days = sorted({day_of(one) for one in owners if (one.memory_type or "").lower() not in _TIMELESS} - {""})
    named = {one.agent_id for one in owners} if authors else set()
    author = min((one for one in named if one), default="") if len(named) == 1 else ""
    return Heading(days[0], days[-1], author) if days else Heading(author=author)


def split_heading(text: str, sources: Sequence[Memory]) -> tuple[Heading, str]:
    """Return heading and sentence of a line; none where no source has such days and such an author."""
    match = _HEADING.match(text)
    if match is None:
        return Heading(), text
    first, author = match["first"] or "", match["author"] or ""
    last = match["last"] or first
    days, authors = {day_of(one) for one in sources}, {one.agent_id for one in sources}
    known = ({first, last} <= days or not first) and (author in authors or not author)
    return (Heading(first, last, author), text[match.end() :]) if known and (first or author) else (Heading(), text)
