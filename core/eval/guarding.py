"""The texts of a file for `eval guard`: what stands in braces is made when it is read.

No secret, and nothing that a scanner of repositories would take for one, stands in such a file: "ghp_{{alnum:36}}" has its
36 letters and digits drawn by a seed and the number of the line.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from core.errors import FileReadError
from core.memory.fields import preview

__all__ = ["filled"]

_HOLE: Final = re.compile(r"\{\{(\w+)(?::([^{}]*))?\}\}")
_SIGNS: Final[Mapping[str, str]] = {
    "alnum": string.ascii_letters + string.digits,
    "b64": string.ascii_letters + string.digits + "+/",
    "base32": string.ascii_uppercase + "234567",
    "bech": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "letters": string.ascii_letters,
    "lower": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "url": string.ascii_letters + string.digits + "_-",
}
_WORDS: Final = (
    "ocean maple river stone window garden silver candle orbit velvet harbor lemon copper meadow falcon timber puzzle anchor"
).split()
_LINE: Final = 64


def filled(text: str, *, seed: str, where: str) -> str:
    """Return a text with what its braces stand for; raise FileReadError that names one which stands for nothing."""
    draw = random.Random(seed)

    def hole(match: re.Match[str]) -> str:
        name, value = match[1], match[2] or ""
        if name in _SIGNS:
            return _drawn(draw, _SIGNS[name], int(value))
        if name not in _MADE:
            known = ", ".join([*_SIGNS, *_MADE])
            raise FileReadError(f"{where}: {preview(match[0])} stands for nothing: use one of {known}.")
        return _MADE[name](draw, value)

    return _HOLE.sub(hole, text)


def _drawn(draw: random.Random, signs: str, count: int) -> str:
    return "".join(draw.choice(signs) for _ in range(count))


def _password(draw: random.Random, count: str) -> str:
    rest = _drawn(draw, _SIGNS["alnum"], int(count) - 4)
    return draw.choice("KLMXZ") + rest + draw.choice("!#%*") + draw.choice("qwzk") + draw.choice(string.digits)


def _token(draw: random.Random, _value: str) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": _drawn(draw, _SIGNS["digits"], 10), "exp": 1_900_000_000})
    coded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join([*coded, _drawn(draw, _SIGNS["url"], 43)])


def _lines(draw: random.Random, count: str) -> str:
    return "\n".join(_drawn(draw, _SIGNS["b64"], _LINE) for _ in range(int(count)))


_MADE: Final[Mapping[str, Callable[[random.Random, str], str]]] = {
    "b64of": lambda _, value: base64.b64encode(value.encode()).decode(),
    "full": lambda _, value: "".join(chr(ord(sign) + 0xFEE0) for sign in value),
    "hexof": lambda _, value: value.encode().hex(),
    "jwt": _token,
    "lit": lambda _, value: value,
    "password": _password,
    "pem": _lines,
    "tags": lambda _, value: "".join(chr(0xE0000 + ord(sign)) for sign in value),
    "uuid": lambda draw, _: str(UUID(int=draw.getrandbits(128), version=4)),
    "pw64": lambda draw, count: base64.b64encode(f"password={_password(draw, count)}".encode()).decode(),
    "words": lambda draw, count: " ".join(draw.choice(_WORDS) for _ in range(int(count))),
}
