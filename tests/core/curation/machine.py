"""The machine as a state machine: two people, agents that write between, crashes at every step, and the laws that hold."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.access import LOCAL_ADMIN
from core.curation.desk import Deed, State
from core.curation.plan import Action, Change, Plan
from core.errors import CurationError, StalePlanError, UnavailableError
from core.memory.record import Record, fingerprint
from tests.core.curation.desks import (
    ADA,
    EVE,
    Bytes,
    apply,
    as_bytes,
    contents,
    journalled,
    make_plan,
    make_record,
)
from tests.core.curation.stepping import Crash, Workbench

KEYS = [f"k{number}" for number in range(6)]
_STEPS_MAX = 40

States = dict[str, Bytes]


class CurationMachine(RuleBasedStateMachine):
    """Plans, applies, undos, foreign writes and crashes in any order; each rule checks the laws for what it does."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="curation-"))
        self.benches = self.make_benches(self.directory)
        self.plans: list[Plan] = []
        self.count = 0
        # What each key of a plan was before and after it was done, and which plan takes back which.
        self.done: dict[str, dict[str, tuple[Bytes | None, Bytes | None]]] = {}
        self.applied: list[Plan] = []

    def make_benches(self, directory: Path) -> list[Workbench]:
        """Return what two people have, each with connections of their own."""
        raise NotImplementedError

    def teardown(self) -> None:
        self.check_journal()
        for bench in self.benches:
            bench.close()
        self.release()
        shutil.rmtree(self.directory)

    def release(self) -> None:
        """Release what the benches share."""

    def check_journal(self) -> None:
        """Check that nobody could have changed the journal."""
        from core.curation.verification import verify

        desk = self.benches[0].desk
        assert not verify(desk.ledger.journal, desk.stream).broken

    @property
    def now(self) -> States:
        return contents(self.benches[0].store)

    def fresh(self, text: str) -> Record:
        self.count += 1
        return make_record(f"{text} {self.count}", confidence=self.count / 1000)

    # Agents write as they like, without the machine.

    @initialize(keys=st.sets(st.sampled_from(KEYS)))
    def fill(self, keys: set[str]) -> None:
        for key in sorted(keys):
            self.write(key)

    @rule(key=st.sampled_from(KEYS))
    def write(self, key: str) -> None:
        self.benches[0].store.records.put({key: self.fresh("written by an agent")}, actor=LOCAL_ADMIN)

    @rule(key=st.sampled_from(KEYS))
    def vanish(self, key: str) -> None:
        self.benches[0].store.records.delete([key], actor=LOCAL_ADMIN)

    # Plans.

    @rule(
        actions=st.dictionaries(
            st.sampled_from(KEYS),
            st.sampled_from([Action.RETIRE, Action.REPLACE, Action.RETIRE, Action.ERASE]),
            min_size=1,
        ),
        keep_vector=st.booleans(),
    )
    def plan(self, actions: dict[str, Action], keep_vector: bool) -> None:
        there = self.benches[0].store.records.get(actions, actor=LOCAL_ADMIN, vectors=False)
        changes = [self.change(key, action, there.get(key), keep_vector) for key, action in sorted(actions.items())]
        self.count += 1
        self.plans.append(make_plan(self.benches[0].desk, *changes, id=f"made-{self.count}"))

    def change(self, key: str, action: Action, before: Record | None, keep_vector: bool) -> Change:
        if before is None:
            return Change(key, Action.PUT, "new", "edit", after=self.fresh("put"))
        if action is not Action.REPLACE:
            return Change(key, action, "old", "delete", before=before)
        after = self.fresh("edited")
        return Change(key, action, "better", "edit", before=before, after=Record(after.metadata) if keep_vector else after)

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), who=st.sampled_from([0, 1]))
    def apply(self, data: st.DataObject, who: int) -> None:
        plan = data.draw(st.sampled_from(self.plans), label="plan")
        self.run(plan, self.benches[who])

    @precondition(lambda self: self.applied)
    @rule(data=st.data(), who=st.sampled_from([0, 1]))
    def apply_again(self, data: st.DataObject, who: int) -> None:
        plan = data.draw(st.sampled_from(self.applied), label="plan")
        before, entries = self.now, self.entries()
        report = apply(self.benches[who].desk, plan, actor=(ADA, EVE)[who])
        assert report.already
        assert report.complete
        assert (self.now, self.entries()) == (before, entries)

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), at=st.integers(0, _STEPS_MAX), who=st.sampled_from([0, 1]))
    def crash(self, data: st.DataObject, at: int, who: int) -> None:
        plan = data.draw(st.sampled_from(self.plans), label="plan")

        def die() -> None:
            raise Crash

        self.run(plan, self.benches[who], at, die)

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), at=st.integers(0, _STEPS_MAX), who=st.sampled_from([0, 1]))
    def fail(self, data: st.DataObject, at: int, who: int) -> None:
        plan = data.draw(st.sampled_from(self.plans), label="plan")

        def refuse() -> None:
            raise UnavailableError("The service is away.")

        self.run(plan, self.benches[who], at, refuse)

    @precondition(lambda self: self.done)
    @rule(data=st.data(), who=st.sampled_from([0, 1]))
    def undo(self, data: st.DataObject, who: int) -> None:
        plan_id = data.draw(st.sampled_from(sorted(self.done)), label="plan")
        desk, now = self.benches[who].desk, self.now
        desk.recover(actor=ADA)
        done, undone = self.done[plan_id], self.undone(plan_id)
        images = journalled(desk)
        wanted = {
            key
            for key, (before, after) in done.items()
            if key not in undone and now.get(key) == after and before in images.get(key, [])
        }
        try:
            back = desk.undo_plan(plan_id, actor=ADA)
        except CurationError:
            assert not wanted
            return
        assert wanted <= {change.key for change in back} <= done.keys() - undone
        self.plans.append(back)
        self.run(back, self.benches[who])
        found = self.now
        assert {key: found.get(key) for key in wanted} == {key: done[key][0] for key in wanted}

    # The laws.

    def run(self, plan: Plan, bench: Workbench, at: int | None = None, act: Callable[[], None] = lambda: None) -> None:
        """Apply a plan, with something in between, and check what became of it."""
        bench.desk.recover(actor=ADA)  # what an earlier crash left is settled: what follows is this plan's doing
        before = self.now
        todo = [change for change in plan if change.key not in self.done.get(plan.id, {})]
        stale = {change.key for change in todo if change.seen != _fingerprint(bench, change.key)}
        complete = plan in self.applied
        bench.steps.plan(at, act)
        report, error = None, None
        try:
            report = apply(bench.desk, plan)
        except (Crash, UnavailableError, StalePlanError) as caught:
            error = caught
        happened = at is not None and len(bench.steps.names) > at
        bench.steps.calm()
        after = self.now
        self.nothing_is_lost(plan, before, after)
        if complete or (stale and not happened):
            assert before == after
            assert complete or (isinstance(error, StalePlanError) and set(error.keys) == stale)
            return
        if not happened:
            assert report is not None
            assert report.complete
        self.each_key_is_either(plan, todo, before, after)
        self.settle(plan, todo, before, after)

    def nothing_is_lost(self, plan: Plan, before: States, after: States) -> None:
        erased = {change.key for change in plan if change.action is Action.ERASE}
        images = journalled(self.benches[0].desk)
        for key, was in before.items():
            if after.get(key) != was and key not in erased:
                assert was in images[key]

    def each_key_is_either(self, plan: Plan, todo: list[Change], before: States, after: States) -> None:
        changed = {change.key for change in todo}
        assert {k: v for k, v in after.items() if k not in changed} == {k: v for k, v in before.items() if k not in changed}
        for change in todo:
            assert after.get(change.key) in (before.get(change.key), _expected(change, before))

    def settle(self, plan: Plan, todo: list[Change], before: States, after: States) -> None:
        """Recover what a crash left, and compare what the journal says with what is there."""
        for bench in reversed(self.benches):
            bench.desk.recover(actor=EVE)
        assert self.now == after
        desk = self.benches[1].desk
        deed = next((deed for deed in desk.history(actor=ADA) if deed.plan_id == plan.id), None)
        if deed is None:
            assert before == after
            return
        assert deed.state is not State.OPEN
        told = {each.key for each in desk.changes_of(plan.id, actor=ADA) if each.done}
        known = self.done.setdefault(plan.id, {})
        for change in todo:
            if before.get(change.key) != _expected(change, before):  # else an agent did the same
                assert (change.key in told) == (after.get(change.key) == _expected(change, before))
            if change.key in told:
                known[change.key] = (before.get(change.key), after.get(change.key))
        self.counts_fit(plan, deed, told, {change.key for change in todo})
        if deed.complete:
            assert len(told) == len(plan)
            self.applied.append(plan)

    def counts_fit(self, plan: Plan, deed: Deed, told: set[str], tried: set[str]) -> None:
        assert (deed.done, deed.changes) == (len(told), len(plan))
        assert deed.done + deed.failed + deed.left == len(plan)
        erased = {change.key for change in plan if change.action is Action.ERASE} & told & tried
        images = journalled(self.benches[0].desk)
        assert not any(key in images for key in erased if deed.state is not State.PARTIAL)

    def undone(self, plan_id: str) -> set[str]:
        found: set[str] = set()
        for plan in self.plans:
            if plan.undoes == plan_id:
                found |= self.done.get(plan.id, {}).keys() - self.undone(plan.id)
        return found

    def entries(self) -> int:
        return sum(1 for _ in self.benches[0].desk.ledger.journal.entries(self.benches[0].desk.stream))

    @invariant()
    def history_counts_what_was_taken_back(self) -> None:
        for deed in self.benches[1].desk.history(actor=ADA):
            assert deed.undone == len(self.undone(deed.plan_id)), deed


def _fingerprint(bench: Workbench, key: str) -> str | None:
    found = bench.store.records.get([key], actor=LOCAL_ADMIN, vectors=False)
    return fingerprint(found[key].metadata) if key in found else None


def _expected(change: Change, before: States) -> Bytes | None:
    if change.after is None:
        return None
    metadata, vector = as_bytes(change.after)
    if vector:
        return metadata, vector
    return metadata, before.get(change.key, ("", b""))[1]
