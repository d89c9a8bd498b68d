"""Work that takes longer than a page may: each in a thread of its own, with how far it is and the way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from core.errors import CancelledError, MnemoscopeError
from core.hostile import markdown_escape
from pages.shared.here import Here

__all__ = ["Work", "drop", "known", "of_index", "progress", "work"]

WAIT_S: Final = 0.2
_KEPT: Final = 40
_ALL: Final = "consolidate_work"
_UNEXPECTED: Final = "This ended unexpectedly: the log of this program says why; try again."


@dataclass
class Work:
    """One piece of work: `result` once it has ended well, else `error`; `total` 0 where nobody knows how much there is."""

    words: str
    started_at: datetime
    done: int = 0
    total: int = 0
    result: Any = None
    error: MnemoscopeError | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    def at(self, done: int, total: int) -> None:
        """Note how far it is, and end it where a person stopped it."""
        self.done, self.total = done, total
        if self.stop.is_set():
            raise CancelledError("This was stopped before it was done. Nothing was changed.")


def of_index(here: Here) -> tuple[str, str, str, tuple[str | None, str]]:
    """Return what a result belongs to: the store, the index, and the edition of what it holds."""
    return (here.catalog.uri, here.catalog.bucket, here.index, here.edition)


def work(key: Hashable, words: str, do: Callable[[Work], Any], *, wait_s: float = WAIT_S) -> Work:
    """Return the work of a key, started now if it is not known; it is waited for a moment.

    `do` is run in a thread of its own and must not draw. A result stays as long as the tab has use for it.
    """
    every = _every()
    found = every.pop(key, None)
    if found is None:
        found = Work(words, datetime.now(UTC))
        threading.Thread(target=_run, args=(found, do), name="consolidate", daemon=True).start()
    every[key] = found  # the latest asked for is the last to be forgotten
    for old in [each for each, one in every.items() if one.ended.is_set()][:-_KEPT]:
        del every[old]
    found.ended.wait(wait_s)
    return found


def known(key: Hashable) -> Any:
    """Return the result of work that has ended well, None where there is none."""
    found = _every().get(key)
    return found.result if found is not None and found.ended.is_set() else None


def drop(key: Hashable) -> None:
    """Forget a result, so that the work is done again; made for `on_click`."""
    if (found := _every().pop(key, None)) is not None:
        found.stop.set()


def progress(one: Work, key: Hashable, *, name: str) -> Any:
    """Return the result; while there is none draw how far the work is, or why it failed, each with its way on."""
    if not one.ended.is_set():
        _going(one, name)
        return None
    if one.error is None:
        return one.result
    if isinstance(one.error, CancelledError):
        st.html("<p class='mn-empty'>Stopped before it was done. Nothing was changed.</p>")
    else:
        st.error(markdown_escape(str(one.error)), icon=":material/error:")
    st.button("Try again", icon=":material/refresh:", key=f"{name}_again", on_click=drop, args=(key,))
    return None


@st.fragment(run_every="0.5s")
def _going(one: Work, name: str) -> None:
    if one.ended.is_set():
        st.rerun()
    part = min(1.0, one.done / one.total) if one.total else 0.0
    elapsed = max(0, round((datetime.now(UTC) - one.started_at).total_seconds()))
    far = f" · {one.done:,} of {one.total:,}" if one.total else ""
    st.progress(part, f"{one.words}{far} · {elapsed // 60}:{elapsed % 60:02d}")
    stop = one.stop
    st.button("Stop", icon=":material/stop_circle:", key=f"{name}_stop", on_click=stop.set, disabled=stop.is_set())


def _run(one: Work, do: Callable[[Work], Any]) -> None:
    one.error = MnemoscopeError(_UNEXPECTED)
    try:
        one.result = do(one)
        one.error = None
    except MnemoscopeError as met:
        one.error = met
    finally:  # also of an error that is not ours, which the thread's end prints
        one.ended.set()


def _every() -> dict[Hashable, Work]:
    found: dict[Hashable, Work] = st.session_state.setdefault(_ALL, {})
    return found
