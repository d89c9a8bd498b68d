"""The drawing of a map in a real browser: what a reader does in it comes to Python once, and as what was meant."""

from __future__ import annotations

import json
import re
import zlib

import pytest
from playwright.sync_api import expect

from pages.shared.theme import AGENT_CYCLE
from tests.e2e.drawn import SVG, Drawing, Harness, on_a_phone

# A browser without WebGL, as some remote desktops and hardened ones are.
NO_WEBGL = """
const kept = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : kept.call(this, kind, ...rest);
};"""
LOSE = (
    """(canvas) => { window.lost = canvas.getContext('webgl2').getExtension('WEBGL_lose_context'); lost.loseContext(); }"""
)


# The view of five frames in a row.
STILL = """stage => new Promise((tell) => {
  let seen = null, times = 0;
  const look = () => {
    times = stage.dataset.view === seen ? times + 1 : 1;
    seen = stage.dataset.view;
    if (times === 5) tell(seen); else requestAnimationFrame(look);
  };
  look();
})"""


class MapDrawing(Drawing):
    """The map in the page: places in it are in its own pixels, or on the map."""

    def __init__(self, page, address):
        self.received = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self.received.append(len(frame))))
        super().__init__(page, address)
        self.rows, self.places, self.codes = json.loads(page.locator("[data-known]").get_attribute("data-known"))

    @property
    def view(self):
        """What is in view, once it moves no more: x and y from, x and y until."""
        return tuple(map(float, self.stage.evaluate(STILL).split()))

    @property
    def width(self):
        """How much of the map is in view from left to right."""
        return self.view[2] - self.view[0]

    def at(self, x, y):
        """A place in the page, of one on the map."""
        box, (x0, y0, x1, y1) = self.stage.bounding_box(), self.view
        return box["x"] + (x - x0) / (x1 - x0) * box["width"], box["y"] + (y1 - y) / (y1 - y0) * box["height"]

    def middle(self, dx=0, dy=0):
        """A place in the page, off the middle of the stage by pixels."""
        box = self.stage.bounding_box()
        return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy

    def drag(self, *places):
        """Press at the first place of the page, go over the others, let go at the last."""
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=3)
        self.page.mouse.up()

    def zoom_to(self, place, steps=5):
        """Zoom in around a place of the map, with Ctrl and the wheel."""
        self.page.mouse.move(*self.at(*place))
        self.page.keyboard.down("Control")
        for _ in range(steps):
            before = self.stage.get_attribute("data-view")
            self.page.mouse.wheel(0, -100)
            expect(self.stage).not_to_have_attribute("data-view", before)
        self.page.keyboard.up("Control")

    def colour_at(self, x, y):
        """The colour of a pixel of the page."""
        image = self.page.screenshot(clip={"x": round(x), "y": round(y), "width": 1, "height": 1})
        at, data = 8, b""
        while at < len(image):
            length = int.from_bytes(image[at : at + 4], "big")
            data += image[at + 8 : at + 8 + length] if image[at + 4 : at + 8] == b"IDAT" else b""
            at += 12 + length
        return tuple(zlib.decompress(data)[1:4])


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    """The harness page, started once."""
    server = Harness("map_harness.py", tmp_path_factory.mktemp("harness"))
    yield server
    server.stop()


def test_a_hundred_thousand_points_move_at_once_and_are_sent_once(harness, page):
    drawing = MapDrawing(page, f"{harness.url}/?n=100000")
    expect(drawing.stage).to_have_attribute("data-engine", "webgl")
    expect(page.locator(".said")).to_contain_text("100,000 memories")
    assert 500_000 < max(drawing.received) < 1_200_000
    whole, place = drawing.width, drawing.places[1]
    before = drawing.at(*place)
    page.mouse.move(*before)
    page.mouse.wheel(0, 100)
    drawing.zoom_to(place)
    assert drawing.width < whole / 3, "only the wheel with Ctrl zooms"
    assert drawing.at(*place) == pytest.approx(before, abs=4), "what is under the pointer stays there"
    expect(page.locator(".said")).to_contain_text(re.compile(r"[\d,]+ of 100,000 memories in view"))

    drawing.received.clear()
    page.mouse.click(before[0] + 1, before[1])
    asked = drawing.heard("open")["row"]
    page.mouse.move(before[0] + 2, before[1])
    page.mouse.move(before[0] + 1, before[1])
    expect(page.locator(".tip")).to_contain_text(f"What memory {asked} says </text><script>")
    assert max(drawing.received) < 200_000, "the points are not sent again"

    there = drawing.at(*place)
    drawing.drag(drawing.middle(), drawing.middle(60, -40))
    assert drawing.at(*place) == pytest.approx((there[0] + 60, there[1] - 40), abs=1)
    drawing.press("Show everything")
    expect(page.locator(".said b")).to_have_text("100,000 memories")
    assert drawing.width == pytest.approx(whole, rel=1e-3)

    drawing.received.clear()
    page.evaluate("globalThis[Symbol.for('mnemoscope.map')].columns.clear()")
    page.mouse.move(*drawing.at(*drawing.places[2]))
    expect(page.locator(".tip")).to_contain_text(re.compile(r"What memory \d+ says"))
    assert max(drawing.received) > 500_000, "what a browser has lost is sent again"


