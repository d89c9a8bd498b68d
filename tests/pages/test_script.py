"""The scripts of our drawings: files with imports between them, joined to one module each."""

from __future__ import annotations

import posixpath
import re

import pytest

from pages.shared.map import chart as map_chart
from pages.shared.script import ASSETS, DRAWING, joined
from pages.shared.timeline import chart as timeline_chart

IMPORT = re.compile(r'^import \{([^}]*)\} from "([./\w]+)\.js";', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:const|function|class) (\w+)", re.MULTILINE)
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
BOTH = pytest.mark.parametrize(
    ("folder", "scripts"),
    [pytest.param("map", map_chart.SCRIPTS, id="map"), pytest.param("timeline", timeline_chart.SCRIPTS, id="timeline")],
)


def text_of(name):
    return (ASSETS / f"{name}.js").read_text(encoding="utf-8")


@BOTH
def test_it_is_our_files_in_an_order_in_which_each_has_what_it_needs(folder, scripts):
    own = {f"{folder}/{path.stem}" for path in (ASSETS / folder).glob("*.js")}
    assert set(scripts) == own | set(DRAWING), "all that lies in the folder, and what is shared"
    for place, name in enumerate(scripts):
        body = IMPORT.sub("", text_of(name))
        for imported, path in IMPORT.findall(text_of(name)):
            source = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            assert source in scripts[:place], f"{name}.js needs {source}.js before it"
            for word in filter(None, map(str.strip, imported.split(","))):
                assert word in EXPORT.findall(text_of(source)), f"{source}.js exports no {word}"
                assert re.search(rf"\b{word}\b", body), f"{name}.js does not use {word}"


@BOTH
def test_it_is_one_module_without_what_joins_it(folder, scripts):
    declared = [word for name in scripts for word in DECLARED.findall(text_of(name))]
    assert len(declared) == len(set(declared)), "one module: each name once"
    assert not re.search(r"^import |^export (?!default)", joined(scripts), re.MULTILINE)
    assert joined(scripts).count("export default") == 1


@pytest.mark.parametrize("name", sorted(f"{path.parent.name}/{path.stem}" for path in ASSETS.glob("*/*.js")))
def test_a_file_is_short_says_what_it_is_and_writes_no_markup(name):
    text = text_of(name)
    assert text.count("\n") <= 300
    assert text.startswith("//")
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(", text)


def test_what_is_shared_is_all_that_lies_there():
    assert {f"drawing/{path.stem}" for path in (ASSETS / "drawing").glob("*.js")} == set(DRAWING)
