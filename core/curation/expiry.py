"""Expiry: a memory whose own time is over, or that a rule by age and kind lets go. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.curation.decision import Decision, Verdict, keep
from core.curation.rule_form import made_of
from core.curation.tasks import IDLE_DAYS, Finished, TaskKey, task_of
from core.errors import ConfigError
from core.hostile import one_line
from core.memory import Memory
from core.memory.fields import preview
from core.memory.keys import LOG_PREFIX

__all__ = ["DEFAULT_EXPIRY", "EXPIRY", "STATED", "ExpiryRule", "ExpiryRules", "decide_expiry", "due_at", "of_type"]

EXPIRY: Final = "expiry"
STATED: Final = "expires_at"
_DAY_S: Final = 86_400.0
DAYS_MAX: Final = 100_000
_NOTHING: Final[Mapping[TaskKey, Finished]] = {}


def _check_days(what: str, days: Any) -> None:
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 <= days <= DAYS_MAX:
        raise ConfigError(f"{what} is {days!r}: give a number of days from 0 to {DAYS_MAX:,}.")


def _texts(what: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ConfigError(f"{what} is {values!r}: give a list of names.")
    return tuple(dict.fromkeys(values))


@dataclass(frozen=True)
class ExpiryRule:
    """Memories of these kinds go `after_days`: since they were made, or with `finished_tasks` since their task ended.

    An empty `types`, `agents` or `tags` is any of them; a memory with none of the kinds listed is not touched.
    """

    name: str
    after_days: float
    types: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    finished_tasks: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ConfigError("An expiry rule has no name: give it one.")
        _check_days(f"after_days of the rule {self.name!r}", self.after_days)
        for name in ("types", "agents", "tags"):
            object.__setattr__(self, name, _texts(name, getattr(self, name)))

    def fits(self, memory: Memory) -> bool:
        """Say whether the rule is about such a memory."""
        return (
            (not self.types or of_type(memory.memory_type, self.types))
            and (not self.agents or memory.agent_id in self.agents)
            and (not self.tags or bool(set(self.tags) & set(memory.tags)))
        )

    def sentence(self) -> str:
        """Return the rule in words, as in "episodic memories of finished tasks, after 30 days"."""
        kinds = f"{' or '.join(self.types)} memories" if self.types else "memories of any type"
        by = f" of agent {' or '.join(self.agents)}" if self.agents else ""
        tagged = f" tagged {' or '.join(self.tags)}" if self.tags else ""
        return f"{kinds}{by}{tagged}{' of finished tasks' if self.finished_tasks else ''}, after {_days(self.after_days)}"


@dataclass(frozen=True)
class ExpiryRules:
    """All of the policy: `grace_days` after a stated expiry, rules by age, and the types that no rule by age touches.

    What a memory states itself in `expires_at` counts whatever its type, unless `stated` is off. A task without a word is
    finished when nothing was written for it in `idle_days`; None: only a task that says so is.
    """

    stated: bool = True
    grace_days: float = 7.0
    rules: tuple[ExpiryRule, ...] = (
        ExpiryRule("finished tasks", after_days=30.0, types=("episodic",), finished_tasks=True),
    )
    never: tuple[str, ...] = ("procedural",)
    idle_days: float | None = IDLE_DAYS

    def __post_init__(self) -> None:
        _check_days("grace_days", self.grace_days)
        if self.idle_days is not None:
            _check_days("idle_days", self.idle_days)
        object.__setattr__(self, "never", _texts("never", self.never))
        object.__setattr__(self, "rules", tuple(self.rules))
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names) or STATED in names:
            raise ConfigError(f"Two expiry rules have one name, or one is named {STATED!r}: {', '.join(names)}.")

    @property
    def needs_tasks(self) -> bool:
        """Say whether a rule asks which tasks are finished."""
        return any(rule.finished_tasks for rule in self.rules)

    def to_json(self) -> dict[str, Any]:
        """Return the rules as JSON values."""
        value = asdict(self)
        return value | {"never": list(self.never), "rules": [_plain(rule) for rule in value["rules"]]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExpiryRules:
        """Return the rules that `to_json` wrote; raise ConfigError for what makes none."""
        given: Any = value
        if isinstance(given, Mapping) and "rules" in given:
            if not isinstance(given["rules"], list | tuple):
                raise ConfigError(f"The rules of expiry are {preview(given['rules'])}: write a list of objects.")
            made = (
                made_of(ExpiryRule, rule, f"The fields of expiry rule {place}")
                for place, rule in enumerate(given["rules"], start=1)
            )
            given = {**given, "rules": tuple(made)}
        return made_of(cls, given, "The expiry rules")


DEFAULT_EXPIRY: Final = ExpiryRules()


def due_at(memory: Memory, rule: ExpiryRule, *, rules: ExpiryRules, finished: Mapping[TaskKey, Finished]) -> datetime | None:
    """Return when a rule lets a memory go, None for never, or while its task runs."""
    if of_type(memory.memory_type, rules.never) or not rule.fits(memory) or _is_needed(memory, rule):
        return None
    since = memory.created_at
    if rule.finished_tasks:
        task = task_of(memory)
        ended = finished.get(task) if task else None
        since = ended.at if ended else None
    return None if since is None else later(since, rule.after_days)


def _is_needed(memory: Memory, rule: ExpiryRule) -> bool:
    """Say whether a memory is part of a log that agents share, which goes with its finished task and not by age."""
    return memory.key.startswith(LOG_PREFIX) and not rule.finished_tasks


def of_type(memory_type: str | None, types: Iterable[str]) -> bool:
    """Say whether a type is one of these; "Procedural" of other software is spared as "procedural" is."""
    return memory_type is not None and memory_type.lower() in {name.lower() for name in types}


def decide_expiry(
    memory: Memory,
    *,
    now: datetime,
    rules: ExpiryRules = DEFAULT_EXPIRY,
    finished: Mapping[TaskKey, Finished] = _NOTHING,
) -> Decision:
    """Return whether a memory's time is over: by what it states, then by the first rule that lets it go."""
    if rules.stated and memory.expires_at is not None:
        over = later(memory.expires_at, rules.grace_days)
        if over is not None and over <= now:
            ago = _days((now - memory.expires_at).total_seconds() / _DAY_S)
            grace = f", which is past the {_days(rules.grace_days)} of grace" if rules.grace_days else ""
            reason = f"It expired on {_date(memory.expires_at)}, {ago} ago{grace}."
            return Decision(memory.key, Verdict.RETIRE, reason, EXPIRY, STATED)
    for rule in rules.rules:
        due = due_at(memory, rule, rules=rules, finished=finished)
        if due is not None and due <= now:
            return Decision(memory.key, Verdict.RETIRE, _reason(memory, rule, now, finished), EXPIRY, rule.name)
    return keep(memory, "Its time is not over.", EXPIRY)


def later(moment: datetime, days: float) -> datetime | None:
    """Return so many days later, None beyond the year 9999."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return None


def _reason(memory: Memory, rule: ExpiryRule, now: datetime, finished: Mapping[TaskKey, Finished]) -> str:
    task = task_of(memory)
    if rule.finished_tasks and task is not None and task in finished:
        ended = finished[task]
        days = _days((now - ended.at).total_seconds() / _DAY_S)
        return f"Rule “{one_line(rule.name, 60)}”: {ended.why} since {ended.at:%Y-%m-%d}, {days}."
    made = memory.created_at or now
    return f"Rule “{one_line(rule.name, 60)}”: it was made {_days((now - made).total_seconds() / _DAY_S)} ago."


def _days(days: float) -> str:
    shown = f"{days:,.0f}" if days >= 10 or float(days).is_integer() else f"{days:.1f}"
    return f"{shown} day{'' if shown == '1' else 's'}"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _plain(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in rule.items()}
