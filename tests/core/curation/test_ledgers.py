"""What every ledger does: SQLite, and S3 with and without versions."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.curation.journal import Document, Kind
from core.curation.verification import verify
from core.errors import BusyError, ChangedMeanwhileError, StorageReadOnlyError
from tests.core.curation.ledger_builders import AT, STREAM, draft, make_image, prepared, write_plan
from tests.core.curation.ledger_places import Directory, Place

NAMES = st.text(st.characters(), min_size=1, max_size=40)  # surrogates too: arguments of commands can have them


def test_nothing_is_made_before_the_first_write(place: Place) -> None:
    ledger = place.open()
    assert ledger.journal.streams() == []
    assert list(ledger.journal.entries(STREAM)) == []
    assert ledger.journal.images(STREAM, 1) == {}
    assert ledger.journal.holding(STREAM, ["a"]) == {}
    assert ledger.journal.purge(STREAM, ["a"]) == 0
    assert ledger.documents.get(STREAM, "golden", "q") is None
    assert ledger.documents.every(STREAM, "golden") == []
    assert ledger.documents.remove(STREAM, "golden", "q") is False
    assert not isinstance(place, Directory) or not place.directory.exists()


def test_entries_are_chained_and_read_back(place: Place) -> None:
    written = write_plan(place.open().journal, [make_image("a")])
    written += write_plan(place.open().journal, [make_image("b")], "p2")
    journal = place.open().journal
    assert list(journal.entries(STREAM)) == written
    assert [entry.number for entry in written] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [entry.previous for entry in written] == ["", *(entry.hash for entry in written[:-1])]
    assert all(entry.hash == entry.expected_hash() for entry in written)
    assert list(journal.entries(STREAM, after=6)) == written[6:]
    assert list(journal.entries(STREAM, plan_id="p2")) == written[4:]
    assert list(journal.entries(STREAM, plan_id="p2", after=5)) == written[5:]
    assert list(journal.entries(STREAM, plan_id="\udcff")) == []


def test_streams_are_chains_of_their_own(place: Place) -> None:
    journal = place.open().journal
    streams = ["mnemoscope/team", "mnemoscope/team.old", "other-bucket/team", "a/b c%2Fd/é\u202e/=2F.."]
    written = {stream: write_plan(journal, [make_image("a", stream)], stream=stream) for stream in streams}
    assert place.open().journal.streams() == sorted(streams)
    assert {stream: list(journal.entries(stream)) for stream in streams} == written
    assert all(journal.images(stream, 2)["a"].before.metadata["content"] == stream for stream in streams)
    assert journal.purge(streams[0], ["a"]) == 1
    assert all(journal.holding(stream, ["a"]) == {"a": [2]} for stream in streams[1:])


def test_a_long_journal_is_read_page_by_page(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "7")
    journal = place.open().journal
    written = [journal.append(STREAM, draft(Kind.PURGED, keys=[], images=n)) for n in range(70)]
    again = place.open().journal
    assert list(again.entries(STREAM)) == written
    assert list(again.entries(STREAM, after=51)) == written[51:]
    assert again.append(STREAM, draft(Kind.PURGED, keys=[], images=0)).number == 71


def test_a_time_of_any_zone_is_kept_as_utc(place: Place) -> None:
    journal = place.open().journal
    draft_ = draft(Kind.PURGED, keys=[], images=0)
    local = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    entry = journal.append(STREAM, type(draft_)(**{**vars(draft_), "at": local}))
    (found,) = journal.entries(STREAM)
    assert found == entry
    assert found.at.utcoffset() == timedelta(0)


def test_images_come_back_to_the_byte(place: Place) -> None:
    odd = {"content": "é\u0000\ud800 \U0001f98a", "big": 2**70, "tiny": -0.0, "list": [1, True, 2.5], "": ""}
    images = [make_image("a"), make_image("new", None, after="ab"), make_image("k/é\n\u0000")]
    images[0].before.metadata.update(odd)
    journal = place.open().journal
    journal.append(STREAM, prepared(images), images)
    found = place.open().journal.images(STREAM, 1)
    assert found == {image.key: image for image in images}
    assert [found[image.key].digest for image in images] == [image.digest for image in images]
    assert found["a"].before.vector.tobytes() == images[0].before.vector.tobytes()
    assert set(journal.images(STREAM, 1, keys=["a", "k/é\n\u0000", "z"])) == {"a", "k/é\n\u0000"}
    assert journal.images(STREAM, 1, keys=[]) == {}
    assert journal.images(STREAM, 2) == {}


def test_an_entry_has_all_its_images_or_is_not_there(place: Place) -> None:
    journal = place.open().journal
    broken = make_image("b")
    broken.before.metadata["content"] = object()
    with pytest.raises(TypeError):
        journal.append(STREAM, draft(Kind.PREPARED, batch=0, changes=[]), [make_image("a"), broken])
    assert list(journal.entries(STREAM)) == []
    assert journal.holding(STREAM, ["a"]) == {}
    assert journal.append(STREAM, draft(Kind.PURGED, keys=[], images=0)).number == 1


def test_who_holds_an_image_of_a_key(place: Place) -> None:
    journal = place.open().journal
    for plan in ("p1", "p2", "p3"):
        write_plan(journal, [make_image("often"), make_image(f"only {plan}")], plan)
    assert journal.holding(STREAM, ["often", "only p2", "never"]) == {"often": [2, 6, 10], "only p2": [6]}
    assert journal.purge(STREAM, ["often"]) == 3
    assert place.open().journal.holding(STREAM, ["often", "only p2"]) == {"only p2": [6]}
    assert set(journal.images(STREAM, 6)) == {"only p2"}


def test_nothing_stays_of_what_was_purged(place: Place) -> None:
    ledger = place.open()
    plans = [[make_image(f"k{plan}-{n}", f"secret-{plan}-{n}-text " * 40) for n in range(60)] for plan in range(5)]
    for number, images in enumerate(plans):
        write_plan(ledger.journal, images, f"p{number}")
    gone = [image for images in plans for image in images[::7]]
    kept = [image for images in plans for image in images if image not in gone]
    ledger.journal.append(STREAM, draft(Kind.PURGED, keys=[image.key for image in gone], images=len(gone)))
    assert ledger.journal.purge(STREAM, [image.key for image in gone] + ["never there"]) == len(gone)
    assert ledger.journal.purge(STREAM, [image.key for image in gone]) == 0
    content = place.content()
    assert [image.key for image in gone if _said(image) in content] == []
    assert all(_said(image) in content for image in kept)
    assert sum(len(ledger.journal.images(STREAM, 2 + 4 * number)) for number in range(5)) == len(kept)
    assert verify(ledger.journal, STREAM).sound
    everything = [image.key for images in plans for image in images]
    assert ledger.journal.purge(STREAM, everything) == len(kept)
    assert b"secret-" not in place.content()


def _said(image: object) -> bytes:
    return image.before.metadata["content"].split()[0].encode()


def test_documents_have_versions(place: Place) -> None:
    documents, others = place.open().documents, place.open().documents
    first = documents.put(STREAM, "golden", "q", {"text": "é"}, expected=None)
    assert others.get(STREAM, "golden", "q") == first == Document("q", {"text": "é"}, first.version)
    with pytest.raises(ChangedMeanwhileError, match="golden 'q'"):
        others.put(STREAM, "golden", "q", 0, expected=None)
    second = others.put(STREAM, "golden", "q", {"text": "é"}, expected=first.version)
    assert second.version != first.version
    with pytest.raises(ChangedMeanwhileError):
        documents.put(STREAM, "golden", "q", 0, expected=first.version)
    third = documents.put(STREAM, "golden", "q", [1])
    assert others.every(STREAM, "golden") == [third]
    assert others.remove(STREAM, "golden", "q") is True
    assert documents.remove(STREAM, "golden", "q") is False
    with pytest.raises(ChangedMeanwhileError):
        documents.put(STREAM, "golden", "q", 0, expected=third.version)
    fourth = documents.put(STREAM, "golden", "q", [1], expected=None)
    assert fourth.version not in (first.version, second.version, third.version)


def test_documents_are_listed_by_stream_kind_and_name(place: Place) -> None:
    documents = place.open().documents
    for stream, kind, name in (("s", "plan", "b"), ("s", "plan", "a"), ("s", "plans", "c"), ("s2", "plan", "d")):
        documents.put(stream, kind, name, name.upper())
    assert [(found.name, found.value) for found in documents.every("s", "plan")] == [("a", "A"), ("b", "B")]


def test_nothing_stays_of_a_document_that_was_removed(place: Place) -> None:
    documents = place.open().documents
    for turn in range(3):
        for n in range(30):
            documents.put(STREAM, "plan", f"d{n}", {"body": f"draft-{n}-{turn} " * 60})
    for n in range(0, 30, 3):
        assert documents.remove(STREAM, "plan", f"d{n}")
    content = place.content()
    left = {n for n in range(30) for turn in range(3) if f"draft-{n}-{turn} ".encode() in content}
    assert left == {n for n in range(30) if n % 3}
    assert len(documents.every(STREAM, "plan")) == 20


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    kind=NAMES,
    value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)),
)
def test_names_and_values_may_be_anything(place: Place, names: list[str], kind: str, value: object) -> None:
    documents = place.ledger.documents
    for name in names:
        documents.put(STREAM, kind, name, [name, value])
    assert [(each.name, each.value) for each in documents.every(STREAM, kind)] == [(n, [n, value]) for n in sorted(names)]
    assert all(documents.get(STREAM, kind, name).value == [name, value] for name in names)
    assert all(documents.remove(STREAM, kind, name) for name in names)
    assert documents.every(STREAM, kind) == []


def test_long_names_do_not_collide(place: Place) -> None:
    documents = place.open().documents
    names = ["é" * 400, "é" * 400 + "x", "é" * 399]
    for name in names:
        documents.put(STREAM, "golden", name, len(name))
    assert [found.name for found in documents.every(STREAM, "golden")] == sorted(names)


def test_one_changes_an_index_at_a_time(place: Place) -> None:
    mine, theirs = place.open().journal, place.open().journal
    with mine.lease(STREAM, plan_id="p1", actor="ann\x1b[31m"):
        for journal in (mine, theirs):
            with (
                pytest.raises(BusyError, match=r"ann has been changing mnemoscope/team \(plan p1\) since 20") as caught,
                journal.lease(STREAM, plan_id="p2", actor="bob"),
            ):
                pass
            assert "try again when it has ended" in str(caught.value)
            assert f"{place.clock():%Y-%m-%d %H:%M:%S} UTC" in str(caught.value)
        with theirs.lease("mnemoscope/other", plan_id="p2", actor="bob"):
            theirs.append(STREAM, draft(Kind.PURGED, keys=[], images=0))  # what is written without it has its place too
    with theirs.lease(STREAM, plan_id="p2", actor="bob"):
        pass


def test_a_lease_ends_with_its_block_and_lets_errors_through(place: Place) -> None:
    journal = place.open().journal
    with pytest.raises(FileNotFoundError, match="mine"), journal.lease(STREAM, plan_id="p1", actor="ann"):
        raise FileNotFoundError("mine")
    with place.open().journal.lease(STREAM, plan_id="p2", actor="bob"):
        pass


def test_reading_only_changes_nothing(place: Place) -> None:
    reading = place.open(read_only=True)
    assert list(reading.journal.entries(STREAM)) == []
    assert not isinstance(place, Directory) or not place.directory.exists()
    ledger = place.open()
    write_plan(ledger.journal, [make_image("a")])
    ledger.documents.put(STREAM, "golden", "q", 1)
    assert len(list(reading.journal.entries(STREAM))) == 4
    assert reading.documents.get(STREAM, "golden", "q").value == 1
    for change in (
        lambda: reading.journal.append(STREAM, draft(Kind.BEGUN)),
        lambda: reading.journal.append(STREAM, draft(Kind.BEGUN), [make_image("a")]),
        lambda: reading.journal.purge(STREAM, ["a"]),
        lambda: reading.journal.lease(STREAM, plan_id="p", actor="ann").__enter__(),
        lambda: reading.documents.put(STREAM, "golden", "q", 2),
        lambda: reading.documents.remove(STREAM, "golden", "q"),
    ):
        with pytest.raises(StorageReadOnlyError, match="reading only"):
            change()
    assert json.dumps(ledger.documents.get(STREAM, "golden", "q").value) == "1"


def test_a_ledger_says_where_it_is(place: Place) -> None:
    assert place.open().label == (place.where if isinstance(place, Directory) else f"s3://{place.bucket}/journal")
