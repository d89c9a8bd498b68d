"""Plans that are kept for later, and how fast they are applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.curation.desk import Desk
from core.curation.pacing import Pace
from core.errors import CurationError, NotAllowedError
from tests.core.curation.desks import ADA, ANN, BOB, VERA, apply, make_desk, make_index, make_plan, make_records, retire


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(make_index(tmp_path, records=make_records(4)), tmp_path)


def test_a_kept_plan_is_found_by_everybody_and_applied_from_there(desk: Desk) -> None:
    plan = make_plan(desk, *retire(desk, "k1", "k2"), title="Old ones", reason="tidy up")
    desk.keep(plan, actor=ANN)
    (waiting,) = desk.pending(actor=VERA)
    assert (waiting.plan_id, waiting.title, waiting.kept_by, waiting.changes) == (plan.id, "Old ones", "ann", 2)
    assert (waiting.counts, waiting.plan_hash, waiting.reason) == ({"retire": 2}, plan.hash, "tidy up")
    assert desk.kept(plan.id, actor=VERA) == plan
    apply(desk, plan)
    assert desk.pending(actor=VERA) == []
    assert desk.kept(plan.id, actor=VERA) is None
    with pytest.raises(CurationError, match="was applied"):
        desk.keep(plan, actor=ANN)


def test_a_kept_plan_is_discarded_by_its_own_or_an_admin(desk: Desk) -> None:
    first, second = (make_plan(desk, *retire(desk, key), id=key) for key in ("k1", "k2"))
    for plan in (first, second):
        desk.keep(plan, actor=ANN)
    with pytest.raises(NotAllowedError, match="is kept by 'ann'"):
        desk.discard("k1", actor=BOB)
    with pytest.raises(NotAllowedError, match="is kept by 'ann'"):
        desk.keep(first, actor=BOB)
    with pytest.raises(NotAllowedError):
        desk.discard("k1", actor=VERA)
    desk.discard("k1", actor=ANN)
    desk.discard("k2", actor=ADA)
    desk.discard("never", actor=ANN)
    assert desk.pending(actor=VERA) == []


def test_writes_keep_below_the_rates_of_the_service() -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(requests_per_s=1_000, vectors_per_s=2_500, clock=lambda: now[0], sleep=sleep)
    for _ in range(20):
        pace.before(500)
    assert now[0] == pytest.approx((20 * 500 - 2_500) / 2_500)
    now[0] += 100.0
    slept.clear()
    pace.before(2_500)
    assert slept == []
