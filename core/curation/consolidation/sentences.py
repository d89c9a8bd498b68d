"""Texts as sentences, in several languages; code, JSON, tables and lists stay whole.

A line is a boundary too, unless it looks like prose that was wrapped: memories are notes, chats and logs. Linear in its
length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["sentences_in", "stays_whole"]

_FENCE: Final = re.compile(r"\s{0,3}(```|~~~)")
_ITEM: Final = re.compile(r"\s*(?:[-*+•‣◦–]|\d{1,3}[.)]|[A-Za-z][.)])\s+\S")
_TABLE: Final = re.compile(r"\s*\|.*\|\s*$")
_DEEP: Final = re.compile(r"(?: {2,}|\t)\S")
_OPENS: Final = ("{", "[")
# Only what ends a word of such a script too may end a sentence without a space behind it.
_END: Final = re.compile(r"(?:(?P<wide>[。！？｡︒]+[」』”’）》】]*)|(?P<plain>[.!?…‼⁇⁈⁉؟۔।॥։።។]+[\"'”’»)\]*_]*)(?=\s|$))\s*")
# Before a dot: titles, months, and what is abbreviated in English, German, French, Spanish, Italian, Portuguese and Dutch.
_SHORT: Final = frozenset(
    """mr mrs ms dr prof st sr jr gen col sgt capt lt rev hon gov sen rep pres messrs mme mlle mm sra srta dra
    e.g i.e eg ie cf vs viz etc al approx ca est fig figs eq eqs no nos nr vol pp ch sec art op ed eds dept univ inc ltd
    co corp bros gmbh ag z.b d.h u.a bzw usw ggf vgl evtl inkl exkl zzgl str tel abs s.o s.u o.ä p.ex ex c.-à-d env pág núm
    ej av avda dott ing sig p.es ecc bijv bv resp max min jan feb mar apr jun jul aug sep sept oct nov dec okt dez
    a.m p.m u.s u.k u.n e.u ph.d b.sc m.sc""".split()
)
# After these a dot closes a sentence as well, if what follows looks like the beginning of one.
_MAY_END: Final = frozenset("etc al a.m p.m u.s u.k u.n e.u inc ltd co corp ph.d usw ecc no max min".split())
_WORD_BEFORE: Final = re.compile(r"[^\s(\[\"'“«]*$")
_ORDINAL: Final = re.compile(
    r"(?:januar|februar|märz|maerz|april|mai|juni|juli|august|september|oktober|november|dezember|jahrhundert|quartal)\b",
    re.IGNORECASE,
)
_ONE_LETTER: Final = re.compile(r"(?:[A-Za-zÄÖÜäöü]|ex|es|ej)\.")
_LOOK: Final = 40
_WRAPPED: Final = 50


def sentences_in(text: str) -> tuple[str, ...]:
    """Return the sentences of a text in order; nothing but white space is lost between them."""
    found: list[str] = []
    for block, whole in _blocks(text):
        parts = (block.strip("\n").rstrip(),) if whole else _prose(block)
        for part in parts:
            if part.strip():
                # What a list, a table or a program belongs to is the line that announces it.
                if whole and found and found[-1].rstrip().endswith((":", "：")):
                    found[-1] += "\n" + part
                else:
                    found.append(part.strip() if not whole else part)
    return tuple(found)


def stays_whole(sentence: str) -> bool:
    """Say whether a sentence is one that its lines make: code, JSON, a table, a list."""
    return len(sentences_in(f"x:\n{sentence}")) == 1


def _blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Yield runs of lines, each with whether it stays whole."""
    lines = text.splitlines(keepends=True)
    place = 0
    prose: list[str] = []
    hopeless = False  # an opened bracket that nothing closes is looked for once
    while place < len(lines):
        end = _fenced(lines, place) or _listed(lines, place) or _indented(lines, place)
        if end is None and not hopeless and lines[place].lstrip().startswith(_OPENS):
            end = _bracketed(lines, place)
            hopeless = end is None
        if end is None:
            prose.append(lines[place])
            place += 1
            continue
        yield "".join(prose), False
        prose = []
        yield "".join(lines[place:end]), True
        place = end
    yield "".join(prose), False


