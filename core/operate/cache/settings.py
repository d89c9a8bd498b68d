"""Whether and where answers are kept: $MNEMOSCOPE_CACHE, as one line of text."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from core.errors import ConfigError
from core.operate.cache.in_process import InProcess
from core.operate.cache.semantic import NEAR, SemanticCache
from core.operate.cache.server import RedisShelf, connected, require_redis
from core.operate.cache.shelf import Shelf

__all__ = ["CACHE_VARIABLE", "CacheSettings", "cache_settings", "open_cache", "open_shelf"]

CACHE_VARIABLE: Final = "MNEMOSCOPE_CACHE"
_TTL_S: Final = 300.0
_TTL_MAX_S: Final = 86_400.0
# Valkey speaks the protocol of Redis, and redis-py knows these two names.
_SCHEMES: Final = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
_EXAMPLES: Final = "write off, memory, redis://HOST:6379/0 or rediss://USER:PASSWORD@HOST:6379/0?ttl=300&distance=0.05"


@dataclass(frozen=True)
class CacheSettings:
    """Where answers are kept: in this process (`url` None), or on a server; for so many seconds, for queries so near."""

    url: str | None = None
    ttl: float = _TTL_S
    distance: float = NEAR
    cluster: bool = False

    @property
    def label(self) -> str:
        """What people call it: never with a password."""
        if self.url is None:
            return "this process"
        parts = urlsplit(self.url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 6379}{parts.path}"


def cache_settings(text: str | None = None) -> CacheSettings | None:
    """Return the settings of a text, else of $MNEMOSCOPE_CACHE; None for "off" and where there is none."""
    given = (os.environ.get(CACHE_VARIABLE, "") if text is None else text).strip()
    if given in ("", "off"):
        return None
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        raise ConfigError(f"{CACHE_VARIABLE} names no server: {_EXAMPLES}.") from None
    options = _options(parts)
    if parts.path == "memory" and not parts.scheme and not options["cluster"]:
        return CacheSettings(None, options["ttl"], options["distance"])
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigError(f"{CACHE_VARIABLE} begins with neither memory, redis:// nor rediss://: {_EXAMPLES}.")
    url = urlunsplit((_SCHEMES[parts.scheme], parts.netloc, parts.path, "", ""))
    return CacheSettings(url, options["ttl"], options["distance"], bool(options["cluster"]))


def open_cache(text: str | None = None) -> SemanticCache | None:
    """Return the cache that a text, else $MNEMOSCOPE_CACHE, names; None for "off" and where there is none."""
    settings = cache_settings(text)
    if settings is None:
        return None
    return SemanticCache(open_shelf(settings), ttl=settings.ttl, distance=settings.distance)


def open_shelf(settings: CacheSettings) -> Shelf:
    """Return where answers are kept; a server is connected to when first asked. Raise MissingExtraError without redis-py."""
    if settings.url is None:
        return InProcess(ttl=settings.ttl)
    require_redis()
    connect = partial(connected, settings.url, cluster=settings.cluster)
    return RedisShelf(connect, ttl=settings.ttl, label=settings.label)


def _options(parts: SplitResult) -> dict[str, float]:
    found = {"ttl": _TTL_S, "distance": NEAR, "cluster": 0.0}
    most = {"ttl": _TTL_MAX_S, "distance": 1.0, "cluster": 1.0}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in found:
            raise ConfigError(f"{CACHE_VARIABLE} has an unknown option: only ttl, distance and cluster exist.")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = math.nan
        if not 0 <= found[name] <= most[name] or (name == "ttl" and not found[name]):
            raise ConfigError(
                f"{CACHE_VARIABLE} has {name}={value[:20]!r}: ttl is seconds above 0, {_TTL_MAX_S:,.0f} at most, "
                "distance is from 0 (the same text only) to 1, cluster is 0 or 1."
            )
    return found
