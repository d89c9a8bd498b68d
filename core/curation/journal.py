"""The journal: what was done to an index, by whom, when and why, with what it takes to take it back.

Append-only, one chain for each index (a stream, "bucket/index"). An entry names the hash of the one before it, so that
nobody can change, drop or insert one without being seen. A plan leaves these entries, each durable before the next step:

    begun      the plan's title, policy, counts and what its pre-flight said
    prepared   one batch: each change with the salted digest of its before-image, the images beside it; then it is sent
    applied    the same batch: what became of each key
    ended      the state that the plan was left in
    purged     before-images that were erased

Images are kept beside the chain: erasing takes them away, and their digests (which are salted) stay and tell nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from core.memory.record import Record

if TYPE_CHECKING:
    from core.curation.conflicts.register import Register

__all__ = ["ANY_VERSION", "Document", "Documents", "Draft", "Entry", "Image", "Journal", "Kind", "Ledger", "chained"]


class Kind(StrEnum):
    """What an entry says of a plan."""

    BEGUN = "begun"
    PREPARED = "prepared"
    APPLIED = "applied"
    ENDED = "ended"
    PURGED = "purged"


@dataclass(frozen=True)
class Image:
    """What one key was before a change (None: nothing), and the fingerprint of what it is after it (None: nothing).

    `salt` is random, in hex: without it the digest in the chain tells nothing of a record that was erased.
    """

    key: str
    salt: str
    before: Record | None
    after: str | None

    @property
    def digest(self) -> str:
        """SHA-256 of all of it in hex, as the chain names it."""
        return hashlib.sha256(_canonical(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the image as JSON values."""
        before = None if self.before is None else self.before.to_json()
        return {"key": self.key, "salt": self.salt, "before": before, "after": self.after}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Image:
        """Return the image that `to_json` wrote."""
        before = value["before"]
        return cls(value["key"], value["salt"], None if before is None else Record.from_json(before), value["after"])


@dataclass(frozen=True)
class Draft:
    """An entry before it has its place in the chain. `body` is JSON; of `prepared` it has batch and changes."""

    kind: Kind
    plan_id: str
    plan_hash: str
    at: datetime
    actor: str
    reason: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """An entry of a stream: its number from 1, the hash of the one before ("" for the first), and its own."""

    stream: str
    number: int
    kind: Kind
    plan_id: str
    plan_hash: str
    at: datetime
    actor: str
    reason: str
    body: Mapping[str, Any]
    previous: str
    hash: str

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON values, its hash included."""
        return _plain(self) | {"hash": self.hash}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Entry:
        """Return the entry that `to_json` wrote; its hash is taken as it is (see `expected_hash`)."""
        at = datetime.fromisoformat(value["at"])
        return cls(**{**value, "kind": Kind(value["kind"]), "at": at})

    def expected_hash(self) -> str:
        """Return the hash that the entry must have."""
        return _hash(_plain(self))


def chained(draft: Draft, *, stream: str, number: int, previous: str) -> Entry:
    """Return a draft as the entry that follows `previous`."""
    entry = Entry(
        stream=stream,
        number=number,
        kind=draft.kind,
        plan_id=draft.plan_id,
        plan_hash=draft.plan_hash,
        at=draft.at.astimezone(UTC),
        actor=draft.actor,
        reason=draft.reason,
        body=json.loads(_canonical(dict(draft.body))),
        previous=previous,
        hash="",
    )
    return Entry(**{**vars(entry), "hash": entry.expected_hash()})


class Journal(Protocol):
    """Where entries and images are kept. Safe for threads and processes; what `append` returned survives a power cut."""

    def append(self, stream: str, draft: Draft, images: Sequence[Image] = ()) -> Entry:
        """Give the draft the next place in the chain, and keep its images with it: both or neither."""
        ...

    def entries(self, stream: str, *, plan_id: str | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield entries in order: all, those above a number, or those of one plan."""
        ...

    def streams(self) -> list[str]:
        """Return the streams that have entries."""
        ...

    def images(self, stream: str, number: int, *, keys: Collection[str] | None = None) -> dict[str, Image]:
        """Return the images of one entry, by key, those that were not purged."""
        ...

    def holding(self, stream: str, keys: Collection[str]) -> dict[str, list[int]]:
        """Return the numbers of the entries that hold an image of each key, in order."""
        ...

    def purge(self, stream: str, keys: Collection[str]) -> int:
        """Destroy every image of these keys and return how many there were; the caller appends `purged` first."""
        ...

    def lease(self, stream: str, *, plan_id: str, actor: str) -> AbstractContextManager[None]:
        """Hold the only right to change an index through the machine; raise BusyError where somebody else has it."""
        ...

    def renew(self, stream: str) -> None:
        """Keep the lease, if it is held here, from ending while no entry is written; raise BusyError where it is lost."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


@dataclass(frozen=True)
class Document:
    """A JSON value that was kept, and its version for the next write."""

    name: str
    value: Any
    version: str


ANY_VERSION: Final = "*"


class Documents(Protocol):
    """Small JSON documents beside the journal: pending plans, approvals, golden queries, rules; by stream, kind and name."""

    def get(self, stream: str, kind: str, name: str) -> Document | None:
        """Return a document, None where there is none."""
        ...

    def put(self, stream: str, kind: str, name: str, value: Any, *, expected: str | None = ANY_VERSION) -> Document:
        """Keep a document. `expected` is the version that it must have now, None that there must be none; else
        ChangedMeanwhileError is raised.
        """
        ...

    def remove(self, stream: str, kind: str, name: str) -> bool:
        """Remove a document and say whether there was one."""
        ...

    def every(self, stream: str, kind: str) -> list[Document]:
        """Return all documents of a kind, by name."""
        ...

    def scrub(self, stream: str, kind: str, name: str) -> None:
        """Destroy what a document was before, so that no byte of it stays; the document is as it is."""
        ...


class Ledger(Protocol):
    """The journal of a store with what lies beside it. `label` says where it is, to a person."""

    @property
    def label(self) -> str: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def documents(self) -> Documents: ...
    def register(self, stream: str) -> Register:
        """Return the register of the possible conflicts of an index."""
        ...

    def close(self) -> None:
        """Release all of it."""
        ...


def _plain(entry: Entry) -> dict[str, Any]:
    values = {name: value for name, value in vars(entry).items() if name != "hash"}
    return values | {"kind": str(entry.kind), "at": entry.at.astimezone(UTC).isoformat(), "body": dict(entry.body)}


def _hash(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
