"""Looking back in a real browser: scrub, see the line above the page, search the past, come back to now; a deep link."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from core.access import LOCAL_ADMIN
from core.curation.deletion import plan_deletion
from core.past.moment import Moment
from tests.pages.app import NOW, seed, team_memories
from tests.pages.curating import opened_desk

IDLE = "[data-testid='stApp'][data-test-script-state='notRunning']"


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over the small team's memories, of which one was retired a moment ago."""
    store = seed(tmp_path_factory.mktemp("past") / "s", team_memories())
    with opened_desk(store) as desk:
        plan = plan_deletion(
            desk.store, ["k2"], actor=LOCAL_ADMIN, now=datetime.now(UTC), plan_id="gone", reason="Outdated."
        )
        desk.apply(plan, actor=LOCAL_ADMIN, measured=False, unmeasured="a test")
    return start_server(store)


def test_scrubbing_shows_what_was_there_then_on_every_page_and_leads_back(server, page):
    page.goto(server.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("radio", name="A moment").click()
    line = page.locator(".st-key-past_banner")
    expect(line.get_by_text("7 memories then, 7 now")).to_be_visible()
    page.get_by_role("slider", name="Moment").focus()
    page.keyboard.press("Home")
    expect(line.get_by_text("2 memories then, 7 now")).to_be_visible()
    page.get_by_role("button", name="Later").click()
    expect(line.get_by_text("3 memories then, 7 now")).to_be_visible()
    page.wait_for_url(re.compile("as_of="))
    expect(page.locator(IDLE)).to_be_visible()
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Question").fill("Who approves refunds?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Refunds need the approval of the team lead.")).to_be_visible()
    expect(page.get_by_text("3 of 3 memories in scope")).to_be_visible()
    line.get_by_role("button", name="Back to now").click()
    expect(page.get_by_text("6 of 6 memories in scope")).to_be_visible()
    expect(page.get_by_text("Refunds need the approval of the team lead.")).to_have_count(0)
    expect(line).to_have_count(0)


def test_a_deep_link_opens_the_past_on_a_phone_and_tells_what_changed_since(server, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/search?q=refund&sel=k2&as_of={Moment(NOW - timedelta(days=2)).text}")
    inspector = page.locator(".st-key-inspector")
    expect(inspector.get_by_text(re.compile("Retired 2 days later by local: Outdated."))).to_be_visible()
    expect(inspector.get_by_role("button", name="Erase")).to_be_disabled()
    inspector.get_by_role("button", name="Close").click()
    page.wait_for_url(re.compile("^((?!sel=).)*$"))
    link = page.url
    page.wait_for_selector(IDLE)
    page.get_by_role("button", name="What changed since").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("1 was written, 1 expired and 1 retired"))).to_be_visible()
    dialog.get_by_text("Retired · 1").click()
    expect(dialog.get_by_text("Refunds need the approval of the team lead.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 1
    dialog.get_by_role("button", name="Restore as of then").click()
    expect(page.get_by_role("heading", name="What would this plan change?")).to_be_visible()
    page.goto(link)
    page.wait_for_selector(IDLE)
    page.get_by_role("button", name="What changed since").click()
    dialog.get_by_text("Retired · 1").click()
    dialog.get_by_role("button", name="Open in History").click()
    expect(page.get_by_role("heading", name="Retire 1 memory")).to_be_visible()
    expect(page.get_by_text("This page works on what is there now")).to_be_visible()
