"""Words of a text as terms of a label: of any script, without numbers, ids and addresses."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

from core.analysis.clusters.stopwords import SILENT_PAIRS
from core.vectors.words import searchable

__all__ = ["CHARS", "stems", "tokens", "tokens_at"]

# What a label is made from of one text: its beginning.
CHARS: Final = 1_500
_LONGEST: Final = 24
_SHORTEST: Final = 3
_PAIR: Final = 2
_LATIN: Final = "\u024f"
_ADDRESS: Final = r"(?:https?|ftp|file|s3)://\S++|www\.\S++|\w++@\w\S*+"
_NO_WORD: Final = re.compile(r".*(?:://|@)|www\.|[a-f]{10,}$", re.IGNORECASE)  # addresses, and numbers to the base of 16
_ASCII: Final = re.compile(rf"{_ADDRESS}|\w++(?:'\w++)*+", re.IGNORECASE | re.ASCII)
_KNOWN: Final = 200_000
_MARKUP: Final = re.compile(r"</?[a-z][^<>]{0,200}>", re.IGNORECASE)
_FIELD: Final = re.compile(r"""(?<=[{,\s])(["'])[\w-]{1,40}\1\s{0,3}:""")


def tokens(text: str) -> set[str]:
    """Return what may be words in a text's beginning, lower case, each once; `stems` says what of them is."""
    head = _beginning(text).lower()
    return set(
        _ASCII.findall(head) if head.isascii() else _any_script().findall(searchable(unicodedata.normalize("NFC", head)))
    )


def tokens_at(text: str) -> list[tuple[str, str]]:
    """Return the tokens of a text's beginning as they are written, in their order, each with what lies before it."""
    head = _beginning(text)
    if not head.isascii():
        head = searchable(unicodedata.normalize("NFC", head))
    found, end = [], 0
    for match in (_ASCII if head.isascii() else _any_script()).finditer(head):
        for number, part in enumerate(match[0].split("_") if "_" in match[0] else (match[0],)):
            found.append(("_" if number else head[end : match.start()], part))
        end = match.end()
    return found


@lru_cache(maxsize=_KNOWN)
def stems(token: str) -> tuple[str, ...]:
    """Return the words of a token, without endings of the plural: of an identifier its parts, of a number none."""
    if "_" in token and not _NO_WORD.match(token):
        if any(part.isdigit() for part in token.split("_")):
            return ()
        return tuple(stem for part in token.split("_") if part for stem in stems(part))
    if not token or any(map(str.isdigit, token)) or _NO_WORD.match(token):
        return ()
    base = token.removesuffix("'s").removesuffix("'")
    if len(base) == _PAIR and SILENT_PAIRS.fullmatch(base):
        return ()
    if len(base) > _LONGEST or "'" in base:
        return ()
    if len(base) < (_PAIR if max(base, default="") > _LATIN else _SHORTEST):
        return ()
    return (_singular(base),)


def _beginning(text: str) -> str:
    """Return what of a text makes labels, without marks of HTML and the names of the fields of data in it."""
    head = text[:CHARS].replace("’", "'")
    if "<" in head:
        head = _MARKUP.sub(" ", head)
    return _FIELD.sub(" ", head) if "{" in head else head


def _singular(word: str) -> str:
    if len(word) < 5 or not word.isascii() or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


@cache
def _any_script() -> re.Pattern[str]:
    """Return what finds words of any script, whose letters may have up to three combining marks."""
    marks = "".join(chr(code) for code in range(0x300, 0x3000) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    word = rf"(?:\w[{marks}]{{0,3}}+)++"
    return re.compile(rf"{_ADDRESS}|{word}(?:'{word})*+", re.IGNORECASE)
