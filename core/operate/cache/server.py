"""A shelf that processes share: Valkey or Redis, as Amazon ElastiCache has them. Keys::

    mnemoscope:cache:1:INDEX[.INDEX…]:{REST}:a:TEXT   an answer, with its time to live
    mnemoscope:cache:1:INDEX[.INDEX…]:{REST}:near     a stream of the queries of a group: vector, text, digest
    mnemoscope:cache:1:generation:INDEX               a random word, another one after each write to an index
    mnemoscope:cache:1:counts:INDEX                   what became of recalls

INDEX, REST and TEXT are digests, INDEX…:{REST} is a group. Each process follows the streams of the groups it asks about: a
look fetches the answer to the very text and what is new in the stream in one round trip, and vectors are compared here. REST
in braces is the hash tag of a cluster, so that a group lies on one node. A generation is never counted up: one that was lost
(evicted, flushed, not yet replicated) must not come back.
"""

from __future__ import annotations

import importlib
import threading
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import numpy as np

from core.errors import MissingExtraError
from core.operate.cache.patience import Patience
from core.operate.cache.shelf import RING, Kept, Ring, ShelfState, Vector

__all__ = ["INSTALL_LINE", "RedisShelf", "connected", "require_redis"]

INSTALL_LINE: Final = "pip install 'mnemoscope[redis]'"
_PREFIX: Final = "mnemoscope:cache:1:"
# A server beside the process answers in a fraction of a millisecond; one that does not must not hold a recall up.
_TIMEOUT_S: Final = 0.25
_GENERATION_S: Final = 30 * 86_400
_COUNTS_S: Final = 90 * 86_400
_GROUPS: Final = 64
_SCANNED: Final = 1_000
_Answer = TypeVar("_Answer")


def require_redis() -> Any:
    """Return the module redis; raise MissingExtraError where it is not installed."""
    try:
        return importlib.import_module("redis")
    except ImportError as error:
        raise MissingExtraError(f"A cache on Valkey or Redis needs the package redis: {INSTALL_LINE}") from error


def connected(url: str, *, cluster: bool = False, timeout: float = _TIMEOUT_S) -> Any:
    """Return a client of redis-py for a URL, which connects when first used; raise MissingExtraError without redis-py."""
    redis = require_redis()
    faults = redis.exceptions
    # A connection that the server closed meanwhile is opened again at once; a time-out is not waited for twice.
    retry = importlib.import_module("redis.retry").Retry(
        importlib.import_module("redis.backoff").NoBackoff(), 1, supported_errors=(faults.ConnectionError,)
    )
    options = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "retry": retry, "protocol": 2}
    return (redis.RedisCluster if cluster else redis.Redis).from_url(url, **options)


