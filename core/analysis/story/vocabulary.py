"""The vocabulary of coordination: which words in tags and fields say that an agent claims, hands over, is blocked, is done.

One table for every reader. A tag may be the word alone ("blocked"), or the word with what it is about ("claim:parser"). A
field may be named for the part of a task ("subtask": "parser"), hold the word ("status": "in progress"), or both.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from core.hostile import one_line

__all__ = [
    "FIELDS",
    "OUTCOME_FIELDS",
    "TABLE",
    "Kind",
    "field_text",
    "in_fields",
    "in_tags",
    "kind_of_type",
    "named",
    "word_kind",
]


class Kind(StrEnum):
    """What a step of a task is."""

    TASK = "task"
    PLAN = "plan"
    CLAIM = "claim"
    RELEASE = "release"
    PROGRESS = "progress"
    BLOCKED = "blocked"
    HANDOFF = "handoff"
    QUESTION = "question"
    ANSWER = "answer"
    DECISION = "decision"
    CONFLICT = "conflict"
    CALL = "tool call"
    RESULT = "tool result"
    ARTEFACT = "artefact"
    DONE = "done"
    FAILED = "failed"
    OUTCOME = "outcome"
    MESSAGE = "message"
    OBSERVATION = "observation"
    REFLECTION = "reflection"
    NOTE = "note"


# Words as they are written by the frameworks that we know of, lower case, "_" for every space and dash.
TABLE: Final[Mapping[Kind, frozenset[str]]] = {
    kind: frozenset(words.split())
    for kind, words in {
        Kind.CLAIM: "claim claimed claiming lock locked reserve reserved taken assigned assignment owner owned acquired",
        Kind.RELEASE: "release released unlock unlocked unclaim unclaimed unassigned dropped given_up abandoned",
        Kind.PROGRESS: "progress in_progress status wip working started start ongoing running active standup update "
        "resumed checkpoint",
        Kind.BLOCKED: "blocked blocker blocking stuck waiting waiting_for paused on_hold stalled",
        Kind.HANDOFF: "handoff hand_off handover hand_over delegate delegated transfer transferred escalate escalated "
        "escalation pass_on",
        Kind.QUESTION: "question request ask help_wanted review_request",
        Kind.ANSWER: "answer reply response",
        Kind.DECISION: "decision decided decide choice chosen adr verdict approved approval rejected",
        Kind.CONFLICT: "conflict conflicting disputed contradiction contradicted disagreement",
        Kind.CALL: "tool_call tool_use function_call action call",
        Kind.RESULT: "tool_result tool_output function_result observation_of_tool output execution",
        Kind.ARTEFACT: "artefact artifact deliverable file document report",
        Kind.DONE: "done complete completed finished closed resolved solved delivered shipped merged ready",
        Kind.FAILED: "failed failure error aborted abort crashed cancelled canceled",
        Kind.PLAN: "plan planning todo instruction instructions policy",
        Kind.TASK: "task goal objective user_task brief",
        Kind.OUTCOME: "outcome final final_answer result_of_task reward",
    }.items()
}
# Types of memories that say what a step is; a tag or a field goes before them.
_TYPES: Final[Mapping[str, Kind]] = {
    "message": Kind.MESSAGE,
    "conversation": Kind.MESSAGE,
    "chat": Kind.MESSAGE,
    "observation": Kind.OBSERVATION,
    "event": Kind.OBSERVATION,
    "reflection": Kind.REFLECTION,
    "thought": Kind.REFLECTION,
}
_WORDS: Final = {word: kind for kind, words in TABLE.items() for word in words}
# A tag that names a topic ("report", "policy", "task") says nothing of the step; these count only as the value of a field.
_FIELD_ONLY: Final = frozenset("report document file task policy owner active start final owned call output error".split())

PART_FIELDS: Final = ("subtask", "subtask_id", "sub_task", "part", "work_item", "item", "resource", "ticket")
WORD_FIELDS: Final = ("event", "event_type", "kind", "action_type", "message_type", "status", "state", "subtask_status")
OWNER_FIELDS: Final = ("claimed_by", "locked_by", "assigned_to", "assignee", "owner")
TO_FIELDS: Final = ("to_agent", "handoff_to", "recipient", "to")
LEASE_FIELDS: Final = ("lease_until",)
PROGRESS_FIELDS: Final = ("progress", "percent", "percent_complete")
TOOL_FIELDS: Final = ("tool", "tool_name", "function", "function_name")
ORDER_FIELDS: Final = ("step", "turn", "seq", "sequence", "order", "index", "turn_index")
ERROR_FIELDS: Final = ("exit_code", "exitcode", "return_code", "returncode", "error", "is_error", "exception")
RUN_FIELDS: Final = ("trial", "run", "attempt", "rollout", "trial_id", "run_id")
CONFLICT_FIELDS: Final = ("conflicts_with", "contradicts", "contradicted_by")
ARTEFACT_FIELDS: Final = (
    *("artefact", "artefacts", "artifact", "artifacts", "file", "files", "path", "paths"),
    *("url", "urls", "uri", "document", "link", "commit", "pull_request"),
)
OUTCOME_FIELDS: Final = (
    *("task_status", "task_outcome", "task_state", "outcome"),
    *("success", "succeeded", "reward", "score"),
    *("outcome_reason", "failure_reason", "reason"),
)
# Every metadata key that a story reads, beside the fields of a memory.
FIELDS: Final = tuple(
    dict.fromkeys(
        (
            *ORDER_FIELDS,
            *TO_FIELDS,
            *PART_FIELDS,
            *WORD_FIELDS,
            *OWNER_FIELDS,
            *LEASE_FIELDS,
            *PROGRESS_FIELDS,
            *TOOL_FIELDS,
            *ERROR_FIELDS,
            *RUN_FIELDS,
            *CONFLICT_FIELDS,
            *ARTEFACT_FIELDS,
            *OUTCOME_FIELDS,
        )
    )
)
_NAME_CHARS: Final = 120


def word_kind(word: str) -> Kind | None:
    """Return what a word of coordination says, None where it is no such word."""
    return _WORDS.get(_plain(word))


def kind_of_type(memory_type: str | None) -> Kind | None:
    """Return what a memory's type says of a step, as "tool_result" does; None for types that do not."""
    if not memory_type:
        return None
    return _TYPES.get(_plain(memory_type)) or _WORDS.get(_plain(memory_type))


