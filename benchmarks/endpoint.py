"""The operations through HTTP beside the same ones in-process, and beside moto's server for what it implements.

    python benchmarks/endpoint.py [--rows 100000] [--repeats 20] [--without-moto]

Five ways, taken in turn within one loop so that all meet the same noise: `engine` (in-process), `http` (a plain HTTP client
and orjson, no SDK: what the server and the wire cost), `boto3` (boto3 as it is against the same server), `client` (our own
client over boto3, which reads and writes vectors by orjson) and `moto` (boto3 against moto's server). The server is a
process of its own. The last line is JSON; times are medians in milliseconds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import boto3
import botocore.config
import numpy as np
import orjson

from core.vectors.aws import AwsClient
from core.vectors.embedded import EmbeddedClient
from core.vectors.limits import LIST_VECTORS_MAX, PUT_VECTORS_MAX

_ROOT = Path(__file__).resolve().parents[1]
_BUCKET, _DIMENSION = "benchmark", 384
_LARGE = {"vectorBucketName": _BUCKET, "indexName": "large"}
_SMALL = {"vectorBucketName": _BUCKET, "indexName": "small"}  # moto answers from Python lists: it gets this one
_SMALL_ROWS = 2_000
_SEGMENTS = (1, 4, 16)
_KEYS = {"aws_access_key_id": "AKIABENCHMARK", "aws_secret_access_key": "benchmark-secret", "region_name": "us-east-1"}

Operation = Callable[[], Any]


class PlainClient:
    """Requests as JSON over one kept connection, without an SDK and without a signature."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)

    def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Return the answer of one operation."""
        body = orjson.dumps(arguments, option=orjson.OPT_SERIALIZE_NUMPY)
        self._connection.request("POST", f"/{operation}", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{operation} answered {answer.status}: {data[:300]!r}")
        return orjson.loads(data)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def served(store: str) -> Iterator[str]:
    """Run `python -m core serve` and yield its address."""
    command = [sys.executable, "-m", "core", "serve", "--store", store, "--port", "0", "--insecure"]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        else:
            raise SystemExit("the server did not start")
        try:
            yield found[0]
        finally:
            process.terminate()


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server as a process of its own and yield its address."""
    code = (
        "from moto.server import ThreadedMotoServer as S; s = S(ip_address='127.0.0.1', port=0, verbose=False); s.start(); "
        "print('http://%s:%s' % s.get_host_and_port(), flush=True); import threading; threading.Event().wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def boto3_client(url: str) -> Any:
    """Return a plain boto3 client."""
    config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=300)
    return boto3.client("s3vectors", endpoint_url=url, config=config, **_KEYS)


def records(matrix: np.ndarray, *, start: int = 0) -> list[dict[str, Any]]:
    """Return records with four fields of metadata, their vectors as lists, as an SDK wants them."""
    return [
        {
            "key": f"memory-{start + row:08d}",
            "data": {"float32": vector},
            "metadata": {
                "agent_id": f"agent-{row % 12}",
                "created_at_epoch": 1.76e9 + row,
                "content": "A short memory. " * 4,
            },
        }
        for row, vector in enumerate(matrix.tolist())
    ]


def fill(client: Any, where: dict[str, str], matrix: np.ndarray) -> None:
    """Make an index and put the rows."""
    client.create_index(**where, dataType="float32", dimension=_DIMENSION, distanceMetric="cosine")
    for start in range(0, len(matrix), PUT_VECTORS_MAX):
        client.put_vectors(**where, vectors=records(matrix[start : start + PUT_VECTORS_MAX], start=start))


