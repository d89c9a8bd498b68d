"""A message as passages with their places: sentences, items of lists, and lists that a heading announces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.curation.consolidation.sentences import sentences_in
from core.extract.quoted import blanked

__all__ = ["Passage", "passages_of"]

_ITEM: Final = re.compile(r"[ \t]*(?:(?P<number>\d{1,3}[.)])|[-*+•–])[ \t]+(?P<text>\S[^\n]*)")
_HEADING: Final = re.compile(r"[ \t]*#{1,6}[ \t]")
_TABLE: Final = re.compile(r"[ \t]*\|.*\|[ \t]*$")


@dataclass(frozen=True)
class Passage:
    """A passage of a text from `start` to `end`; `bare` is it with blanks for what is quoted.

    `items` are the texts of a list that the passage announces and holds. `first` begins a paragraph or is an item of a list:
    what it says of "it" was not said just before.
    """

    start: int
    end: int
    text: str
    bare: str
    first: bool = False
    items: tuple[str, ...] = ()
    numbered: bool = False

    @property
    def quotes(self) -> bool:
        """Say whether some of it is quoted."""
        return self.bare != self.text.replace("’", "'")


@dataclass(frozen=True)
class _Line:
    start: int
    text: str
    item: re.Match[str] | None


def passages_of(text: str) -> Iterator[Passage]:
    """Yield the passages of a text in order. A list comes whole with its heading and is followed by its items."""
    bare = blanked(text)
    prose: list[_Line] = []
    lines = list(_lines(bare))
    place = 0
    while place < len(lines):
        line = lines[place]
        if line.item is None:
            if line.text.strip() and not _HEADING.match(line.text) and not _TABLE.match(line.text):
                prose.append(line)
            else:
                yield from _sentences(text, bare, prose)
                prose = []
            place += 1
            continue
        end = place
        while end < len(lines) and lines[end].item is not None:
            end += 1
        heading = prose[-1] if prose and prose[-1].text.rstrip().endswith(":") else None
        yield from _sentences(text, bare, prose[:-1] if heading else prose)
        yield from _listed(text, bare, heading or _above(lines, place), lines[place:end])
        prose, place = [], end
    yield from _sentences(text, bare, prose)


def _lines(bare: str) -> Iterator[_Line]:
    start = 0
    for line in bare.splitlines(keepends=True):
        yield _Line(start, line, _ITEM.match(line))
        start += len(line)


def _above(lines: list[_Line], place: int) -> _Line | None:
    """Return the line that announces a list, a blank line or the mark of a heading between."""
    above = next((line for line in reversed(lines[max(0, place - 2) : place]) if line.text.strip()), None)
    if above is None or above.item is not None:
        return None
    return above if above.text.rstrip().endswith(":") or _HEADING.match(above.text) else None


def _listed(text: str, bare: str, heading: _Line | None, items: list[_Line]) -> Iterator[Passage]:
    start, end = (heading or items[0]).start, items[-1].start + len(items[-1].text.rstrip())
    if heading is not None and len(items) > 1:
        texts = tuple(item.item["text"].strip() for item in items if item.item)
        numbered = all(item.item and item.item["number"] for item in items)
        start = _last_sentence(heading)
        yield from _within(text, bare, heading.start, start)
        yield Passage(start, end, text[start:end], bare[start:end], True, texts, numbered)
    for item in items:
        if item.item:
            yield from _within(text, bare, item.start + item.item.start("text"), item.start + len(item.text.rstrip()))


def _last_sentence(line: _Line) -> int:
    """Return where the sentence begins that announces a list; others may stand before it on its line."""
    sentences = sentences_in(line.text.strip())
    at = line.text.rfind(sentences[-1].strip()) if sentences else -1
    return line.start + (at if at >= 0 else len(line.text) - len(line.text.lstrip()))


def _sentences(text: str, bare: str, lines: list[_Line]) -> Iterator[Passage]:
    if lines:
        yield from _within(text, bare, lines[0].start, lines[-1].start + len(lines[-1].text))


def _within(text: str, bare: str, start: int, end: int) -> Iterator[Passage]:
    """Yield the sentences between two places; they are found in the blanked text, so that no quotation is cut."""
    first = True
    for sentence in sentences_in(bare[start:end]):
        sentence = sentence.strip()
        at = bare.find(sentence, start, end)
        if at < 0 or not sentence:
            continue
        stop = at + len(sentence)
        yield Passage(at, stop, text[at:stop], bare[at:stop], first)
        start, first = stop, False