def in_tags(tags: tuple[str, ...] | list[str]) -> list[tuple[Kind, str | None]]:
    """Return what each tag of coordination says and what it is about: "claim:parser" is a claim of "parser"."""
    found: list[tuple[Kind, str | None]] = []
    for tag in tags:
        word, _, about = tag.replace("=", ":").partition(":")
        kind = None if _plain(word) in _FIELD_ONLY else word_kind(word)
        if about and kind in (Kind.PROGRESS, None):  # "status:blocked", "state:done"
            said = word_kind(about)
            if said is not None and _plain(word) in {*WORD_FIELDS, "progress"}:
                found.append((said, None))
                continue
        if kind is not None:
            found.append((kind, named(about)))
        elif about and _plain(word) in PART_FIELDS:
            found.append((Kind.NOTE, named(about)))
    return found


def in_fields(extra: Mapping[str, Any]) -> Kind | None:
    """Return what the fields of a memory say that its step is."""
    for name in WORD_FIELDS:
        said = extra.get(name)
        if isinstance(said, str) and (kind := word_kind(said)) is not None:
            return kind
    if any(field_text(extra, (name,)) for name in OWNER_FIELDS[:2]):
        return Kind.CLAIM
    return None


def field_text(extra: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Return the first of the fields that holds a text or a number, as a name on one line."""
    for name in names:
        said = extra.get(name)
        if isinstance(said, str) or (isinstance(said, int | float) and not isinstance(said, bool)):
            text = named(str(said))
            if text:
                return text
    return None


def named(text: str) -> str | None:
    """Return a name on one line, None where there is none."""
    return one_line(text, _NAME_CHARS).strip() or None


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
