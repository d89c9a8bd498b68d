"""Words of texts and queries as the full-text search has them: its tokenizer, stop words, scripts without spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, cast

import apsw

__all__ = ["asked_words", "searchable", "specification", "tokenizer"]

# FTS5 ships one stemmer, Porter's for English; other languages are matched by whole words without accents.
_TOKENIZERS: Final = {"en": "porter unicode61 remove_diacritics 2"}
_PLAIN: Final = "unicode61 remove_diacritics 2"
_TOKEN_BYTES_MAX: Final = 32_768  # FTS5 cuts longer ones

# Scripts written without spaces: indexed as overlapping pairs of characters, as Lucene's CJKAnalyzer does.
_UNSPACED = re.compile(
    r"[\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_WORD = re.compile(r"[^\W_]+")
# Too common to rank by; without them a question touches a fraction of the rows. Kept when nothing else is asked.
_STOP_WORDS = frozenset(
    "a about am an and any are as at be been but by can could did do does for from had has have he her him his how i if in "
    "into is it its may me might must my no not of on or our shall she should so some than that the their them then there "
    "these they this to was we were what when where which who whom why will with would you your".split()
)


def specification(language: str) -> str:
    """Return the tokenizer of a language as FTS5 names it."""
    return _TOKENIZERS.get(language, _PLAIN)


def tokenizer(language: str) -> Callable[[str], list[str]]:
    """Return what turns a text into its tokens, as FTS5 indexes it; for one thread at a time."""
    name, *arguments = specification(language).split()
    split = apsw.Connection(":memory:").fts5_tokenizer(name, arguments)

    def tokens(text: str) -> list[str]:
        found = split(text.encode(), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False, include_colocated=False)
        words = cast("list[str]", found)
        return words if 4 * len(text) <= _TOKEN_BYTES_MAX else [_cut(word) for word in words]

    return tokens


def searchable(value: object) -> str:
    """Return the text of a metadata value as it is indexed."""
    if isinstance(value, (list, tuple)):
        return " \n ".join(searchable(item) for item in value)
    return _spaced(value) if isinstance(value, str) else ""


def asked_words(text: str, language: str) -> list[str]:
    """Return the words that a query looks for, each once; any of them is a match."""
    # Composed, since a combining mark ends a word here, while FTS5 only drops it.
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(_spaced(unicodedata.normalize("NFC", text)))))
    telling = [word for word in words if word not in _STOP_WORDS] if language == "en" else words
    return telling or words


def _spaced(text: str) -> str:
    return text if text.isascii() else _UNSPACED.sub(lambda run: f" {_pairs(run[0])} ", text)


def _pairs(run: str) -> str:
    return " ".join(run[place : place + 2] for place in range(max(1, len(run) - 1)))


def _cut(word: str) -> str:
    return word.encode()[:_TOKEN_BYTES_MAX].decode(errors="replace")
