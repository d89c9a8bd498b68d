"""The figures by people's decisions: known tables, laws, and a plain computation of the same beside them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.curation.conflicts.measuring import least_threshold, measure
from core.curation.conflicts.measuring.agreement import agreement, cohens_kappa, krippendorffs_alpha
from core.curation.conflicts.measuring.answers import answers_of, weights_of
from core.curation.conflicts.measuring.calibration import calibration
from core.curation.conflicts.measuring.groups import weeks
from core.curation.conflicts.measuring.pace import pace_of
from core.curation.conflicts.measuring.recalibration import fitted
from core.curation.conflicts.measuring.shares import share_of, weighted_share, wilson
from core.models.judge import ConflictVerdict
from tests.core.conflicts.measuring.decided import NOW, card, decision, world

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        pytest.param(0, 0, 0.0, 1.0, id="nothing"),
        pytest.param(0, 10, 0.0, 0.2775, id="none-of-ten"),
        pytest.param(10, 10, 0.7225, 1.0, id="all-of-ten"),
        pytest.param(81, 263, 0.2553, 0.3662, id="newcombe-1998"),
    ],
)
def test_wilsons_interval(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.lists(st.booleans(), max_size=80), st.integers(0, 30))
def test_a_share_lies_in_its_interval_or_is_not_said(said, needed):
    share = share_of(said, needed=needed)
    if len(said) < max(needed, 1):
        assert (share.value, share.known) == (None, False)
        assert "too few" in share.words
    else:
        assert 0 <= share.low <= share.value <= share.high <= 1
        assert share.value == pytest.approx(sum(said) / len(said))
        assert weighted_share(said, [3.5] * len(said), needed=needed).low == pytest.approx(share.low)


# Krippendorff's own example (2011, "Computing Krippendorff's Alpha-Reliability", section C), four observers.
OBSERVERS = [
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
]
# Cohen's kappa of the usual table: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no.
TABLE = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15


def test_agreement_of_known_tables():
    units = [
        {str(who): str(values[unit]) for who, values in enumerate(OBSERVERS) if values[unit] is not None}
        for unit in range(12)
    ]
    assert krippendorffs_alpha(units) == pytest.approx(0.743, abs=5e-4)
    assert cohens_kappa([{"a": left, "b": right} for left, right in TABLE]) == pytest.approx(0.4)
    assert krippendorffs_alpha([{"a": "y", "b": "y"}] * 20) is None
    assert cohens_kappa([]) is None


@given(st.lists(st.lists(st.sampled_from("xyz"), min_size=2, max_size=4), min_size=2, max_size=12))
def test_alpha_is_that_of_all_pairs(said):
    """The same by its definition: disagreement of pairs within cards over that of all pairs."""
    within = sum(sum(a != b for a in one for b in one) / (len(one) - 1) for one in said)
    values = [each for one in said for each in one]
    apart = sum(a != b for a in values for b in values)
    alpha = krippendorffs_alpha([dict(enumerate(one)) for one in said])
    if apart:
        assert alpha == pytest.approx(1 - (len(values) - 1) * within / apart)
    else:
        assert alpha is None


@pytest.mark.parametrize(
    ("same", "other", "word"),
    [
        pytest.param(4, 0, "too few", id="few"),
        pytest.param(20, 0, "agree well", id="well"),
        pytest.param(12, 12, "too little", id="little"),
    ],
)
def test_reviewers_are_told_how_far_they_agree(same, other, word):
    cards = [card(f"c{number}", 0.8) for number in range(same + other)]
    first = [decision(one, number % 2 == 0) for number, one in enumerate(cards)]
    second = [decision(one, (number % 2 == 0) == (number < same), by="bob") for number, one in enumerate(cards)]
    found = agreement([*first, *second, decision(card("alone", 0.9), True)])
    assert (found.cards, found.same) == (same + other, same)
    assert word in found.words
    assert (found.kappa is None) == (found.cards < 10)


def test_the_last_word_on_a_card_counts_and_unknown_cards_do_not():
    one, other = card("one", 0.9), card("other", 0.6, sample=True, drawn=0.1)
    said = [
        decision(one, False, at=NOW + timedelta(hours=1), by="bob"),
        decision(one, True),
        decision(one, True, at=NOW + timedelta(hours=2), by="eve", second=True),
        decision(card("erased", 0.9), True),
        decision(other, True, verdict=ConflictVerdict.SUPERSEDED),
    ]
    found = {answer.card: answer for answer in answers_of([one, other], said)}
    assert {name: answer.clashing for name, answer in found.items()} == {"one": False, "other": True}
    assert (found["other"].sample, found["other"].drawn) == (True, 0.1)
    renewed = replace(one, judgement=card("x", 0.4, judge="onnx/2").judgement)
    assert answers_of([renewed], said)[0].clash == pytest.approx(0.4)
    assert answers_of([renewed], said, as_seen=True)[0].judge == "cues/1"


@given(st.integers(0, 1_000), st.sampled_from([1.0, 0.4, 0.1]))
def test_weights_stand_for_every_card(seed, decided):
    cards, decisions, _ = world(seed, pairs=300, drawn=0.2, decided=decided)
    answers = answers_of(cards, decisions)
    weights = weights_of(cards, answers)
    assert (weights >= 1).all()
    for sample in (False, True):
        own = [weight for answer, weight in zip(answers, weights, strict=True) if answer.sample is sample]
        total = sum(5.0 if sample else 1.0 for each in cards if each.sample is sample)
        assert sum(own) == pytest.approx(total if own else 0)


def test_the_truth_of_a_known_world_is_within_the_intervals():
    """Of many worlds the 95 % intervals may miss a few; the estimates are right on average."""
    held, offs = [], []
    for seed in range(24):
        cards, decisions, truth = world(seed, pairs=1_500, drawn=0.1, decided=0.5)
        raised, clashing = truth.T
        found = measure(cards, decisions, seed=seed, grid=())
        real = (clashing[raised].mean(), raised[clashing].mean())
        held.append(
            [share.low <= value <= share.high for share, value in zip((found.precision, found.recall), real, strict=True)]
        )
        offs.append([share.value - value for share, value in zip((found.precision, found.recall), real, strict=True)])
    assert np.mean(held, axis=0) == pytest.approx([0.95, 0.95], abs=0.1)
    assert np.mean(offs, axis=0) == pytest.approx([0.0, 0.0], abs=0.02)


def test_a_threshold_chooser_foresees_the_queue():
    cards, decisions, truth = world(3, pairs=8_000, drawn=0.1)
    found = measure(cards, decisions, seed=1)
    clashes = np.array([each.judgement.clash for each in cards])
    for each, later in pairwise(found.outlooks):
        assert each.cards >= later.cards
        assert each.recall.value >= later.recall.value - 1e-12
        assert each.recall.low <= each.recall.value <= each.recall.high
    at = {each.threshold: each for each in found.outlooks}
    assert at[0.5].cards == (clashes >= 0.5).sum() == truth[:, 0].sum()
    assert at[0.5].recall.value == pytest.approx(found.recall.value)
    assert at[0.5].precision.value == pytest.approx(found.precision.value)
    assert at[0.2].cards == pytest.approx(np.random.default_rng(3).beta(0.6, 1.6, 8_000).__ge__(0.2).sum(), rel=0.1)
    assert at[0.5].minutes == pytest.approx(at[0.5].cards * found.pace.seconds / 60)
    best = least_threshold(found.outlooks, precision=0.8)
    assert best is not None
    assert best.precision.value >= 0.8
    assert least_threshold(found.outlooks, precision=1.1) is None
    assert json.loads(json.dumps(found.to_json(), default=str))["outlooks"][0]["threshold"] == 0.05


@pytest.mark.parametrize(
    ("raised", "samples", "clashing", "word"),
    [
        pytest.param(0, 0, True, "nothing below", id="empty"),
        pytest.param(30, 0, True, "nothing below", id="no-samples"),
        pytest.param(30, 10, True, "of 30 samples", id="few-samples"),
        pytest.param(10, 40, True, "of 20 raised", id="few-raised"),
        pytest.param(30, 40, False, "no conflict", id="no-conflict"),
    ],
)
def test_too_few_decisions_say_nothing(raised, samples, clashing, word):
    cards = [card(f"r{n}", 0.9) for n in range(raised)] + [
        card(f"s{n}", 0.1, sample=True, drawn=0.5) for n in range(samples)
    ]
    found = measure(cards, [decision(one, clashing and not one.sample) for one in cards])
    assert found.recall.value is None
    assert word in found.recall.words
    assert all(each.recall.value is None for each in found.outlooks)


def test_no_miss_in_the_samples_is_no_proof_of_none():
    cards = [card(f"r{n}", 0.9) for n in range(40)] + [card(f"s{n}", 0.1, sample=True, drawn=0.1) for n in range(40)]
    found = measure(cards, [decision(one, not one.sample) for one in cards]).recall
    assert found.value == 1.0
    assert found.low == pytest.approx(40 / (40 + wilson(0, 40)[1] * 400))


def test_calibration_is_that_of_a_plain_computation():
    cards, decisions, _ = world(5, pairs=1_500, slope=2.0)
    answers = answers_of(cards, decisions)
    clashes, truth = (np.array([getattr(each, name) for each in answers], float) for name in ("clash", "clashing"))
    found = calibration(answers)
    assert found.brier == pytest.approx(((clashes - truth) ** 2).mean())
    off = 0.0
    for number, each in enumerate(found.bins):
        own = np.minimum(np.floor(clashes * 10), 9) == number
        assert each.count == own.sum()
        off += each.count * abs(clashes[own].mean() - truth[own].mean()) if own.any() else 0
    assert found.error == pytest.approx(off / len(answers))
    assert found.better is not None
    assert (found.better.helps, found.better.slope) == (True, pytest.approx(2.0, abs=0.4))
    assert "more extreme" in found.words
    asis = calibration(answers_of(*world(5, pairs=1_500)[:2])).better
    assert asis is not None
    assert not asis.helps


@given(st.lists(st.tuples(SHARES, st.booleans()), min_size=1, max_size=60))
def test_a_repair_is_the_best_of_its_kind(rows):
    clashes, truth = np.array(rows, float).T
    inside = np.clip(clashes, 1e-4, 1 - 1e-4)

    def loss(slope, shift):
        inputs = slope * np.log(inside / (1 - inside)) + shift
        return np.sum(np.logaddexp(0, inputs) - truth * inputs) + ((slope - 1) ** 2 + shift**2) / 2

    slope, shift = fitted(clashes, truth)
    best = loss(slope, shift)
    assert math.isfinite(best)
    for turned, moved in ((0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02)):
        assert best <= loss(slope + turned, shift + moved) + 1e-9


def test_a_week_that_goes_off_is_told():
    cards = [card(f"c{n}", 0.8) for n in range(150)]
    said = [
        decision(one, n < 90 or n % 5 == 0, at=NOW + timedelta(weeks=n // 30, hours=n % 30)) for n, one in enumerate(cards)
    ]
    found = weeks(answers_of(cards, said))
    assert [each.monday.isoformat() for each in found[:2]] == ["2026-03-02", "2026-03-09"]
    assert [bool(each.off) for each in found] == [False, False, False, True, True]
    assert found[3].off == "lower than before: 20% after 100%"
    gap = weeks(answers_of(cards[:2], [decision(cards[0], True), decision(cards[1], True, at=NOW + timedelta(weeks=3))]))
    assert [each.decided for each in gap] == [1, 0, 0, 1]


def test_breaks_and_bulk_are_no_pace():
    cards = [card(f"c{n}", 0.8) for n in range(40)]
    times = [0.0]
    for n in range(39):
        times.append(times[-1] + (0.0, 20.0, 30.0, 4_000.0)[n % 4])
    said = [decision(one, True, at=NOW + timedelta(seconds=at)) for one, at in zip(cards, times, strict=True)]
    found = pace_of(said)
    assert (found.seconds, found.n) == (pytest.approx(25.0), 20)
    assert found.minutes(12) == pytest.approx(5.0)
    assert pace_of(said[:5]).minutes(12) is None


def test_figures_by_judge_and_by_cue():
    cards = [card(f"a{n}", 0.8, cue="date") for n in range(12)] + [card(f"b{n}", 0.7) for n in range(20)]
    cards += [card(f"c{n}", 0.9, judge="onnx/1", found_at=NOW - timedelta(days=1)) for n in range(5)]
    found = measure(cards, [decision(one, one.id[0] == "a") for one in cards])
    assert found.judge == "cues/1"
    assert [(each.name, each.decided) for each in found.judges] == [("cues/1", 32), ("onnx/1", 5)]
    assert [(each.name, each.precision.value) for each in found.cues] == [("number", 0.0), ("date", 1.0)]
    assert not found.judges[1].precision.known
    assert measure([], []).judge is None
