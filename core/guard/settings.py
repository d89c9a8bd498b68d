"""The rules of the guard of an index: what is done about each kind of finding, and the bounds. An admin keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from core.curation.rule_form import made_of
from core.errors import ConfigError
from core.guard.finding import ALLOWED, Mode, Rule
from core.guard.secrets import PATTERNS
from core.memory.fields import FIELDS, preview

__all__ = ["DEFAULT_GUARD", "Duplicates", "GuardSettings"]

FORMAT: Final = 1
_WHAT: Final = "The rules of the guard"
_IDS: Final = frozenset(each.id for each in PATTERNS)
_BOUNDS: Final = {"most_bytes": 40_960, "most_tags": 1_000, "most_fields": 1_000}


class Duplicates(StrEnum):
    """What becomes of a memory that says what one in the index says.

    It is kept as well and the finding told (keep), the one that is there takes over its tags, sources and dates (merge) or
    is made surer by it too (reinforce), or nobody looks (off).
    """

    KEEP = "keep"
    MERGE = "merge"
    REINFORCE = "reinforce"
    OFF = "off"


_DEFAULT_MODES: Final[Mapping[Rule, Mode]] = {
    Rule.SIZE: Mode.BLOCK,
    Rule.SCHEMA: Mode.BLOCK,
    Rule.SECRETS: Mode.REDACT,
    Rule.INJECTION: Mode.QUARANTINE,
    Rule.CONTRADICTED: Mode.TAG,
    Rule.UNSUPPORTED: Mode.OFF,
}


@dataclass(frozen=True)
class GuardSettings:
    """The rules of one index; those that are usual without arguments.

    `modes` by rule, those that it lacks as usual. `patterns` has other modes for single patterns of secrets, by id.
    `injection_least` is the score from which cues together are a finding, 0 to 1. `most_bytes` bounds a text as UTF-8,
    `most_tags` and `most_fields` what stands beside it. `required` names fields that every memory must have, `types` the
    only kinds of memory that may be written; () is any. `likeness` is how likely two texts must say the same.
    """

    modes: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    injection_least: float = 0.5
    most_bytes: int = 32_768
    most_tags: int = 64
    most_fields: int = 128
    required: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    duplicates: str = Duplicates.KEEP
    likeness: float = 0.84

    def __post_init__(self) -> None:
        """Check every value, and fill the modes up; raise ConfigError with what is wrong."""
        for name in ("modes", "patterns"):
            if not isinstance(getattr(self, name), Mapping):
                raise ConfigError(f"{_WHAT}: {name} is {preview(getattr(self, name))}: write an object of names and modes.")
        modes = {Rule(name): _mode(name, mode, ALLOWED.get(Rule(name))) for name, mode in self._known_modes()}
        object.__setattr__(self, "modes", {**_DEFAULT_MODES, **modes})
        for name, mode in self.patterns.items():
            if name not in _IDS:
                raise ConfigError(
                    f"{_WHAT}: there is no pattern {preview(name)}: `python -m core scan --patterns` lists all."
                )
            _mode(name, mode, ALLOWED[Rule.SECRETS])
        self._check_numbers()
        for name in ("required", "types"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        if unknown := [name for name in self.required if name not in FIELDS]:
            raise ConfigError(f"{_WHAT}: there is no field {preview(unknown[0])}: choose of {', '.join(FIELDS)}.")
        if self.duplicates not in set(Duplicates):
            raise ConfigError(f"{_WHAT}: duplicates is {preview(self.duplicates)}: choose of {', '.join(Duplicates)}.")

    def mode(self, rule: Rule) -> Mode:
        """Return what is done about a finding of a rule."""
        return Mode(self.modes[rule])

    def mode_of_secret(self, pattern: str) -> Mode:
        """Return what is done about a secret of a pattern."""
        return Mode(self.patterns.get(pattern, self.modes[Rule.SECRETS]))

    def to_json(self) -> dict[str, Any]:
        """Return the rules as one JSON object."""
        modes = {str(rule): str(mode) for rule, mode in self.modes.items()}
        lists = {"required": list(self.required), "types": list(self.types), "duplicates": str(self.duplicates)}
        return {"format": FORMAT, **asdict(self), "modes": modes, "patterns": dict(self.patterns), **lists}

    @classmethod
    def from_json(cls, value: Any) -> GuardSettings:
        """Return the rules of a JSON object, what it lacks as usual; raise ConfigError for what is none."""
        if isinstance(value, Mapping):
            if value.get("format", FORMAT) != FORMAT:
                raise ConfigError(f"{_WHAT} have format {preview(value['format'])}, this Mnemoscope reads {FORMAT}.")
            value = {name: each for name, each in value.items() if name != "format"}
        return made_of(cls, value, _WHAT)

    def _check_numbers(self) -> None:
        for name in ("injection_least", "likeness"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
                raise ConfigError(f"{_WHAT}: {name} is {preview(value)}: give a number above 0, up to 1.")
        for name, most in _BOUNDS.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ConfigError(f"{_WHAT}: {name} is {preview(value)}: give a whole number from 1 to {most:,}.")

    def _known_modes(self) -> list[tuple[str, Any]]:
        known = {str(rule) for rule in _DEFAULT_MODES}
        if unknown := [name for name in self.modes if name not in known]:
            raise ConfigError(f"{_WHAT}: there is no rule {preview(unknown[0])} with a mode: choose of {', '.join(known)}.")
        return list(self.modes.items())


def _mode(name: str, mode: Any, allowed: frozenset[Mode] | None) -> Mode:
    if allowed is None or mode not in allowed:
        known = [str(each) for each in Mode if each in (allowed or ())]
        raise ConfigError(f"{_WHAT}: the mode of {name} is {preview(mode)}: choose of {', '.join(known)}.")
    return Mode(mode)


def _names(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each for each in value):
        raise ConfigError(f"{_WHAT}: {name} is {preview(value)}: write a list of texts.")
    return tuple(value)


DEFAULT_GUARD: Final = GuardSettings()
