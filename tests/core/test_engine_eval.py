"""The engine's figures: their names, and that few rows and few queries are measured too."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from core.eval import engine

ASKED_FOR = {
    "bulk_rows_per_s",
    "put_p50_ms",
    "query_ratio",
    "filter1_ratio",
    "range50_ratio",
    "recall",
    "cold_open_s",
    "scan_s",
}


@pytest.mark.parametrize(("rows", "queries"), [(5, 1), (300, 4)], ids=["few", "some"])
def test_a_run_ends_with_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: int, queries: int) -> None:
    parser = argparse.ArgumentParser()
    engine.add_arguments(parser)
    options = ["--rows", str(rows), "--dim", "8", "--queries", str(queries), "--dir", str(tmp_path)]
    assert engine.run(parser.parse_args(options)) == 0
    last = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert last.keys() >= ASKED_FOR
    assert (last["rows"], last["dim"], last["recall"]) == (rows, 8, 1.0)
    assert all(last[name] > 0 for name in ASKED_FOR)
    assert list(tmp_path.iterdir()) == []
