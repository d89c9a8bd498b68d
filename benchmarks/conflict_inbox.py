"""What a reviewer waits for in an inbox of 10,000 cards: the queue, the next card, a decision, an undo.

    python benchmarks/conflict_inbox.py [--cards 10000]

Made-up cards of an embedded store. Each figure is the median of some runs, in milliseconds. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.access import LOCAL_ADMIN, Actor, Role
from core.config import open_catalog
from core.curation.conflicts.card import Card, CardSide, Resolution, card_id
from core.curation.conflicts.inbox import Inbox, open_inbox
from core.curation.duplicates.exact import content_hash
from core.memory import Memory
from core.models.embedding import HashingEmbedder
from core.models.judge import ConflictVerdict, Judgement

_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_ANN: Final = Actor("ann", Role.REVIEWER)
_RUNS: Final = 5


def main() -> None:
    """Make the inbox and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=10_000)
    count = parser.parse_args().cards
    with tempfile.TemporaryDirectory() as folder:
        figures = _measured(_inbox(Path(folder), count), count)
    for name, value in figures.items():
        print(f"{name:<32} {value:>10,.1f}")
    print(json.dumps(figures))


def _inbox(directory: Path, count: int) -> Inbox:
    store = open_catalog(directory, embedder_factory=HashingEmbedder).create("team", actor=LOCAL_ADMIN)
    cards = [_card(number) for number in range(count)]
    sides = [side for card in cards for side in (card.left, card.right)]
    store.write((Memory(side.key, side.text, agent_id=side.agent, created_at=side.at) for side in sides), actor=LOCAL_ADMIN)
    inbox = open_inbox(store, second_looks=0.0)
    inbox.take_in(cards, judge="made up", checked={side.key: side.hash for side in sides}, actor=LOCAL_ADMIN)
    return inbox


def _measured(inbox: Inbox, count: int) -> dict[str, float]:
    ids = inbox.queue(actor=_ANN).ids
    ways: dict[str, Callable[[int], object]] = {
        "queue": lambda run: (inbox.release(ids[run], actor=_ANN), inbox.queue(actor=_ANN)),
        "queue, unchanged": lambda _: inbox.queue(actor=_ANN),
        "next": lambda run: inbox.next(ids, actor=_ANN, after=ids[run]),
        "decide": lambda run: inbox.decide(ids[run], Resolution.KEEP_LEFT, actor=_ANN),
        "undo": lambda run: inbox.undo(ids[run], actor=_ANN),
        "decide and settle": lambda run: (
            inbox.decide(ids[_RUNS + run], Resolution.KEEP_LEFT, actor=_ANN),
            inbox.settle(actor=_ANN),
        ),
        "progress": lambda _: inbox.progress(ids, actor=_ANN),
        "progress of 500": lambda _: inbox.progress(ids[:500], actor=_ANN),
        "disputed": lambda run: (inbox.release(ids[run], actor=_ANN), inbox.disputed(actor=_ANN)),
        "disputed, unchanged": lambda _: inbox.disputed(actor=_ANN),
        "similar": lambda run: (inbox.release(ids[run], actor=_ANN), inbox.similar(ids[-run - 1], actor=_ANN)),
    }
    found: dict[str, float] = {"cards": count}
    for name, act in ways.items():
        times = []
        for run in range(_RUNS):
            start = time.perf_counter()
            act(run)
            times.append(1_000 * (time.perf_counter() - start))
        found[f"{name}, ms"] = round(statistics.median(times), 2)
    return found


def _card(number: int) -> Card:
    at = _NOW - timedelta(minutes=number)
    left, right = (
        CardSide(f"{name}{number}", content_hash(text), text, agent=agent, team="ops", at=at)
        for name, agent, text in (
            (
                "a",
                f"agent-{number % 40}",
                f"Host {number} has {number % 7 + 1} disks, and the rack is number {number % 90}.",
            ),
            (
                "b",
                f"agent-{number % 31}",
                f"Host {number} has {number % 7 + 9} disks, and the rack is number {number % 90}.",
            ),
        )
    )
    probabilities = {ConflictVerdict.CONTRADICTION: 0.9, ConflictVerdict.UNRELATED: 0.1}
    judged = Judgement(probabilities, "number", "the numbers differ", "made up", (((10, 20),), ((10, 20),)))
    return Card(card_id(left.hash, right.hash), left, right, judged, 0.9, "one team, two agents", _NOW)


if __name__ == "__main__":
    main()
