"""`conflicts decide`, `undo`, `assign`, `settle` and `export`: what people say of cards, and what becomes of it."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from core.commands.applying import stopping
from core.commands.console import Console
from core.commands.options import actor, open_catalog_of, open_store_of
from core.commands.progress import Bar
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.conflicts.inbox import Inbox
    from core.curation.conflicts.settling import Settled

__all__ = ["DECIDE_ACTIONS", "add_decide_options"]

_RESOLUTIONS: Final = ("keep_left", "keep_right", "keep_newer", "merge", "both_valid", "not_a_conflict")
_VERDICTS: Final = ("contradiction", "superseded", "both_true", "duplicate", "unrelated")
_CARD: Final = "as `conflicts list` prints it"


def add_decide_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of one action, less those of store and index."""
    if name == "decide":
        _add_answer(parser)
    if name in ("undo", "assign"):
        parser.add_argument("card", metavar="CARD", help=_CARD)
    if name == "assign":
        parser.add_argument("to", metavar="NAME", help="who is to decide it; '' gives it back to all")
    if name in ("decide", "undo", "assign"):
        parser.add_argument("--why", default="", metavar="TEXT", help="the reason, for the journal and for who reads it")
    if name == "export":
        parser.add_argument("file", metavar="FILE", help="JSON lines; .gz is compressed, - is stdout")
        parser.add_argument("--redact", action="store_true", help="hashes in the place of texts, and no names")


def _add_answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("resolution", choices=_RESOLUTIONS, help="what is to be done about the two")
    parser.add_argument("cards", nargs="+", metavar="CARD", help=_CARD)
    parser.add_argument("--verdict", choices=_VERDICTS, help="what the two are (default: what the resolution means)")
    parser.add_argument("--note", default="", metavar="TEXT", help="in which scope both hold, kept with both (both_valid)")
    parser.add_argument("--merged", metavar="TEXT", help="the text of the merge (default: the sentences of both)")
    parser.add_argument("--remember", action="store_true", help="write the resolution as a memory for the agents")
    parser.add_argument("--acknowledge", default="", metavar="REASON", help="go on although golden answers are lost")


@contextmanager
def _inbox(args: argparse.Namespace, *, read_only: bool = False) -> Iterator[Inbox]:
    from core.curation.conflicts.inbox import open_inbox

    with open_catalog_of(args, read_only=read_only) as catalog:
        yield open_inbox(open_store_of(catalog, args.index))


def _decide(args: argparse.Namespace, console: Console) -> int:
    """Decide cards alike, and apply what that means."""
    from core.curation.conflicts.card import Resolution
    from core.models.judge import ConflictVerdict

    refused: dict[str, str] = {}
    given: dict[str, Any] = {
        "actor": actor(),
        "why": args.why,
        "verdict": None if args.verdict is None else ConflictVerdict(args.verdict),
        "note": args.note,
        "remember": args.remember,
        "acknowledged": args.acknowledge,
    }
    if args.merged is not None and len(args.cards) > 1:
        raise ConfigError("--merged is the text of one merge: name one card.")
    with _inbox(args) as inbox:
        if len(args.cards) == 1:
            done = [inbox.decide(args.cards[0], Resolution(args.resolution), merged=args.merged, **given)]
        else:
            done, refused = inbox.decide_all(args.cards, Resolution(args.resolution), **given)
        for card, why in refused.items():
            console.complain(f"{one_line(card, 80)}: {why}")
        code = _settled(inbox, console, {"decided": [each.entry.card.id for each in done], "refused": refused})
    return 1 if refused else code


def _undo(args: argparse.Namespace, console: Console) -> int:
    """Take a decision back, and what it did to the memories."""
    with _inbox(args) as inbox:
        inbox.undo(args.card, actor=actor(), why=args.why)
        return _settled(inbox, console, {"undone": args.card})


def _assign(args: argparse.Namespace, console: Console) -> int:
    """Give a card to one person."""
    with _inbox(args) as inbox:
        entry = inbox.escalate(args.card, args.to, actor=actor(), why=args.why)
    to = entry.assigned_to
    said = "Everybody may decide it." if to is None else f"{one_line(to, 80)} is to decide it."
    console.result({"card": args.card, "assigned_to": to}, [said])
    return 0


def _settle(args: argparse.Namespace, console: Console) -> int:
    """Apply what was decided and not applied yet, and take back what was undone."""
    with _inbox(args) as inbox:
        return _settled(inbox, console, {})


def _settled(inbox: Inbox, console: Console, told: Mapping[str, object]) -> int:
    """Settle all that waits, say what became of it, and return the exit code."""
    with Bar(console, "Settling") as bar, stopping() as stopped:
        found = inbox.settle(
            actor=actor(),
            progress=lambda done, total: bar.update(done, share=done / total),
            cancelled=stopped.is_set,
        )
    waiting = inbox.unsettled(actor=actor())
    rows = [{"card": each.card, "settling": str(each.settling), "plan": each.plan_id, "why": each.why} for each in found]
    lines = [_line(each) for each in found]
    lines += [] if found or waiting else ["Nothing was left to be done."]
    lines += [f"{waiting:,} {'card waits' if waiting == 1 else 'cards wait'} to be settled."] if waiting else []
    console.result({**told, "settled": rows, "waiting": waiting}, lines)
    returned = any(row["settling"] == "returned" for row in rows)
    return 1 if returned or waiting else 0


def _line(done: Settled) -> str:
    said = done.settling.replace("_", " ")
    return f"{done.card}: {said}{f' ({one_line(done.why, 400)})' if done.why else ''}"


def _export(args: argparse.Namespace, console: Console) -> int:
    """Write what was decided as a labelled set that `eval pairs --task contradiction` reads."""
    from core.curation.conflicts.labelled import REDACTION_NOTE, write_rows
    from core.transfer import open_output

    with _inbox(args, read_only=True) as inbox:
        rows = inbox.labelled(actor=actor(), texts=not args.redact)
    with open_output(args.file, stdout=console.stdout_bytes) as raw:
        text = io.StringIO()
        count = write_rows(rows, text)
        raw.write(text.getvalue().encode("ascii"))
    if not args.redact:
        console.say(REDACTION_NOTE)
    if args.file != "-":
        console.result(
            {"rows": count, "file": args.file}, [f"{count:,} decided pairs written to {one_line(args.file, 200)}."]
        )
    return 0


DECIDE_ACTIONS: Final[Mapping[str, tuple[str, Callable[[argparse.Namespace, Console], int]]]] = {
    "decide": ("say what is to be done about cards, and do it", _decide),
    "undo": ("take a decision back, with what it did to the memories", _undo),
    "assign": ("give a card to one person", _assign),
    "settle": ("do what was decided and is not done yet", _settle),
    "export": ("write what was decided as a labelled set, JSON lines", _export),
}
