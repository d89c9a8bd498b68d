"""The right to change an index, as an object in S3 that expires: its holder renews it with every entry.

Whoever comes after the expiry takes it over by a conditional write, so the clocks of two machines may differ by less than
its time to live, no more.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from core.curation.ledgers.leases import busy
from core.curation.ledgers.s3.bucket import Bucket, Stored, TakenError
from core.curation.ledgers.s3.location import place_of
from core.errors import BusyError, MnemoscopeError
from core.hostile import one_line

__all__ = ["TIME_TO_LIVE", "Leases"]

TIME_TO_LIVE: Final = timedelta(seconds=120)
_FRESH: Final = TIME_TO_LIVE * 3 / 4  # with that much left nobody can have taken it over
_ATTEMPTS: Final = 5


@dataclass
class _Lease:
    said: dict[str, str]
    etag: str
    until: datetime


class Leases:
    """The leases that this ledger holds. Thread-safe."""

    def __init__(self, bucket: Bucket, *, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self._bucket, self._clock, self._new_id = bucket, clock, new_id
        self._mine: dict[str, dict[int, _Lease]] = {}  # by stream and thread: one may take over what another let expire
        self._lock = threading.Lock()

    @contextmanager
    def held(self, stream: str, *, plan_id: str, actor: str) -> Iterator[None]:
        """Hold the lease of a stream during the block; raise BusyError where somebody else has it."""
        self._bucket.check_writable()
        now = self._clock().astimezone(UTC)
        said = {"plan_id": plan_id, "actor": actor, "since": now.isoformat(), "token": self._new_id()}
        lease = self._taken(stream, said)
        thread = threading.get_ident()
        with self._lock:
            self._mine.setdefault(stream, {})[thread] = lease
        try:
            yield
        finally:
            with self._lock:
                del self._mine[stream][thread]
            # One that cannot be given back, or is another's by now, ends by itself.
            with suppress(MnemoscopeError, TakenError):
                self._bucket.put(_key(stream), _json(said, self._clock()), etag=lease.etag)

    def renew(self, stream: str) -> None:
        """Renew the lease of a stream, if it is held here; raise BusyError where it ended and another has taken it over."""
        with self._lock:
            lease = self._here(stream)
            if lease is None or lease.until - self._clock() > _FRESH:
                return
            until = self._clock() + TIME_TO_LIVE
            try:
                lease.etag = self._bucket.put(_key(stream), _json(lease.said, until), etag=lease.etag)
            except TakenError:
                stored = self._bucket.get(_key(stream))
                if stored is None or _read(stored).get("token") != lease.said["token"]:
                    raise BusyError(
                        f"The right to change {one_line(stream, 160)} ended after {TIME_TO_LIVE.seconds} seconds without an "
                        "entry, and another plan has it now: nothing more was done. Apply the plan again when that ends."
                    ) from None
                lease.etag = stored.etag  # it was our own write, whose answer was lost
            lease.until = until

    def _here(self, stream: str) -> _Lease | None:
        """Return the lease of this thread, or the only one that there is."""
        held = self._mine.get(stream, {})
        return held.get(threading.get_ident()) or (next(iter(held.values())) if len(held) == 1 else None)

    def _taken(self, stream: str, said: dict[str, str]) -> _Lease:
        for _ in range(_ATTEMPTS):
            now = self._clock()
            until = now + TIME_TO_LIVE
            stored = self._bucket.get(_key(stream))
            if stored is not None:
                other = _read(stored)
                if other.get("token") == said["token"]:
                    return _Lease(said, stored.etag, datetime.fromisoformat(other["until"]))
                if other and datetime.fromisoformat(other["until"]) > now:
                    raise _busy(stream, other)
            # Nobody has it, or it has expired: the first of those who see that takes it.
            with suppress(TakenError):
                etag = self._bucket.put(
                    _key(stream), _json(said, until), new=stored is None, etag=stored.etag if stored else None
                )
                return _Lease(said, etag, until)
        raise BusyError(f"Others are taking turns at {one_line(stream, 160)}: try again in a moment.")


def _busy(stream: str, other: dict[str, Any]) -> BusyError:
    since, until = (datetime.fromisoformat(other[name]) for name in ("since", "until"))
    return busy(stream, plan_id=other["plan_id"], actor=other["actor"], since=since, until=until)


def _key(stream: str) -> str:
    return f"{place_of(stream)}/lease.json"


def _json(said: dict[str, str], until: datetime) -> bytes:
    return json.dumps(said | {"until": until.astimezone(UTC).isoformat()}, ensure_ascii=True).encode("ascii")


def _read(stored: Stored) -> dict[str, Any]:
    """Return what a lease says; nothing where it cannot be read, for then nobody can have it."""
    try:
        value: dict[str, Any] = json.loads(stored.body)
        times = [datetime.fromisoformat(value[name]) for name in ("since", "until")]
        if any(time.tzinfo is None for time in times):
            return {}
        return value if isinstance(value["plan_id"], str) and isinstance(value["actor"], str) else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
