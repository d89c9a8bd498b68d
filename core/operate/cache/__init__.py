"""A cache of answers by meaning: a query that is near one asked before gets its answer, until a write to the index."""

from core.operate.cache.question import Question
from core.operate.cache.semantic import CacheCounts, SemanticCache
from core.operate.cache.settings import CACHE_VARIABLE, CacheSettings, cache_settings, open_cache
from core.operate.cache.through import recall_through

__all__ = [
    "CACHE_VARIABLE",
    "CacheCounts",
    "CacheSettings",
    "Question",
    "SemanticCache",
    "cache_settings",
    "open_cache",
    "recall_through",
]
