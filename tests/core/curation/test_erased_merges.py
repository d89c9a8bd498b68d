"""Erasing a source of a merge: what still says its text is named before, and no copy of it stays in the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.curation.consolidation.remnants import erasure_notes, left_behind, remnants
from core.curation.deletion import plan_deletion
from core.curation.desk import Desk
from core.curation.plan import Action, Change, Plan
from core.curation.verification import verify
from core.memory.record import Record
from tests.core.curation.desks import ADA, apply, contents, make_desk, make_plan, seen
from tests.core.curation.merge_builders import TOPICS, consolidation, make_merge_store, merged_key
from tests.core.memory_builders import NOW, make_memory


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    own = make_memory("own", "In short: cranes.", derived_from=("s2",))
    store = make_merge_store(tmp_path, own)
    assert store.archive is not None
    return make_desk(store, store.archive.ledger)


def erasure(desk: Desk, *keys: str, plan_id: str = "erasure") -> Plan:
    return plan_deletion(desk.store, keys, actor=ADA, now=NOW, plan_id=plan_id, erase=True)


def erase(desk: Desk, *keys: str) -> None:
    plan = erasure(desk, *keys)
    assert apply(desk, plan, confirmation=desk.confirmation_for(plan)).complete


def twice_merged(desk: Desk) -> tuple[str, str]:
    """Merge s0 and s1, and what that makes with s3; then take all apart but leave what was said."""
    first = consolidation(desk, "s0", "s1", plan_id="first")
    apply(desk, first)
    second = consolidation(desk, merged_key(first), "s3", plan_id="second")
    apply(desk, second)
    return merged_key(first), merged_key(second)


def copies(desk: Desk, text: str) -> list[str]:
    """Return the keys of which the journal has an image with this text."""
    entries = desk.ledger.journal.entries(desk.stream)
    images = (image for entry in entries for image in desk.ledger.journal.images(desk.stream, entry.number).values())
    return sorted({each.key for each in images if each.before is not None and text in str(each.before.metadata)})


def test_what_was_made_of_it_is_named_through_every_generation(desk: Desk) -> None:
    one, two = twice_merged(desk)
    apply(desk, desk.unmerge_plan(two, actor=ADA, sources=[one]))
    apply(desk, desk.unmerge_plan(one, actor=ADA, sources=["s1"]))
    plan = erasure(desk, "s1", "s2")
    found = {each.key: (each.of, each.here) for each in remnants(desk.store, plan, actor=ADA)}
    assert found == {one: (("s1",), True), two: (("s1",), True)}, "neither names s1 any more, and both say it"
    first, then = sorted([one, two])
    (note,) = erasure_notes(remnants(desk.store, plan, actor=ADA), [])
    assert note.startswith(f"2 memories were made from what is erased and may still say it ({first!r}, {then!r}): edit them")
    preview = desk.preflight(plan, actor=ADA)
    assert "own" in preview.notes[0], "an agent's own summary names its source, which the snapshot tells"
    assert remnants(desk.store, erasure(desk, "s1", one, two), actor=ADA) == []
    assert remnants(desk.store, make_plan(desk), actor=ADA) == []


def test_what_somebody_rewrote_is_not_named(desk: Desk) -> None:
    plan = consolidation(desk, "s0", "s1")
    apply(desk, plan)
    key = merged_key(plan)
    apply(desk, desk.unmerge_plan(key, actor=ADA, sources=["s1"]))
    (before,) = seen(desk, key).values()
    after = Record({**before.metadata, "content": TOPICS[0]}, desk.store.embed(TOPICS[0], actor=LOCAL_ADMIN))
    apply(desk, make_plan(desk, Change(key, Action.REPLACE, "less", "edit", before=before, after=after), id="edit"))
    assert remnants(desk.store, erasure(desk, "s1"), actor=ADA) == []
    assert copies(desk, TOPICS[1]) == [key, "s1"]
    erase(desk, "s1")
    assert copies(desk, TOPICS[1]) == [], "what the merged memory said before goes from the journal as well"
    assert key in contents(desk.store)


def test_a_merge_that_was_taken_apart_leaves_no_copy_of_what_is_erased(desk: Desk) -> None:
    one, two = twice_merged(desk)
    for plan_id in ("second", "first"):
        apply(desk, desk.undo_plan(plan_id, actor=ADA))
    plan = erasure(desk, "s1")
    assert {(each.key, each.here) for each in remnants(desk.store, plan, actor=ADA)} == {(one, False), (two, False)}
    assert "the journal's copies go too" in next(erasure_notes(remnants(desk.store, plan, actor=ADA), []))
    assert set(copies(desk, TOPICS[1])) == {"s1", one, two}
    erase(desk, "s1")
    assert copies(desk, TOPICS[1]) == []
    assert contents(desk.store).keys() >= {"s0", "s2", "s3"}
    found = verify(desk.ledger.journal, desk.stream)
    assert not found.broken
    assert not found.unpurged


def test_what_the_erased_stands_for_is_named(desk: Desk) -> None:
    """A duplicate that was retired says the same as the one that stays, and nothing would stand for it any more."""
    one, two = twice_merged(desk)
    plan = erasure(desk, two)
    assert left_behind(desk.store, plan, actor=ADA) == sorted(["s0", "s1", "s3", one])
    note = desk.preflight(plan, actor=ADA).notes[0]
    assert note.startswith("4 memories were retired in favour of what is erased")
    assert "un-merge first to have them back" in note
    assert left_behind(desk.store, erasure(desk, "s2"), actor=ADA) == []
    apply(desk, desk.undo_plan("second", actor=ADA))
    assert left_behind(desk.store, erasure(desk, one), actor=ADA) == ["s0", "s1"]
    apply(desk, desk.unmerge_plan(one, actor=ADA))
    assert left_behind(desk.store, erasure(desk, "s0"), actor=ADA) == [], "what is back needs nobody to stand for it"
