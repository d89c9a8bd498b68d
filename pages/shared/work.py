"""Work that takes longer than a page may: each in a thread of its own, one for all tabs that ask for the same.

What a result depends on is in its name, the person only where another one would get another result. It is kept for the
edition of the index that it was made from, so that a page has the one of before while a new one is made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from core.errors import CancelledError, MnemoscopeError
from pages.shared.here import Here

__all__ = ["Errand", "Work", "Works", "index_of", "works"]

# What most indexes take is there before the page would be drawn twice.
WAIT_S: Final = 0.8
_TURN_S: Final = 0.1
_LIGHT: Final = 4
_UNEXPECTED: Final = "This ended unexpectedly: the log of this program says why. Try again."
_STOPPED: Final = "This was stopped before it was done. Nothing was changed."


@dataclass(eq=False)
class Work:
    """One piece of work: `result` once it has ended well, else `error`; `total` 0 where nobody knows how much there is."""

    words: str
    edition: Hashable
    started_at: datetime
    waits: bool = True
    done: float = 0
    total: float = 0
    result: Any = None
    error: MnemoscopeError | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def fine(self) -> bool:
        """Say whether it has ended well."""
        return self.ended.is_set() and self.error is None

    def at(self, done: float, total: float = 1.0) -> None:
        """Note how far it is, and end it where somebody stopped it."""
        self.done, self.total = done, total
        if self.stop.is_set():
            raise CancelledError(_STOPPED)


@dataclass(frozen=True, eq=False)
class Errand:
    """What is to be done, by `do` in a thread, which must not draw.

    `of` names it, its kind first, and `edition` what it is made from. What is `heavy` takes every processor: one goes on at
    a time. The latest `kept` results of a kind are kept.
    """

    of: tuple[Hashable, ...]
    edition: Hashable
    words: str
    do: Callable[[Work], Any]
    heavy: bool = False
    kept: int = 60

    @property
    def key(self) -> tuple[Hashable, ...]:
        """What the result is known by."""
        return (*self.of, self.edition)


class Works:
    """The work of one server; thread-safe. `turn` is held by what is heavy while it goes on."""

    def __init__(self) -> None:
        self._known: dict[tuple[Hashable, ...], Work] = {}
        self._lock = threading.Lock()
        self.turn = threading.BoundedSemaphore(1)
        self._light = threading.BoundedSemaphore(_LIGHT)

    def known(self, errand: Errand) -> Work | None:
        """Return the work of an errand, None where it was not begun."""
        with self._lock:
            return self._known.get(errand.key)

    def last(self, of: tuple[Hashable, ...]) -> Work | None:
        """Return the latest work of a name that ended well, whatever edition it was made from."""
        with self._lock:
            return next((each for each in reversed(self._of(of)) if each.fine), None)

    def look(self, errand: Errand, *, again: bool = False, wait_s: float = WAIT_S) -> Work:
        """Return the work of an errand, begun where there is none or `again`; one that is quick has ended.

        While one of that name goes on it is that one, whatever its edition: else there would be no end where agents write.
        """
        with self._lock:
            known = self._known.pop(errand.key, None)
            if known is None or (again and known.ended.is_set()):
                going = (each for each in self._of(errand.of) if not each.ended.is_set())
                known = next(going, None) or self._begun(errand)
            self._known[errand.key] = known  # the latest asked for is the last to be forgotten
            kind = [key for key, each in self._known.items() if key[0] == errand.of[0] and each.ended.is_set()]
            for old in kind[: -errand.kept]:
                del self._known[old]
        known.ended.wait(wait_s)
        return known

    def begin(self, errand: Errand) -> None:
        """Begin an errand, or begin it anew where it has ended; made for `on_click`."""
        self.look(errand, again=True)

    def _of(self, of: tuple[Hashable, ...]) -> list[Work]:
        return [each for key, each in self._known.items() if key[:-1] == of]

    def _begun(self, errand: Errand) -> Work:
        work = Work(errand.words, errand.edition, datetime.now(UTC))
        # A daemon: the end of the program waits for nobody's search, and half a search has written nothing.
        threading.Thread(target=self._run, args=(work, errand), name=f"work-{errand.of[0]}", daemon=True).start()
        return work

    def _run(self, work: Work, errand: Errand) -> None:
        turn = self.turn if errand.heavy else self._light
        work.error = MnemoscopeError(_UNEXPECTED)
        try:
            while not turn.acquire(timeout=_TURN_S):
                work.at(0, 0)
            try:
                work.waits = False
                work.at(0, 0)
                work.result = errand.do(work)
            finally:
                turn.release()
            work.error = None
        except MnemoscopeError as met:
            work.error = met
        finally:  # also of an error that is not ours, which the thread's end prints
            work.ended.set()


@st.cache_resource(max_entries=1, show_spinner=False)
def works() -> Works:
    """Return the work that all tabs share."""
    return Works()


def index_of(here: Here) -> tuple[Hashable, ...]:
    """Return what names the open index, and how its fields are read."""
    return (here.catalog.uri, here.catalog.bucket, here.index, repr(here.store.schema) if here.store else "")
