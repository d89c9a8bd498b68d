"""A scan: cards, samples, bounds, what a stop keeps, and that scans that follow each other find what one finds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.curation.conflicts.candidates import Bounds
from core.curation.conflicts.card import Card, card_id
from core.curation.conflicts.sampling import Sample
from core.curation.conflicts.scanning import Scan, ScanOrder, scan
from core.curation.duplicates import content_hash
from tests.core.conflicts.frames import DigitJudge, Said, frame_of
from tests.core.memory_builders import DAY, NOW

ALL = ScanOrder(bounds=Bounds(cosine=-1.0, promise=-1.0, neighbours=64, partners=64), pairs=None, samples=0)
THINGS = (
    "The nightly import keeps {} backups on disk.",
    "The invoice limit of the shop is {} euros.",
    "Cats sleep {} hours.",
)


def scanned(memories: list[Said], order: ScanOrder = ALL, checked: Mapping[str, str] | None = None, **more: object) -> Scan:
    frame, matrix = frame_of(memories)
    return scan(frame, matrix, DigitJudge(), now=NOW, order=order, checked=checked, **more)  # type: ignore[arg-type]


def several(count: int) -> list[Said]:
    """Return memories of several things, each said by two agents with two numbers."""
    return [
        Said(f"k{place}{side}", f"The {word} pump runs at {20 + side + place} bar.", "ab"[side], at=NOW - side * DAY)
        for place, word in enumerate(itertools.islice(map("".join, itertools.product("bdfg", "aeio", "nrst")), count))
        for side in (0, 1)
    ]


def test_a_card_has_both_sides_as_they_are() -> None:
    old = Said("new", THINGS[0].format(30), "a", at=NOW - DAY)
    found = scanned(
        [
            Said("later", THINGS[0].format(14), "b", at=NOW),
            old,
            replace(old, key="again", text=f" {old.text}", at=NOW - 2 * DAY),
            replace(old, key="elsewhere", team="beta"),
        ]
    )
    (card,) = found.cards
    assert (card.left.key, card.left.others, card.right.key, card.right.others) == ("new", ("again",), "later", ())
    assert card.id == card_id(content_hash(old.text), content_hash(THINGS[0].format(14)))
    assert (card.why, card.sample, card.drawn, card.found_at) == ("one team, two agents", False, 1.0, NOW)
    assert (card.left.agent, card.left.team, card.left.at, card.left.confidence) == ("a", "alpha", NOW - DAY, None)
    assert set(found.present) == {"later", "new", "again", "elsewhere"}
    assert found.found == found.judged == 1


def test_the_likeliest_come_first_and_the_rest_is_for_the_next_scan() -> None:
    memories = several(8)
    whole = scanned(memories)
    clashes = [card.judgement.clash for card in whole.cards]
    assert clashes == sorted(clashes, reverse=True)
    assert len(clashes) >= 8
    few = scanned(memories, replace(ALL, most=3))
    assert [card.id for card in few.cards] == [card.id for card in whole.cards[:3]]
    assert few.over == whole.found - 3
    rest = scanned(memories, checked=few.checked)
    assert {card.id for card in (*few.cards, *rest.cards)} == {card.id for card in whole.cards}


@pytest.mark.parametrize("pairs", [7, 40])
def test_scans_of_a_few_pairs_each_find_all_in_the_end(pairs: int) -> None:
    memories, order = several(5), replace(ALL, pairs=pairs)
    whole, found, checked, judged = scanned(memories), set(), {}, 0
    for _ in range(200):
        part = scanned(memories, order, checked)
        found, checked, judged = found | {card.id for card in part.cards}, part.checked, judged + part.judged
        if not part.left:
            break
    assert (found, judged) == ({card.id for card in whole.cards}, whole.judged)
    assert scanned(memories, checked=checked).judged == 0


def test_what_was_found_before_a_stop_is_kept() -> None:
    memories, done = several(24), [0.0]
    part = scanned(memories, stop=lambda: done[-1] > 0.4, progress=done.append)
    assert part.stopped
    assert 0 < part.judged < scanned(memories).judged
    rest = scanned(memories, checked=part.checked)
    assert part.judged + rest.judged == scanned(memories).judged


def test_samples_are_drawn_by_the_seed_with_their_probability() -> None:
    memories = several(10)
    order = replace(ALL, samples=6, share=0.2)
    first, again, other = (scanned(memories, replace(order, seed=seed)) for seed in (0, 0, 1))
    drawn = [[card.id for card in found.cards if card.sample] for found in (first, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 0 < len(drawn[0]) <= 6
    assert all(0 < card.drawn < 1 for card in first.cards if card.sample)
    assert set(drawn[0]) <= first.dropped


def test_a_sample_says_how_likely_it_was_on_average() -> None:
    sample: Sample[int] = Sample(share=0.1, most=40, threshold=0.5, seed=3)
    for number in range(3_000):
        sample.offer(f"card {number}", 0.4 if number % 3 == 0 else 0.1, number)
    strata = {number % 3 == 0: chance for number, chance in sample.drawn}
    counts = {doubtful: sum((number % 3 == 0) == doubtful for number, _ in sample.drawn) for doubtful in strata}
    assert counts == {True: 20, False: 20}
    # By its probability each stratum is estimated as large as it is.
    assert counts[True] / strata[True] == pytest.approx(1_000, rel=0.5)
    assert counts[False] / strata[False] == pytest.approx(2_000, rel=0.5)


texts = st.builds(lambda thing, number: thing.format(number), st.sampled_from(THINGS), st.integers(1, 6))
memories = st.builds(
    Said,
    st.sampled_from([f"k{number}" for number in range(9)]),
    texts,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["alpha", "beta"]),
    st.sampled_from([None, "x"]),
    at=st.integers(0, 3).map(lambda days: NOW - days * DAY),
)
indexes = st.lists(memories, max_size=9, unique_by=lambda each: each.key)


def taken_in(inbox: dict[str, Card], found: Scan) -> dict[str, Card]:
    """Return what waits after a scan was taken in, as the inbox does it."""
    there = set(found.present.values())
    left = {
        name: card
        for name, card in inbox.items()
        if name not in found.dropped and {card.left.hash, card.right.hash} <= there
    }
    return left | {card.id: card for card in found.cards}


@settings(max_examples=30, deadline=None)
@given(st.lists(indexes, min_size=2, max_size=4))
def test_scans_after_changes_find_what_one_scan_finds(states: list[list[Said]]) -> None:
    inbox: dict[str, Card] = {}
    checked: Mapping[str, str] = {}
    for state in states:
        part = scanned(state, checked=checked, waiting=inbox.values())
        inbox, checked = taken_in(inbox, part), {key: mark for key, mark in part.checked.items() if key in part.present}
    whole = scanned(states[-1])
    assert set(inbox) == {card.id for card in whole.cards}
    assert {name: (card.left.key, card.right.key) for name, card in inbox.items() if name in whole.dropped} == {}
