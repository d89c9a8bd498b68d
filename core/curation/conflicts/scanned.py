"""A scan of an index from its reading to its inbox: the same for the command, a page, a schedule and AWS Lambda.

It puts cards into the inbox and closes cards that are no question any more; no memory is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.conflicts.asking import require_may_ask
from core.curation.conflicts.inbox import Inbox, open_inbox
from core.curation.conflicts.measuring.threshold import threshold_for
from core.curation.conflicts.scanning import DEFAULT_ORDER, Scan, ScanOrder, scan
from core.curation.corpus import corpus_of
from core.errors import ConfigError
from core.models.judge import Judge
from core.models.judges.choice import pairs_a_scan
from core.snapshots.content import Snapshot
from core.store import MemoryStore

__all__ = ["CONFLICTS", "ScanReport", "order_for", "scan_index"]

# As a policy of a sweep.
CONFLICTS: Final = "conflicts"
_SHOWN: Final = 20
_OVER: Final = "The time is over: the next scan goes on with what is left."
_STOPPED: Final = "It was stopped: the next scan goes on with what is left."
_KEPT: Final = "What was judged is kept: the next scan goes on with what is left."


@dataclass(frozen=True)
class ScanReport:
    """What a scan found and did; the counts are those of `Scan`.

    `new` of the cards were not in the inbox before, `shown` are the likeliest: id, verdict, clash, both texts. `stopped`
    says why it ended before its end, None where it did not; `failed` that the judge could not be asked any more.
    """

    judge: str
    threshold: float
    compared: int
    near: int
    judged: int
    found: int
    samples: int
    new: int
    left: int
    recall: float
    cut: int
    series: int
    momentary: int
    over: int
    shown: tuple[tuple[str, str, float, str, str], ...] = ()
    stopped: str | None = None
    failed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        names = ("id", "verdict", "clash", "left", "right")
        return asdict(self) | {"shown": [dict(zip(names, each, strict=True)) for each in self.shown]}


def scan_index(
    store: MemoryStore,
    judge: Judge,
    *,
    actor: Actor,
    now: datetime,
    order: ScanOrder = DEFAULT_ORDER,
    full: bool = False,
    dry_run: bool = False,
    snapshot: Snapshot | None = None,
    most: int | None = None,
    seconds_left: Callable[[], float] | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> ScanReport:
    """Look for possible conflicts in an index and put them into its inbox, with `dry_run` only say what was found.

    What the judge has looked at is judged again with `full` alone. Once `seconds_left` is 0 or `stop` returns true, what was
    found so far is kept, and where the judge fails on the way. Raises NotAllowedError for somebody who may not write there,
    ConfigError for more memories than `most`, CancelledError where it is stopped before anything was judged.
    """
    _require(store, actor, Permission.READ if dry_run else Permission.WRITE, most)
    require_may_ask(store, judge, actor=actor)
    seen, corpus = corpus_of(store, snapshot=snapshot, now=now, actor=actor)
    inbox, is_over = open_inbox(store), _ended(seconds_left)
    found = scan(
        seen.frame,
        corpus.matrix,
        judge,
        now=now,
        checked=None if full else inbox.register.checked(judge.tag),
        waiting=inbox.register.cards(),
        order=order_for(store, order, judge),
        stop=lambda: is_over() or (stop is not None and stop()),
        progress=progress,
    )
    new = 0 if dry_run else _take_in(inbox, found, actor)
    return _report(found, new, stopped=_why(found, is_over) if found.stopped else None)


def _why(found: Scan, is_over: Callable[[], bool]) -> str:
    if found.fault:
        return f"{found.fault} {_KEPT}"
    return _OVER if is_over() else _STOPPED


def _ended(seconds_left: Callable[[], float] | None) -> Callable[[], bool]:
    return lambda: seconds_left is not None and seconds_left() <= 0


def _take_in(inbox: Inbox, found: Scan, actor: Actor) -> int:
    """Keep what was found, and return how many cards are new."""
    return inbox.take_in(
        found.cards,
        judge=found.judge,
        checked=found.checked,
        actor=actor,
        present=found.present,
        dropped=found.dropped,
    )


def _require(store: MemoryStore, actor: Actor, permission: Permission, most: int | None) -> None:
    """Refuse who may not, and an index that is too large."""
    info = store.info
    actor.require(permission, what=f"the conflicts of index {info.name!r}", tenant=info.tenant, known=info.tags_known)
    if most is not None and (count := store.count(actor)) > most:
        raise ConfigError(
            f"Index {info.name!r} has {count:,} memories, and at most {most:,} fit into the memory here: nothing was looked "
            "at. Give it more memory, or run 'python -m core conflicts scan' on a larger machine."
        )


def order_for(store: MemoryStore, order: ScanOrder, judge: Judge) -> ScanOrder:
    """Return an order for an index: by the threshold in force there where it has none, with what its judge can read.

    All memories of an index that a tenant has to itself are of one scope.
    """
    threshold = threshold_for(store, judge) if order.threshold is None else order.threshold
    pairs = pairs_a_scan(judge) if order.pairs == 0 else order.pairs
    return replace(order, threshold=threshold, pairs=pairs, tenant=store.info.tenant is not None)


def _report(found: Scan, new: int, *, stopped: str | None) -> ScanReport:
    likely = [card for card in found.cards if not card.sample]
    return ScanReport(
        judge=found.judge,
        threshold=found.threshold,
        compared=found.compared,
        near=found.near,
        judged=found.judged,
        found=len(likely),
        samples=len(found.cards) - len(likely),
        new=new,
        left=found.left,
        recall=found.recall,
        cut=found.cut,
        series=found.series,
        momentary=found.momentary,
        over=found.over,
        shown=tuple(
            (card.id, str(card.judgement.verdict), round(card.judgement.clash, 4), card.left.text, card.right.text)
            for card in likely[:_SHOWN]
        ),
        stopped=stopped,
        failed=bool(found.fault),
    )
