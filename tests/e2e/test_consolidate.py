"""Consolidation in a real browser: a draft is edited, what no source says is flagged, the merge is applied and undone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_dashboard import CONTRAST
from tests.pages.app import seed
from tests.pages.test_consolidate import HARBOUR, told_memories

LINES = "[class*='st-key-row_line_']"


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over two tasks that could each be one memory."""
    return start_server(seed(tmp_path_factory.mktemp("store") / "s", told_memories()))


def test_a_draft_is_edited_planned_applied_and_unmerged(server, page):
    page.goto(f"{server.url}/consolidate?keep=90")
    page.get_by_role("button", name="Open the draft of task crane").click()
    page.wait_for_url(re.compile("group="))
    line = page.locator(LINES, has_text="number four")
    line.get_by_role("button").click()
    box = page.get_by_role("textbox", name="Sentence")
    box.fill(HARBOUR[1].replace("four", "nine"))
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("No source says the number “nine”.")).to_be_visible()
    expect(page.locator(".st-key-propose_one button").first).to_be_disabled()
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")

    page.locator(LINES, has_text="number nine").get_by_role("button").click()
    page.get_by_role("textbox", name="Sentence").fill(HARBOUR[1])
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("A source says each of 4 sentences.")).to_be_visible()
    page.locator(".st-key-propose_one button").first.click()
    page.wait_for_url(re.compile(r"/plan\?.*plan="))
    page.locator(".st-key-apply button").click()
    expect(page.get_by_text("4 memories retired").first).to_be_visible()

    page.goto(f"{server.url}/search?q=harbour+crane&k=3")
    page.locator("[class*='st-key-hit_']", has_text="Rotterdam").get_by_role("button").first.click()
    page.get_by_role("tab", name="Lineage").click()
    expect(page.locator("[class*='st-key-row_from_1_']")).to_have_count(4)
    page.get_by_role("button", name="Bring it back").first.click()
    page.wait_for_url(re.compile(r"/plan\?.*plan="))
    page.locator(".st-key-apply button").click()
    expect(page.locator(".mn-verdict").first).to_contain_text("1 memory added")
