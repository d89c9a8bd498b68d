"""Why not in a real browser: a miss, the change that brings it back, and two ways to ask side by side."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_dashboard import CONTRAST, IDLE, SIDEWAYS
from tests.pages.app import seed, team_memories


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over a team's memories."""
    return start_server(seed(tmp_path_factory.mktemp("store") / "s", team_memories()))


def test_a_missed_memory_is_brought_back(server, page):
    page.goto(f"{server.url}/search?q=Who+approves+refunds%3F&agent=ann&lens=missing")
    page.get_by_label("Which memory did you expect?").fill("login page")
    page.get_by_label("Which memory did you expect?").press("Enter")
    page.get_by_role("button", name="The login page may be slow.").click()
    page.wait_for_url(re.compile("expected=k6"))
    expect(page.locator(".mn-lost")).to_contain_text("In scope")
    expect(page.get_by_text("Asked for agent ann; it has bob.")).to_be_visible()
    page.get_by_role("button", name="Apply").first.click()
    page.wait_for_url(re.compile("agent=bob"))
    expect(page.get_by_text("It is there: result")).to_be_visible()
    page.locator(".st-key-search_lens").get_by_text("Results", exact=True).click()
    expect(page.get_by_text("The login page may be slow.").first).to_be_visible()


def test_two_ways_are_compared_and_one_is_taken(server, page):
    page.goto(f"{server.url}/search?q=Who+approves+refunds%3F&lens=compare")
    expect(page.get_by_text("Turn something on the left")).to_be_visible()
    page.wait_for_selector(IDLE)
    count = page.get_by_label("Results", exact=True).last
    count.fill("3")
    count.press("Enter")
    page.wait_for_url(re.compile("against=k"))
    expect(page.locator(".mn-moves")).to_contain_text("drops out")
    page.get_by_role("button", name="Use these settings").click()
    page.wait_for_url(re.compile(r"[?&]k=3"))
    expect(page.get_by_text("3 of 7 memories in scope")).to_be_visible()


@pytest.mark.parametrize("lens", ["pipeline", "missing", "given", "compare"])
def test_every_view_is_readable_and_never_scrolls_sideways(lens, server, page):
    page.goto(f"{server.url}/search?q=Who+approves+refunds%3F&expected=k6&k=3&budget=150&lens={lens}")
    page.wait_for_selector(IDLE)
    page.wait_for_selector(".mn-stage, .mn-way, .mn-entry, .mn-move")
    assert page.evaluate(CONTRAST) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_selector(IDLE)
    assert page.evaluate(SIDEWAYS) <= 1
