"""The map: its states, what a link says, what is coloured, chosen, asked and compared. Gestures are in tests/e2e."""

from __future__ import annotations

import re
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.memory import Memory
from pages.shared.map.choice import read_window
from pages.shared.map.progress import eta_words
from pages.shared.regions import write_region
from tests.pages.app import NOW, labels, open_app, seed, team_memories, texts
from tests.pages.curating import PLAN, RUNS, press
from tests.pages.mapped import keep_map

MAP = "pages/explore/map.py"
HOSTILE = ("<script>alert(1)</script>", "**b** :red[x] $x$", "\x1b[31mred\x1b[0m", "a\u202eb", "=1+1", "</style>", "👩‍👩‍👧")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The team's memories with a map: k1, k2, k3 and k7 in one group, k4, k5 and k6 in another, k8 in none."""
    return keep_map(seed(tmp_path_factory.mktemp("map") / "store", team_memories()))


@pytest.fixture
def show(monkeypatch):
    """Open the map of a store with a link's parameters; nothing is laid out meanwhile."""

    def opened(directory, **params):
        monkeypatch.setenv("MNEMOSCOPE_MAP_WORKER", "off")
        at = open_app(monkeypatch, directory, page=MAP, **params)
        assert not at.exception
        return at

    return opened


def box(x0, y0, x1, y1):
    return write_region([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], digits=(5, 5))


def selected(at):
    found = re.search(r"\*\*([\d,]+) selected\*\*", texts(at))
    return int(found[1]) if found else 0


def picked_keys(at):
    return set(at.session_state["picked"][1])


def legend(at):
    return [button.label.replace("\\", "") for button in at.button if str(button.key).startswith("map_legend_")]


def test_memories_groups_and_how_true_the_map_is_are_said(store, show):
    at = show(store)
    shown = texts(at)
    assert "**7 of 8 memories** · 2 clusters, 14 % in none" in shown
    assert re.search(r"of the 2 memories nearest to one here, \d+ % are among its 2 nearest in meaning", shown)
    helped = next(element.help for element in at.markdown if "nearest in meaning" in element.value)
    assert re.search(r"Preservation 0\.\d{3}.*Trustworthiness 0\.\d{3}", helped)
    assert [label.rpartition(" ")[2] for label in legend(at)] == [":gray[4]", ":gray[2]", ":gray[1]"]
    assert "cohesion" in shown
    assert {"Clusters · 2", "Alone · 0"} <= set(at.segmented_control(key="map_list").options)


REMARKS = {
    "use": "No recall of these memories is known",
    "tenant": "None of these memories says its tenant.",
    "status": "None of these memories is conflicting, merged, retired, hidden or expired",
}


@pytest.mark.parametrize("colour", REMARKS)
def test_colours_that_tell_nothing_say_so(colour, store, show):
    assert REMARKS[colour] in texts(show(store, colour=colour))


LEGENDS = {
    "agent": ["ann :gray[4]", "bob :gray[2]", "unknown :gray[1]"],
    "type": ["Semantic :gray[3]", "Episodic :gray[2]", "Procedural :gray[1]", "unknown :gray[1]"],
    "use": ["never :gray[7]"],
    "status": ["in force :gray[7]"],
    "tenant": ["unknown :gray[7]"],
    "confidence": ["0.8 to 1 :gray[2]", "0.2 to 0.4 :gray[1]", "not stated :gray[4]"],
}


def test_colours_mean_what_the_legend_says(store, show):
    at, found = show(store), {}
    for colour in LEGENDS:
        at.selectbox(key="map_colour").set_value(colour).run()
        found[colour] = legend(at)
    assert not at.exception
    assert found == LEGENDS


def test_a_colour_of_the_legend_selects_its_memories_and_again_none(store, show):
    at = show(store, colour="agent")
    press(at, "map_legend_0")
    assert selected(at) == 4
    assert at.segmented_control(key="map_list").value == "selected"
    press(at, "map_legend_1")
    assert selected(at) == 2
    press(at, "map_legend_1")
    assert selected(at) == 0
    assert at.segmented_control(key="map_list").value == "groups"


def test_a_group_is_selected_from_the_list_and_stays_listed(store, show):
    at = show(store)
    press(at, "open_row_group_1")
    assert selected(at) == 2  # the third has expired
    assert "Selected · 2" in at.segmented_control(key="map_list").options
    assert at.segmented_control(key="map_list").value == "groups"
    press(at, "map_central_0")
    assert at.query_params["sel"] in {"k1", "k2", "k3", "k7"}


