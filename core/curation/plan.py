"""A plan: every change that it would make to an index, as data that can be read, kept, sent and reviewed before it runs.

A plan is immutable. Each change carries the record that the planner saw, so that applying it can tell whether it is still
so, and a reason in words. Planners are pure: the preview and the machine that applies have the same plan.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from core.errors import ConfigError
from core.memory.fields import preview
from core.memory.record import Record, fingerprint

__all__ = ["Action", "Change", "Plan", "plan_from_json", "plan_to_json"]

FORMAT: Final = 1
# It stands in commands that a person copies, in addresses of pages, and in names of files.
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:~@+=-]{0,199}")


class Action(StrEnum):
    """What happens to one key. Retiring is undoable; erasing takes the journal's copies too and is not."""

    PUT = "put"
    REPLACE = "replace"
    RETIRE = "retire"
    ERASE = "erase"


@dataclass(frozen=True)
class Change:
    """One key's change: `before` is what the planner saw (None: nothing), `after` what will be there (None: nothing).

    A record's vector in `before` says nothing; in the `after` of a replacement None keeps the vector that is there.
    `replaced_by` is the key of the memory, put by the same plan or in the index, that stands for one that is retired: it is
    retired only once a recall of its own text was proved to find that one (core.curation.proof).
    """

    key: str
    action: Action
    reason: str
    policy: str
    before: Record | None = None
    after: Record | None = None
    replaced_by: str | None = None

    def __post_init__(self) -> None:
        if self.replaced_by is not None and (self.action is not Action.RETIRE or self.replaced_by == self.key):
            raise ConfigError(f"{preview(self.key)} has something in its place: only what is retired has, and not itself.")
        wants = (self.action is not Action.PUT, self.action in (Action.PUT, Action.REPLACE))
        if (self.before is not None, self.after is not None) != wants:
            raise ConfigError(f"The change of {preview(self.key)} is no {self.action}: its before or after does not fit.")
        if self.action is Action.PUT and self.after is not None and self.after.vector is None:
            raise ConfigError(f"The change of {preview(self.key)} puts a record without a vector.")

    @cached_property
    def seen(self) -> str | None:
        """The fingerprint of what the planner saw, None where there was nothing."""
        return None if self.before is None else fingerprint(self.before.metadata)

    @cached_property
    def leaves(self) -> str | None:
        """The fingerprint of what will be there, None where there will be nothing."""
        return None if self.after is None else fingerprint(self.after.metadata)


