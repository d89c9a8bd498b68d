"""Looking back: the moment in the link, the rail's ways to it, and what each page shows of it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.curation.deletion import plan_deletion
from core.curation.editing import plan_edit
from core.memory import Memory
from core.past.moment import Moment
from pages.shared.past_stops import Stops, at, moment_words, stop_labels
from tests.pages.app import NOW, SEARCH, open_app, seed, team_memories, texts
from tests.pages.curating import HISTORY, opened_desk

HOSTILE = "<img src=x onerror=alert(1)>"
DAY = 86_400_000_000


def ago(days: float) -> str:
    return Moment(NOW - timedelta(days=days)).text


@pytest.fixture(scope="module")
def past_store(tmp_path_factory):
    """The small team with one memory more, of which one was retired and one edited a moment ago."""
    first = Memory("k0", "The very first note.", agent_id="ann", created_at=NOW - timedelta(days=20))
    store = seed(tmp_path_factory.mktemp("past") / "store", [*team_memories(), first])
    with opened_desk(store) as desk:
        options = {"actor": LOCAL_ADMIN, "now": datetime.now(UTC)}
        edited = {"k3": {"content": "To refund: ask the team lead first."}}
        for plan in (
            plan_deletion(desk.store, ["k2"], plan_id="gone", reason=HOSTILE, **options),
            plan_edit(desk.store, edited, plan_id="better", **options),
        ):
            desk.apply(plan, actor=LOCAL_ADMIN, measured=False, unmeasured="a test")
    return store


def keys(app):
    return {str(button.key) for button in app.button}


def test_a_link_shows_the_index_as_it_was_and_what_became_of_a_memory(past_store, monkeypatch):
    app = open_app(monkeypatch, past_store, as_of=ago(7.5), sel="k2")
    assert not app.exception
    said = texts(app)
    assert "7 days ago" in said
    assert "4 memories then, 8 now" in said
    assert "<b>4 memories</b> in" in said  # the page itself
    assert app.multiselect(key="rail_agent").options == ["ann · 3", "Unknown · 1"]
    assert "Refunds need the approval of the team lead." in said  # in the inspector, though it is gone
    assert "Retired <span" in said
    assert "&lt;img src=x" in said
    assert HOSTILE not in said
    actions = {key: app.button(key=key) for key in ("memory_retire", "memory_edit", "memory_erase", "memory_hide")}
    assert all(button.disabled and "go back to now" in button.help for button in actions.values())
    app.button(key="past_now").click().run()
    assert "as_of" not in app.query_params
    assert "past_now" not in keys(app)
    assert "<b>Not in the index any more</b>" in texts(app)
    assert "Refunds need the approval of the team lead." in texts(app)
    assert "memory_retire" not in keys(app)
    app.button(key="past_memory_before").click().run()
    assert "9 memories then, 8 now" in texts(app)


def test_the_rail_leads_into_the_past_event_by_event_and_back(past_store, monkeypatch):
    app = open_app(monkeypatch, past_store, as_of=ago(4))
    assert app.get_by_key("rail_past").value == "then"
    assert app.button(key="past_earlier").help.startswith("The event before it")
    app.button(key="past_earlier").click().run()
    assert app.query_params["as_of"] == ago(5)
    stops = app.select_slider(key="rail_moment")
    assert len(stops.options) == 10  # eight times, and two changes: the import of these memories is in no journal
    assert stops.options[0].startswith(f"{NOW - timedelta(days=20):%-d %b}")
    stops.set_value(Moment(NOW - timedelta(days=20)).us).run()
    assert "2 memories then, 8 now" in texts(app)  # one that states no time counts as always there
    assert app.button(key="past_earlier").disabled
    app.text_input(key="rail_as_of").set_value(f"{NOW - timedelta(days=6, hours=1):%Y-%m-%d %H:%M}").run()
    assert "5 memories then, 8 now" in texts(app)
    app.radio(key="rail_clock").set_value("recorded").run()
    assert app.query_params["clock"] == "recorded"
    assert "as the store held it" in texts(app)
    app.get_by_key("rail_past").set_value("now").run()
    assert "as_of" not in app.query_params
    assert "clock" not in app.query_params
    app.get_by_key("rail_past").set_value("then").run()
    assert "8 memories then, 8 now" in texts(app)  # the last event: what was changed is changed


def test_a_moment_that_cannot_be_shown_is_said_and_left_out(past_store, monkeypatch):
    app = open_app(monkeypatch, past_store, as_of=HOSTILE + "x" * 5000)
    for text, said in (
        ("", "is no moment"),
        ("2999-01-01", "1 Jan 2999, 00:00:00 UTC has not come yet"),
        ("0001-01-01T00:00:00+23:00", "is no moment"),
    ):
        if text:
            app.text_input(key="rail_as_of").set_value(text).run()
        assert not app.exception
        assert "This is what is there now." in texts(app)
        assert said in texts(app)
        assert HOSTILE not in texts(app)
        assert "<b>7 memories</b> in" in texts(app)
    app.button(key="past_now").click().run()
    assert "as_of" not in app.query_params


def test_before_the_first_memory_there_is_nothing_but_the_way_to_it(tmp_path, monkeypatch):
    store = seed(tmp_path / "store", team_memories()[:2])
    app = open_app(monkeypatch, store, as_of="1999-01-01T00:00:00Z")
    assert not app.exception
    assert app.title[0].value == "Nothing was remembered yet"
    app.button(key="past_first").click().run()
    assert app.query_params["as_of"] == ago(9)
    assert "1 memory then, 2 now" in texts(app)
    assert "rail_clock" not in {radio.key for radio in app.radio}  # nothing is in the journal


def test_a_search_asks_the_index_as_it_was(past_store, monkeypatch):
    app = open_app(monkeypatch, past_store, page=SEARCH, q="Who approves refunds?", as_of=ago(6.5), mode="vector")
    assert not app.exception
    said = texts(app)
    assert "Refunds need the approval of the team lead." in said
    assert "To refund: open the invoice" in said
    assert "5 of 5 memories in scope" in said
    assert f"--as-of {ago(6.5)}" in said.replace("=", " ")
    assert "import boto3" not in said
    app.button(key="past_now").click().run()
    said = texts(app)
    assert "Refunds need the approval" not in said
    assert "ask the team lead first" in said
    assert "import boto3" in said


def test_what_changed_since_is_told_with_the_way_back(past_store, monkeypatch):
    app = open_app(monkeypatch, past_store, as_of=ago(2), sel="k3")
    assert "What is different now" in [each.label for each in app.expander]
    app.button(key="past_memory_now").click().run()
    assert "<b>As it is now</b>" in texts(app)
    app.button(key="past_since").click().run()
    assert not app.exception
    said = texts(app)
    assert "1 edited" in said
    assert "1 retired" in said
    assert "<del>open</del> <ins>ask</ins>" in said
    assert HOSTILE not in said
    assert not app.button(key="since_restore").disabled


def test_pages_of_now_say_that_they_do_not_look_back(past_store, monkeypatch):
    app = open_app(monkeypatch, past_store, page=HISTORY, as_of=ago(2))
    assert "This page works on what is there now" in texts(app)
    assert "rail_past" not in app.session_state or not app.get("segmented_control")


def test_a_first_page_of_now_loads_nothing_of_the_past_nor_of_plans():
    program = (
        "import sys, pages.shared.rail, pages.shared.past, pages.shared.inspector, pages.shared.overview\n"
        "import pages.shared.pending\n"
        "late = {f'core.past.{name}' for name in ('then', 'searching', 'retired', 'difference')}\n"
        "late |= {f'core.curation.{name}' for name in ('simulation', 'preflight')}\n"
        "print(*sorted(late & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def events(*micros):
    times, counts = np.unique(np.array(micros, np.int64), return_counts=True)
    return Stops(times, counts)


@given(st.lists(st.integers(-(10**15), 4 * 10**15), min_size=1, max_size=700), st.integers(-(10**15), 4 * 10**15))
def test_a_slider_has_few_stops_all_apart_and_the_moment_among_them(micros, moment):
    found = events(*micros)
    stops = found.slider(at(moment))
    assert moment in stops
    assert stops == sorted(set(stops))
    assert len(stops) <= 202
    assert set(stops) >= {min(micros), max(micros)}
    assert len(set(stop_labels(stops).values())) == len(stops)
    assert sum(found.strip(stops, 20)) == sum(1 for each in micros if each <= stops[-1])
    before, after = found.before(at(moment)), found.after(at(moment))
    assert before == max((at(each) for each in micros if each < moment), default=None)
    assert after == min((at(each) for each in micros if each > moment), default=None)


def test_a_long_silence_takes_no_room_on_the_slider():
    busy = [hour * DAY // 24 for hour in range(300)]
    stops = events(*busy, 3000 * DAY).slider(at(0))
    assert len(stops) > 100
    assert stops[-2] < 14 * DAY
    assert list(stop_labels([0, DAY, DAY + 1]).values()) == ["1 Jan, 00:00", "2 Jan, 00:00", "2 Jan, 00:00:00"]
    assert stop_labels([0, 1, 2])[2] == "00:00:00.000002", "what is so fine leaves the day out: the rail is narrow"
    assert moment_words(at(1)) == "1 Jan 1970, 00:00:00.000001"
