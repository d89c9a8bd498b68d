"""What of a plan hangs together: a memory that is written, and those that are retired in its favour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from core.curation.plan import Change

__all__ = ["torn"]


def torn(changes: Iterable[Change], lost: Collection[str]) -> Mapping[str, str]:
    """Return the keys whose change means nothing once some changes are lost, each with why.

    What was merged from a memory that changed since may not be true any more, and what was not written stands for nothing.
    """
    named = [(change.key, change.replaced_by) for change in changes]
    stand_ins = {by for _, by in named if by is not None}
    broken = {by if by is not None else key for key, by in named if key in lost and (by is not None or key in stand_ins)}
    return {
        key: "belongs to a merge of which another part does not hold any more"
        for key, by in named
        if key not in lost and (key in broken or by in broken)
    }
