"""A scan of 100,000 memories for contradictions, beside plain numpy over all pairs of a part, scaled, in the same run.

    python benchmarks/conflicts.py [--rows 100000] [--part 4000] [--judge NAME] [--store URI [--index NAME]]

Without a store: subjects of unequal size in 384 dimensions, each with words of its own, written about by 40 agents of 12
teams over 90 days. Into some a contradiction is planted: the same said again by another agent with another number or a
"not". Said is what share of these was judged, and is a card. A second scan, of a hundred memories that changed since all was
looked at, shows what an incremental one takes. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.access import actor_from_environment
from core.config import open_catalog
from core.curation.conflicts.card import card_id
from core.curation.conflicts.scanning import Scan, ScanOrder, scan
from core.curation.corpus import corpus_of
from core.curation.duplicates import content_hash
from core.models.judges.choice import judge_of

_Floats = npt.NDArray[np.float32]
_DIM: Final = 384
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_AGENTS, _TEAMS = 40, 12
_SAYINGS: Final = (
    "The {0} of the {1} is {n} {2}.",
    "{0} and {1} were checked by the {2} team, {n} of them need the {3}.",
    "The {0} {1} runs on the {2} with {n} {3}.",
    "Customers of the {0} get the {1} within {n} days through the {2}.",
    "The {0} is owned by the {1} group and reviewed every {n} weeks.",
    "The {0} of the {1} is enabled for the {2}.",
    "The {0} was moved from the {1} to the {2} because of the {3}.",
)


def main() -> None:
    """Build or read, scan, change, scan again, compare."""
    args = arguments()
    judge, planted = judge_of(args.judge), []
    if args.store:
        frame, matrix = read(args.store, args.index)
    else:
        frame, matrix, planted = world(args.rows, np.random.default_rng(args.seed))
    before, order = peak(), ScanOrder(seed=args.seed)
    first, seconds, cpu = timed(lambda: scan(frame, matrix, judge, now=_NOW, order=order, progress=shown))
    memory = peak() - before
    changed = frame.assign(content=frame["content"].where(frame.index >= 100, frame["content"] + " Seen again."))
    all_seen = {key: f"{mark.rpartition(':')[0]}:0" for key, mark in first.checked.items()}
    again, again_s, again_cpu = timed(lambda: scan(changed, matrix, judge, now=_NOW, order=order, checked=all_seen))
    print(file=sys.stderr)
    plain = numpy_seconds(matrix, args.part) * (len(matrix) / args.part) ** 2
    found = {card.id for card in first.cards if not card.sample}
    share = sum(pair in found for pair in planted) / max(1, len(planted))
    looked = sum(pair in first.dropped or pair in found for pair in planted) / max(1, len(planted))
    print(
        f"{'':>12}{'rows':>9}{'near':>10}{'judged':>8}{'left':>9}{'cards':>7}{'recall':>8}{'seconds':>9}{'cpu':>7}{'GB':>6}"
    )
    print(row("all", first, len(frame), seconds, cpu, memory))
    print(row("100 changed", again, len(frame), again_s, again_cpu, peak() - before))
    print(f"Of {len(planted):,} planted contradictions {looked:.3f} were judged and {share:.3f} are cards.")
    print(f"All pairs in numpy: {plain:.1f} s.")
    figures = {"rows": len(frame), "near": first.near, "judged": first.judged, "left": first.left, "cards": first.found}
    times = {"recall": first.recall, "planted_judged": looked, "planted_found": share, "seconds": seconds, "cpu_s": cpu}
    later = {"gb": memory, "gb_before": before, "again_judged": again.judged, "again_s": again_s, "numpy_all_pairs_s": plain}
    print(json.dumps(figures | {name: round(value, 3) for name, value in (times | later).items()}))


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--part", type=int, default=4_000, help="rows of the comparison with numpy")
    parser.add_argument("--judge", default="cues")
    parser.add_argument("--store")
    parser.add_argument("--index")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def row(name: str, found: Scan, rows: int, seconds: float, cpu: float, memory: float) -> str:
    """Return a line of the table."""
    counts = f"{rows:>9,}{found.near:>10,}{found.judged:>8,}{found.left:>9,}{found.found:>7,}{found.recall:>8.3f}"
    return f"{name:>12}{counts}{seconds:>9.1f}{cpu:>7.1f}{memory:>6.2f}"


def timed(run: Callable[[], Scan]) -> tuple[Scan, float, float]:
    """Return what a scan found, with its seconds by the clock and of processors."""
    started, cpu = time.perf_counter(), time.process_time()
    found = run()
    return found, time.perf_counter() - started, time.process_time() - cpu


def world(rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, _Floats, list[str]]:
    """Return a frame with its vectors, and the id of the card of each planted contradiction."""
    words = np.array(
        ["".join(rng.choice(list("bdfgklmnprstvz"), 3)) + rng.choice(["an", "or", "ik", "us"]) for _ in range(9_000)]
    )
    subjects = max(1, rows // 120)
    centres, own_words = rng.normal(size=(subjects, _DIM)), rng.integers(0, len(words), (subjects, 24))
    subject = (rng.pareto(1.5, rows) * subjects / 8).astype(np.int64) % subjects
    matrix = (centres[subject] + 0.8 * rng.normal(size=(rows, _DIM))).astype(np.float32)
    texts, planted = [], []
    for place in range(rows):
        said = _SAYINGS[int(rng.integers(len(_SAYINGS)))]
        names = words[rng.choice(own_words[subject[place]], 4, replace=False)]
        texts.append(said.format(*names, n=int(rng.integers(2, 400))))
    team, agent = subject % _TEAMS, rng.integers(0, _AGENTS, rows)
    keys = [f"k{place:06d}" for place in range(rows)]
    for place in range(0, rows - 1, 400):
        other = place + 1
        texts[other] = turned(texts[place], rng)
        matrix[other] = matrix[place] + 0.35 * np.linalg.norm(matrix[place]) / _DIM**0.5 * rng.normal(size=_DIM)
        team[other], agent[other] = team[place], (agent[place] + 1) % _AGENTS
        planted.append(card_id(content_hash(texts[place]), content_hash(texts[other])))
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return framed(keys, texts, team, agent, rng), matrix, planted


def turned(text: str, rng: np.random.Generator) -> str:
    """Return a text that contradicts one: another number, or a "not"."""
    numbers = [part for part in text.replace(".", " ").split() if part.isdecimal()]
    if numbers:
        return text.replace(numbers[0], str(int(numbers[0]) + int(rng.integers(3, 90))), 1)
    return text.replace(" is ", " is not ", 1) if " is " in text else text.replace(" was ", " was never ", 1)


def framed(
    keys: list[str], texts: list[str], team: npt.NDArray[np.int64], agent: npt.NDArray[np.int64], rng: np.random.Generator
) -> pd.DataFrame:
    """Return a snapshot frame, as far as a scan looks at it."""
    rows = len(keys)
    none, times = pd.Categorical([None] * rows), [_NOW - timedelta(minutes=int(at)) for at in rng.integers(1, 129_600, rows)]
    columns: dict[str, Any] = {
        "key": keys,
        "content": texts,
        "agent_id": pd.Categorical([f"agent-{each}" for each in agent]),
        "team_id": pd.Categorical([f"team-{each}" for each in team]),
        "task_id": none,
        "session_id": none,
        "status": none,
        "created_at": pd.Series(pd.to_datetime(pd.Series(times), utc=True)).astype("datetime64[us, UTC]"),
        "expires_at": pd.Series(pd.to_datetime(pd.Series([None] * rows), utc=True)).astype("datetime64[us, UTC]"),
        "confidence": np.full(rows, np.nan),
    }
    return pd.DataFrame(columns)


def read(uri: str, index: str | None) -> tuple[pd.DataFrame, _Floats]:
    """Return an index of a store as a frame with its vectors."""
    actor, catalog = actor_from_environment(), open_catalog(uri, read_only=True, log_recalls=False)
    store = catalog.open(index or catalog.names(actor=actor)[0], actor=actor)
    seen, corpus = corpus_of(store, snapshot=None, now=_NOW, actor=actor)
    return seen.frame, corpus.matrix


def peak() -> float:
    """Return the most memory that the process ever had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def shown(done: float) -> None:
    """Draw how far the scan is."""
    print(f"\r{done:.0%}", end="", file=sys.stderr)


def numpy_seconds(matrix: _Floats, part: int) -> float:
    """Return how long plain numpy takes for all pairs of a part: one product a block, and what is at or above the gate."""
    own = matrix[:part]
    started = time.perf_counter()
    for start in range(0, part, 1_000):
        np.argwhere(own[start : start + 1_000] @ own.T >= 0.5)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
