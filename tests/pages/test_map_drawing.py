"""What goes to the drawing of a map and what comes back: a browser may send anything, and a name may be hostile."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.map import chart, payload
from pages.shared.map.chart import MapPoints
from pages.shared.map.columns import Columns
from pages.shared.map.gesture import gesture_of, serial_of, view_of
from pages.shared.map.payload import View, drawing_data

NODE = shutil.which("node")
HOSTILE = "\u202ee\x1b[31m <img src=x>\n[a](http://b)"
POINTS = MapPoints(np.array([[0, 0], [1, 0.5], [0.25, 1], [np.nan, 0]], "f4"), np.array([0, 1, 1, 0], "u1"))
DRAWING = {"palette": ["#111111", "#222222"], "names": ["a", HOSTILE], "title": HOSTILE, "file_name": "map"}


def read(sent, name):
    """Return a column that was sent, as the browser reads it."""
    column = sent["columns"][sent[name]]
    return np.frombuffer(base64.b64decode(column["data"]), f"<{column['type']}")


def cells(sent):
    """Return the counts and the colours of the cells in view."""
    return tuple(read({**sent["cells"][1], "columns": sent["columns"]}, name) for name in ("counts", "codes"))


def data(points=POINTS, *, view=None, columns=None, **drawing):
    sent = drawing_data(points, DRAWING | drawing, view=view, columns=columns or Columns())
    assert json.loads(json.dumps(sent)) == sent, "Streamlit sends as text what JSON cannot hold"
    return sent


def points_of(count, **given):
    random = np.random.default_rng(3)
    return MapPoints(random.random((count, 2)).astype("f4"), random.integers(0, 9, count).astype("u1"), **given)


def test_places_come_back_to_a_step_of_the_grid():
    points = points_of(1000)
    sent = data(points)
    x0, y0, x1, y1 = sent["box"]
    steps = read(sent, "place").reshape(-1, 2) / 65_535
    np.testing.assert_allclose(steps * [x1 - x0, y1 - y0] + [x0, y0], points.coords, atol=1e-5)
    assert read(sent, "colour").tolist() == points.codes.tolist()


def test_what_is_not_drawn_is_said_and_texts_are_made_safe():
    sent = data(
        picked=np.array([True, False, True, False]),
        rings=[1, 3, 99, -1],
        selected_row=np.int64(2),
        labels=[(np.float32(0), 1, HOSTILE, np.int64(5))],
        tips={1: [HOSTILE, "fact"]},
        query=(np.float32(0.5), 0.5),
        back=[np.int64(1)],
    )
    assert (read(sent, "alive").tolist(), read(sent, "picked").tolist()) == ([0b0111], [0b0101])
    assert sent["total"] == 3
    assert sent["rings"] == [[1.0, 0.5, 1]], "a hit without a place has no ring"
    assert sent["selected"] == [0.25, 1.0, 2]
    for text in (sent["title"], sent["names"][1], sent["labels"][0][2], sent["tips"]["1"][0]):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)


def test_columns_that_the_browser_has_are_not_sent_again():
    points = points_of(100_000, sizes=np.zeros(100_000, "u1"))
    columns = Columns()
    first = data(points, columns=columns, picked=np.ones(100_000, bool))
    assert len(json.dumps(first)) < 9 * 100_000
    later = Columns(columns.known)
    again = data(points, columns=later)
    assert (again["columns"], again["place"]) == ({}, first["place"])
    assert set(later.known) == set(columns.known)
    recoloured = data(MapPoints(points.coords, points.codes + np.uint8(1), points.sizes), columns=Columns(later.known))
    assert list(recoloured["columns"]) == [recoloured["colour"]]


def test_more_points_than_can_be_sent_are_counted_until_few_are_in_view(monkeypatch):
    monkeypatch.setattr(payload, "MOST_POINTS", 500)
    points = points_of(2_000)
    sent = data(points)
    assert (sent["kind"], sent["tells_view"]) == ("raster", True)
    counts, codes = cells(sent)
    assert counts.sum() == 2_000
    picked = np.zeros(2_000, bool)
    picked[7] = True
    only = data(points, picked=picked)
    chosen = cells(only)[1]
    assert sorted(set(chosen.tolist())) == sorted({int(points.codes[7]), 255})
    assert len(codes) == len(chosen)
    coarse, code = View(points.extent, columns=16, rows=16), int(points.codes[7])
    seen = [
        np.count_nonzero(cells(data(points, view=coarse, back=back))[1] == code)
        for back in ((), [other for other in range(9) if other != code])
    ]
    assert seen[1] > 2 * seen[0], "what lies behind hides nothing"

    near = data(points, view=View((0.4, 0.4, 0.6, 0.6)))
    rows = read(near, "rows")
    seen = np.flatnonzero((np.abs(points.coords - 0.5) <= 0.1).all(axis=1))
    assert near["kind"] == "points"
    assert set(seen.tolist()) <= set(rows.tolist())
    assert len(rows) <= 500
    moved = data(points, view=View((0.41, 0.41, 0.61, 0.61)))
    assert moved["place"] == near["place"], "a short drag needs nothing new"
    few = MapPoints(points.coords, points.codes, alive=np.arange(2_000) % 10 == 0)
    assert read(data(few), "rows").tolist() == list(range(0, 2_000, 10))


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        pytest.param({"kind": "open", "row": 1, "at": [1, 0.5], "serial": 7}, ("open", 1), id="open"),
        pytest.param({"kind": "hover", "row": 2, "at": [0.25, 1.00001]}, ("hover", 2), id="hover"),
        pytest.param({"kind": "open", "row": 0, "at": [1, 0.5]}, ("open", 1), id="the-rows-have-changed"),
        pytest.param({"kind": "open", "row": 9_999, "at": [0, 0]}, ("open", 0), id="fewer-rows-now"),
        pytest.param({"kind": "open", "row": 0, "at": [0.5, 0.5]}, None, id="nothing-lies-there-now"),
        pytest.param({"kind": "open", "row": 3, "at": [0, 5]}, None, id="without-a-place"),
        pytest.param({"kind": "open", "row": True, "at": [0, 0]}, None, id="no-number"),
        pytest.param({"kind": "open", "row": 0.5, "at": [0, 0]}, ("open", 0), id="half-a-row"),
        pytest.param({"kind": "open", "row": 1}, None, id="no-place"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [1, 0], [1, 1]]}, ("region", None), id="region"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [1, 0]]}, None, id="a-line"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [1, 0], [1, float("nan")]]}, None, id="nan"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [1, 0], [1, 1e300]]}, None, id="far"),
        pytest.param({"kind": "region", "polygon": [[0, 0]] * 65}, None, id="too-many-corners"),
        pytest.param({"kind": "region", "polygon": [[0, 0], [1], "x"]}, None, id="no-corner"),
        pytest.param({"kind": "clear"}, ("clear", None), id="clear"),
        pytest.param({"kind": "need", "serial": 1}, None, id="need-is-none"),
        pytest.param({"kind": "view", "low": [0, 0], "high": [1, 1], "columns": 9, "rows": 9}, ("view", None), id="view"),
        pytest.param({"kind": "view", "low": [1, 0], "high": [0, 1], "columns": 9, "rows": 9}, None, id="empty-view"),
        pytest.param({"kind": ["open"]}, None, id="kind-is-a-list"),
        pytest.param("open", None, id="text"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_gesture_is_what_was_meant_or_none(sent, wanted):
    found = gesture_of(sent, POINTS)
    assert (found and (found.kind, found.row)) == wanted
    assert found is None or found.serial == serial_of(sent)


def test_a_view_asks_for_no_more_cells_than_a_screen_has():
    view = view_of({"kind": "view", "low": [0, 0], "high": [1, 1], "columns": 1e9, "rows": -5})
    assert view == View((0.0, 0.0, 1.0, 1.0), 800, 16)


def test_points_near_a_place_come_nearest_first():
    assert POINTS.near(0.2, 0.9, reach=1).tolist() == [2, 1, 0]
    assert POINTS.near(0.2, 0.9, reach=0.01).tolist() == []


@pytest.mark.skipif(NODE is None, reason="Node is not installed: the script is tried in the browser tests only")
def test_points_are_drawn_from_back_to_front_and_a_lasso_has_few_corners():
    picture = {"count": 300, "back": [2], "ghosts": True, "total": 300, "size": None}
    program = f"""{chart.module()}
        const picture = {json.dumps(picture)};
        // Colour 2 is noise, colour 1 is rare, and of the ten last rows none is there.
        picture.colour = Uint8Array.from({{length: 300}}, (_, i) => (i < 100 ? 2 : i < 104 ? 1 : 0));
        picture.alive = new Uint8Array(38).fill(255).fill(0, 36);
        picture.picked = null;
        const plain = arranged(picture);
        picture.picked = new Uint8Array(38).fill(0);
        picture.picked[37 - 18] = 255;
        const dimmed = arranged({{...picture, ghosts: false}});
        const circle = Array.from({{length: 2000}}, (_, i) => [300 * Math.cos(i / 318), 300 * Math.sin(i / 318)]);
        const camera = new Camera({{x: 1, y: 1, zoom: 4}}, [0, 0, 2, 2], {{width: 800, height: 500}});
        const near = zoomed(camera, 3, 100, 80), after = new Camera(near, camera.extent, camera.size);
        console.log(JSON.stringify({{plain: [...plain.order], shown: plain.shown, dimmed: [...dimmed.order].slice(-8),
            few: dimmed.order.length, corners: outlined(circle).length,
            apart: Math.hypot(after.px(camera.x(100)) - 100, after.py(camera.y(80)) - 80)}}));"""
    ran = subprocess.run([str(NODE), "--input-type=module"], input=program, capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert sorted(found["plain"]) == list(range(300))
    assert set(found["plain"][:12]) == set(range(288, 300)), "what is not there lies behind"
    assert set(found["plain"][12:112]) == set(range(100)), "then noise"
    assert set(found["plain"][-4:]) == set(range(100, 104)), "what is rare lies above"
    assert (found["shown"], found["few"]) == (288, 288)
    assert set(found["dimmed"]) == set(range(152, 160)), "what is picked lies above the rest"
    assert 20 <= found["corners"] <= 64
    assert found["apart"] < 1e-6, "a zoom holds the place under the pointer"


def test_a_chart_draws_in_a_page_and_nothing_comes_back_at_first():
    def page():
        import numpy as np
        import streamlit as st

        from pages.shared.map.chart import MapPoints, map_chart

        points = MapPoints(np.zeros((5, 2), "f4"), np.zeros(5, "u1"))
        found = map_chart(points, key="map", palette=["#000000"], names=["a"], title="Map", file_name="map")
        st.text(repr(found))

    shown = AppTest.from_function(page).run()
    assert not shown.exception
    assert [text.value for text in shown.text] == ["None"]
