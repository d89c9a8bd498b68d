"""Documents in S3: an object each, whose ETag is the version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

from core.curation.journal import ANY_VERSION, Document
from core.curation.ledgers.documents import changed_meanwhile, unreadable_document
from core.curation.ledgers.reading import as_json
from core.curation.ledgers.s3.bucket import Bucket, Stored, TakenError
from core.curation.ledgers.s3.location import place_of

__all__ = ["S3Documents"]

_LONGEST: Final = 200  # of a name in a key, which has 1,024 bytes


class S3Documents:
    """Documents by stream, kind and name. In a versioned bucket older versions stay until the document is removed."""

    def __init__(self, bucket: Bucket, *, new_id: Callable[[], str]) -> None:
        self._bucket, self._new_id = bucket, new_id

    def get(self, stream: str, kind: str, name: str) -> Document | None:
        """Return a document, None where there is none."""
        stored = self._bucket.get(_key(stream, kind, name))
        return None if stored is None else _document(name, stored)

    def put(self, stream: str, kind: str, name: str, value: Any, *, expected: str | None = ANY_VERSION) -> Document:
        """Keep a document if its version is the one expected."""
        key = _key(stream, kind, name)
        # The token makes the ETag another one, also where the same value is kept again.
        said = {"name": name, "value": value, "token": self._new_id()}
        body = as_json(said)
        try:
            etag = self._bucket.put(
                key, body, new=expected is None, etag=None if expected in (None, ANY_VERSION) else expected
            )
        except TakenError:
            stored = self._bucket.get(key)
            if stored is None or stored.body != body:  # else it was our own write, whose answer was lost
                raise changed_meanwhile(kind, name) from None
            etag = stored.etag
        return _document(name, Stored(body, etag))

    def remove(self, stream: str, kind: str, name: str) -> bool:
        """Remove every version of a document and say whether there was one."""
        return self._bucket.remove(_key(stream, kind, name))

    def scrub(self, stream: str, kind: str, name: str) -> None:
        """Destroy what a document was before."""
        self._bucket.keep_latest(_key(stream, kind, name))

    def every(self, stream: str, kind: str) -> list[Document]:
        """Return all documents of a kind, by name."""
        keys = [found.key for found in self._bucket.listed(_folder(stream, kind))]
        stored = zip(keys, self._bucket.many(keys), strict=True)
        found = [_document(key, each) for key, each in stored if each is not None]  # one may have gone since
        return sorted(found, key=lambda document: document.name)


def _folder(stream: str, kind: str) -> str:
    return f"{place_of(stream)}/documents/{place_of(kind)}/"


def _key(stream: str, kind: str, name: str) -> str:
    place = place_of(name)
    if len(place) > _LONGEST:
        place = f"{place[: _LONGEST - 65]}~{hashlib.sha256(place.encode()).hexdigest()}"
    return f"{_folder(stream, kind)}{place}.json"


def _document(name: str, stored: Stored) -> Document:
    """Return the document of an object; `name` is what a message calls it."""
    try:
        said = json.loads(stored.body)
        return Document(said["name"], said["value"], stored.etag)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise unreadable_document(name, error) from error
