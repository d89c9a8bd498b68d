"""What is SQLite's own: files that are damaged, replaced, newer or in use."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from core.curation.journal import Kind
from core.curation.ledgers import open_ledger
from core.curation.verification import verify
from core.errors import (
    JournalError,
    StorageCorruptError,
    StorageError,
    StorageLocationError,
    StorageVersionError,
    UnavailableError,
)
from tests.core.curation.ledger_builders import STREAM, draft, make_image, write_plan
from tests.core.curation.ledger_places import Directory
from tests.core.snapshot_builders import Clock

PURGED = draft(Kind.PURGED, keys=[], images=0)


@pytest.fixture
def directory(tmp_path: Path, clock: Clock):
    place = Directory(tmp_path, clock)
    yield place
    place.close()


def sql(directory: Directory, statement: str, *, file: str = "journal.sqlite") -> None:
    with closing(apsw.Connection(str(directory.directory / file))) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("where", ["plain", "file"])
def test_a_ledger_is_opened_by_its_address(tmp_path: Path, where: str) -> None:
    address = str(tmp_path / "a") if where == "plain" else (tmp_path / "a").as_uri()
    with closing(open_ledger(address)) as ledger:
        ledger.journal.append(STREAM, PURGED)
        assert ledger.label == str(tmp_path / "a")
    assert (tmp_path / "a" / "journal.sqlite").exists()


def test_what_is_made_is_for_its_owner(directory: Directory) -> None:
    directory.ledger.journal.append(STREAM, PURGED)
    assert stat.S_IMODE(directory.directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("file", ["journal.sqlite", "documents.sqlite"])
def test_a_file_that_is_none_of_ours_is_left_alone(directory: Directory, file: str) -> None:
    directory.directory.mkdir()
    (directory.directory / file).write_bytes(b"not a database" * 1_000)
    with pytest.raises(StorageCorruptError, match=file):
        _ = directory.ledger.journal.streams(), directory.ledger.documents.every(STREAM, "plan")
    assert (directory.directory / file).read_bytes() == b"not a database" * 1_000


def test_a_journal_of_a_newer_version_is_left_alone(directory: Directory) -> None:
    with closing(directory.open()) as ledger:
        ledger.journal.append(STREAM, PURGED)
    sql(directory, "PRAGMA user_version = 99")
    with pytest.raises(StorageVersionError, match="newer Mnemoscope"):
        directory.ledger.journal.append(STREAM, PURGED)


def test_a_journal_that_was_deleted_while_it_was_in_use(directory: Directory) -> None:
    journal = directory.ledger.journal
    journal.append(STREAM, PURGED)
    (directory.directory / "journal.sqlite").unlink()
    for use in (lambda: journal.append(STREAM, PURGED), journal.streams):
        with pytest.raises(StorageError, match="deleted or replaced while it was in use"):
            use()


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with closing(open_ledger(tmp_path / "file")) as ledger, pytest.raises(StorageLocationError):
        ledger.journal.append(STREAM, PURGED)


def test_a_closed_ledger_says_so(directory: Directory) -> None:
    ledger = directory.open()
    ledger.journal.append(STREAM, PURGED)
    ledger.close()
    ledger.close()
    for use in (ledger.journal.streams, lambda: ledger.journal.append(STREAM, PURGED)):
        with pytest.raises(StorageError, match="has been closed"):
            use()


def test_rows_that_cannot_be_read_are_named(directory: Directory) -> None:
    journal, documents = directory.ledger.journal, directory.ledger.documents
    write_plan(journal, [make_image("a")])
    documents.put(STREAM, "golden", "q", 1)
    sql(directory, "UPDATE image SET body = X'7B'")
    sql(directory, "UPDATE entry SET body = X'7B' WHERE number = 4")
    sql(directory, "UPDATE document SET value = X'7B'", file="documents.sqlite")
    with pytest.raises(JournalError, match="image of 'a' in entry 2 cannot be read"):
        journal.images(STREAM, 2)
    with pytest.raises(JournalError, match="Entry 4 in the journal of mnemoscope/team cannot be read") as caught:
        journal.append(STREAM, PURGED)
    assert caught.value.number == 4
    with pytest.raises(JournalError, match="document 'q' cannot be read"):
        documents.every(STREAM, "golden")
    assert [flaw.number for flaw in verify(journal, STREAM).broken] == [2, 4]


def test_a_reader_that_does_not_end_keeps_a_purge_from_ending(directory: Directory) -> None:
    ledger = directory.ledger
    write_plan(ledger.journal, [make_image("a", "the secret")])
    ledger.documents.put(STREAM, "plan", "p", "the secret")
    for name in ("journal", "documents"):
        with closing(apsw.Connection(str(directory.directory / f"{name}.sqlite"))) as reader:
            reader.execute("BEGIN; SELECT count(*) FROM sqlite_schema")
            part = getattr(ledger, name)
            part._database._connection.set_busy_timeout(0)  # nobody waits ten seconds in a test
            with pytest.raises(UnavailableError, match="try again when that has ended"):
                part.purge(STREAM, ["a"]) if name == "journal" else part.remove(STREAM, "plan", "p")
    assert b"the secret" in directory.content()
    assert ledger.journal.purge(STREAM, ["a"]) == 0
    assert ledger.documents.remove(STREAM, "plan", "p") is False
    assert b"the secret" not in directory.content()
