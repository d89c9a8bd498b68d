"""Golden queries: what an index must answer, in the words of those who ask, with the memories that must and must not come.

They lie beside the journal, one document each, and travel as JSON lines. A plan that makes one of them fail is held back
(core.curation.preflight); a build can run them against the index itself (`python -m core golden run`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.candidates import Mode
from core.curation.journal import ANY_VERSION, Documents
from core.errors import ConfigError, FileReadError
from core.memory.fields import iso, preview, read_time
from core.operate.quoting import Quoted
from core.recalled import RecallResult
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.limits import TOP_K_MAX

__all__ = [
    "KIND",
    "GoldenQueries",
    "GoldenQuery",
    "Kept",
    "forget_golden_with",
    "golden_from_hit",
    "golden_from_json",
    "golden_from_lines",
    "golden_of",
    "golden_to_json",
    "golden_to_lines",
]

KIND: Final = "golden"
_NAME_CHARS: Final = 80
_ROOM: Final = 8  # for a number behind a name
_SHALLOW: Final = 3
_K: Final = 10
_EVERYTHING: Final = Scope()
_UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class GoldenQuery:
    """A query that must keep its answers. `name` is its own within an index.

    Every key of `expected` must be among the first `within` hits (None: the first k), none of `forbidden` among the first k.
    """

    name: str
    text: str
    expected: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    scope: Scope = _EVERYTHING
    within: int | None = None
    k: int = _K
    mode: Mode = Mode.HYBRID
    owner: str = ""
    note: str = ""
    created_at: datetime = _UNDATED

    def __post_init__(self) -> None:
        for name in ("expected", "forbidden"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))
        _check(self)

    @property
    def depth(self) -> int:
        """The last rank at which an expected memory counts as found."""
        return self.k if self.within is None else self.within


_NAMES: Final = frozenset(each.name for each in fields(GoldenQuery))


@dataclass(frozen=True)
class Kept:
    """A golden query as it is kept, and the version to save it over."""

    query: GoldenQuery
    version: str


class GoldenQueries:
    """The golden queries of one index: `stream` is "bucket/index", as in the journal.

    `allowed` is asked before each call and raises NotAllowedError where somebody lacks the permission.
    """

    def __init__(self, documents: Documents, stream: str, *, allowed: Callable[[Permission], None] | None = None) -> None:
        self._documents, self._stream = documents, stream
        self._allowed = allowed or _anybody

    def every(self) -> list[Kept]:
        """Return all of them by name; raise ConfigError for one that cannot be read."""
        self._allowed(Permission.READ)
        found = [Kept(golden_from_json(each.value), each.version) for each in self._documents.every(self._stream, KIND)]
        return sorted(found, key=lambda kept: kept.query.name)

    def get(self, name: str) -> Kept | None:
        """Return one, None where there is none of that name."""
        self._allowed(Permission.READ)
        found = self._documents.get(self._stream, KIND, name)
        return None if found is None else Kept(golden_from_json(found.value), found.version)

    def save(self, query: GoldenQuery, *, expected: str | None = ANY_VERSION) -> Kept:
        """Keep one. `expected` is the version that was read, None for a new name; else ChangedMeanwhileError is raised."""
        self._allowed(Permission.WRITE)
        document = self._documents.put(self._stream, KIND, query.name, golden_to_json(query), expected=expected)
        return Kept(query, document.version)

    def remove(self, name: str) -> bool:
        """Remove one and say whether it was there."""
        self._allowed(Permission.WRITE)
        return self._documents.remove(self._stream, KIND, name)


def forget_golden_with(documents: Documents, stream: str, keys: Collection[str], texts: Collection[str] | None) -> int:
    """Remove the golden queries that quote an erased memory, and return how many; `texts` None means that nobody knows them.

    Such a query has all of one in its words, or a telling word of one and expects nothing that is still there.
    """
    quoted = Quoted(texts or ())
    gone = 0
    for document in documents.every(stream, KIND):
        try:
            query = golden_from_json(document.value)
        except ConfigError:  # which asking it says, too
            continue
        said = f"{query.name}\n{query.text}\n{query.note}"
        lost = bool(query.expected) and set(query.expected) <= set(keys)
        if quoted.is_in(said) or (lost and quoted.may_be_in(said, found=True)):
            gone += documents.remove(stream, KIND, document.name)
    return gone


def _anybody(permission: Permission) -> None:
    """Let everybody: the caller has asked."""


def golden_of(store: MemoryStore, *, actor: Actor) -> GoldenQueries:
    """Return the golden queries of a store as an actor may see and change them."""
    if store.archive is None:
        raise ConfigError(f"Index {store.info.name!r} was opened without a journal, beside which golden queries are kept.")
    info = store.info

    def allowed(permission: Permission) -> None:
        actor.require(permission, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)

    return GoldenQueries(store.archive.ledger.documents, store.stream, allowed=allowed)


def golden_from_hit(
    result: RecallResult,
    key: str,
    *,
    scope: Scope,
    owner: str,
    now: datetime,
    existing: Collection[GoldenQuery] = (),
    within: int | None = None,
) -> GoldenQuery:
    """Return the golden query that one hit of a search makes: asked so, the memory must come among the first `within`.

    `within` is as deep as the hit is now, but at least 3, unless it is given. An existing one that asks the same takes the
    key too, under its own name.
    """
    rank = next((hit.rank for hit in result.hits if hit.memory.key == key), None)
    if rank is None:
        raise ConfigError(f"{preview(key)} is no hit of this search: choose one of its {len(result.hits):,} results.")
    depth = min(result.k, max(rank, _SHALLOW)) if within is None else within
    asks = (result.query, scope, result.mode, result.k)
    for known in existing:
        if (known.text, known.scope, known.mode, known.k) == asks:
            forbidden = tuple(each for each in known.forbidden if each != key)
            deeper = max(known.depth, depth)
            return replace(known, expected=(*known.expected, key), forbidden=forbidden, within=deeper)
    name = _free_name(result.query, {known.name for known in existing})
    return GoldenQuery(name, result.query, (key,), (), scope, depth, result.k, result.mode, owner, "", now)


def golden_to_json(query: GoldenQuery) -> dict[str, Any]:
    """Return a golden query as JSON values."""
    return {
        "name": query.name,
        "text": query.text,
        "expected": list(query.expected),
        "forbidden": list(query.forbidden),
        "scope": query.scope.to_params(),
        "within": query.within,
        "k": query.k,
        "mode": str(query.mode),
        "owner": query.owner,
        "note": query.note,
        "created_at": iso(query.created_at),
    }


def golden_from_json(value: Any) -> GoldenQuery:
    """Return the golden query of JSON values; raise ConfigError for what is none."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"This is no golden query: it needs a JSON object, not {preview(value)}.")
    unknown = sorted(value.keys() - _NAMES)
    if unknown:
        raise ConfigError(f"A golden query has no {preview(unknown[0])}: it has {', '.join(sorted(_NAMES))}.")
    made = value.get("created_at")
    try:
        return GoldenQuery(
            name=_text(value, "name"),
            text=_text(value, "text"),
            expected=_keys(value, "expected"),
            forbidden=_keys(value, "forbidden"),
            scope=Scope.from_params(_params(value)),
            within=value.get("within"),
            k=value.get("k", _K),
            mode=Mode(value.get("mode", Mode.HYBRID)),
            owner=_text(value, "owner"),
            note=_text(value, "note"),
            created_at=(None if made is None else read_time(made)) or _UNDATED,
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"This is no golden query: {error}.") from None


