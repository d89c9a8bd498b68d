"""Where the memories are: store URIs, and the catalog that one opens."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from core.archive import Archive
from core.catalog import Catalog
from core.errors import ConfigError, MnemoscopeError
from core.memory.fields import preview
from core.models.choice import EmbedderChoice
from core.models.embedding import Embedder
from core.vectors.client import Tracer, VectorsClient
from core.vectors.embedded import EmbeddedClient

if TYPE_CHECKING:
    from core.curation.journal import Ledger
    from core.operate.recall_log import RecallLog

__all__ = [
    "JOURNAL_VARIABLE",
    "STORE_VARIABLE",
    "StoreLocation",
    "archive_dir",
    "default_data_dir",
    "default_store",
    "default_store_dir",
    "journal_bucket",
    "open_catalog",
    "parse_store_uri",
    "remote_cache_dir",
]

STORE_VARIABLE: Final = "MNEMOSCOPE_STORE"
JOURNAL_VARIABLE: Final = "MNEMOSCOPE_JOURNAL"
_BUCKET: Final = "mnemoscope"
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_OPTIONS: Final = frozenset({"region", "endpoint_url", "profile"})
# User and password of an address, percent-encoded or not; and an option with its value.
_USER = re.compile(r"((?://|%2f%2f))[^/?&#]*(?:@|%40)", re.IGNORECASE)
_OPTION = re.compile(r"(?<=[?&])([^=&#]*)=[^&#]*")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True)
class StoreLocation:
    """A parsed store URI: a directory of the embedded engine, or a bucket of S3 Vectors."""

    uri: str
    directory: Path | None = None
    bucket: str = _BUCKET
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None

    @property
    def label(self) -> str:
        """What a person calls it: the directory, or the bucket and where it is."""
        if self.directory is not None:
            return str(self.directory)
        where = urlsplit(self.endpoint_url).netloc if self.endpoint_url else self.region
        return f"{self.bucket} at {where or 'AWS'}"

    @property
    def remote(self) -> bool:
        """Whether it is a service, not a directory of this machine."""
        return self.directory is None


def default_store() -> str:
    """Return the URI used when none is named: $MNEMOSCOPE_STORE, else the default directory."""
    return os.environ.get(STORE_VARIABLE) or str(default_store_dir())


def remote_cache_dir() -> Path:
    """Return where what was read from a service is kept: mnemoscope in $XDG_CACHE_HOME, else in ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mnemoscope"


def default_store_dir() -> Path:
    """Return the directory that $MNEMOSCOPE_STORE names, else mnemoscope in the user's data directory."""
    named = os.environ.get(STORE_VARIABLE)
    if named and (directory := parse_store_uri(named).directory) is not None:
        return directory
    return default_data_dir()


def parse_store_uri(uri: str) -> StoreLocation:
    """Return what a store URI names: a path, `file:///path`, or `s3vectors://BUCKET?region=…&endpoint_url=…&profile=…`."""
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
            f"Store {_shown(uri)} has the scheme {scheme['scheme']!r}: use a directory, or s3vectors://BUCKET?region=REGION."
        )
    return _bucket_location(text)


def open_catalog(
    uri: str | os.PathLike[str] | None = None,
    *,
    tracer: Tracer | None = None,
    embedder: str | None = None,
    embedder_factory: Callable[[], Embedder] | None = None,
    read_only: bool = False,
    log_recalls: bool | None = None,
) -> Catalog:
    """Return the catalog of a store; without a URI that of `default_store`.

    An embedder that is named, or made by the factory, is used for every index. Otherwise each index is opened with the one
    that it was written with, and new ones get that of $MNEMOSCOPE_EMBEDDER, else the local default.

    Recalls are logged beside the store unless `log_recalls` is False, or it is None and the store `read_only`.

    A directory is made when first written to; of a service nothing is asked before the first call of the catalog. Such a
    store has no directory of its own, so vectors of texts are kept by content hash in `remote_cache_dir`.
    """
    location = parse_store_uri(os.fspath(uri) if uri is not None else default_store())
    directory = location.directory
    client: VectorsClient
    if directory is None:
        client, shown = _aws_client(location, tracer), location.uri
        cache = None if read_only else _private(remote_cache_dir())
    else:
        client = EmbeddedClient(directory, tracer=tracer, read_only=read_only)
        shown, cache = str(directory), None if read_only else directory / ".cache"
    choice = EmbedderChoice(embedder, cache_dir=cache, region=location.region, profile=location.profile, tracer=tracer)
    strict = embedder is not None or embedder_factory is not None
    return Catalog(
        client,
        bucket=location.bucket,
        uri=shown,
        embedder_factory=embedder_factory or choice.chosen,
        embedder_by_tag=(lambda _: None) if strict else choice.by_tag,
        remote=location.remote,
        cache_dir=cache,
        archive=_archive(location, read_only=read_only, log=log_recalls, cache_dir=cache),
    )