def _fenced(lines: list[str], place: int) -> int | None:
    opened = _FENCE.match(lines[place])
    if opened is None:
        return None
    for end in range(place + 1, len(lines)):
        closed = _FENCE.match(lines[end])
        if closed is not None and closed[1] == opened[1]:
            return end + 1
    return len(lines)


def _listed(lines: list[str], place: int) -> int | None:
    """Return where a list or a table of two rows or more ends; a deeper line goes on with its item."""
    kind = _TABLE if _TABLE.match(lines[place]) else _ITEM
    end, rows = place, 0
    while end < len(lines) and (kind.match(lines[end]) or (end > place and _DEEP.match(lines[end]))):
        rows += kind.match(lines[end]) is not None
        end += 1
    return end if rows > 1 else None


def _indented(lines: list[str], place: int) -> int | None:
    """Return where lines end that are set in: a program, or what a trace printed."""
    if place == 0:
        return None
    end = place
    while end < len(lines) and _DEEP.match(lines[end]):
        end += 1
    return end if end - place > 1 else None


def _bracketed(lines: list[str], place: int) -> int | None:
    """Return where JSON ends that begins here: at the end of the line that closes its first bracket."""
    depth, quoted, escaped = 0, False, False
    for end in range(place, len(lines)):
        for char in lines[end]:
            if escaped:
                escaped = False
            elif quoted:
                escaped, quoted = char == "\\", char != '"'
            elif char == '"':
                quoted = True
            elif char in "{[":
                depth += 1
            elif char in "}]":
                depth -= 1
        if depth <= 0:
            # One line of prose may begin with a bracket: "[14:02] deploy done. All well."
            whole = end > place or lines[end].rstrip().endswith(("}", "]"))
            return end + 1 if whole and not quoted else None
    return None


def _prose(text: str) -> Iterator[str]:
    """Yield the sentences of running text."""
    for passage in _passages(text):
        start = 0
        for match in _END.finditer(passage):
            if match.end() < len(passage) and not (match["wide"] or _closes(passage, start, match)):
                continue
            yield passage[start : match.end()].strip()
            start = match.end()
        yield passage[start:].strip()


def _passages(text: str) -> Iterator[str]:
    """Yield lines, with those joined that were only wrapped."""
    held = ""
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        wrapped = len(held.rstrip()) - (held.rstrip().rfind("\n") + 1) >= _WRAPPED and bare[:1].islower()
        if held and not (wrapped and not held.rstrip().endswith((":", "：", ".", "!", "?"))):
            yield held
            held = ""
        held += line
    yield held


def _closes(passage: str, start: int, match: re.Match[str]) -> bool:
    """Say whether a mark with a space behind it closes a sentence."""
    mark = match["plain"]
    following = passage[match.end() : match.end() + _LOOK]
    if not mark.startswith("."):
        return not (following[:1].islower() and mark[-1] in "\"'”’»)")
    before = _WORD_BEFORE.search(passage[max(start, match.start() - _LOOK) : match.start()])
    written = before[0] if before else ""
    word = written.lower()
    if len(mark) > 1 and mark.strip(".") == "":  # an ellipsis
        return not following[:1].islower()
    if word in _SHORT:
        return word in _MAY_END and not (following[:1].islower() or (word == "no" and following[:1].isdigit()))
    if len(written) == 1 and "A" <= written <= "Z" and written != "I":  # an initial
        return False
    if len(written) == 1 and written.isalpha() and _ONE_LETTER.match(following):  # as in "z. B." and "p. ex."
        return False
    if word.isdigit():
        at_start = passage[start : match.start() - len(word)].strip()[-1:] in ("", ":")  # "1. Do it."
        return not (at_start or (len(word) <= 2 and _ORDINAL.match(following)))
    return True
