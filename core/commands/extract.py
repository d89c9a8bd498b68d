"""`extract`: what of agents' turns is worth remembering."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.commands.applying import undo_line
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of, open_store_of, share
from core.errors import ConfigError, FileReadError, InvalidMemoryError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.extract import AgentTurn, Extraction
    from core.memory import Memory
    from core.store import MemoryStore

EXAMPLE: Final = """\
  python -m core extract turn.json
  python -m core extract turns.jsonl --agent planner --task q3-report --json
  python -m core extract - --text --agent planner --write --index team --least 0.6 < answer.txt

A turn is {"messages": [{"role": "user", "content": "…"}, …]}, with agent_id, team_id, task_id, session_id and `at` if known;
a line, or the whole file. Messages are those of OpenAI, Anthropic or Converse, calls of tools and their results included.
What is no JSON is what an agent said. Nothing is written without --write; what a turn gave once is not written twice."""
_BYTES: Final = 64 * 1024 * 1024
_SHOWN: Final = 110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", metavar="FILE", help="turns as JSON or JSON lines, or text; - is stdin")
    add_index_option(parser)
    add_store_options(parser)
    parser.add_argument("--text", action="store_true", help="take the file as what an agent said, whatever it looks like")
    parser.add_argument(
        "--extractor", metavar="NAME", help="local or bedrock:MODEL (default: $MNEMOSCOPE_EXTRACTOR, else local)"
    )
    parser.add_argument("--least", type=share, default=0.0, metavar="0-1", help="leave out what is less sure")
    parser.add_argument("--dropped", action="store_true", help="also print what was left out, and why")
    for name in ("agent", "team", "task", "session"):
        parser.add_argument(f"--{name}", metavar="ID", help=f"{name}_id of turns that name none")
    parser.add_argument("--write", action="store_true", help="write the candidates as memories")
    parser.add_argument("--create", action="store_true", help="create the index if it does not exist")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the candidates of every turn, and write them where that is asked for."""
    from core.extract import extractor_of

    if args.create and not (args.write and args.index):
        raise ConfigError("--create makes the index that is written to: give --write and --index too.")
    turns = [_whose(turn, args) for turn in _turns(args, console)]
    extractor = extractor_of(args.extractor)
    found = [extractor.extract(turn) for turn in turns]
    written, plan_id = _written(turns, found, args) if args.write else (None, None)
    kept = [[one for one in each.candidates if one.confidence >= args.least] for each in found]
    value: dict[str, Any] = {
        "extractor": extractor.tag,
        "turns": [
            {
                "id": turn.id,
                "candidates": [one.to_json() for one in candidates],
                **({"dropped": [one.to_json() for one in each.dropped]} if args.dropped else {}),
            }
            for turn, each, candidates in zip(turns, found, kept, strict=True)
        ],
    }
    if written is not None:
        value |= {"index": args.index, "written": written, "plan_id": plan_id}
    lines = _lines(turns, found, args, console)
    if written is not None:
        lines += [
            f"Written: {written:,}; the others were there already."
            if written < sum(map(len, kept))
            else f"Written: {written:,}."
        ]
        lines += [undo_line(plan_id, args.index)] if plan_id and args.index else []
    console.result(value, lines)
    return 0


def _turns(args: argparse.Namespace, console: Console) -> list[AgentTurn]:
    from core.extract import AgentTurn, Message, Role, turns_in

    name = "stdin" if args.file == "-" else args.file
    try:
        data = console.stdin_bytes.read(_BYTES + 1) if args.file == "-" else _read(Path(args.file))
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise FileReadError(f"{name} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise FileReadError(f"{name} is not UTF-8 (byte {error.start + 1:,}): save it as UTF-8.") from error
    if len(data) > _BYTES:
        raise FileReadError(f"{name} has more than {_BYTES // 2**20} MB: split it.")
    if args.text:
        if not text.strip():
            raise FileReadError(f"{name} is empty: give the text that an agent said.")
        return [AgentTurn((Message(Role.ASSISTANT, text),))]
    return list(turns_in(text, name=name))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BYTES + 1)


def _whose(turn: AgentTurn, args: argparse.Namespace) -> AgentTurn:
    from dataclasses import replace

    return replace(
        turn,
        agent_id=turn.agent_id or args.agent,
        team_id=turn.team_id or args.team,
        task_id=turn.task_id or args.task,
        session_id=turn.session_id or args.session,
    )


def _written(turns: list[AgentTurn], found: list[Extraction], args: argparse.Namespace) -> tuple[int, str | None]:
    """Write what is not there yet; return how many, and the id that undoes it."""
    from core.curation.writing import write_journalled
    from core.extract import memories_of
    from core.guard import guard_of

    now = datetime.now(UTC)
    each = [memories_of(one, turn, now=now, least=args.least) for turn, one in zip(turns, found, strict=True)]
    memories: dict[str, Memory] = {memory.key: memory for some in each for memory in some}
    with open_catalog_of(args) as catalog:
        store = _store(args, catalog)
        there = store.get(memories, actor=actor())
        new = [memory for key, memory in memories.items() if key not in there]
        if not new:
            return 0, None
        title = f"Extract {_counted(len(new), 'memory', 'memories')} from {one_line(args.file, 80)}"
        guard = guard_of(store, actor=actor())
        report, plan_id = write_journalled(store, new, actor=actor(), title=title, policy="extract", guard=guard)
    if report.failed:
        raise InvalidMemoryError(
            f"{report.written:,} were written, {len(report.failed):,} were not: {report.failed[0].reason}"
        )
    return report.written, plan_id


def _store(args: argparse.Namespace, catalog: Catalog) -> MemoryStore:
    return catalog.open_or_create(args.index, actor=actor()) if args.create else open_store_of(catalog, args.index)


def _lines(turns: list[AgentTurn], found: list[Extraction], args: argparse.Namespace, console: Console) -> list[str]:
    rows = [["sure", "kind", "what", "why"]]
    left = [["message", "left out", "why"]]
    for each in found:
        rows += [
            [f"{one.confidence:.2f}", str(one.kind), one_line(one.content, _SHOWN), one_line(one.reason, _SHOWN)]
            for one in each.candidates
            if one.confidence >= args.least
        ]
        left += [[str(one.message), one_line(one.quote, _SHOWN), one.reason] for one in each.dropped]
    dropped, count = len(left) - 1, len(rows) - 1
    lines = [*console.table(rows)] if count else []
    lines += ["", *console.table(left)] if args.dropped and dropped else []
    hint = "" if args.dropped or not dropped else " (--dropped says why)"
    of = f"{_counted(count, 'candidate', 'candidates')} of {_counted(len(turns), 'turn', 'turns')}"
    return [*lines, f"{of}; {_counted(dropped, 'passage was', 'passages were')} left out{hint}."]


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
