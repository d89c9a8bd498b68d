"""Secrets in a text: where they stand and what they are, and the text without them. Pure; a secret itself is never told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.guard.decoding import decoded
from core.guard.readable import Folded, folded, unescaped
from core.guard.secrets.pattern import PATTERNS

__all__ = ["Secret", "redacted", "secrets_in", "without_secrets"]

_HINTS: Final = tuple(dict.fromkeys(hint for row in PATTERNS for hint in row.hints))
# What is cut out may leave a beginning that only now has an end.
_ROUNDS: Final = 4


@dataclass(frozen=True)
class Secret:
    """One secret: the id of its pattern, what that is in words, and where it stands, as offsets of characters."""

    id: str
    what: str
    start: int
    end: int


def secrets_in(text: str) -> tuple[Secret, ...]:
    """Return the secrets of a text in order; of two that overlap the first of the table, over both places.

    It is read as it stands, and as what reads JSON would take it: after an escaped line a token has a letter before it.
    """
    plain = folded(text, alike=False)
    meant = unescaped(plain)
    return _apart([*_read(plain), *(_read(meant) if meant is not None else ())])


def without_secrets(text: str) -> str:
    """Return the text with the name of its pattern in the place of each secret; most texts as they are."""
    for _ in range(_ROUNDS):
        found = secrets_in(text)
        if not found:
            return text
        text = redacted(text, found)
    return text


def redacted(text: str, found: Iterable[Secret]) -> str:
    """Return the text with the name of its pattern in the place of each secret that was found in it."""
    parts: list[str] = []
    at = 0
    for secret in found:
        parts += [text[at : secret.start], f"[redacted:{secret.id}]"]
        at = secret.end
    return "".join([*parts, text[at:]])


def _read(plain: Folded) -> Iterator[Secret]:
    yield from _direct(plain)
    for each in decoded(plain.text):
        inner = next(_direct(Folded(each.text)), None)
        if inner is not None:
            yield Secret(inner.id, f"{inner.what}, in {each.how}", *plain.span(each.start, each.end))


def _direct(plain: Folded) -> Iterator[Secret]:
    low = plain.text.lower()
    hinted = {hint for hint in _HINTS if hint in low}
    for row in PATTERNS if hinted else ():
        if hinted.isdisjoint(row.hints):
            continue
        for match in row.form.finditer(plain.text):
            body, (start, end) = match[row.group], match.span(row.group)
            if plain.text[end : end + 1] == '"':  # what escapes the quote after it is none of it: JSON stays JSON
                end -= len(body) - len(body.rstrip("\\"))
            if row.is_one(body):
                yield Secret(row.id, row.what, *plain.span(start, end))


def _apart(found: list[Secret]) -> tuple[Secret, ...]:
    """Return secrets that do not overlap: those that do are one, called by the first of the table."""
    rank = {row.id: place for place, row in enumerate(PATTERNS)}
    apart: list[Secret] = []
    for each in sorted(found, key=lambda secret: (secret.start, -secret.end)):
        if not apart or each.start >= apart[-1].end:
            apart.append(each)
            continue
        last = apart[-1]
        named = min(last, each, key=lambda secret: rank[secret.id])
        apart[-1] = Secret(named.id, named.what, last.start, max(last.end, each.end))
    return tuple(apart)
