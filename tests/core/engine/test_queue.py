"""The queue of writers: one at a time, and first come, first served."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.vectors.embedded.queue import WriterQueue, try_lock


def until(true: Callable[[], bool]) -> None:
    """Look again and again until it is so."""
    while not true():
        pass


def is_locked(path: Path) -> bool:
    with try_lock(path) as got:
        return not got


@pytest.mark.parametrize("same", [True, False], ids=["threads", "clients"])
def test_who_waits_comes_before_who_comes_again(tmp_path: Path, same: bool) -> None:
    mine = WriterQueue(tmp_path / "writer.lock")
    other = mine if same else WriterQueue(tmp_path / "writer.lock")
    order = []

    def wait() -> None:
        with other.turn():
            order.append("who waited")

    with ThreadPoolExecutor(1) as pool:
        with mine.turn():
            waiting = pool.submit(wait)
            until(mine._thread_gate.locked if same else lambda: is_locked(tmp_path / "writer.gate"))
        with mine.turn():
            order.append("who came again")
        waiting.result()
    assert order == ["who waited", "who came again"]
    for queue in (mine, other):
        queue.close()


def test_one_at_a_time(tmp_path: Path) -> None:
    queues = [WriterQueue(tmp_path / "writer.lock") for _ in range(3)]
    inside: list[int] = []
    most = []

    def work(name: int) -> None:
        for _ in range(50):
            with queues[name % 3].turn():
                inside.append(name)
                most.append(len(inside))
                inside.remove(name)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert set(most) == {1}
    assert len(most) == 300
    for queue in queues:
        queue.close()


def test_a_failure_inside_gives_the_turn_back(tmp_path: Path) -> None:
    queue = WriterQueue(tmp_path / "writer.lock")
    with pytest.raises(KeyError), queue.turn():
        raise KeyError
    with queue.turn():
        assert is_locked(tmp_path / "writer.lock")
    assert not is_locked(tmp_path / "writer.lock")
    queue.close()
    with pytest.raises(FileNotFoundError), WriterQueue(tmp_path / "nowhere" / "writer.lock").turn():
        pass
