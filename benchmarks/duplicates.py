"""All groups of near duplicates of 100,000 memories, beside plain numpy over all pairs of a part, scaled, in the same run.

    python benchmarks/duplicates.py [--rows 100000] [--part 4000] [--vectors FILE.npy]

Vectors are islands of unequal size in 384 dimensions, or the rows of a file. Of a tenth of the rows copies are planted: the
same thing a little way off, in groups of 2 to 6 and one of --large; beside each group is one that says another
number, which is no duplicate. Found is what share of the planted groups came out whole. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.curation.duplicates import groups, near_pairs

_Floats = npt.NDArray[np.float32]
_DIM: Final = 384
_NOISE: Final = 0.1
_WORDS: Final = 6_000
_WRAPS: Final = ("{}.", "{}!", "- {}.", "{} :", "Note: {}.", "({}).")


def main() -> None:
    """Plant, search, group, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--part", type=int, default=4_000, help="rows of the comparison with numpy")
    parser.add_argument("--large", type=int, default=100, help="members of the largest group")
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    matrix, texts, planted = world(args.rows, args.large, args.vectors, rng)
    frame = framed(texts)
    started, cpu = time.perf_counter(), time.process_time()
    pairs = near_pairs(frame, matrix, within="anyone", progress=lambda done: print(f"\r{done:.0%}", end="", file=sys.stderr))
    searched = time.perf_counter() - started
    found = groups(pairs)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(file=sys.stderr)
    whole = {group.keys for group in found}
    hits = sum(tuple(sorted(f"k{row:06d}" for row in group)) in whole for group in planted)
    wrong = len(whole) - hits
    plain = numpy_seconds(matrix, args.part) * (len(matrix) / args.part) ** 2
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{'rows':>9}{'groups':>9}{'whole':>8}{'wrong':>7}{'suspects':>10}{'recall':>8}{'seconds':>9}{'cpu':>7}{'numpy':>8}{'GB':>6}"
    )
    print(
        f"{len(matrix):>9,}{len(found):>9,}{hits / len(planted):>8.3f}{wrong:>7,}{len(pairs.suspects):>10,}"
        f"{pairs.recall:>8.3f}{seconds:>9.1f}{cpu:>7.1f}{plain:>8.1f}{memory:>6.1f}"
    )
    figures = {
        "rows": len(matrix),
        "groups": len(found),
        "whole": hits / len(planted),
        "wrong": wrong,
        "recall": pairs.recall,
    }
    times = {"seconds": seconds, "search_s": searched, "cpu_s": cpu, "numpy_all_pairs_s": plain, "gb": memory}
    print(json.dumps(figures | {name: round(value, 3) for name, value in times.items()}))


def world(rows: int, large: int, file: Path | None, rng: np.random.Generator) -> tuple[_Floats, list[str], list[list[int]]]:
    """Return vectors, texts, and the rows of each planted group."""
    base = np.load(file).astype(np.float32)[:rows] if file else islands(rows, rng)
    rows = len(base)
    words = [
        "".join(rng.choice(list("bdfgklmnprstvz"), 3)) + str(rng.choice(["an", "or", "ik", "us"])) for _ in range(_WORDS)
    ]
    texts = [" ".join(["The", *(words[place] for place in rng.integers(0, _WORDS, 9))]) + "." for _ in range(rows)]
    planted, taken = [], 0
    for size in [large, *rng.integers(2, 7, rows // 40).tolist()]:
        group = list(range(taken, taken + size))
        taken += size + 1
        if taken >= rows:
            break
        said = f"{texts[group[0]].rstrip('.')} takes {rng.integers(10, 99)} minutes"
        for place, row in enumerate(group):
            wrap = _WRAPS[place % len(_WRAPS)].format(said)
            texts[row] = wrap + "." * (place // len(_WRAPS))
        texts[taken - 1] = f"{said}.".replace(" takes ", " takes 1")  # another number: no duplicate
        base[[*group[1:], taken - 1]] = base[group[0]] + near(size, rng)
        planted.append(group)
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    return base, texts, planted


def near(count: int, rng: np.random.Generator) -> _Floats:
    """Return small steps in any direction, (count, dim)."""
    steps = rng.normal(size=(count, _DIM)).astype(np.float32)
    return steps * np.float32(_NOISE) / np.linalg.norm(steps, axis=1, keepdims=True)


def islands(rows: int, rng: np.random.Generator) -> _Floats:
    """Return vectors of length 1 around centres, as texts of so many subjects."""
    centres = rng.normal(size=(max(1, rows // 200), _DIM))
    own = centres[rng.integers(0, len(centres), rows)]
    found = (own + rng.normal(size=(rows, _DIM))).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def framed(texts: list[str]) -> pd.DataFrame:
    """Return a snapshot frame, as far as duplicates look at it."""
    none = pd.Categorical([None] * len(texts))
    times = pd.to_datetime(pd.Series([None] * len(texts)), utc=True)
    keys = [f"k{row:06d}" for row in range(len(texts))]
    columns = {"key": keys, "content": texts, "agent_id": none, "team_id": none, "status": none, "expires_at": times}
    return pd.DataFrame(columns)


def numpy_seconds(matrix: _Floats, part: int) -> float:
    """Return how long plain numpy takes for all pairs of a part: one product a block, and what is above the threshold."""
    own = matrix[:part]
    started = time.perf_counter()
    for start in range(0, part, 1_000):
        np.argwhere(own[start : start + 1_000] @ own.T >= 0.9)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
