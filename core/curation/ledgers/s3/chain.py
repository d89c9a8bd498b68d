"""The entries of a stream in S3: one immutable object each, numbered without gaps by conditional writes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from core.curation.journal import Draft, Entry, chained
from core.curation.ledgers.reading import as_json, entry_from, unreadable_entry
from core.curation.ledgers.s3.bucket import Bucket, Listed, TakenError
from core.curation.ledgers.s3.location import name_of, place_of
from core.errors import JournalError, UnavailableError

__all__ = ["Chain", "Kept", "Pacing", "Pack"]

_NUMBER: Final = re.compile(r"(?P<number>\d{12})\.json")
_WINDOW: Final = 64  # entries fetched together
_ATTEMPTS: Final = 60
_FIRST_WAIT, _LONGEST_WAIT = 0.02, 1.0  # seconds


class Pack(NamedTuple):
    """The object with the images of one entry: its name, the ETag that it was written with, and the keys in it."""

    name: str
    etag: str
    keys: tuple[str, ...]


class Kept(NamedTuple):
    """An entry and where its images are."""

    entry: Entry
    pack: Pack | None


@dataclass(frozen=True)
class Pacing:
    """How a writer waits that was too late: a random part of a time that doubles."""

    sleep: Callable[[float], None]
    random: Callable[[], float]

    def wait(self, attempt: int) -> None:
        """Wait before the next attempt."""
        self.sleep(self.random() * min(_FIRST_WAIT * 2**attempt, _LONGEST_WAIT))


class Chain:
    """All streams' entries. What was fetched is kept in memory, and fetched anew where its ETag is another one."""

    def __init__(self, bucket: Bucket, *, pacing: Pacing, new_id: Callable[[], str]) -> None:
        self._bucket, self._pacing, self._new_id = bucket, pacing, new_id
        self._bodies: dict[str, tuple[str, bytes]] = {}
        self._tops: dict[str, int] = {}
        self._lock = threading.Lock()

    def streams(self) -> list[str]:
        """Return the streams that have entries."""
        places = [place for place in self._bucket.folders() if next(self._bucket.listed(f"{place}/entries/"), None)]
        return sorted(name_of(place) for place in places)

    def kept(self, stream: str, *, after: int = 0) -> Iterator[Kept]:
        """Yield the entries above a number, in order."""
        listed = self._bucket.listed(_folder(stream), after=_key(stream, after) if after > 0 else "")
        while window := list(islice(listed, _WINDOW)):
            self._fetch(window)
            for found in window:
                if number := _number(found.key):
                    yield self._parsed(stream, number)

    def one(self, stream: str, number: int) -> Kept | None:
        """Return one entry, None where there is none."""
        key = _key(stream, number)
        if key not in self._bodies:
            stored = self._bucket.get(key)
            if stored is None:
                return None
            self._bodies[key] = (stored.etag, stored.body)
        return self._parsed(stream, number)

    def append(self, stream: str, draft: Draft, pack: Pack | None) -> Entry:
        """Give the draft the next place, however many others write at the same time."""
        token = self._new_id()
        with self._lock:
            for attempt in range(_ATTEMPTS):
                before = self._last(stream)
                number = before.number + 1 if before else 1
                entry = chained(draft, stream=stream, number=number, previous=before.hash if before else "")
                if self._written(stream, entry, pack, token):
                    return entry
                self._pacing.wait(attempt)
        raise UnavailableError(
            f"The journal of {stream} at {self._bucket.label} could not be written: others wrote first, {_ATTEMPTS} times. "
            "Try again in a moment."
        )

    def _written(self, stream: str, entry: Entry, pack: Pack | None, token: str) -> bool:
        key = _key(stream, entry.number)
        value = {"entry": entry.to_json(), "images": None if pack is None else pack._asdict(), "writer": token}
        body = as_json(value)
        try:
            etag = self._bucket.put(key, body, new=True)
        except TakenError:
            found = self._bucket.get(key)
            # The answer to our own write can be lost, and boto3 then sends it again.
            if found is None or found.body != body:
                return False
            etag = found.etag
        self._bodies[key] = (etag, body)
        self._tops[stream] = entry.number
        return True

    def _last(self, stream: str) -> Entry | None:
        top = self._tops.get(stream, 0)
        for found in self._bucket.listed(_folder(stream), after=_key(stream, top) if top else ""):
            top = max(top, _number(found.key))
        if not top:
            return None
        self._tops[stream] = top
        kept = self.one(stream, top)
        if kept is None:
            raise JournalError(
                f"Entry {top:,} in the journal of {stream} at {self._bucket.label} is gone: verify the journal.", number=top
            )
        return kept.entry

    def _fetch(self, window: list[Listed]) -> None:
        """Bring the bodies of these objects up to date."""
        new = [found.key for found in window if self._bodies.get(found.key, ("",))[0] != found.etag]
        for key, stored in zip(new, self._bucket.many(new), strict=True):
            if stored is not None:
                self._bodies[key] = (stored.etag, stored.body)

    def _parsed(self, stream: str, number: int) -> Kept:
        try:
            value = json.loads(self._bodies[_key(stream, number)][1])
            images, said = value["images"], value["entry"]
            pack = (
                None if images is None else Pack(str(images["name"]), str(images["etag"]), tuple(map(str, images["keys"])))
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise unreadable_entry(stream, number, error) from error
        return Kept(entry_from(said, stream=stream, number=number), pack)


def _folder(stream: str) -> str:
    return f"{place_of(stream)}/entries/"


def _key(stream: str, number: int) -> str:
    return f"{_folder(stream)}{number:012d}.json"


def _number(key: str) -> int:
    """Return the number of an entry's key, 0 for another object's."""
    match = _NUMBER.fullmatch(key.rpartition("/")[2])
    return int(match["number"]) if match else 0
