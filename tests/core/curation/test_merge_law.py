"""Merges, un-merges and undos in any order: no memory is ever out of reach, and all of it can be taken back."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.curation.desk import Desk
from core.curation.verification import verify
from core.errors import CurationError
from core.past.stand_ins import stand_ins
from tests.core.curation.desks import ADA, apply, contents, make_desk
from tests.core.curation.merge_builders import consolidation, found, merged_key
from tests.core.curation.test_idle_merges import spoilt
from tests.core.memory_builders import make_memory, make_store

WORDS = ("anchor", "barrel", "candle", "dagger", "engine", "feather", "girder", "hammer")
TEXTS = {f"s{place}": f"The {word} was moved to dock {place}." for place, word in enumerate(WORDS)}
steps = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.lists(st.integers(0, 20), min_size=2, max_size=4, unique=True)),
        st.tuples(st.just("spoil"), st.lists(st.integers(0, 20), min_size=2, max_size=3, unique=True)),
        st.tuples(st.just("unmerge"), st.lists(st.integers(0, 20), min_size=1, max_size=2)),
        st.tuples(st.just("undo"), st.lists(st.integers(0, 20), min_size=1, max_size=1)),
    ),
    min_size=2,
    max_size=5,
)


def step(desk: Desk, number: int, kind: str, picks: list[int]) -> None:
    """Do one step as far as there is something to do it to."""
    here = sorted(contents(desk.store))
    chosen = [here[pick % len(here)] for pick in picks]
    try:
        if kind == "merge" and len(set(chosen)) > 1:
            apply(desk, consolidation(desk, *dict.fromkeys(chosen), plan_id=f"merge-{number}"))
        elif kind == "spoil" and len(set(chosen)) > 1:
            before, plan = contents(desk.store), spoilt(desk, "Nothing.", *dict.fromkeys(chosen))
            report = apply(desk, replace(plan, id=f"spoilt-{number}"))
            assert (merged_key(plan) in contents(desk.store)) is not bool(report.taken_back)
            assert contents(desk.store) == before or not report.taken_back
        elif kind == "unmerge":
            merged = [key for key in here if key not in TEXTS]
            if merged:
                key = merged[picks[0] % len(merged)]
                sources = desk.store.get([key], actor=LOCAL_ADMIN)[key].derived_from
                only = None if len(picks) > 1 else [sources[picks[0] % len(sources)]] if sources else None
                apply(desk, desk.unmerge_plan(key, actor=ADA, sources=only))
        elif kind == "undo" and (deeds := desk.history(actor=ADA)):
            apply(desk, desk.undo_plan(deeds[picks[0] % len(deeds)].plan_id, actor=ADA))
    except CurationError:
        pass  # there was nothing to do: it was taken back before, or is in another merge by now


def check(desk: Desk) -> None:
    """Every memory is there, or what stands for it is, and a recall of its text finds that."""
    here = contents(desk.store).keys()
    ends = stand_ins(desk._place.versions.table(), TEXTS)
    for key, text in TEXTS.items():
        reached = key if key in here else ends.get(key)
        assert reached in here, key
        assert reached in found(desk.store, text), key


@settings(max_examples=3, deadline=None)
@given(steps)
def test_nothing_is_ever_out_of_reach_and_all_can_be_taken_back(drawn: list[tuple[str, list[int]]]) -> None:
    directory = Path(tempfile.mkdtemp(prefix="merges-"))
    try:
        desk = make_desk(make_store(directory, *(make_memory(key, text) for key, text in TEXTS.items())), directory)
        before = contents(desk.store)
        for number, (kind, picks) in enumerate(drawn):
            step(desk, number, kind, picks)
            check(desk)
        for deed in desk.history(actor=ADA):
            try:
                apply(desk, desk.undo_plan(deed.plan_id, actor=ADA))
            except CurationError:
                continue  # an undo that was itself undone has nothing to take back
            check(desk)
        after = contents(desk.store)
        assert all(after[key] == before[key] for key in after.keys() & before.keys())
        assert not verify(desk.ledger.journal, desk.stream).broken
    finally:
        shutil.rmtree(directory)
