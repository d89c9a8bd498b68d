"""What the actions of `triage` do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from core.commands.applying import apply_plan, print_plan, say_left_out, unmeasured
from core.commands.console import Console
from core.commands.options import actor, open_catalog_of, open_store_of
from core.commands.progress import Bar
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.desk import Desk
    from core.curation.plan import Plan
    from core.curation.triage.blast import BlastRadius
    from core.curation.triage.suspects import Suspect, Triage
    from core.curation.triage.ward import Quarantined, Ward

__all__ = ["list_suspects", "quarantine", "release", "report", "show"]

_SHOWN: Final = 20


def list_suspects(args: argparse.Namespace, console: Console) -> int:
    """Print suspects, patterns and what is in quarantine; 1 where there is a suspect."""
    with _ward(args, read_only=True) as (_, ward):
        with Bar(console, "Looking", unit="memories") as bar:
            found = ward.suspects(actor=actor(), progress=lambda done: bar.update(round(100 * done), share=done))
        held = ward.quarantined(actor=actor())
        texts = ward.texts([each.key for each in found.suspects[: args.limit]], actor=actor())
    value = found.to_json() | {"quarantined": [each.to_json() for each in held]}
    value |= {"suspects": value["suspects"][: args.limit], "suspects_in_all": len(found.suspects)}
    console.result(value, _listed(found, held, texts, args.limit))
    return 1 if found.suspects else 0


def show(args: argparse.Namespace, console: Console) -> int:
    """Print the signs of one memory and where it got to."""
    with _ward(args, read_only=True) as (_, ward):
        radius = ward.blast_radius([args.key], actor=actor())
        found = [each for each in ward.suspects(actor=actor(), always=[args.key]).suspects if each.key == args.key]
        text = ward.texts([args.key], actor=actor()).get(args.key)
    suspect = found[0] if found else None
    value = {"key": args.key, "suspect": None if suspect is None else suspect.to_json(), "blast_radius": radius.to_json()}
    console.result(value, _told(args.key, text, suspect, radius))
    return 0


def quarantine(args: argparse.Namespace, console: Console) -> int:
    """Take memories out of recall; 1 where something was left."""
    with _ward(args, read_only=args.dry_run) as (desk, ward):
        options = {"plan_id": uuid4().hex, "reason": args.reason, "with_descendants": args.descendants}
        return _do(desk, ward.quarantine_plan(_keys(args, console), actor=actor(), **options), args, console)


def release(args: argparse.Namespace, console: Console) -> int:
    """Let memories be recalled again; 1 where something was left."""
    with _ward(args, read_only=args.dry_run) as (desk, ward):
        plan = ward.release_plan(_keys(args, console), actor=actor(), plan_id=uuid4().hex, reason=args.reason)
        return _do(desk, plan, args, console)


def report(args: argparse.Namespace, console: Console) -> int:
    """Write the report of an incident."""
    with _ward(args, read_only=True) as (_, ward):
        text = ward.report(_keys(args, console), actor=actor(), reason=args.reason)
    if args.out is None:
        console.result({"report": text}, text.splitlines())
        return 0
    path = Path(args.out)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        said = error.strerror or error
        raise ConfigError(
            f"{one_line(args.out, 120)} cannot be written ({said}): name a file that does not exist yet."
        ) from error
    console.result({"out": str(path), "bytes": len(text.encode())}, [f"Written to {one_line(str(path), 200)}."])
    return 0


@contextmanager
def _ward(args: argparse.Namespace, *, read_only: bool) -> Iterator[tuple[Desk, Ward]]:
    from core.curation.desk import open_desk
    from core.curation.triage.ward import Ward

    with open_catalog_of(args, read_only=read_only) as catalog:
        desk = open_desk(open_store_of(catalog, args.index))
        yield desk, Ward(desk, now=lambda: datetime.now(UTC))


def _do(desk: Desk, plan: Plan, args: argparse.Namespace, console: Console) -> int:
    say_left_out(plan, console)
    if args.dry_run:
        print_plan(plan, console)
        return 0 if len(plan) else 1
    if not len(plan):
        console.result({"plan": None, "left_out": plan.parameters.get("left_out", {})}, ["Nothing was changed."])
        return 1
    code = apply_plan(
        desk,
        plan,
        args,
        console,
        acknowledged=args.acknowledge,
        measured=args.no_preflight is None,
        unmeasured=unmeasured(args.no_preflight),
    )
    return 1 if plan.parameters.get("left_out_count") else code


def _keys(args: argparse.Namespace, console: Console) -> list[str]:
    keys = [key for key in args.keys if key != "-"]
    if "-" in args.keys:
        keys += [line.rstrip("\r\n") for line in console.stdin if line.strip()]
    if not keys:
        raise ConfigError("No keys were given on stdin: pass one a line.")
    return list(dict.fromkeys(keys))


def _listed(found: Triage, held: Sequence[Quarantined], texts: dict[str, str], limit: int) -> Iterator[str]:
    count = len(found.suspects)
    yield f"{found.looked_at:,} memories looked at: {count:,} {'suspect' if count == 1 else 'suspects'}."
    for each in found.suspects[:limit]:
        more = f", with {len(each.others):,} more of its swarm" if each.others else ""
        yield f"{each.score:.2f}  {one_line(each.key, 100)}{more}"
        yield f"      {one_line(texts.get(each.key, ''), 110)}"
        yield from _signs(each)
    if count > limit:
        yield f"… and {count - limit:,} more: --limit {count} shows all."
    if found.patterns:
        yield "Bursts and swarms, which may be innocent:"
    yield from (f"{each.score:.2f}  {one_line(each.reason, 300)}" for each in found.patterns[:limit])
    if held:
        yield f"In quarantine: {len(held):,}."
    for one in held[:_SHOWN]:
        since = (
            ""
            if one.at is None
            else f" since {one.at:%Y-%m-%d %H:%M} UTC by {one_line(one.by, 40)}: {one_line(one.why, 100)}"
        )
        yield f"  {one_line(one.key, 100)}{since}"


def _told(key: str, text: str | None, suspect: Suspect | None, radius: BlastRadius) -> Iterator[str]:
    yield one_line(key, 200)
    yield one_line(text, 400) if text is not None else "It is not in the index any more."
    if suspect is not None:
        yield f"Score {suspect.score:.2f}, trust over its lineage {suspect.trust:.2f}."
        yield from _signs(suspect) if suspect.signals else ["      no sign that it was planted"]
    yield radius.words
    for agent in radius.agents[:_SHOWN]:
        yield (
            f"  {one_line(agent.agent, 40)}: {agent.recalls:,} recalls, {agent.in_context:,} prompts, "
            f"{agent.first:%Y-%m-%d %H:%M} to {agent.last:%Y-%m-%d %H:%M} UTC"
        )
    for made in radius.derived[:_SHOWN]:
        where = "" if made.here else ", retired"
        yield f"  made from it: {one_line(made.key, 100)} (generation {made.generation}{where})"


def _signs(suspect: Suspect) -> Iterator[str]:
    yield from (f"      {each.kind} {each.part:.2f}: {one_line(each.reason, 300)}" for each in suspect.signals)
