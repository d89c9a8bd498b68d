"""What the local judge learns from: licensed NLI pairs, their folds, and labelled pairs of agent memories.

A row allows one class or two: that a pair of NLI is no contradiction in one order says the same of the other order, but not
which of the other two classes it is there; a set that only marks contradictions says no more either.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["LABELS", "Pair", "development", "epoch", "grouped", "memories", "read", "training"]

LABELS: Final = ("contradiction", "entailment", "neutral")
_CONTRADICTION, _ENTAILMENT, _NEUTRAL = range(3)
_CLASS: Final = {label: place for place, label in enumerate(LABELS)}
_OF_VERDICT: Final = {
    "contradiction": _CONTRADICTION,
    "superseded": _CONTRADICTION,
    "duplicate": _ENTAILMENT,
    "both_true": _NEUTRAL,
    "unrelated": _NEUTRAL,
}
_OF_MARKS: Final = {"==": _ENTAILMENT, "=!": _CONTRADICTION, "=~": _NEUTRAL, "!~": _NEUTRAL}
_NOT_CONTRADICTION: Final = (_ENTAILMENT, _NEUTRAL)
# How many rows of a set an epoch draws, by class: (contradiction, entailment, neutral). Sets made by rules or from templates
# are capped; None takes all.
_DRAWN: Final[dict[str, tuple[int | None, int | None, int | None]]] = {
    "mnli_dev_matched": (None, None, None),
    "mnli_entailment_docnli": (0, 1_200, 0),
    "negnli_mnli": (None, None, None),
    "hans_mnli_contradicting": (None, 0, None),
    "conjnli": (2_000, 1_800, 1_800),
    "clcd": (700, 0, 700),
    "ambient": (None, None, None),
    "numeric_edit_generated": (1_500, 0, 0),
}
_TENTH: Final = 10
_FOREIGN, _SAME = 800, 300


@dataclass(frozen=True)
class Pair:
    """Two texts and the classes that may be theirs; `both_ways` where that holds for either order."""

    left: str
    right: str
    allowed: tuple[int, ...]
    both_ways: bool
    source: str

    def turned(self) -> Pair:
        """Return the pair in the other order, with what is known of it there."""
        known = self.allowed if self.both_ways or self.allowed == (_CONTRADICTION,) else _NOT_CONTRADICTION
        return Pair(self.right, self.left, known, self.both_ways, self.source)


def training(directory: Path) -> list[Pair]:
    """Return all NLI rows that may be learned from: never the development folds."""
    return [pair for name in _DRAWN for pair, held in _rows(directory, name) if not held]


def development(directory: Path) -> dict[str, list[Pair]]:
    """Return what is held out: a tenth of MultiNLI by the text on the left, and the split `test` of AmbiEnt."""
    names = ("mnli_dev_matched", "ambient")
    return {name: [pair for pair, held in _rows(directory, name) if held] for name in names}


def memories(paths: Iterable[Path]) -> list[Pair]:
    """Return labelled pairs of agent memories: each verdict holds in both orders."""
    rows = [row for path in paths for row in read(path)]
    return [Pair(row["text_a"], row["text_b"], (_OF_VERDICT[row["verdict"]],), True, "memories") for row in rows]


def grouped(directory: Path, *, held: bool = False) -> list[Pair]:
    """Return the pairs of files of groups: lines of `=` say the same, of `!` deny it, of `~` do neither to both.

    A tenth of the groups is `held` out of training: what joins the model with the cues is fitted on those.
    """
    found = []
    for path in sorted(directory.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
            lines = [(line[0], line[2:]) for line in block.splitlines()]
            if _in_tenth(lines[0][1]) is held:
                found += _crossed(lines)
    return found


def epoch(pairs: list[Pair], extra: list[Pair], *, share: float, seed: int) -> list[Pair]:
    """Return one epoch: the NLI sets up to their caps and `share`, texts that have nothing to do with each other, texts
    beside themselves, and `extra`; half of all in the other order."""
    chance = random.Random(seed)
    drawn = []
    for name, caps in _DRAWN.items():
        for kind, cap in enumerate(caps):
            rows = [pair for pair in pairs if pair.source == name and kind == _kind(pair)]
            count = round(share * min(len(rows), len(rows) if cap is None else cap))
            drawn += chance.sample(rows, count)
    lefts = [pair.left for pair in chance.sample(drawn, min(len(drawn), round(share * 2 * _FOREIGN)))]
    half = len(lefts) // 2
    drawn += [Pair(a, b, (_NEUTRAL,), True, "foreign") for a, b in zip(lefts[:half], lefts[half:], strict=False)]
    drawn += [Pair(text, text, (_ENTAILMENT,), True, "same") for text in lefts[: round(share * _SAME)]]
    drawn += extra
    drawn = [pair.turned() if chance.random() < 0.5 else pair for pair in drawn]
    chance.shuffle(drawn)
    return drawn


def read(path: Path) -> Iterator[dict[str, str]]:
    """Yield the objects of a file of JSON lines, plain or gzip."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as stream:
        yield from (json.loads(line) for line in stream if line.strip())


def _crossed(lines: list[tuple[str, str]]) -> Iterator[Pair]:
    """Yield the pairs of a group of which something is known, by their marks."""
    for place, (mark, text) in enumerate(lines):
        for other, beside in lines[place + 1 :]:
            kind = _OF_MARKS.get(mark + other)
            if kind is not None:
                yield Pair(text, beside, (kind,), True, "groups")


def _kind(pair: Pair) -> int:
    return _NEUTRAL if len(pair.allowed) > 1 else pair.allowed[0]


def _rows(directory: Path, name: str) -> Iterator[tuple[Pair, bool]]:
    """Yield the rows of a set, and whether each is held out; rows that share the text on the left share a fold."""
    for row in read(directory / f"{name}.jsonl.gz"):
        kind = _CLASS[row["label"]]
        allowed = _NOT_CONTRADICTION if name == "clcd" and kind == _NEUTRAL else (kind,)
        held = row["split"] == "test" if name == "ambient" else _in_tenth(row["text_a"])
        yield Pair(row["text_a"], row["text_b"], allowed, False, name), held


def _in_tenth(text: str) -> bool:
    """Say whether a text is of the tenth that is held out, whichever set it stands in."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) % _TENTH == 0
