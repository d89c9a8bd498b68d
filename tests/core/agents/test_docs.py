"""What docs/agents.md says can be run, from the first line to the last."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "agents.md"


def test_the_examples_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(DOCUMENT), "exec"), names)
    names["catalog"].close()
    said = capsys.readouterr().out
    assert "planner The quarterly report is due on Friday." in said
    assert "['collect the numbers'] ['write the summary', 'send it']" in said
    assert "2 ('export', 'attach', 'mail it') relevance" in said
    assert "possible conflict: The quarterly report is due on Friday. |" in said
    assert "- collect the numbers (done, last by planner): All 12 regions, in numbers.csv" in said
    assert "{'team', 'user-memory-acme'}" in said or "{'user-memory-acme', 'team'}" in said
