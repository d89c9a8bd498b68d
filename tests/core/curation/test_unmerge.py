"""Taking a merge apart again, one source or all, and what a memory was made from after the sources are gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.curation.consolidation import direct_sources, sentences_of
from core.curation.consolidation.lineage import Whereabouts
from core.curation.desk import Desk
from core.curation.plan import Action
from core.errors import CurationError, NotAllowedError, NotFoundError
from core.memory import Memory
from tests.core.curation.desks import ADA, ANN, BOB, VERA, apply, contents, edit, erase, make_desk, make_plan, put, retire
from tests.core.curation.merge_builders import (
    consolidation,
    found,
    make_merge_desk,
    make_merge_store,
    merged_key,
    stand_in_plan,
)
from tests.core.memory_builders import make_memory

TEN = tuple(f"On day {number} the {word} of the mill was repaired." for number, word in enumerate(
    ("wheel", "roof", "door", "floor", "stairs", "window", "chimney", "cellar", "fence", "bell")
))  # fmt: skip
ALL = tuple(f"s{number}" for number in range(10))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(make_merge_store(tmp_path, topics=TEN), tmp_path)


def memory(desk: Desk, key: str) -> Memory:
    return desk.store.get([key], actor=LOCAL_ADMIN)[key]


def merged(desk: Desk, *keys: str, plan_id: str = "merge", **options: Any) -> str:
    """Merge some memories and return the key of the merged one."""
    plan = consolidation(desk, *keys, plan_id=plan_id)
    assert apply(desk, plan, **options).complete
    return merged_key(plan)


def test_one_source_of_ten_comes_back_as_it_was(desk: Desk) -> None:
    before = contents(desk.store)
    key = merged(desk, *ALL)
    between = contents(desk.store)
    plan = desk.unmerge_plan(key, actor=ADA, sources=["s3"])
    assert plan.counts == {Action.PUT: 1, Action.REPLACE: 1}
    apply(desk, plan)
    after = contents(desk.store)
    assert after["s3"] == before["s3"]
    assert {name: value for name, value in after.items() if name not in ("s3", key)} == {
        name: value for name, value in between.items() if name != key
    }
    changed = memory(desk, key)
    assert direct_sources(changed) == changed.derived_from == tuple(name for name in ALL if name != "s3")
    assert [sentence.text for sentence in sentences_of(changed) if not sentence.supported] == [TEN[3]]
    assert found(desk.store, TEN[3])[0] == "s3"
    apply(desk, desk.undo_plan(plan.id, actor=ADA))
    assert contents(desk.store) == between


def test_all_sources_come_back_and_the_merged_memory_goes(desk: Desk) -> None:
    before = contents(desk.store)
    key = merged(desk, *ALL)
    between = contents(desk.store)
    apply(desk, desk.unmerge_plan(key, actor=ADA, sources=ALL[:4]))
    rest = desk.unmerge_plan(key, actor=ADA)
    assert rest.counts == {Action.PUT: 6, Action.RETIRE: 1}
    apply(desk, rest)
    assert contents(desk.store) == before
    with pytest.raises(NotFoundError, match=f"left the index by plan {rest.id}: undo that first"):
        desk.unmerge_plan(key, actor=ADA)
    apply(desk, desk.undo_plan(rest.id, actor=ADA))
    assert desk.unmerge_plan(key, actor=ADA).counts == rest.counts  # what was merged again can be taken apart again
    assert contents(desk.store).keys() == between.keys() | set(ALL[:4])


def test_duplicates_are_taken_apart_by_the_same_plan(desk: Desk) -> None:
    before = contents(desk.store)
    plan = stand_in_plan(desk, "s0", "s1", "s2")
    assert set(apply(desk, plan).done) == {"s0", "s1", "s2"}
    apply(desk, desk.unmerge_plan("s0", actor=ADA, sources=["s1"]))
    assert memory(desk, "s0").recall_count == 7
    apply(desk, desk.unmerge_plan("s0", actor=ADA))
    assert contents(desk.store) == before


def test_a_survivor_that_was_changed_since_keeps_the_change(desk: Desk) -> None:
    apply(desk, stand_in_plan(desk, "s0", "s1"))
    apply(desk, make_plan(desk, edit(desk, "s0", recall_count=9), id="edit"))
    apply(desk, desk.unmerge_plan("s0", actor=ADA))
    assert memory(desk, "s0").recall_count == 9
    assert "s1" in contents(desk.store)


def change_and_ask(desk: Desk, key: str) -> Sequence[str]:
    """Return the keys that taking all of a merge apart would put."""
    return [change.key for change in desk.unmerge_plan(key, actor=ADA) if change.action is Action.PUT]


def test_what_went_again_for_another_reason_does_not_come_back(desk: Desk) -> None:
    """A person retired it after it had come back: taking the rest of the merge apart must not bring it back again."""
    key = merged(desk, "s0", "s1", "s2")
    apply(desk, desk.unmerge_plan(key, actor=ADA, sources=["s0"]))
    apply(desk, make_plan(desk, *retire(desk, "s0"), id="wrong"))
    assert change_and_ask(desk, key) == ["s1", "s2"]
    with pytest.raises(CurationError, match="was not retired in favour of"):
        desk.unmerge_plan(key, actor=ADA, sources=["s0"])


def test_what_was_erased_or_is_there_cannot_come_back(desk: Desk) -> None:
    key = merged(desk, "s0", "s1")
    apply(desk, desk.unmerge_plan(key, actor=ADA, sources=["s0"]))
    with pytest.raises(CurationError, match="'s0' is there"):
        desk.unmerge_plan(key, actor=ADA, sources=["s0"])
    apply(desk, make_plan(desk, *erase(desk, "s0"), id="erase"))
    with pytest.raises(CurationError, match="Nothing can be taken out"):
        desk.unmerge_plan(key, actor=ADA, sources=["s0"])
    lineage = desk.sources_of(key, actor=VERA)
    assert [(each.key, each.where) for each in lineage.ancestors] == [("s1", Whereabouts.RETIRED)]


def test_a_merged_memory_that_was_merged_on_is_named(desk: Desk) -> None:
    one = merged(desk, "s0", "s1")
    two = merged(desk, one, "s2", plan_id="second")
    with pytest.raises(NotFoundError, match=f"It was merged into '{two}': take it out of that one first"):
        desk.unmerge_plan(one, actor=ADA)


def test_a_reviewer_takes_apart_only_their_own(desk: Desk) -> None:
    key = merged(desk, "s0", "s1", actor=ANN)
    with pytest.raises(NotAllowedError, match="cannot take back what 'ann' did"):
        apply(desk, desk.unmerge_plan(key, actor=BOB), actor=BOB)
    with pytest.raises(NotAllowedError):
        apply(desk, desk.unmerge_plan(key, actor=VERA), actor=VERA)
    assert apply(desk, desk.unmerge_plan(key, actor=ANN), actor=ANN).complete


def test_the_sources_are_told_through_all_generations(desk: Desk) -> None:
    texts = {key: memory(desk, key).content for key in ALL}
    one = merged(desk, "s0", "s1")
    first = memory(desk, one)
    two = merged(desk, one, "s2", "s3", plan_id="second")
    lineage = desk.sources_of(two, actor=VERA)
    assert (lineage.where, lineage.cut) == (Whereabouts.HERE, False)
    told = {each.key: (each.generation, each.where, each.replaced_by, each.plan_id) for each in lineage.ancestors}
    assert told == {
        one: (1, Whereabouts.RETIRED, two, "second"),
        "s2": (1, Whereabouts.RETIRED, two, "second"),
        "s3": (1, Whereabouts.RETIRED, two, "second"),
        "s0": (2, Whereabouts.RETIRED, one, "merge"),
        "s1": (2, Whereabouts.RETIRED, one, "merge"),
    }
    assert [each.key for each in lineage.of(2)] == ["s0", "s1"]
    kept = {each.key: each.memory for each in lineage.ancestors}
    assert kept[one] == first
    assert {key: kept[key].content for key in ("s0", "s1", "s2", "s3") if kept[key]} == {
        key: texts[key] for key in ("s0", "s1", "s2", "s3")
    }
    assert memory(desk, two).derived_from == (one, "s2", "s3", "s0", "s1")
    apply(desk, desk.unmerge_plan(two, actor=ADA, sources=[one]))
    assert memory(desk, two).derived_from == ("s2", "s3")
    assert desk.sources_of(one, actor=VERA).where is Whereabouts.HERE


def test_the_sources_of_a_retired_memory_are_told_too(desk: Desk) -> None:
    key = merged(desk, "s0", "s1")
    apply(desk, make_plan(desk, *retire(desk, key), id="gone"))
    lineage = desk.sources_of(key, actor=VERA)
    assert (lineage.where, [each.key for each in lineage.ancestors]) == (Whereabouts.RETIRED, ["s0", "s1"])


def test_what_is_erased_or_was_never_here_is_said(desk: Desk) -> None:
    odd = make_memory("odd", derived_from=("elsewhere", "s0", "odd"))
    apply(desk, make_plan(desk, put("odd", record(desk, odd)), id="odd"))
    apply(desk, make_plan(desk, *erase(desk, "s0"), id="erase"))
    lineage = desk.sources_of("odd", actor=VERA)
    assert [(each.key, each.where, each.memory) for each in lineage.ancestors] == [
        ("elsewhere", Whereabouts.UNKNOWN, None),
        ("s0", Whereabouts.ERASED, None),
    ]
    with pytest.raises(NotFoundError, match="nor was there one"):
        desk.sources_of("never", actor=VERA)


def record(desk: Desk, one: Memory) -> Any:
    from core.memory.record import Record

    return Record(desk.store.metadata_of()(one), desk.store.embed(one.content, actor=LOCAL_ADMIN))


def test_circles_and_long_lines_end(tmp_path: Path) -> None:
    ring = [make_memory(f"r{number}", derived_from=(f"r{(number + 1) % 5}",)) for number in range(5)]
    desk = make_merge_desk(tmp_path, *ring)
    assert [each.key for each in desk.sources_of("r0", actor=VERA).ancestors] == ["r1", "r2", "r3", "r4"]
    from core.curation.consolidation.lineage import sources_of

    cut = sources_of(desk._place, "r0", actor=VERA, most=2)
    assert ([each.key for each in cut.ancestors], cut.cut) == (["r1", "r2"], True)