def golden_to_lines(queries: Iterable[GoldenQuery]) -> Iterator[str]:
    """Yield golden queries as JSON lines."""
    for query in queries:
        yield json.dumps(golden_to_json(query), ensure_ascii=False)


def golden_from_lines(lines: Iterable[str]) -> Iterator[GoldenQuery]:
    """Yield the golden queries of JSON lines; raise FileReadError naming the line that is none."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield golden_from_json(json.loads(line))
        except (ValueError, RecursionError, ConfigError) as error:
            raise FileReadError(f"Line {number} is no golden query: {str(error).rstrip('.')}.") from None


def _check(query: GoldenQuery) -> None:
    """Raise ConfigError for a golden query that makes no sense."""
    said = f"Golden query {preview(query.name)}"
    if not query.name.strip() or len(query.name) > _NAME_CHARS:
        raise ConfigError(f"{said} needs a name of 1 to {_NAME_CHARS} characters.")
    if not query.text.strip():
        raise ConfigError(f"{said} asks nothing: write what somebody looks for.")
    if not query.expected and not query.forbidden:
        raise ConfigError(f"{said} expects and forbids nothing: name at least one key.")
    both = sorted(set(query.expected) & set(query.forbidden))
    if both:
        raise ConfigError(f"{said} expects and forbids {preview(both[0])}: choose one.")
    if not _is_count(query.k) or query.k > TOP_K_MAX:
        raise ConfigError(f"{said} has k {preview(query.k)}: choose from 1 to {TOP_K_MAX:,}.")
    if query.within is not None and (not _is_count(query.within) or query.within > query.k):
        raise ConfigError(f"{said} wants rank {preview(query.within)} at most: choose from 1 to k, which is {query.k:,}.")
    if query.created_at.tzinfo is None:
        raise ConfigError(f"{said} was made at a time without a zone: use an aware time, as datetime.now(UTC).")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _free_name(text: str, taken: Collection[str]) -> str:
    """Return a name that is free: the text in one line, with a number where another query has it."""
    stem = " ".join(text.split())[: _NAME_CHARS - _ROOM]
    numbered = (f"{stem} ({number})" for number in range(2, len(taken) + 3))
    return next(name for name in (stem, *numbered) if name not in taken)


def _text(value: Mapping[str, Any], name: str) -> str:
    given = value.get(name, "")
    if not isinstance(given, str):
        raise TypeError(f"{name} is {preview(given)}, no text")
    return given


def _params(value: Mapping[str, Any]) -> Mapping[str, str | list[str]]:
    given = value.get("scope", {})
    if not isinstance(given, Mapping):
        raise TypeError(f"scope is {preview(given)}, no filters")
    return given


def _keys(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = value.get(name) or []
    if not isinstance(given, list | tuple) or not all(isinstance(key, str) for key in given):
        raise TypeError(f"{name} is {preview(given)}, no list of keys")
    return tuple(given)
