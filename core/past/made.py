"""When the memories of a table were made: one that others were merged into not before that, however old they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.memory import EXTRA_KEY
from core.memory.merged import CONSOLIDATION_KEY
from core.memory.times import read_time

__all__ = ["made_at"]

# As `core.memory.storable.json_text` writes it, and others may with spaces: the moment comes first.
_MARK: Final = rf'"{CONSOLIDATION_KEY}"\s*:\s*\{{\s*"at"\s*:\s*"(?P<at>[^"\\]+)"'


def made_at(frame: pd.DataFrame, table: pa.Table) -> pd.Series[Any]:
    """Return when each memory was made, NaT where it does not say; `table` has the records of the frame, row for row."""
    created = frame["created_at"]
    texts = table[EXTRA_KEY] if EXTRA_KEY in table.column_names else None
    if texts is None or not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        return created
    rows = pc.indices_nonzero(pc.fill_null(pc.match_substring(texts, f'"{CONSOLIDATION_KEY}"'), fill_value=False))
    if not len(rows):
        return created
    said = pc.struct_field(pc.extract_regex(texts.take(rows), _MARK), "at").to_pandas()
    moments = {text: _read(text) for text in said.dropna().unique()}
    merged = pd.Series(said.map(moments).to_numpy("datetime64[us]"), dtype="datetime64[us]").dt.tz_localize("UTC")
    made = created.copy()
    places = rows.to_numpy()
    known = created.iloc[places].reset_index(drop=True)
    made.iloc[places] = known.where(~(merged > known), merged).to_numpy()
    return made


def _read(text: str) -> datetime | None:
    try:
        found = read_time(text)
    except ValueError:
        return None
    return None if found is None else found.replace(tzinfo=None)
