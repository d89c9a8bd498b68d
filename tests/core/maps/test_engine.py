"""The queue before the worker: one thing after the other, and no task that goes wrong stops the next."""

from __future__ import annotations

import threading

from core.errors import StorageError
from core.maps.engine import Engine, Outcome, Task

WAIT_S = 30.0


class Ends:
    """Tasks and how they ended, in order."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Outcome]] = []
        self._changed = threading.Condition()

    def task(self, name, begin):
        def ended(outcome):
            with self._changed:
                self.seen.append((name, outcome))
                self._changed.notify_all()

        return Task(begin, lambda event: None, ended)

    def wait(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.seen) >= count, WAIT_S)
        return self.seen


def no_worker():
    raise OSError("no room for another process")


def refused(_):
    raise StorageError("the disk is full")


def broken(_):
    raise IndexError("a mistake of ours")


def test_no_task_that_goes_wrong_stops_the_next(capfd):
    engine, ends = Engine(no_worker), Ends()
    for name, begin in (("refused", refused), ("broken", broken), ("nothing to do", lambda _: None), ("no worker", object)):
        engine.submit(ends.task(name, begin if name != "no worker" else lambda number: number))
    seen = dict(ends.wait(4))
    engine.close()
    assert list(seen) == ["refused", "broken", "nothing to do", "no worker"]
    assert seen["refused"].problem == "the disk is full"
    assert "the log of this program says why" in seen["broken"].problem
    assert "a mistake of ours" in capfd.readouterr().err
    assert seen["nothing to do"] == Outcome(done=True)
    assert "cannot be started" in seen["no worker"].problem


def test_what_waits_can_be_taken_out_and_is_cancelled_at_the_end():
    engine, ends, gate, begun = Engine(no_worker), Ends(), threading.Event(), threading.Event()

    def first(_):
        begun.set()
        assert gate.wait(WAIT_S)

    waiting = [ends.task(name, lambda _: None) for name in ("second", "third", "fourth")]
    engine.submit(ends.task("first", first))
    for task in waiting:
        engine.submit(task)
    assert begun.wait(WAIT_S)
    engine.cancel(waiting[0])
    engine.withdraw(waiting[1])
    gate.set()
    assert [(name, end.cancelled) for name, end in ends.wait(4)] == [
        ("first", False),
        ("second", True),
        ("third", True),
        ("fourth", False),
    ]
    engine.close()
    engine.submit(ends.task("too late", lambda _: None))
    assert len(ends.seen) == 4
