"""The calls that do what a page did: for boto3, and for the command line."""

from __future__ import annotations

import pprint
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Final

from core.candidates import Mode, clip_text
from core.memory.fields import iso
from core.scope import Scope
from core.scoring import Weights
from core.vectors.limits import QUERY_PAGE_MAX

if TYPE_CHECKING:
    from core.past.moment import Moment
    from core.store import MemoryStore

__all__ = ["boto3_call", "cli_call"]

_USUAL: Final = Weights()
_HEAD: Final = """\
import boto3  # 1.44.5 or newer: full-text search and paged queries
{embedding}
client = boto3.client("s3vectors")
request = {{
    "vectorBucketName": {bucket!r},
    "indexName": {index!r},
    "topK": {k},
    "returnMetadata": True,{condition}
}}
"""
_PAGED: Final = """
def search(**part):
    \"\"\"Return every hit: a page has at most {page} of them, and a short one may have a next.\"\"\"
    hits, token = [], {{}}
    while True:
        answer = client.query_vectors(**request, **part, **token)
        hits += answer["vectors"]
        if not answer.get("nextToken"):
            return hits
        token = {{"nextToken": answer["nextToken"]}}
"""
_EMBEDDING: Final = """
from core.models.embedding import embed_query, embedder_for

query = {query!r}
vector = embed_query(embedder_for({tag}), query).tolist()
"""
_BY_VECTOR: Final = 'by_vector = search(queryVector={"float32": vector}, returnDistance=True)  # cosine = 1 - distance'
_BY_TEXT: Final = 'by_text = search(queryTexts=[{{"metadataKey": {key!r}, "text": {text!r}}}], returnScores=True)  # BM25'
_FILTERED: Final = "# The service cannot filter the rest in this index; recall keeps of what it finds: {scope}"
_SCORED: Final = "# core.scoring turns both lists into one score: see its docstring for the formula."


def boto3_call(store: MemoryStore, query: str, *, mode: Mode, k: int, scope: Scope, now: datetime) -> str:
    """Return Python that asks S3 Vectors the same: embedding, filter and all pages included."""
    schema, hidden = store.schema, store.info.non_filterable
    condition = scope.to_filter(now=now, schema=schema, non_filterable=hidden)
    left = scope.split(schema, non_filterable=hidden)[1]
    written = pprint.pformat(condition, width=100, sort_dicts=False).replace("\n", "\n              ")
    by_vector, by_text = mode is not Mode.TEXT, mode is not Mode.VECTOR and store.has_text
    head = _HEAD.format(
        embedding=_EMBEDDING.format(query=query, tag=repr(store.info.embedder or "another embedder?")) if by_vector else "",
        bucket=store.bucket,
        index=store.info.name,
        k=k,
        condition=f'\n    "filter": {written},' if condition else "",
    )
    lines = [_BY_VECTOR] if by_vector else []
    if by_text:
        lines.append(_BY_TEXT.format(key=store.text_key, text=clip_text(query)))
    if left is not None:
        lines.append(_FILTERED.format(scope=left.sentence()))
    return "\n".join([head + _PAGED.format(page=QUERY_PAGE_MAX), "", *lines, _SCORED, ""])


def cli_call(
    store: MemoryStore,
    query: str,
    *,
    mode: Mode,
    k: int,
    scope: Scope,
    weights: Weights = _USUAL,
    now: datetime | None = None,  # noqa: ARG001
    as_of: Moment | None = None,
) -> str:
    """Return the shell command that asks the same; `now` is the moment it runs, `as_of` one that it looks back to."""
    words = ["python", "-m", "core", "recall", "--store", store.uri, "--index", store.info.name]
    words += ["--mode", str(mode), "--k", str(k), *_weights(weights), *_options(scope), *_past(as_of), "--", query]
    return shlex.join(words)


def _past(as_of: Moment | None) -> Iterator[str]:
    if as_of is not None:
        yield f"--as-of={as_of.text}"
        if as_of.clock != "created":
            yield f"--clock={as_of.clock}"


def _weights(weights: Weights) -> Iterator[str]:
    for name, usual in asdict(_USUAL).items():
        value = getattr(weights, name)
        if value != usual:
            yield f"--half-life={value!r}" if name == "half_life_days" else f"--weight={name}={value!r}"


def _options(scope: Scope) -> Iterator[str]:
    facets = {
        "--team": scope.teams,
        "--agent": scope.agents,
        "--task": scope.tasks,
        "--session": scope.sessions,
        "--type": scope.types,
        "--source": scope.sources,
        "--tag": scope.tags,
    }
    for option, values in facets.items():
        for value in values:
            yield f"{option}={value}"
    if scope.created_from is not None:
        yield f"--since={iso(scope.created_from)}"
    if scope.created_to is not None:
        yield f"--until={iso(scope.created_to)}"
    if scope.min_confidence is not None:
        yield f"--min-confidence={scope.min_confidence!r}"
    if scope.include_expired:
        yield "--include-expired"
    if scope.include_hidden:
        yield "--include-hidden"
