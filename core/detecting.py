"""Which schema an index is read with: the one saved in its tags, ours where we made it, else what a sample says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from core.errors import AccessDeniedError
from core.index import IndexInfo
from core.memory import OURS
from core.memory.detection import Detection, detect
from core.memory.schema_tags import read_schema

__all__ = ["SAMPLE_ROWS", "Detections"]

SAMPLE_ROWS: Final = 200

Sample = Callable[[], Sequence[Mapping[str, Any]]]


class Detections:
    """What was found out of the indexes of one client; each is sampled once, an empty one until it has records."""

    def __init__(self) -> None:
        self._found: dict[IndexInfo, Detection] = {}
        self._lock = threading.Lock()

    def of(self, info: IndexInfo, sample: Sample) -> Detection:
        """Return the detection of an index; `sample` lists some of its metadata, and is called only where that is needed."""
        saved, fault = read_schema(info.tags)
        if saved is not None:
            return Detection(saved, True, ("The mapping was saved for this index.",), {})
        if info.embedder is not None and fault is None:
            return Detection(OURS, True, ("Mnemoscope made this index.",), {})
        with self._lock:
            known = self._found.get(info)
        if known is None:
            known, settled = _sampled(info, sample)
            if fault is not None:
                known = replace(known, sure=False, reasons=(fault, *known.reasons))
            if settled:
                with self._lock:
                    self._found[info] = known
        return known


def _sampled(info: IndexInfo, sample: Sample) -> tuple[Detection, bool]:
    try:
        rows = sample()
    except AccessDeniedError:
        reason = (
            "The records cannot be listed with these credentials, so they are read as ours: allow s3vectors:ListVectors."
        )
        return Detection(OURS, False, (reason,), {}), False
    return detect(rows, non_filterable=info.non_filterable), bool(rows)
