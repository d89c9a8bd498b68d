"""Plans that are applied in the background: once each, with progress, a way to stop, and what went wrong."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from core.curation.plan import Plan
from core.errors import BusyError, CurationError
from pages.shared.running import forget, run_of, start

PLAN = Plan("p", "b", "i", "Retire", "delete", "ann", datetime(2026, 1, 1, tzinfo=UTC), ())


@dataclass(frozen=True)
class Catalog:
    """What a run asks of where it is."""

    bucket: str = "b"
    remote: bool = False
    uri: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Place:
    """A page's surroundings, without a store."""

    catalog: Catalog = field(default_factory=Catalog)
    index: str = "i"
    remembered: None = None
    snapshots: None = None


def test_a_second_click_finds_the_first_ones_run():
    here, go, begun = Place(), threading.Event(), threading.Event()
    calls = []

    def work(*, progress, cancelled):
        calls.append(cancelled())
        progress(3, 10)
        begun.set()
        assert go.wait(30)
        calls.append(cancelled())

    first = start(here, PLAN, work, wait_s=0)
    assert begun.wait(30)
    second = start(here, PLAN, work, wait_s=0)
    assert second is first is run_of(here, "p")
    assert (first.done, first.total, first.ended.is_set()) == (3, 10, False)
    first.stop.set()
    go.set()
    assert first.ended.wait(30)
    assert (calls, first.error) == ([False, True], None)


def test_what_it_met_is_kept_until_the_next_try():
    here = Place()

    def work(**_):
        raise BusyError("ann applies p2.")

    run = start(here, PLAN, work)
    assert run.ended.is_set()
    assert isinstance(run.error, CurationError)
    again = start(here, PLAN, lambda **_: None)
    assert again is not run
    assert again.error is None
    forget(here, "p")
    assert run_of(here, "p") is None
