"""What a person does to learn what an agent knew: from its life to a recall, asked again, and the index as of then."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.past.given import recall_id
from tests.e2e.test_dashboard import CONTRAST
from tests.pages.asked import RECALLS, asked_store


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over a store whose agents asked before they wrote."""
    return start_server(asked_store(tmp_path_factory.mktemp("asked") / "store"))


def test_from_an_agents_life_to_what_it_knew_when_it_wrote(server, page):
    page.goto(server.url + "/timeline?view=agent&life=ann")
    expect(page.get_by_text("Never more than one memory at a time.")).to_be_visible()
    expect(page.locator(".st-key-life_activity .js-plotly-plot")).to_be_visible()
    page.get_by_role("button", name="See what it was given").click()
    expect(page.get_by_role("button", name="Open this recall")).to_have_count(2)
    page.locator("[class*='st-key-row_recall_']", has_text="rules of refunds").get_by_role("button").click()
    page.wait_for_url(re.compile(f"recall={recall_id(RECALLS[1])}"))
    expect(page.locator(".mn-given")).to_have_count(3)
    expect(page.get_by_text("Refunds need the approval of the team lead.")).to_be_visible()
    page.get_by_role("button", name="Ask again").click()
    now = page.locator(".mn-again").nth(2)
    expect(now.locator(".mn-missing", has_text="approval of the team lead")).to_contain_text("was 2, merged")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CONTRAST) == []
    page.locator(".st-key-row_next").get_by_role("button").click()
    page.wait_for_url(re.compile("sel=k7"))
    page.locator(".st-key-inspector").get_by_role("tab", name="Given").click()
    expect(page.locator(".st-key-inspector").get_by_text("It rests on 4 memories")).to_be_visible()
    page.get_by_role("button", name="See the dashboard as of then").click()
    page.wait_for_url(re.compile("as_of="))
    expect(page.locator(".st-key-past_banner")).to_contain_text("As of")
