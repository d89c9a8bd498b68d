"""Numbers in a text: in digits and words, with units, multiples, money, percent, ranges and versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from core.analysis.difference.found import Claim, Kind
from core.analysis.difference.reading import Text, Token
from core.analysis.difference.units import MULTIPLES, NUMBER_WORDS, ORDINAL_WORDS, UNITS

__all__ = ["numbers_in", "same_number", "written"]

_RANGE: Final = frozenset({"-", "–", "—", "to", "bis", "à", "and", "..", "..."})
_SCALES: Final = frozenset({"celsius", "fahrenheit"})
_CURRENCY: Final = frozenset("$€£¥₹")
# A float of 60 digits bears no higher power.
_TENS: Final = 200
_ORDINAL: Final = re.compile(r"(st|nd|rd|th)$")
# Words that may stand between a number and what it counts.
_SKIPPED: Final = frozenset("of the new more other different additional separate consecutive".split())


def numbers_in(text: Text) -> tuple[tuple[Claim, ...], frozenset[int]]:
    """Return the numbers of a text in order, and the places of the tokens that they took."""
    found, taken = [], set[int]()
    tokens = text.tokens
    at = 0
    while at < len(tokens):
        claim, end = _number_at(tokens, at)
        if claim is not None:
            found.append(claim)
            taken.update(range(at, end))
        at = max(end, at + 1)
    return tuple(found), frozenset(taken)


def same_number(one: Claim, other: Claim) -> bool:
    """Say whether two numbers are the same: equal, and of one unit where both have one."""
    value, dimension = _split(one.value)
    beside, unit = _split(other.value)
    if dimension == unit:
        return value == beside
    plain = {dimension, unit} & {"", "tokens", "times"}
    return bool(plain) and _bare(one) == _bare(other)


def written(text: str) -> float | None:
    """Return a number as people write it: 1,000.5 and 1.000,5 and 1'000; None for what is too long to be one."""
    digits = text.replace("'", "").replace("\u202f", "")
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        decimal = max(digits.rfind("."), digits.rfind(","))
        digits = re.sub(r"[.,]", "", digits[:decimal]) + "." + digits[decimal + 1 :]
    elif commas:
        is_thousands = all(len(part) == 3 for part in digits.split(",")[1:])
        digits = digits.replace(",", "") if is_thousands else digits.replace(",", ".", 1)
    elif dots > 1:
        digits = digits.replace(".", "")
    try:
        return float(digits)
    except ValueError:
        return None


def _number_at(tokens: Sequence[Token], at: int) -> tuple[Claim | None, int]:
    token = tokens[at]
    if token.kind == "version":
        # 1.0 and v1.0.0 are one version.
        return Claim(Kind.NUMBER, f"{_version(token.lower)}|version", token.text, token.span), at + 1
    if token.kind == "number" and _lists(tokens, at):
        return None, at + 1
    value, end = _value(tokens, at)
    if value is None:
        # What is no number that can be told, as "12e456" or one of a hundred digits, is the same where it is written so.
        unread = Claim(Kind.NUMBER, f"{token.lower}||{token.lower}", token.text, token.span)
        return unread if token.kind == "number" else None, at + 1
    if token.kind == "word" and token.lower == "second" and not _counts(tokens, end):
        return None, at + 1
    upper: float | None = None
    if end + 1 < len(tokens) and tokens[end].lower in _RANGE and token.kind == "number" and _joined(tokens, at, end):
        upper, beyond = _value(tokens, end + 1) if tokens[end + 1].kind == "number" else (None, end)
        end = beyond if upper is not None else end
    if upper is None and _is_version(tokens, at):
        return Claim(Kind.NUMBER, f"{_version(token.lower)}|version", token.text, token.span), at + 1
    multiple, end = _multiple(tokens, end, money=token.text.lstrip("-−+ ")[:1] in _CURRENCY)
    dimension, factor, end = _unit(tokens, at, end)
    if (token.kind == "word" and token.lower in ORDINAL_WORDS) or _ORDINAL.search(token.lower):
        dimension = "ordinal"
    shown = f"{_plain(value * multiple * factor)}" + ("" if upper is None else f"..{_plain(upper * multiple * factor)}")
    span = (token.span[0], tokens[end - 1].span[1])
    about = dimension or _counted(tokens, end)
    said = " ".join(each.text for each in tokens[at:end])
    bare = f"{_plain(value * multiple)}"
    return Claim(Kind.NUMBER, f"{shown}|{dimension}|{bare}", said, span, about), end


