"""One map of one index: what is shown of it, what is being computed, and what becomes of the result."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from core.errors import MnemoscopeError
from core.maps.engine import Engine, Outcome
from core.maps.folders import sweep_folders
from core.maps.keeping import Kept, KeptMaps
from core.maps.pace import Pace, expected
from core.maps.parameters import MapParameters
from core.maps.plan import Content, Plan, first_picture
from core.maps.rows import RowsOfMap, next_serial
from core.maps.run import Run
from core.maps.state import MapState, Stage, Unavailable, undescribed

__all__ = ["MapJob", "Place"]

_UNEXPECTED: Final = "The map could not be prepared: the log of this program says why; start it again."
# To prepare a map is arithmetic over all vectors, in the server's own process.
_slots: Final = threading.BoundedSemaphore(2)


@dataclass(frozen=True, eq=False)
class Place:
    """Which index, where its maps are kept, and where work on them lies: None for among the temporary files."""

    key: str
    arn: str
    files: KeptMaps
    work: Path | None


class MapJob:
    """A map of one index with one set of parameters, for all sessions; every method returns at once, from any thread."""

    def __init__(
        self, place: Place, parameters: MapParameters, engine: Engine, *, unavailable: Callable[[], Unavailable | None]
    ) -> None:
        """Take where it is kept and who computes; `unavailable` says why nobody can."""
        self._place, self._parameters, self._engine = place, parameters, engine
        self._unavailable = unavailable
        self._lock = threading.Condition(threading.RLock())
        self._state = MapState("reading")
        self._rows = RowsOfMap()
        self._kept: Kept | None = None
        self._erasures = self._erased()
        self._pace: Pace | None = None
        self._runs: list[Run] = []
        self._stopped: tuple[Stage, str] | None = None
        self._generation = 0

    @property
    def running(self) -> bool:
        """Say whether something is being computed."""
        with self._lock:
            return bool(self._runs) or (self._rows.known and self._state.running)

    def look(self, content: Content, *, wait_s: float, until: Callable[[MapState], bool]) -> MapState:
        """Return the map of these memories as it is now, or as it is once `until` is so, and begin it if nobody did."""
        self.heed_erasures()
        with self._lock:
            if not self._rows.same(content):
                if (outdated := self._rows.outdated(content)) is not None:
                    return outdated
                self._begin(content, refit=False)
            generation = self._generation
            if wait_s > 0:
                self._lock.wait_for(lambda: generation != self._generation or until(self._state), wait_s)
            if generation != self._generation:
                return self.look(content, wait_s=0.0, until=until)
            running, pace = self._state.running, self._pace
            if not running or pace is None:
                return self._state
            return replace(self._state, progress=pace.progress(), eta_s=pace.eta_s(time.monotonic()))

    def heed_erasures(self) -> None:
        """Let go of the words that were found before memories were erased, and begin anew when somebody looks."""
        erasures = self._erased()
        with self._lock:
            if erasures != self._erasures:
                self._erasures = erasures
                self._let_go()

    def forget(self) -> None:
        """Let go of everything: the index is no more."""
        with self._lock:
            self._let_go()
            self._kept, self._state = None, MapState("reading")
            runs = list(self._runs)
        for run in runs:
            self._engine.cancel(run.task)

    def _let_go(self) -> None:
        """Show nothing more of what is being computed; hold the lock."""
        self._generation += 1
        self._rows.forget()
        for run in self._runs:
            self._engine.withdraw(run.task)
        self._kept = self._kept and replace(self._kept, clusters=undescribed(self._kept.clusters))
        self._state = replace(self._state, clusters=undescribed(self._state.clusters), serial=next_serial())
        self._lock.notify_all()

    def _erased(self) -> int:
        return self._place.files.erasures(self._place.arn)

    def refit(self, content: Content) -> None:
        """Compute the map anew, also after a failure; what is running already goes on."""
        with self._lock:
            known = self._rows.same(content)
            if known and self._state.running:
                return
            anew = known and self._state.final and self._state.stage == "done"
            self._stopped = None
            self._begin(content, refit=anew)

    def cancel(self) -> None:
        """Stop the computation; nothing is computed until `refit`."""
        with self._lock:
            if not self._state.running:
                return
            self._stopped = ("cancelled", "")
            self._state = replace(self._state, stage="cancelled")
            self._lock.notify_all()
            runs = list(self._runs)
        for run in runs:
            self._engine.cancel(run.task)

    def _begin(self, content: Content, *, refit: bool) -> None:
        """Prepare a map in a thread; hold the lock. What the worker is at goes on: most of it will be of use."""
        self._generation += 1
        self._rows.take(content, shown=self._state)
        for run in self._runs:
            self._engine.withdraw(run.task)
        now = time.monotonic()
        self._pace = Pace(expected(*content.snapshot.vectors().shape), now, at=now)
        self._state = MapState("reading", revision=content.snapshot.revision, serial=next_serial())
        threading.Thread(target=self._prepare, args=(content, self._generation, refit), name="map", daemon=True).start()

    def _publish(self, generation: int, **changes: Any) -> None:
        """Show something new, unless what it is of is not looked at any more."""
        with self._lock:
            if generation != self._generation:
                return
            if self._stopped is not None and changes.get("stage") != "done":
                changes |= {"stage": self._stopped[0], "problem": self._stopped[1]}
            if (coords := changes.get("coords")) is not None:
                coords.setflags(write=False)
                changes["serial"] = next_serial()
            if changes.get("stage") == "done":
                changes |= {"progress": 1.0, "final": True}
                self._stopped = None  # what was to be stopped had ended
            self._state = replace(self._state, **changes)
            self._lock.notify_all()

    def _prepare(self, content: Content, generation: int, refit: bool) -> None:
        problem = _UNEXPECTED
        try:
            with contextlib.suppress(OSError):  # what cannot be removed is no matter of this map
                sweep_folders(self._place.work)
                sweep_folders(None)
            with _slots:
                if generation == self._generation:  # else nobody looks at these memories any more
                    self._plan(content, generation, refit)
            problem = ""
        except MnemoscopeError as error:
            problem = str(error)
        finally:  # also of an error that is not ours, which the thread's end prints
            if problem:
                self._publish(generation, stage="failed", problem=problem)

    def _plan(self, content: Content, generation: int, refit: bool) -> None:
        """Show the kept map or a first picture, and ask the worker for what is missing."""
        erasures, former = self._erased(), self._former()
        if former is None:  # before all that reads every vector
            self._first_picture(content, generation)
        plan = Plan.of(content, self._parameters, former, refit=refit, erasures=erasures)
        if self._shown(plan, generation) or not content.snapshot.rows:
            self._publish(generation, stage="done")
            return
        if (why := self._unavailable()) is not None:
            self._publish(generation, stage="failed", problem=why.problem, missing=why.missing, off=why.off)
            return
        with self._lock:
            if generation == self._generation and self._stopped is None:
                run = Run(plan, generation, self, self._place.work)
                self._runs.append(run)
                self._engine.submit(run.task)

    def _former(self) -> Kept | None:
        with self._lock:
            known = self._kept
        return known or self._place.files.load(self._place.key, self._parameters)

    def _first_picture(self, content: Content, generation: int) -> None:
        coords = first_picture(content, self._parameters)
        self._publish(generation, stage="first picture", coords=coords, method="pca")

    def _shown(self, plan: Plan, generation: int) -> bool:
        """Show the former map on the memories of now, or a first picture; say whether nothing is left to compute."""
        carried, former = plan.carried, plan.former
        if carried is None or former is None:
            if self._state.coords is None:
                self._first_picture(plan.content, generation)
            return False
        self._publish(
            generation,
            stage="done" if plan.whole else "neighbours",
            coords=carried.coords,
            final=plan.stays,
            method=former.method,
            quality=former.quality,
            neighbours=carried.neighbours,
            clusters=carried.clusters,
            placed=carried.placed,
        )
        with self._lock:
            if generation == self._generation:
                self._kept = self._kept or former
        return plan.whole

    # What a run says, in the engine's thread.

    def newest(self, run: Run) -> Plan | None:
        """Return the plan of a run whose turn has come: by what was finished since it was made."""
        plan, former = run.plan, self._former()
        if former is not None and former is not plan.former:
            plan = plan.again(former)
            if self._shown(plan, run.generation):
                return None
        rows, dimension = plan.content.snapshot.vectors().shape
        now = time.monotonic()
        with self._lock:
            if run.generation == self._generation:
                self._pace = Pace(expected(rows, dimension, kept=plan.stays), now, at=now)
        return plan

    def stage(self, run: Run, stage: Stage, part: float) -> None:
        """Show how far a run is."""
        with self._lock:
            if run.generation != self._generation or self._pace is None:
                return
            now = time.monotonic()
            began = now if (stage, part) == ("reading", 0.0) else self._pace.began  # what was waited for says nothing
            self._pace = replace(self._pace, stage=stage, part=part, at=now, began=began)
        if stage != "reading" and stage != self._state.stage:
            self._publish(run.generation, stage=stage)

    def laid_out(self, run: Run, kept: Kept) -> None:
        """Show places before their clusters are known."""
        if not run.plan.stays:
            changes = {"coords": kept.coords, "method": kept.method, "quality": kept.quality, "neighbours": kept.neighbours}
            self._publish(run.generation, stage="clusters", final=True, placed=0, **changes)

    def finished(self, run: Run, kept: Kept | None, outcome: Outcome) -> None:
        """Keep what a run computed and show it, or why it did not."""
        if kept is not None and run.plan.erasures != self._erased():
            kept = replace(kept, clusters=undescribed(kept.clusters))
        with self._lock:
            self._runs.remove(run)
            if kept is not None:
                self._kept = kept
            elif outcome.problem and run.generation == self._generation:
                self._stopped = ("failed", outcome.problem)
        if kept is None:
            if not outcome.done:
                self._publish(run.generation, stage="cancelled")
            return
        unkept = self._save(run, kept)
        self._publish(
            run.generation,
            stage="done",
            coords=kept.coords,
            method=kept.method,
            quality=kept.quality,
            neighbours=kept.neighbours,
            clusters=kept.clusters,
            placed=int((~kept.fitted).sum()),
            problem=unkept,
        )

    def _save(self, run: Run, kept: Kept) -> str:
        """Keep a map on disk, or return why it is not; what was read before an erasure is not, nor is that told."""
        if run.plan.content.snapshot.taken_at.timestamp() * 1e9 <= self._erased():
            return ""
        try:
            self._place.files.save(self._place.key, self._parameters, kept, erasures=run.plan.erasures)
        except (OSError, MemoryError) as error:
            why = getattr(error, "strerror", None) or str(error) or "no memory was left"
            return f"The map is shown but could not be kept on disk ({why}): it will be computed again after a restart."
        return ""
