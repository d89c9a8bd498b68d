"""A map is turned to fill a wide frame, and stays itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.projection import turned


def _sheet(angle: float, *, width: float = 4.0, height: float = 1.0) -> np.ndarray:
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (400, 2)) * [width, height]
    cos, sin = np.cos(angle), np.sin(angle)
    return (points @ [[cos, sin], [-sin, cos]]).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 30, 90, 145], ids=str)
def test_a_long_map_lies_along_the_frame(degrees: int) -> None:
    width, height = np.ptp(turned(_sheet(np.radians(degrees))), axis=0)
    flat, _ = np.ptp(_sheet(0.0), axis=0)
    assert max(width, height / 0.64) <= 1.05 * flat


def test_what_fits_already_is_not_turned() -> None:
    sheet = _sheet(0.0, width=1.0, height=0.5)
    assert turned(sheet) is sheet


@given(st.floats(0, 3.1), st.integers(0, 40))
def test_distances_stay(angle: float, count: int) -> None:
    sheet = _sheet(angle)[:count]
    before, after = (np.linalg.norm(each[:, None] - each[None], axis=2) for each in (sheet, turned(sheet)))
    np.testing.assert_allclose(before, after, atol=1e-5)


def test_a_map_in_space_is_not_turned() -> None:
    space = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    assert turned(space) is space
