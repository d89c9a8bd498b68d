"""Plans that this dashboard is applying: each in a thread of its own, so that a page may be left and come back to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from core.curation.plan import Plan
from core.errors import CurationError, MnemoscopeError
from pages.shared.here import Here, wrote

__all__ = ["Run", "forget", "run_of", "start"]

# Most plans are applied before a person would look for a bar.
WAIT_S: Final = 2.0
_KEPT: Final = 64
_UNEXPECTED: Final = (
    "Applying the plan ended unexpectedly: the log of this program says why. Open the plan to go on with it."
)


@dataclass
class Run:
    """One plan being applied; `error` is what it met, once it has ended."""

    plan: Plan
    started_at: datetime
    done: int = 0
    total: int = 0
    error: MnemoscopeError | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int) -> None:
        """Note how far it is; made to be given to the desk."""
        self.done, self.total = done, total


@st.cache_resource(show_spinner=False)
def _runs() -> dict[tuple[str, str, str], Run]:
    return {}


def run_of(here: Here, plan_id: str) -> Run | None:
    """Return what this dashboard knows of applying a plan."""
    return _runs().get(_key(here, plan_id))


def forget(here: Here, plan_id: str) -> None:
    """Forget how applying a plan ended, so that it can be tried again."""
    run = run_of(here, plan_id)
    if run is not None and run.ended.is_set():
        _runs().pop(_key(here, plan_id), None)


def start(here: Here, plan: Plan, work: Callable[..., Any], *, wait_s: float = WAIT_S) -> Run:
    """Apply a plan in the background, unless that is going on already; `work` takes `progress` and `cancelled`.

    Returns once it has ended, or after `wait_s`.
    """
    runs, key = _runs(), _key(here, plan.id)
    # Two clicks are two callbacks: the second finds the first one's run.
    run = Run(plan, datetime.now(UTC), total=len(plan))
    known = runs.setdefault(key, run)
    if known is not run and known.ended.is_set():
        known = runs[key] = run
    if known is run:
        # A daemon: what the end of the program cuts short is found in the journal and settled.
        threading.Thread(target=_apply, args=(here, run, work), name=f"apply-{plan.id}", daemon=True).start()
    for old in [each for each, one in list(runs.items()) if one.ended.is_set() and each != key][:-_KEPT]:
        runs.pop(old, None)
    known.ended.wait(wait_s)
    return known


def _apply(here: Here, run: Run, work: Callable[..., Any]) -> None:
    run.error = CurationError(_UNEXPECTED)
    try:
        work(progress=run.progress, cancelled=run.stop.is_set)
        run.error = None
    except MnemoscopeError as met:
        run.error = met
    finally:  # also of an error that is not ours, which the thread's end prints
        try:
            wrote(here, [here.index])
        finally:
            run.ended.set()


def _key(here: Here, plan_id: str) -> tuple[str, str, str]:
    return (here.catalog.uri, f"{here.catalog.bucket}/{here.index}", plan_id)