def median_ms(ways: dict[str, Operation], repeats: int) -> dict[str, float]:
    """Return the median time of each way, taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for operation in ways.values():
        operation()
    for _ in range(repeats):
        for name, operation in ways.items():
            start = time.perf_counter()
            operation()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: round(statistics.median(values), 2) for name, values in times.items()}


def operations(
    engine: EmbeddedClient, plain: PlainClient, sdk: Any, client: AwsClient, moto: Any | None, matrix: np.ndarray
) -> dict[str, Any]:
    """Return each measured operation with its ways."""
    batch = records(matrix[:PUT_VECTORS_MAX])
    vector = {"float32": matrix[0].tolist()}

    def all_ways(
        method: str, name: str, where: dict[str, str], arguments: dict[str, Any], *, peer: bool
    ) -> dict[str, Operation]:
        ways: dict[str, Operation] = {
            "engine": lambda: getattr(engine, method)(**where, **arguments),
            "http": lambda: plain.call(name, where | arguments),
            "boto3": lambda: getattr(sdk, method)(**where, **arguments),
            "client": lambda: getattr(client, method)(**where, **arguments),
        }
        if moto is not None and peer:
            ways["moto"] = lambda: getattr(moto, method)(**where, **arguments)
        return ways

    listing = {"maxResults": LIST_VECTORS_MAX}
    whole = {"returnData": True, "returnMetadata": True}

    def listed(**flags: bool) -> dict[str, Operation]:
        return all_ways("list_vectors", "ListVectors", _SMALL, listing | flags, peer=True)

    def query(k: int) -> dict[str, Operation]:
        asked = {"queryVector": vector, "topK": k, "returnMetadata": True, "returnDistance": True}
        return all_ways("query_vectors", "QueryVectors", _LARGE, asked, peer=False)

    return {
        "put 500 x 384": all_ways("put_vectors", "PutVectors", _SMALL, {"vectors": batch}, peer=True),
        "query k=10": query(10),
        "query k=100": query(100),
        "list a page, keys": listed(),
        "list a page, all": listed(**whole),
    }


def scans(engine: EmbeddedClient, url: str, repeats: int) -> dict[str, float]:
    """Return seconds of a scan with vectors: in-process, and by listing in segments."""
    found: dict[str, float] = {}
    ways: dict[str, Operation] = {"engine": lambda: engine.scan(**_LARGE, vectors=True)}
    with ExitStack() as stack:
        for count in _SEGMENTS:
            client = AwsClient(endpoint_url=url, region="us-east-1", segments=count)
            stack.callback(client.close)
            ways[f"{count} segment{'s' if count > 1 else ''}"] = lambda client=client: client.scan(**_LARGE, vectors=True)
        for name, value in median_ms(ways, max(1, repeats // 10)).items():
            found[name] = round(value / 1e3, 3)
    return found


def main() -> int:
    """Fill the servers, measure, print tables and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--without-moto", action="store_true", help="leave out moto, which is a development dependency")
    arguments = parser.parse_args()
    os.environ |= {name.upper(): value for name, value in _KEYS.items()} | {"AWS_REGION": _KEYS["region_name"]}
    matrix = np.random.default_rng(0).standard_normal((arguments.rows, _DIMENSION), dtype=np.float32)
    figures: dict[str, Any] = {"rows": arguments.rows}
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder, ExitStack() as stack:
        engine = EmbeddedClient(folder)
        stack.callback(engine.close)
        engine.create_vector_bucket(vectorBucketName=_BUCKET)
        fill(engine, _SMALL, matrix[:_SMALL_ROWS])
        fill(engine, _LARGE, matrix)
        url = stack.enter_context(served(folder))
        moto = None
        if not arguments.without_moto:
            moto = boto3_client(stack.enter_context(moto_server()))
            moto.create_vector_bucket(vectorBucketName=_BUCKET)
            fill(moto, _SMALL, matrix[:_SMALL_ROWS])
        plain = PlainClient(url)
        stack.callback(plain.close)
        client = AwsClient(endpoint_url=url, region=_KEYS["region_name"])
        stack.callback(client.close)
        for name, ways in operations(engine, plain, boto3_client(url), client, moto, matrix).items():
            figures[name] = median_ms(ways, arguments.repeats)
        figures["scan, seconds"] = scans(engine, url, arguments.repeats)
    columns = ("engine", "http", "boto3", "client", "moto")
    print(
        f"{arguments.rows:,} x {_DIMENSION}; median milliseconds\n{'':>18}  " + "  ".join(f"{name:>8}" for name in columns)
    )
    for name, values in figures.items():
        if name.startswith(("put", "query", "list")):
            print(f"{name:>18}  " + "  ".join(f"{values[way]:8.1f}" if way in values else f"{'–':>8}" for way in columns))
    print("scan with vectors, seconds: " + ", ".join(f"{way} {value}" for way, value in figures["scan, seconds"].items()))
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
