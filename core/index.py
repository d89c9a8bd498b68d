"""What an index is, as its configuration and tags say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["IndexInfo"]


@dataclass(frozen=True)
class IndexInfo:
    """What an index is: `embedder` ("model/dimension/version"), `tenant` and `scope` are None where its tags do not say."""

    name: str
    dimension: int
    metric: str
    embedder: str | None
    tenant: str | None
    non_filterable: tuple[str, ...]
    text_keys: tuple[str, ...]
    created_at: datetime
    arn: str
    # CLASSIC or ENHANCED, and AES256 or aws:kms; None where the service does not say.
    mode: str | None = None
    encryption: str | None = None
    # Without the right to read them nobody can say whose the index is: `tags_known` is False and the tags are empty.
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    tags_known: bool = True
    # Which of several indexes of memories this one is: "short-term", "long-term" or any other word.
    scope: str | None = None
    # Of each of `text_keys`, in their order: how its words are told apart.
    text_languages: tuple[str, ...] = ()
