"""The lifecycle in a real browser: a rule is tried, planned, applied, found in the history and taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_dashboard import CONTRAST
from tests.pages.app import seed
from tests.pages.test_lifecycle import aged_memories

IDLE = "[data-testid='stApp'][data-test-script-state='notRunning']"
ROWS = "[class*='st-key-rule_row_']"
DEEDS = "[class*='st-key-row_deed_']"


@pytest.fixture
def server(start_server, tmp_path):
    """A dashboard over memories that the default rules touch."""
    started = start_server(seed(tmp_path / "s", aged_memories()))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shown(start_server, tmp_path_factory):
    """A dashboard that the tests only look at."""
    return start_server(seed(tmp_path_factory.mktemp("store") / "s", aged_memories()))


def test_a_rule_is_planned_applied_found_in_the_history_and_taken_back(server, page):
    page.goto(f"{server.url}/lifecycle")
    row = page.locator(ROWS, has_text="Past their own date")
    expect(row).to_contain_text("2")
    row.get_by_role("button", name="Plan this").click()
    page.wait_for_url(re.compile(r"/plan\?.*plan="))
    expect(page.get_by_text("The offer ended in spring.")).to_be_visible()
    page.locator(".st-key-apply button").click()
    expect(page.get_by_text("2 memories retired").first).to_be_visible()

    page.get_by_role("link", name="History").click()
    deed = page.locator(DEEDS, has_text="2 memories retired")
    deed.get_by_role("button").click()
    page.wait_for_url(re.compile("deed="))
    expect(page.get_by_text("The code of the day was 1234.")).to_be_visible()
    page.locator("[class*='st-key-deed_pick_']").first.locator("label").click()
    page.get_by_role("button", name="Undo 1 chosen change").click()
    page.wait_for_url(re.compile(r"/plan\?"))
    page.locator(".st-key-apply button").click()
    expect(page.locator(".mn-verdict")).to_contain_text("1 memory as before")

    page.get_by_role("link", name="History").click()
    expect(page.locator(DEEDS, has_text="1 taken back")).to_be_visible()
    page.get_by_role("link", name="Lifecycle").click()
    expect(page.locator(ROWS, has_text="Past their own date").locator(".mn-effect b")).to_have_text("1")


def test_rules_are_tried_before_they_are_saved(server, page, context):
    page.goto(f"{server.url}/lifecycle")
    page.get_by_text("Change the expiry rules").click()
    grace = page.get_by_role("spinbutton", name="Days of grace after it")
    grace.fill("30")
    grace.press("Enter")
    expect(page.get_by_text("You are trying rules that are not saved")).to_be_visible()
    count = page.locator(ROWS, has_text="Past their own date").locator(".mn-effect b")
    expect(count).to_have_text("1")

    other = context.new_page()
    other.goto(f"{server.url}/lifecycle")
    expect(other.locator(ROWS, has_text="Past their own date").locator(".mn-effect b")).to_have_text("2")
    page.get_by_role("button", name="Save the rules").click()
    expect(page.get_by_text("You are trying rules that are not saved")).to_have_count(0)
    other.reload()
    expect(other.locator(ROWS, has_text="Past their own date").locator(".mn-effect b")).to_have_text("1")


def test_a_half_life_is_taken_away(server, page):
    page.goto(f"{server.url}/lifecycle")
    page.get_by_text("Change how confidence fades").click()
    half = page.get_by_role("spinbutton", name=re.compile("Episodic"))
    half.fill("")
    half.press("Enter")
    expect(page.get_by_text("never fades · 2 state a confidence")).to_be_visible()
    expect(page.get_by_role("button", name="Plan to retire what has faded · 0")).to_be_disabled()


def test_a_golden_query_is_made_and_run(server, page):
    page.goto(f"{server.url}/golden")
    page.get_by_role("button", name="Add one").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Question").fill("When does the discount end?")
    dialog.get_by_role("textbox", name="Question").press("Enter")
    box = dialog.get_by_placeholder("Choose from what comes back now")
    expect(box).to_be_enabled()
    page.wait_for_selector(IDLE)
    box.click()
    page.get_by_role("option", name=re.compile("The discount ends soon")).click()
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    row = page.locator("[class*='st-key-golden_row_']", has_text="When does the discount end?")
    expect(row).to_contain_text("The discount ends soon.")
    page.get_by_role("button", name="Run them now").click()
    expect(row).to_contain_text(re.compile(r"rank \d"))


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("path", ["lifecycle", "golden", "history"])
def test_every_text_is_readable_and_nothing_scrolls_sideways(shown, page, appearance, path):
    page.emulate_media(color_scheme=appearance)
    page.goto(f"{shown.url}/{path}")
    page.wait_for_selector(IDLE)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for box in page.locator("details summary").all():
        box.click()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_selector(IDLE)
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
