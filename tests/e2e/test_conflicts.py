"""The conflict inbox in a real browser: by keys, with the way back, in bulk, and by two people at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN
from core.curation.conflicts.measuring import save_threshold
from core.models.judges.choice import judge_of
from tests.e2e.test_dashboard import CONTRAST
from tests.pages.app import NOW, seed
from tests.pages.conflicted import cards, conflicted, opposed_memories, with_inbox
from tests.pages.curating import opened_desk

POSITION = ".mn-sitting b"
SIDE_A = ".st-key-side_A .mn-side"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with cards in one index, and in another the same memories that nobody compared yet."""
    directory = conflicted(tmp_path_factory.mktemp("store") / "s")
    seed(directory, opposed_memories(), index="fresh")
    with opened_desk(directory, index="fresh") as desk:  # whatever the judge thinks of these, some are cards
        save_threshold(desk.store, desk.ledger.documents, judge_of().tag, 0.1, actor=LOCAL_ADMIN, now=NOW)
    return directory


@pytest.fixture(scope="module")
def servers(store, start_server):
    """Two dashboards over one store, each of another person."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("ann", "bob"):
            patch.setenv(ACTOR_VARIABLE, f"{name}:reviewer")
            found.append(start_server(store))
    return found


@pytest.fixture
def server(servers):
    return servers[0]


def settled(page):
    """Wait until nothing is drawn any more."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")


def press(page, key):
    """Press a key once the buttons are those of the card that is seen."""
    settled(page)
    page.keyboard.press(key)


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_every_text_is_readable_and_nothing_scrolls_sideways(server, page, appearance):
    page.emulate_media(color_scheme=appearance)
    for path, shown in (
        ("", POSITION),
        ("&inbox=measures", "[data-testid='stMetric']"),
        ("&inbox=triage", "h2"),
    ):
        page.goto(f"{server.url}/conflicts?index=team{path}")
        expect(page.locator(shown).first).to_be_visible()
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            settled(page)
            assert page.evaluate(CONTRAST) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"), path


def test_a_scan_from_the_page_shows_the_first_card_without_the_suggestion(server, page):
    page.goto(f"{server.url}/conflicts?index=fresh")
    page.get_by_role("button", name="Look for possible conflicts").click()
    expect(page.locator(POSITION)).to_contain_text("1 of ")
    expect(page.get_by_text("Possible conflict").first).to_be_visible()
    assert page.get_by_text("Suggested:").count() == 0


def test_cards_are_decided_by_keys_taken_back_and_decided_alike(server, page, store):
    first, second, third, _ = cards()
    page.goto(f"{server.url}/conflicts?index=team")
    expect(page.locator(POSITION)).to_have_text("1 of 4")
    why = page.get_by_role("textbox", name="Why, if you want to say")
    why.press_sequentially("a bug, next")
    expect(page.locator(POSITION)).to_have_text("1 of 4")
    page.get_by_role("heading", name="Which memories cannot both be true?").click()
    press(page, "a")
    expect(page.locator(".st-key-conflict_last")).to_contain_text("Kept A")
    expect(page.locator(".st-key-conflict_last")).to_contain_text("Suggested: Contradiction, 95 %.")
    expect(page.locator(SIDE_A)).to_contain_text("old gateway")
    expect(page.get_by_text("What was decided is applied.")).to_be_visible()
    press(page, "u")
    expect(page.locator(".st-key-conflict_last")).to_have_count(0)
    expect(page.locator(SIDE_A)).to_contain_text(first.left.text)
    expect(page.get_by_text("What was decided is applied.")).to_be_visible()
    with opened_desk(store) as desk:
        assert {"a1", "b1"} <= set(desk.store.get(["a1", "b1"], actor=LOCAL_ADMIN))

    press(page, "l")
    expect(page.get_by_text("Same pattern · 2")).to_be_visible()
    page.get_by_role("button", name="Decide 2 cards alike").click()
    expect(page.locator(".st-key-conflict_last")).to_contain_text("2 cards alike")
    expect(page.locator(SIDE_A)).to_contain_text(third.left.text)
    press(page, "u")
    expect(page.locator(SIDE_A)).to_contain_text(first.left.text)

    press(page, "v")
    page.get_by_role("textbox", name="For what does each of them hold?").fill("A at home, B abroad")
    page.get_by_role("button", name="Both are valid").click()
    expect(page.locator(".st-key-conflict_last")).to_contain_text("Both valid")
    expect(page.locator(SIDE_A)).to_contain_text(second.left.text)
    press(page, "u")
    expect(page.locator(SIDE_A)).to_contain_text(first.left.text)
    expect(page.locator(POSITION)).to_have_text("1 of 4")


def test_two_people_never_have_one_card_and_no_decision_is_lost(servers, browser, store):
    people = []
    for server in servers:
        opened = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        tab = opened.new_page()
        tab.goto(f"{server.url}/conflicts?index=team")
        expect(tab.locator(POSITION)).to_contain_text(" of ")
        people.append(tab)
    seen = []
    for _ in range(2):
        for tab in people:  # what was decided is said above before the next card takes the place of the last
            settled(tab)
            expect(tab.locator(SIDE_A).filter(has_text=re.compile("|".join(map(re.escape, seen)) or "^$"))).to_have_count(0)
        said = [tab.locator(SIDE_A).inner_text() for tab in people]
        assert len(set(said)) == 2
        seen += said
        for tab, text in zip(people, said, strict=True):
            tab.get_by_role("button", name=re.compile("^Not a conflict")).dblclick()
            expect(tab.locator(".st-key-conflict_last")).to_contain_text(text[:40])
    assert len(set(seen)) == 4
    for tab in people:
        tab.reload()
        for _ in range(len(seen)):  # some of what was decided goes to a second person too
            expect(tab.locator(f"{SIDE_A}, .mn-caught, .mn-empty").first).to_be_visible()
            if not tab.locator(SIDE_A).count():
                break
            said = tab.locator(SIDE_A).inner_text()
            tab.get_by_role("button", name=re.compile("^Not a conflict")).click()
            expect(tab.locator(SIDE_A).filter(has_text=said)).to_have_count(0)
        expect(tab.get_by_text(re.compile("All caught up|Nothing waits for you"))).to_be_visible()
        tab.context.close()
    decided = with_inbox(store, lambda inbox: inbox.register.decisions())
    assert {each.card for each in decided} == {card.id for card in cards()}
    assert {each.by for each in decided} == {"ann", "bob"}