def _value(tokens: Sequence[Token], at: int) -> tuple[float | None, int]:
    """Return the number that begins at a token and where it ends: "two hundred" is one, "3 5" is not."""
    token = tokens[at]
    if token.kind == "number":
        digits = re.sub(r"[^\d.,'eE+\-\u202f−]", "", _ORDINAL.sub("", token.text))
        sign = -1.0 if digits[:1] in "-−" and (at == 0 or tokens[at - 1].span[1] < token.span[0]) else 1.0
        mantissa, _, power = digits.lstrip("+-−").lower().partition("e")
        value = written(mantissa)
        if value is None or len(mantissa) > 60:
            return None, at + 1
        tens = int(power) if power.lstrip("+-").isdigit() else 0
        return (sign * value * 10.0**tens if abs(tens) <= _TENS else None), at + 1
    if token.kind != "word":
        return None, at + 1
    whole = NUMBER_WORDS.get(token.lower, ORDINAL_WORDS.get(token.lower))
    if whole is None:
        return _hyphened(token.lower), at + 1
    end = at + 1
    while end < len(tokens) and tokens[end].kind == "word" and end - at < 6:
        more = NUMBER_WORDS.get(tokens[end].lower)
        if more is None or more < 1 or tokens[end].lower in MULTIPLES:
            break
        if whole >= 20 and whole % 10 == 0 and more < 10:
            whole += more
        else:
            break
        end += 1
    return whole, end


def _hyphened(word: str) -> float | None:
    """Return a number in two words with a hyphen between, as "twenty-five"."""
    tens, _, ones = word.partition("-")
    if ones and tens in NUMBER_WORDS and ones in NUMBER_WORDS and NUMBER_WORDS[tens] >= 20 > 10 > NUMBER_WORDS[ones]:
        return NUMBER_WORDS[tens] + NUMBER_WORDS[ones]
    return None


def _multiple(tokens: Sequence[Token], at: int, *, money: bool) -> tuple[float, int]:
    found = 1.0
    if money and at < len(tokens) and tokens[at].lower == "b":  # of money billions, else bytes
        return 1e9, at + 1
    while at < len(tokens) and tokens[at].kind == "word" and tokens[at].lower in MULTIPLES and found < 1e12:
        short = tokens[at].lower in ("k", "m")
        if short and tokens[at].span[0] != tokens[at - 1].span[1]:
            break
        found *= MULTIPLES[tokens[at].lower]
        at += 1
    return found, at


def _unit(tokens: Sequence[Token], at: int, end: int) -> tuple[str, float, int]:
    """Return the dimension of a number, its factor, and where its unit ends."""
    lead = tokens[at].text.lstrip("-−+ ")[:1]
    before = lead if lead in _CURRENCY else tokens[at - 1].text if at and tokens[at - 1].text in _CURRENCY else ""
    if before:
        return *UNITS[before], end
    if end >= len(tokens):
        return "", 1.0, end
    if tokens[end].text == "-" and end + 1 < len(tokens) and tokens[end + 1].lower in UNITS:
        end += 1  # "a 30-second timeout"
    after = tokens[end].lower.rstrip(".")
    if after == "°" and end + 1 < len(tokens) and tokens[end + 1].lower in ("c", "f"):
        return *UNITS[f"°{tokens[end + 1].lower}"], end + 2
    if after in ("degree", "degrees", "grad") and end + 1 < len(tokens) and tokens[end + 1].lower in _SCALES:
        return *UNITS[tokens[end + 1].lower], end + 2
    known = UNITS.get(after) or UNITS.get(after.split("-")[0])
    if known is None or (tokens[end].text in ("M", "B", "S", "H", "D", "X", "W", "L", "G") and after not in ("b", "w")):
        return "", 1.0, end
    glued = tokens[end].span[0] == tokens[end - 1].span[1]
    if after in ("a", "an", "m", "b", "s", "h", "d", "w", "l", "g", "x", "us", "mal") and not glued:
        return ("", 1.0, end) if after not in ("s", "h", "m", "g", "w", "l") else (*known, end + 1)
    return *known, end + 1


def _counted(tokens: Sequence[Token], at: int) -> str:
    """Return what a number without a unit counts: the next word that says something."""
    for token in tokens[at : at + 3]:
        if token.kind != "word":
            return ""
        if token.lower not in _SKIPPED:
            return token.stem
    return ""


def _counts(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind == "word"


def _lists(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a number is that of an item in a list: "1. Open the door"."""
    first = at == 0 or tokens[at - 1].text == "\n"
    return first and at + 1 < len(tokens) and tokens[at + 1].text == "." and at + 2 < len(tokens)


def _joined(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Say whether a word between two numbers makes a range of them: "and" only after "between"."""
    return tokens[end].lower != "and" or (at > 0 and tokens[at - 1].lower in ("between", "zwischen", "entre"))


def _is_version(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a number with a point is a version: "Python 3.10" is not "Python 3.1"."""
    if at == 0 or not re.fullmatch(r"\d+\.\d+", tokens[at].text) or tokens[at - 1].kind != "word":
        return False
    if at + 1 < len(tokens) and (tokens[at + 1].lower in UNITS or tokens[at + 1].lower in MULTIPLES):
        return False
    before = tokens[at - 1]
    return before.lower in ("version", "release", "v") or before.text[0].isupper()


def _version(text: str) -> str:
    number, plus, rest = re.sub(r"^v", "", text).partition("-")
    parts = number.split(".")
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts) + plus + rest


def _plain(value: float) -> str:
    return f"{value:.12g}"


def _split(value: str) -> tuple[str, str]:
    number, _, rest = value.partition("|")
    return number, rest.partition("|")[0]


def _bare(claim: Claim) -> str:
    return claim.value.rpartition("|")[2] if claim.value.count("|") > 1 else claim.value.partition("|")[0]
