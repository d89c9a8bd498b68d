"""A sweep: expiry and decay over all of an index, planned and applied in parts of bounded size, on a schedule or by hand.

It lists the index, in segments where several workers share it, and never asks a query. What was applied is gone, so that a
sweep that was stopped goes on by running again; a token spares the pages that it has seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from core.access import Actor
from core.curation.delivery import Delivered, Delivery
from core.curation.desk import Desk
from core.curation.due import tasks_of
from core.curation.lifecycle import DEFAULT_LIFECYCLE, Lifecycle
from core.curation.plan import Change
from core.curation.planning import Whole, metadata_at, plan_of, read_whole
from core.curation.tasks import TaskBook
from core.curation.upkeep import POLICIES, Upkeep, changes_of, title_of, touched, usage_of
from core.errors import ConfigError
from core.vectors.limits import LIST_SEGMENTS_MAX

__all__ = ["Sweep", "SweepReport", "SweepToken", "sweep"]

# Up to so many memories a sweep is measured against the golden queries.
MEASURED_ROWS: Final = 200_000
_CHUNK, _MEASURED_CHUNK = 5_000, 50_000
_SHOWN: Final = 20


@dataclass(frozen=True)
class Sweep:
    """What to sweep: `segment` (i, n) is the i-th of n from 0; `most` changes, or a `share` of the memories, at most.

    `by_pages` lists the index a page at a time, for any size; else it is read at once, which a local one is quicker for.
    """

    run: str
    now: datetime
    rules: Lifecycle = DEFAULT_LIFECYCLE
    policies: tuple[str, ...] = POLICIES
    segment: tuple[int, int] | None = None
    most: int | None = None
    share: float | None = None
    write_back: bool = False
    dry_run: bool = False
    by_pages: bool = True

    def __post_init__(self) -> None:
        if self.segment is not None:
            place, count = self.segment
            if not (1 <= count <= LIST_SEGMENTS_MAX and 0 <= place < count):
                raise ConfigError(
                    f"The segment is {place}/{count}: write I/N with N from 1 to {LIST_SEGMENTS_MAX} and I from 0 to N-1."
                )
        if self.most is not None and self.most < 1:
            raise ConfigError(f"A sweep of at most {self.most} changes does nothing: give a number from 1.")
        if self.share is not None and not 0 < self.share <= 1:
            raise ConfigError(f"The share is {self.share}: give a number above 0, up to 1.")


@dataclass(frozen=True)
class SweepToken:
    """Where a sweep goes on: the page to list next, None for the first, and what was done before."""

    run: str
    now: str
    page: str | None = None
    seen: int = 0
    part: int = 0
    done: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SweepToken:
        """Return the token that `to_json` wrote; raise ConfigError for anything else."""
        try:
            token = cls(**value)
            datetime.fromisoformat(token.now)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"This is no token of a sweep ({error}): start the sweep anew without it.") from None
        return token


@dataclass
class SweepReport:
    """What a sweep found and did: `counts` by policy and rule, `shown` the first keys with their reasons, `plans` by id.

    `stopped` says why it ended before its end, None where it did not; with a `token` it can go on, and at once where it was
    only `out_of_time`.
    """

    seen: int = 0
    proposed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    shown: list[tuple[str, str, str]] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    token: SweepToken | None = None
    out_of_time: bool = False
    unmeasured: str | None = None

    @property
    def complete(self) -> bool:
        """Say whether all of the index was seen and nothing failed."""
        return self.stopped is None and not self.failed

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        shown = [{"key": key, "action": action, "reason": reason} for key, action, reason in self.shown]
        token = None if self.token is None else self.token.to_json()
        return asdict(self) | {"shown": shown, "token": token, "complete": self.complete}


def sweep(
    desk: Desk,
    order: Sweep,
    *,
    actor: Actor,
    token: SweepToken | None = None,
    seconds_left: Callable[[], float] | None = None,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **waiting: Any,
) -> SweepReport:
    """Plan and apply what the policies propose, or with `dry_run` only say what it would be.

    It stops with a token before `seconds_left` runs out. `waiting` is for the wait for another plan (see Delivery).
    """
    return _Run(desk, order, actor, token, seconds_left, progress, cancelled, waiting).all()


class _Run:
    """One run of a sweep."""

    def __init__(
        self,
        desk: Desk,
        order: Sweep,
        actor: Actor,
        token: SweepToken | None,
        seconds_left: Callable[[], float] | None,
        progress: Callable[[int], None] | None,
        cancelled: Callable[[], bool] | None,
        waiting: Mapping[str, Any],
    ) -> None:
        # A sweep that goes on has the time of its start: else its later pages would be judged by another clock.
        started = datetime.fromisoformat(token.now).astimezone(UTC) if token else order.now
        self.order = replace(order, now=started, run=token.run if token else order.run)
        # Plans have the name of this very run: one that is repeated after a crash finds less to do than the first time.
        self.name = order.run
        self.desk, self.store, self.actor = desk, desk.store, actor
        self.token = token or SweepToken(self.order.run, started.isoformat())
        self.seconds_left, self.progress, self.cancelled = seconds_left, progress, cancelled
        self.report = SweepReport(seen=self.token.seen, done=self.token.done)
        self.counts: Counter[str] = Counter()
        self.waiting: list[Change] = []
        self.delivery = Delivery(desk, actor, cancelled=cancelled, **waiting)
        self.total: int | None = None

    def all(self) -> SweepReport:
        """Sweep until the end, a limit or a stop."""
        self._prepare()
        for changes, page in self._parts():
            self._take(changes)
            if self.progress:
                self.progress(self.report.seen)
            due = len(self.waiting) >= self.chunk or self._short() or self._full()
            if due and not self._flush():
                break
            if due:
                self.token = replace(self.token, page=page, seen=self.report.seen, done=self.report.done)
            if self._ended(more=page is not None):
                break
        else:
            self._flush()
        self.report.counts = dict(self.counts.most_common())
        if self.report.stopped is not None and not self._full():
            self.report.token = self.token
        return self.report

    def _prepare(self) -> None:
        """Read what must be known of the whole index before its first memory can be judged."""
        order = self.order
        upkeep = Upkeep(order.rules, order.now, order.policies, order.write_back)
        self.read: Whole | None = None if order.by_pages or order.segment else read_whole(self.store, actor=self.actor)
        finished = {}
        if self.read is not None:
            self.total = self.read.rows
            finished = tasks_of(self.read.frame, order.rules.expiry, now=order.now, table=self.read.table)
        elif upkeep.needs_tasks or order.share is not None:
            book = TaskBook()
            self.total = 0
            for page, _ in self.store.records.listed():
                self.total += len(page)
                for record in page:
                    book.add(self.store.memory_of(record["key"], record.get("metadata") or {}))
            finished = book.finished(now=order.now, idle_days=order.rules.expiry.idle_days)
        self.upkeep = replace(upkeep, finished=finished if upkeep.needs_tasks else {}, usage=usage_of(self.store))
        self.report.unmeasured = None if order.dry_run else self._unmeasured()
        self.chunk = _CHUNK if self.report.unmeasured else _MEASURED_CHUNK
        shares = [] if order.share is None or self.total is None else [max(1, int(order.share * self.total))]
        self.limit = min([*shares, *([order.most] if order.most else [])], default=None)

    def _unmeasured(self) -> str | None:
        if not self.desk.ledger.documents.every(self.desk.stream, "golden"):
            return "sweep: the index has no golden queries"
        self.total = self.store.count(self.actor) if self.total is None else self.total
        if self.total > MEASURED_ROWS:
            return f"sweep: the index has {self.total:,} memories, a snapshot is made of up to {MEASURED_ROWS:,}"
        return None

    def _parts(self) -> Iterator[tuple[list[Change], str | None]]:
        """Yield the changes of each part of the index, with the page that follows it."""
        if self.read is not None:
            rows = np.flatnonzero(touched(self.read, self.upkeep).to_numpy())
            self.report.seen = self.read.rows
            for start in range(0, max(len(rows), 1), _CHUNK):
                yield self._changes(metadata_at(self.read.table, rows[start : start + _CHUNK])), None
            return
        segment = self.order.segment
        options = {} if segment is None else {"segmentIndex": segment[0], "segmentCount": segment[1]}
        self.store.records.get((), actor=self.actor)  # says whether the actor may read
        for page, following in self.store.records.listed(token=self.token.page, **options):
            self.report.seen += len(page)
            yield self._changes((record["key"], record.get("metadata") or {}) for record in page), following

    def _changes(self, records: Any) -> list[Change]:
        return list(changes_of(self.store, self.upkeep, records, actor=self.actor, left_out=self.report.left_out))

    def _take(self, changes: list[Change]) -> None:
        room = len(changes) if self.limit is None else max(0, self.limit - self.report.done - len(self.waiting))
        if self.order.dry_run and self.limit is not None:
            room = max(0, self.limit - self.report.proposed)
        if len(changes) > room:
            changes = changes[:room]
            self.report.stopped = f"The limit of {self.limit:,} changes is reached: more are due."
        self.counts.update(f"{change.policy}: {change.action}" for change in changes)
        self.report.proposed += len(changes)
        new = [(change.key, str(change.action), change.reason) for change in changes[: _SHOWN - len(self.report.shown)]]
        self.report.shown += new
        if not self.order.dry_run:
            self.waiting += changes

    def _full(self) -> bool:
        return self.report.stopped is not None and self.limit is not None and "limit" in self.report.stopped

    def _short(self) -> bool:
        return self.seconds_left is not None and self.seconds_left() <= 0

    def _ended(self, *, more: bool) -> bool:
        """Say whether it is to stop here, and note why."""
        report = self.report
        if report.stopped is None and self._short() and (more or self.read is not None):
            report.stopped, report.out_of_time = "The time is over: it goes on from here.", True
        if report.stopped is None and self.cancelled is not None and self.cancelled():
            report.stopped = "It was stopped."
        return report.stopped is not None

    def _flush(self) -> bool:
        """Apply what is waiting and say whether to go on."""
        changes, self.waiting = self.waiting, []
        if not changes:
            return True
        part = self.token.part
        segment = "" if self.order.segment is None else f"-{self.order.segment[0]}of{self.order.segment[1]}"
        plan = plan_of(
            self.store,
            changes,
            actor=self.actor,
            now=self.order.now,
            plan_id=f"sweep-{self.name}{segment}-{part}",
            title=title_of(self.order.policies, changes),
            policy="sweep",
            reason="A sweep.",
            parameters={"policies": list(self.order.policies), "rules": self.order.rules.to_json(), "run": self.order.run},
        )
        result: Delivered = self.delivery.apply(plan, unmeasured=self.report.unmeasured)
        self.token = replace(self.token, part=part + 1)
        self.report.plans += result.plans
        self.report.done += result.done
        self.report.failed |= result.failed
        self.report.left_out |= result.left_out
        if result.stopped is not None:
            self.report.stopped = result.stopped
        return result.stopped is None
