"""Pairs and groups: what is near and says the same, what only looks so, and that no group is a chain."""

from __future__ import annotations

import itertools
import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.neighbours import within
from core.curation.duplicates import content_hash, exact_groups, groups, likeness, near_pairs
from core.curation.duplicates.likeness import DEFAULT_THRESHOLD, least_cosine
from core.errors import CancelledError, ConfigError
from tests.core.duplicates.frames import embedded, make_frame, make_pairs
from tests.core.memory_builders import DAY, NOW
from tests.core.neighbours.vectors import islands
from tests.core.test_shared_data import DATA, rows_of


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        pytest.param("A  b\tc", "A b c", True, id="blanks"),
        pytest.param("A b\n\nc ", " A b c", True, id="lines"),
        pytest.param("Cafe\u0301", "Café", True, id="nfc"),
        pytest.param("x²", "x2", False, id="not-nfkc"),
        pytest.param("See README", "See readme", False, id="capitals"),
        pytest.param("if a:\n    b\nc", "if a:\n    b\n    c", False, id="indentation"),
        pytest.param("if a:\r\n    b  ", "if a:\n    b", True, id="line-ends-of-code"),
        pytest.param("5 retries", "5 retries.", False, id="a-point"),
    ],
)
def test_a_text_is_the_same_but_for_its_form(a: str, b: str, same: bool) -> None:
    assert (content_hash(a) == content_hash(b)) is same


def test_exact_groups_are_found_within_whom_they_are_asked_for() -> None:
    frame = make_frame(
        ["x", "x", " x", "x", "y", "", ""],
        agent_id=["a", "a", "b", None, "a", "a", "a"],
        team_id=["t", "t", "t", "t", "t", "t", "t"],
    )
    assert [group.keys for group in exact_groups(frame)] == [("k0", "k1")]
    assert [group.keys for group in exact_groups(frame, within="team")] == [("k0", "k1", "k2", "k3")]
    with pytest.raises(ConfigError, match="within 'nobody'"):
        exact_groups(frame, within="nobody")


def test_what_is_hidden_or_over_is_in_no_group() -> None:
    frame = make_frame(["x"] * 4, status=[None, "hidden", "quarantined", None], expires_at=[None, None, None, NOW - DAY])
    assert [group.keys for group in exact_groups(frame)] == [("k0", "k3")]
    assert exact_groups(frame, now=NOW) == ()
    assert near_pairs(frame, embedded(["x"] * 4), now=NOW).same == ()


def test_the_repeats_of_the_generative_agents_are_found_and_nothing_else() -> None:
    path = DATA / "generative_agents"
    if not path.is_dir():
        pytest.skip(f"no generative_agents in {DATA}: the set is not part of the repository")
    rows = rows_of(path / "memories.jsonl.gz")
    frame = make_frame([row["content"] for row in rows], agent_id=[row["agent_id"] for row in rows])
    frame["key"] = [row["key"] for row in rows]
    wanted = {tuple(sorted(row["keys"])) for row in rows_of(path / "exact_repeats.jsonl.gz")}
    found = exact_groups(frame)
    assert len(found) == 253
    assert {group.keys for group in found} == wanted


