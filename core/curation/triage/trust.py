"""How far a memory can be trusted: what it says of itself times the worth of its source, never above what it is made of.

The trust of a memory is the least over its lineage: what was derived from a forged mail is worth no more than that mail,
however sure it sounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.memory import Memory

__all__ = ["DEFAULT_TRUST", "Trust", "TrustRules", "lineage_trust", "own_trust", "source_worth"]

_WORD: Final = re.compile(r"[^\W\d_]+")
_OUTSIDE: Final = frozenset(
    "attachment browser crawl crawled crawler email external feed forum forwarded inbound internet mail public rss scraped "
    "scraper untrusted upload uploaded uploads url web website".split()
)
_CHECKED: Final = frozenset("approved audited curated human manual reviewed validated verified".split())
_NONE: Final = -1


@dataclass(frozen=True)
class TrustRules:
    """What sources are worth, by a word in their name: from outside, checked by people, any other; and where none is stated.

    `worth` is by the whole name of a source and goes before the words. `unstated` stands for a confidence that nobody gave.
    """

    outside: float = 0.4
    checked: float = 1.0
    other: float = 0.9
    none: float = 0.8
    unstated: float = 0.7
    worth: Mapping[str, float] = field(default_factory=dict)


DEFAULT_TRUST: Final = TrustRules()


@dataclass(frozen=True, eq=False)
class Trust:
    """The trust of each row, float64 (n,), and the key of the memory in its lineage (or itself) that it comes from."""

    values: npt.NDArray[np.float64]
    weakest: tuple[str, ...]


def source_worth(source: str | None, rules: TrustRules = DEFAULT_TRUST) -> float:
    """Return what a source is worth, 0 to 1; one from outside stays so, whatever else its name says."""
    if not source:
        return rules.none
    if source in rules.worth:
        return rules.worth[source]
    words = {word.lower() for word in _WORD.findall(source)}
    if words & _OUTSIDE:
        return rules.outside
    return rules.checked if words & _CHECKED else rules.other


def own_trust(
    confidence: npt.NDArray[np.float64], sources: Sequence[str | None], rules: TrustRules = DEFAULT_TRUST
) -> npt.NDArray[np.float64]:
    """Return what each memory is worth by itself, (n,): its confidence, NaN where none is stated, times its source."""
    known = {source: source_worth(source, rules) for source in set(sources)}
    stated: npt.NDArray[np.float64] = np.where(np.isnan(confidence), rules.unstated, confidence)
    found: npt.NDArray[np.float64] = stated * np.array([known[source] for source in sources], np.float64)
    return found


def lineage_trust(frame: pd.DataFrame, rules: TrustRules = DEFAULT_TRUST, *, gone: Iterable[Memory] = ()) -> Trust:
    """Return the trust of each row of a snapshot frame; `gone` are sources that were retired, as they were.

    Sources of which nobody knows anything count for nothing.
    """
    out = [memory for memory in gone if memory.key]
    keys = [str(key) for key in frame["key"].to_numpy()]
    there = set(keys)
    out = [memory for memory in out if memory.key not in there]
    own = np.concatenate([_of_rows(frame, rules), _of_memories(out, rules)])
    names = [*keys, *(memory.key for memory in out)]
    made = _made_into([*frame["derived_from"].to_numpy(), *(memory.derived_from for memory in out)], names)
    values, weakest = own.copy(), np.full(len(own), _NONE, np.int64)
    # The least trusted goes first and reaches all that came of it: whoever reaches a memory first is its weakest.
    sources = np.array(sorted(made), np.int64)
    for root in sources[np.argsort(own[sources], kind="stable")].tolist():
        level = [root] if weakest[root] == _NONE else []
        while level:
            here = level.pop()
            weakest[here], values[here] = root, own[root]
            level += [child for child in made.get(here, ()) if weakest[child] == _NONE and own[child] >= own[root]]
    found = np.where(weakest == _NONE, np.arange(len(own)), weakest)
    return Trust(values[: len(keys)], tuple(names[place] for place in found[: len(keys)].tolist()))


def _of_rows(frame: pd.DataFrame, rules: TrustRules) -> npt.NDArray[np.float64]:
    sources = [None if pd.isna(source) else str(source) for source in frame["source"].astype(object).to_numpy()]
    return own_trust(frame["confidence"].to_numpy(dtype=np.float64), sources, rules)


def _of_memories(memories: Sequence[Memory], rules: TrustRules) -> npt.NDArray[np.float64]:
    stated = np.array([np.nan if each.confidence is None else each.confidence for each in memories], np.float64)
    return own_trust(stated, [each.source for each in memories], rules)


def _made_into(derived_from: Sequence[Sequence[str]], names: Sequence[str]) -> dict[int, list[int]]:
    """Return by place the places of what was made from it, of what is known."""
    places: dict[str, int] | None = None
    found: dict[int, list[int]] = {}
    for child, sources in enumerate(derived_from):
        if not len(sources):
            continue
        places = {name: place for place, name in enumerate(names)} if places is None else places
        for source in sources:
            place = places.get(source)
            if place is not None and place != child:
                found.setdefault(place, []).append(child)
    return found
