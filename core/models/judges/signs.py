"""What two texts beside each other show: how alike they are, what clashes, and what allows both to be true. Pure.

Every sign is the same for (a, b) and (b, a), and near 0 to 1. `evidence` is what can be shown to a person: by the cue that
it stands for, in the words of both texts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.analysis.difference import Difference, Kind, Span, differences
from core.models.judge import JudgedPair, Side
from core.models.judges.traits import Said, Traits, traits_of

__all__ = ["CLASHES", "SIGNS", "Evidence", "Signs", "signs_of"]

_KINDS: Final = (Kind.NUMBER, Kind.DATE, Kind.NEGATION, Kind.NAME, Kind.STATUS, Kind.QUANTITY)
_MANNERS: Final = (
    "hedge", "plan", "hypothetical", "quote", "past", "now", "update", "still", "exception", "bound", "absolute", "certain",
    "when", "relative", "feeling", "me", "you",
)  # fmt: skip
_BOTH: Final = frozenset({"absolute", "certain", "now", "past", "relative", "feeling", "me", "plan", "update"})
# The signs of a clash: of several places the strongest counts.
CLASHES: Final = frozenset({*(f"{kind} clash" for kind in _KINDS), "unit clash", "opposed", "exclusive", "parity", "swap"})
_SAID, _SPANS = 80, 3
_DAY: Final = 86_400.0
_MONTH: Final = 30.0


@dataclass(frozen=True)
class Evidence:
    """What clashes: the cue, in words of both texts, and where; `share` is how much the two sentences share, 0 to 1."""

    cue: str
    left: str
    right: str
    spans: tuple[tuple[Span, ...], tuple[Span, ...]]
    share: float = 0.0


@dataclass(frozen=True)
class Signs:
    """The signs of a pair by their names, and what can be shown of them."""

    values: Mapping[str, float]
    evidence: tuple[Evidence, ...]


def signs_of(pair: JudgedPair, left: Traits, right: Traits, found: Sequence[Difference]) -> Signs:
    """Return the signs of a pair, given how both texts read and what differs between them."""
    values: dict[str, float] = {}
    evidence: list[Evidence] = []
    _alike(values, pair.cosine, left, right)
    _differ(values, evidence, left, right, found)
    _stand(values, evidence, left, right)
    _meant(values, left, right)
    _between(values, pair.left, pair.right, left, right)
    _bound(values, evidence, left, right)
    _crossed(values)
    return Signs(values, tuple(evidence))


def _alike(values: dict[str, float], cosine: float, left: Traits, right: Traits) -> None:
    """Note how much of their words the two share, and how long they are."""
    shared = len(left.telling & right.telling)
    sizes = sorted((len(left.telling), len(right.telling)))
    fewer, more = (size - shared for size in sizes)
    bigrams = len(left.bigrams & right.bigrams)
    values["cosine"] = cosine
    values["near"] = max(0.0, cosine - 0.7) / 0.3
    values["far"] = max(0.0, 0.5 - cosine) / 0.5
    values["dice"] = 2 * shared / max(1, sum(sizes))
    values["cover"] = shared / max(1, sizes[0])
    values["pairs"] = 2 * bigrams / max(1, len(left.bigrams) + len(right.bigrams))
    values["fewer"] = math.log1p(fewer) / 3
    values["more"] = math.log1p(more) / 4
    values["short"] = math.log1p(sizes[0]) / 4
    values["length"] = sizes[0] / max(1, sizes[1])
    values["swap"] = values["pairs"] * (1 <= fewer <= more <= 2)
    values["contained"] = float(fewer == 0 < more)
    values["rare"] = min(1.0, len(left.rare & right.rare) / 3)


def _differ(
    values: dict[str, float], evidence: list[Evidence], left: Traits, right: Traits, found: Sequence[Difference]
) -> None:
    """Note the claims that clash, those that one alone makes, and those that both make."""
    clashes = Counter(each.kind for each in found if each.clashes)
    alone = Counter(each.kind for each in found if not each.clashes)
    for kind in _KINDS:
        values[f"{kind} clash"] = min(2, clashes[kind]) / 2
        values[f"{kind} alone"] = min(3, alone[kind]) / 3
    for kind in (Kind.NUMBER, Kind.DATE):
        mine, theirs = (traits.claims.get(kind, ()) for traits in (left, right))
        values[f"{kind} shared"] = min(2, len({claim.value for claim in mine} & {claim.value for claim in theirs})) / 2
    units = [
        {claim.about: claim.value for claim in traits.claims.get(Kind.NUMBER, ()) if claim.about} for traits in (left, right)
    ]
    values["unit clash"] = float(any(units[1].get(about, value) != value for about, value in units[0].items()))
    values["name shared"] = min(2, len(left.names & right.names)) / 2
    values["id shared"] = min(2, len(left.ids & right.ids)) / 2
    values["id exchanged"] = float(bool(left.ids - right.ids) and bool(right.ids - left.ids))
    labels = [(left.labels[word], right.labels[word]) for word in left.labels.keys() & right.labels.keys()]
    values["label shared"] = float(any(one & other for one, other in labels))
    values["label exchanged"] = float(any(not one & other for one, other in labels))
    evidence += [Evidence(str(each.kind), each.left, each.right, each.spans) for each in found if each.clashes]


def _stand(values: dict[str, float], evidence: list[Evidence], left: Traits, right: Traits) -> None:
    """Note the stands that exclude each other and those that both take, a negation turning each."""
    opposed = agreed = 0
    for axis, mine in left.stands.items():
        theirs = right.stands.get(axis)
        if theirs is None:
            continue
        one, other = _sides(mine), _sides(theirs)
        if len(one) == len(other) == 1:
            opposed, agreed = opposed + (one != other), agreed + (one == other)
            if one != other:
                turned = mine[0].no != theirs[0].no
                evidence.append(_evidence("negation" if turned else "antonym", left, right, mine, theirs))
    exclusive = same = 0
    for axis, mine in left.pairs.items():
        theirs = right.pairs.get(axis, ())
        if theirs:
            apart = {each.value for each in mine}.isdisjoint(each.value for each in theirs)
            exclusive, same = exclusive + apart, same + (not apart)
            if apart:
                evidence.append(_evidence("antonym", left, right, mine, theirs))
    values["opposed"] = min(3, opposed) / 3
    values["agreed"] = min(3, agreed) / 3
    values["exclusive"] = min(2, exclusive) / 2
    values["same"] = min(2, same) / 2
    values["parity"] = float(bool(left.negations) != bool(right.negations))
    values["turned"] = float((left.negations + left.turns + right.negations + right.turns) % 2)
    values["negated"] = float(bool(left.negations) and bool(right.negations))


def _sides(found: Sequence[Said]) -> frozenset[bool]:
    return frozenset((each.value == "0") != each.no for each in found)


def _evidence(cue: str, left: Traits, right: Traits, mine: Sequence[Said], theirs: Sequence[Said]) -> Evidence:
    said = [
        " ".join(traits.text.text[slice(*each[0].span)].split())[:_SAID] for traits, each in ((left, mine), (right, theirs))
    ]
    spans = [tuple(each.span for each in side[:_SPANS]) for side in (mine, theirs)]
    return Evidence(cue, said[0], said[1], (spans[0], spans[1]))


def _meant(values: dict[str, float], left: Traits, right: Traits) -> None:
    """Note how both are meant, and what they are confined to."""
    for manner in _MANNERS:
        has = [manner in traits.manners for traits in (left, right)]
        values[f"{manner} one"] = float(has[0] != has[1])
        if manner in _BOTH:
            values[f"{manner} both"] = float(all(has))
    shared = left.scopes.keys() & right.scopes.keys()
    values["scope apart"] = min(2, sum(left.scopes[axis].isdisjoint(right.scopes[axis]) for axis in shared)) / 2
    values["scope shared"] = min(2, sum(not left.scopes[axis].isdisjoint(right.scopes[axis]) for axis in shared)) / 2
    values["scope alone"] = min(3, len(left.scopes.keys() ^ right.scopes.keys())) / 3
    values["asked"] = float(left.asks != right.asks)
    values["data"] = float(left.text.is_structured != right.text.is_structured)
    values["tongue"] = float(left.text.language != right.text.language)
    values["long"] = float(max(len(left.sentences), len(right.sentences)) > 3)


def _between(values: dict[str, float], one: Side, other: Side, left: Traits, right: Traits) -> None:
    """Note the time between both, whether the later one tells of a change, and who said them."""
    known = one.at is not None and other.at is not None
    values["times"] = float(known)
    values["days"] = values["change"] = 0.0
    if one.at is not None and other.at is not None:
        days = abs((one.at - other.at).total_seconds()) / _DAY
        values["days"] = min(2.0, math.log1p(days) / math.log1p(_MONTH))
        later = left if one.at > other.at else right
        values["change"] = float(days > 0 and "update" in later.manners)
    agents = one.agent is not None and other.agent is not None
    values["one agent"] = float(agents and one.agent == other.agent)
    values["two agents"] = float(agents and one.agent != other.agent)


def _bound(values: dict[str, float], evidence: list[Evidence], left: Traits, right: Traits) -> None:
    """Note how much of their sentences the clashing words share, by kind: else they are said of something else."""
    most = dict.fromkeys((*_KINDS, "antonym"), 0.0)
    for at, each in enumerate(evidence):
        if each.spans[0] and each.spans[1]:
            one, other = left.sentence(each.spans[0][0][0]), right.sentence(each.spans[1][0][0])
            if one is not None and other is not None:
                shared = len(one.stems & other.stems) / max(1, min(len(one.stems), len(other.stems)) - 1)
                evidence[at] = replace(each, share=min(1.0, shared))
                most[each.cue] = max(most[each.cue], min(1.0, shared))
    for kind, share in most.items():
        values[f"{kind} bound"] = share
    values["bound"] = max(most.values())
    mine, theirs = left.names | left.ids, right.names | right.ids
    values["subject apart"] = float(bool(mine) and bool(theirs) and mine.isdisjoint(theirs))


def _crossed(values: dict[str, float]) -> None:
    """Add what counts only together: a clash counts more where the rest is alike, and says less in another scope."""
    clash = max(values[f"{kind} clash"] for kind in _KINDS)
    any_clash = max(float(clash > 0), float(values["opposed"] > 0), float(values["exclusive"] > 0))
    values["clash"] = float(clash > 0)
    values["clear"] = 1.0 - any_clash
    values["clash near"] = any_clash * values["cosine"]
    values["clear near"] = (1.0 - any_clash) * values["near"]
    values["clash cover"] = any_clash * values["cover"]
    values["parity cover"] = values["parity"] * values["cover"]
    values["parity agreed"] = values["parity"] * values["agreed"]
    values["parity opposed"] = values["parity"] * values["opposed"]
    values["clash scope"] = any_clash * values["scope apart"]
    values["clash days"] = any_clash * values["days"]
    values["change days"] = values["change"] * values["days"]
    values["near days"] = values["near"] * values["days"]
    values["number near"] = values["number clash"] * values["near"]
    values["name near"] = values["name clash"] * values["near"]
    values["relative days"] = values["relative both"] * values["days"]
    values["bound near"] = values["bound"] * values["cosine"]
    values["bound cover"] = values["bound"] * values["cover"]
    values["bound scope"] = values["bound"] * values["scope apart"]
    values["bound id"] = values["bound"] * max(values["id exchanged"], values["label exchanged"])
    values["loose"] = any_clash * (1.0 - values["bound"])
    values["absolute near"] = max(values["absolute one"], values["absolute both"]) * values["cosine"]


_NOTHING: Final = traits_of("")
SIGNS: Final = tuple(signs_of(JudgedPair(Side(""), Side(""), 0.0), _NOTHING, _NOTHING, differences("", "")).values)