def test_a_link_brings_back_colours_groups_choice_and_memory_and_leads_to_a_plan(store, show):
    area = box(0, 0, 0.3, 0.3)
    at = show(store, colour="agent", clusters="fine", area=area, sel="k2", zoom="0.1~0.1~0.4~0.4")
    assert at.selectbox(key="map_colour").value == "agent"
    assert at.segmented_control(key="map_clusters").value == "fine"
    assert selected(at) == 4
    assert "Refunds need the approval of the team lead." in texts(at)
    assert (at.query_params["area"], at.query_params["zoom"]) == (area, "0.1~0.1~0.4~0.4")
    press(at, "bar_hide", to=PLAN)
    reason = at.text_input(key=f"plan_reason_{at.query_params['plan']}").value
    assert reason.startswith("Chosen on the map: 4 memories of ann, written between")


def test_an_action_on_a_selection_that_changed_meanwhile_is_refused(store, show):
    at = show(store, area=box(0, 0, 0.3, 0.3))
    at.session_state["picked"] = (at.session_state["picked"][0], {"k5": None})  # as a lasso of the same moment does
    press(at, "bar_retire")
    assert "The selection changed as you chose that: 1 memory is selected now. Nothing was done" in at.warning[0].value
    assert "plan" not in at.query_params
    press(at, "bar_retire", to=PLAN)
    assert "plan" in at.query_params


def test_what_is_chosen_in_the_controls_is_in_the_link(store, show):
    at = show(store)
    at.selectbox(key="map_colour").set_value("age").run()
    at.segmented_control(key="map_clusters").set_value("broad").run()
    at.selectbox(key="map_beside").set_value("agent").run()
    assert not at.exception
    assert [at.query_params[name] for name in ("colour", "clusters", "beside")] == ["age", "broad", "agent"]
    assert {"**By age**", "**By agent**"} <= {element.value for element in at.markdown}
    at.selectbox(key="map_beside").set_value("").run()
    assert "beside" not in at.query_params


def test_a_question_rings_its_answers_and_says_why(store, show):
    at = show(store, q="How are refunds approved?", sel="k2")
    assert at.segmented_control(key="map_list").value == "answers"
    assert "What an agent would be given: 7 memories, ringed on the map" in texts(at)
    at.segmented_control(key="map_list").set_value("groups").run()
    assert at.segmented_control(key="map_list").value == "groups"
    at.text_input(key="map_q").set_value("Is release 4 frozen?").run()
    assert at.query_params["q"] == "Is release 4 frozen?"
    assert at.segmented_control(key="map_list").value == "answers"


def test_the_map_as_of_a_moment_shows_what_was_there_beside_what_is(store, show):
    then = f"{NOW - timedelta(days=5.5):%Y-%m-%dT%H:%M:%SZ}"
    at = show(store, as_of=then, beside="at.now", area=box(0, 0, 1, 1))
    assert selected(at) == 5  # all that was there then
    assert "**Now**" in {element.value for element in at.markdown}
    press(at, "map_since_came")
    assert picked_keys(at) == {"k5", "k6", "k7"}
    assert "**Selected**, 3" in texts(at)  # as the map of now knows them
    assert "not in scope" not in texts(at)
    press(at, "map_since_gone")
    assert picked_keys(at) == {"k4"}  # it expired
    at = show(store, beside=f"at.{then}")
    assert any(element.value.startswith("**As of ") for element in at.markdown)


@pytest.mark.parametrize(
    "params",
    [
        pytest.param(
            {"area": "a~b~c", "zoom": "1~2", "beside": "at.never", "draws": "?", "clusters": "tiny"}, id="nonsense"
        ),
        pytest.param({"zoom": "2~2~1~1", "area": box(5, 5, 6, 6), "beside": "nothing", "colour": "?"}, id="nothing there"),
        pytest.param({"draws": "none"}, id="nothing but points"),
    ],
)
def test_a_link_that_makes_no_sense_still_shows_a_map(params, store, show):
    assert "**7 of 8 memories**" in texts(show(store, **params))


def test_nothing_in_scope_is_said_with_a_way_out(store, show):
    at = show(store, agent="nobody")
    assert "No memory fits the filters" in texts(at)
    press(at, "map_clear")
    assert "**7 of 8 memories**" in texts(at)


