"""The timeline in a real browser: zoom, a box that becomes a plan, the keyboard, and a link that brings all of it back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.memory import Memory
from tests.pages.app import NOW, seed
from tests.pages.curating import records

START = NOW.replace(microsecond=0) - timedelta(days=40)


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over the work of two agents: twelve memories, one every two days, and one without a time."""
    memories = [
        Memory(
            f"m{i:02d}",
            f"Step {i} of the release",
            ("episodic", "semantic")[i % 2],
            agent_id=("ann", "bob")[i % 2],
            task_id="release",
            created_at=START + timedelta(days=2 * i),
        )
        for i in range(12)
    ]
    return start_server(seed(tmp_path_factory.mktemp("timeline") / "s", [*memories, Memory("m99", "From some day")]))


def stage(page):
    return page.get_by_role("application", name="Agents over time, coloured by type")


def box_over_both_lanes(page):
    """Draw a box over everything, from the right: there the drawing begins, on the left the labels are."""
    place = stage(page).bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(place["x"] + place["width"] - 15, place["y"] + 55)
    page.mouse.down()
    page.mouse.move(place["x"] + 30, place["y"] + 120, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")


def test_a_zoom_and_a_step_are_in_a_link_that_brings_them_back(server, page):
    page.goto(f"{server.url}/timeline?lanes=agent")
    expect(page.get_by_text("13 memories · 2 agents · 1 without a time")).to_be_visible()
    stage(page).focus()
    page.keyboard.press("+")
    page.wait_for_url(re.compile(r"window="))
    expect(page.locator(".st-key-timeline_line").get_by_text(re.compile(r"^\d of 13 memories in view"))).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"sel=m03"))  # the first in view
    expect(page.locator(".st-key-inspector").get_by_text("Step 3 of the release")).to_be_visible()
    page.keyboard.press("ArrowRight")  # the drawing still has the keyboard
    expect(page.locator(".st-key-inspector").get_by_text("Step 4 of the release")).to_be_visible()
    page.locator(".st-key-inspector").click(position={"x": 5, "y": 5})
    page.keyboard.press("n")
    expect(page.locator(".st-key-inspector").get_by_text("Step 5 of the release")).to_be_visible()
    page.wait_for_url(re.compile(r"sel=m05"))

    link, view = page.url, stage(page).get_attribute("data-view")
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".st-key-inspector").get_by_text("Step 5 of the release")).to_be_visible()
    expect(stage(page)).to_have_attribute("data-view", view)

    page.goto(f"{link}&as_of={START + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}")
    expect(
        page.locator(".st-key-timeline_line").get_by_text(
            re.compile(r"^\d of 6 memories in view · (\d of )?2 agents · 1 without a time")
        )
    ).to_be_visible()
    page.get_by_role("button", name="Back to now").click()
    expect(page.locator(".st-key-timeline_line").get_by_text(re.compile(r"^\d of 13 memories in view"))).to_be_visible()
    expect(stage(page)).to_have_attribute("data-view", view)


def test_a_box_becomes_a_plan(server, page):
    page.goto(f"{server.url}/timeline")
    expect(stage(page)).to_be_visible()
    expect(page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")).to_be_visible()
    box_over_both_lanes(page)
    expect(page.get_by_text("12 selected")).to_be_visible()
    expect(page.locator("[class*='st-key-row_chosen_']")).to_have_count(10)
    with page.expect_download() as download:
        page.locator(".st-key-timeline_chosen_jsonl").get_by_role("button").click()
    assert len(download.value.path().read_text().splitlines()) == 12

    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_text("12 selected")).to_be_visible()
    before = records(server.store)
    page.locator(".st-key-bar_retire").get_by_role("button").click()
    expect(page.get_by_role("heading", name="What would this plan change?")).to_be_visible()
    page.get_by_role("button", name="Retire 12 memories").click()
    expect(page.get_by_text("12 memories retired.")).to_be_visible()
    assert records(server.store).keys() == {"m99"} < before.keys()
    page.get_by_role("link", name="Timeline").click()
    expect(page.get_by_text("13 memories, of them 12 retired · 2 agents · 1 without a time")).to_be_visible()
