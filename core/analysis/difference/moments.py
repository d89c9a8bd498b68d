"""Dates and times in a text: of numbers, of month names, weekdays, words as tomorrow, quarters, times of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from core.analysis.difference.found import Claim, Kind
from core.analysis.difference.reading import Text, Token

__all__ = ["dates_in", "is_calendar_word", "same_date", "same_day"]


def _months() -> dict[str, int]:
    lines = """
january jan januar jänner janvier enero gennaio janeiro januari января
february feb februar février febrero febbraio fevereiro februari февраля
march mar märz mars marzo março maart марта
april apr avril abril aprile апреля
may mai mayo maggio maio mei мая
june jun juni juin junio giugno junho июня
july jul juli juillet julio luglio julho июля
august aug août agosto augustus августа
september sep sept septembre septiembre settembre setembro сентября
october oct oktober okt octobre octubre ottobre outubro октября
november nov novembre noviembre novembro ноября
december dec dezember dez décembre diciembre dicembre dezembro декабря
"""
    return {name: number for number, line in enumerate(lines.strip().splitlines(), start=1) for name in line.split()}


def _days() -> dict[str, int]:
    lines = """
monday mondays montag lundi lunes lunedì понедельник
tuesday tuesdays dienstag mardi martes martedì вторник
wednesday wednesdays mittwoch mercredi miércoles mercoledì среда
thursday thursdays donnerstag jeudi jueves giovedì четверг
friday fridays freitag vendredi viernes venerdì пятница
saturday saturdays samstag samedi sábado sabato суббота
sunday sundays sonntag dimanche domingo domenica воскресенье
"""
    return {name: number for number, line in enumerate(lines.strip().splitlines()) for name in line.split()}


_MONTHS: Final = _months()
_DAYS: Final = _days()
# Month names that are words of their own: they count beside a number alone.
_DOUBTFUL: Final = frozenset(
    {"may", "mar", "march", "mars", "dec", "mai", "mei", "sep", "jan", "jun", "nov", "oct", "okt", "dez"}
)
_CUT: Final = frozenset("jan feb mar apr jun jul aug sep sept oct nov dec".split())
_RELATIVE: Final = {
    word: line.split()[0]
    for line in """
today heute aujourd'hui hoy oggi hoje vandaag сегодня
tomorrow morgen demain mañana domani amanhã завтра
yesterday gestern hier ayer ieri ontem gisteren вчера
tonight
midnight mitternacht
noon midday mittag
""".strip().splitlines()
    for word in line.split()
}
_NEXT: Final = frozenset({"next", "last", "this", "previous", "past", "coming"})
_PERIODS: Final = frozenset(
    {"week", "month", "year", "quarter", "sprint", "night", "weekend", "morning", "spring", "summer"}
)
_FREQUENT: Final = {
    "hourly": "hour", "daily": "day", "nightly": "night", "weekly": "week", "biweekly": "2week", "fortnightly": "2week",
    "monthly": "month", "quarterly": "quarter", "yearly": "year", "annually": "year", "annual": "year",
}  # fmt: skip
_EACH: Final = frozenset({"every", "each", "per"})
_LENGTHS: Final = frozenset({"second", "minute", "hour", *_FREQUENT.values()})
_ONCE: Final = frozenset("ago later before after or earlier long".split())
_ISO: Final = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?)?")
_ISO_HOUR: Final = re.compile(r"[T ](\d{2}:\d{2}(?::\d{2})?)")
_PARTS: Final = re.compile(r"(\d{1,2})([./])(\d{1,2})[./](\d{2,4})")
_CLOCK: Final = re.compile(r"(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?[^ap]*([ap])?")
_YEARS: Final = (1800, 2100)


def dates_in(text: Text) -> tuple[tuple[Claim, ...], frozenset[int]]:
    """Return the dates and times of a text in order, and the places of the tokens that they took."""
    found, taken = [], set[int]()
    tokens, at = text.tokens, 0
    while at < len(tokens):
        claim, end = _date_at(tokens, at)
        if claim is not None:
            found.append(claim)
            taken.update(range(at, end))
            if claim.about == "day" and (hour := _ISO_HOUR.search(claim.text)) is not None:
                found.append(Claim(Kind.DATE, _clock(hour[1]), claim.text, claim.span, "time"))
        at = max(end, at + 1)
    return tuple(found), frozenset(taken)


def same_date(one: Claim, other: Claim) -> bool:
    """Say whether two dates may be one: where both name a part (year, month, day, weekday), it is the same."""
    if one.about != other.about:
        return {one.about, other.about} == {"day", "weekday"} and _weekday(one) == _weekday(other) is not None
    return same_day(one, other)


def same_day(one: Claim, other: Claim) -> bool:
    """Say whether two dates may be one, as where both texts name days: a weekday is that of many days."""
    if one.about != other.about:
        return False
    if one.about != "day":
        return one.value == other.value
    pairs = zip(one.value.split("-"), other.value.split("-"), strict=True)
    return all(left == right or "" in (left, right) for left, right in pairs)


def _date_at(tokens: Sequence[Token], at: int) -> tuple[Claim | None, int]:
    token = tokens[at]
    if token.kind == "moment":
        return _moment(token), at + 1
    if token.kind == "time":
        return _claim(tokens, at, at + 1, _clock(token.lower), "time"), at + 1
    if token.kind == "number":
        return _numbered(tokens, at)
    return _worded(tokens, at) if token.kind == "word" else (None, at + 1)


def _numbered(tokens: Sequence[Token], at: int) -> tuple[Claim | None, int]:
    """Return a date that begins with a number: "3 March 2026", "3. März", or a year."""
    number = _whole(tokens[at])
    if number is None:
        return None, at + 1
    after = at + 1
    while after < len(tokens) and after <= at + 2 and tokens[after].lower in (".", "of", "de"):
        after += 1
    if 1 <= number <= 31 and after < len(tokens) and tokens[after].lower.rstrip(".") in _MONTHS:
        year, end = _year_at(tokens, after + 1)
        return _claim(tokens, at, end, f"{year}-{_MONTHS[tokens[after].lower]}-{number}", "day"), end
    is_year = _YEARS[0] <= number < _YEARS[1] and len(tokens[at].text) == 4
    counts = after < len(tokens) and tokens[at + 1].kind == "word" and tokens[at + 1].lower.endswith("s")
    if is_year and not counts:
        return _claim(tokens, at, at + 1, f"{number}--", "day"), at + 1
    return None, at + 1


def _worded(tokens: Sequence[Token], at: int) -> tuple[Claim | None, int]:
    """Return a date that begins with a word: "March 3, 2026", "Friday", "next week", "daily", "Q3"."""
    word, after = tokens[at].lower, tokens[at + 1] if at + 1 < len(tokens) else None
    if word in _MONTHS:
        return _month(tokens, at)
    if word in _DAYS:
        return _claim(tokens, at, at + 1, str(_DAYS[word]), "weekday"), at + 1
    if word in _RELATIVE:
        return _claim(tokens, at, at + 1, _RELATIVE[word], "relative"), at + 1
    if word in _FREQUENT:
        return _claim(tokens, at, at + 1, _FREQUENT[word], "every"), at + 1
    if after is not None and after.lower in _LENGTHS and _is_rate(tokens, at):
        return _claim(tokens, at, at + 2, after.lower, "every"), at + 2
    if word in _NEXT and after is not None and after.lower in _PERIODS:
        which = "last" if word in ("previous", "past") else "next" if word == "coming" else word
        return _claim(tokens, at, at + 2, f"{which} {after.lower}", "relative"), at + 2
    if re.fullmatch(r"[qh][1-4]", word) and tokens[at].text[0].isupper():
        return _claim(tokens, at, at + 1, word, "quarter"), at + 1
    return None, at + 1


def _is_rate(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a word before a unit of time makes it a rate: "per minute", and "calls a minute" but no "for a minute"."""
    if tokens[at].lower in _EACH:
        return True
    if tokens[at].lower not in ("a", "an") or at == 0 or tokens[at - 1].stem == tokens[at - 1].lower:
        return False
    return at + 2 >= len(tokens) or tokens[at + 2].lower not in _ONCE


