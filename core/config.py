"""Where the memories are: store URIs, and the catalog that one opens."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from core.catalog import Catalog
from core.errors import ConfigError
from core.memory.fields import preview
from core.models.embedding import Embedder, default_embedder
from core.vectors.client import Tracer
from core.vectors.embedded import EmbeddedClient

__all__ = ["STORE_VARIABLE", "StoreLocation", "default_store_dir", "open_catalog", "parse_store_uri"]

STORE_VARIABLE: Final = "MNEMOSCOPE_STORE"
_BUCKET: Final = "mnemoscope"
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True)
class StoreLocation:
    """A parsed store URI: a directory of the embedded engine, or a bucket of S3 Vectors."""

    uri: str
    directory: Path | None = None
    bucket: str = _BUCKET
    region: str | None = None
    endpoint_url: str | None = None


def default_store_dir() -> Path:
    """Return the directory used when none is named: $MNEMOSCOPE_STORE, else mnemoscope in the user's data directory."""
    named = os.environ.get(STORE_VARIABLE)
    if named:
        directory = parse_store_uri(named).directory
        if directory is None:
            raise ConfigError(f"{STORE_VARIABLE} is {preview(named)}: name a directory there.")
        return directory
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "mnemoscope"


def parse_store_uri(uri: str) -> StoreLocation:
    """Return what a store URI names: a path, `file:///path`, or `s3vectors://BUCKET?region=…&endpoint_url=…`."""
    text = uri.strip()
    if not text or "\0" in text:
        raise ConfigError(f"Store {preview(uri)} is not a path: name a directory, or s3vectors://BUCKET?region=REGION.")
    scheme = _SCHEME.match(text)
    if scheme is None:
        return StoreLocation(text, directory=Path(text).expanduser().absolute())
    if scheme["scheme"].lower() == "file":
        return _file_location(text)
    if scheme["scheme"].lower() != "s3vectors":
        raise ConfigError(
            f"Store {preview(uri)} has the scheme {scheme['scheme']!r}: use a directory, or s3vectors://BUCKET?region=REGION."
        )
    return _bucket_location(text)


def open_catalog(
    uri: str | os.PathLike[str] | None = None,
    *,
    tracer: Tracer | None = None,
    embedder_factory: Callable[[], Embedder] | None = None,
    read_only: bool = False,
) -> Catalog:
    """Return the catalog of a store; without a URI that of the default directory, which is made when first written to."""
    given = os.fspath(uri) if uri is not None else os.environ.get(STORE_VARIABLE) or str(default_store_dir())
    location = parse_store_uri(given)
    directory = location.directory
    if directory is None:
        raise ConfigError(
            f"Store {location.uri!r} is bucket {location.bucket!r} of S3 Vectors, which this version does not open yet: "
            "use a directory for the embedded engine, as in --store ./memories; what you keep there exports as JSONL."
        )
    client = EmbeddedClient(directory, tracer=tracer, read_only=read_only)
    cache = None if read_only else directory / ".cache"
    factory = embedder_factory or (lambda: default_embedder(cache))
    return Catalog(client, bucket=location.bucket, uri=str(directory), embedder_factory=factory)


def _file_location(text: str) -> StoreLocation:
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise ConfigError(f"Store {preview(text)} must be file:///absolute/path on this machine.")
    return StoreLocation(text, directory=Path(unquote(parts.path)))


def _bucket_location(text: str) -> StoreLocation:
    parts = urlsplit(text)
    if not _BUCKET_NAME.fullmatch(parts.netloc) or parts.path.strip("/"):
        raise ConfigError(
            f"Store {preview(text)} must name one bucket of 3 to 63 characters a-z, 0-9 and -, as in s3vectors://my-bucket."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - {"region", "endpoint_url"})
    if unknown or parts.fragment:
        raise ConfigError(
            f"Store {preview(text)} has the option {(unknown or ['#'])[0]!r}: only region and endpoint_url exist."
        )
    region, endpoint = options.get("region"), options.get("endpoint_url")
    if region is not None and not _REGION.fullmatch(region):
        raise ConfigError(f"Store {preview(text)} has the region {region!r}: write it as in us-east-1.")
    if endpoint is not None and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc):
        raise ConfigError(f"Store {preview(text)} has the endpoint_url {endpoint!r}: write it as in http://127.0.0.1:9000.")
    return StoreLocation(text, bucket=parts.netloc, region=region, endpoint_url=endpoint)
