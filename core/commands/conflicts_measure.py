"""`conflicts measure` and `conflicts threshold`: how well conflicts are found, by what people decided, and from where on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import actor, open_catalog_of, open_store_of, share
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.conflicts.measuring import Measures, Thresholds

__all__ = ["MEASURE_ACTIONS", "add_measure_options"]

_CUES: Final = 12


def add_measure_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of one action, less those of store and index."""
    parser.add_argument("--judge", metavar="TAG", help="the judge by its tag (default: the one that found a card last)")
    if name == "threshold":
        parser.add_argument("value", nargs="?", type=share, metavar="P", help="the new one; without it what holds is shown")
        parser.add_argument("--reset", action="store_true", help="the judge's own again")
        parser.add_argument("--why", default="", metavar="TEXT", help="the reason, for who reads it")


def _measure(args: argparse.Namespace, console: Console) -> int:
    """Print the figures by the decisions so far."""
    from core.curation.conflicts.measuring import measure_index

    with open_catalog_of(args, read_only=True) as catalog:
        found = measure_index(open_store_of(catalog, args.index), actor=actor(), judge=args.judge)
    console.result(found.to_json(), _figures(found, console))
    return 0


def _threshold(args: argparse.Namespace, console: Console) -> int:
    """Print what thresholds hold, or choose one."""
    from core.curation.conflicts.measuring import load_thresholds, measure_index, save_threshold
    from core.curation.desk import open_desk

    changing = args.reset or args.value is not None
    if args.reset and args.value is not None:
        raise ConfigError("Both a threshold and --reset were given: choose one of them.")
    with open_catalog_of(args, read_only=not changing) as catalog:
        store = open_store_of(catalog, args.index)
        documents = open_desk(store).ledger.documents
        held = load_thresholds(store, documents, actor=actor())
        if changing:
            judge = args.judge or measure_index(store, actor=actor(), grid=()).judge
            if judge is None:
                raise ConfigError("No judge has found a card in this index yet: name one by its tag with --judge.")
            now, value = datetime.now(UTC), None if args.reset else args.value
            options = {"actor": actor(), "now": now, "why": args.why, "expected": held.version}
            held = save_threshold(store, documents, judge, value, **options)
    chosen = {tag: {"value": each.value, "by": each.by, "at": each.at, "why": each.why} for tag, each in held.chosen.items()}
    console.result({"index": store.info.name, "thresholds": chosen}, _thresholds(held))
    return 0


def _figures(found: Measures, console: Console) -> Iterator[str]:
    if found.judge is None:
        yield "No card was found in this index yet: `python -m core conflicts scan` looks for some."
        return
    yield f"Judge {one_line(found.judge, 80)}: {found.cards:,} cards, {found.samples:,} samples, {found.decided:,} decided."
    yield f"Precision: {found.precision.words}"
    yield f"Recall: {found.recall.words}"
    yield f"Agreement: {found.agreement.words}"
    yield f"Calibration: {found.calibration.words}"
    rows = [["from", "cards", "waiting", "precision", "recall", "minutes"]]
    for each in found.outlooks:
        shares = [f"{part.value:.0%}" if part.value is not None else "–" for part in (each.precision, each.recall)]
        minutes = "–" if each.minutes is None else f"{each.minutes:,.0f}"
        rows.append([f"{each.threshold:.2f}", f"{each.cards:,.0f}", f"{each.waiting:,}", *shares, minutes])
    yield from console.table(rows, right=(0, 1, 2, 3, 4, 5))
    for name, groups in (("judge", found.judges), ("cue", found.cues)):
        rows = [[name, "decided", "precision"]]
        rows += [[one_line(each.name, 60) or "none", f"{each.decided:,}", each.precision.words] for each in groups[:_CUES]]
        yield from console.table(rows, right=(1,)) if len(rows) > 1 else []
    yield from (f"Week of {each.monday}: {each.off}" for each in found.weeks if each.off)


def _thresholds(held: Thresholds) -> Iterator[str]:
    if not held.chosen:
        yield "No threshold was chosen: each judge's own holds."
    for tag, each in held.chosen.items():
        why = f": {one_line(each.why, 200)}" if each.why else ""
        yield f"{one_line(tag, 80)}: {each.value:g}, by {one_line(each.by, 40)} at {each.at:%Y-%m-%d %H:%M} UTC{why}"


MEASURE_ACTIONS: Final = {
    "measure": ("say how well conflicts are found, by what was decided", _measure),
    "threshold": ("show or choose from which probability on a pair is a card", _threshold),
}
