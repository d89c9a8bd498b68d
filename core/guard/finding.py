"""What the guard finds in a memory: rules, modes and findings, as data with reasons; none of it ever holds a secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

__all__ = ["ALLOWED", "Finding", "Findings", "Mode", "Rule", "Support"]

Span = tuple[int, int]


class Rule(StrEnum):
    """What is looked at."""

    SIZE = "size"
    SCHEMA = "schema"
    SECRETS = "secrets"
    INJECTION = "injection"
    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    DUPLICATE = "duplicate"


class Mode(StrEnum):
    """What is done about a finding, the strictest first."""

    BLOCK = "block"
    QUARANTINE = "quarantine"
    REDACT = "redact"
    TAG = "tag"
    OFF = "off"


class Support(StrEnum):
    """How a memory stands to what it is held against."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"


_EVERY: Final = frozenset(Mode) - {Mode.REDACT}
# Which modes a rule may have: only a secret can be cut out, and what is too large cannot be kept. What says the same has
# policies instead (settings.Duplicates), and its findings are only told.
ALLOWED: Final = {
    Rule.SIZE: frozenset({Mode.BLOCK, Mode.OFF}),
    Rule.SCHEMA: _EVERY,
    Rule.SECRETS: frozenset(Mode),
    Rule.INJECTION: _EVERY,
    Rule.CONTRADICTED: _EVERY,
    Rule.UNSUPPORTED: _EVERY,
}


@dataclass(frozen=True)
class Finding:
    """One thing found: the rule, what it is by a stable name, the reason in words, and the mode in which it counts.

    `field` is where it stands ("content", "notes", "extra.ticket.body"), `spans` are its places there as offsets of
    characters, `weight` says how sure it is, 0 to 1. The reason never quotes the memory; `keys` are other memories that it
    is about.
    """

    rule: Rule
    what: str
    reason: str
    mode: Mode
    field: str = "content"
    spans: tuple[Span, ...] = ()
    weight: float = 1.0
    keys: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        own = {"rule": str(self.rule), "mode": str(self.mode), "spans": [list(span) for span in self.spans]}
        return vars(self) | own | {"keys": list(self.keys)}


@dataclass(frozen=True)
class Findings:
    """All that was found in one memory; empty and so false for most.

    `support` says how it stands to its sources, None where nobody asked. `skipped` names rules that could not be tried.
    """

    found: tuple[Finding, ...] = ()
    support: Support | None = None
    skipped: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.found)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def mode(self) -> Mode:
        """The strictest mode of all findings, OFF where there are none."""
        strict = list(Mode)
        return min((each.mode for each in self.found), key=strict.index, default=Mode.OFF)

    def of(self, *modes: Mode) -> tuple[Finding, ...]:
        """Return the findings that count in some modes."""
        return tuple(each for each in self.found if each.mode in modes)

    @property
    def reason(self) -> str:
        """What was found, in one line."""
        return "; ".join(dict.fromkeys(each.reason for each in self.found))

    def plus(self, more: Sequence[Finding]) -> Findings:
        """Return these findings with some more."""
        return Findings((*self.found, *more), self.support, self.skipped)

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {
            "mode": str(self.mode),
            "support": None if self.support is None else str(self.support),
            "skipped": list(self.skipped),
            "findings": [each.to_json() for each in self.found],
        }
