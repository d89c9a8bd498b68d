"""AWS Lambda: a sweep on a schedule of EventBridge, in segments that run side by side and go on where their time ended.

An event without a segment starts one invocation for each. One that runs out of time starts its own successor with a token.
Merges and conflicts look at the whole index at once: one invocation does what its time and memory allow, and the next night
goes on.
The environment says what to sweep (see Settings); deploy/template.yaml has all of it.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from core.access import Actor, Role
from core.config import STORE_VARIABLE, open_catalog
from core.curation.conflicts.scanned import CONFLICTS, ScanReport, scan_index
from core.curation.consolidating import MergeReport
from core.curation.desk import open_desk
from core.curation.lifecycle import load_lifecycle
from core.curation.proposing import summariser_of
from core.curation.scheduled import MERGES, most_memories, scheduled_merge
from core.curation.sweep import Sweep, SweepReport, SweepToken, sweep
from core.curation.upkeep import POLICIES
from core.errors import CancelledError, ConfigError, CurationError
from core.models.judges.choice import judge_of
from core.vectors.session import AwsOptions, connect

__all__ = ["Context", "Settings", "handler", "run"]

_ACTOR: Final = Actor("sweep", Role.REVIEWER)
# Time to apply what was planned and to start the successor; merges are measured and proved before they are applied.
_RESERVE_S: Final = 90.0
_MERGE_RESERVE_S: Final = 300.0
_LAST_S: Final = 30.0  # then no batch is begun any more
_MEMORY_VARIABLE: Final = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
_LOG = logging.getLogger(__name__)


class Context(Protocol):
    """What we use of the context that Lambda gives."""

    @property
    def invoked_function_arn(self) -> str: ...
    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still run."""
        ...


@dataclass(frozen=True)
class Settings:
    """What to sweep, from the environment: MNEMOSCOPE_STORE, and SWEEP_ and each field's name in capitals."""

    index: str
    policies: tuple[str, ...] = POLICIES
    segments: int = 1
    share: float | None = None
    write_back: bool = False
    dry_run: bool = False
    megabytes: int | None = None

    @property
    def whole(self) -> str | None:
        """The kind of merges to sweep for, or conflicts; None for the rules of expiry and decay."""
        found = [name for name in self.policies if name in MERGES or name == CONFLICTS]
        if found and (len(self.policies) > 1 or self.segments > 1):
            raise ConfigError(
                f"SWEEP_POLICIES has {found[0]!r}, which looks at the whole index at once: leave it alone there, with "
                "SWEEP_SEGMENTS 1, and give expiry and decay a function of their own."
            )
        return found[0] if found else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings; raise ConfigError for one that is missing or makes no sense."""
        if not environment.get(STORE_VARIABLE) or not environment.get("SWEEP_INDEX"):
            raise ConfigError(f"{STORE_VARIABLE} and SWEEP_INDEX must say which index is swept: set both.")
        names = tuple(name.strip() for name in environment.get("SWEEP_POLICIES", "").split(",") if name.strip())
        try:
            segments, share = int(environment.get("SWEEP_SEGMENTS") or 1), float(environment.get("SWEEP_SHARE") or 0)
        except ValueError as error:
            raise ConfigError(f"SWEEP_SEGMENTS and SWEEP_SHARE must be numbers ({error}).") from None
        return cls(
            index=environment["SWEEP_INDEX"],
            policies=names or POLICIES,
            segments=segments,
            share=share or None,
            write_back=environment.get("SWEEP_WRITE_BACK") == "1",
            dry_run=environment.get("SWEEP_DRY_RUN") == "1",
            megabytes=int(environment[_MEMORY_VARIABLE]) if environment.get(_MEMORY_VARIABLE, "").isdecimal() else None,
        )


def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Sweep, as Lambda calls it."""

    def invoke(payload: Mapping[str, Any]) -> None:
        body = json.dumps(payload).encode()
        client = connect("lambda", AwsOptions())
        client.invoke(FunctionName=context.invoked_function_arn, InvocationType="Event", Payload=body)

    return run(event, context, Settings.from_environment(os.environ), invoke=invoke)


