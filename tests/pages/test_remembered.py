"""Answers of a service that are remembered: asked anew when they are old, kept while the service is away."""

from __future__ import annotations

import threading

import pytest

from core.errors import AccessDeniedError, UnreachableError
from pages.shared.remembered import Remembered


def raising(error):
    def ask():
        raise error

    return ask


def test_an_answer_is_good_for_a_while():
    now = [0.0]
    remembered = Remembered(max_age_s=30, clock=lambda: now[0])
    assert remembered.get("k", lambda: 1, wait_s=60) == (1, None)
    assert remembered.get("k", lambda: 2, wait_s=60) == (1, None)
    now[0] = 31
    assert remembered.get("k", lambda: 2, wait_s=60) == (2, None)
    remembered.forget()
    assert remembered.get("k", lambda: 3, wait_s=60) == (3, None)


def test_a_first_error_is_raised_and_a_later_one_leaves_the_answer():
    remembered = Remembered(max_age_s=30)
    gone = UnreachableError("gone")
    with pytest.raises(UnreachableError):
        remembered.get("k", raising(gone), wait_s=60)
    assert remembered.get("k", lambda: 1, wait_s=60) == (1, None)
    remembered.forget()
    assert remembered.get("k", raising(gone), wait_s=60) == (1, gone)


def test_an_answer_that_one_may_not_have_any_more_is_forgotten():
    remembered = Remembered(max_age_s=30)
    remembered.get("k", lambda: 1, wait_s=60)
    remembered.forget()
    with pytest.raises(AccessDeniedError):
        remembered.get("k", raising(AccessDeniedError("no")), wait_s=60)


def test_a_slow_answer_is_not_waited_for_where_there_is_one():
    remembered = Remembered(max_age_s=30)
    remembered.get("k", lambda: 1, wait_s=60)
    remembered.forget()
    go_on = threading.Event()
    assert remembered.get("k", lambda: go_on.wait(60) and 2, wait_s=0) == (1, None)
    go_on.set()
    assert remembered.get("k", lambda: 3, wait_s=60) == (2, None)
