"""The journal over the objects of a bucket."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from core.curation.conflicts.document_register import DocumentRegister
from core.curation.journal import Draft, Entry, Image
from core.curation.ledgers.s3.bucket import Bucket
from core.curation.ledgers.s3.chain import Chain, Pacing
from core.curation.ledgers.s3.documents import S3Documents
from core.curation.ledgers.s3.lease import Leases
from core.curation.ledgers.s3.location import S3Location
from core.curation.ledgers.s3.packs import Packs

__all__ = ["S3Journal", "S3Ledger"]


def _token() -> str:
    return uuid.uuid4().hex


class S3Journal:
    """Entries and images as objects."""

    def __init__(self, bucket: Bucket, *, clock: Callable[[], datetime], pacing: Pacing, new_id: Callable[[], str]) -> None:
        self._bucket = bucket
        self._chain = Chain(bucket, pacing=pacing, new_id=new_id)
        self._packs = Packs(bucket, new_id=new_id)
        self._leases = Leases(bucket, clock=clock, new_id=new_id)

    def append(self, stream: str, draft: Draft, images: Sequence[Image] = ()) -> Entry:
        """Write the images, then the entry that names them: one that nobody names is as if it were not there."""
        self._bucket.check_writable()
        self._leases.renew(stream)
        pack = self._packs.write(stream, images) if images else None
        return self._chain.append(stream, draft, pack)

    def entries(self, stream: str, *, plan_id: str | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield entries in order: all, those above a number, or those of one plan."""
        for kept in self._chain.kept(stream, after=after):
            if plan_id is None or kept.entry.plan_id == plan_id:
                yield kept.entry

    def streams(self) -> list[str]:
        """Return the streams that have entries."""
        return self._chain.streams()

    def images(self, stream: str, number: int, *, keys: Collection[str] | None = None) -> dict[str, Image]:
        """Return the images of one entry, by key, those that were not purged."""
        kept = self._chain.one(stream, number)
        if kept is None or kept.pack is None:
            return {}
        wanted = None if keys is None else set(keys)
        found = self._packs.read(stream, kept.pack.name)
        return {image.key: image for image in found if wanted is None or image.key in wanted}

    def holding(self, stream: str, keys: Collection[str]) -> dict[str, list[int]]:
        """Return the numbers of the entries that hold an image of each key, in order."""
        wanted = set(keys)
        packs = [(kept.entry.number, kept.pack) for kept in self._chain.kept(stream) if kept.pack]
        packs = [(number, pack) for number, pack in packs if not wanted.isdisjoint(pack.keys)]
        there = self._packs.names(stream) if packs else {}
        found: dict[str, list[int]] = {}
        for number, pack in packs:
            for key in wanted.intersection(self._packs.keys(stream, pack, there.get(pack.name))):
                found.setdefault(key, []).append(number)
        return found

    def purge(self, stream: str, keys: Collection[str]) -> int:
        """Destroy every image of these keys and return how many there were; the caller appends `purged` first."""
        self._bucket.check_writable()
        wanted, named, ours = set(keys), set[str](), set[str]()
        for kept in self._chain.kept(stream):
            if kept.pack:
                named.add(kept.pack.name)
                if not wanted.isdisjoint(kept.pack.keys):
                    ours.add(kept.pack.name)
        # A pack that no entry names is what a crash left between the two: it may hold these keys too.
        ours.update(self._packs.names(stream).keys() - named)
        return sum(self._packs.strip(stream, name, wanted) for name in sorted(ours))

    def lease(self, stream: str, *, plan_id: str, actor: str) -> AbstractContextManager[None]:
        """Hold the only right to change an index through the machine; raise BusyError where somebody else has it."""
        return self._leases.held(stream, plan_id=plan_id, actor=actor)

    def renew(self, stream: str) -> None:
        """Keep the lease, if it is held here, from ending while no entry is written; raise BusyError where it is lost."""
        self._leases.renew(stream)

    def close(self) -> None:
        """Release the connections."""
        self._bucket.close()


class S3Ledger:
    """The journal and the documents below one prefix of a bucket. Nothing is asked of it before it is used."""

    def __init__(
        self,
        location: S3Location,
        *,
        read_only: bool,
        clock: Callable[[], datetime],
        pacing: Pacing | None = None,
        new_id: Callable[[], str] = _token,
    ) -> None:
        bucket = Bucket(location, read_only=read_only)
        pacing = pacing or Pacing(time.sleep, random.random)
        self.label = location.label
        self.journal = S3Journal(bucket, clock=clock, pacing=pacing, new_id=new_id)
        self.documents = S3Documents(bucket, new_id=new_id)

    def register(self, stream: str) -> DocumentRegister:
        """Return the register of the possible conflicts of an index."""
        return DocumentRegister(self.documents, stream)

    def close(self) -> None:
        """Release both."""
        self.journal.close()
