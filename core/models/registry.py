"""Embedders by name, as a person types it, and by tag, as an index remembers it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.errors import ConfigError
from core.models.cache import CachedEmbedder
from core.models.families import FAMILIES, VERSION, Family, base_model
from core.models.hashing import HashingEmbedder
from core.models.local import default_embedder
from core.models.protocol import Embedder, embedder_tag
from core.vectors.client import Tracer

__all__ = ["EMBEDDER_VARIABLE", "embedder_for", "embedder_names", "is_embedder", "served_model"]

EMBEDDER_VARIABLE: Final = "MNEMOSCOPE_EMBEDDER"
_LOCAL: Final = ("default", "minilm")
_BY_NAME: Final = {family.name: family for family in FAMILIES.values()}


def embedder_names() -> tuple[str, ...]:
    """Return the short names; those of Amazon Bedrock may end in a dimension, as in titan-v2:512."""
    return ("default", "hashing", *_BY_NAME)


def is_embedder(name_or_tag: str) -> bool:
    """Say whether there is an embedder of this name or tag; nothing is loaded or called."""
    try:
        _found(name_or_tag)
    except ConfigError:
        return False
    return True


def served_model(name_or_tag: str) -> str | None:
    """Return the id by which Amazon Bedrock serves an embedder; None for a local one, ConfigError for an unknown one."""
    family, _, served_as = _found(name_or_tag)
    return None if family is None else served_as


def embedder_for(
    name_or_tag: str | None = None,
    *,
    cache_dir: Path | None = None,
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    tracer: Tracer | None = None,
) -> Embedder:
    """Return the embedder of a name or tag, without one that of $MNEMOSCOPE_EMBEDDER, else the local default.

    A tag is what an index remembers ("amazon.titan-embed-text-v2:0/1024/1"), a name is a short one, a model's id, or an
    inference profile's ("us.cohere.embed-v4:0"), each with ":DIMENSION" if another than the usual is wanted. Options other
    than `cache_dir` are for Amazon Bedrock, whose endpoint is not that of S3 Vectors. Raise ConfigError for an unknown one.
    """
    family, dimension, served_as = _found(name_or_tag or os.environ.get(EMBEDDER_VARIABLE) or "default")
    if family is None:
        return default_embedder(cache_dir) if served_as in _LOCAL else HashingEmbedder(dimension or 384)
    # Late: botocore takes its time to import.
    from core.models.bedrock import CONCURRENCY, bedrock_embedder
    from core.models.runtime import Runtime
    from core.vectors.session import AwsOptions

    runtime = Runtime(AwsOptions(region, profile, endpoint_url), tracer=tracer, connections=CONCURRENCY)
    return CachedEmbedder(bedrock_embedder(family, runtime, dimension=dimension, served_as=served_as), cache_dir)


def _found(asked: str) -> tuple[Family | None, int | None, str]:
    """Return model (None for a local one), dimension and the id to call it by; raise ConfigError if there is none."""
    if asked.count("/") == 2:
        return _tagged(asked)
    for name, dimension in _readings(asked):
        if name in _LOCAL and dimension is None:
            return None, None, name
        if name == HashingEmbedder.model_id:
            return None, dimension, name
        family = _BY_NAME.get(name) or FAMILIES.get(base_model(name))
        if family is not None:
            return family, _chosen(family, dimension), family.model_id if name in _BY_NAME else name
    raise _unknown(asked)


def _readings(asked: str) -> Iterator[tuple[str, int | None]]:
    """Yield the name as it is, and without ":DIMENSION": the ids of some models end in ":0"."""
    yield asked, None
    name, colon, number = asked.rpartition(":")
    if colon and number.isdecimal() and 0 < int(number) <= 4_096:
        yield name, int(number)


def _chosen(family: Family, dimension: int | None) -> int | None:
    if dimension is not None and dimension not in family.dimensions:
        choices = ", ".join(map(str, sorted(family.dimensions)))
        raise ConfigError(f"{family.name} has no dimension {dimension}: choose one of {choices}.")
    return dimension


def _tagged(tag: str) -> tuple[Family | None, int | None, str]:
    model, dimension, version = tag.split("/")
    family = FAMILIES.get(model)
    if family is not None and version == VERSION and dimension in map(str, family.dimensions):
        return family, int(dimension), model
    if tag == embedder_tag(default_embedder()):
        return None, None, "default"
    if model == HashingEmbedder.model_id and version == HashingEmbedder.version and dimension.isdecimal():
        return None, int(dimension), model
    raise _unknown(tag)


def _unknown(asked: str) -> ConfigError:
    return ConfigError(
        f"There is no embedder {asked!r}: choose one of {', '.join(embedder_names())}, those of Amazon Bedrock with "
        "a dimension if you like, as in titan-v2:512."
    )
