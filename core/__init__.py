"""Mnemoscope's core: memories of agents in S3 Vectors, written, recalled and explained, without a user interface.

Names are imported when they are first used, so that `python -m core --help` waits for none of them. Recall itself is
`core.recall.recall`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from core.access import LOCAL_ADMIN, Actor, Role
    from core.catalog import Catalog
    from core.config import open_catalog
    from core.errors import MnemoscopeError
    from core.memory import Memory, MemoryType, new_key
    from core.recall import Mode, RecallResult, Weights, context_block
    from core.scope import Scope
    from core.store import MemoryStore

__all__ = [
    "LOCAL_ADMIN",
    "Actor",
    "Catalog",
    "Memory",
    "MemoryStore",
    "MemoryType",
    "MnemoscopeError",
    "Mode",
    "RecallResult",
    "Role",
    "Scope",
    "Weights",
    "context_block",
    "new_key",
    "open_catalog",
]

_MODULES: Final = {
    "core.access": ("LOCAL_ADMIN", "Actor", "Role"),
    "core.catalog": ("Catalog",),
    "core.config": ("open_catalog",),
    "core.errors": ("MnemoscopeError",),
    "core.memory": ("Memory", "MemoryType", "new_key"),
    "core.recall": ("Mode", "RecallResult", "Weights", "context_block"),
    "core.scope": ("Scope",),
    "core.store": ("MemoryStore",),
}
_HOME: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