class RedisShelf:
    """A Shelf on a server. One that does not answer is a miss, and is left alone for a while."""

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        ttl: float,
        label: str,
        patience: Patience | None = None,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        """Take what returns a client of redis-py; `label` is what people call the server, without a password."""
        self._connect, self._ttl_ms, self._label, self._new_id = connect, max(int(ttl * 1e3), 1), label, new_id
        self._patience = patience or Patience()
        self._redis: Any = None
        self._faults: tuple[type[Exception], ...] = (OSError,)
        self._followed: OrderedDict[str, tuple[str, Ring]] = OrderedDict()
        self._owed: dict[str, str] = {}
        self._counted: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def generation(self, place: str) -> str | None:
        """Return the generation of an index, made where there is none; None while a write could not be told."""
        if place in self._owed:
            self.renew(place)
        if place in self._owed:
            return None
        key, fresh = f"{_PREFIX}generation:{place}", self._new_id()
        known = self._ask(lambda redis: redis.get(key) or b"")
        if known == b"":
            self._ask(lambda redis: redis.set(key, fresh, ex=_GENERATION_S, nx=True))
            known = self._ask(lambda redis: redis.get(key))
        return known.decode("ascii", "replace") if known else None

    def renew(self, place: str) -> None:
        """Change the generation of an index; one that cannot be told is told before this process asks about it again."""
        key, fresh = f"{_PREFIX}generation:{place}", self._new_id()
        with self._lock:
            self._owed[place] = fresh
        if self._ask(lambda redis: redis.set(key, fresh, ex=_GENERATION_S)):
            with self._lock:
                if self._owed.get(place) == fresh:  # else another thread has written since, and owes that
                    del self._owed[place]

    def get(self, group: str, exact: str) -> bytes | None:
        """Return the answer to a text of a group, and follow the group's stream, in one round trip."""
        with self._lock:
            last = self._followed[group][0] if group in self._followed else ""
            counted, self._counted = self._counted, Counter()

        def look(redis: Any) -> list[Any]:
            pipe = redis.pipeline(transaction=False)
            pipe.get(f"{_PREFIX}{group}:a:{exact}")
            pipe.xrange(f"{_PREFIX}{group}:near", f"({last}" if last else "-", "+", count=2 * RING)
            _add(pipe, counted)
            body, rows, *_ = pipe.execute(raise_on_error=False)
            for refused in (body, rows):
                if isinstance(refused, Exception):
                    raise refused
            return [body, rows]  # a full server counts nothing, and still has its answers

        answers = self._ask(look)
        if answers is None:
            with self._lock:
                self._counted.update(counted)
            return None
        body: bytes | None = answers[0]
        self._follow(group, answers[1], gone=exact if body is None else None)
        return body

    def near(self, group: str, vector: Vector, *, distance: float) -> list[Kept]:
        """Return the queries of a group within a cosine distance, as far as the last look knows."""
        with self._lock:
            followed = self._followed.get(group)
            return [] if followed is None else followed[1].near(vector, distance=distance)

    def keep(self, group: str, exact: str, body: bytes, *, vector: Vector | None, text: str | None) -> None:
        """Keep an answer, and add its query to the group's stream, which ends with its last answer."""

        def put(redis: Any) -> Any:
            pipe = redis.pipeline(transaction=False)
            pipe.set(f"{_PREFIX}{group}:a:{exact}", body, px=self._ttl_ms)
            if vector is not None:
                said = {} if text is None else {"q": text.encode("utf-8", "surrogatepass")}
                row = {"x": exact, "v": vector.astype("<f4").tobytes(), **said}
                pipe.xadd(f"{_PREFIX}{group}:near", row, maxlen=RING, approximate=False)
                pipe.pexpire(f"{_PREFIX}{group}:near", self._ttl_ms)
            return pipe.execute()

        self._ask(put)

    def count(self, place: str, name: str) -> None:
        """Count what became of a recall of an index; it is sent with the next look."""
        with self._lock:
            self._counted[place, name] += 1

    def counts(self, place: str) -> Mapping[str, int] | None:
        """Return what was counted of an index by all who share the server; None where it does not answer."""
        self._flush()
        found = self._ask(lambda redis: redis.hgetall(f"{_PREFIX}counts:{place}"))
        return None if found is None else {name.decode("ascii", "replace"): int(value) for name, value in found.items()}

    def state(self, place: str | None = None) -> ShelfState:
        """Return what the server holds; every key of ours is looked at."""

        def measure(redis: Any) -> tuple[int, int]:
            keys = list(self._answers(redis, place))
            pipe = redis.pipeline(transaction=False)
            for key in keys:
                pipe.strlen(key)
            return len(keys), sum(pipe.execute()) if keys else 0

        found = self._ask(measure)
        return ShelfState(self._label, found is not None, *(found or (None, None)))

    def clear(self, place: str | None = None) -> int:
        """Drop all answers, or those of one index, with the queries that led to them."""

        def drop(redis: Any) -> int:
            answers = list(self._answers(redis, place))
            for key in (*answers, *{key.rpartition(b":a:")[0] + b":near" for key in answers}):
                redis.unlink(key)
            return len(answers)

        with self._lock:
            self._followed.clear()
        return self._ask(drop) or 0

    def close(self) -> None:
        """Send what was counted, and close the connections."""
        self._flush()
        with self._lock:
            redis, self._redis = self._redis, None
        if redis is not None:
            redis.close()

    def _answers(self, redis: Any, place: str | None) -> Iterator[bytes]:
        # Digests are hexadecimal, so that nothing of a name is a pattern.
        yield from redis.scan_iter(match=f"{_PREFIX}{'' if place is None else f'*{place}'}*:a:*", count=_SCANNED)

    def _flush(self) -> None:
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if counted:

            def send(redis: Any) -> Any:
                pipe = redis.pipeline(transaction=False)
                _add(pipe, counted)
                return pipe.execute()

            self._ask(send)

    def _follow(self, group: str, rows: list[tuple[bytes, dict[bytes, bytes]]], *, gone: str | None) -> None:
        with self._lock:
            last, ring = self._followed.pop(group, ("", Ring()))
            if gone is not None:
                ring.drop(gone)
            for number, row in rows:
                last = number.decode("ascii", "replace")
                _learn(ring, row)
            self._followed[group] = last, ring
            while len(self._followed) > _GROUPS:
                self._followed.popitem(last=False)

    def _ask(self, what: Callable[[Any], _Answer]) -> _Answer | None:
        """Return what the server says; None where it does not answer, or refuses."""
        if not self._patience.ready():
            return None
        try:
            answer = what(self._opened())
        except self._faults as fault:
            # A full memory or a missing right is an answer: only silence makes it wait.
            if not _is_refusal(fault):
                self._patience.failed()
            return None
        self._patience.worked()
        return answer

    def _opened(self) -> Any:
        with self._lock:
            if self._redis is None:
                faults = importlib.import_module("redis.exceptions")
                # What a cluster says while none of its nodes answers is no RedisError.
                self._faults = (OSError, faults.RedisError, faults.RedisClusterException)
                self._redis = self._connect()
            return self._redis


def _learn(ring: Ring, row: Mapping[bytes, bytes]) -> None:
    text = row.get(b"q")
    try:
        vector = np.frombuffer(row[b"v"], "<f4")
        said = None if text is None else text.decode("utf-8", "surrogatepass")
        ring.add(row[b"x"].decode("ascii"), vector, said)
    except (KeyError, ValueError):
        return  # not a row that we wrote


def _add(pipe: Any, counted: Mapping[tuple[str, str], int]) -> None:
    for (place, name), count in counted.items():
        pipe.hincrby(f"{_PREFIX}counts:{place}", name, count)
        pipe.expire(f"{_PREFIX}counts:{place}", _COUNTS_S)


def _is_refusal(fault: Exception) -> bool:
    return isinstance(fault, importlib.import_module("redis.exceptions").ResponseError)
