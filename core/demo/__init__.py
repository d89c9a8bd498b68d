"""The demo world: two months of a research team, a support team and its customers, told by their agents' memories.

The story is written in story/: hand-written threads (*.txt, see script.py) and tables of tickets, jobs and figures (*.psv).
It is fictional, every run of it is the same, and its dates are relative to the moment for which it is built.
"""

from core.demo.loading import LoadReport, load
from core.demo.world import Contradiction, DemoWorld, DuplicateGroup, Handoff, Question, build

__all__ = ["Contradiction", "DemoWorld", "DuplicateGroup", "Handoff", "LoadReport", "Question", "build", "load"]
