"""What is compared with what: scopes, voices, series, states that come and go, the same text twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.curation.conflicts.candidates import Bounds, candidates
from core.curation.conflicts.grounds import has_grounds
from core.curation.conflicts.reach import Whose, passes, why_compared
from core.curation.conflicts.sides import comes_and_goes
from core.curation.conflicts.subject import identities, of_other_things, promise, signatures
from core.errors import CancelledError, ConfigError
from core.models.judge import ConflictVerdict, JudgedPair, Judgement, Side
from tests.core.conflicts.frames import Said, frame_of
from tests.core.memory_builders import DAY, NOW

WIDE = Bounds(cosine=0.1, promise=0.1)
LEFT, RIGHT = "The nightly import keeps 30 backups on disk.", "The nightly import keeps 14 backups on disk."


def pairs(*memories: Said, bounds: Bounds = WIDE, tenant: bool = False) -> set[frozenset[str]]:
    """Return the keys that are put beside each other."""
    frame, matrix = frame_of(memories)
    found = candidates(frame, matrix, now=NOW, tenant=tenant, bounds=bounds)
    keys = frame["key"].tolist()
    return {frozenset((keys[one], keys[other])) for one, other in zip(found.first, found.second, strict=True)}


def said(text: str, key: str = "k", **more: object) -> Said:
    return replace(Said(key, text, at=NOW - DAY), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right", "more", "why"),
    [
        pytest.param(("a", "t", None), ("b", "t", None), {}, "one team, two agents", id="team"),
        pytest.param(("a", "t", "x"), ("a", "u", "x"), {}, "one task, one agent", id="task"),
        pytest.param(("a", "t", None), ("b", "u", None), {}, None, id="teams"),
        pytest.param(("a", "t", None), ("b", None, "x"), {}, None, id="a team beside a task"),
        pytest.param(("a", None, None), ("b", "t", "x"), {}, "one index, two agents", id="nobody's"),
        pytest.param((None, "t", None), ("b", "t", None), {}, "one team, of unknown agents", id="unknown"),
        pytest.param(("a", "t", None), ("b", "u", None), {"tenant": True}, "one tenant, two agents", id="tenant"),
        pytest.param(("a", "t", None), ("a", "t", None), {"same_agent": False}, None, id="one agent"),
        pytest.param((None, "t", None), (None, "t", None), {"same_agent": False}, "one team, of unknown agents", id="two"),
    ],
)
def test_scopes(left: tuple[str | None, ...], right: tuple[str | None, ...], more: dict[str, bool], why: str | None) -> None:
    assert why_compared(Whose(*left), Whose(*right), **more) == why == why_compared(Whose(*right), Whose(*left), **more)


names = st.sampled_from([None, "a", "b"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(Whose, names, names, names), min_size=2, max_size=9), st.booleans())
def test_a_search_compares_what_the_rule_says(whose: list[Whose], tenant: bool) -> None:
    frame, _ = frame_of([Said(f"k{row}", "x", each.agent, each.team, each.task) for row, each in enumerate(whose)])
    found = set()
    for each in passes(frame, np.arange(len(whose)), tenant=tenant):
        free = dict(zip(each.rows.tolist(), each.free if each.free is not None else [True] * len(each.rows), strict=True))
        found |= {(a, b) for a in free for b in free if a < b and (free[a] or free[b])}
    rule = {
        (a, b)
        for a in range(len(whose))
        for b in range(a + 1, len(whose))
        if why_compared(whose[a], whose[b], tenant=tenant) is not None
    }
    assert found == rule


@pytest.mark.parametrize(
    ("left", "right", "compared"),
    [
        pytest.param(said(LEFT), said(RIGHT, agent="b"), True, id="plain"),
        pytest.param(said(LEFT), said(RIGHT, team="beta"), False, id="other team"),
        pytest.param(said(LEFT), said(f" {LEFT} "), False, id="the same text"),
        pytest.param(said(LEFT), said(RIGHT, status="hidden"), False, id="hidden"),
        pytest.param(said(LEFT), said(RIGHT, expires=NOW), False, id="expired"),
        pytest.param(said(LEFT), said("  "), False, id="empty"),
        pytest.param(said("I keep 3 cats."), said("I keep 2 cats.", agent="b"), False, id="two speakers"),
        pytest.param(said("I keep 3 cats."), said("I keep 2 cats."), True, id="one speaker"),
        pytest.param(said("Ann told me of 3 cats."), said("Ann has 2 cats.", agent="b"), True, id="one speaks of another"),
        pytest.param(said("Your bag: 3 kg.", session="s"), said("Your bag: 5 kg.", session="t"), False, id="talks"),
        pytest.param(said("Your bag: 3 kg.", session="s"), said("Your bag: 5 kg.", session="s"), True, id="talk"),
        pytest.param(said("Are there 3 backups?"), said("There are 2 backups."), False, id="a question"),
        pytest.param(said('call keep {"backups": 3}'), said("It keeps 2 backups."), False, id="a call"),
        pytest.param(said("Ann is making tea."), said("Ann is making soup.", at=NOW), False, id="two moments"),
        pytest.param(said("Ann is making tea."), said("Ann is making soup."), True, id="one moment"),
        pytest.param(said("Accuracy this week: 80 %."), said("Accuracy this week: 90 %.", at=NOW), False, id="two weeks"),
        pytest.param(said('{"seats": 3, "row": "a"}'), said('{"seats": 2, "row": "a"}', at=NOW), False, id="data"),
        pytest.param(said("T-5048 is closed for 3 days."), said("T-5337 is closed for 2 days."), False, id="two ids"),
        pytest.param(said("T-5048 is closed for 3 days."), said("T-5048 is closed for 2 days."), True, id="one id"),
    ],
)
def test_what_is_compared(left: Said, right: Said, compared: bool) -> None:
    found = pairs(replace(left, key="l"), replace(right, key="r"))
    assert found == ({frozenset(("l", "r"))} if compared else set())


@pytest.mark.parametrize(
    ("turns", "does"),
    [
        pytest.param("a0 a1", False, id="once each"),
        pytest.param("a0 a1 a0", True, id="and back"),
        pytest.param("a0 b1 a0", False, id="two keep to theirs"),
        pytest.param("a0 a0 a1 a1", False, id="changed for good"),
        pytest.param("a0 b0 a1 b1 b0", True, id="one of two"),
        pytest.param("-0 -1 -0", False, id="nobody knows who"),
    ],
)
def test_a_state_that_comes_and_goes(turns: str, does: bool) -> None:
    told = [(None if who == "-" else who, NOW + place * DAY, int(side)) for place, (who, side) in enumerate(turns.split())]
    assert comes_and_goes(told) == does == comes_and_goes(reversed(told))


def test_a_long_series_is_left_out_and_a_short_one_is_not() -> None:
    long = [Said(f"l{n:02}", f"Step {n} of 40 of the load test is done.") for n in range(40)]
    short = [Said(f"s{n}", f"The invoice limit of the shop is {n} euros.") for n in range(3)]
    frame, matrix = frame_of([*long, *short])
    found = candidates(frame, matrix, now=NOW, bounds=WIDE)
    keys = frame["key"].tolist()
    got = {keys[row][0] + keys[other][0] for row, other in zip(found.first, found.second, strict=True)}
    assert "ss" in got
    assert "ll" not in got
    assert found.series >= 40 - 8


def test_bounds_are_kept_and_said() -> None:
    memories = [Said(f"k{n}", f"The {word} shelf of the store room holds tins.") for n, word in enumerate("abcdefghij")]
    frame, matrix = frame_of(memories)
    found = candidates(frame, matrix, now=NOW, bounds=replace(WIDE, partners=1))
    assert len(found) < 10 <= found.near
    assert found.cut > 0
    assert (np.diff(found.promise) <= 0).all()
    assert len(candidates(frame, matrix, now=NOW, bounds=replace(WIDE, promise=9.0))) == 0


def test_promise_is_of_the_two_texts_alone() -> None:
    texts = ["The backup runs at night.", "At night the backup runs twice.", "Cats sleep.", "夜間に \ud800", ""]
    sets = signatures(texts, told=lambda _: None)
    one, other = np.array([0, 1, 0, 3, 4]), np.array([1, 0, 2, 0, 0])
    found = promise(sets, one, other, np.zeros(5, np.float32))
    assert found[0] == found[1] > 0.1
    assert (found[2:] < 0.01).all()
    named = identities(["fix a1b2c3d in T-12", "T-12 is open", "v2.3 of 2026", "user_0042"])
    assert of_other_things(named, np.array([0, 1, 1]), np.array([1, 2, 3])).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The limit is 3. " * 800, id="12 KB"),
        pytest.param("<b>3</b> \x1b[31m5 \u202e6 🙂", id="odd signs"),
        pytest.param("{" * 3_000, id="braces"),
        pytest.param("a_" * 5_000 + "1", id="an endless id"),
        pytest.param("夜" * 4_000, id="no spaces"),
    ],
)
def test_any_text_is_compared(text: str) -> None:
    frame, _ = frame_of([Said("a", "x"), Said("b", "y")])
    frame["content"] = [text, f"{text} 7"]
    matrix = np.eye(2, 384, dtype=np.float32) + np.float32(0.5)
    found = candidates(frame, matrix, now=NOW, bounds=WIDE)
    assert len(found) <= 1


def test_it_stops_and_refuses() -> None:
    frame, matrix = frame_of([said(LEFT, "a"), said(RIGHT, "b")])
    with pytest.raises(CancelledError, match="The search for conflicts was stopped"):
        candidates(frame, matrix, now=NOW, stop=lambda: True)
    with pytest.raises(ConfigError, match="do not fit"):
        candidates(frame, matrix[:1], now=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("left", "right", "cue", "has"),
    [
        pytest.param("Ann volunteers.", "Ann volunteers with joy.", "", False, id="nothing differs"),
        pytest.param("The limit is 3 seats.", "The limit is 5 seats.", "", True, id="a value differs"),
        pytest.param("It keeps 30 days.", "It now keeps 7 days, no longer 30 days.", "", True, id="a change is told"),
        pytest.param("Ann plays.", "Ann is now happy.", "", False, id="a change of nothing that is named"),
        pytest.param("It has 12 shops.", "It has 92 % and 12 shops.", "number", False, id="numbers of two measures"),
        pytest.param("It has 12 shops.", "It has 13 shops.", "number", True, id="numbers of one"),
        pytest.param("Cats sleep.", "Dogs bark.", "model", True, id="a model says so"),
    ],
)
def test_grounds(left: str, right: str, cue: str, has: bool) -> None:
    judgement = Judgement({ConflictVerdict.CONTRADICTION: 1.0}, cue, "", "judge")
    assert has_grounds(JudgedPair(Side(left), Side(right), 0.8), judgement) == has
