"""`conflicts`: what in an index may contradict what, found for people to decide, and what they decided."""

from __future__ import annotations

import argparse
from typing import Final

from core.commands.conflicts_decide import DECIDE_ACTIONS, add_decide_options
from core.commands.conflicts_measure import MEASURE_ACTIONS, add_measure_options
from core.commands.conflicts_scan import SCAN_ACTIONS, add_scan_options
from core.commands.console import Console
from core.commands.options import add_actions, add_index_option, add_store_options

EXAMPLE: Final = """\
  python -m core conflicts scan --index team
  python -m core conflicts scan --judge onnx:./nli --threshold 0.8 --dry-run --json
  python -m core conflicts list --index team --order used --max 50
  python -m core sweep --policy conflicts --index team

A scan puts cards into the inbox and changes no memory. It judges new and changed memories alone, but with --full; pairs
that were dismissed stay so while their texts are the same. `sweep --policy conflicts` is the same for a schedule. The exit
code of scan is 1 where it stopped before its end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its own options."""
    add = dict.fromkeys(SCAN_ACTIONS, add_scan_options) | dict.fromkeys(DECIDE_ACTIONS, add_decide_options)
    add |= dict.fromkeys(MEASURE_ACTIONS, add_measure_options)
    for name, child in add_actions(parser, {**SCAN_ACTIONS, **DECIDE_ACTIONS, **MEASURE_ACTIONS}, example=EXAMPLE):
        add[name](child, name)
        add_index_option(child)
        add_store_options(child)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked and return the exit code."""
    code: int = args.run_action(args, console)
    return code
