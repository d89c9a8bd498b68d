"""One task in a real browser: from the list to the step that went wrong in three clicks, and along the lanes by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.pages.app import seed
from tests.pages.test_task_view import task_memories


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over a few tasks."""
    return start_server(seed(tmp_path_factory.mktemp("store") / "s", task_memories()))


def test_the_step_that_went_wrong_is_three_clicks_away(server, page):
    page.goto(f"{server.url}/timeline")
    page.get_by_role("radio", name="One task").click()
    page.locator("[class*='st-key-row_task_']", has_text="build the parser").click()
    page.wait_for_url(re.compile("story=support%2Fbuild"))
    expect(page.get_by_text("It failed.")).to_be_visible()
    first = page.locator("[class*='st-key-row_first_']").first
    expect(first).to_contain_text("Made-up or assumed data")
    first.click()
    page.wait_for_url(re.compile("sel=b003"))
    inspector = page.locator(".st-key-inspector")
    expect(inspector.get_by_text("assume placeholder data.")).to_be_visible()

    lanes = page.get_by_role("application")
    lanes.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("sel=b004"))
    expect(inspector.get_by_text("Please look at report.csv")).to_be_visible()
    page.get_by_label("Go to step", exact=True).fill("7")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("sel=b007"))
    page.get_by_role("radio", name=re.compile("Claims and progress")).click()
    expect(page.get_by_text("bob claims “parser” in step 3 while ann holds it since step 2.")).to_be_visible()
    expect(page.get_by_role("application")).to_be_visible()
    page.get_by_role("button", name="All tasks").click()
    expect(page.get_by_text("4 tasks. Open one to read it as a story.")).to_be_visible()
