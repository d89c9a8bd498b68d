"""Images in S3: those of one entry in one object, written before the entry that names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Final

from core.curation.journal import Image
from core.curation.ledgers.reading import as_json
from core.curation.ledgers.s3.bucket import Bucket, TakenError
from core.curation.ledgers.s3.chain import Pack
from core.curation.ledgers.s3.location import place_of
from core.errors import ChangedMeanwhileError, JournalError, MnemoscopeError

__all__ = ["Packs"]

_ATTEMPTS: Final = 20


class Packs:
    """The packs of all streams. One that has lost all its images is removed."""

    def __init__(self, bucket: Bucket, *, new_id: Callable[[], str]) -> None:
        self._bucket, self._new_id = bucket, new_id

    def write(self, stream: str, images: Sequence[Image]) -> Pack:
        """Write the images of an entry that is still to come."""
        name = self._new_id()
        etag = self._bucket.put(_key(stream, name), _json(images))
        return Pack(name, etag, tuple(image.key for image in images))

    def read(self, stream: str, name: str) -> list[Image]:
        """Return the images of a pack, those that were not purged."""
        stored = self._bucket.get(_key(stream, name))
        return [] if stored is None else _images(name, stored.body)

    def names(self, stream: str) -> dict[str, str]:
        """Return the ETag of each pack that there is."""
        folder = _key(stream, "").removesuffix(".json")
        listed = self._bucket.listed(folder)
        return {found.key.removeprefix(folder).removesuffix(".json"): found.etag for found in listed}

    def keys(self, stream: str, pack: Pack, etag: str | None) -> Collection[str]:
        """Return the keys of the images that a pack still has; `etag` is the one it has now, None if it is gone."""
        if etag is None:
            return ()
        if etag == pack.etag:
            return pack.keys
        return {image.key for image in self.read(stream, pack.name)}

    def strip(self, stream: str, name: str, keys: Collection[str]) -> int:
        """Destroy the images of these keys in a pack, in every version of it, and return how many there were."""
        key, gone = _key(stream, name), 0
        for _ in range(_ATTEMPTS):
            stored = self._bucket.get(key)
            images = [] if stored is None else _images(name, stored.body)
            left = [image for image in images if image.key not in keys]
            gone = max(gone, len(images) - len(left))  # the answer to our own write can be lost, and then it was done
            if stored is None or not left:
                self._bucket.remove(key)
                return gone
            try:
                if len(left) < len(images):
                    self._bucket.put(key, _json(left), etag=stored.etag)
            except TakenError:
                continue
            self._bucket.keep_latest(key)  # also where nothing was found: an earlier purge may have been cut off before it
            return gone
        raise _never_ours(name)


def _never_ours(name: str) -> MnemoscopeError:
    return ChangedMeanwhileError(f"The images {name} are being changed by somebody else again and again: try again later.")


def _key(stream: str, name: str) -> str:
    return f"{place_of(stream)}/images/{name}.json"


def _json(images: Sequence[Image]) -> bytes:
    return as_json([image.to_json() for image in images])


def _images(name: str, body: bytes) -> list[Image]:
    try:
        values = json.loads(body)
        if not isinstance(values, list):
            raise TypeError("it is no list")
        return [Image.from_json(value) for value in values]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MnemoscopeError) as error:
        raise JournalError(f"The images {name} cannot be read ({error}): restore them from a backup.") from error
