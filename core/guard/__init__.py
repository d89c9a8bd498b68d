"""Guardrails on writes: size and schema, secrets, orders to the reader, support by sources, and what is there already."""

from core.guard.finding import Finding, Findings, Mode, Rule, Support
from core.guard.guard import Guard
from core.guard.keeping import SavedGuard, guard_of, load_guard, save_guard
from core.guard.settings import DEFAULT_GUARD, Duplicates, GuardSettings

__all__ = [
    "DEFAULT_GUARD",
    "Duplicates",
    "Finding",
    "Findings",
    "Guard",
    "GuardSettings",
    "Mode",
    "Rule",
    "SavedGuard",
    "Support",
    "guard_of",
    "load_guard",
    "save_guard",
]
