"""A new memory that would stand for one other at most is not kept: it is taken out again in the same apply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.curation.desk import Desk, State
from core.curation.foreseen import TRIED, _tried
from core.curation.plan import Action, Change, Plan
from core.curation.proof import Proof, idle
from core.curation.verification import verify
from core.errors import CurationError
from core.memory.record import Record
from core.past.stand_ins import stand_ins
from tests.core.curation.desks import ADA, VERA, apply, contents, kinds, make_desk, make_plan, seen
from tests.core.curation.merge_builders import (
    TOPICS,
    consolidation,
    found,
    make_merge_desk,
    make_merge_store,
    merged_key,
    stand_in_plan,
)
from tests.core.curation.test_proofs import VECTOR, plan_of_changes, record_of, retirement
from tests.core.memory_builders import make_memory

SOURCES = ("s2", "s3")


# More that say nearly the same: something else than these is not found by the sources' words.
NOISE = tuple(make_memory(f"n{text[:5]}{n}", f"{text} {n}") for text in TOPICS[2:] for n in range(8))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_merge_desk(tmp_path, *NOISE)


def spoilt(desk: Desk, text: str = "Invoices of suppliers are filed by number.", *keys: str) -> Plan:
    """Return the plan of a merge whose text somebody replaced by hand."""
    plan = consolidation(desk, *(keys or SOURCES), plan_id="spoilt")
    vector = desk.store.embed(text, actor=LOCAL_ADMIN)
    return replace(
        plan,
        changes=tuple(
            replace(each, after=Record({**each.after.metadata, "content": text}, vector)) if each.after else each
            for each in plan
        ),
    )


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param("Invoices of suppliers are filed by number.", SOURCES, id="it stands for none"),
        pytest.param(TOPICS[0], ("s0", "f1", "f2"), id="it stands for one of three"),
    ],
)
def test_what_would_free_nothing_is_taken_out_again_and_said(desk: Desk, text: str, keys: tuple[str, ...]) -> None:
    before = contents(desk.store)
    plan = spoilt(desk, text, *keys)
    key, preview = merged_key(plan), desk.preflight(plan, actor=ADA)
    report = apply(desk, plan)
    assert (report.state, report.done, report.left, report.spared.keys()) == (State.APPLIED, (), (), set(keys))
    assert report.taken_back == {key: f"one of {len(keys)} memories at most could be retired for it: it would free nothing"}
    assert report.sentence().endswith("1 new taken out again, as nothing would have been freed.")
    assert contents(desk.store) == before
    assert (dict(preview.unproved), dict(preview.idle)) == (dict(report.spared), dict(report.taken_back))
    assert (preview.rows_after, preview.freed.memories) == (preview.rows_before, 0)
    assert "1 new memory would free nothing and be taken out again." in preview.notes
    assert kinds(desk) == ["begun", *["prepared", "applied"] * 3, "ended"]
    deed = desk.deed(plan.id, actor=VERA)
    assert (deed.done, deed.spared, deed.left, deed.undoable) == (0, len(keys) + 1, 0, False)
    told = {each.key: each for each in desk.changes_of(plan.id, actor=VERA)}[key]
    assert (told.action, told.done, told.spared, told.outcome) == ("put", False, True, report.taken_back[key])
    again = apply(desk, plan)
    assert (again.already, again.taken_back, again.spared) == (True, report.taken_back, report.spared)
    with pytest.raises(CurationError, match="Nothing of plan spoilt"):
        desk.undo_plan(plan.id, actor=ADA)
    assert not verify(desk.ledger.journal, desk.stream).broken


def test_one_for_one_is_what_the_plan_says(desk: Desk) -> None:
    """Somebody may want other words for one memory: nothing is freed, and nothing was to be."""
    before = contents(desk.store)
    plan = spoilt(desk, "The harbour crane passed the inspection on Monday.", "s0")
    report = apply(desk, plan)
    assert (report.done, report.taken_back) == ((merged_key(plan), "s0"), {})
    apply(desk, desk.undo_plan(plan.id, actor=ADA))
    assert contents(desk.store) == before


def test_beside_a_merge_that_is_right_only_the_other_one_is_taken_out(desk: Desk) -> None:
    before = contents(desk.store)
    right, wrong = consolidation(desk, "s0", "s1", plan_id="right"), spoilt(desk, "Nothing.", "s2", "s3")
    report = apply(desk, replace(right, id="both", changes=(*right.changes, *wrong.changes)))
    assert set(report.done) == {merged_key(right), "s0", "s1"}
    assert (report.taken_back.keys(), report.spared.keys()) == ({merged_key(wrong)}, {"s2", "s3"})
    assert contents(desk.store).keys() >= {"s2", "s3", merged_key(right)}
    apply(desk, desk.undo_plan("both", actor=ADA))
    assert contents(desk.store) == before


class Cut:
    """Ends the process at the taking back, as far as this process can tell."""

    def __init__(self, desk: Desk, where: str) -> None:
        self.journal, self.records, self.where = desk.ledger.journal, desk.store.records, where
        self.append, self.delete = self.journal.append, self.records.delete

    def __enter__(self) -> None:
        self.journal.append = self.appending  # type: ignore[method-assign]
        self.records.delete = self.deleting  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        del self.journal.append, self.records.delete

    def appending(self, stream: str, draft: Any, images: Any = ()) -> Any:
        entry = self.append(stream, draft, images)
        if self.where == f"after it was {draft.kind}" and ("takes_back" in draft.body or "taken_back" in draft.body):
            raise KeyboardInterrupt
        return entry

    def deleting(self, *args: Any, **kwargs: Any) -> Any:
        if self.where == "before the call":
            raise KeyboardInterrupt
        self.delete(*args, **kwargs)
        raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["after it was prepared", "before the call", "after the call", "after it was applied"])
def test_a_crash_at_the_taking_back_loses_nothing_and_the_rest_is_done_later(tmp_path: Path, where: str) -> None:
    store = make_merge_store(tmp_path, *NOISE)
    desk, before = make_desk(store, tmp_path), contents(store)
    plan = spoilt(desk)
    with Cut(desk, where), pytest.raises(KeyboardInterrupt):
        apply(desk, plan)
    assert contents(store).keys() >= set(SOURCES)
    later = make_desk(store, tmp_path)
    assert later.recover(actor=ADA)[0].state is State.INTERRUPTED
    out = merged_key(plan) not in contents(store)
    assert out is (where in ("after the call", "after it was applied"))
    assert later.deed(plan.id, actor=VERA).done == (not out)
    report = apply(later, plan)
    assert (report.complete, report.done, report.taken_back.keys()) == (True, (), {merged_key(plan)})
    assert contents(store) == before
    assert not verify(later.ledger.journal, later.stream).broken


def edit(desk: Desk, key: str) -> None:
    record = desk.store.records.get([key], actor=LOCAL_ADMIN)[key]
    desk.store.records.put({key: Record({**record.metadata, "recall_count": 3}, record.vector)}, actor=LOCAL_ADMIN)


def rely(desk: Desk, key: str) -> None:
    (before,) = seen(desk, "twin").values()
    gone = Change("twin", Action.RETIRE, "the same", "duplicates", before=before, replaced_by=key)
    apply(desk, make_plan(desk, gone, id="other", policy="duplicates"))


@pytest.mark.parametrize(
    ("meanwhile", "reached"),
    [
        pytest.param(edit, {}, id="somebody edited it"),
        pytest.param(rely, {"twin": True}, id="another merge made it stand for a memory"),
    ],
)
def test_what_others_need_meanwhile_stays(tmp_path: Path, meanwhile: Callable[[Desk, str], None], reached: Any) -> None:
    text = "Invoices of suppliers are filed by number."
    desk = make_merge_desk(tmp_path, make_memory("twin", text), *NOISE)
    plan = spoilt(desk)
    key, asked = merged_key(plan), list[int]()

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 1

    assert apply(desk, plan, cancelled=cancelled).done == (key,)
    meanwhile(desk, key)
    report = apply(desk, plan)
    assert (report.done, report.taken_back, report.spared.keys()) == ((key,), {}, set(SOURCES))
    ends = stand_ins(desk._place.versions.table(), ["twin"])
    assert {each: end == key and key in found(desk.store, text) for each, end in ends.items()} == reached


def test_an_undo_that_takes_out_again_what_it_put_undoes_nothing(desk: Desk) -> None:
    """What stood for memories comes back only where it can stand for them: else the undo changes nothing, and says so."""
    plan = consolidation(desk, "s0", "s1")
    apply(desk, plan)
    undo = desk.undo_plan(plan.id, actor=ADA)
    apply(desk, undo)
    crowd = [make_memory(f"c{n}{text[:5]}", f"{text} {n}") for text in TOPICS[:2] for n in range(8)]
    desk.store.write(crowd, actor=LOCAL_ADMIN)
    before = contents(desk.store)
    report = apply(desk, desk.undo_plan(undo.id, actor=ADA))
    assert (report.complete, report.done, report.taken_back.keys()) == (True, (), {merged_key(plan)})
    assert contents(desk.store) == before
    assert (desk.deed(undo.id, actor=VERA).undone, desk.deed(plan.id, actor=VERA).undone) == (0, 3)


@pytest.mark.parametrize(
    ("proved", "relied", "tried", "taken_out"),
    [
        pytest.param([], (), 3, True, id="none goes"),
        pytest.param(["s0"], (), 3, False, id="one goes, which prove does not leave so"),
        pytest.param([], ("by",), 3, False, id="it stands for others already"),
        pytest.param([], (), 2, False, id="not all were tried"),
    ],
)
def test_which_new_memories_free_nothing(proved: list[str], relied: Any, tried: int, taken_out: bool) -> None:
    put = Change("by", Action.PUT, "", "", after=Record(record_of(make_memory("by")).metadata, VECTOR))  # type: ignore[arg-type]
    sources = [make_memory(f"s{place}") for place in range(3)]
    plan = plan_of_changes(put, *map(retirement, sources))
    proofs = {each.key: Proof(each.key, "by", 1, why="" if each.key in proved else "no") for each in sources[:tried]}
    assert (idle(plan, proofs, relied=relied).keys() == {"by"}) is taken_out
    survivor = plan_of_changes(*map(retirement, sources))  # one that was there before is not put, and stays
    assert idle(survivor, proofs) == {}


@pytest.mark.parametrize("sizes", [[1] * 3 * TRIED, [7] * TRIED, [3 * TRIED], [2, 3 * TRIED, 2], [5] * 10])
def test_whole_merges_are_tried_evenly_over_a_plan(sizes: list[int]) -> None:
    first = retirement(make_memory("s"))
    wanted = [replace(first, key=f"{n}-{m}", replaced_by=f"by{n}") for n, size in enumerate(sizes) for m in range(size)]
    tried = _tried(wanted)
    assert min(TRIED // 2, len(wanted)) <= len(tried) <= TRIED
    numbers = sorted({int(each.key.partition("-")[0]) for each in tried})
    if max(sizes) < TRIED:
        assert all(sum(each.key.startswith(f"{n}-") for each in tried) == sizes[n] for n in numbers)
        steps = {later - earlier for earlier, later in pairwise(numbers)}
        assert max(steps, default=0) - min(steps, default=0) <= 1


def test_whoever_waits_hears_of_each_proof(desk: Desk) -> None:
    told: list[tuple[int, int]] = []
    apply(desk, consolidation(desk, "s0", "s1"), progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (1, 3), (2, 3), (3, 3)]


def test_stand_ins_that_were_there_before_stay_whatever_is_proved(desk: Desk) -> None:
    report = apply(desk, stand_in_plan(desk, "s0", "f3", "f4"))
    assert (report.done, report.taken_back) == (("s0",), {})
    assert "s0" in contents(desk.store)
