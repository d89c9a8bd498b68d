"""The map in the browser: where a place of it is drawn, and drags over it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

__all__ = ["at", "box", "lasso", "rested", "stage"]


def stage(page, name="coloured by cluster"):
    """Return the drawing by a part of its title."""
    return page.get_by_role("application", name=re.compile(name))


def at(page, x, y, name="coloured by cluster"):
    """Return where in the page a place of the map is drawn."""
    place = stage(page, name).bounding_box()
    x0, y0, x1, y1 = map(float, stage(page, name).get_attribute("data-view").split())
    return place["x"] + (x - x0) / (x1 - x0) * place["width"], place["y"] + (y1 - y) / (y1 - y0) * place["height"]


def show(page):
    """Bring the whole map onto the screen."""
    stage(page, "coloured by").first.evaluate("(element) => element.scrollIntoView({block: 'center'})")


def drag(page, *places):
    """Press at the first place of the map, go over the others, let go at the last."""
    show(page)  # to press a button may have moved the page
    page.mouse.move(*at(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*at(page, *place), steps=4)
    page.mouse.up()


def box(page, x0, y0, x1, y1):
    """Draw a box with Shift, from corner to corner."""
    page.keyboard.down("Shift")
    drag(page, (x0, y0), (x1, y1))
    page.keyboard.up("Shift")


def lasso(page, *places):
    """Draw a line around places, back to the first one."""
    page.get_by_role("button", name="Select with a lasso").first.click()
    drag(page, *places, places[0])


def rested(page):
    """Wait until nothing runs, with the whole map on the screen."""
    show(page)
    expect(page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")).to_be_visible()
