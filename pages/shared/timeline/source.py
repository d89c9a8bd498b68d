"""What a view of the timeline is made from, as the caches know it: the same as long as nothing that is drawn can differ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from core.scope import Scope
from pages.shared.here import Here, store_uri
from pages.shared.remembered import to_minute

__all__ = ["BY_IDENTITY", "Source", "by_minute", "identity"]


@dataclass(frozen=True, eq=False)
class Source:
    """The surroundings of a run, and the `identity` that stands for them; `scope` and `now` are those to draw by."""

    identity: tuple[Hashable, ...]
    here: Here
    scope: Scope
    now: datetime


BY_IDENTITY: Final[Mapping[str | type[Any], Any]] = {Source: lambda source: source.identity}


def identity(here: Here) -> tuple[Hashable, ...]:
    """Return what changes whenever the open index, its content or who looks at it does."""
    return (store_uri(), here.catalog.bucket, here.index, repr(here.actor), here.edition)


def by_minute(here: Here) -> tuple[Scope, datetime]:
    """Return the scope and now; what moves with the clock moves by the minute, unless a person looks back."""
    scope = here.scope
    if scope.created_from is not None and scope.created_from.microsecond:
        scope = replace(scope, created_from=to_minute(scope.created_from))
    return scope, here.now if here.past else to_minute(here.now)
