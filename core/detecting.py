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
    """What was found out of the indexes of one client; each is sampled once, a small one again as more is read of it."""

    def __init__(self) -> None:
        self._found: dict[IndexInfo, tuple[Detection, int]] = {}  # with the number of records that it was told from
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
        return known[0] if known else self._sampled(info, sample, fault)

    def learn(self, info: IndexInfo, count: int, sample: Sample) -> None:
        """Tell an index from records that were read anyway, if they are more than it was told from and that was few."""
        saved, fault = read_schema(info.tags)
        if saved is not None or (info.embedder is not None and fault is None):
            return
        with self._lock:
            _, told_from = self._found.get(info, (None, 0))
        if told_from < min(count, SAMPLE_ROWS):
            self._sampled(info, sample, fault)

    def _sampled(self, info: IndexInfo, sample: Sample, fault: str | None) -> Detection:
        try:
            rows = sample()
        except AccessDeniedError:
            reason = (
                "The records cannot be listed with these credentials, so they are read as ours: allow s3vectors:ListVectors."
            )
            return _with_fault(Detection(OURS, False, (reason,), {}), fault)
        found = _with_fault(detect(rows, non_filterable=info.non_filterable), fault)
        if rows:
            with self._lock:
                self._found[info] = found, len(rows)
        return found


def _with_fault(found: Detection, fault: str | None) -> Detection:
    return found if fault is None else replace(found, sure=False, reasons=(fault, *found.reasons))
