"""Duplicates in a real browser: the slider, a group, a rejection, the plan, applied with proofs and taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_dashboard import CONTRAST
from tests.pages.app import seed
from tests.pages.test_duplicates import repeated_memories

CARDS = "[class*='st-key-dup_head_']"


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over memories of which some say the same."""
    return start_server(seed(tmp_path_factory.mktemp("store") / "s", repeated_memories()))


def settled(page):
    """Wait until nothing is drawn any more."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_every_text_is_readable_and_nothing_scrolls_sideways(server, page, appearance):
    page.emulate_media(color_scheme=appearance)
    for path in ("duplicates", "duplicates?list=alike&likeness=60"):
        page.goto(f"{server.url}/{path}")
        expect(page.locator("[class*='st-key-dup_head_'], [class*='st-key-alike_side_']").first).to_be_visible()
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            settled(page)
            assert page.evaluate(CONTRAST) == []
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")


def test_groups_are_looked_at_rejected_merged_and_taken_back(server, page):
    page.goto(f"{server.url}/duplicates")
    expect(page.locator(CARDS)).to_have_count(2)
    thumb = page.get_by_role("slider", name="Merged from this certainty on")
    thumb.press("End")
    expect(page.locator(CARDS)).to_have_count(1)
    page.wait_for_url(re.compile("likeness=100"))
    page.go_back()
    expect(page.locator(CARDS)).to_have_count(2)

    page.locator(CARDS, has_text="certain").get_by_role("button", name="Not the same").click()
    expect(page.locator(CARDS)).to_have_count(1)
    page.get_by_role("textbox", name="Why, if you want to say").fill("two customers")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The reason is kept")).to_be_visible()
    page.get_by_text("Rejected · 1").click()
    expect(page.get_by_text("“two customers”")).to_be_visible()
    expect(page.get_by_text("Not the same, said")).to_be_visible()
    page.get_by_role("button", name="Ask again").click()
    page.get_by_text("Groups · 2").click()
    expect(page.locator(CARDS)).to_have_count(2)

    page.locator(CARDS, has_text="certain").locator("label", has_text="Merge").click()
    expect(page.get_by_text("1 group chosen:")).to_be_visible()
    page.get_by_role("button", name="See the plan").click()
    page.wait_for_url(re.compile(r"/plan\?.*plan="))
    expect(page.get_by_role("heading", name="2 changes")).to_be_visible()
    page.locator(".st-key-apply button").click()
    expect(page.get_by_text("1 memory retired").first).to_be_visible()

    page.get_by_role("link", name="Duplicates").click()
    expect(page.locator(CARDS)).to_have_count(1)
    page.get_by_role("link", name="History").click()
    page.locator("[class*='st-key-row_deed_']", has_text="1 memory retired").get_by_role("button").click()
    page.get_by_role("button", name=re.compile("^Undo")).first.click()
    page.wait_for_url(re.compile(r"/plan\?"))
    page.locator(".st-key-apply button").click()
    expect(page.locator(".mn-verdict").first).to_contain_text("as before")
    page.get_by_role("link", name="Duplicates").click()
    expect(page.locator(CARDS)).to_have_count(2)
