"""What is S3's own: addresses, rights, leases that expire, answers that are lost, and what a crash leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.curation.journal import Kind
from core.curation.ledgers import open_ledger
from core.curation.ledgers.s3.bucket import Bucket, TakenError
from core.curation.ledgers.s3.chain import Pacing
from core.curation.ledgers.s3.ledger import S3Ledger
from core.curation.ledgers.s3.location import name_of, place_of, s3_location
from core.curation.verification import verify
from core.errors import (
    AccessDeniedError,
    BusyError,
    ConfigError,
    CredentialsError,
    JournalError,
    KmsError,
    MnemoscopeError,
    NotFoundError,
    UnavailableError,
)
from tests.core.curation.ledger_builders import STREAM, draft, make_image, prepared, write_plan
from tests.core.curation.ledger_places import S3

PURGED = draft(Kind.PURGED, keys=[], images=0)


def refusing(
    method: str,
    part: str,
    status: str = "403 Forbidden",
    code: str = "AccessDenied",
    *,
    times: int = 99,
    done: bool = False,
) -> Callable[[str], tuple[str, str, bool] | None]:
    """Return the script of an endpoint that answers so to calls of one method with a part of the path."""
    left = [times]

    def fault(call: str) -> tuple[str, str, bool] | None:
        if call.startswith(method) and part in call and left[0]:
            left[0] -= 1
            return status, code, done
        return None

    return fault


def test_moto_knows_the_conditions_that_the_ledger_relies_on(s3: S3) -> None:
    """If it did not, the tests of writers would show nothing."""
    bucket = Bucket(s3_location(s3.where), read_only=False)
    first = bucket.put("k", b"1", new=True)
    for late in ({"new": True}, {"etag": '"0"'}):
        with pytest.raises(TakenError):
            bucket.put("k", b"2", **late)
    second = bucket.put("k", b"2", etag=first)
    with pytest.raises(TakenError):
        bucket.put("k", b"3", etag=first)
    with pytest.raises(TakenError):
        bucket.put("gone", b"3", etag=second)
    assert bucket.get("k") == (b"2", second)
    bucket.close()


@pytest.mark.parametrize(
    ("uri", "bucket", "prefix"),
    [
        pytest.param("s3://my-journal", "my-journal", "", id="whole-bucket"),
        pytest.param("s3://my.journal/", "my.journal", "", id="slash"),
        pytest.param("S3://my-journal/a/b/?region=eu-west-1", "my-journal", "a/b/", id="prefix"),
    ],
)
def test_addresses(uri: str, bucket: str, prefix: str) -> None:
    found = s3_location(uri)
    assert (found.bucket, found.prefix) == (bucket, prefix)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        pytest.param("s3://", "must name a bucket", id="no-bucket"),
        pytest.param("s3://Upper", "must name a bucket", id="no-such-name"),
        pytest.param("s3://key:secret@bucket/x", "must not hold credentials", id="credentials"),
        pytest.param("s3://bucket?endpoint_url=http%3A%2F%2Fa%3Ab%40host", "must not hold credentials", id="in-endpoint"),
        pytest.param("s3://bucket?regoin=eu-west-1", "option 'regoin'", id="unknown-option"),
        pytest.param("s3://bucket#x", "option '#'", id="fragment"),
        pytest.param("s3://bucket?region=", "empty region", id="empty-option"),
        pytest.param("s3://[", "cannot be read", id="half-an-address"),
        pytest.param("s3vectors://bucket", "no place for one: name a directory, or s3://", id="vectors"),
        pytest.param("ftp://bucket", "scheme 'ftp'", id="other-scheme"),
    ],
)
def test_addresses_that_are_none(uri: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        open_ledger(uri)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["a/b", "..", "=2F", "é\u0000\ud800", "a b+%2F?#", "~-_."])
def test_any_name_is_one_part_of_a_key(name: str) -> None:
    place = place_of(name)
    assert name_of(place) == name
    assert place not in (".", "..")
    assert place.isascii()
    assert "/" not in place


def test_one_object_an_entry_and_one_for_its_images(s3: S3) -> None:
    write_plan(s3.ledger.journal, [make_image("a")])
    s3.ledger.documents.put(STREAM, "golden", "q 1", 1)
    with s3.ledger.journal.lease(STREAM, plan_id="p", actor="ann"):
        pass
    keys = sorted(key.removeprefix("journal/mnemoscope=2Fteam/") for key in s3.endpoint.keys(s3.bucket))
    assert keys[:5] == ["documents/golden/q=201.json", *(f"entries/{n:012d}.json" for n in range(1, 5))]
    assert keys[5].startswith("images/")
    assert keys[6:] == ["lease.json"]


def test_a_journal_that_was_read_is_not_fetched_again(s3: S3) -> None:
    for plan in ("p1", "p2"):
        write_plan(s3.open().journal, [make_image("a")], plan)
    journal = s3.open().journal
    assert len(list(journal.entries(STREAM))) == 8
    s3.endpoint.calls.clear()
    assert len(list(journal.entries(STREAM))) == 8
    assert journal.holding(STREAM, ["a"]) == {"a": [2, 6]}
    assert s3.endpoint.calls == [f"GET /{s3.bucket}"] * 3  # lists; no image is fetched to know where it is
    s3.endpoint.calls.clear()
    journal.append(STREAM, PURGED)
    assert [call.split()[0] for call in s3.endpoint.calls] == ["GET", "PUT"]


def test_a_crash_between_images_and_entry_leaves_no_entry_and_nothing_to_find(s3: S3) -> None:
    journal = s3.ledger.journal
    write_plan(journal, [make_image("a")])
    s3.endpoint.fault = refusing("PUT", "/entries/")
    images = [make_image("a", "an orphan's text"), make_image("b", "another orphan's text")]
    with pytest.raises(AccessDeniedError, match="s3:PutObject"):
        journal.append(STREAM, prepared(images, "p2"), images)
    s3.endpoint.fault = lambda _: None
    assert len(list(journal.entries(STREAM))) == 4
    assert journal.holding(STREAM, ["a", "b"]) == {"a": [2]}
    assert verify(journal, STREAM).sound
    assert b"orphan's" in s3.content()
    assert journal.purge(STREAM, ["a"]) == 2
    assert b"an orphan's" not in s3.content()
    assert journal.purge(STREAM, ["b"]) == 1
    assert b"orphan's" not in s3.content()


@pytest.mark.parametrize("s3", [True], indirect=True)
@pytest.mark.parametrize("keys", [["a"], ["a", "b"]], ids=["rewritten", "removed"])
def test_a_purge_that_was_cut_off_is_ended_by_the_next(s3: S3, keys: list[str]) -> None:
    journal = s3.ledger.journal
    write_plan(journal, [make_image("a", "the secret"), make_image("b")])
    s3.endpoint.fault = refusing("DELETE", "/images/")
    with pytest.raises(AccessDeniedError, match="s3:DeleteObjectVersion"):
        journal.purge(STREAM, keys)
    s3.endpoint.fault = lambda _: None
    assert b"the secret" in s3.content()
    journal.purge(STREAM, keys)
    assert b"the secret" not in s3.content()


def test_our_own_write_whose_answer_was_lost_is_ours(s3: S3) -> None:
    journal, documents = s3.ledger.journal, s3.ledger.documents

    def lease() -> None:
        with journal.lease(STREAM, plan_id="p", actor="ann"):
            pass

    for part, write in (
        ("/entries/", lambda: journal.append(STREAM, PURGED)),
        ("/images/", lambda: write_plan(journal, [make_image("a"), make_image("b")])),
        ("/images/", lambda: journal.purge(STREAM, ["a"]) == 1),
        ("/documents/", lambda: documents.put(STREAM, "golden", "q", 1, expected=None)),
        ("/lease.json", lease),
    ):
        s3.endpoint.fault = refusing("PUT", part, "500 Internal Server Error", "InternalError", times=1, done=True)
        write()
    assert [entry.number for entry in journal.entries(STREAM)] == [1, 2, 3, 4, 5]
    assert set(journal.images(STREAM, 3)) == {"b"}
    assert documents.get(STREAM, "golden", "q").value == 1


def test_a_writer_that_is_always_late_gives_up(s3: S3) -> None:
    waits: list[float] = []
    ledger = S3Ledger(s3_location(s3.where), read_only=False, clock=s3.clock, pacing=Pacing(waits.append, lambda: 1.0))
    s3.endpoint.fault = refusing("PUT", "/entries/", "412 Precondition Failed", "PreconditionFailed")
    with pytest.raises(UnavailableError, match="others wrote first, 60 times"):
        ledger.journal.append(STREAM, PURGED)
    assert waits[:7] == [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0]
    ledger.close()


def test_a_last_entry_that_is_gone_is_not_written_over(s3: S3) -> None:
    write_plan(s3.ledger.journal, [make_image("a")])
    journal = s3.open().journal
    s3.endpoint.fault = refusing("GET", "entries/000000000004", "404 Not Found", "NoSuchKey")
    with pytest.raises(JournalError, match=r"Entry 4 .* is gone"):
        journal.append(STREAM, PURGED)


def test_a_lease_lasts_while_its_holder_writes(s3: S3) -> None:
    mine, theirs = s3.ledger.journal, s3.open().journal
    with mine.lease(STREAM, plan_id="p1", actor="ann"):
        for _ in range(3):
            s3.clock.pass_(100)
            mine.append(STREAM, PURGED)
        s3.clock.pass_(100)
        with pytest.raises(BusyError, match="if its process has died"), theirs.lease(STREAM, plan_id="p2", actor="bob"):
            pass
    with theirs.lease(STREAM, plan_id="p2", actor="bob"):
        pass


def test_an_expired_lease_is_taken_over_and_who_had_it_stops(s3: S3) -> None:
    mine, theirs = s3.ledger.journal, s3.open().journal
    with mine.lease(STREAM, plan_id="p1", actor="ann"):
        s3.clock.pass_(121)
        with theirs.lease(STREAM, plan_id="p2", actor="bob"):
            theirs.append(STREAM, PURGED)
            with pytest.raises(BusyError, match="ended after 120 seconds without an entry, and another plan has it"):
                mine.append(STREAM, PURGED, [make_image("a")])
    assert [entry.number for entry in mine.entries(STREAM)] == [1]
    assert mine.holding(STREAM, ["a"]) == {}


def test_a_lease_may_be_taken_over_by_another_thread_of_the_same_ledger(s3: S3) -> None:
    journal = s3.ledger.journal
    taken, stopped = threading.Event(), threading.Event()

    def take_over() -> None:
        with journal.lease(STREAM, plan_id="p2", actor="bob"):
            journal.append(STREAM, PURGED)
            taken.set()
            assert stopped.wait(60)
            journal.append(STREAM, PURGED)

    with ThreadPoolExecutor(1) as pool, journal.lease(STREAM, plan_id="p1", actor="ann"):
        s3.clock.pass_(121)
        other = pool.submit(take_over)
        assert taken.wait(60)
        with pytest.raises(BusyError, match="another plan has it now"):
            journal.append(STREAM, PURGED)
        stopped.set()
        other.result()
    assert [entry.number for entry in journal.entries(STREAM)] == [1, 2]


def test_an_expired_lease_that_nobody_wanted_goes_on(s3: S3) -> None:
    journal = s3.ledger.journal
    with journal.lease(STREAM, plan_id="p1", actor="ann"):
        s3.clock.pass_(500)
        journal.append(STREAM, PURGED)
        with pytest.raises(BusyError), s3.open().journal.lease(STREAM, plan_id="p2", actor="bob"):
            pass


ZONELESS = b'{"plan_id": "p", "actor": "bob", "since": "2999-01-01", "until": "2999-01-01", "token": "x"}'


@pytest.mark.parametrize("body", [b"", b"[]", b'{"until": "never"}', b'{"plan_id": 1}', b"[" * 100_000, ZONELESS])
def test_a_lease_that_cannot_be_read_is_nobodys(s3: S3, body: bytes) -> None:
    key = f"journal/{place_of(STREAM)}/lease.json"
    s3.endpoint.client.put_object(Bucket=s3.bucket, Key=key, Body=body)
    with s3.ledger.journal.lease(STREAM, plan_id="p", actor="ann"):
        pass


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        pytest.param("404 Not Found", "NoSuchBucket", NotFoundError, "make it, or name another", id="no-bucket"),
        pytest.param("403 Forbidden", "AccessDenied", AccessDeniedError, "needs the right s3:ListBucket", id="rights"),
        pytest.param("403 Forbidden", "InvalidAccessKeyId", CredentialsError, "does not accept these", id="unknown-key"),
        pytest.param("400 Bad Request", "ExpiredToken", CredentialsError, "does not accept these", id="expired"),
        pytest.param("400 Bad Request", "AuthorizationHeaderMalformed", ConfigError, "another region", id="region"),
        pytest.param("501 Not Implemented", "NotImplemented", ConfigError, "conditional writes", id="not-implemented"),
        pytest.param("400 Bad Request", "KMS.DisabledException", KmsError, "key of its encryption", id="kms"),
        pytest.param("418 Teapot", "Teapot", MnemoscopeError, "HTTP 418 to s3:ListBucket", id="unknown"),
    ],
)
def test_what_s3_refuses_is_said_in_our_words(s3: S3, status: str, code: str, kind: type[Exception], said: str) -> None:
    journal = s3.ledger.journal
    s3.endpoint.fault = refusing("GET", s3.bucket, status, code)
    with pytest.raises(kind, match=said):
        list(journal.entries(STREAM))


def test_a_bucket_that_is_not_there(s3: S3) -> None:
    ledger = open_ledger(s3.endpoint.uri("nobodys-bucket"))
    with pytest.raises(NotFoundError, match="The journal's bucket 'nobodys-bucket' does not exist: make it"):
        ledger.journal.append(STREAM, PURGED)
    ledger.close()


def test_an_object_that_is_no_image_or_document(s3: S3) -> None:
    write_plan(s3.ledger.journal, [make_image("a")])
    s3.ledger.documents.put(STREAM, "golden", "q", 1)
    for key in s3.endpoint.keys(s3.bucket):
        if "/entries/" not in key:
            s3.endpoint.client.put_object(Bucket=s3.bucket, Key=key, Body=b"{}")
    with pytest.raises(JournalError, match="cannot be read"):
        s3.ledger.journal.images(STREAM, 2)
    with pytest.raises(JournalError, match="document 'q' cannot be read"):
        s3.ledger.documents.get(STREAM, "golden", "q")
    (flaw,) = verify(s3.ledger.journal, STREAM).broken
    assert flaw.number == 2


def test_other_objects_between_the_entries_are_left_alone(s3: S3) -> None:
    s3.endpoint.client.put_object(Bucket=s3.bucket, Key=f"journal/{place_of(STREAM)}/entries/README.txt", Body=b"hello")
    written = write_plan(s3.ledger.journal, [make_image("a")])
    assert list(s3.open().journal.entries(STREAM)) == written
