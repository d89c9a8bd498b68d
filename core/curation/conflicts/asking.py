"""Who may have a judge read the memories of an index: one on this machine, or one elsewhere, at a price."""

from __future__ import annotations

from typing import Final

from core.access import Actor, Permission
from core.models.judge import Judge
from core.store import MemoryStore

__all__ = ["require_may_ask"]

_ELSEWHERE: Final = "bedrock:"


def require_may_ask(store: MemoryStore, judge: Judge, *, actor: Actor) -> None:
    """Raise NotAllowedError where a model elsewhere would read memories, at a price, for somebody who may only look."""
    if any(tag.startswith(_ELSEWHERE) for tag in judge.tag.split("+")):
        info = store.info
        what = f"judgements of index {info.name!r} by {judge.tag}"
        actor.require(Permission.WRITE, what=what, tenant=info.tenant, known=info.tags_known)
