"""The design tokens: readable in both appearances, nothing fetched from a network, colours that keep their meaning."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import pytest

from pages.shared.theme import AGENT_CYCLE, TYPES, agent_colours, foreign_hues

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())
TEXT = ["textColor", "linkColor", "codeTextColor", "redColor", "orangeColor", "greenColor", "blueColor", "grayTextColor"]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("token", TEXT)
def test_text_is_readable_on_every_ground(token, appearance):
    theme = CONFIG["theme"][appearance]
    grounds = [theme["backgroundColor"], theme["secondaryBackgroundColor"], theme["sidebar"]["backgroundColor"]]
    assert min(contrast(theme[token], ground) for ground in grounds) >= 4.5


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_a_button_is_readable(appearance):
    assert contrast("#ffffff", CONFIG["theme"][appearance]["primaryColor"]) >= 4.5


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_marks_stand_out_from_the_ground(appearance):
    ground = CONFIG["theme"][appearance]["backgroundColor"]
    marks = [getattr(hue, appearance) for hue in TYPES.values()] + [pair[appearance == "dark"] for pair in AGENT_CYCLE]
    assert min(contrast(mark, ground) for mark in marks) >= 3


def test_the_server_is_private_and_silent():
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert "http" not in str(CONFIG["theme"])


def test_twelve_agents_never_share_a_colour():
    colours = agent_colours(f"agent-{i}" for i in range(12))
    assert len(set(colours.values())) == 12


def test_an_agent_keeps_its_colour_when_others_come():
    names = [f"agent-{i}" for i in range(8)]
    kept = [agent_colours(names)["agent-0"], *(agent_colours([*names, extra])["agent-0"] for extra in ("zed", "yan"))]
    assert len(set(kept)) == 1


def test_types_have_three_hues_and_shapes():
    assert all(a.shape != b.shape and a.light != b.light for a, b in itertools.combinations(TYPES.values(), 2))


def test_nine_types_of_others_share_no_colour_and_none_is_new_when_one_comes():
    names = ["observation", "reflection", "plan", "fact", "event", "summary", "tool_result", "insight", "decision"]
    hues = foreign_hues([*names, *TYPES])
    assert hues.keys() == set(names)
    assert len({hue.light for hue in hues.values()}) == 9
    assert {name: hue for name, hue in foreign_hues([*names, "zzz"]).items() if name != "zzz"} == hues
