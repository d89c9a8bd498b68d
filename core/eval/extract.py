"""How well candidates are found in turns: precision, recall and F1 of passages of their kind, kind by kind.

A candidate is right where it is of the same message and kind as one that is expected and quotes mostly the same characters
(intersection over union of at least a half), each expected one once.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import FileReadError
from core.eval.rows import read_rows
from core.extract.candidate import Candidate, Kind
from core.extract.choice import extractor_of
from core.extract.reading import read_turn
from core.extract.turn import AgentTurn
from core.hostile import one_line
from core.memory.fields import preview

__all__ = ["Expected", "LabelledTurn", "Matched", "add_arguments", "matched", "read_labelled_turns", "run"]

_OVERLAP: Final = 0.5
_BANDS: Final = ((0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 1.01))


@dataclass(frozen=True)
class Expected:
    """A passage that is worth remembering, by a person's judgement."""

    kind: Kind
    message: int
    span: tuple[int, int]


@dataclass(frozen=True)
class LabelledTurn:
    """A turn and all that is to be found in it."""

    turn: AgentTurn
    expected: tuple[Expected, ...]


@dataclass(frozen=True)
class Matched:
    """What was found of what was expected in one turn: pairs, and what is left on either side."""

    pairs: tuple[tuple[Candidate, Expected], ...]
    wrong: tuple[Candidate, ...]
    missed: tuple[Expected, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `eval extract`."""
    parser.add_argument(
        "--turns", required=True, type=Path, metavar="FILE",
        help="turns with `expected`: a list of kind, message and quote; JSON lines, plain or gzip",
    )  # fmt: skip
    parser.add_argument("--split", metavar="NAME", help="only turns with this `split`")
    parser.add_argument(
        "--extractor", metavar="NAME", help="local or bedrock:MODEL (default: $MNEMOSCOPE_EXTRACTOR, else local)"
    )
    parser.add_argument("--errors", action="store_true", help="also print what was found wrongly or missed")


def run(args: argparse.Namespace) -> int:
    """Extract from every turn, print the table and one line of JSON."""
    extractor = extractor_of(args.extractor)
    labelled = read_labelled_turns(args.turns, split=args.split)
    started = time.perf_counter()
    came = [extractor.extract(one.turn).candidates for one in labelled]
    seconds = time.perf_counter() - started
    found = [matched(one, candidates) for one, candidates in zip(labelled, came, strict=True)]
    loose = [matched(one, candidates, kinds=False) for one, candidates in zip(labelled, came, strict=True)]
    print(f"{len(labelled):,} turns, {sum(len(one.expected) for one in labelled):,} passages expected; by {extractor.tag}")
    print("\n".join([*_table(found), "", *_bands(found), ""]))
    if args.errors:
        print("\n".join(_errors(labelled, found)))
    figures = _figures([sum(counts) for counts in zip(*(_counts(one) for one in found), strict=True)])
    any_kind = _figures([sum(counts) for counts in zip(*(_counts(one) for one in loose), strict=True)])
    more = {"f1_of_any_kind": any_kind["f1"], "turns": len(labelled), "extractor": extractor.tag}
    print(json.dumps(figures | more | {"ms_per_turn": round(1_000 * seconds / len(labelled), 3)}))
    return 0


def read_labelled_turns(path: Path, *, split: str | None = None) -> list[LabelledTurn]:
    """Return the turns of a file; raise FileReadError naming the line that cannot be used."""
    found = []
    for number, row in read_rows(path):
        if split is not None and row.get("split") != split:
            continue
        where = f"{path} line {number}"
        turn = read_turn(row, where=where)
        expected = row.get("expected")
        if not isinstance(expected, list):
            raise FileReadError(f'{where}: `expected` must be a list of {{"kind": …, "message": 0, "quote": …}}.')
        found.append(LabelledTurn(turn, tuple(_expected(one, turn, where) for one in expected)))
    if not found:
        raise FileReadError(f"{path} holds no turns{'' if split is None else f' of the split {preview(split)}'}.")
    return found


def matched(labelled: LabelledTurn, found: Sequence[Candidate], *, kinds: bool = True) -> Matched:
    """Return what was found of a turn beside what is expected; without `kinds` another kind is right too."""
    left = list(labelled.expected)
    pairs, wrong = [], []
    for one in found:
        fits = [each for each in left if _fits(one, each) and (not kinds or one.kind is each.kind)]
        if fits:
            best = max(fits, key=lambda each: _overlap(one.span, each.span))
            left.remove(best)
            pairs.append((one, best))
        else:
            wrong.append(one)
    return Matched(tuple(pairs), tuple(wrong), tuple(left))


def _fits(found: Candidate, expected: Expected) -> bool:
    return found.message == expected.message and _overlap(found.span, expected.span) >= _OVERLAP


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    both = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, both) / (max(one[1], other[1]) - min(one[0], other[0]))


def _expected(value: Any, turn: AgentTurn, where: str) -> Expected:
    place, quote = (value.get("message"), value.get("quote")) if isinstance(value, Mapping) else (None, None)
    if not isinstance(quote, str) or not quote or type(place) is not int or not 0 <= place < len(turn.messages):
        raise FileReadError(f"{where}: {preview(value)} needs a `quote` and the number of its `message`, from 0.")
    at = turn.messages[place].text.find(quote)
    if at < 0:
        raise FileReadError(f"{where}: {preview(quote)} does not stand in message {place}: copy it exactly.")
    if value.get("kind") not in tuple(Kind):
        raise FileReadError(f"{where}: the kind {preview(value.get('kind'))} is none of {', '.join(Kind)}.")
    return Expected(Kind(value["kind"]), place, (at, at + len(quote)))


def _counts(one: Matched) -> tuple[int, int, int]:
    return len(one.pairs), len(one.wrong), len(one.missed)


def _figures(counts: Sequence[int]) -> dict[str, float | int]:
    """Return precision, recall and F1; of nothing found the precision is 1, of nothing to find the recall."""
    right, wrong, missed = counts
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    both = precision + recall
    figures = {"precision": precision, "recall": recall, "f1": 2 * precision * recall / both if both else 0.0}
    return {name: round(value, 4) for name, value in figures.items()} | {"found": right + wrong, "expected": right + missed}


def _table(found: Sequence[Matched]) -> list[str]:
    lines = ["", f"{'kind':<12}{'expected':>9}{'found':>7}{'precision':>11}{'recall':>8}{'f1':>8}"]
    right = Counter(expected.kind for one in found for _, expected in one.pairs)
    wrong = Counter(each.kind for one in found for each in one.wrong)
    missed = Counter(each.kind for one in found for each in one.missed)
    lines += [_row(kind, (right[kind], wrong[kind], missed[kind])) for kind in Kind]
    return [*lines, _row("all", (right.total(), wrong.total(), missed.total()))]


def _row(name: str, counts: tuple[int, int, int]) -> str:
    said = _figures(counts)
    numbers = f"{said['expected']:>9,}{said['found']:>7,}"
    return f"{name:<12}{numbers}{said['precision']:>11.3f}{said['recall']:>8.3f}{said['f1']:>8.3f}"


def _bands(found: Sequence[Matched]) -> list[str]:
    """Return how often candidates of some confidence are right: what the estimate is worth."""
    told = [(each.confidence, True) for one in found for each, _ in one.pairs]
    told += [(each.confidence, False) for one in found for each in one.wrong]
    lines = [f"{'confidence':<12}{'found':>7}{'right':>8}"]
    for low, high in _BANDS:
        rights = [right for sure, right in told if low <= sure < high]
        share = f"{sum(rights) / len(rights):.3f}" if rights else "-"
        lines.append(f"{low:.2f}-{min(high, 1):.2f}   {len(rights):>7,}{share:>8}")
    return lines


def _errors(labelled: Sequence[LabelledTurn], found: Sequence[Matched]) -> list[str]:
    lines = []
    for one, came in zip(labelled, found, strict=True):
        name = one_line(one.turn.id or "?", 40)
        for one_wrong in came.wrong:
            said = f"{one_line(one_wrong.quote, 120)} ({one_line(one_wrong.reason, 120)})"
            lines.append(f"{name}: wrong {one_wrong.kind}: {said}")
        for each in came.missed:
            quote = one.turn.messages[each.message].text[slice(*each.span)]
            lines.append(f"{name}: missed {each.kind}: {one_line(quote, 120)}")
    return [*lines, ""]
