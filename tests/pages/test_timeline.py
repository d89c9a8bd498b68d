"""The timeline of everyone: what a link says, what is in view, chosen and downloaded. Gestures are in tests/e2e."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.analysis.timeline import Axis, Events, micros
from core.config import open_catalog
from core.curation.journal import Draft, Kind
from core.memory import OURS, Memory, from_row
from core.memory.schema import Schema
from core.transfer.exporting import json_lines
from pages.shared.timeline.controls import Asked
from pages.shared.timeline.downloads import memories_of
from pages.shared.timeline.links import moved_to, read_region, read_window, window_in_link, write_region, write_window
from pages.shared.timeline.prepared import prepare
from tests.pages.app import NOW, open_app, seed, team_memories, texts
from tests.pages.curating import PLAN, kept_plan, opened_desk, press

TIMELINE = "pages/explore/timeline.py"
HOSTILE = ("<script>alert(1)</script>", "**b** :red[x] $x$", "\x1b[31mred\x1b[0m", "a\u202eb", "=1+1", "</style>", "👩‍👩‍👧")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The team's memories, of which k1 was retired."""
    directory = seed(tmp_path_factory.mktemp("timeline") / "store", team_memories())
    plan = kept_plan(directory, ["k1"])
    with opened_desk(directory) as desk:
        desk.apply(plan, actor=LOCAL_ADMIN, measured=False, unmeasured="a test")
    return directory


@pytest.fixture
def show(monkeypatch):
    """Open the timeline of a store with a link's parameters."""

    def opened(directory, **params):
        at = open_app(monkeypatch, directory, page=TIMELINE, **params)
        assert not at.exception
        return at

    return opened


def box(lo: datetime, hi: datetime, lanes: tuple[float, float]) -> str:
    left, right = micros(lo), micros(hi)
    return write_region([(left, lanes[0]), (right, lanes[0]), (right, lanes[1]), (left, lanes[1])])


def test_everything_that_happened_is_counted_what_is_gone_too(store, show):
    at = show(store)
    shown = texts(at)
    assert "**8 memories**, of them 1 retired, 1 expired · 2 agents · 1 without a time" in shown
    assert {"Episodic :gray[3]", "Semantic :gray[3]", "Procedural :gray[1]"} <= {button.label for button in at.button}
    at = show(store, shows="sessions")
    assert "**6 memories** · 2 agents · 1 without a time" in texts(at)


def test_what_is_chosen_in_the_controls_is_in_the_link(store, show):
    at = show(store)
    at.selectbox(key="timeline_lanes").set_value("task").run()
    at.selectbox(key="timeline_colour").set_value("agent").run()
    at.selectbox(key="timeline_axis").set_value("expires").run()
    assert not at.exception
    assert [at.query_params[name] for name in ("lanes", "colour", "axis")] == ["task", "agent", "expires"]
    assert "**8 memories**, of them 1 retired, 1 expired · 1 task · 6 never expire" in texts(at)
    at.button(key="timeline_legend_0").click().run()
    assert at.query_params["agent"] == "bob"
    at.selectbox(key="timeline_axis").set_value("created").run()
    assert "axis" not in at.query_params


def test_a_link_brings_back_lanes_colours_window_choice_and_memory(store, show):
    window = write_window(micros(NOW - timedelta(days=10)), micros(NOW - timedelta(days=6.5)), axis=Axis.CREATED)
    region = box(NOW - timedelta(days=10), NOW - timedelta(days=6.5), (0, 3))
    at = show(store, lanes="type.name.60", colour="team", window=window, region=region, sel="k2", shows="marks,size")
    assert at.selectbox(key="timeline_lanes").value == "type"
    assert at.selectbox(key="timeline_colour").value == "team"
    shown = texts(at)
    assert "**3 of 8 memories** in view" in shown
    assert "**3 selected**" in shown
    assert "Refunds need the approval of the team lead." in shown
    assert at.query_params["window"] == window
    press(at, "bar_hide", to=PLAN)
    reason = at.text_input(key=f"plan_reason_{at.query_params['plan']}").value
    assert reason.startswith("Chosen on the timeline: 3 memories of ann, written between")