@dataclass(frozen=True)
class Plan:
    """What one person, agent or policy proposes to do to one index; each key changes at most once.

    `policy` is the one that proposed it ("delete", "expiry", "decay", "edit", "hide", "undo", "restore", …) and `parameters`
    what it was told. `undoes` is the id of the plan that this one takes back.
    """

    id: str
    bucket: str
    index: str
    title: str
    policy: str
    author: str
    created_at: datetime
    changes: tuple[Change, ...]
    reason: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    undoes: str | None = None

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ConfigError(
                f"{preview(self.id)} is no id of a plan: it has 1 to 200 of the characters A-Z, a-z, 0-9 and _.:~@+=-, and "
                "starts with a letter or digit."
            )
        twice = [key for key, count in Counter(change.key for change in self.changes).items() if count > 1]
        if twice:
            raise ConfigError(f"Plan {self.id} changes {preview(twice[0])} twice: a key can change once in a plan.")
        gone = {change.key for change in self.changes if change.after is None}
        if lost := next((each for each in self.changes if each.replaced_by in gone), None):
            by, key = preview(lost.replaced_by), preview(lost.key)
            raise ConfigError(
                f"Plan {self.id} takes away {by}, which is to stand for {key}: what stands for others must stay."
            )
        if self.created_at.tzinfo is None:
            raise ConfigError(f"Plan {self.id} was made at a time without a zone: use an aware time, as datetime.now(UTC).")

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    @property
    def counts(self) -> dict[Action, int]:
        """How many changes of each action there are, those that occur."""
        found = Counter(change.action for change in self.changes)
        return {action: found[action] for action in Action if found[action]}

    @property
    def stream(self) -> str:
        """The journal's stream that the plan belongs to."""
        return f"{self.bucket}/{self.index}"

    @cached_property
    def hash(self) -> str:
        """SHA-256 over everything the plan says, in hex: what a reviewer approves and the journal names."""
        return hashlib.sha256(_canonical(_as_json(self))).hexdigest()

    @cached_property
    def fingerprint(self) -> str:
        """What the plan saw, in hex: keys and the fingerprints of their records."""
        seen = sorted((change.key, change.seen or "") for change in self.changes)
        return hashlib.blake2b(_canonical(seen), digest_size=16).hexdigest()


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as one JSON object, with its hash."""
    return _as_json(plan) | {"hash": plan.hash}


def plan_from_json(value: Any) -> Plan:
    """Return the plan of a JSON object; raise ConfigError for what is none, or for one whose hash does not fit any more."""
    try:
        if value["format"] != FORMAT:
            raise ConfigError(
                f"This plan has format {preview(value['format'])}, this Mnemoscope reads {FORMAT}: upgrade it."
            )
        plan = Plan(
            id=_text(value["id"]),
            bucket=_text(value["bucket"]),
            index=_text(value["index"]),
            title=_text(value["title"]),
            policy=_text(value["policy"]),
            author=_text(value["author"]),
            created_at=datetime.fromisoformat(value["created_at"]).astimezone(UTC),
            changes=tuple(_change(each) for each in value["changes"]),
            reason=_text(value.get("reason", "")),
            parameters=_parameters(value.get("parameters") or {}),
            undoes=None if value.get("undoes") is None else _text(value["undoes"]),
        )
        is_other = value.get("hash") not in (None, plan.hash)
    except ConfigError:
        raise
    except RecursionError:
        raise ConfigError("This is no plan, it is nested too deeply: make one with `python -m core plan`.") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ConfigError(
            f"This is no plan ({type(error).__name__}: {preview(str(error))}): make one with `python -m core plan`."
        ) from None
    if is_other:
        raise ConfigError(
            f"Plan {plan.id} was changed after it was made: its hash is not the one that it carries. "
            "Make it anew, or take the hash out to say that the change is meant."
        )
    return plan


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "id": plan.id,
        "bucket": plan.bucket,
        "index": plan.index,
        "title": plan.title,
        "policy": plan.policy,
        "author": plan.author,
        "created_at": plan.created_at.astimezone(UTC).isoformat(),
        "reason": plan.reason,
        "parameters": dict(plan.parameters),
        "undoes": plan.undoes,
        "changes": [_change_json(change) for change in plan.changes],
    }


def _change_json(change: Change) -> dict[str, Any]:
    said = {"key": change.key, "action": str(change.action), "reason": change.reason, "policy": change.policy}
    before = {} if change.before is None else {"before": {"metadata": dict(change.before.metadata)}}
    after = {} if change.after is None else {"after": change.after.to_json()}
    # Only where it is set: plans that were made before have the hash that they had.
    stand_in = {} if change.replaced_by is None else {"replaced_by": change.replaced_by}
    return said | before | after | stand_in


def _change(value: Mapping[str, Any]) -> Change:
    before, after = value.get("before"), value.get("after")
    return Change(
        key=_text(value["key"]),
        action=Action(value["action"]),
        reason=_text(value["reason"]),
        policy=_text(value["policy"]),
        before=None if before is None else Record.from_json(before),
        after=None if after is None else Record.from_json(after),
        replaced_by=None if value.get("replaced_by") is None else _text(value["replaced_by"]),
    )


def _parameters(value: Any) -> dict[str, Any]:
    """Return what the planner was told; what the machine and the pages read of it must be of its kind."""
    found = {_text(name): each for name, each in dict(value).items()}
    for name, kind in (("takes_back", list), ("left_out", dict), ("left_out_count", int)):
        if name in found and type(found[name]) is not kind:
            raise TypeError(f"{name} is {preview(found[name])}")
    for text in (*found.get("takes_back", ()), *found.get("left_out", {}).values()):
        _text(text)
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{preview(value)} is no text")
    return value


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