def archive_dir(location: StoreLocation) -> Path:
    """Return the directory of what is kept beside a store: its own, or of a service one in the user's data directory."""
    if location.directory is not None:
        return location.directory
    service = f"{location.endpoint_url or ''}\n{location.region or ''}"  # its buckets have streams of their own
    return default_data_dir() / "archives" / hashlib.sha256(service.encode()).hexdigest()[:16]


def journal_bucket(uri: str | None = None) -> str | None:
    """Return "bucket/prefix" of the journal in Amazon S3 that a URI, else $MNEMOSCOPE_JOURNAL, names; None elsewhere."""
    parts = _split(uri or os.environ.get(JOURNAL_VARIABLE) or "")
    return f"{parts.netloc}{parts.path}".rstrip("/") if parts.scheme == "s3" and parts.netloc else None


def default_data_dir() -> Path:
    """Return mnemoscope in the user's data directory."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "mnemoscope"


def _archive(location: StoreLocation, *, read_only: bool, log: bool | None, cache_dir: Path | None) -> Archive:
    directory = archive_dir(location)

    def ledger() -> Ledger:
        from core.curation.ledgers import open_ledger

        return open_ledger(os.environ.get(JOURNAL_VARIABLE) or directory, read_only=read_only)

    def recalls() -> RecallLog:
        from core.operate.recall_log import RecallLog

        return RecallLog(directory, read_only=read_only if log is None else not log)

    return Archive(ledger=ledger, recalls=recalls, cache_dir=cache_dir)


def _aws_client(location: StoreLocation, tracer: Tracer | None) -> VectorsClient:
    from core.vectors.aws import AwsClient  # boto3 takes a fifth of a second, which a directory need not wait for

    if os.environ.get("MNEMOSCOPE_CACHE"):
        from core.operate.cache.noticing import writes_noticed
        from core.operate.usage import fan_out

        tracer = fan_out(tracer, writes_noticed())
    try:
        return AwsClient(region=location.region, profile=location.profile, endpoint_url=location.endpoint_url, tracer=tracer)
    except MnemoscopeError as error:
        raise type(error)(f"Store {_shown(location.uri)} cannot be opened: {error}") from error


def _private(directory: Path) -> Path | None:
    """Return the directory, made for its owner only; None where it cannot be made: a cache costs time, never a result."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError:
        return None
    return directory


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:  # half an IPv6 address
        raise ConfigError(
            f"Store {_shown(text)} cannot be read ({error}): name a directory, or s3vectors://BUCKET."
        ) from error


def _shown(text: str) -> str:
    """Return a store URI for a message: whoever wrote credentials into it must not find them in a log."""
    bare = _USER.sub(r"\1", text)
    return preview(_OPTION.sub(lambda found: found[0] if found[1] in _OPTIONS else f"{found[1]}=…", bare))


def _file_location(text: str) -> StoreLocation:
    parts = _split(text)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise ConfigError(f"Store {_shown(text)} must be file:///absolute/path on this machine.")
    return StoreLocation(text, directory=Path(unquote(parts.path)))


def _bucket_location(text: str) -> StoreLocation:
    parts = _split(text)
    if "@" in parts.netloc:
        raise ConfigError(
            f"Store {_shown(text)} must not hold credentials: they come from AWS's own chain (environment, profile, role)."
        )
    if not _BUCKET_NAME.fullmatch(parts.netloc) or parts.path.strip("/"):
        raise ConfigError(
            f"Store {_shown(text)} must name one bucket of 3 to 63 characters a-z, 0-9 and -, as in s3vectors://my-bucket."
        )
    given = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(given)
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown or parts.fragment:
        raise ConfigError(
            f"Store {_shown(text)} has the option {(unknown or ['#'])[0]!r}: only region, endpoint_url and profile exist."
        )
    if twice := next((name for name in options if [key for key, _ in given].count(name) > 1), None):
        raise ConfigError(f"Store {_shown(text)} names its {twice} twice: leave one.")
    region, endpoint, profile = (options.get(name) for name in ("region", "endpoint_url", "profile"))
    if profile == "":
        raise ConfigError(f"Store {_shown(text)} has an empty profile: name one of your AWS profiles, or leave it out.")
    if region is not None and not _REGION.fullmatch(region):
        raise ConfigError(f"Store {_shown(text)} has the region {region!r}: write it as in us-east-1.")
    if endpoint is not None:
        _check_endpoint(text, endpoint)
    return StoreLocation(text, bucket=parts.netloc, region=region, endpoint_url=endpoint, profile=profile)


def _check_endpoint(uri: str, endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is none, or half an IPv6 address
        usable = False
    if _USER.search(endpoint):
        raise ConfigError(
            "A store's endpoint_url must not hold credentials: they come from AWS's own chain (environment, profile, role)."
        )
    if not usable:
        raise ConfigError(f"Store {_shown(uri)} has the endpoint_url {endpoint!r}: write it as in http://127.0.0.1:9000.")
