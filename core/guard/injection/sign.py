"""The signs of orders to a reader: what is looked for, and how much each says alone."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

__all__ = ["SIGNS", "Sign"]

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Sign:
    """One sign. A text that has none of `hints`, in lower case, has none of it.

    `deniable`: "never" right before it takes it back. `quotable`: it counts less in the quotes of a text about attacks.
    """

    id: str
    what: str
    weight: float
    hints: tuple[str, ...]
    expression: str
    deniable: bool = False
    quotable: bool = False

    @cached_property
    def form(self) -> re.Pattern[str]:
        """The expression, compiled when a text first has a hint of it."""
        return re.compile(self.expression, re.IGNORECASE)


def _read(name: str) -> tuple[Sign, ...]:
    rows = tomllib.loads((_HERE / name).read_text(encoding="utf-8"))
    return tuple(_sign(id_, row) for id_, row in rows.items())


def _sign(id_: str, row: Mapping[str, Any]) -> Sign:
    form = row["form"]
    return Sign(
        id=id_,
        what=row["what"],
        weight=row["weight"],
        hints=tuple(row["hints"]),
        expression=form if isinstance(form, str) else "".join(form),
        deniable=row.get("deniable", False),
        quotable=row.get("quotable", False),
    )


SIGNS: Final[tuple[Sign, ...]] = (*_read("words.toml"), *_read("marks.toml"))
