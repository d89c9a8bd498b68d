"""The drawing of a timeline in a real browser: what a reader does in it comes to Python once, and as what was meant."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.drawn import SVG, Drawing, Harness, on_a_phone

MINUTE = 60_000_000
START = 1_794_646_800_000_000  # 14 Nov 2026, 09:00 UTC: the first memory of the harness


class TimelineDrawing(Drawing):
    """The timeline in the page: places in it are in its own pixels."""

    @property
    def view(self):
        """The ends of what is in view."""
        return tuple(map(int, self.stage.get_attribute("data-view").split()))

    def at(self, x, y):
        """A place in the page; negative ones count from the right and the foot."""
        box = self.stage.bounding_box()
        return box["x"] + x + (box["width"] if x < 0 else 0), box["y"] + y + (box["height"] if y < 0 else 0)

    def drag(self, *places):
        """Press at the first place, go over the others, let go at the last."""
        self.page.mouse.move(*self.at(*places[0]))
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*self.at(*place), steps=3)
        self.page.mouse.up()


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    """The harness page, started once."""
    server = Harness("timeline_harness.py", tmp_path_factory.mktemp("harness"))
    yield server
    server.stop()


def test_zoom_and_drag_show_at_once_what_python_then_gives_exactly(harness, page):
    drawing = TimelineDrawing(page, f"{harness.url}/?n=30000")
    expect(page.get_by_text("30,000 memories, 3 without a time", exact=False).first).to_be_visible()
    whole = drawing.view
    page.mouse.move(*drawing.at(400, 100))
    page.mouse.wheel(0, 200)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(drawing.stage).not_to_have_attribute("data-view", f"{whole[0]} {whole[1]}")
    expect(drawing.stage).to_have_attribute("data-kind", "density")
    near = drawing.heard("window")
    assert near["hi"] - near["lo"] < 0.9 * (whole[1] - whole[0]), "only the wheel with Ctrl zooms"
    assert (near["lo"], near["hi"]) == pytest.approx(drawing.view, abs=2)
    expect(page.locator(".said")).to_contain_text(re.compile(r"[\d,]+ of 30,000 memories in view"))
    expect(page.locator("[aria-live]")).to_contain_text(re.compile(r"^[\d,]+ of 30,000 memories in view"))

    drawing.drag((400, 100), (300, 120))
    later = drawing.heard("window")
    assert later["lo"] > near["lo"]
    assert later["hi"] - later["lo"] == pytest.approx(near["hi"] - near["lo"], rel=1e-6)
    drawing.press("Show everything")
    assert (drawing.heard("window")["lo"], drawing.view) == (pytest.approx(whole[0], abs=2), pytest.approx(whole, abs=2))

    brush = -48
    drawing.drag((-11, brush), (-250, brush))
    half = drawing.heard("window")
    assert half["lo"] == pytest.approx(whole[0], abs=2)
    assert half["hi"] < whole[1] - (whole[1] - whole[0]) // 4
    drawing.stage.press("+")
    assert drawing.heard("window")["hi"] - drawing.view[0] == pytest.approx((half["hi"] - half["lo"]) / 2, rel=0.01)
    expect(drawing.stage).to_have_attribute("data-kind", "points")
    drawing.stage.press("Enter")
    assert drawing.heard("open")["row"] >= 0, "what was counts are memories now"


def test_a_click_a_box_a_lasso_and_keys_say_which_memories(harness, page):
    drawing = TimelineDrawing(page, f"{harness.url}/?n=200&past=1")
    lo, hi = drawing.view
    box = drawing.stage.bounding_box()
    lane = 48

    def x_of(moment):
        left, right = 200 + 12, box["width"] - 12
        return left + (moment - lo) / (hi - lo) * (right - left)

    first = (x_of(START), 40 + lane / 2)
    page.mouse.move(*drawing.at(*first))
    expect(page.locator(".tip")).to_contain_text("memory 0 </text><script>")
    expect(page.locator(".tip")).to_contain_text("14 Nov 2026, 09:00:00 UTC")
    page.mouse.click(*drawing.at(*first))
    assert drawing.heard("open")["row"] == 0

    page.keyboard.down("Shift")
    drawing.drag((x_of(START + 60 * MINUTE), 40 + lane + 5), (x_of(START + 120 * MINUTE), 40 + 2 * lane + 30))
    page.keyboard.up("Shift")
    chosen = drawing.heard("region")["polygon"]
    assert [corner[1] for corner in chosen] == [1, 1, 3, 3], "a box covers whole lanes"
    assert [corner[0] for corner in chosen[:2]] == pytest.approx([START + 60 * MINUTE, START + 120 * MINUTE], abs=2 * MINUTE)

    drawing.press("Select with a lasso")
    drawing.drag((300, 60), (400, 60), (400, 150), (300, 150))
    assert 4 <= len(drawing.heard("region")["polygon"]) <= 64
    drawing.stage.press("ArrowRight")
    assert drawing.heard("step")["step"] == 1
    drawing.stage.press("Escape")
    assert drawing.heard("clear")
    drawing.stage.press("Enter")
    assert drawing.heard("open")["row"] == 0, "the first memory in view"

    page.mouse.click(*drawing.at(200 + 12 + 11, 40 + 4 * lane + 15))
    assert drawing.heard("open")["row"] == 198, "the second of those without a time"

    past = x_of(START + 120 * MINUTE)
    drawing.drag((past, 30), (past + 50, 30))
    moved = drawing.heard("as_of")["x"]
    assert moved == pytest.approx(START + 120 * MINUTE + 50 * (hi - lo) / (box["width"] - 224), abs=MINUTE)


def test_it_is_said_saved_and_pinched(harness, browser):
    with on_a_phone(browser) as page:
        drawing = TimelineDrawing(page, f"{harness.url}/?n=200")
        drawing.is_named("What 200 memories were about", "200 memories in 4 lanes")
        texts = [element.text or "" for element in drawing.saved().iter(f"{SVG}text")]
        said = [text for text in texts if re.match(r"14 Nov 2026, .* UTC, |200 memories, 3 without a time$", text)]
        assert len(said) == 2, "what is in view is said, in two lines on a phone"
        assert {"episodic", "semantic", "procedural", "retired", "conflicting"} <= set(texts)

        lo, hi = drawing.view
        drawing.pinch(*drawing.at(180, 90))
        near = drawing.heard("window")
        assert near["hi"] - near["lo"] == pytest.approx((hi - lo) / 3, rel=0.05)