def test_a_lasso_a_box_and_keys_say_which_memories(harness, page):
    drawing = MapDrawing(page, f"{harness.url}/?n=2000&hits=1")
    drawing.press("Select with a lasso")
    drawing.drag(*(drawing.middle(dx, dy) for dx, dy in ((-200, -150), (150, -150), (160, 120), (-180, 140), (-200, -140))))
    lasso = drawing.heard("region")["polygon"]
    assert 4 <= len(lasso) <= 64
    page.locator("[data-picked]").wait_for(state="attached")
    page.keyboard.down("Shift")
    drawing.drag(drawing.middle(-90, -60), drawing.middle(70, 50))
    page.keyboard.up("Shift")
    box = drawing.heard("region")["polygon"]
    corners = [drawing.at(*corner) for corner in box]
    assert corners[0] == pytest.approx(drawing.middle(-90, -60), abs=1)
    assert corners[2] == pytest.approx(drawing.middle(70, 50), abs=1)
    drawing.stage.press("Escape")
    assert drawing.heard("clear")
    expect(page.locator("[data-picked]")).to_have_count(0)

    drawing.stage.focus()
    for key, hit in (("Tab", 1), ("Tab", 2), ("Shift+Tab", 1)):
        page.keyboard.press(key)
        said = f"Hit {hit} of 10: What memory {drawing.rows[2 + hit]} says"
        expect(page.locator("[aria-live]")).to_contain_text(said)
    page.keyboard.press("Enter")
    assert drawing.heard("open")["row"] == drawing.rows[3]
    seen = drawing.view
    page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-live]")).to_contain_text("In the middle: ")
    assert drawing.view[0] == pytest.approx(seen[0] + 0.2 * (seen[2] - seen[0]), rel=0.01)


def test_colours_are_right_with_and_without_webgl(harness, context, page):
    drawing = MapDrawing(page, f"{harness.url}/?n=300")
    place, code = next((p, c) for p, c in zip(drawing.places, drawing.codes, strict=False) if c < 12)
    colour = AGENT_CYCLE[code][0]
    wanted = tuple(0.92 * int(colour[at : at + 2], 16) + 0.08 * 255 for at in (1, 3, 5))
    drawing.zoom_to(place, 8)
    expect(drawing.stage).to_have_attribute("data-engine", "webgl")
    assert drawing.colour_at(*drawing.at(*place)) == pytest.approx(wanted, abs=4)
    points = drawing.stage.locator("canvas.points")
    points.evaluate(LOSE)
    expect(drawing.stage).to_have_attribute("data-engine", "canvas")
    assert drawing.colour_at(*drawing.at(*place)) == pytest.approx(wanted, abs=4)
    page.evaluate("lost.restoreContext()")
    expect(drawing.stage).to_have_attribute("data-engine", "webgl")
    assert drawing.colour_at(*drawing.at(*place)) == pytest.approx(wanted, abs=4)

    page.add_init_script(NO_WEBGL)
    without = MapDrawing(page, f"{harness.url}/?n=300")
    expect(without.stage).to_have_attribute("data-engine", "canvas")
    expect(page.locator(".said")).to_contain_text("drawn without WebGL")
    without.zoom_to(place, 8)
    assert without.colour_at(*without.at(*place)) == pytest.approx(wanted, abs=4)


def test_more_points_than_can_be_sent_are_counted_until_one_zooms_in(harness, page):
    drawing = MapDrawing(page, f"{harness.url}/?n=400000&two=1")
    expect(drawing.stage).to_have_attribute("data-kind", "raster")
    expect(page.locator(".said").first).to_contain_text("400,000 memories")
    drawing.zoom_to(drawing.places[1], 8)
    expect(drawing.stage).to_have_attribute("data-kind", "points")
    assert max(drawing.received) < 5_000_000
    page.mouse.click(*drawing.at(*drawing.places[1]))
    assert drawing.heard("open")["row"] == 1
    other = page.locator(".stage[data-view]").nth(1)
    expect(other).to_have_attribute("data-view", drawing.stage.get_attribute("data-view"))


def test_it_is_said_saved_and_pinched(harness, browser):
    with on_a_phone(browser) as page:
        drawing = MapDrawing(page, f"{harness.url}/?n=300&hits=1")
        drawing.is_named("A map of 300 memories", "300 memories, near to each other")
        drawn = drawing.saved()
        texts = [element.text or "" for element in drawn.iter(f"{SVG}text")]
        assert any(text.startswith("300 memories · UMAP") for text in texts)
        assert any(re.fullmatch(r"agent b \d+", text) for text in texts), "the legend counts"
        assert len(list(drawn.iter(f"{SVG}circle"))) > 300

        width = drawing.width
        drawing.pinch(*drawing.middle())
        expect(page.locator(".said")).to_contain_text("in view")
        assert drawing.width == pytest.approx(width / 3, rel=0.05)