def test_a_choice_is_cleared_with_its_region_and_stays_without_it(store, show):
    at = show(store, region=box(NOW - timedelta(days=10), NOW, (0, 3)))
    assert "**7 selected**" in texts(at)
    at.multiselect(key="rail_agent").set_value(["bob · 2"]).run()
    assert "4 of them are not in scope here and stay selected." in texts(at)
    press(at, "bar_clear")
    assert "selected**" not in texts(at)
    assert "region" not in at.query_params
    at.button(key="clear_scope").click().run()
    press(at, "timeline_unknown")
    assert "**1 selected**" in texts(at)
    assert "A note from nobody." in texts(at)


def test_the_next_and_the_previous_memory_open_in_order(store, show):
    at = show(store)
    order = []
    for _ in range(3):
        press(at, "timeline_step_N")
        order.append(at.query_params["sel"])
    assert order == ["k1", "k2", "k3"]
    assert "The customer Larkspur was promised a refund." not in texts(at)
    press(at, "timeline_step_P")
    press(at, "timeline_step_P")
    shown = texts(at)  # k1 was retired
    assert "<b>Retired</b>" in shown
    assert "The customer Larkspur was promised a refund." in shown
    press(at, "taken_out_before")
    assert "as_of" in at.query_params
    assert "**8 memories**, of them 1 expired · 2 agents · 1 without a time" in texts(at)


def test_what_is_far_off_or_out_of_view_is_said_and_one_click_away(tmp_path, show):
    crowd = [Memory(f"k{n:02d}", f"Note {n}.", agent_id="ann", created_at=NOW - timedelta(minutes=n)) for n in range(30)]
    wild = Memory("wild", "A wild clock.", agent_id="bob", created_at=NOW + timedelta(days=9000))
    store = seed(tmp_path / "s", [*crowd, wild])
    at = show(store, sel="wild")
    assert "**30 of 31 memories** in view · 1 of 2 agents" in texts(at)
    press(at, "timeline_open_one")
    assert "**1 of 31 memories** in view · 1 of 2 agents" in texts(at)
    assert "timeline_open_one" not in [button.key for button in at.button]
    at = show(store)
    assert at.selectbox(key="timeline_colour").value == "agent", "no memory has a type, agents are the lanes"
    press(at, "timeline_step_P")
    assert at.query_params["sel"] == "k00", "the last one in view"
    press(at, "timeline_far_off")
    assert "**31 memories** · 2 agents" in texts(at)
    assert at.button(key="timeline_far_off").label == "Leave out 1 far off in time"
    press(at, "timeline_far_off")
    assert "window" not in at.query_params
    hour = write_window(micros(NOW - timedelta(minutes=9.5)), micros(NOW - timedelta(minutes=4.5)), axis=Axis.CREATED)
    at = show(store, window=hour)
    press(at, "timeline_step_N")
    assert at.query_params["sel"] == "k09", "the first one in view"


def test_what_is_in_view_is_a_file_that_an_import_reads_back(store, show):
    here = show(store).session_state["here"]
    prepared = prepare(here, Asked())
    found = list(memories_of(here, prepared, prepared.events.order))
    assert found == sorted(team_memories(), key=lambda memory: memory.key)
    lines = [json.loads(line) for line in json_lines(found)]
    assert [from_row(line, fallback_key="") for line in lines] == found


@pytest.mark.parametrize(
    ("params", "said"),
    [
        pytest.param({"agent": "nobody"}, "No memory fits the filters", id="nothing in scope"),
        pytest.param({"window": "1..2", "region": "a~b~c", "lanes": "x.y.z", "axis": "elapsed"}, "**0 of 8", id="nonsense"),
        pytest.param({"window": "2020-01-01..2019-01-01", "shows": "none", "colour": "?"}, "**6 memories**", id="no window"),
    ],
)
def test_a_link_that_makes_no_sense_still_shows_a_page(params, said, store, show):
    assert said in texts(show(store, **params))


