"""Groups of duplicates without chains: every two members are alike themselves, so any of them may survive.

Complete linkage (Sørensen 1948): pairs are taken from the most alike down, and two groups become one where each member of
the one is paired with each of the other. "A like B" and "B like C" do not merge A with C.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from core.curation.duplicates.found import Group, Pair, Pairs
from core.errors import CancelledError, ConfigError

__all__ = ["groups"]

_AT_ONCE: Final = 1_000


def groups(pairs: Pairs, threshold: float | None = None, *, stop: Callable[[], bool] | None = None) -> tuple[Group, ...]:
    """Return the groups at a threshold, by default that of the pairs; the least certain first, those of one text last.

    Raises ConfigError for a threshold below that at which the pairs were looked for, CancelledError soon after `stop`
    returns true.
    """
    wanted = pairs.threshold if threshold is None else threshold
    if wanted < pairs.threshold:
        raise ConfigError(f"Pairs were looked for from {pairs.threshold:.2f} on, not from {wanted:.2f}: search again.")
    alike = {(pair.first, pair.second): pair for pair in pairs.pairs if pair.score.probability >= wanted}
    sharing = {keys[0]: keys for keys in pairs.same}
    found = [_group(members, alike, sharing, pairs.hashes) for members in _linked(alike, stop)]
    merged = {key for group in found for key in group.keys}
    found += [Group(keys, 1.0, hashes=_hashes(keys[:1], pairs.hashes)) for keys in pairs.same if keys[0] not in merged]
    return tuple(sorted(found, key=lambda group: (group.is_exact, group.certainty, group.keys)))


def _linked(alike: Mapping[tuple[str, str], Pair], stop: Callable[[], bool] | None) -> list[list[str]]:
    """Return the groups of two and more keys of which every pair is alike, in the order of their keys."""
    group: dict[str, int] = {}
    members: dict[int, list[str]] = {}
    # Of equal likeness the smaller keys first, so that the same pairs make the same groups in whatever order they come.
    ranked = sorted(alike.values(), key=lambda pair: (-pair.score.probability, pair.first, pair.second))
    for at, pair in enumerate(ranked):
        if at % _AT_ONCE == 0 and stop is not None and stop():
            raise CancelledError("The grouping of duplicates was stopped.")
        one, other = (group.setdefault(key, len(group)) for key in (pair.first, pair.second))
        for number, key in ((one, pair.first), (other, pair.second)):
            members.setdefault(number, [key])
        if one == other:
            continue
        if all((min(a, b), max(a, b)) in alike for a in members[one] for b in members[other]):
            for key in members[other]:
                group[key] = one
            members[one] += members.pop(other)
    return sorted(sorted(keys) for keys in members.values() if len(keys) > 1)


def _group(
    members: list[str],
    alike: Mapping[tuple[str, str], Pair],
    sharing: Mapping[str, tuple[str, ...]],
    hashes: Mapping[str, str],
) -> Group:
    inside = [alike[a, b] for place, a in enumerate(members) for b in members[place + 1 :]]
    least = min(inside, key=lambda pair: (pair.score.probability, pair.first, pair.second))
    keys = sorted(key for member in members for key in sharing.get(member, (member,)))
    return Group(tuple(keys), least.score.probability, least, _hashes(members, hashes))


def _hashes(keys: tuple[str, ...] | list[str], hashes: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({hashes[key] for key in keys if key in hashes}))
