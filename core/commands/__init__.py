"""The commands of `python -m core`, one a file: each has EXAMPLE, add_arguments(parser) and run(args, console)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["COMMANDS", "Command"]


@dataclass(frozen=True)
class Command:
    """A command's name, the module that has it, and what it does in one line. The module is imported when it is run."""

    name: str
    module: str
    summary: str


COMMANDS: Final = (
    Command("import", "core.commands.import_", "bring memories in from JSON lines, plain or gzip"),
    Command("export", "core.commands.export", "write memories out as JSON lines or CSV"),
    Command("stats", "core.commands.stats", "say what an index holds"),
    Command("remember", "core.commands.remember", "write one memory"),
    Command("extract", "core.commands.extract", "find what of an agent's turn is worth remembering"),
    Command("recall", "core.commands.recall", "find memories and say why each was found"),
    Command("cache", "core.commands.cache", "say how often recalls were answered from the shared cache, or clear it"),
    Command("context", "core.commands.context", "print what is recalled as a block for a prompt"),
    Command("forget", "core.commands.forget", "take memories out by key, or erase them for good"),
    Command("plan", "core.commands.plan", "say what would be changed, as JSON to review and apply"),
    Command("preflight", "core.commands.preflight", "say what a plan would do to the answers"),
    Command("apply", "core.commands.apply", "do what a plan says, so that it can be taken back"),
    Command("undo", "core.commands.undo", "take back what a plan did"),
    Command("restore", "core.commands.restore", "bring back what an index held at a moment"),
    Command("approve", "core.commands.approve", "approve as a second admin that a plan erases"),
    Command("golden", "core.commands.golden", "keep queries whose answers must stay, and run them"),
    Command("conflicts", "core.commands.conflicts", "find what may contradict what, and decide about it"),
    Command("sweep", "core.commands.sweep", "retire what the rules let go, all over an index"),
    Command("scan", "core.commands.scan", "find secrets and planted orders in an index, and put it right"),
    Command("triage", "core.commands.triage", "find planted memories, and take them out of recall"),
    Command("rules", "core.commands.rules", "show and save what expires and what decays"),
    Command("journal", "core.commands.journal", "list and show what was done, and verify the record of it"),
    Command("index", "core.commands.index", "make, list and remove indexes"),
    Command("demo", "core.commands.demo", "load the demo world"),
    Command("serve", "core.commands.serve", "answer any client of Amazon S3 Vectors over HTTP"),
    Command("mcp", "core.commands.mcp", "give an agent its memory as tools of the Model Context Protocol"),
    Command("connect", "core.commands.connect", "try the rights on a bucket of S3 Vectors and print the policy for it"),
    Command("eval", "core.commands.evaluate", "measure retrieval, the clusters of the map or the engine"),
)