def _month(tokens: Sequence[Token], at: int) -> tuple[Claim | None, int]:
    month, end, day = _MONTHS[tokens[at].lower], at + 1, ""
    if tokens[at].lower in _CUT and end + 1 < len(tokens) and tokens[end].text == "." and tokens[end + 1].kind == "number":
        end += 1  # "Nov. 19"
    number = _whole(tokens[end]) if end < len(tokens) else None
    if number is not None and 1 <= number <= 31:
        day, end = str(number), end + 1
    year, end = _year_at(tokens, end)
    lone = not day and not year
    if lone and (tokens[at].lower in _DOUBTFUL or not tokens[at].text[0].isupper()):
        before = tokens[at - 1].lower if at else ""
        if (
            before not in ("in", "of", "since", "until", "by", "last", "next", "early", "late", "mid")
            or tokens[at].text.islower()
        ):
            return None, at + 1
    return _claim(tokens, at, end, f"{year}-{month}-{day}", "day"), end


def _year_at(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    number = _whole(tokens[at]) if at < len(tokens) else None
    return (str(number), at + 1) if number is not None and _YEARS[0] <= number < _YEARS[1] else ("", at)


def _moment(token: Token) -> Claim:
    iso = _ISO.match(token.text)
    if iso:
        year, month, day = (int(part) for part in iso.groups()[:3])
        return Claim(Kind.DATE, f"{year}-{month}-{day}", token.text, token.span, "day")
    match = _PARTS.match(token.text)
    if match is None:
        return Claim(Kind.DATE, token.lower, token.text, token.span, "relative")
    one, other, mark, year_said = int(match[1]), int(match[3]), match[2], match[4]
    day, month = (one, other) if mark == "." or one > 12 else (other, one)
    return Claim(
        Kind.DATE, f"{int(year_said) + (2000 if len(year_said) == 2 else 0)}-{month}-{day}", token.text, token.span, "day"
    )


def _clock(text: str) -> str:
    match = _CLOCK.match(text)
    hour, minute, second, half = match.groups() if match else ("0", None, None, None)
    turned = int(hour) % 12 + (12 if half == "p" else 0) if half else int(hour)
    return f"{turned}:{minute or '00'}:{second or '00'}"


def _weekday(claim: Claim) -> int | None:
    if claim.about == "weekday":
        return int(claim.value)
    try:
        year, month, day = (int(part) for part in claim.value.split("-"))
        return date(year, month, day).weekday()
    except ValueError:  # a part is not named, or there is no such day
        return None


def _whole(token: Token) -> int | None:
    digits = re.sub(r"(st|nd|rd|th)$", "", token.lower)
    return int(digits) if token.kind == "number" and digits.isdigit() and digits.isascii() and len(digits) <= 4 else None


def _claim(tokens: Sequence[Token], at: int, end: int, value: str, about: str) -> Claim:
    said = " ".join(token.text for token in tokens[at:end])
    return Claim(Kind.DATE, value, said, (tokens[at].span[0], tokens[end - 1].span[1]), about)


def is_calendar_word(word: str) -> bool:
    """Say whether a word is a month, a weekday or another word of dates: written with a capital, but no name."""
    return word in _MONTHS or word in _DAYS or word in _RELATIVE
