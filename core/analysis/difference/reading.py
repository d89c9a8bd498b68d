"""A text as it is compared: its tokens in order, each with its kind, its place and the form that it is compared by.

One pass of one pattern, so the time is linear in the text: no part of it can begin inside a word, and each is bounded.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from core.analysis.difference.found import Span
from core.analysis.difference.languages import Language, language_of
from core.analysis.difference.same_words import ALIASES, SYNONYMS

__all__ = ["CHARS", "MARK", "Text", "Token", "read", "stem", "uninflected"]

# What of a text is compared: the service stores no more than 40 KB of metadata, so only a very odd text is longer.
CHARS: Final = 50_000

_TIME: Final = (
    r"(?<![\w.:])(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:\s?[apAP]\.?[mM]\b)?|\d{1,2}\s?[apAP]\.?[mM]\b)(?![\w:])"
)
_ENDINGS: Final = (
    "py|js|ts|tsx|jsx|json|jsonl|ya?ml|md|txt|csv|tsv|sql|sh|go|rs|java|kt|rb|php|html?|css|toml|lock|log|xml|pdf|png|jpe?g|svg|gif"
    "|ipynb|parquet|conf|cfg|ini|env|tf|zip|gz|tar|db|sqlite|exe|dll|so|com|org|io|net|dev|app|ai|internal|local|example"
)
_NUM: Final = r"\d{1,30}(?:[.,'\u202f]\d{1,30}){0,10}"
# Signs that say something by themselves, as a tick or a thumb; no lines of a table.
MARK: Final = r"[\u2190-\u22ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff\u200d\ufe0f]{1,40}"
_PATTERNS: Final = {
    "url": r"(?:https?|ftp|s3|file|git|ssh|wss?|postgres(?:ql)?|redis|arn)://?[^\s<>\"'`)\]}]{1,2000}|arn:aws[^\s,;]{1,500}",
    "email": r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,6}",
    "path": r"(?<![\w/.])(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?=[\w.@{-])[\w.@{}:+-]{1,255}(?:[/\\][\w.@{}:+*-]{1,255}){0,40}/?"
    r"|(?<![\w/.])(?=\w{0,60}[^\W\d])[\w@-]{1,64}(?:/[\w.@-]{1,128}){1,40}(?<!\d/\d)",
    "file": rf"(?<![\w/.-])[\w-]{{1,100}}(?:\.[\w-]{{1,40}}){{0,5}}\.(?:{_ENDINGS})(?!\w)",
    "moment": r"(?<![\w.])\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w-])"
    r"|(?<![\w.])\d{4}/\d{2}/\d{2}(?!\w)|(?<![\w.])\d{1,2}(?:/\d{1,2}/(?:\d{4}|\d{2})|\.\d{1,2}\.\d{4})(?!\w)",
    "time": _TIME,
    "hash": r"(?<![\w-])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|0x[0-9a-fA-F]{1,64}"
    r"|(?=[0-9a-f]{0,63}\d)(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{7,64}|(?=[0-9A-F]{0,63}\d)(?=[0-9A-F]{0,63}[A-F])[0-9A-F]{8,64})(?![\w-])",
    "tag": r"(?<!\w)[#@][\w][\w.-]{0,100}",
    "version": r"(?<![\w.,])(?:v?\d{1,9}(?:\.\d{1,9}){2,6}|v\d{1,9}(?:\.\d{1,9}){0,6})(?:[-+][\w.]{1,40})?(?!\w)",
    "number": rf"(?:(?<!\w)[-−+]?|(?=[$€£¥₹]))[$€£¥₹]?\s?{_NUM}(?:[eE][-+]?\d{{1,3}}(?!\w))?(?:st|nd|rd|th)?"
    r"(?=[^\W\d_]{0,12}(?!\w))",
    "initials": r"(?<![\w.])(?:[A-Z]\.){2,6}(?!\w)",
    "word": r"[^\W_](?:[\w]|['’](?=[^\W\d_])|-(?=\w)){0,120}(?:(?:\+\+|#)(?!\w))?|_\w{1,120}",
    "sign": r"[%°$€£¥]|\.{3}|[.!?:;\n]|[–—→]|[-+<>=≤≥~]{1,3}",
    "mark": MARK,
}
_TOKEN: Final = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS.items()))
_ENDS: Final = frozenset(".!?:;\n")
_STRUCTURE: Final = '{}[]()<>=;"|_'
_MARKS_LEAST, _MARKS_SHARE = 4, 0.06
_CODE: Final = 3
_TRAILING: Final = ".,;:!?'\"’*"
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SUFFIXES: Final = (
    "ations",
    "ation",
    "ingly",
    "edly",
    "ings",
    "ing",
    "ies",
    "ied",
    "ments",
    "ment",
    "ers",
    "es",
    "ed",
    "ly",
    "s",
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind (of _PATTERNS, a mark being a sign), as it is written, in small letters, its stem, its place."""

    kind: str
    text: str
    lower: str
    stem: str
    span: Span
    opens: bool


