"""What becomes a server of the tests: a process forked from one that has what our pages import, which takes three seconds.

The process it is forked from starts no thread, opens no store and is no Streamlit: it only has modules.
"""

from __future__ import annotations

import ast
import atexit
import importlib
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import streamlit.web.bootstrap
import streamlit.web.cli  # noqa: F401

__all__ = ["ROOT", "become"]

ROOT = Path(__file__).parents[2]
# Of what the pages import: our own pages need a running Streamlit, and the rights of AWS most servers never look at.
NOT_YET = ("pages.", "core.operate.rights")


def imported_by_pages() -> set[str]:
    """Return the modules that our pages name in their imports."""
    named: set[str] = set()
    for file in ROOT.joinpath("pages").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                named.add(node.module)
            elif isinstance(node, ast.Import):
                named.update(each.name for each in node.names)
    return {name for name in named if not f"{name}.".startswith(NOT_YET)}


def become(command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """Run `python COMMAND` in this process, as a fresh one would: with this environment, its output in a file."""
    with log.open("ab") as out:
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = list(command)
    try:
        if command[0] == "-m":
            sys.argv = list(command[1:])
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, str(Path(command[0]).parent))
            runpy.run_path(command[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()  # a process that multiprocessing forked ends without them


for name in sorted(imported_by_pages()):
    with suppress(ImportError):  # the page that needs it says so
        importlib.import_module(name)