def run(
    event: Mapping[str, Any],
    context: Context,
    settings: Settings,
    *,
    invoke: Callable[[Mapping[str, Any]], None],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:12],
) -> dict[str, Any]:
    """Start a segment each, or sweep the one that the event names; `invoke` starts this function anew with an event.

    Raise CurationError where it stopped for a person to look, so that the invocation counts as failed.
    """
    if settings.whole == CONFLICTS:
        return _scanned(settings, context, clock()).to_json()
    if settings.whole is not None:
        return _merged(settings, settings.whole, context, clock()).to_json()
    segment = _segment(event)
    if segment is None and "token" not in event and settings.segments > 1:
        started = [{"segment": f"{place}/{settings.segments}"} for place in range(settings.segments)]
        for payload in started:
            invoke(payload)
        return {"started": started}
    token = SweepToken.from_json(event["token"]) if "token" in event else None
    report = _swept(settings, context, segment, token, clock(), new_id())
    _LOG.info("sweep of %s: %d seen, %d done, %d failed", settings.index, report.seen, report.done, len(report.failed))
    if report.out_of_time and report.token is not None and _went_on(report.token, token):
        invoke({**event, "token": report.token.to_json()})
    elif not report.complete:
        raise CurationError(f"The sweep of index {settings.index!r} stopped: {report.stopped or 'some changes failed'}")
    return report.to_json()


def _swept(
    settings: Settings,
    context: Context,
    segment: tuple[int, int] | None,
    token: SweepToken | None,
    now: datetime,
    run_id: str,
) -> SweepReport:
    catalog = open_catalog(os.environ[STORE_VARIABLE], log_recalls=False)
    try:
        store = catalog.open(settings.index, actor=_ACTOR)
        desk = open_desk(store)
        order = Sweep(
            run=run_id,
            now=now,
            rules=load_lifecycle(store, desk.ledger.documents, actor=_ACTOR).rules,
            policies=settings.policies,
            segment=segment,
            share=settings.share,
            write_back=settings.write_back,
            dry_run=settings.dry_run,
        )
        return sweep(
            desk,
            order,
            actor=_ACTOR,
            token=token,
            seconds_left=lambda: context.get_remaining_time_in_millis() / 1_000 - _RESERVE_S,
        )
    finally:
        catalog.close()


def _merged(settings: Settings, policy: str, context: Context, now: datetime) -> MergeReport:
    """Look for merges and return what became of them; raise CurationError where a person must look."""

    def seconds() -> float:
        return context.get_remaining_time_in_millis() / 1_000

    catalog = open_catalog(os.environ[STORE_VARIABLE], log_recalls=False)
    try:
        store = catalog.open(settings.index, actor=_ACTOR)
        report = scheduled_merge(
            open_desk(store),
            policy,
            actor=_ACTOR,
            now=now,
            dry_run=settings.dry_run,
            summariser=summariser_of(store, actor=_ACTOR),
            most=None if settings.megabytes is None else most_memories(settings.megabytes, store.info.dimension),
            seconds_left=lambda: seconds() - _MERGE_RESERVE_S,
            cancelled=lambda: seconds() <= _LAST_S,
        )
    finally:
        catalog.close()
    said = (report.proposed, len(report.kept), report.retired, report.left, report.stopped)
    _LOG.info("merges of %s: %d proposed, %d wait, %d retired, %d groups left, %s", settings.index, *said)
    if report.held is not None:
        raise CurationError(f"Merges of index {settings.index!r} were not applied: {report.held}")
    return report


def _scanned(settings: Settings, context: Context, now: datetime) -> ScanReport:
    """Look for conflicts and return what was found; raise CurationError where the judge failed on the way."""
    catalog = open_catalog(os.environ[STORE_VARIABLE], log_recalls=False)
    try:
        store = catalog.open(settings.index, actor=_ACTOR)
        report = scan_index(
            store,
            judge_of(),
            actor=_ACTOR,
            now=now,
            dry_run=settings.dry_run,
            most=None if settings.megabytes is None else most_memories(settings.megabytes, store.info.dimension),
            seconds_left=lambda: context.get_remaining_time_in_millis() / 1_000 - _MERGE_RESERVE_S,
        )
    except CancelledError:
        raise CurationError(
            f"The time was over while index {settings.index!r} was still searched for pairs that may conflict: nothing was "
            "judged. Give the function more memory, and with it processors."
        ) from None
    finally:
        catalog.close()
    said = (report.judged, report.found, report.new, report.left, report.stopped)
    _LOG.info("conflicts of %s: %d judged, %d found, %d new, %d left, %s", settings.index, *said)
    if report.failed:
        raise CurationError(f"The search for conflicts in index {settings.index!r} stopped: {report.stopped}")
    return replace(report, shown=())  # texts of memories do not belong into a log


def _segment(event: Mapping[str, Any]) -> tuple[int, int] | None:
    given = event.get("segment")
    if given is None:
        return None
    place, _, count = str(given).partition("/")
    if not (place.isdecimal() and count.isdecimal()):
        raise ConfigError(f"The event's segment is {given!r}: write it as in 0/4.")
    return int(place), int(count)


def _went_on(token: SweepToken, before: SweepToken | None) -> bool:
    """Say whether this invocation came further than the one before it: else they would start each other for ever."""
    return before is None or (token.page, token.done) != (before.page, before.done)
