"""As-of is right: random histories of a real store, looked back at to the end of every step."""

from __future__ import annotations

from hypothesis import settings

from tests.core.past.machine import PastMachine

TestPast = PastMachine.TestCase
TestPast.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