def test_names_that_are_hostile_and_memories_without_anything_are_shown(tmp_path, show):
    memories = [Memory(f"k{i}-{name}", f"{name} says", name, agent_id=name, task_id=name) for i, name in enumerate(HOSTILE)]
    bare = [Memory(f"b{i}", "Nothing is known.") for i in range(3)]
    at = show(seed(tmp_path / "s", [*memories, *bare]), colour="agent")
    assert "None of the 10 memories in scope has a time or the number of a step" in texts(at)
    assert "**Without a time**, 10" in texts(at)
    dated = [replace(memory, created_at=NOW, session_id=memory.content) for memory in memories]
    at = show(seed(tmp_path / "dated", dated), lanes="task", colour="session", shows="marks,opacity")
    assert "**7 memories** · 7 tasks" in texts(at)
    press(at, "timeline_step_N")
    assert "says" in texts(at)


def test_a_journal_that_cannot_be_read_is_said_and_what_is_there_is_drawn(tmp_path, show):
    directory = seed(tmp_path / "store", team_memories())
    with opened_desk(directory) as desk:
        desk.ledger.journal.append(desk.stream, Draft(Kind.APPLIED, "p", "h", NOW, "eve", "", {"done": []}))
    at = show(directory)
    assert "restore the journal from a backup" in texts(at)
    assert "**8 memories**" in texts(at)


def test_a_field_that_means_something_else_now_is_drawn_anew(tmp_path, show):
    directory = seed(tmp_path / "store", [Memory("k", "Text", agent_id="ann", created_at=NOW, extra={"who": "bob"})])
    assert "ann" in show(directory, lanes="agent", view="agent").selectbox(key="life_agent").options[0]
    with closing(open_catalog(directory)) as catalog:
        catalog.save_schema("team", Schema("mine", {**OURS.fields, "agent_id": "who"}), actor=LOCAL_ADMIN)
    assert "bob" in show(directory, lanes="agent", view="agent").selectbox(key="life_agent").options[0]


moments = st.integers(micros(datetime.min.replace(tzinfo=NOW.tzinfo)), micros(datetime.max.replace(tzinfo=NOW.tzinfo)))


@given(st.lists(moments, min_size=2, max_size=2, unique=True).map(sorted), st.sampled_from([*Axis]))
def test_a_window_comes_back_from_its_text(ends, axis):
    assert read_window(write_window(*ends, axis=axis), axis=axis) == tuple(ends)


def test_only_a_window_of_everything_is_no_part_of_the_link():
    one = Events(Axis.ORDER, np.array([5]), np.array([0], np.int32), np.zeros(0, np.int32))
    said = [window_in_link(lo, hi, one, extent=(0, 10)) for lo, hi in ((0, 10), (-1, 12), (4, 6), (0, 9))]
    assert said == [None, None, "4..6", "0..9"], "a zoom stays where it is, though all is in view"
    assert [moved_to((0, 10), x) for x in (0, 7, 10, 30, -9)] == [(0, 10), (0, 10), (0, 10), (25, 35), (-14, -4)]


@given(st.lists(st.tuples(moments, st.integers(-100, 99999).map(lambda n: n / 100)), min_size=3, max_size=400))
def test_a_region_comes_back_from_its_text(polygon):
    text = write_region(polygon)
    found = read_region(text)
    assert set(found) <= {(float(x), lane) for x, lane in polygon}
    assert len(found) == len(polygon) or 32 < len(found) <= 64
    assert write_region(found) == text


@given(st.text(max_size=40))
def test_any_text_is_a_window_or_none(text):
    for axis in Axis:
        found = read_window(text, axis=axis)
        assert found is None or found[0] < found[1]
    assert len(read_region(text)) in (0, *range(3, 20))
