"""The command line: `python -m core COMMAND …`.

Exit codes: 0 done; 1 something failed, was left or is not there, or a check did not hold; 2 a usage error or a refusal,
with its reason on stderr; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from core.commands import COMMANDS
from core.commands.console import Console
from core.errors import MnemoscopeError

__all__ = ["build_parser", "main"]

_PROGRAM = "python -m core"


class _Help(argparse.HelpFormatter):
    """Leaves room for the longest command: argparse itself counts them without their indentation."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = max(len(command.name) for command in COMMANDS) + 4


def build_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the command that `argv` names is imported, so that help is quick."""
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="See, search and curate the memories of AI agents.",
        epilog=f"{_PROGRAM} COMMAND --help has examples.",
        formatter_class=_Help,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        child = commands.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if list(argv[:1]) == [command.name]:
            module = importlib.import_module(command.module)
            child.epilog = f"example:\n{module.EXAMPLE}"
            module.add_arguments(child)
            child.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    console = Console.standard(as_json="--json" in given)
    try:
        args = build_parser(given).parse_args(given)
        code: int = args.run(args, console)
        return code
    except MnemoscopeError as error:
        console.settle()
        console.complain(f"{_PROGRAM}: {error}")
        if console.as_json:
            console.result({"error": {"type": type(error).__name__, "message": str(error)}}, [])
        return 2
    except KeyboardInterrupt:
        console.complain("Stopped.")
        return 130
    except BrokenPipeError:
        console.drop()
        return 1
    except OSError as error:
        console.drop()
        console.complain(f"{_PROGRAM}: {error.strerror or error}: check where the output goes.")
        return 2


if __name__ == "__main__":
    sys.exit(main())
