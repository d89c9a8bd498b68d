"""kill -9 in the middle of writes, again and again: what was acknowledged must be there, and the store must be sound.

    python benchmarks/durability.py [--kills 20] [--batches 60]

One process writes batches that depend on nothing but their number (puts, upserts, deletes), searches now and then so that
snapshots are written too, and acknowledges each batch through a pipe. The parent kills it after a random number of them,
checks the store against a replay, and starts the next writer where the last one got to.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import apsw
import numpy as np

from core.vectors.embedded import EmbeddedClient, replica

_WHERE = {"vectorBucketName": "durability", "indexName": "records"}
_DIMENSION = 32
_BATCH = 25
_State = dict[str, int]  # the batch that wrote each key last


@dataclass(frozen=True)
class Figures:
    """What happened over all kills; `lost` and `doubled` count records, `torn` batches of which only a part is there."""

    kills: int
    batches_acknowledged: int
    batches_unacknowledged_but_there: int
    lost: int
    doubled: int
    torn: int
    snapshots: int
    integrity: str


def _batch(number: int) -> tuple[list[str], list[str]]:
    """Return the keys that a batch puts and those that it deletes: new ones, some of earlier batches, a few gone."""
    rng = random.Random(number)
    new = [f"{number:06d}-{place}" for place in range(_BATCH)]
    old = [f"{rng.randrange(number + 1):06d}-{rng.randrange(_BATCH)}" for _ in range(8)]
    return list(dict.fromkeys(new + old[:5])), old[5:]


def _vector(key: str, number: int) -> np.ndarray:
    return np.random.default_rng([number, *key.encode()]).standard_normal(_DIMENSION, dtype=np.float32)


def _apply(state: _State, number: int) -> _State:
    """Return the state after a batch, deletes last."""
    put, deleted = _batch(number)
    after = state | dict.fromkeys(put, number)
    return {key: batch for key, batch in after.items() if key not in deleted}


def write(directory: Path, start: int, tail: int, acknowledge: Connection) -> None:
    """Write batches from number `start` until killed."""
    replica._TAIL_MIN = tail  # type: ignore[attr-defined]
    client = EmbeddedClient(directory)
    number = start
    while True:
        put, deleted = _batch(number)
        records = [{"key": key, "data": {"float32": _vector(key, number)}, "metadata": {"batch": number}} for key in put]
        client.put_vectors(**_WHERE, vectors=records)
        client.delete_vectors(**_WHERE, keys=deleted)
        acknowledge.send(number)
        if number % 3 == 0:
            client.query_vectors(**_WHERE, topK=5, queryVector={"float32": _vector("query", number)})
        number += 1


def _kill_after(directory: Path, start: int, batches: int, tail: int) -> int:
    """Let a writer acknowledge some batches, kill it, and return the number of the first batch not acknowledged."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    writer = context.Process(target=write, args=(directory, start, tail, sender))
    writer.start()
    sender.close()
    done = start
    try:
        while True:
            done = receiver.recv() + 1
            if done - start == batches:
                writer.kill()
    except EOFError:
        writer.join()
    return done


def _found(client: EmbeddedClient) -> Iterator[tuple[str, dict[str, Any]]]:
    token: dict[str, str] = {}
    while True:
        page = client.list_vectors(**_WHERE, returnData=True, returnMetadata=True, maxResults=1000, **token)
        yield from ((vector["key"], vector) for vector in page["vectors"])
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def _differences(client: EmbeddedClient, state: _State) -> dict[str, int]:
    """Compare listing, search and scan, which read records and rows in memory, with the state."""
    listed = list(_found(client))
    batches = {key: vector["metadata"]["batch"] for key, vector in listed}
    wrong = sum(vector["data"]["float32"] != _vector(key, batches[key]).tolist() for key, vector in listed)
    scanned = client.scan(**_WHERE, columns=["batch"]).to_pylist()
    rows = {row["$key"]: row["batch"] for row in scanned}
    return {
        "lost": len(state.items() - batches.items()) + len(state.items() - rows.items()) + wrong,
        "doubled": len(listed) - len(batches) + len(scanned) - len(rows),
        "extra": len(batches.items() - state.items()),
    }


def _check_integrity(directory: Path) -> str:
    verdicts = set()
    for path in directory.rglob("*.sqlite"):
        connection = apsw.Connection(str(path))
        verdicts.add(str(connection.pragma("integrity_check")))
        connection.close()
    return ", ".join(sorted(verdicts))


def run(directory: Path, *, kills: int, batches: int, tail: int = 300, seed: int = 0) -> Figures:
    """Kill a writer `kills` times, each after up to `batches` batches, and return what was found."""
    rng = random.Random(seed)
    with_index = EmbeddedClient(directory)
    with_index.create_vector_bucket(vectorBucketName=_WHERE["vectorBucketName"])
    with_index.create_index(**_WHERE, dataType="float32", dimension=_DIMENSION, distanceMetric="cosine")
    with_index.close()
    state: _State = {}
    number = acknowledged = unacknowledged = lost = doubled = torn = snapshots = 0
    integrity = set()
    for _ in range(kills):
        done = _kill_after(directory, number, rng.randint(1, batches), tail)
        acknowledged += done - number
        for batch in range(number, done):
            state = _apply(state, batch)
        snapshots += len(list(directory.glob("indexes/*/snapshot-*[0-9]")))
        integrity.add(_check_integrity(directory))
        client = EmbeddedClient(directory)
        # The batch in flight: not begun, its put done, or its deletes done too.
        put, deleted = _batch(done)
        outcomes = [state, state | dict.fromkeys(put, done), _apply(state, done)]
        found = min(
            (_differences(client, outcome) | {"at": at} for at, outcome in enumerate(outcomes)),
            key=lambda d: d["lost"] + d["extra"],
        )
        lost, doubled, torn = lost + found["lost"], doubled + found["doubled"], torn + found["extra"]
        unacknowledged += found["at"] > 0
        if found["at"] == 1:
            client.delete_vectors(**_WHERE, keys=deleted)
        client.close()
        state, number = (state, done) if found["at"] == 0 else (_apply(state, done), done + 1)
    return Figures(kills, acknowledged, unacknowledged, lost, doubled, torn, snapshots, ", ".join(sorted(integrity)))


def main() -> int:
    """Run and print; return 1 if anything was lost, doubled, torn or unsound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--batches", type=int, default=60, help="at most so many batches before each kill")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        figures = run(Path(directory), kills=args.kills, batches=args.batches)
    for name, value in asdict(figures).items():
        print(f"{name.replace('_', ' '):>34}  {value}")
    print(json.dumps(asdict(figures)))
    return int(bool(figures.lost or figures.doubled or figures.torn or figures.integrity != "ok"))


if __name__ == "__main__":
    sys.exit(main())