@dataclass(frozen=True, eq=False)
class Text:
    """A text as it is compared."""

    text: str
    tokens: tuple[Token, ...]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words in small letters, in order."""
        return tuple(token.lower for token in self.tokens if token.kind == "word")

    @cached_property
    def known(self) -> frozenset[str]:
        """Every form that a word or name of another text may be found under here: in small letters, stems, parts."""
        found = {token.lower for token in self.tokens} | {token.stem for token in self.tokens}
        for token in self.tokens:
            if token.kind in ("word", "path", "url", "tag", "email", "file") and not _is_whole(token.lower):
                found.update(part for part in re.split(r"[\W_]+", token.lower) if part)
        return frozenset(found)

    @cached_property
    def initials(self) -> str:
        """The first letters of the words, in which an abbreviation is found."""
        words = [token for token in self.tokens if token.kind == "word"]
        return "".join(word.lower if word.text.isupper() and len(word.text) <= _CODE else word.lower[0] for word in words)

    @cached_property
    def language(self) -> Language:
        """The language that it is most likely in."""
        return language_of(self.words)

    @cached_property
    def is_structured(self) -> bool:
        """Say whether it is data or code, as JSON, a call or a query: there each word counts, and so does their order."""
        marks = sum(self.text.count(mark) for mark in _STRUCTURE)
        return marks >= _MARKS_LEAST and marks >= _MARKS_SHARE * len(self.text)

    @cached_property
    def shouts(self) -> bool:
        """Say whether capitals tell nothing: a headline, or a text all in capitals; few words of it are small."""
        long = [
            token.text for token in self.tokens if token.kind == "word" and len(token.text) > 3 and token.text[0].isalpha()
        ]
        return len(long) >= 4 and sum(word[0].isupper() for word in long) > 0.8 * len(long)


@lru_cache(maxsize=8_192)
def read(text: str) -> Text:
    """Return a text as it is compared; what is beyond CHARS is not."""
    plain = unicodedata.normalize("NFC", text[:CHARS]).replace("’", "'").replace("\u00a0", " ")
    # Spans are places in the text as it is given: where its form changes under NFC they would be off.
    plain = plain if len(plain) == min(len(text), CHARS) else text[:CHARS]
    tokens: list[Token] = []
    opens = True
    for match in _TOKEN.finditer(plain):
        kind, found = str(match.lastgroup), match.group()
        start = match.start()
        if kind in ("url", "path", "tag", "email"):
            found = found.rstrip(_TRAILING)
        lead = len(found) - len(found.lstrip())
        found, start = found.strip(), start + lead
        if not found:
            continue
        if kind == "word" and _CJK.search(found):
            tokens.extend(_pairs(found, start))
        else:
            tokens.append(_token(kind, found, start, opens))
        if kind != "mark":  # after "Congrats! 🎉" a sentence begins as it did
            opens = found in _ENDS if kind == "sign" else opens and kind == "number"
    return Text(plain, tuple(tokens))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return a word without its English endings and by its usual name: equal for words that say the same."""
    base = ALIASES.get(word, word)
    if base in SYNONYMS:
        return SYNONYMS[base]
    cut = uninflected(base.removesuffix("'s"))
    return SYNONYMS.get(cut, cut)


def uninflected(word: str) -> str:
    """Return a word without its English endings."""
    if len(word) <= 3 or not word.isascii():
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not (suffix == "s" and word[-2] in "su"):
            word = word[: -len(suffix)] + ("y" if suffix in ("ies", "ied") else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def _is_whole(word: str) -> bool:
    """Say whether a word has no parts: "C++" is not "C"."""
    return word.isalpha() or word.endswith(("+", "#"))


def _token(kind: str, found: str, start: int, opens: bool) -> Token:
    lower = found.lower()
    if kind == "initials":  # "U.S." is a word as "US" is
        kind, lower = "word", lower.replace(".", "")
    kind = "sign" if kind == "mark" else kind
    return Token(kind, found, lower, stem(lower) if kind == "word" else lower, (start, start + len(found)), opens)


def _pairs(found: str, start: int) -> list[Token]:
    """Return writing without spaces as its pairs of letters, as the full-text index has it."""
    parts = [(found[at : at + 2], start + at) for at in range(max(1, len(found) - 1))]
    return [Token("word", part, part.lower(), part.lower(), (at, at + len(part)), False) for part, at in parts]