def test_few_memories_are_listed(tmp_path, show):
    at = show(seed(tmp_path / "s", team_memories()[:3]))
    assert "A map takes at least 5 memories" in texts(at)
    assert "**In scope**, 3" in texts(at)


def test_without_a_worker_there_is_a_first_picture_and_the_way_on(tmp_path, show):
    at = show(seed(tmp_path / "s", team_memories()))
    for _ in range(RUNS):  # the page draws the first picture, and looks again
        if at.info:
            break
        at.run()
    assert "switched off here: the server was started with `MNEMOSCOPE_MAP_WORKER=off`" in at.info[0].value
    assert "This is a first picture" in at.info[0].value
    assert "**7 of 8 memories**" in texts(at)
    assert not {"Start again", "Cancel"} & set(labels(at))
    assert legend(at) == []


def state_of(stage):
    from core.maps import MapState  # the script runs apart
    from pages.shared.map.progress import quality_words, stopped
    from pages.shared.map.source import FLAT

    class Nowhere:
        store = actor = object()

    seen = {
        "missing": MapState("failed", missing=True),
        "killed": MapState("failed", problem="The worker was killed: it took too much memory."),
        "cancelled": MapState("cancelled", method="pca"),
        "placed": MapState("done", placed=1),
        "unkept": MapState("done", problem="The map is shown but could not be kept on disk."),
        "well": MapState("done"),
    }[stage]
    stopped(Nowhere(), None, FLAT, seen)
    assert quality_words(seen) == ""


@pytest.mark.parametrize(
    ("stage", "said", "button"),
    [
        pytest.param("missing", "pip install 'mnemoscope[map]'", None, id="extra not installed"),
        pytest.param("killed", "it took too much memory", "Start again", id="killed"),
        pytest.param("cancelled", "was cancelled. This is a first picture", "Start again", id="cancelled"),
        pytest.param("placed", "1 memory came after the map was laid out and lies between", "Lay out again", id="placed"),
        pytest.param("unkept", "could not be kept on disk", None, id="not kept"),
        pytest.param("well", "", None, id="all is well"),
    ],
)
def test_what_stopped_a_map_is_said_with_the_way_on(stage, said, button):
    at = AppTest.from_function(state_of, args=(stage,)).run()
    assert not at.exception
    everything = "\n".join(
        str(element.value) for kind in ("markdown", "caption", "error", "info") for element in at.get(kind)
    )
    assert said in everything
    assert labels(at) == ([button] if button else [])


def test_names_that_are_hostile_are_shown_as_they_are(tmp_path, show):
    memories = [Memory(f"k{i}-{name}", f"{name} says", name, agent_id=name, task_id=name) for i, name in enumerate(HOSTILE)]
    places = [(i / 7, i / 7) for i in range(7)]
    directory = keep_map(
        seed(tmp_path / "s", memories), places=places, codes=[i % 2 for i in range(7)], labels=("<b>x</b>", "</style>**y**")
    )
    at = show(directory)
    for colour in ("cluster", "agent", "task", "type"):
        at.selectbox(key="map_colour").set_value(colour).run()
        assert not at.exception
        assert "**7 memories**" in texts(at)
        assert "<b>x</b>" not in texts(at)
        assert sum(int(label.rpartition("[")[2][:-1]) for label in legend(at)) == 7


def test_a_third_dimension_is_drawn_by_plotly(tmp_path, show):
    directory = keep_map(seed(tmp_path / "s", team_memories()))
    keep_map(directory, places=np.random.default_rng(0).random((8, 3)))
    at = show(directory, draws="space")
    assert len(at.get("plotly_chart")) == 1
    assert "Of the 2 memories nearest to one here" in texts(at)
    assert [label.rpartition(" ")[2] for label in legend(at)] == [":gray[4]", ":gray[2]", ":gray[1]"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(None, "", id="nobody knows"),
        pytest.param(0.2, "about 1 s left", id="at once"),
        pytest.param(49, "about 49 s left", id="seconds"),
        pytest.param(60, "about 1 minute left", id="a minute"),
        pytest.param(400, "about 7 minutes left", id="minutes"),
    ],
)
def test_how_long_it_takes_is_said_as_people_do(seconds, said):
    assert eta_words(seconds) == said


@given(st.text(max_size=40))
def test_any_text_is_a_window_or_none(text):
    found = read_window(text)
    assert found is None or (found[0] < found[2] and found[1] < found[3])
