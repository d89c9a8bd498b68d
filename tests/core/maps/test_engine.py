"""The queue before the worker: one thing after the other, and no task that goes wrong stops the next."""

from __future__ import annotations

import threading
import weakref

import pytest

from core.errors import ConfigError, StorageError
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


class Script:
    """A worker that says what was written down for it, one list for each order, and then ends."""

    pid = 0

    def __init__(self, *orders):
        self._orders = list(orders)
        self.alive = True
        self.number = 0

    def send(self, order):
        self.number = order.number

    def events(self):
        for event in self._orders.pop(0) if self._orders else ():
            yield {"order": self.number} | event
            if "end" in event:
                break
        else:
            return
        self.alive = False

    def kill(self):
        self.alive = False

    def ended(self):
        return "by signal 6"


class Numbered:
    """An order of which nothing but its number is looked at."""

    def __init__(self, number):
        self.number = number


DONE = [{"done": True}]


@pytest.mark.parametrize(
    ("workers", "begun", "outcome"),
    [
        pytest.param([Script(DONE)], 1, Outcome(done=True), id="done"),
        pytest.param([Script([{"order": 7, "stage": "layout"}, *DONE])], 1, Outcome(done=True), id="of another order"),
        pytest.param([Script([]), Script(DONE)], 2, Outcome(done=True), id="died idle"),
        pytest.param([Script([{"failed": "compiled", "said": ""}], DONE)], 2, Outcome(done=True), id="compiled anew"),
        pytest.param([Script([]), Script([])], 2, "was ended by signal 6", id="dies at every start"),
        pytest.param([Script([{"order": 0, "failed": "memory", "said": ""}])], 1, "more memory than", id="too small"),
        pytest.param([Script([{"failed": "unexpected", "said": "KeyError"}])], 1, "log of this program", id="a mistake"),
        pytest.param([Script([{"stage": "layout"}])], 1, "was ended by signal 6", id="killed"),
        pytest.param([ConfigError("16 MB is no number")], 1, "cannot be started: 16 MB is no number", id="a setting"),
        pytest.param([ValueError("embedded null byte")], 1, "cannot be started: embedded", id="an environment"),
    ],
)
def test_how_a_worker_ends_is_how_a_map_ends(workers, begun, outcome):
    left, orders, ends = list(workers), [], Ends()

    def start():
        worker = left.pop(0)
        if isinstance(worker, Exception):
            raise worker
        return worker

    def begin(number):
        orders.append(number)
        return Numbered(number)

    engine = Engine(start)
    engine.submit(ends.task("map", begin))
    ((_, end),) = ends.wait(1)
    engine.close()
    assert len(orders) == begun
    assert end == outcome if isinstance(outcome, Outcome) else outcome in end.problem


def test_a_worker_that_cannot_be_started_ahead_leaves_a_queue_that_works():
    refusals = [ConfigError("no"), RuntimeError("no thread")]
    asked = threading.Semaphore(0)

    def start():
        asked.release()
        if refusals:
            raise refusals.pop(0)
        return Script([{"done": True}])

    engine, ends = Engine(start), Ends()
    for _ in range(2):
        engine.warm()
        assert asked.acquire(timeout=WAIT_S)
    engine.submit(ends.task("map", Numbered))
    assert ends.wait(1)[0][1] == Outcome(done=True)
    engine.close()


def test_a_task_is_let_go_when_it_has_ended():
    engine, ends = Engine(no_worker), Ends()
    task = ends.task("nothing to do", lambda _: None)
    held = weakref.ref(task)
    engine.submit(task)
    ends.wait(1)
    del task
    pause = threading.Event()
    assert any(held() is None or pause.wait(0.01) for _ in range(500)), "the memories of a map stay until the next one"
    engine.close()
