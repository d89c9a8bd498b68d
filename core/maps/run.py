"""One computation in the worker: its folder, what is heard of it, and what it leaves."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final, Protocol

from core.maps.engine import Outcome, Task
from core.maps.folders import INPUTS, WorkFolder
from core.maps.keeping import Kept
from core.maps.order import Order
from core.maps.plan import Plan
from core.maps.results import read_layout, read_result
from core.maps.state import Stage

__all__ = ["Run", "Watcher"]

_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)
_TORN: Final = "The map was computed, but could not be read back: look whether the disk is full, and start it again."


class Watcher(Protocol):
    """Who shows a computation; all of it is called in the engine's thread."""

    def newest(self, run: Run) -> Plan | None:
        """Return the plan as it is now, None where nothing is left to compute."""

    def stage(self, run: Run, stage: Stage, part: float) -> None:
        """Hear how far it is."""

    def laid_out(self, run: Run, kept: Kept) -> None:
        """Hear of the places, before the clusters."""

    def finished(self, run: Run, kept: Kept | None, outcome: Outcome) -> None:
        """Hear of the end; `kept` is the map, where it got so far."""


class Run:
    """A plan on its way through the worker."""

    def __init__(self, plan: Plan, generation: int, watcher: Watcher, work: Path | None) -> None:
        self.plan, self.generation = plan, generation
        self._watcher, self._work = watcher, work
        self._folder: WorkFolder | None = None
        self.task = Task(self._begin, self._heard, self._ended)

    def _begin(self, number: int) -> Order | None:
        plan = self._watcher.newest(self)
        if plan is None:
            return None
        self.plan = plan
        self._drop()  # of a first try
        self._folder = WorkFolder(self._work)
        return plan.order(number, self._folder.path)

    def _heard(self, event: dict[str, Any]) -> None:
        stage: Stage = event["stage"]
        part = float(event["part"])
        self._watcher.stage(self, stage, part)
        if self._folder is not None and (stage, part) == ("reading", 1.0):
            for name in INPUTS:  # memories lie there no longer than they must
                (self._folder.path / name).unlink(missing_ok=True)
        if (stage, part) == ("clusters", 0.0) and (kept := self._read(described=False)) is not None:
            self._watcher.laid_out(self, kept)

    def _ended(self, outcome: Outcome) -> None:
        kept = None
        if outcome.done and self._folder is not None:
            kept = self._read(described=True)
            outcome = outcome if kept is not None else Outcome(problem=_TORN)
        self._drop()
        self._watcher.finished(self, kept, outcome)

    def _drop(self) -> None:
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def _read(self, *, described: bool) -> Kept | None:
        assert self._folder is not None
        read = read_result if described else read_layout
        try:
            return self.plan.kept(read(self._folder.path, metric=self.plan.content.metric))
        except _UNREADABLE:
            return None
