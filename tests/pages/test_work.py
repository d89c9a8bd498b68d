"""Work in the background: one for all who ask for the same, its end, its stop, and the edition that it was made from."""

from __future__ import annotations

import threading

import pytest

from core.errors import CancelledError, ConfigError
from pages.shared.work import Errand, Work, Works

LONG = 30.0


def errand(do=lambda work: "done", *, of=("search", "team"), edition="1", **options) -> Errand:
    return Errand(of, edition, "Looking", do, **options)


def test_it_is_done_once_for_all_who_ask():
    works, done = Works(), []
    found = [works.look(errand(lambda work: done.append(1) or "found")) for _ in range(3)]
    assert [each.result for each in found] == ["found"] * 3
    assert len(done) == 1
    assert works.known(errand()) is works.last(("search", "team")) is found[0]
    works.begin(errand(lambda work: done.append(1) or "anew"))
    assert works.last(("search", "team")).result == "anew"


def test_what_is_heavy_waits_for_its_turn_and_may_be_stopped_meanwhile():
    works = Works()
    with works.turn:
        waiting = works.look(errand(heavy=True), wait_s=0)
        assert waiting.waits
        light = works.look(errand(of=("draft",)), wait_s=LONG)
        assert light.fine
        waiting.stop.set()
        assert waiting.ended.wait(LONG)
    assert isinstance(waiting.error, CancelledError)
    assert works.last(("search", "team")) is None


def test_while_one_goes_on_another_edition_takes_that_one():
    works, go = Works(), threading.Event()
    first = works.look(errand(lambda work: go.wait(LONG)), wait_s=0)
    assert works.look(errand(edition="2"), wait_s=0) is first
    go.set()
    assert first.ended.wait(LONG)
    assert works.look(errand(edition="2")).edition == "1"
    works.begin(errand(edition="2"))
    assert works.last(("search", "team")).edition == "2"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("met", "said"),
    [
        pytest.param(ConfigError("The index is gone."), "The index is gone.", id="ours"),
        pytest.param(KeyError("x"), "This ended unexpectedly", id="any other"),
    ],
)
def test_what_goes_wrong_is_said_and_can_be_tried_again(met, said):
    def fail(work: Work) -> None:
        raise met

    works = Works()
    assert said in str(works.look(errand(fail), wait_s=LONG).error)
    for thread in [each for each in threading.enumerate() if each.name == "work-search"]:
        thread.join(LONG)  # what it prints at its end belongs to this test
    assert not works.look(errand()).fine
    works.begin(errand())
    assert works.known(errand()).fine


def test_it_ends_at_its_next_step_once_it_was_stopped():
    works, begun = Works(), threading.Event()

    def endless(work: Work) -> None:
        while True:
            begun.set()
            work.at(0.5)

    work = works.look(errand(endless), wait_s=0)
    assert begun.wait(LONG)
    work.stop.set()
    assert work.ended.wait(LONG)
    assert (work.done, work.total, type(work.error)) == (0.5, 1.0, CancelledError)


def test_only_the_latest_of_a_kind_are_kept():
    works = Works()
    for edition in "123":
        works.look(errand(edition=edition, kept=2), wait_s=LONG)
    assert works.look(errand(of=("other",)), wait_s=LONG).fine
    assert [works.known(errand(edition=edition)) is not None for edition in "123"] == [False, True, True]
