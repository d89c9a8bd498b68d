"""Several writers of one journal: threads, processes, and processes that are killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.curation.journal import Kind
from core.curation.verification import verify
from core.errors import BusyError, ChangedMeanwhileError
from tests.core.curation.ledger_builders import STREAM, draft, make_image, write_plan
from tests.core.curation.ledger_places import Directory, Place
from tests.core.curation.ledger_processes import PLANS, write_on, write_plans
from tests.core.forked import in_process

BOTH = pytest.mark.parametrize("place", ["sqlite", "s3"], indirect=True)


def check_whole(place: Place, names: list[str], *, plans: int = PLANS) -> None:
    journal = place.open().journal
    entries = list(journal.entries(STREAM))
    assert [entry.number for entry in entries] == list(range(1, 4 * plans * len(names) + 1))
    assert verify(journal, STREAM).broken == ()
    for name in names:
        for turn in range(plans):
            kinds = [entry.kind for entry in journal.entries(STREAM, plan_id=f"{name}-{turn}")]
            assert kinds == [Kind.BEGUN, Kind.PREPARED, Kind.APPLIED, Kind.ENDED]
    assert len(journal.holding(STREAM, ["shared"])["shared"]) == plans * len(names)


@BOTH
@pytest.mark.parametrize("shared", [pytest.param(True, id="one-ledger"), pytest.param(False, id="a-ledger-each")])
def test_threads_leave_no_gap_and_no_fork(place: Place, shared: bool) -> None:
    ledgers = [place.ledger if shared else place.open() for _ in range(4)]

    def write(number: int) -> None:
        for turn in range(2):
            name = f"t{number}-{turn}"
            write_plan(ledgers[number].journal, [make_image(name), make_image("shared")], name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    check_whole(place, [f"t{number}" for number in range(4)], plans=2)


@BOTH
def test_processes_leave_no_gap_and_no_fork(place: Place) -> None:
    processes = [in_process(write_plans, place.where, name) for name in ("p0", "p1")]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    check_whole(place, ["p0", "p1"])


@BOTH
def test_of_writers_of_one_version_one_is_kept(place: Place) -> None:
    documents = [place.open().documents for _ in range(4)]
    first = documents[0].put(STREAM, "policies", "lifecycle", "first")

    def save(number: int) -> str | None:
        try:
            return documents[number].put(STREAM, "policies", "lifecycle", number, expected=first.version).version
        except ChangedMeanwhileError:
            return None

    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(save, range(4)))
    (kept,) = [version for version in versions if version]
    assert documents[0].get(STREAM, "policies", "lifecycle").version == kept


@BOTH
def test_of_those_who_want_a_lease_one_has_it(place: Place) -> None:
    journals = [place.open().journal for _ in range(4)]
    holding: list[int] = []
    most: list[int] = []

    def change(number: int) -> bool:
        try:
            with journals[number].lease(STREAM, plan_id=f"p{number}", actor="ann"):
                holding.append(number)
                most.append(len(holding))
                journals[number].append(STREAM, draft(Kind.PURGED, keys=[], images=0))
                holding.remove(number)
        except BusyError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(change, [0, 1, 2, 3] * 3))
    assert any(got)
    assert set(most) == {1}


@BOTH
@pytest.mark.parametrize("acknowledged", [pytest.param(1, id="at-once"), pytest.param(7, id="later")])
def test_what_was_acknowledged_survives_kill_9(place: Place, acknowledged: int) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = in_process(write_on, place.where, theirs)
    theirs.close()
    told = [ours.recv() for _ in range(acknowledged)]
    process.kill()
    process.join()
    told += _rest(ours.recv)
    journal = place.open().journal
    entries = {entry.number: entry.hash for entry in journal.entries(STREAM)}
    assert told == [(number, entries[number]) for number, _ in told]
    found = verify(journal, STREAM, expected=told[-1][1])
    assert (found.broken, found.images) == ((), 20 * (len(entries) - 1))
    if not isinstance(place, Directory):
        place.clock.pass_(121)
    with journal.lease(STREAM, plan_id="p2", actor="ann"):  # its lease died with it
        assert journal.append(STREAM, draft(Kind.BEGUN, "p2")).number == len(entries) + 1
    assert verify(journal, STREAM).broken == ()


def _rest(receive: Callable[[], Any]) -> list[Any]:
    """Return what was sent before the end; the last message may be half there."""
    found = []
    try:
        while True:
            found.append(receive())
    except (EOFError, OSError):
        return found


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_lease_holds_between_processes(place: Place) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = in_process(write_on, place.where, theirs)
    theirs.close()
    ours.recv()
    with (
        pytest.raises(BusyError, match=r"killed has been changing mnemoscope/team \(plan p\) since 2026-03-01 00:00:00"),
        place.ledger.journal.lease(STREAM, plan_id="p2", actor="ann"),
    ):
        pass
    process.kill()
    process.join()
    ours.close()
    with place.ledger.journal.lease(STREAM, plan_id="p2", actor="ann"):
        pass
