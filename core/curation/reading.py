"""A plan as text, from a file or a pipe: strict, for whoever wrote it may want it to be read in two ways."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn, TextIO

from core.curation.plan import Plan, plan_from_json
from core.errors import ConfigError
from core.memory.fields import preview

__all__ = ["PLAN_CHARS_MAX", "plan_from_text", "read_bounded"]

PLAN_CHARS_MAX: Final = 1 << 29


def read_bounded(stream: TextIO, *, limit: int = PLAN_CHARS_MAX) -> str:
    """Return all of a stream; raise ConfigError for more than a plan can be, as from a device that never ends."""
    text = stream.read(limit + 1)
    if len(text) > limit:
        raise ConfigError(f"This is longer than {limit:,} characters, which no plan may be: make several smaller ones.")
    return text


def plan_from_text(text: str | bytes, *, name: str = "This") -> Plan:
    """Return the plan of a JSON text; `name` is what messages call it.

    A field that is there twice, and a number that is none, are refused: a reader may go by the first, a program by the last.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        return plan_from_json(value)
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply for a plan: make one with `python -m core plan`.") from None
    except ValueError as error:
        raise ConfigError(f"{name} is no JSON ({error}): make a plan with `python -m core plan`.") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [field for field, _ in pairs]
        twice = next(field for field in names if names.count(field) > 1)
        raise ConfigError(f"A plan that says {preview(twice)} twice in one place can be read in two ways: say it once.")
    return found


def _no_number(text: str) -> NoReturn:
    raise ConfigError(f"A plan with {text} for a number cannot be stored: give a finite one.")
