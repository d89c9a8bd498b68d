"""Curation in a real browser: select, preview, pre-flight, apply, undo; two people with one plan; erase; a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.access import LOCAL_ADMIN
from core.curation.golden import GoldenQueries, GoldenQuery
from tests.pages.app import NOW, seed, team_memories
from tests.pages.curating import kept_plan, opened_desk, records

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
ASKED = "/search?q=refund+of+Larkspur"
SELECTED = ("promised a refund", "approval of the team lead", "issue a credit note")
IDLE = "[data-testid='stApp'][data-test-script-state='notRunning']"


@pytest.fixture
def server(start_server, tmp_path):
    """A dashboard over the small team's memories, in a store of its own: these tests change it."""
    started = start_server(seed(tmp_path / "s", team_memories()))
    yield started
    started.stop()


def card(page, text):
    return page.locator("[class*='st-key-hit_']", has_text=text)


def select(page, *texts):
    for text in texts:
        box = card(page, text).get_by_role("checkbox")
        card(page, text).locator("[data-testid='stCheckbox'] label").click()
        expect(box).to_be_checked()
    # The bar acts on what it was drawn for, and refuses where that is not what is selected.
    expect(page.get_by_text(f"{len(texts)} selected")).to_be_visible()


def keep_golden(store, *expected, text):
    with opened_desk(store) as desk:
        query = GoldenQuery(text, text, expected=expected, within=3, owner="ann", created_at=NOW)
        GoldenQueries(desk.ledger.documents, desk.stream).save(query)


def test_three_results_go_and_come_back(server, page):
    keep_golden(server.store, "k2", text="Who approves refunds?")
    before = records(server.store)
    page.goto(server.url + ASKED)
    select(page, *SELECTED)
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.locator(".st-key-bar_retire").get_by_role("button").click()

    expect(page.get_by_role("heading", name="What would this plan change?")).to_be_visible()
    page.wait_for_url(re.compile(r"/plan\?.*plan="))
    link = page.url
    for text in SELECTED:
        expect(page.locator(".mn-change", has_text=text)).to_have_count(1)
    expect(page.get_by_text("1 query of 2 loses what must come.")).to_be_visible()
    broken = page.locator(".mn-broken")
    expect(broken.get_by_text("Who approves refunds?")).to_be_visible()
    expect(broken.get_by_text("rank 1 → not among the first 10")).to_be_visible()

    page.get_by_role("button", name="Retire 3 memories").click()
    expect(page.get_by_text("Say why it is right to lose these answers")).to_be_visible()
    assert records(server.store) == before
    why = page.get_by_role("textbox", name="Why is it right to lose these answers?")
    expect(why).to_have_count(1)  # the words above it came in, and for a moment it is drawn in both places
    why.fill("Refunds are handled elsewhere now.")
    page.get_by_role("button", name="Retire 3 memories").click()
    expect(page.get_by_role("heading", name="What did this plan change?")).to_be_visible()
    expect(page.get_by_text("3 memories retired.")).to_be_visible()

    page.get_by_role("link", name="Search").click()
    expect(page.get_by_text("Applied: Retire 3 memories")).to_be_visible()
    expect(page.get_by_text("4 of 4 memories in scope")).to_be_visible()
    for text in SELECTED:
        expect(card(page, text)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("7 of 7 memories in scope")).to_be_visible()
    for text in SELECTED:
        expect(card(page, text)).to_have_count(1)
    assert records(server.store) == before

    page.goto(link)
    expect(page.get_by_text("All of it was taken back.")).to_be_visible()


def test_of_two_people_with_the_same_memories_the_second_is_stopped(server, page, browser):
    page.goto(server.url + ASKED)
    select(page, *SELECTED[:2])
    page.locator(".st-key-bar_retire").get_by_role("button").click()
    expect(page.get_by_role("heading", name="What would this plan change?")).to_be_visible()

    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    other = context.new_page()
    other.goto(server.url + ASKED)
    select(other, SELECTED[1])
    other.locator(".st-key-bar_retire").get_by_role("button").click()
    other.get_by_role("button", name="Retire 1 memory").click()
    expect(other.get_by_text("1 memory retired.")).to_be_visible()
    context.close()

    page.get_by_role("button", name="Retire 2 memories").click()
    expect(page.get_by_text("The memories changed since this plan was made")).to_be_visible()
    expect(page.locator(".mn-hit", has_text="approval of the team lead").get_by_text("is gone")).to_be_visible()
    assert "k1" in records(server.store)
    page.get_by_role("button", name="Plan again").click()
    page.get_by_role("button", name="Retire 1 memory").click()
    expect(page.get_by_text("1 memory retired.")).to_be_visible()
    assert not {"k1", "k2"} & records(server.store).keys()


def test_a_plan_opens_from_its_link_in_another_browser_and_is_erased_there(server, page):
    kept_plan(server.store, ["k1"], erase=True)
    page.goto(server.url + "/?plan=p1")
    expect(page.get_by_text("Plan waits: Erase 1 memory")).to_be_visible()
    page.get_by_role("button", name="Review").click()
    page.get_by_role("textbox", name="Type to erase for good").fill("erase 1 memory")
    page.get_by_role("button", name="Erase 1 memory").click()
    expect(page.get_by_text("Erased: nothing brings it back.")).to_be_visible()
    assert "k1" not in records(server.store)


def test_a_memory_is_edited_in_the_inspector(server, page):
    page.goto(server.url + ASKED + "&sel=k2")
    page.locator(".st-key-memory_edit").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Text").fill("Refunds need the approval of two leads.")
    dialog.get_by_role("button", name="See the plan").click()
    expect(page.locator(".mn-change ins", has_text="two leads.")).to_be_visible()
    page.get_by_role("button", name="Change 1 memory").click()
    expect(page.get_by_text("1 memory changed.")).to_be_visible()
    with opened_desk(server.store) as desk:
        assert desk.store.get(["k2"], actor=LOCAL_ADMIN)["k2"].content == "Refunds need the approval of two leads."


@pytest.fixture(scope="module")
def shown(start_server, tmp_path_factory):
    """A dashboard with a plan that waits and would lose an answer; nothing changes it."""
    store = seed(tmp_path_factory.mktemp("store") / "s", team_memories())
    kept_plan(store, ["k1", "k2", "k3"], erase=True, reason="Larkspur left.")
    keep_golden(store, "k2", text="Who approves refunds?")
    return start_server(store)


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("path", ["/plan", "/plan?plan=p1", ASKED + "&plan=p1&sel=k2"])
def test_every_text_is_readable_and_nothing_scrolls_sideways_on_a_phone(path, appearance, shown, page):
    page.emulate_media(color_scheme=appearance)
    page.goto(shown.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if path.startswith("/search"):
        select(page, SELECTED[0])
    elif "p1" in path:
        expect(page.get_by_text("loses what must come")).to_be_visible()
    page.wait_for_selector(IDLE)
    assert page.evaluate(CONTRAST) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_selector(IDLE)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 1
