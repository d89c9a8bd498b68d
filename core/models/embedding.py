"""Embedders: the Protocol, the local default and its cache, one without a model, and those of Amazon Bedrock by name."""

from __future__ import annotations

from core.models.cache import CachedEmbedder
from core.models.hashing import HashingEmbedder
from core.models.local import default_embedder
from core.models.minilm import INSTALL_LINE, MiniLM
from core.models.protocol import Embedder, QueryEmbedder, embed_query, embedder_tag
from core.models.registry import EMBEDDER_VARIABLE, embedder_for, embedder_names, is_embedder, served_model

__all__ = [
    "EMBEDDER_VARIABLE",
    "INSTALL_LINE",
    "CachedEmbedder",
    "Embedder",
    "HashingEmbedder",
    "MiniLM",
    "QueryEmbedder",
    "default_embedder",
    "embed_query",
    "embedder_for",
    "embedder_names",
    "embedder_tag",
    "is_embedder",
    "served_model",
]
