"""The register in a SQLite file beside the journal: a change is one transaction, so nobody comes in between."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import apsw

from core.curation.conflicts.card import Card, Decision
from core.curation.conflicts.case import Acts, Case, case_of, decisions_of
from core.curation.conflicts.kept import KeptCases
from core.curation.conflicts.register import Change
from core.curation.conflicts.stored import acts_from, acts_json, card_json, case_from, parsed
from core.curation.ledgers.database import Database, raw
from core.curation.ledgers.reading import as_json

__all__ = ["FILE", "SCHEMA", "SqliteRegister"]

FILE: Final = "conflicts.sqlite"
SCHEMA: Final = """
CREATE TABLE card (
  stream BLOB, id BLOB, found BLOB, a BLOB, b BLOB, unsettled INTEGER, body BLOB, acts BLOB, UNIQUE (stream, id)) STRICT;
CREATE INDEX card_a ON card (stream, a);
CREATE INDEX card_b ON card (stream, b);
CREATE INDEX card_unsettled ON card (stream) WHERE unsettled;
CREATE TABLE checked (stream BLOB, judge BLOB, key BLOB, hash BLOB, PRIMARY KEY (stream, judge, key)) STRICT, WITHOUT ROWID;
CREATE TABLE revision (stream BLOB PRIMARY KEY, number INTEGER) STRICT, WITHOUT ROWID;
"""
_SOME: Final = 500  # ids looked up at once
_NOTHING: Final = b"{}"
_ORDER: Final = "ORDER BY found, id"


class SqliteRegister:
    """The cases of one stream; the file is shared with the other streams of its ledger."""

    def __init__(self, database: Database, stream: str) -> None:
        self._database, self._stream = database, raw(stream)
        self._kept = KeptCases(_case)

    def put_cards(self, cards: Iterable[Card], *, judge: str, checked: Mapping[str, str]) -> int:
        """Keep what a scan found, and return how many cards are new."""
        found = {card.id: card for card in cards}
        if not found and not checked:
            return 0
        with self._writing() as connection:
            known = {case.card.id: case for case in self._cases(connection, found)}
            for card in found.values():
                self._put(connection, known[card.id].met_again(card) if card.id in known else case_of(card))
            connection.executemany(
                "INSERT OR REPLACE INTO checked VALUES (?, ?, ?, ?)",
                ((self._stream, raw(judge), raw(key), raw(digest)) for key, digest in checked.items()),
            )
        return len(found) - len(known)

    def checked(self, judge: str) -> dict[str, str]:
        """Return what the judge of a tag has looked at: content hash by key."""
        rows = self._database.rows(
            "SELECT key, hash FROM checked WHERE stream = ? AND judge = ?", (self._stream, raw(judge))
        )
        return {_text(key): _text(digest) for key, digest in rows}

    def forget_checked(self, keys: Collection[str] | None = None) -> None:
        """Forget that memories were looked at, None for all."""
        if not self._database.exists:
            self._database.check_writable()
            return
        with self._writing() as connection:
            if keys is None:
                connection.execute("DELETE FROM checked WHERE stream = ?", (self._stream,))
            else:
                self._uncheck(connection, keys)

    def cards(self, ids: Collection[str] | None = None) -> list[Card]:
        """Return cards by the time at which they were found."""
        return [case.card for case in self.cases(ids)]

    def cases(self, ids: Collection[str] | None = None) -> list[Case]:
        """Return cases by the time at which their cards were found."""
        if ids is None:
            query = "SELECT body, acts FROM card WHERE stream = ?"
            return self._kept.of(self.revision(), lambda: self._database.rows(query, (self._stream,)))
        found = [case for query, arguments in _wanted("body", self._stream, ids) for case in self._read(query, arguments)]
        return _in_order(found)

    def acts(self, ids: Collection[str]) -> list[Acts]:
        """Return what people did about cards."""
        rows = [
            row for query, arguments in _wanted("id", self._stream, ids) for row in self._database.rows(query, arguments)
        ]
        return [parsed("card", partial(_acts, *row)) for row in rows]

    def cases_with(self, hashes: Collection[str]) -> list[Case]:
        """Return the cases with a side of these content hashes."""
        wanted, found = [raw(each) for each in dict.fromkeys(hashes)], {}
        for some in _chunks(wanted):
            for side in ("a", "b"):
                query = f"SELECT body, acts FROM card WHERE stream = ? AND {side} IN ({_marks(some)})"
                found.update({case.card.id: case for case in self._read(query, (self._stream, *some))})
        return _in_order(found.values())

    def unsettled(self) -> list[Case]:
        """Return the cases with a decision for which something is still to be done."""
        return self._read(f"SELECT body, acts FROM card WHERE stream = ? AND unsettled {_ORDER}", (self._stream,))

    def decisions(self, card: str | None = None) -> list[Decision]:
        """Return the decisions in force by their time."""
        return decisions_of(self.cases(None if card is None else [card]))

    def change(self, ids: Collection[str], change: Change) -> list[Case]:
        """Return the cases of some ids after a change; all of them in one transaction."""
        changed: list[Case] = []
        if not self._database.exists:
            self._database.check_writable()
            return changed
        with self._writing() as connection:
            for case in self._cases(connection, ids):
                after = change(case)
                if after is not case:
                    self._put(connection, after)
                changed.append(after)
        return changed

    def forget(self, *, keys: Collection[str], hashes: Collection[str]) -> int:
        """Destroy the cases with a side of these content hashes, and what was checked under these keys."""
        self._database.check_writable()
        if not self._database.exists:
            return 0
        with self._writing() as connection:
            rows = connection.execute("SELECT body, acts FROM card WHERE stream = ?", (self._stream,))
            gone = [case for case in (_case(*row) for row in rows) if case.is_of(keys=keys, hashes=hashes)]
            connection.executemany(
                "DELETE FROM card WHERE stream = ? AND id = ?", ((self._stream, raw(case.card.id)) for case in gone)
            )
            self._uncheck(connection, {*keys, *(key for case in gone for key in case.keys)})
        self._kept.forget()
        # Also where nothing was found: an earlier removal may have been cut off before it. Changes moved rows before.
        self._database.scrub_or_raise(rewrite=True)
        return len(gone)

    def revision(self) -> str:
        """Return an opaque text that is another one after each change."""
        rows = self._database.rows("SELECT number FROM revision WHERE stream = ?", (self._stream,))
        return str(rows[0][0]) if rows else ""

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """Run the block in one transaction, which gives the stream another revision."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO revision VALUES (?, 1) ON CONFLICT (stream) DO UPDATE SET number = number + 1", (self._stream,)
            )
            yield connection

    def _put(self, connection: apsw.Connection, case: Case) -> None:
        card, acts = case.card, acts_json(case)
        unsettled = any(ruling.unsettled for ruling in case.rulings)
        connection.execute(
            "INSERT OR REPLACE INTO card VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._stream,
                raw(card.id),
                raw(card_json(card)["found_at"]),
                raw(card.left.hash),
                raw(card.right.hash),
                int(unsettled),
                as_json(card_json(card)),
                as_json(acts) if acts else _NOTHING,
            ),
        )

    def _cases(self, connection: apsw.Connection, ids: Collection[str]) -> list[Case]:
        wanted = _wanted("body", self._stream, ids)
        return [_case(*row) for query, arguments in wanted for row in connection.execute(query, arguments)]

    def _read(self, query: str, arguments: tuple[Any, ...]) -> list[Case]:
        return [_case(*row) for row in self._database.rows(query, arguments)]

    def _uncheck(self, connection: apsw.Connection, keys: Collection[str]) -> None:
        judges = connection.execute("SELECT DISTINCT judge FROM checked WHERE stream = ?", (self._stream,)).fetchall()
        connection.executemany(
            "DELETE FROM checked WHERE stream = ? AND judge = ? AND key = ?",
            ((self._stream, judge, raw(key)) for (judge,) in judges for key in dict.fromkeys(keys)),
        )


def _case(body: bytes, acts: bytes) -> Case:
    return parsed("card", lambda: case_from(json.loads(body), _json(acts)))


def _acts(card_id: bytes, acts: bytes) -> Acts:
    return acts_from(_text(card_id), _json(acts))


def _json(acts: bytes) -> dict[str, Any]:
    return {} if acts == _NOTHING else dict(json.loads(acts))


def _wanted(column: str, stream: bytes, ids: Collection[str]) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Yield the queries for a column and what people did of some cards, each with its arguments."""
    for some in _chunks([raw(each) for each in dict.fromkeys(ids)]):
        yield f"SELECT {column}, acts FROM card WHERE stream = ? AND id IN ({_marks(some)})", (stream, *some)


def _chunks(wanted: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (wanted[start : start + _SOME] for start in range(0, len(wanted), _SOME))


def _marks(some: Sequence[bytes]) -> str:
    return ", ".join("?" * len(some))


def _in_order(cases: Iterable[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (case.card.found_at, case.card.id))


def _text(kept: bytes) -> str:
    return kept.decode("utf-8", "surrogatepass")
