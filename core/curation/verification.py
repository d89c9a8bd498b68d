"""Whether a journal is the one that was written: every entry in its place, unchanged, with the images that it names.

The chain shows what was changed, dropped, put in or moved, up to its last entry. That its end was cut off shows only who
remembers the hash of an entry that was there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from core.curation.journal import Entry, Image, Journal, Kind
from core.errors import JournalError
from core.memory.fields import preview

__all__ = ["Flaw", "Head", "Verification", "verify"]

_SHOWN: Final = 3  # keys named in one sentence


class Head(NamedTuple):
    """The last entry of a stream."""

    number: int
    hash: str


class Flaw(NamedTuple):
    """What is wrong with the entry of a number, in words."""

    number: int
    wrong: str


@dataclass(frozen=True)
class Verification:
    """What was checked and what is wrong, in the order of the entries.

    `unpurged` is what an entry says was erased and is still there: an erasure that was cut off, which repeating it ends.
    """

    stream: str
    entries: int
    images: int
    broken: tuple[Flaw, ...]
    unpurged: tuple[Flaw, ...]
    head: Head | None

    @property
    def sound(self) -> bool:
        """Say whether the journal is what was written."""
        return not self.broken

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "stream": self.stream,
            "sound": self.sound,
            "entries": self.entries,
            "images": self.images,
            "broken": [flaw._asdict() for flaw in self.broken],
            "unpurged": [flaw._asdict() for flaw in self.unpurged],
            "head": None if self.head is None else self.head._asdict(),
        }


def verify(
    journal: Journal,
    stream: str,
    *,
    expected: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Read all of a stream and return what was found; `expected` is the hash of an entry that must be in it."""
    checked = _Checked(journal, stream)
    for item in _readable(journal, stream):
        checked.add(item)
        if progress:
            progress(checked.number)
    return checked.outcome(expected)


def _readable(journal: Journal, stream: str) -> Iterator[Entry | JournalError]:
    """Yield the entries, and for one that cannot be read the error that says why."""
    after: int | None = 0
    while after is not None:
        entries = journal.entries(stream, after=after)
        after = None
        try:
            yield from entries
        except JournalError as error:
            yield error
            after = error.number


@dataclass
class _Told:
    """How far a plan got."""

    plan_hash: str
    begun: bool = False
    ended: bool = False
    prepared: set[Any] = field(default_factory=set)


