"""The patterns of secrets: how each kind of key, token or password looks, and where that is written down."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from core.guard.secrets.proofs import PROOFS

__all__ = ["PATTERNS", "Pattern"]

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Pattern:
    """One kind of secret: its stable name, what it is in words, and where its form is documented.

    A text that has none of `hints`, in lower case, has none of it. The secret is the group `secret` of `form`, or the whole
    match. `proof` names what says of a candidate whether it may be one, None where the form is enough.
    """

    id: str
    what: str
    source: str
    hints: tuple[str, ...]
    expression: str
    any_case: bool = False
    proof: str | None = None

    @cached_property
    def form(self) -> re.Pattern[str]:
        """The expression, compiled when a text first has a hint of it."""
        return re.compile(self.expression, re.IGNORECASE if self.any_case else 0)

    @cached_property
    def group(self) -> str | int:
        """The group of a match that is the secret."""
        return "secret" if "secret" in self.form.groupindex else 0

    def is_one(self, candidate: str) -> bool:
        """Say whether a candidate passes the proof."""
        return self.proof is None or PROOFS[self.proof](candidate)


def _read(name: str) -> tuple[Pattern, ...]:
    rows = tomllib.loads((_HERE / name).read_text(encoding="utf-8"))
    return tuple(_pattern(id_, row) for id_, row in rows.items())


def _pattern(id_: str, row: Mapping[str, Any]) -> Pattern:
    form = row["form"]
    return Pattern(
        id=id_,
        what=row["what"],
        source=row["source"],
        hints=tuple(row["hints"]),
        expression=form if isinstance(form, str) else "".join(form),
        any_case=row.get("any_case", False),
        proof=row.get("proof"),
    )


# Those of vendors first: of two that overlap the more exact one names the secret.
PATTERNS: Final[tuple[Pattern, ...]] = (*_read("vendors.toml"), *_read("general.toml"))
