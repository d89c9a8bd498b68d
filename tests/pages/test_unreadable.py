"""Indexes whose files cannot be read: the others work, and the pages say which and why."""

from __future__ import annotations

import pytest

from tests.core.memory_builders import damage_index, damage_records, make_index_newer
from tests.pages.app import INDEXES, OVERVIEW, SEARCH, open_app, seed, team_memories, texts


def spoilt(directory, spoil):
    seed(directory, team_memories())
    seed(directory, team_memories() * 2, index="broken")
    spoil(directory, "broken")
    return directory


@pytest.mark.parametrize("page", [OVERVIEW, SEARCH, INDEXES])
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(damage_index, id="damaged"),
        pytest.param(make_index_newer, id="newer"),
        pytest.param(damage_records, id="records"),
    ],
)
def test_the_others_work_on_every_page(spoil, page, tmp_path, monkeypatch):
    at = open_app(monkeypatch, spoilt(tmp_path / "store", spoil), page=page)
    assert not at.exception
    assert not at.error
    assert at.selectbox(key="rail_index").options == ["team · 8"]
    assert "1 index cannot be read" in texts(at)


def test_the_indexes_page_says_why(tmp_path, monkeypatch):
    at = open_app(monkeypatch, spoilt(tmp_path / "<img src=x>", make_index_newer), page=INDEXES)
    shown = texts(at)
    assert "Cannot be read" in shown
    assert "Index &#x27;broken&#x27;: " in shown
    assert "newer Mnemoscope" in shown
    reasons = "".join(str(element.value) for element in at.get("html") if "newer Mnemoscope" in str(element.value))
    assert "&lt;img src=x&gt;" in reasons
    assert "<img" not in reasons


def test_a_search_works_beside_it(tmp_path, monkeypatch):
    at = open_app(monkeypatch, spoilt(tmp_path / "store", damage_index), page=SEARCH, q="refund", mode="text")
    assert not at.exception
    assert not at.error
    assert "To refund: open the invoice" in texts(at)


def test_a_link_to_it_says_that_it_cannot_be_read(tmp_path, monkeypatch):
    at = open_app(monkeypatch, spoilt(tmp_path / "store", damage_index), index="broken")
    assert "the index 'broken' cannot be read" in at.warning[0].value.replace("\\", "")


@pytest.mark.parametrize("page", [OVERVIEW, SEARCH, INDEXES])
def test_where_none_can_be_read_the_problem_stands_instead_of_the_first_run(page, tmp_path, monkeypatch):
    store = seed(tmp_path / "store", team_memories())
    damage_index(store, "team")
    at = open_app(monkeypatch, store, page=page)
    assert not at.exception
    assert "Index &#x27;team&#x27;: " in texts(at)
    assert "Nothing is remembered here yet" not in texts(at)
    assert at.button(key="problem_again")
