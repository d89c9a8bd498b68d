"""The map in a real browser: a box that becomes a plan, a text under the pointer, two maps with one selection."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.memory import Memory
from tests.pages.app import NOW, seed
from tests.pages.curating import records
from tests.pages.mapped import keep_map

# Two groups of eight, at the left and at the right.
PLACES = [(0.1 + 0.8 * (i // 8) + 0.04 * (i % 3), 0.3 + 0.05 * (i % 8)) for i in range(16)]


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over sixteen memories of two agents, whose map is kept."""
    memories = [
        Memory(
            f"m{i:02d}",
            f"{('The harbour crane lifts container', 'The violin lesson is about scale')[i // 8]} {i}",
            "semantic",
            agent_id=("ann", "bob")[i % 2],
            created_at=NOW,
        )
        for i in range(16)
    ]
    directory = seed(tmp_path_factory.mktemp("map") / "s", memories)
    return start_server(keep_map(directory, places=PLACES, codes=[i // 8 for i in range(16)]))


def stage(page, name="coloured by cluster"):
    return page.get_by_role("application", name=re.compile(name))


def at(page, x, y, name="coloured by cluster"):
    """Return where in the page a place of the map is drawn."""
    place = stage(page, name).bounding_box()
    x0, y0, x1, y1 = map(float, stage(page, name).get_attribute("data-view").split())
    return place["x"] + (x - x0) / (x1 - x0) * place["width"], place["y"] + (y1 - y) / (y1 - y0) * place["height"]


def box(page, x0, y0, x1, y1):
    """Draw a box with Shift, from corner to corner."""
    page.keyboard.down("Shift")
    page.mouse.move(*at(page, x0, y0))
    page.mouse.down()
    page.mouse.move(*at(page, x1, y1), steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")


def rested(page):
    """Wait until nothing runs, with the whole map on the screen."""
    stage(page, "coloured by").first.evaluate("(element) => element.scrollIntoView({block: 'center'})")
    expect(page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")).to_be_visible()


def test_the_text_is_under_the_pointer_and_a_click_opens_it(server, page):
    page.goto(f"{server.url}/map?colour=agent")
    expect(page.get_by_text("16 memories · 2 clusters")).to_be_visible()
    rested(page)
    page.mouse.move(*at(page, *PLACES[3], "coloured by agent"))
    expect(page.get_by_text("The harbour crane lifts container 3")).to_be_visible()
    page.mouse.click(*at(page, *PLACES[3], "coloured by agent"))
    page.wait_for_url(re.compile(r"sel=m03"))
    expect(page.locator(".st-key-inspector").get_by_text("The harbour crane lifts container 3")).to_be_visible()


def test_what_is_selected_in_one_map_is_selected_in_both(server, page):
    page.goto(f"{server.url}/map?beside=agent&q=violin")
    expect(stage(page, "coloured by agent")).to_be_visible()
    expect(page.get_by_text(re.compile("What an agent would be given"))).to_be_visible()
    rested(page)
    page.locator(".st-key-map_legend_beside").get_by_role("button", name="ann").first.click()
    expect(page.get_by_text("8 selected")).to_be_visible()
    expect(page.locator("[class*='st-key-row_chosen_']")).to_have_count(8)
    page.locator(".st-key-bar_clear").get_by_role("button").first.click()
    expect(page.get_by_text("16 memories · 2 clusters")).to_be_visible()


def test_a_box_becomes_a_plan_of_just_what_was_in_it(server, page):
    page.goto(f"{server.url}/map")
    expect(stage(page)).to_be_visible()
    rested(page)
    box(page, 0.08, 0.28, 0.4, 0.7)
    expect(page.get_by_text("8 selected")).to_be_visible()
    page.wait_for_url(re.compile(r"area="))
    with page.expect_download() as download:
        page.locator(".st-key-map_chosen_jsonl").get_by_role("button").first.click()
    assert len(download.value.path().read_text().splitlines()) == 8

    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_text("8 selected")).to_be_visible()
    before = records(server.store)
    page.locator(".st-key-bar_retire").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="What would this plan change?")).to_be_visible()
    page.get_by_role("button", name="Retire 8 memories").click()
    expect(page.get_by_text("8 memories retired.")).to_be_visible()
    assert records(server.store).keys() == {f"m{i:02d}" for i in range(8, 16)} < before.keys()
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_text("8 memories · 1 cluster")).to_be_visible()
