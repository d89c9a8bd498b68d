"""What a policy says of one memory: a verdict with its reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.memory import Memory

__all__ = ["Decision", "Verdict", "keep"]


class Verdict(StrEnum):
    """What is to become of a memory."""

    KEEP = "keep"
    HIDE = "hide"
    RETIRE = "retire"
    WRITE = "write"


@dataclass(frozen=True)
class Decision:
    """One memory's verdict and why; `after` is the memory as it is to be written, of a WRITE alone.

    `rule` names the rule of the policy that decided, "" where the policy has but one.
    """

    key: str
    verdict: Verdict
    reason: str
    policy: str
    rule: str = ""
    after: Memory | None = None


def keep(memory: Memory, reason: str, policy: str) -> Decision:
    """Return the decision that leaves a memory as it is."""
    return Decision(memory.key, Verdict.KEEP, reason, policy)
