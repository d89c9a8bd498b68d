"""The page History: who changed what, why and with what effect; each plan opened, taken back whole or in part, verified."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from types import SimpleNamespace

import pytest

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN, Actor, Role
from core.curation.deletion import plan_deletion
from core.curation.desk import Done
from core.curation.editing import plan_edit
from core.curation.history import Deed, State
from core.curation.journal import Draft, Kind
from core.curation.verification import Flaw, Head, Verification
from core.curation.writing import Writing
from core.memory import Memory
from core.memory.record import Record, fingerprint
from pages.shared.deed import change_row, preflight_words, undo_refused
from pages.shared.diff import change_html, differences, word_diff
from pages.shared.journal_timeline import day_words, deed_chips, effect_words, matching
from pages.shared.trust import verified_words
from tests.pages.app import NOW, open_app, seed, team_memories, texts
from tests.pages.curating import HISTORY, PLAN, opened_desk, press, records

BOB = Actor("bob", Role.REVIEWER)


@pytest.fixture
def store(tmp_path):
    """A store in which bob retired three memories and an admin edited one, past the pages."""
    directory = seed(tmp_path / "store", team_memories())
    with opened_desk(directory) as desk:
        plan = plan_deletion(
            desk.store, ["k1", "k2", "k3"], actor=BOB, now=NOW, plan_id="p1", reason="Larkspur <b>left</b>."
        )
        desk.apply(plan, actor=BOB, measured=False, unmeasured="a test")
        edit = {"k6": {"content": "The login page is slow.", "confidence": 0.6}}
        desk.apply(
            plan_edit(desk.store, edit, actor=LOCAL_ADMIN, now=NOW, plan_id="p2", reason="It was measured."),
            actor=LOCAL_ADMIN,
            measured=False,
        )
    return directory


def deed(**overrides):
    """Return a plan of three retirements that were done."""
    values = {
        "plan_id": "p",
        "plan_hash": "h",
        "title": "Retire 3 memories",
        "policy": "delete",
        "author": "ann",
        "actor": "ann",
        "at": NOW,
        "state": State.APPLIED,
        "changes": 3,
        "counts": {"retire": 3},
        "done": 3,
    }
    return Deed(**values | overrides)


def begin(store):
    """Leave a plan in the journal that began and never ended."""
    body = {"title": "Retire 9 memories", "policy": "delete", "author": "ann", "changes": 9, "counts": {"retire": 9}}
    body |= {"undoes": None, "preflight": None, "acknowledged": None, "parameters": {}}
    with opened_desk(store) as desk:
        desk.ledger.journal.append(desk.stream, Draft(Kind.BEGUN, "p3", "h", NOW, "ann", "", body))


class TestTimeline:
    def test_it_says_that_nothing_was_changed_yet(self, team_store, monkeypatch):
        at = open_app(monkeypatch, team_store, page=HISTORY)
        assert not at.exception
        assert "No plan was applied to this index yet" in texts(at)

    def test_who_what_why_and_the_effect(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY)
        shown = texts(at)
        assert not at.exception
        for said in (
            "<b>2 changes</b>",
            "2 people",
            "Retire 3 memories",
            "3 memories retired",
            "bob",
            "Larkspur &lt;b&gt;left",
        ):
            assert said in shown
        assert shown.index("Edit 1 memory") < shown.index("Retire 3 memories")

    def test_an_index_whose_memories_are_all_gone_still_has_its_history(self, tmp_path, monkeypatch):
        directory = seed(tmp_path / "store", team_memories()[:2])
        with opened_desk(directory) as desk:
            plan = plan_deletion(desk.store, ["k1", "k2"], actor=BOB, now=NOW, plan_id="p1")
            desk.apply(plan, actor=BOB, measured=False)
        at = open_app(monkeypatch, directory, page=HISTORY)
        assert not at.exception
        assert "2 memories retired" in texts(at)

    def test_an_open_plan_is_settled(self, store, monkeypatch):
        begin(store)
        at = open_app(monkeypatch, store, page=HISTORY)
        assert "begun and not ended" in texts(at)
        press(at, "history_recover")
        assert not at.exception
        assert "begun and not ended" not in texts(at)
        assert "interrupted" in texts(at)

    def test_an_import_that_died_is_imported_again_or_undone(self, store, monkeypatch):
        with opened_desk(store) as desk:
            some = {"actor": LOCAL_ADMIN, "title": "Import of notes.jsonl", "policy": "import"}
            Writing(desk.store, desk.ledger, **some).write([Memory("new", "Written before it died.")])
        at = open_app(monkeypatch, store, page=HISTORY)
        assert "1 change made so far" in texts(at)
        press(at, "history_recover")
        assert "Import the file again" in texts(at)
        at = press(at, next(button.key for button in at.button if button.label == "See or undo"))
        assert "The file was not read to its end" in texts(at)
        press(at, "deed_undo", to=PLAN)
        press(at, "apply")
        assert not at.exception
        assert "new" not in records(store)
        at.switch_page(HISTORY).run()
        assert "Import the file again" not in texts(at)

    def test_an_import_that_came_again_waits_for_nobody(self, store, monkeypatch):
        with opened_desk(store) as desk:
            some = {"actor": LOCAL_ADMIN, "title": "Import of notes.jsonl", "policy": "import"}
            Writing(desk.store, desk.ledger, **some).write([Memory("new", "Written before it died.")])
            desk.recover(actor=LOCAL_ADMIN)
            with Writing(desk.store, desk.ledger, **some) as again:
                again.write([Memory("newer", "Written when the file came again.")])
        at = open_app(monkeypatch, store, page=HISTORY)
        assert not at.exception
        assert "Import of notes.jsonl" in texts(at)
        assert "Import the file again" not in texts(at)

    def test_a_journal_that_cannot_be_read_is_said_and_the_rest_goes_on(self, store, monkeypatch):
        for part in store.glob("journal.sqlite*"):
            part.unlink()
        (store / "journal.sqlite").write_bytes(b"no database " * 400)
        at = open_app(monkeypatch, store, page=HISTORY)
        assert not at.exception
        assert "What was changed, by whom, and why?" in texts(at)
        assert "is damaged" in texts(at)
        assert "Search goes on as before" in texts(at)

    def test_a_viewer_settles_nothing(self, store, monkeypatch):
        monkeypatch.setenv(ACTOR_VARIABLE, "eve:viewer")
        begin(store)
        at = open_app(monkeypatch, store, page=HISTORY)
        assert at.button(key="history_recover").disabled


class TestOneChange:
    def test_the_diff_of_an_edit(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY, deed="p2")
        shown = texts(at)
        assert not at.exception
        assert at.title[0].value == "Edit 1 memory"
        assert "<del>may be</del> <ins>is</ins> slow." in shown
        assert "<del>0.2</del> → <ins>0.6</ins>" in shown
        assert "It was measured." in shown

    def test_what_was_retired_is_shown_with_its_reason(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY, deed="p1")
        shown = texts(at)
        assert "Refunds need the approval of the team lead." in shown
        assert "<b>left</b>" not in shown

    def test_all_of_it_is_taken_back_by_a_plan(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY, deed="p1")
        press(at, "deed_undo", to=PLAN)
        assert not at.exception
        assert "Refunds need the approval of the team lead." in texts(at)
        assert len(records(store)) == 5
        press(at, "apply")
        assert len(records(store)) == 8
        at.switch_page(HISTORY).run()
        assert "taken back" in texts(at)

    def test_chosen_keys_are_taken_back(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY, deed="p1")
        assert at.button(key="deed_undo_some").disabled
        next(box for box in at.checkbox if box.label == "Choose k2").check().run()
        assert at.button(key="deed_undo_some").label == "Undo 1 chosen change"
        press(at, "deed_undo_some", to=PLAN)
        press(at, "apply")
        assert not at.exception
        assert records(store).keys() - {"k4", "k5", "k6", "k7", "k8"} == {"k2"}

    def test_all_that_are_shown_are_chosen_with_one_box(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY, deed="p1")
        at.checkbox(key="deed_all").check().run()
        assert at.button(key="deed_undo_some").label == "Undo 3 chosen changes"
        at.checkbox(key="deed_all").uncheck().run()
        assert at.button(key="deed_undo_some").disabled

    def test_a_link_to_a_plan_that_never_was(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY, deed="nope")
        assert not at.exception
        assert "has no plan" in texts(at)
        press(at, "deed_back")
        assert "<b>2 changes</b>" in texts(at)

    @pytest.mark.parametrize(
        ("who", "plan_id", "may"),
        [
            pytest.param("eve:viewer", "p1", False, id="viewer"),
            pytest.param("bob:reviewer", "p1", True, id="own"),
            pytest.param("bob:reviewer", "p2", False, id="somebody else's"),
            pytest.param("ada:admin", "p1", True, id="admin"),
        ],
    )
    def test_who_may_take_it_back(self, store, monkeypatch, who, plan_id, may):
        monkeypatch.setenv(ACTOR_VARIABLE, who)
        at = open_app(monkeypatch, store, page=HISTORY, deed=plan_id)
        assert not at.exception
        assert at.button(key="deed_undo").disabled is not may


class TestTrust:
    def test_the_journal_is_verified_and_tells_its_head(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY)
        next(button for button in at.button if button.label == "Verify the journal").click().run()
        assert not at.exception
        assert "every one is as it was written" in at.success[0].value
        head = next(block.value for block in at.code if len(block.value) == 64)
        at.text_input(key="verify_hash").set_value("0" * 64)
        next(button for button in at.button if button.label == "Verify the journal").click().run()
        assert "wrong" in at.error[0].value
        at.text_input(key="verify_hash").set_value(head)
        next(button for button in at.button if button.label == "Verify the journal").click().run()
        assert at.success

    def test_an_earlier_moment_is_planned(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY)
        press(at, "restore_plan", to=PLAN)
        assert not at.exception
        shown = texts(at)
        assert "Larkspur" in shown
        assert "may be" in shown

    def test_a_moment_to_come_is_refused_in_words(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY)
        at.date_input(key="restore_day").set_value(datetime.now(UTC).date())
        at.time_input(key="restore_time").set_value(time(23, 59))
        press(at, "restore_plan")
        assert not at.exception
        assert at.error
        assert len(records(store)) == 5

    def test_nothing_to_go_back_to(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=HISTORY, agent="nobody")
        press(at, "restore_plan")
        assert not at.exception
        assert "Nothing is to be restored" in at.error[0].value

    def test_in_words(self):
        good = Verification("s", 1200, 3, (), (), Head(1200, "h"))
        bad = Verification("s", 2, 0, (Flaw(2, "its hash is wrong"),), (), None)
        assert verified_words(good) == "1,200 entries and 3 before-images checked: every one is as it was written."
        assert verified_words(bad) == "2 entries and 0 before-images checked: 1 are wrong."


class TestWords:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            pytest.param({"done": 3}, "3 memories retired", id="all"),
            pytest.param({"done": 1, "failed": 1, "left": 1}, "1 of 3 changes made, 1 failed, 1 left", id="in part"),
            pytest.param({"done": 0, "left": 3}, "0 of 3 changes made, 3 left", id="none"),
        ],
    )
    def test_effect(self, options, said):
        assert effect_words({"retire": 3}, **options) == said

    def test_effect_of_an_undo(self):
        assert effect_words({"put": 1}, done=1, back=True) == "1 memory put back"

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            (date(2026, 3, 5), "Today"),
            (date(2026, 3, 4), "Yesterday"),
            (date(2026, 3, 1), "Sunday 1 March"),
            (date(2025, 12, 31), "Wednesday 31 December 2025"),
        ],
    )
    def test_day(self, day, said):
        assert day_words(day, today=date(2026, 3, 5)) == said

    def test_what_is_unusual_is_a_badge(self):
        assert deed_chips(deed()) == ""
        assert "interrupted" in deed_chips(deed(state=State.INTERRUPTED))
        assert "taken back" in deed_chips(deed(undone=3))
        assert "1 taken back" in deed_chips(deed(undone=1))
        assert "&lt;i&gt;" in deed_chips(deed(acknowledged="<i>"))

    def test_the_filters(self):
        deeds = [deed(plan_id="a", reason="Asked by Larkspur"), deed(plan_id="b", policy="hide", title="Hide")]
        assert [each.plan_id for each in matching(deeds, text=" larkspur ")] == ["a"]
        assert [each.plan_id for each in matching(deeds, policies=["hide"])] == ["b"]
        assert len(matching(deeds)) == 2

    def test_what_was_measured(self):
        assert preflight_words(deed()) == "Not measured."
        assert preflight_words(deed(unmeasured="no golden query")) == "Not measured: no golden query"
        found = {"golden": 1, "real": 30, "regressions": 0, "changed": 2}
        said = "1 golden query and 30 recent questions tried: "
        assert preflight_words(deed(preflight=found)) == f"{said}none loses an answer, 2 with other hits."
        found["regressions"] = 1
        assert preflight_words(deed(preflight=found)) == f"{said}1 would lose an answer, 2 with other hits."

    def test_a_reviewer_cannot_take_back_what_is_taken_back(self):
        here = SimpleNamespace(actor=LOCAL_ADMIN, store=None)
        assert undo_refused(here, deed(undone=3)) == "There is nothing left to take back."
        assert undo_refused(here, deed(done=0)) == "Nothing of it was done."
        assert undo_refused(here, deed()) is None


class TestDiff:
    def test_only_words_that_differ_are_marked(self):
        html = word_diff("The login page may be slow.", "The login page is slow. <b>")
        assert html.count("<del>") == 1
        assert "<del>may be</del> <ins>is</ins> slow. <ins>&lt;b&gt;</ins>" in html

    def test_fields_before_and_after(self):
        before = Memory("k", "Text", confidence=0.2, tags=("a",), expires_at=datetime(2026, 3, 1, tzinfo=UTC))
        after = Memory("k", "Text", confidence=0.6, tags=("a", "b"))
        found = {each.label: (each.before, each.after) for each in differences(before, after)}
        assert found == {
            "Expires": ("1 Mar 2026, 00:00:00 UTC", None),
            "Confidence": ("0.2", "0.6"),
            "Tags": ("a", "a, b"),
        }

    def test_a_long_text_is_not_compared_word_by_word(self):
        html = word_diff("a b " * 2_000, "a c " * 2_000)
        assert html.count("<del>") == 1

    def test_text_that_comes_or_goes_is_shown_as_it_is(self):
        assert "<del>" not in change_html(Memory("k", "Gone."), None)
        assert "Gone." in change_html(Memory("k", "Gone."), None)

    def test_a_record_that_is_another_one_now_says_so(self):
        was, now = {"content": "a"}, {"content": "c"}
        done = Done("k", "replace", "why", "edit", Record(was), fingerprint({"content": "b"}), "done")
        row = change_row(done, Record(now), to_memory=lambda key, metadata: Memory(key, metadata["content"]))
        assert "changed since" in row
        assert "gone since" in change_row(done, None, to_memory=lambda key, metadata: Memory(key, metadata["content"]))


class TestWhoIsLooking:
    @pytest.mark.parametrize(
        ("who", "said"),
        [
            pytest.param("", "every right", id="nobody named"),
            pytest.param("ann:reviewer", "takes back what is their own", id="reviewer"),
            pytest.param("eve:viewer:acme,globex", "Only tenants acme, globex", id="tenants"),
        ],
    )
    def test_the_rail_says_what_they_may(self, team_store, monkeypatch, who, said):
        monkeypatch.setenv(ACTOR_VARIABLE, who)
        at = open_app(monkeypatch, team_store)
        assert not at.exception
        assert said in texts(at)

    def test_a_name_without_a_role_is_said_in_words(self, team_store, monkeypatch):
        monkeypatch.setenv(ACTOR_VARIABLE, "ann")
        at = open_app(monkeypatch, team_store)
        assert not at.exception
        assert "NAME\\:ROLE" in at.error[0].value
