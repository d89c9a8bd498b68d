"""What becomes of a memory by what was found in it: refused, redacted, tagged, quarantined or left alone. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from core.errors import GuardError
from core.guard.finding import Findings, Mode, Rule
from core.guard.places import FOUND_KEY, with_texts
from core.guard.secrets import redacted, secrets_in
from core.guard.settings import GuardSettings
from core.memory import Memory
from core.memory.status import is_quarantined, quarantined, status_of

__all__ = ["TAGS", "acted", "message_of"]

TAGS: Final = "guard:"
# So many findings are noted in a memory; all are in the verdict.
_NOTED: Final = 12
_ROUNDS: Final = 4


def acted(memory: Memory, findings: Findings, settings: GuardSettings) -> Memory:
    """Return the memory as it is to be written; raise GuardError where it is not to be.

    What was found is noted in the field "guard", without a word of the text. The same memory gives the same one each time.
    """
    if findings.of(Mode.BLOCK):
        raise GuardError(message_of(findings), findings=findings)
    if findings.of(Mode.REDACT):
        memory = _without_secrets(memory, settings)
    noted = findings.of(Mode.REDACT, Mode.TAG, Mode.QUARANTINE)
    if not noted:
        return memory
    extra = {**memory.extra, FOUND_KEY: _noted(findings)}
    if findings.of(Mode.QUARANTINE):
        extra = _held(extra, memory, findings)
    tags = dict.fromkeys([*memory.tags, *(f"{TAGS}{each.rule}" for each in findings.of(Mode.TAG))])
    return replace(memory, extra=extra, tags=tuple(tags))


def message_of(findings: Findings) -> str:
    """Return the message of a refusal: what was found where, and what to do; nothing of the memory."""
    blocked = findings.of(Mode.BLOCK)
    said = "; ".join(dict.fromkeys(each.reason for each in blocked))
    rules = ", ".join(dict.fromkeys(str(each.rule) for each in blocked))
    return f"The guard of this index refuses the memory: {said}. Take it out, or have an admin change the mode of {rules}."


def _without_secrets(memory: Memory, settings: GuardSettings) -> Memory:
    def change(_place: str, text: str) -> str:
        for _ in range(_ROUNDS):
            found = [each for each in secrets_in(text) if settings.mode_of_secret(each.id) is Mode.REDACT]
            if not found:
                break
            text = redacted(text, found)
        return text

    return with_texts(memory, change)


def _noted(findings: Findings) -> dict[str, Any]:
    counted = findings.of(Mode.REDACT, Mode.TAG, Mode.QUARANTINE)
    rows = [{"rule": str(each.rule), "what": each.what, "mode": str(each.mode), "field": each.field} for each in counted]
    score = max((each.weight for each in counted if each.rule is Rule.INJECTION), default=None)
    return {"findings": rows[:_NOTED], "count": len(rows), **({} if score is None else {"score": score})}


def _held(extra: dict[str, Any], memory: Memory, findings: Findings) -> dict[str, Any]:
    """Return the fields of a memory in quarantine; one that is there already stays as it is."""
    if is_quarantined(status_of(memory)):
        return extra
    held = quarantined(extra)
    if held is None:
        raise GuardError(
            f"The guard of this index would hold the memory ({findings.reason}), and its status is no text: leave it out.",
            findings=findings,
        )
    return held