class _Checked:
    """A stream, as far as it was read."""

    def __init__(self, journal: Journal, stream: str) -> None:
        self._journal, self._stream = journal, stream
        self.number, self._hash, self._entries, self._images = 0, "", 0, 0
        self._broken: list[Flaw] = []
        self._unpurged: list[Flaw] = []
        self._plans: dict[str, _Told] = {}
        self._hashes: set[str] = set()
        self._missing: dict[str, list[int]] = {}
        self._there: dict[str, list[int]] = {}

    def add(self, item: Entry | JournalError) -> None:
        """Check the next entry."""
        self._entries += 1
        if isinstance(item, JournalError):
            number = item.number or self.number + 1
            self._place(number)
            self._says(number, str(item))
            self.number, self._hash = max(number, self.number), ""
            return
        number = item.number
        self._place(number)
        self._chain(item, number)
        self._order(item, number)
        if item.kind is Kind.PREPARED:
            self._check_images(item, number)
        if item.kind is Kind.PURGED:
            self._check_purged(item, number)
        self.number, self._hash = max(number, self.number), item.hash
        self._hashes.add(item.hash)

    def outcome(self, expected: str | None) -> Verification:
        """Return what was found once all has been read."""
        for key, numbers in self._missing.items():
            for number in numbers:
                self._says(number, f"the image of {preview(key)} is missing, and no later entry says that it was erased")
        if expected is not None and expected not in self._hashes:
            self._says(
                self.number + 1,
                f"no entry has the hash {preview(expected)}: the journal was cut off after entry {self.number:,}, or is "
                "another one",
            )
        head = Head(self.number, self._hash) if self._entries else None
        broken = tuple(sorted(self._broken))
        return Verification(self._stream, self._entries, self._images, broken, tuple(self._unpurged), head)

    def _says(self, number: int, wrong: str) -> None:
        self._broken.append(Flaw(number, wrong))

    def _place(self, number: int) -> None:
        awaited = self.number + 1
        if number > awaited:
            gone = f"entry {awaited:,} is" if number == awaited + 1 else f"entries {awaited:,} to {number - 1:,} are"
            self._says(awaited, f"{gone} missing")
            self._hash = ""
        elif number < awaited:
            self._says(awaited, f"entry {number:,} stands in the place of entry {awaited:,}")

    def _chain(self, entry: Entry, number: int) -> None:
        if entry.stream != self._stream:
            self._says(number, f"it belongs to the journal of {preview(entry.stream)}")
        # After one that is missing or cannot be read nobody knows what must stand here.
        if entry.previous != self._hash and (self._hash or number == 1):
            self._says(number, "it does not follow the entry before it")
        if entry.hash != entry.expected_hash():
            self._says(number, "it was changed after it was written")

    def _order(self, entry: Entry, number: int) -> None:
        plan = self._plans.setdefault(entry.plan_id, _Told(entry.plan_hash))
        name, batch = f"plan {preview(entry.plan_id)}", entry.body.get("batch")
        if entry.plan_hash != plan.plan_hash:
            self._says(number, f"{name} has another hash than in its first entry")
        if entry.kind is Kind.BEGUN:
            plan.begun, plan.ended = True, False
            return
        if not plan.begun:
            self._says(number, f"{name} is {entry.kind} and was never begun")
        elif plan.ended and entry.kind is not Kind.PURGED:
            self._says(number, f"{name} is {entry.kind} after it had ended")
        if entry.kind is Kind.PREPARED:
            plan.prepared.add(_hashable(batch))
        elif entry.kind is Kind.APPLIED and _hashable(batch) not in plan.prepared:
            self._says(number, f"batch {preview(str(batch))} of {name} is applied and was never prepared")
        plan.ended = plan.ended or entry.kind is Kind.ENDED

    def _check_images(self, entry: Entry, number: int) -> None:
        named = _named(entry)
        if named is None:
            self._says(number, "its changes cannot be read")
            return
        try:
            images = self._journal.images(self._stream, number)
        except JournalError as error:
            self._says(number, str(error))
            return
        self._images += len(images)
        for key, digest in named.items():
            image = images.get(key)
            if image is None:
                self._missing.setdefault(key, []).append(number)
                continue
            self._there.setdefault(key, []).append(number)
            if not _fits(image, key, digest):
                self._says(number, f"the image of {preview(key)} was changed after it was written")
        if extra := [key for key in images if key not in named]:
            self._says(number, f"it has images that it does not name: {_some(extra)}")

    def _check_purged(self, entry: Entry, number: int) -> None:
        keys = entry.body.get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            self._says(number, "its keys cannot be read")
            return
        for key in keys:
            self._missing.pop(key, None)
        if left := [key for key in keys if key in self._there]:
            self._unpurged.append(Flaw(number, f"images that it says were erased are still there: {_some(left)}"))


def _named(entry: Entry) -> dict[str, str] | None:
    """Return the digest of each key that has an image; None where the body is no list of changes."""
    try:
        named = {change["key"]: change["image"] for change in entry.body["changes"] if change["image"] is not None}
    except (KeyError, TypeError):
        return None
    return named if all(isinstance(text, str) for pair in named.items() for text in pair) else None


def _fits(image: Image, key: str, digest: str) -> bool:
    return image.key == key and image.digest == digest


def _hashable(batch: Any) -> Any:
    return batch if isinstance(batch, int | str) else repr(batch)


def _some(keys: list[str]) -> str:
    shown = ", ".join(preview(key) for key in keys[:_SHOWN])
    return shown if len(keys) <= _SHOWN else f"{shown} and {len(keys) - _SHOWN:,} more"