def test_what_a_search_did_not_find_is_said_truly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two agents one has so many memories that only nearly all of the near ones are found."""
    many, few = islands(1_000, count=30), islands(100, seed=1)
    whole, fast = (within(many, 0.05, exact=exact) for exact in (True, False))
    true, found = (set(zip(near.first.tolist(), near.second.tolist(), strict=True)) for near in (whole, fast))
    assert fast.recall < 1
    assert fast.recall == pytest.approx(len(found & true) / len(true), abs=0.02)
    words = ["".join(letters) for letters in itertools.product("abcdefghijkl", repeat=3)]
    frame = make_frame(words[:1_100], agent_id=["many"] * 1_000 + ["few"] * 100)
    for name in ("search", "within"):
        monkeypatch.setattr(import_module(f"core.analysis.neighbours.{name}"), "EXACT_MOST", 900)
    recall = near_pairs(frame, np.concatenate([many, few]), threshold=1).recall
    assert recall == pytest.approx((1_000 * fast.recall + 100) / 1_100)


TEXTS = [
    "The export job writes its report to the shared drive every evening.",
    "The export job writes its report to the shared drive every evening",
    "the export job writes its report to the shared drive every evening!",
    "The export job writes its report to the shared drive every morning.",
    "The export job writes its 3 reports to the shared drive every evening.",
    "Quite another thing is said here about gardens.",
    "The export job writes its report to the shared drive every evening.",
]


def test_near_pairs_are_duplicates_or_suspects() -> None:
    found = near_pairs(make_frame(TEXTS), embedded(TEXTS))
    assert {(pair.first, pair.second) for pair in found.pairs} == {("k0", "k1"), ("k0", "k2"), ("k1", "k2")}
    assert found.same == (("k0", "k6"),)
    assert {("k0", "k3")} <= {(each.first, each.second) for each in found.suspects}
    assert all(each.score.clashes and each.reason for each in found.suspects)
    assert (found.recall, found.compared, found.cut) == (1.0, 7, 0)
    (group,) = groups(found)
    assert group.keys == ("k0", "k1", "k2", "k6")
    assert group.least is not None
    assert group.certainty == group.least.score.probability < 1
    assert group.hashes == tuple(sorted({content_hash(text) for text in TEXTS[:3]}))


def test_other_agents_are_compared_only_when_asked() -> None:
    texts = [TEXTS[0], TEXTS[1]]
    frame = make_frame(texts, agent_id=["a", "b"], team_id=["t", "t"])
    assert near_pairs(frame, embedded(texts)).pairs == ()
    assert len(near_pairs(frame, embedded(texts), within="team").pairs) == 1


@pytest.mark.parametrize("count", [12, 40])
def test_a_series_of_figures_is_no_flood_of_suspects(count: int) -> None:
    texts = [f"The heartbeat of the export worker took {number} ms." for number in range(count)]
    texts.append("The heartbeat of the export worker took 3 ms!")
    found = near_pairs(make_frame(texts), embedded(texts), threshold=0.5)
    assert [(pair.first, pair.second) for pair in found.pairs] == [tuple(sorted(("k3", f"k{count}")))]
    assert 0 < len(found.suspects) <= 3 * count
    assert 0 < found.series <= count + 1


def test_where_the_nearest_say_something_else_the_others_are_not_asked() -> None:
    names = [
        f"{first}{second}" for first in "BDFGKLM" for second in ("abo", "eku", "ilo", "ola", "uma", "ani", "eri", "osu")
    ]
    texts = [f"The agent {name} has read access to the shared drive of the platform team." for name in names]
    found = near_pairs(make_frame(texts), embedded(texts), threshold=0.5)
    assert found.pairs == ()
    assert found.cut > 0
    assert len(found.suspects) <= 24 * len(texts)


def test_a_search_can_be_stopped_and_refused() -> None:
    frame = make_frame(TEXTS)
    with pytest.raises(CancelledError):
        near_pairs(frame, embedded(TEXTS), stop=lambda: True)
    with pytest.raises(CancelledError):
        groups(make_pairs({("a", "b"): 0.9}), stop=lambda: True)
    with pytest.raises(ConfigError, match="7 memories do not fit 2 vectors"):
        near_pairs(frame, embedded(TEXTS[:2]))
    with pytest.raises(ConfigError, match="threshold is 0"):
        near_pairs(frame, embedded(TEXTS), threshold=0)
    with pytest.raises(ConfigError, match="search again"):
        groups(near_pairs(frame, embedded(TEXTS)), 0.1)


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0.02, 0.2, 0.7]))
@settings(max_examples=15, deadline=None)
def test_all_rows_within_a_distance_are_found_whatever_the_search(seed: int, count: int, distance: float) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 8)).astype(np.float32)
    matrix[: count // 2] = matrix[0] + rng.normal(size=(count // 2, 8)).astype(np.float32) * 0.05
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    apart = 1 - unit.astype(np.float64) @ unit.T.astype(np.float64)
    wanted = {(i, j) for i, j in itertools.combinations(range(count), 2) if apart[i, j] <= distance - 1e-5}
    allowed = {(i, j) for i, j in itertools.combinations(range(count), 2) if apart[i, j] <= distance + 1e-5}
    for exact in (True, False):
        near = within(matrix, distance, exact=exact)
        found = set(zip(near.first.tolist(), near.second.tolist(), strict=True))
        assert wanted <= found <= allowed
    cut = within(matrix, 2.0, most=1, exact=True)
    assert cut.cut == (count if count > 2 else 0)


@given(st.dictionaries(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")), st.floats(0.5, 1), max_size=20))
@settings(max_examples=60, deadline=None)
def test_every_two_of_a_group_are_alike(drawn: dict[tuple[str, str], float]) -> None:
    scores = {(a, b): value for (a, b), value in drawn.items() if a < b}
    pairs = make_pairs(scores)
    for threshold in (0.5, 0.8):
        found = groups(pairs, threshold)
        members = [key for group in found for key in group.keys]
        assert len(members) == len(set(members))
        for group in found:
            inside = [scores.get(couple, 0.0) for couple in itertools.combinations(group.keys, 2)]
            assert min(inside) >= threshold
            assert group.certainty == min(inside)
        assert list(found) == sorted(found, key=lambda group: (group.certainty, group.keys))
    assert groups(make_pairs(dict(reversed(scores.items())))) == groups(pairs)


def test_a_chain_is_no_group() -> None:
    pairs = make_pairs({("a", "b"): 0.9, ("b", "c"): 0.8}, same=[("b", "b2"), ("x", "y")])
    assert [(group.keys, group.is_exact) for group in groups(pairs)] == [(("a", "b", "b2"), False), (("x", "y"), True)]


@given(st.text(max_size=80), st.text(max_size=80), st.floats(-1, 1))
@settings(max_examples=40, deadline=None)
def test_likeness_is_a_probability_and_the_same_from_either_side(a: str, b: str, cosine: float) -> None:
    one, other = likeness(a, b, cosine=cosine), likeness(b, a, cosine=cosine)
    assert 0 <= one.probability <= one.alike <= 1
    assert one.probability == pytest.approx(other.probability)
    assert cosine >= least_cosine(max(one.alike, 1e-15)) - 1e-6
    assert likeness(a, a, cosine=1.0).probability > 0.9


def test_what_only_one_of_two_texts_says_makes_them_less_alike() -> None:
    said = "The export job writes its report to the shared drive every evening."
    more = [said, f"{said} Sure.", f"{said} Its owner wants a new format with colours, tables, figures and footnotes soon."]
    found = [likeness(said, text, cosine=0.98).probability for text in more]
    assert found == sorted(found, reverse=True)
    assert found[1] > DEFAULT_THRESHOLD > found[2]


def test_the_technical_pairs_are_told_apart() -> None:
    """The figures of the README are those of the model; here the file is whole and its halves share no text."""
    rows = [json.loads(line) for line in (Path(__file__).parent / "technical_pairs.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) > 200
    halves = [
        {row[side] for row in rows if row["split"] == split for side in ("text_a", "text_b")} for split in ("tune", "test")
    ]
    assert not halves[0] & halves[1]
    assert {row["label"] for row in rows} == {0, 1}
