"""The timeline's view of one task: the list, the story, its sections, and links into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.analysis.story import to_link
from core.memory import Memory
from pages.shared.timeline.task_words import lasting, since, when_words
from tests.pages.app import NOW, labels, open_app, seed, texts

TIMELINE = "pages/explore/timeline.py"
START = NOW - timedelta(days=2)
EVIL = "<img src=x onerror=alert(1)> :red[x] [a](http://b)"
SAID = "The export of March holds invoices and every one of them was checked by hand"


def step(number: int, agent: str, text: str, **given) -> Memory:
    fields = {"team_id": "support", "task_id": "build", "created_at": START + timedelta(minutes=number)} | given
    return Memory(fields.pop("key", f"b{number:03d}"), text, "episodic", agent_id=agent, **fields)


def task_memories() -> list[Memory]:
    """Return a task with everything a story tells, one of 130 plain steps, one of three runs, and a hostile one."""
    build = [
        step(1, "lead", "Task: build the parser and write report.csv", session_id="m"),
        step(2, "ann", "I take it.", tags=("claim:parser",), session_id="m"),
        step(3, "bob", "Let's assume placeholder data.", tags=("claim:parser",), session_id="m"),
        step(4, "bob", "Please look at report.csv", tags=("handoff",), extra={"to_agent": "nobody"}, session_id="m"),
        step(5, "ann", SAID, session_id="m"),
        step(6, "bob", SAID, session_id="n"),
        step(7, "ann", "Done.", extra={"outcome": "failed", "outcome_reason": "no time left"}, session_id="m"),
    ]
    long = [step(100 + n, f"agent{n % 40}", f"Note {n}.", task_id="long") for n in range(130)]
    runs = [
        step(300 + 10 * run + n, "desk", f"Hello {n}", task_id="runs", session_id=f"trial{run}", extra={"trial": run})
        for run in range(3)
        for n in range(2 + run)
    ]
    evil = [step(400, EVIL, EVIL, task_id=EVIL, team_id=EVIL, session_id=EVIL, tags=(f"claim:{EVIL}",))]
    return [*build, *long, *runs, *evil, Memory("free", "Of no task.", agent_id="ann", created_at=START)]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return seed(tmp_path_factory.mktemp("tasks") / "s", task_memories())


def view(monkeypatch, store, **params):
    at = open_app(monkeypatch, store, page=TIMELINE, view="task", **params)
    assert not at.exception
    return at


def html(at):
    return "\n".join(element.value for element in at.html if "<style>" not in element.value)


def test_the_list_is_searched_and_opens_a_story(store, monkeypatch):
    at = view(monkeypatch, store)
    assert "4 tasks. Open one" in texts(at)
    assert "&lt;img src=x" in html(at)
    assert "<img" not in html(at)
    at.text_input(key="task_find").input("parser BUILD").run()
    assert "1 of 4 tasks" in texts(at)
    assert "✕ failed" in html(at)
    next(button for button in at.button if button.label == "Open task build").click().run()
    assert at.query_params["story"] == "support/build"
    assert "It failed." in html(at)
    at.button(key="task_all").click().run()
    assert "story" not in at.query_params


def test_a_story_tells_everything_there_is(store, monkeypatch):
    at = view(monkeypatch, store, story=to_link(("support", "build")))
    shown = html(at)
    assert "7 steps · 3 agents · 2 sessions" in shown
    assert "<b>The task:</b> build the parser and write report.csv" in shown
    assert "It failed.</b> no time left" in shown
    assert "Made-up or assumed data" in shown
    assert "Claimed by two agents" in shown
    assert "nobody wrote nothing for this task afterwards" in shown
    at.segmented_control(key="task_section").set_value("parts").run()
    assert "bob claims “parser” in step 3 while ann holds it since step 2." in html(at)
    at.segmented_control(key="task_section").set_value("artefacts").run()
    assert "report.csv" in html(at)
    at.segmented_control(key="task_section").set_value("doubled").run()
    assert "**1 memory** say what another agent had written: about **19 tokens**" in texts(at)
    at.segmented_control(key="task_section").set_value("signs").run()
    at.pills(key="task_sign_kinds").set_value(["overlap"]).run()
    assert not at.exception
    rows = [button for button in at.button if str(button.key).startswith("open_row_sign_")]
    assert len(rows) == 1
    rows[0].click().run()
    assert at.query_params["sel"] == "b003"
    assert html(at).count("assume placeholder data.") > 1  # in the story, and in the inspector


def test_a_long_story_is_paged_and_jumped_into(store, monkeypatch):
    at = view(monkeypatch, store, story="support/long")
    steps = [label for label in labels(at) if label.startswith("Open step ")]
    assert len(steps) == 100
    at.button(key="task_steps_later").click().run()
    assert "Open step 130" in labels(at)
    assert "Open step 100" not in labels(at)
    at.number_input(key="task_go").set_value(57).run()
    assert at.query_params["sel"] == "b156"
    assert "Open step 57" in labels(at)
    assert "Open step 53" not in labels(at)


def test_steps_have_the_numbers_that_they_state_counted_from_0_and_per_session(tmp_path, monkeypatch):
    tries = [
        step(10 * run + n, "desk", f"Hello {n}", key=f"r{run}-{n}", session_id=f"trial{run}", extra={"step": n})
        for run in range(2)
        for n in range(3)
    ]
    at = view(monkeypatch, seed(tmp_path / "s", tries), story="support/build")
    assert "At its step" in html(at) or "never" in html(at)  # tries are compared first
    assert "No memory says how it ended." in html(at)
    at.segmented_control(key="task_section").set_value("steps").run()
    assert [label for label in labels(at) if label.startswith("Open step ")] == [f"Open step {n}" for n in (0, 1, 2) * 2]
    assert "Session trial0" in html(at)
    at.number_input(key="task_go").set_value(0).run()
    assert at.query_params["sel"] == "r0-0"
    at.selectbox(key="task_run").set_value("trial1").run()
    at.number_input(key="task_go").set_value(2).run()
    assert at.query_params["sel"] == "r1-2"
    assert at.selectbox(key="task_run").value == "trial1"


def test_a_step_out_of_view_is_one_click_away(tmp_path, monkeypatch):
    wild = step(0, "ann", "A wild clock.", key="wild", created_at=NOW + timedelta(days=9000))
    notes = [replace(step(n, "ann", f"Note {n}"), memory_type=("fact", "rule")[n % 2]) for n in range(30)]
    at = view(monkeypatch, seed(tmp_path / "s", [*notes, wild]), sel="wild", story="support/build")
    assert "</em>fact 15</span>" in html(at), "where all steps are notes, the types are coloured"
    assert {"Go to the open memory", "Show 1 far off in time"} <= set(labels(at))
    at.button(key="task_far_off").click().run()
    assert "Go to the open memory" not in labels(at)
    at.button(key="task_far_off").click().run()
    at.button(key="task_open_one").click().run()
    assert not {"Go to the open memory", "Show 1 far off in time"} & set(labels(at))


def test_runs_are_compared_and_the_rails_filter_opens_the_only_task(store, monkeypatch):
    at = view(monkeypatch, store, task="runs")
    assert "9 steps · 1 agent · 3 sessions" in html(at)
    at.segmented_control(key="task_section").set_value("runs").run()
    assert "Ends after its step 2" in html(at)
    assert "At its step 4" in html(at)
    at.selectbox(key="task_other").set_value(("support", "build")).run()
    assert "story" in at.query_params
    at.button(key="task_all").click().run()
    assert "1 of 4 tasks" in texts(at)


def test_hostile_names_and_links_that_lead_nowhere(store, monkeypatch):
    at = view(monkeypatch, store, story=to_link((EVIL, EVIL)))
    assert "<img" not in html(at)
    at.segmented_control(key="task_section").set_value("parts").run()
    assert "<img" not in html(at)
    at = view(monkeypatch, store, story="support/gone")
    assert "has no task gone now" in texts(at)


def test_an_index_without_tasks_says_so(tmp_path, monkeypatch):
    at = view(monkeypatch, seed(tmp_path / "s", [Memory("a", "Alone.", created_at=NOW)]))
    assert "No memory of this index names a task." in texts(at)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(0, "no time", id="none"),
        pytest.param(0.25, "250 ms", id="part-of-a-second"),
        pytest.param(61, "1 minute 1 second", id="two-units"),
        pytest.param(3600, "1 hour", id="one-unit"),
        pytest.param(86_400 * 3 + 5, "3 days", id="no-gap-between-units"),
        pytest.param(86_400 * 400, "1 year 34 days", id="years"),
    ],
)
def test_lengths_of_time(seconds, said):
    assert lasting(seconds) == said


def test_times_since_the_start():
    assert since(START + timedelta(days=1, hours=2, seconds=5), START) == "+1 d 2:00:05"
    assert since(None, START) == "time unknown"
    assert when_words(None) == "at unknown times"
    assert when_words((START, START)).endswith("UTC")
