"""Addresses of ledgers in S3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from core.errors import ConfigError
from core.memory.fields import preview

__all__ = ["S3Location", "name_of", "place_of", "s3_location"]

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_OPTIONS: Final = frozenset({"region", "endpoint_url", "profile"})


@dataclass(frozen=True)
class S3Location:
    """A bucket, the prefix of the keys ("" or one that ends with a slash), and how to reach it."""

    bucket: str
    prefix: str
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def s3_location(uri: str) -> S3Location:
    """Return what s3://BUCKET/PREFIX?region=…&endpoint_url=…&profile=… names; raise ConfigError for anything else."""
    bare = uri.partition("?")[0]
    try:
        parts = urlsplit(uri)
    except ValueError:  # half an IPv6 address
        raise ConfigError(f"Journal {preview(bare)} cannot be read: write s3://BUCKET/PREFIX?region=REGION.") from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "@" in parts.netloc or "@" in options.get("endpoint_url", ""):
        raise ConfigError("A journal's address must not hold credentials: they come from AWS's own chain.")
    if not _BUCKET.fullmatch(parts.netloc):
        raise ConfigError(
            f"Journal {preview(bare)} must name a bucket of 3 to 63 characters a-z, 0-9, . and -, as in s3://my-bucket/journal."
        )
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown or parts.fragment:
        raise ConfigError(
            f"Journal {preview(bare)} has the option {(unknown or ['#'])[0]!r}: only region, endpoint_url and profile exist."
        )
    if empty := next((name for name, value in options.items() if not value), None):
        raise ConfigError(f"Journal {preview(bare)} has an empty {empty}: give it a value, or leave it out.")
    prefix = parts.path.strip("/")
    return S3Location(parts.netloc, f"{prefix}/" if prefix else "", **options)


def place_of(name: str) -> str:
    """Return a name of any characters as one part of a key: =XX for what is not a letter, digit, _, ., - or ~."""
    place = quote(name, safe="", errors="surrogatepass").replace("%", "=")
    # Some clients take . and .. for folders, and fold them.
    return place.replace(".", "=2E") if set(place) <= {"."} else place


def name_of(place: str) -> str:
    """Return the name that `place_of` was given."""
    return unquote(place.replace("=", "%"), errors="surrogatepass")
