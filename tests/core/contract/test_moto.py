"""The table of what moto leaves out: no row of it outlives what it says."""

from __future__ import annotations

import pytest
from moto.s3vectors.responses import S3VectorsResponse

from tests.core.contract.moto import GAPS, NO_OPERATION, UNUSED, Gap


def test_every_row_has_a_case(request: pytest.FixtureRequest) -> None:
    assert request.config.stash[UNUSED] == []


@pytest.mark.parametrize("operation", NO_OPERATION)
def test_an_operation_that_is_said_to_be_missing_is_missing(operation: str) -> None:
    assert not hasattr(S3VectorsResponse, operation)


@pytest.mark.parametrize(
    ("test", "case", "covered"),
    [
        ("test_sizes", "501", True),
        ("test_sizes", "bucket-501", False),
        ("test_sizes", "no-index", True),
        ("test_sizes", "", False),
        ("TestListing.test_sizes", "501", False),
    ],
)
def test_a_pattern_stands_for_whole_names(test: str, case: str, covered: bool) -> None:
    assert Gap("test_sizes", "a reason", "501 no-*").covers(test, case) is covered


def test_every_row_names_its_file_once() -> None:
    rows = [(file, gap.test, pattern) for file, gaps in GAPS.items() for gap in gaps for pattern in gap.cases.split()]
    assert len(rows) == len(set(rows))
