"""What a text has in code: runs of base64, hex and percent signs that say something in plain words. One layer alone."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

__all__ = ["Decoded", "decoded"]

_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{16,16384}+={0,2}(?![A-Za-z0-9+/_=-])")
_HEX: Final = re.compile(r"(?<![A-Za-z0-9])(?:[0-9a-fA-F]{2}){12,8192}+(?![A-Za-z0-9])|(?:\\x[0-9a-fA-F]{2}){8,4096}+")
_PERCENT: Final = re.compile(r"(?:%[0-9a-fA-F]{2}|[A-Za-z0-9_.~+-]){12,8192}+")
_ROT13: Final = re.compile(r"\brot[- ]?13\b", re.IGNORECASE)
_LEAST_PLAIN: Final = 0.9


@dataclass(frozen=True)
class Decoded:
    """A run of code: how it is written, what it says, and where it stands."""

    how: str
    text: str
    start: int
    end: int


def decoded(text: str) -> Iterator[Decoded]:
    """Yield what runs of code say that are mostly plain text, and all of the text where it names rot13."""
    yield from _runs(text)
    if _ROT13.search(text):
        yield Decoded("rot13", codecs.decode(text, "rot13"), 0, len(text))


def _runs(text: str) -> Iterator[Decoded]:
    for match in _BASE64.finditer(text):
        plain = _from_base64(match[0])
        if plain is not None:
            yield Decoded("base64", plain, match.start(), match.end())
    for match in _HEX.finditer(text):
        plain = _plain(bytes.fromhex(match[0].replace("\\x", "")))
        if plain is not None:
            yield Decoded("hex", plain, match.start(), match.end())
    if "%" in text:
        for match in _PERCENT.finditer(text):
            if match[0].count("%") >= 3:
                yield Decoded("percent", unquote(match[0].replace("+", " ")), match.start(), match.end())


def _from_base64(run: str) -> str | None:
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    if body.isalpha() and (body.islower() or body.istitle()):
        return None
    try:
        return _plain(base64.b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error):
        return None


def _plain(raw: bytes) -> str | None:
    """Return bytes as text where they are one."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(text) < 8:
        return None
    seen = sum(sign.isalnum() or sign in " \n\t.,:;!?'\"()-_=/@<>{}[]" for sign in text if sign < "\x80" or sign.isalpha())
    return text if seen >= _LEAST_PLAIN * len(text) else None
