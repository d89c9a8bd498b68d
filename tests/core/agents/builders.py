"""Agents over a store of a test, with a clock that a test turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from core.access import LOCAL_ADMIN
from core.agents import AgentMemory
from core.catalog import Catalog
from tests.core.memory_builders import NOW

__all__ = ["Hands", "Rounds", "Unconditional", "make_agent"]


class Hands:
    """A clock that stands still until it is turned."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


class Rounds:
    """A sleep that ends when every worker sleeps or is done: by then whatever was put has arrived."""

    def __init__(self, workers: int) -> None:
        self._live, self._asleep, self._round = workers, 0, 0
        self._turn = threading.Condition()

    def sleep(self, _: float) -> None:
        with self._turn:
            mine = self._round
            self._asleep += 1
            self._wake()
            assert self._turn.wait_for(lambda: self._round > mine, timeout=60)

    def done(self) -> None:
        with self._turn:
            self._live -= 1
            self._wake()

    def _wake(self) -> None:
        if self._asleep == self._live:
            self._asleep, self._round = 0, self._round + 1
            self._turn.notify_all()


class Unconditional:
    """A client that has no conditional put, as Amazon S3 Vectors has none."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name == "put_new":
            raise AttributeError(name)
        return getattr(self._client, name)


def make_agent(catalog: Catalog, agent: str, **overrides: Any) -> AgentMemory:
    """Return an agent of team alpha over the index "team", made where it is not there."""
    given: dict[str, Any] = {"team": "alpha", "clock": Hands(), "create": True, "actor": LOCAL_ADMIN}
    if "tenant" not in overrides:
        given["index"] = "team"
    return AgentMemory(catalog, agent=agent, **(given | overrides))


Clock = Callable[[], datetime]
