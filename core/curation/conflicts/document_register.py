"""The register over documents, for a ledger in Amazon S3: a few dozen documents, each changed by its version.

Cards lie in shards by their ids: their texts in one document, what people did about them in another, which is small and
changes often. Who changes a shard reads it and writes it only if nobody else has; else it is done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final

from core.curation.conflicts.card import Card, Decision
from core.curation.conflicts.case import Acts, Case, decisions_of
from core.curation.conflicts.register import Change
from core.curation.conflicts.stored import acts_from, acts_json, card_json, case_from, parsed
from core.curation.journal import ANY_VERSION, Document, Documents
from core.errors import ChangedMeanwhileError

__all__ = ["DocumentRegister"]

_CARDS, _ACTS, _CHECKED, _REVISION = "conflict-cards", "conflict-acts", "conflict-checked", "conflict-revision"
_NAME: Final = "now"
_SHARDS: Final = 64
_ATTEMPTS: Final = 50
Rows = dict[str, Any]


class DocumentRegister:
    """The cases of one stream."""

    def __init__(self, documents: Documents, stream: str) -> None:
        self._documents, self._stream = documents, stream

    def put_cards(self, cards: Iterable[Card], *, judge: str, checked: Mapping[str, str]) -> int:
        """Keep what a scan found, and return how many cards are new; what was checked comes last."""
        new = 0
        for shard, found in _by_shard({card.id: card for card in cards}).items():
            written = {card_id: card_json(card) for card_id, card in found.items()}
            before = self._update(_CARDS, shard, partial(_met_again, found=written))
            new += len(written.keys() - before.keys())
            self._update(_ACTS, shard, partial(_opened, ids=written))
        for shard, hashes in _by_shard(checked).items():
            self._update(_CHECKED, f"{shard}/{judge}", partial(_with, found=hashes))
        self._touch()
        return new

    def checked(self, judge: str) -> dict[str, str]:
        """Return what the judge of a tag has looked at: content hash by key."""
        return {
            key: str(digest)
            for document in self._documents.every(self._stream, _CHECKED)
            if document.name.partition("/")[2] == judge
            for key, digest in _rows(document).items()
        }

    def forget_checked(self, keys: Collection[str] | None = None) -> None:
        """Forget that memories were looked at, None for all."""
        for document in self._documents.every(self._stream, _CHECKED):
            if keys is None:
                self._documents.remove(self._stream, _CHECKED, document.name)
            elif not _rows(document).keys().isdisjoint(keys):
                self._update(_CHECKED, document.name, partial(_without, names=keys))
        self._touch()

    def cards(self, ids: Collection[str] | None = None) -> list[Card]:
        """Return cards by the time at which they were found."""
        return [case.card for case in self.cases(ids)]

    def cases(self, ids: Collection[str] | None = None) -> list[Case]:
        """Return cases by the time at which their cards were found."""
        if ids is None:
            cards, acts = ({each.name: _rows(each) for each in self._every(kind)} for kind in (_CARDS, _ACTS))
        else:
            shards = _by_shard(dict.fromkeys(ids))
            cards = {shard: _only(_rows(self._get(_CARDS, shard)), wanted) for shard, wanted in shards.items()}
            acts = {shard: _rows(self._get(_ACTS, shard)) for shard, rows in cards.items() if rows}
        found = [case for shard, rows in cards.items() for case in _cases(rows, acts.get(shard, {}))]
        return sorted(found, key=lambda case: (case.card.found_at, case.card.id))

    def acts(self, ids: Collection[str]) -> list[Acts]:
        """Return what people did about cards."""
        found: list[Acts] = []
        for shard, wanted in _by_shard(dict.fromkeys(ids)).items():
            cards = _rows(self._get(_CARDS, shard)).keys() & wanted.keys()
            acts = _rows(self._get(_ACTS, shard)) if cards else {}
            found += [parsed("card", partial(acts_from, card, acts.get(card, {}))) for card in cards]
        return found

    def cases_with(self, hashes: Collection[str]) -> list[Case]:
        """Return the cases with a side of these content hashes."""
        wanted = set(hashes)
        ids = [
            card
            for each in self._every(_CARDS)
            for card, said in _rows(each).items()
            if not wanted.isdisjoint(_hashes(said))
        ]
        return self.cases(ids)

    def unsettled(self) -> list[Case]:
        """Return the cases with a decision for which something is still to be done."""
        rows = {card: acts for each in self._every(_ACTS) for card, acts in _rows(each).items() if acts.get("rulings")}
        return [case for case in self.cases(rows) if any(ruling.unsettled for ruling in case.rulings)] if rows else []

    def decisions(self, card: str | None = None) -> list[Decision]:
        """Return the decisions in force by their time."""
        return decisions_of(self.cases(None if card is None else [card]))

    def change(self, ids: Collection[str], change: Change) -> list[Case]:
        """Return the cases of some ids after a change: each shard at once."""
        changed: list[Case] = []
        for shard, wanted in _by_shard(dict.fromkeys(ids)).items():
            cards = _only(_rows(self._get(_CARDS, shard)), wanted)
            after: dict[str, Case] = {}

            def act(rows: Rows, cards: Rows = cards, after: dict[str, Case] = after) -> Rows:
                before = {case.card.id: case for case in _cases(cards, rows)}
                after.clear()
                after.update((card, change(case)) for card, case in before.items())
                said = {card: acts_json(case) for card, case in after.items() if case is not before[card]}
                return rows | said if said else rows

            if cards:
                self._update(_ACTS, shard, act)
                changed += after.values()
        if changed:
            self._touch()
        return changed

    def forget(self, *, keys: Collection[str], hashes: Collection[str]) -> int:
        """Destroy the cases with a side of these content hashes, and what was checked under these keys.

        Also older versions, and those of a removal that was cut off before it came to them.
        """
        gone: list[Case] = []
        for document in self._every(_CARDS):
            found = [case for case in _cases(_rows(document), {}) if case.is_of(keys=keys, hashes=hashes)]
            ours = {case.card.id for case in found}
            gone += found
            for kind in (_ACTS, _CARDS):  # the texts last: by them it is found again
                if ours:
                    self._update(kind, document.name, partial(_without, names=ours))
                self._documents.scrub(self._stream, kind, document.name)
        self.forget_checked({*keys, *(key for case in gone for key in case.keys)})
        return len(gone)

    def revision(self) -> str:
        """Return an opaque text that is another one after each change."""
        found = self._get(_REVISION, _NAME)
        return "" if found is None else found.version

    def _every(self, kind: str) -> list[Document]:
        return self._documents.every(self._stream, kind)

    def _get(self, kind: str, name: str) -> Document | None:
        return self._documents.get(self._stream, kind, name)

    def _touch(self) -> None:
        self._documents.put(self._stream, _REVISION, _NAME, {}, expected=ANY_VERSION)

    def _update(self, kind: str, name: str, change: Callable[[Rows], Rows]) -> Rows:
        """Write what `change` makes of a document, if it is another, and return what was there; again where it came late."""
        for attempt in range(_ATTEMPTS):
            found = self._get(kind, name)
            before = _rows(found)
            after = change(before)
            if after == before:
                return before
            try:
                self._documents.put(self._stream, kind, name, {"rows": after}, expected=found.version if found else None)
                return before
            except ChangedMeanwhileError:
                if attempt + 1 == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")


def _shard(name: str) -> str:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=2).digest()
    return f"{int.from_bytes(digest, 'big') % _SHARDS:02x}"


def _by_shard(rows: Mapping[str, Any]) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for name, value in rows.items():
        found.setdefault(_shard(name), {})[name] = value
    return found


def _rows(document: Document | None) -> Rows:
    return {} if document is None else parsed("shard", lambda: dict(document.value["rows"]))


def _cases(cards: Rows, acts: Rows) -> list[Case]:
    return [case_from(said, acts.get(card, {})) for card, said in cards.items()]


def _with(rows: Rows, found: Rows) -> Rows:
    return {**rows, **found}


def _met_again(rows: Rows, found: Rows) -> Rows:
    """Return the cards with those that a scan found; of a known one the time stays."""
    known = {card: {**said, "found_at": rows[card]["found_at"]} for card, said in found.items() if card in rows}
    return {**rows, **found, **known}


def _opened(rows: Rows, ids: Collection[str]) -> Rows:
    """Return what people did, with these cards open again."""
    return {card: {**said, "closed": ""} if card in ids and said.get("closed") else said for card, said in rows.items()}


def _hashes(card: Any) -> list[str]:
    return parsed("card", lambda: [str(card[side]["hash"]) for side in ("left", "right")])


def _only(rows: Rows, wanted: Collection[str]) -> Rows:
    return {name: value for name, value in rows.items() if name in wanted}


def _without(rows: Rows, names: Collection[str]) -> Rows:
    return {name: value for name, value in rows.items() if name not in names}
