"""A text as a reader of any kind would take it: without what nobody sees, and with letters that only look like others.

What a filter misses a model still reads: letters of full width, of mathematics or of another script, and characters without
a width between them. The folded text has each as the plain one that it stands for, and knows where it was.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["Folded", "folded", "smuggled", "unescaped"]

# Letters of Cyrillic, Greek and others that look like Latin ones (Unicode TS #39, confusables), the common ones.
_ALIKE: Final = dict(
    zip(
        "аАвВсСԁеЕгһНіІјЈкКӏмМоОрРѕЅтТуУхХѵԝԛпαΑβΒεΕηΗιΙκΚΜνΝοΟρΡτΤυΥχΧΖօսոʏʀɢɪɴʟᴀᴄᴅᴇᴋᴍᴏᴘᴛᴜᴠᴡᴢꓲꓳ",
        "aAbBcCdeErhHiIjJkKlmMoOpPsStTyYxXvwqnaAbBeEnHiIkKMvNoOpPtTuYxXZounyrgInlacdekmoptuvwzIO",
        strict=True,
    )
)
_TAG: Final = re.compile("[\U000e0020-\U000e007e]{3,}")
# As JSON has a line or a quote within a text; JSON within JSON has more backslashes.
_ESCAPED: Final = re.compile(r"\\{1,8}+([nrt\"'/])")
_MEANT: Final = {"n": "\n", "r": "\r", "t": "\t"}
_SELECTED: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{6,}")


@dataclass(frozen=True)
class Folded:
    """A text made plain; `places` has where each character was, None where nothing moved."""

    text: str
    places: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of the plain text stands in the text itself."""
        if self.places is None or start >= end:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def folded(text: str, *, alike: bool = True) -> Folded:
    """Return the text in plain characters; without `alike` letters of other scripts stay what they are."""
    if text.isascii():
        return Folded(text)
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        plain = sign if sign < "\x80" else _plain(sign, alike)
        signs.append(plain)
        places += [place] * len(plain)
    return Folded("".join(signs), tuple(places))


def unescaped(plain: Folded) -> Folded | None:
    """Return a text with what its escapes of lines and quotes stand for, None where it has none."""
    text, signs, places, at = plain.text, list[str](), list[int](), 0
    if _ESCAPED.search(text) is None:
        return None
    origin = range(len(text)) if plain.places is None else plain.places
    for match in _ESCAPED.finditer(text):
        signs += [text[at : match.start()], _MEANT.get(match[1], match[1])]
        places += [*origin[at : match.start()], origin[match.end() - 1]]
        at = match.end()
    return Folded("".join([*signs, text[at:]]), (*places, *origin[at:]))


def smuggled(text: str) -> tuple[str, ...]:
    """Return what is written in characters that nobody sees: tags for ASCII, and selectors of variants for bytes."""
    if text.isascii():
        return ()
    found = ["".join(chr(ord(sign) - 0xE0000) for sign in match[0]) for match in _TAG.finditer(text)]
    for match in _SELECTED.finditer(text):
        values = bytes(_byte(sign) for sign in match[0])
        found.append(values.decode("utf-8", "replace"))
    return tuple(found)


def _byte(sign: str) -> int:
    code = ord(sign)
    return code - 0xFE00 if code < 0xE0000 else code - 0xE0100 + 16


@lru_cache(maxsize=4096)
def _plain(sign: str, alike: bool) -> str:
    if unicodedata.category(sign) in ("Cf", "Mn", "Me") or sign in "\u115f\u1160\u3164\uffa0\u034f":
        return ""
    if alike and sign in _ALIKE:
        return _ALIKE[sign]
    plain = unicodedata.normalize("NFKD", sign)
    return "".join(each for each in plain if unicodedata.category(each) not in ("Mn", "Cf")) or sign
