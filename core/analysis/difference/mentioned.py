"""Which names a text mentions, in whatever form: looked up, so that two long texts of names take no product of both."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from core.analysis.difference.found import Claim
from core.analysis.difference.naming import FORMS, GIVEN, LANDS, PREFIX, bare, of_land
from core.analysis.difference.reading import Text

__all__ = ["Mentioned"]

_SIGNED: Final = frozenset({"hash", "tag"})
_HASH: Final = 7
_LAND: Final = 3


class Mentioned:
    """What a text mentions, worked out as it is asked for."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def has(self, name: Claim) -> bool:
        """Say whether the text has a name in any form: in small letters, as a part of a longer one, as its abbreviation."""
        value, known = name.value, self._text.known
        if value in known:
            return True
        if name.about in FORMS.values():
            # The last word of a path is not the path, but "9f3c2ab" may stand without its sign.
            return self._forms.fits(value) or (name.about in _SIGNED and self._words.fits(value))
        if name.about == "id":
            parts = [part for part in re.split(r"[\W_]+", value) if part]
            return len(parts) > 1 and not any(part.isdigit() for part in parts) and known.issuperset(parts)
        if len(value) > PREFIX and (_begins(self._sorted, value) or self._has_beginning(value)):
            return True
        return self._has_land(value) or self._has_initials(name)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._text.known)

    @cached_property
    def _forms(self) -> _Ends:
        return _Ends(bare(token) for token in self._text.tokens if token.kind in FORMS)

    @cached_property
    def _words(self) -> _Ends:
        return _Ends(bare(token) for token in self._text.tokens if token.kind == "word")

    @cached_property
    def _lands(self) -> frozenset[tuple[str, str]]:
        return frozenset((known[:_LAND], of_land(known)) for known in self._text.known)

    @cached_property
    def _named_lands(self) -> frozenset[str]:
        return frozenset(LANDS[known] for known in self._text.known & LANDS.keys())

    def _has_beginning(self, value: str) -> bool:
        """Say whether the text has a short form of a word: "config" of "configuration"."""
        beginnings = (value[:end] for end in range(PREFIX + 1, len(value)))
        return any(each.isalpha() and each in self._text.known for each in beginnings)

    def _has_land(self, value: str) -> bool:
        if value not in GIVEN and (value[:_LAND], of_land(value)) in self._lands:
            return True
        return LANDS.get(value) in self._named_lands

    def _has_initials(self, name: Claim) -> bool:
        short = name.text[0].isupper() and 2 <= len(name.value) <= 6
        return short and name.value in self._text.initials and sum(map(str.isupper, name.text)) > 1


class _Ends:
    """Names by form, as a longer one ends with a shorter after a stroke, or a hash begins with one cut short."""

    def __init__(self, values: Iterable[str]) -> None:
        self._whole = frozenset(value.lstrip("#@") for value in values)
        self._forward = sorted(self._whole)
        self._backward = sorted(value[::-1] for value in self._whole)

    def fits(self, name: str) -> bool:
        """Say whether a name is one of these, or stands in one, or one of these in it."""
        value = name.lstrip("#@")
        if value in self._whole or any(end in self._whole for end in _ends(value)):
            return True
        if len(value) >= PREFIX and _begins(self._backward, f"{value[::-1]}/"):
            return True
        if value.isalnum() and len(value) >= _HASH and _begins(self._forward, value):
            return True
        cut = (value[:end] for end in range(_HASH, len(value)))
        return any(each.isalnum() and each in self._whole for each in cut)


def _ends(value: str) -> Iterator[str]:
    """Yield what stands behind each stroke of a path, as far as it is long enough to be told."""
    places = (match.end() for match in re.finditer("/", value))
    return (value[place:] for place in places if len(value) - place >= PREFIX)


def _begins(ordered: Sequence[str], value: str) -> bool:
    """Say whether any of some words in order begins with a value."""
    place = bisect_left(ordered, value)
    return place < len(ordered) and ordered[place].startswith(value)
