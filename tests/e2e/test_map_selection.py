"""A selection among 200,000 memories: what is acted on is what is shown, whatever comes in the same moment."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import expect

from core.access import LOCAL_ADMIN
from core.maps import DEFAULT, maps_directory
from core.maps.keeping import Kept, KeptMaps
from core.maps.matching import marks_of
from core.snapshots.keeping import key_of
from pages.shared.selection import PICKED_MAX
from tests.e2e.map_page import box, lasso, rested, stage
from tests.e2e.map_store import filled
from tests.pages.curating import opened_desk

COUNT, FEW = 200_000, 1_000
KEYS = [f"m{row:06}" for row in range(COUNT)]
ASIDE = (0.8, 0.1, 0.95, 0.25)  # where the last thousand lie
# Presses a button in the moment in which the next drag over the map is let go: one message follows the other.
AT_ONCE = "(stage, button) => stage.addEventListener('pointerup', () => button.click(), { once: true })"


@pytest.fixture(scope="module")
def server(start_server, tmp_path_factory):
    """A dashboard over 200,000 memories whose map is kept: most in one cloud, the last thousand aside."""
    folder = tmp_path_factory.mktemp("many") / "s"
    random = np.random.default_rng(3)
    places = np.clip(0.4 + 0.1 * random.standard_normal((COUNT, 2)), 0.0, 0.75).astype(np.float32)
    places[-FEW:] = random.uniform(ASIDE[:2], ASIDE[2:], (FEW, 2))
    with filled(folder, KEYS, places, index="many") as store:
        keys, marks = marks_of(pa.chunked_array([KEYS]), places)
        kept = Kept(store.info.arn, "1", "umap of landmarks", keys, marks, np.ones(COUNT, np.bool_), places, 1.0)
        files = KeptMaps(maps_directory(store))
        files.save(key_of(store), DEFAULT, kept, erasures=files.erasures())
    return start_server(folder)


def keys_in(download):
    """Return the keys that a file of memories has."""
    return {json.loads(line)["key"] for line in download.value.path().read_text().splitlines()}


def test_what_is_acted_on_is_what_is_shown(server, page):
    page.goto(f"{server.url}/map?index=many")
    expect(page.get_by_text("200,000 memories").first).to_be_visible()
    rested(page)
    # Two selections, the second before the first is answered: the last one counts.
    lasso(page, (0.0, -0.02), (0.98, -0.02), (0.98, 0.78), (0.0, 0.78))
    box(page, 0.77, 0.07, 0.98, 0.28)
    expect(page.get_by_text(f"{FEW:,} selected")).to_be_visible()
    rested(page)
    with page.expect_download() as download:
        page.locator(".st-key-map_chosen_jsonl").get_by_role("button").first.click()
    assert keys_in(download) == set(KEYS[-FEW:])

    # An action in the moment of a lasso over everything: it was asked for of what was selected before.
    rested(page)
    retire = page.locator(".st-key-bar_retire").get_by_role("button").first
    stage(page).evaluate(AT_ONCE, retire.element_handle())
    lasso(page, (0.0, -0.02), (0.98, -0.02), (0.98, 0.78), (0.0, 0.78))
    expect(page.get_by_text(f"The selection changed as you chose that: {PICKED_MAX:,} memories")).to_be_visible()
    expect(page.get_by_text(f"{PICKED_MAX:,} selected")).to_be_visible()
    assert "plan=" not in page.url

    # And once more, now that it is shown.
    rested(page)
    with page.expect_download() as download:
        page.locator(".st-key-map_chosen_jsonl").get_by_role("button").first.click()
    shown = keys_in(download)
    retire.click()
    expect(page.get_by_text(f"Retire {PICKED_MAX:,} memories").first).to_be_visible()
    page.wait_for_url(re.compile("plan="))
    with opened_desk(server.store, index="many") as desk:
        plan = desk.kept(re.search(r"plan=(\w+)", page.url)[1], actor=LOCAL_ADMIN)
    assert {change.key for change in plan.changes} == shown
    assert len(shown) == PICKED_MAX
