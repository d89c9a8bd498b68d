"""`import`: memories from JSON lines."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from core.commands.applying import undo_line
from core.commands.console import Console
from core.commands.options import (
    actor,
    add_guard_option,
    add_index_option,
    add_store_options,
    guard_for,
    index_name,
    open_catalog_of,
    store_exists,
)
from core.commands.progress import Bar, duration
from core.errors import ConfigError, MnemoscopeError, StorageError

if TYPE_CHECKING:
    from core.store import MemoryStore
    from core.transfer import GivenVectors, ImportReport, LineError, Progress, Source

EXAMPLE: Final = """\
  python -m core import memories.jsonl.gz --index team
  zstd -dc old.jsonl.zst | python -m core import - --index team --errors failed.jsonl

One JSON object a line; `content` is needed, the other fields are key, memory_type, agent_id, team_id, task_id, session_id,
created_at, expires_at, confidence, source, tags, derived_from, notes, and any others, which are kept as they are. A row
without a key gets one from its content. A bad line is reported and the others go on. Rows that are already there are left
alone: after Ctrl-C or a crash the same command goes on. Equal keys with different content are errors, for the second would
replace the first. A row's own vector (`vector` or `embedding`) is left out unless --use-vectors is given: vectors of another
model would make every search wrong."""
_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSON lines, plain or gzip; - is stdin")
    add_index_option(parser, required=True)
    add_store_options(parser)
    parser.add_argument(
        "--create",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="create the index if it does not exist (default)",
    )
    parser.add_argument("--tenant", metavar="NAME", help="the tenant of an index that is created")
    parser.add_argument("--use-vectors", action="store_true", help="take each row's own vector where it has one")
    add_guard_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="check every line, write nothing")
    parser.add_argument("--errors", metavar="FILE", help="write every failed line's number and reason there, as JSON lines")


def run(args: argparse.Namespace, console: Console) -> int:
    """Import the files and print what came of every row."""
    from core.transfer import Importer

    with ExitStack() as stack:
        sources = _sources(args.files, console, stack)
        store, given = _store(args, stack)
        if store:
            store.embedder()  # refused now, not after the first lines, and by a dry run too
        bar = stack.enter_context(Bar(console, "Importing"))
        log = stack.enter_context(_error_log(args.errors))
        importer = Importer(
            store,
            actor=actor(),
            given=given,
            guard=guard_for(store, args),
            dry_run=args.dry_run,
            on_progress=lambda progress: _draw(bar, progress),
            on_error=lambda error: _tell(error, importer.report, console, bar, log),
        )
        try:
            report = importer.run(sources)
        except KeyboardInterrupt:
            bar.clear()
            console.complain(f"Stopped: {_counts(importer.report)}. To go on, run the same command again.")
            console.result({"index": args.index, "stopped": True, **importer.report.as_dict()}, [])
            return 130
        except MnemoscopeError:
            bar.clear()
            if importer.report.rows:
                console.say(f"Stopped: {_counts(importer.report)}. The same command goes on, once the following is mended.")
            raise
    return _finish(report, args, console)


def _sources(files: list[str], console: Console, stack: ExitStack) -> list[Source]:
    from core.transfer import Source

    if files.count("-") > 1:
        raise ConfigError("'-' is given more than once, and stdin can be read only once: name it once.")
    sources = []
    for file in files:
        source = Source("stdin", console.stdin_bytes) if file == "-" else Source.open(file)
        if file != "-":
            stack.callback(source.close)
        sources.append(source)
    return sources


def _store(args: argparse.Namespace, stack: ExitStack) -> tuple[MemoryStore | None, GivenVectors | None]:
    """Return the store to write to, None where a dry run has none yet to compare with, and what gives it rows' vectors."""
    from core.transfer import GivenVectors

    if args.dry_run and not store_exists(args):
        return None, None
    catalog = stack.enter_context(open_catalog_of(args, read_only=args.dry_run))
    there = args.index is None or args.index in catalog.names(actor=actor())
    given = None
    if args.use_vectors:
        opened = catalog.open(index_name(catalog, args.index), actor=actor()) if there else catalog
        given = GivenVectors(opened.embedder())
    if args.dry_run and not there:
        return None, given
    if args.create and not args.dry_run:
        return catalog.open_or_create(args.index, actor=actor(), tenant=args.tenant, embedder=given), given
    return catalog.open(index_name(catalog, args.index), actor=actor(), embedder=given), given


@contextmanager
def _error_log(path: str | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        log = Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise StorageError(f"{path!r} cannot be written ({error.strerror}): choose another place for --errors.") from error
    with log:
        yield log


def _draw(bar: Bar, progress: Progress) -> None:
    share = progress.bytes_read / progress.bytes_total if progress.bytes_total else None
    bar.update(progress.rows, share=share, note=f"{progress.failed:,} failed" if progress.failed else "")


def _tell(error: LineError, report: ImportReport, console: Console, bar: Bar, log: TextIO | None) -> None:
    if log is not None:
        log.write(json.dumps(vars(error)) + "\n")
    if report.failed <= _SHOWN:
        bar.clear()
        console.say(f"{error.source}:{error.line}: {error.reason}")
    elif report.failed == _SHOWN + 1:
        bar.clear()
        console.say("More lines failed: --errors FILE lists them all.")


def _counts(report: ImportReport) -> str:
    words = [f"{report.written:,} {'would be written' if report.dry_run else 'written'}"]
    for count, what in (
        (report.replaced, "would be replaced" if report.dry_run else "replaced"),
        (report.unchanged, "already there"),
        (report.repeated, "repeated in the input"),
        (report.failed, "failed"),
    ):
        if count:
            words.append(f"{count:,} {what}")
    return ", ".join(words)


def _guarded(report: ImportReport, index: str) -> Iterator[str]:
    """Yield what the guard did, for a person to look at."""
    for count, what in ((report.redacted, "a secret was cut out of"), (report.quarantined, "the guard holds")):
        if count:
            rows = "1 row" if count == 1 else f"{count:,} rows"
            way = f": python -m core triage list --index {index}" if what == "the guard holds" else ""
            yield f"{what[0].upper()}{what[1:]} {rows}{way}."


def _finish(report: ImportReport, args: argparse.Namespace, console: Console) -> int:
    rows = "1 row" if report.rows == 1 else f"{report.rows:,} rows"
    lines = [f"{rows} for index {args.index!r} in {duration(report.seconds)}: {_counts(report)}."]
    if report.vectors_left_out:
        brought = "1 row" if report.vectors_left_out == 1 else f"{report.vectors_left_out:,} rows"
        lines.append(
            f"{brought} brought a vector of their own, which was left out and the text embedded: --use-vectors takes it."
        )
    lines += _guarded(report, args.index)
    if not report.rows:
        lines = [f"Nothing to import: {', '.join(args.files)} holds no rows."]
    if report.plan_id:
        lines.append(undo_line(report.plan_id, args.index))
    console.result({"index": args.index, "stopped": False, **report.as_dict()}, lines)
    return 1 if report.failed or not report.rows else 0
