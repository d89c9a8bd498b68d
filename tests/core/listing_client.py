"""A client that knows an index only by what the service's calls say: no revision, and a scan is a listing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from core.errors import CancelledError
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN
from core.vectors.embedded import EmbeddedClient

PAGE = 100


class ListingClient:
    """An EmbeddedClient seen as a remote service; `before_page` is called with the number of records listed so far."""

    def __init__(self, engine: EmbeddedClient, *, before_page: Callable[[int], None] | None = None) -> None:
        self.engine = engine
        self.before_page = before_page

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def revision(self, **where: str) -> None:
        return None

    def scan(
        self,
        *,
        columns: Sequence[str] | None = None,
        vectors: bool = False,
        progress: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        limit: int | None = None,
        **where: str,
    ) -> pa.Table:
        asked = where | {"returnMetadata": columns is None, "returnData": vectors, "maxResults": PAGE}
        found: list[dict[str, Any]] = []
        token: str | None = None
        while True:
            if self.before_page:
                self.before_page(len(found))
            if cancelled and cancelled():
                raise CancelledError("stopped")
            answer = self.engine.list_vectors(**asked, **({"nextToken": token} if token else {}))
            found += answer["vectors"]
            if progress:
                progress(len(found))
            token = answer.get("nextToken")
            if not token or (limit is not None and len(found) >= limit):
                break
        whole = self.engine.scan(columns=columns, vectors=vectors, **where)
        wanted = pa.array([record["key"] for record in found], pa.string())
        table = whole.filter(pa.compute.is_in(whole[KEY_COLUMN], wanted))
        # A service's order is its own: here the reverse of the engine's.
        table = table.take(pa.array(np.arange(table.num_rows)[::-1]))
        table = table.replace_schema_metadata({"more": "1"} if token else None)
        assert (VECTOR_COLUMN in table.column_names) == vectors
        return table
