"""What goes to the drawing and what comes back: columns of bytes, gestures that a browser may have made up, our script."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

import numpy as np
import pytest

from core.analysis.timeline import colouring, events, lanes, micros, picture
from pages.shared.timeline import chart
from pages.shared.timeline.payload import picture_data, preview_texts
from tests.core.timeline.happenings import NOW, at, made

NODE = shutil.which("node")


def drawn(frame, *, exact=20_000, **options):
    placed = events(frame)
    return picture(
        placed,
        lanes(placed, frame, "agent_id"),
        colouring(placed, frame, "memory_type"),
        frame,
        now=NOW,
        exact=exact,
        **options,
    )


def sent(shown, *, shows=chart.SHOWS, colours=None):
    return picture_data(shown, lane_colours=colours, shows=frozenset(shows))


def read(column):
    return np.frombuffer(base64.b64decode(column["data"]), dtype=f"<{column['type']}")


@pytest.fixture(scope="module")
def two_agents():
    rows = [{"at": 60 * i, "agent_id": "ab"[i % 2], "task_id": "t", "session_id": "s", "confidence": 0.5} for i in range(6)]
    return made(*rows, {"agent_id": "a", "expires_at": at(10**6)}, {"at": 900, "agent_id": "a", "expires_at": at(10**6)})


def test_a_picture_is_the_same_at_the_other_end(two_agents):
    shown = drawn(two_agents, unknown_rows=10)
    data = json.loads(json.dumps(sent(shown, colours=["#111111", None])))
    assert shown.points is not None
    for name in ("x", "row", "lane", "colour", "mark", "weight"):
        np.testing.assert_array_equal(read(data["points"][name]), getattr(shown.points, name))
    assert (data["kind"], data["window"], data["total"]) == ("points", list(shown.window), 8)
    assert [(lane["label"], lane["count"], lane["colour"]) for lane in data["lanes"]] == [
        ("a", 4, "#111111"),
        ("b", 3, None),
    ]
    assert (data["unknown"], read(data["unknown_rows"]).tolist()) == (1, [6])
    assert len(read(data["handoffs"]["from_x"])) == 5
    assert len(read(data["spans"]["lo"])) == len(data["spans"]["label"])
    later = drawn(two_agents, window=(micros(at(0)), micros(at(2 * 10**6))))
    assert read(sent(later)["expiries"]["row"]).tolist() == [7]


def test_what_is_not_shown_is_not_sent(two_agents):
    data = sent(drawn(two_agents), shows=())
    for table in ("spans", "gaps", "handoffs", "expiries"):
        assert not any(column["data"] for column in data[table].values() if isinstance(column, dict)), table
    assert data["spans"]["label"] == []


def test_many_events_are_counts_and_every_figure_stays_small():
    frame = made(
        *(
            {"at": i, "agent_id": f"agent {i % 40}", "session_id": f"s{i // 9}", "memory_type": "ab"[i % 2]}
            for i in range(3000)
        )
    )
    counted = sent(drawn(frame, exact=1000))
    assert (counted["kind"], int(read(counted["density"]["count"]).sum())) == ("density", 3000)
    assert not read(counted["points"]["x"]).size
    exact = sent(drawn(frame))
    per_point = sum(len(column["data"]) for column in exact["points"].values()) / 3000
    assert per_point * 20_000 < 500_000, "20,000 points one by one"
    assert len(json.dumps(exact)) + per_point * 17_000 < 5_000_000


def test_names_and_texts_are_shown_as_what_they_are():
    data = sent(drawn(made({"at": 0, "agent_id": "Cy\x1b[31m\n\u202ereversed"})))
    assert data["lanes"][0]["label"] == "Cy reversed"
    assert preview_texts({3: "a\x07b\u202e" + "x" * 5000})["3"].startswith("abx")
    assert len(preview_texts({3: "x" * 5000})["3"]) <= 300


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        pytest.param({"kind": "window", "lo": 1, "hi": 9, "serial": 4}, "window", id="window"),
        pytest.param({"kind": "window", "lo": -(10**17), "hi": 3 * 10**17}, "window", id="from year 1 to year 9999"),
        pytest.param({"kind": "window", "lo": 9, "hi": 1}, None, id="ends in the wrong order"),
        pytest.param({"kind": "window", "lo": float("nan"), "hi": 1}, None, id="no number"),
        pytest.param({"kind": "window", "lo": 0, "hi": 1e300}, None, id="too far"),
        pytest.param({"kind": "open", "row": 3}, "open", id="open"),
        pytest.param({"kind": "open", "row": True}, None, id="a truth is no row"),
        pytest.param({"kind": "open", "row": -1}, None, id="no such row"),
        pytest.param({"kind": "open", "row": 10**400}, None, id="beyond any number"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [9.5, 0], [9, 2]]}, "region", id="region"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [9, 0]]}, None, id="two corners"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [9, "x"], [1, 1]]}, None, id="a word for a corner"),
        pytest.param({"kind": "region", "polygon": [[0, 0, 0]] * 4}, None, id="corners in space"),
        pytest.param({"kind": "region", "polygon": [[0, 0]] * 6000}, None, id="too many corners"),
        pytest.param({"kind": "step", "step": -1}, "step", id="step"),
        pytest.param({"kind": "step", "step": 400}, None, id="a leap"),
        pytest.param({"kind": "as_of", "x": 5.0}, "as_of", id="as of"),
        pytest.param({"kind": "clear"}, "clear", id="clear"),
        pytest.param({"kind": "erase"}, None, id="no gesture of ours"),
        pytest.param({"kind": ["clear"]}, None, id="a list for a kind"),
        pytest.param("clear", None, id="a word"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_browser_may_send_anything(message, kind):
    gesture = chart.gesture_of(message)
    assert (gesture.kind if gesture else None) == kind


START = 1_794_646_800_000_000  # 14 Nov 2026, 09:00 UTC
SECOND, DAY = 1_000_000, 86_400_000_000


@pytest.mark.skipif(
    NODE is None, reason="Node is not installed: the script's own functions are tried in the browser tests only"
)
def test_an_axis_speaks_of_what_is_in_view():
    asked = {
        "microseconds": ("created", START, START + 300, [".00005", ".00010"], "14 Nov 2026, 09:00:00"),
        "milliseconds": ("created", START, START + SECOND // 10, [".01", ".02"], "14 Nov 2026, 09:00:00"),
        "seconds": ("created", START, START + 30 * SECOND, ["09:00:05", "09:00:10"], "Sat 14 Nov 2026"),
        "hours": ("created", START, START + 2 * DAY, ["18:00", "00:00"], "Sat 14 Nov 2026"),
        "weeks": ("created", START, START + 60 * DAY, ["23 Nov", "30 Nov"], "2026"),
        "months": ("created", START, START + 400 * DAY, ["Apr", "Jul"], "2026"),
        "centuries": ("created", START, START + 300 * 365 * DAY, ["2100", "2150"], None),
        "year 1": ("created", -62_135_596_800_000_000, -62_135_596_800_000_000 + 900 * DAY, ["Apr", "Jul"], "1"),
        "places": ("order", -0.5, 900, ["200", "300"], None),
        "since the start": ("elapsed", -50, 10_000 * SECOND, ["30 min", "1 h"], None),
    }
    tries = ",".join(f"axisTicks({json.dumps(axis)},{lo},{hi},800,78)" for axis, lo, hi, _, _ in asked.values())
    script = f"{chart.module()}\nconsole.log(JSON.stringify([{tries}]));"
    ran = subprocess.run(
        [str(NODE), "--input-type=module"], input=script, capture_output=True, text=True, check=True, timeout=20
    )
    for (name, (_, lo, hi, labels, above)), found in zip(asked.items(), json.loads(ran.stdout), strict=True):
        said = [tick["label"] for tick in found["ticks"]]
        assert said[1:3] == labels, name
        assert (found["spans"][0]["label"] if found["spans"] else None) == above, name
        assert all(lo <= tick["x"] <= hi for tick in found["ticks"]), name
        assert len(said) <= 800 // 78 + 1, name
