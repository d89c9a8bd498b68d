"""When a memory may be retired in favour of another: by rank among what stays, and by what recall leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.curation.plan import Action, Change, Plan, plan_from_json, plan_to_json
from core.curation.proof import PROOF_K, Proof, prove
from core.errors import CancelledError, ConfigError
from core.memory import Memory, from_metadata, to_metadata
from core.memory.record import Record
from tests.core.memory_builders import DAY, NOW, make_memory

VECTOR = [1.0, 0.0]


def record_of(memory: Memory) -> Record:
    return Record(dict(to_metadata(memory)))


def retirement(memory: Memory, by: str | None = "by") -> Change:
    return Change(memory.key, Action.RETIRE, "merged", "consolidation", before=record_of(memory), replaced_by=by)


def plan_of_changes(*changes: Change) -> Plan:
    return Plan("p", "b", "i", "A plan", "consolidation", "ann", NOW, changes)


def proofs(plan: Plan, ranking: Sequence[str], stand_in: Memory | None, **options: Any) -> dict[str, Proof]:
    def ask(memory: Memory, k: int) -> list[Any]:
        return [SimpleNamespace(memory=SimpleNamespace(key=key)) for key in ranking[:k]]

    there = {} if stand_in is None else {stand_in.key: record_of(stand_in)}
    given_: dict[str, Any] = {"ask": ask, "there": there, "memory_of": from_metadata, "now": NOW}
    return prove(plan, plan.changes, **(given_ | options))


def others(count: int) -> list[str]:
    return [f"x{number}" for number in range(count)]


BY = make_memory("by", "All of it.")
SOURCES = [make_memory(f"s{number}", f"Part {number}.") for number in range(30)]


@pytest.mark.parametrize(
    ("ranking", "rank"),
    [
        pytest.param(["s0", "by"], 1, id="itself goes and does not count"),
        pytest.param([*(f"s{n}" for n in range(30)), "by"], 1, id="nor do those that go with it, however many"),
        pytest.param([*others(4), "by"], 5, id="the last of the first five"),
        pytest.param([*others(5), "by"], None, id="below the first five"),
        pytest.param(others(200), None, id="not found at all"),
        pytest.param([*(f"s{n}" for n in range(30)), *others(4), "by"], 5, id="asked deeper for those that go"),
    ],
)
def test_the_rank_is_that_among_what_stays(ranking: list[str], rank: int | None) -> None:
    found = proofs(plan_of_changes(*map(retirement, SOURCES)), ranking, BY)["s0"]
    assert (found.rank, found.proved, found.k) == (rank, rank is not None, PROOF_K)
    assert found.proved or "does not find 'by' among the first 5" in found.why


@pytest.mark.parametrize(
    ("stand_in", "source", "why"),
    [
        pytest.param(None, {}, "'by', which is to stand for it, is not there", id="not there"),
        pytest.param({"extra": {"mnemoscope_status": "hidden"}}, {}, "is hidden", id="hidden"),
        pytest.param({"extra": {"mnemoscope_status": "quarantined"}}, {}, "quarantined", id="quarantined"),
        pytest.param({"expires_at": NOW - DAY}, {}, "its time is over", id="expired"),
        pytest.param({"expires_at": NOW + DAY}, {}, "expires before it, on 2026-03-02 12:00 UTC", id="expires first"),
        pytest.param({"expires_at": NOW + DAY}, {"expires_at": NOW + DAY}, "", id="expires with it"),
        pytest.param({}, {"content": "  "}, "it has no text to ask for", id="no text"),
    ],
)
def test_what_recall_leaves_out_stands_for_nothing(stand_in: Any, source: Any, why: str) -> None:
    by = None if stand_in is None else make_memory("by", **stand_in)
    found = proofs(plan_of_changes(retirement(make_memory("s", **source))), ["by"], by)["s"]
    assert why in found.why
    assert found.proved is (why == "")


def test_what_the_plan_writes_must_be_what_is_there() -> None:
    write = Change("by", Action.PUT, "new", "consolidation", after=Record(record_of(BY).metadata, VECTOR))  # type: ignore[arg-type]
    plan = plan_of_changes(write, retirement(SOURCES[0]))
    assert proofs(plan, ["by"], BY)["s0"].proved
    assert "is not what the plan writes" in proofs(plan, ["by"], make_memory("by", "Something else."))["s0"].why


def test_whose_own_recalls_lose_it_is_said() -> None:
    by = make_memory("by", agent_id=None, team_id="alpha")
    found = proofs(plan_of_changes(retirement(make_memory("s", agent_id="ann", team_id="beta"))), ["by"], by)["s"]
    assert (found.proved, found.narrower) == (True, ("agent ann", "team beta"))


def test_one_that_stays_takes_its_place_again() -> None:
    """s0 is proved at rank 5 only while s1 goes; s1 stays, so s0 stays, and s2 only loses a rank."""
    rankings = {"s0": ["s1", *others(4), "by"], "s1": others(20), "s2": ["s0", "s1", "by"]}

    def ask(memory: Memory, k: int) -> list[Any]:
        return [SimpleNamespace(memory=SimpleNamespace(key=key)) for key in rankings[memory.key][:k]]

    found = proofs(plan_of_changes(*map(retirement, SOURCES[:3])), [], BY, ask=ask)
    assert {key: (proof.proved, proof.rank) for key, proof in found.items()} == {
        "s0": (False, None),
        "s1": (False, None),
        "s2": (True, 3),
    }


@given(st.permutations([*others(12), "s0", "s1", "s2", "by"]), st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_what_is_proved_is_among_the_first_of_what_is_left(ranking: list[str], lost: list[int]) -> None:
    def ask(memory: Memory, k: int) -> list[Any]:
        number = int(memory.key[1:])
        keys = [key for key in ranking if not (key == "by" and lost[number] == 0)]
        return [SimpleNamespace(memory=SimpleNamespace(key=key)) for key in keys[:k]]

    found = proofs(plan_of_changes(*map(retirement, SOURCES[:3])), [], BY, ask=ask)
    left = [key for key in ranking if key not in found or not found[key].proved]
    for key, proof in found.items():
        if proof.proved:
            assert left.index("by") + 1 == proof.rank <= PROOF_K, key


def test_it_can_be_stopped() -> None:
    with pytest.raises(CancelledError):
        proofs(plan_of_changes(retirement(SOURCES[0])), ["by"], BY, stop=lambda: True)


def test_what_cannot_be_asked_stays() -> None:
    def ask(memory: Memory, k: int) -> list[Any]:
        raise ConfigError("The text is not to be asked.")

    assert "cannot be asked for: The text" in proofs(plan_of_changes(retirement(SOURCES[0])), [], BY, ask=ask)["s0"].why


def test_a_plan_says_what_stands_for_what_and_keeps_the_hashes_of_old_ones() -> None:
    plain, named = plan_of_changes(retirement(SOURCES[0], None)), plan_of_changes(retirement(SOURCES[0]))
    old = plan_of_changes(Change("s", Action.RETIRE, "merged", "consolidation", before=Record({"content": "Part."})))
    assert old.hash == "5aa5ffd0c09265d1c2da2e2a824b9493041d5fc1b6511cbc72631a5661542cd7"  # of the time before merges
    assert "replaced_by" not in plan_to_json(plain)["changes"][0]
    assert plain.hash != named.hash
    assert plan_from_json(plan_to_json(named)) == named
    forged = plan_to_json(named)
    forged["changes"][0]["replaced_by"] = "another"
    with pytest.raises(ConfigError, match="was changed after it was made"):
        plan_from_json(forged)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(lambda: [retirement(SOURCES[0], "s0")], id="itself"),
        pytest.param(lambda: [retirement(SOURCES[0], "s1"), retirement(SOURCES[1], None)], id="one that goes as well"),
        pytest.param(lambda: [retirement(SOURCES[0], "s1"), retirement(SOURCES[1], "by")], id="one that is merged further"),
        pytest.param(
            lambda: [Change("s0", Action.ERASE, "", "", before=record_of(SOURCES[0]), replaced_by="by")], id="an erasure"
        ),
    ],
)
def test_some_things_stand_for_nothing(changes: Any) -> None:
    with pytest.raises(ConfigError):
        plan_of_changes(*changes())
