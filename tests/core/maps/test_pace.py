"""How far a map is: never backwards, and an end that comes nearer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.maps.pace import Pace, expected

STEPS = [("reading", 0.0), ("first picture", 0.0), ("neighbours", 0.0), ("neighbours", 0.7), ("layout", 0.2)]
STEPS += [("layout", 1.0), ("clusters", 0.5), ("clusters", 1.0)]


@pytest.mark.parametrize("rows", [pytest.param(rows, id=f"{rows:,}") for rows in (1, 5_000, 15_000, 100_000, 1_000_000)])
def test_progress_goes_from_nothing_to_everything(rows):
    paces = [Pace(expected(rows, 384), 0.0, stage, part) for stage, part in STEPS]
    shares = [pace.progress() for pace in paces]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, pytest.approx(1.0))


def test_the_end_is_told_by_the_pace_of_this_machine():
    pace = Pace(expected(100_000, 384), 10.0, at=10.0)
    assert pace.eta_s(10.5) is None, "too early to say"
    half = replace(pace, stage="layout", part=0.5)
    quick, slow = replace(half, at=18.0), replace(half, at=34.0)
    assert slow.eta_s(34.0) == pytest.approx(3 * quick.eta_s(18.0))
    assert quick.eta_s(20.0) == pytest.approx(quick.eta_s(18.0) - 2)
    assert quick.eta_s(1e6) == 0.0


def test_what_is_not_laid_out_again_takes_less():
    assert sum(expected(20_000, 384, kept=True).values()) < sum(expected(20_000, 384).values())
