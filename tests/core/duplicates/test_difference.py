"""What two texts say differently: by kind, in several languages, and in linear time whatever they are."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.difference import Kind, claims, differences, unsupported

# As long as a memory is at most that agents write.
SIZE = 12_000


def kinds(a: str, b: str) -> set[str]:
    return {str(difference.kind) for difference in differences(a, b) if difference.clashes}


SAME = [
    pytest.param("The timeout is 30 seconds.", "The timeout is 30s.", id="unit-short"),
    pytest.param("The timeout is 30 seconds.", "The timeout is 0.5 min.", id="unit-converted"),
    pytest.param("A 30-second timeout.", "A timeout of 30 s.", id="unit-hyphen"),
    pytest.param("It costs $1.5 million.", "It costs 1,500,000 dollars.", id="money"),
    pytest.param("Revenue was $38 bn.", "Revenue was US$38b.", id="money-short"),
    pytest.param("Between 5 and 10 retries.", "5-10 retries.", id="range"),
    pytest.param("Five retries.", "5 retries.", id="number-word"),
    pytest.param("Twenty-five retries.", "25 retries.", id="number-word-hyphen"),
    pytest.param("2.5 % bounced.", "2.5 percent bounced.", id="percent"),
    pytest.param("1 GB of memory.", "1024 MB of memory.", id="bytes"),
    pytest.param("Release v2.0 is out.", "Release 2.0.0 is out.", id="version"),
    pytest.param("Due on March 3, 2026 at 10:00.", "Due on 2026-03-03 at 10am.", id="date"),
    pytest.param("Due on 3 March.", "Due on 2026-03-03.", id="date-without-year"),
    pytest.param("Am 3. März 2026.", "Am 2026-03-03.", id="date-german"),
    pytest.param("It runs daily.", "It runs every day.", id="frequency"),
    pytest.param("On Tuesday.", "On 2026-03-03.", id="weekday-of-a-date"),
    pytest.param("The service is unavailable.", "The service is not available.", id="prefix-negation"),
    pytest.param("The flag is disabled.", "The flag is not enabled.", id="denied-status"),
    pytest.param("The build failed to deploy.", "The build did not deploy.", id="failed-to"),
    pytest.param("He wears no shirt.", "He is not wearing a shirt.", id="negation-elsewhere"),
    pytest.param("Postgres is used.", "PostgreSQL is used.", id="name-alias"),
    pytest.param("An Italian restaurant in Leeds.", "A restaurant in Leeds, from Italy.", id="land-and-people"),
    pytest.param('call find {"id": "A1", "to": "LAS"}', 'call find {"id":"A1","to":"LAS"}', id="spacing-of-data"),
    pytest.param("On Friday the job failed.", "The job failed on Friday.", id="phrase-elsewhere"),
    pytest.param("Alice and Bob own it.", "Bob and Alice own it.", id="two-sides-of-and"),
    pytest.param("It leaves Sudan, Tunisia.", "It leaves Tunisia, Sudan.", id="list"),
    pytest.param("Bob paid Alice for it.", "Alice was paid by Bob for it.", id="passive"),
    pytest.param("Tell Paul Ryan of it.", "Ryan was told of it.", id="full-name"),
    pytest.param("In the U.S. it fails.", "In the USA it fails.", id="initials"),
    pytest.param("A cave in Spain was found.", "A Spanish cave was found.", id="land-and-people-irregular"),
    pytest.param("Timeouts disappeared.", "There are no timeouts.", id="gone"),
    pytest.param("Sent on Nov. 19, 2013.", "Sent on 2013-11-19.", id="month-cut"),
    pytest.param("A woman is in the bathroom.", "The woman is in a bathroom.", id="articles"),
    pytest.param("The deploy is done 🎉", "The deploy is done", id="mark-alone"),
    pytest.param("Done ✔️, said Ann 👍🏽", "Done ✔, said Ann 👍", id="mark-drawn-otherwise"),
    pytest.param("Not only tests, docs too.", "Tests and docs.", id="not-only"),
]
CLASHES = [
    pytest.param("Retries are capped at 5.", "Retries are capped at 3.", "number", id="number"),
    pytest.param("Timeout 30 ms.", "Timeout 30 s.", "number", id="unit"),
    pytest.param("100 requests per minute.", "100 requests per second.", "date", id="rate"),
    pytest.param("Python 3.10 is used.", "Python 3.1 is used.", "number", id="version"),
    pytest.param("A man plays.", "Two men play.", "number", id="one-and-two"),
    pytest.param("From 2013 to 2014 it ran.", "From 2014 to 2014 it ran.", "date", id="value-said-elsewhere"),
    pytest.param("Due on Friday.", "Due on Thursday.", "date", id="weekday"),
    pytest.param("Due on 3 March 2026.", "Due on 3 April 2026.", "date", id="month"),
    pytest.param("At 02:00 UTC.", "At 04:00 UTC.", "date", id="time"),
    pytest.param("It works no longer.", "It works.", "status", id="no-longer"),
    pytest.param("The job ends with a report.", "The job ends without a report.", "negation", id="without"),
    pytest.param("The door isn't painted.", "The door is painted.", "negation", id="isnt"),
    pytest.param("She never came.", "She came.", "negation", id="never"),
    pytest.param("Der Server läuft nicht.", "Der Server läuft.", "negation", id="german"),
    pytest.param("Le serveur ne marche pas.", "Le serveur marche.", "negation", id="french"),
    pytest.param("El servidor no responde.", "El servidor responde.", "negation", id="spanish"),
    pytest.param("Сервер не отвечает.", "Сервер отвечает.", "negation", id="russian"),
    pytest.param("服务器不可用", "服务器可用", "negation", id="chinese"),
    pytest.param("The service is available.", "The service is unavailable.", "negation", id="prefix"),
    pytest.param("Ask Alice first.", "Ask Bob first.", "name", id="name"),
    pytest.param("Alice owns it.", "Bob owns it.", "name", id="name-that-opens"),
    pytest.param("In us-east-1.", "In us-west-2.", "name", id="region"),
    pytest.param("See /etc/app.conf.", "See /etc/db.conf.", "name", id="path"),
    pytest.param("See https://a.example/x.", "See https://a.example/y.", "name", id="url"),
    pytest.param("Write to a@x.example.", "Write to b@x.example.", "name", id="email"),
    pytest.param("Commit 9f3c2ab broke it.", "Commit 7d1e0cc broke it.", "name", id="hash"),
    pytest.param("Issue #123 is next.", "Issue #124 is next.", "name", id="tag"),
    pytest.param("The build succeeded.", "The build failed.", "status", id="outcome"),
    pytest.param("The ticket is open.", "The ticket is closed.", "status", id="state"),
    pytest.param("The yellow line.", "The red line.", "status", id="colour"),
    pytest.param("All tests pass.", "Some tests pass.", "quantity", id="quantity"),
    pytest.param("At least 5 replicas.", "At most 5 replicas.", "quantity", id="bound"),
    pytest.param("From Angular to React we moved.", "From React to Angular we moved.", "name", id="from-to"),
    pytest.param('call find {"from":"ATL","to":"LAS"}', 'call find {"from":"ATL","to":"DFW"}', "name", id="call"),
    pytest.param("f(a, b) * (c + d) == (e)", "f(a, b) + (c + d) == (e)", "name", id="operator"),
    pytest.param('{"a": ["x", "y", "z"]}', '{"a": ["x", "y"]}', "name", id="data-with-more"),
    pytest.param("Alice was paid by Bob for it.", "Alice paid Bob for it.", "name", id="passive-turned"),
    pytest.param("The planner passed it to the reviewer.", "The reviewer handed it to the planner.", "name", id="to-whom"),
    pytest.param("The cache is faster than the disk.", "Compared to the cache, the disk is faster.", "name", id="than"),
    pytest.param("Carla is on call now, Omar next week.", "Next week Carla is on call, now Omar.", "name", id="beside"),
    pytest.param("It is A and B is ready.", "It is B and A is ready.", "name", id="and-between-clauses"),
    pytest.param("Friday May 24, 2013 it ran.", "Friday, August 23, 2013 it ran.", "date", id="days-of-one-weekday"),
    pytest.param("Job 4 finished with code 0.", "Job 4 failed with code 0.", "status", id="finished-and-failed"),
    pytest.param("How do I increase RAM?", "How do I reduce RAM?", "status", id="other-forms"),
    pytest.param("It is at 12e456 now.", "It is at 13e456 now.", "number", id="no-number-that-can-be-told"),
    pytest.param("The deploy: ✅", "The deploy: ❌", "status", id="mark"),
    pytest.param("Build ✅, tests ❌", "Build ❌, tests ✅", "status", id="marks-in-turn"),
    pytest.param("It got ★★★★★.", "It got ★★☆☆☆.", "status", id="stars"),
    pytest.param("The parser is in C++.", "The parser is in C#.", "name", id="c-plus-plus"),
    pytest.param("The parser is in C.", "The parser is in C++.", "name", id="c"),
    pytest.param("Redis has sessions, Postgres has users.", "Postgres has sessions, Redis has users.", "name", id="swapped"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_the_same_in_other_words_does_not_clash(a: str, b: str) -> None:
    assert kinds(a, b) == set()
    assert kinds(b, a) == set()


@pytest.mark.parametrize(("a", "b", "kind"), CLASHES)
def test_what_differs_is_found_and_named(a: str, b: str, kind: str) -> None:
    assert kind in kinds(a, b)
    assert kind in kinds(b, a)
    first = differences(a, b)[0]
    assert first.clashes
    assert first.left
    assert first.right
    assert first.sentence.startswith(str(first.kind))


def test_what_one_text_says_more_is_no_clash() -> None:
    (found,) = differences("The backup runs.", "The backup runs at 02:00.")
    assert (found.kind, found.left, found.right, found.clashes) == (Kind.DATE, "", "02:00", False)
    assert found.spans == ((), ((19, 24),))
    assert found.sentence == "date only right: 02:00"


def test_claims_say_where_they_are() -> None:
    text = "Alice paid 5 ms and 30% on 2026-03-03, not more."
    found = {(str(claim.kind), text[slice(*claim.span)]) for claim in claims(text)}
    assert {("name", "Alice"), ("number", "5 ms"), ("number", "30%"), ("date", "2026-03-03")} <= found
    assert any(kind == "negation" for kind, _ in found)


@pytest.mark.parametrize(
    ("text", "sources", "wanted"),
    [
        pytest.param("Alice deployed on Friday.", ["Alice deployed.", "It was on Friday."], [], id="all-told"),
        pytest.param("Alice deployed 3 services.", ["Alice deployed services."], ["3"], id="number"),
        pytest.param("Then Bob deployed.", ["Then Alice deployed."], ["Bob"], id="name"),
        pytest.param("It was on Friday.", ["It was on Monday."], ["Friday"], id="date"),
        pytest.param("It did not run.", ["It did run."], ["not run"], id="negation"),
        pytest.param("The job failed.", ["The job succeeded."], ["failed"], id="status"),
        pytest.param("Build ❌", ["Build ✅"], ["❌"], id="mark"),
        pytest.param("The job failed.", ["The job is old."], [], id="status-of-which-nothing-is-said"),
    ],
)
def test_a_claim_that_no_source_makes_is_unsupported(text: str, sources: list[str], wanted: list[str]) -> None:
    assert [claim.text for claim in unsupported(text, sources)] == wanted


def test_a_long_text_of_names_is_unsupported_in_each_of_them() -> None:
    names = [f"/srv/app{number}.conf" for number in range(60)]
    assert [claim.text for claim in unsupported(f"See {', '.join(names)}.", ["See /srv/log.conf."])] == names


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_two_texts_can_be_compared(a: str, b: str) -> None:
    assert differences(a, a) == ()
    forth, back = differences(a, b), differences(b, a)
    assert [d.clashes for d in forth].count(True) == [d.clashes for d in back].count(True)
    for claim in claims(a):
        assert 0 <= claim.span[0] <= claim.span[1] <= len(a)


HOSTILE = [
    pytest.param("1" * SIZE, id="digits"),
    pytest.param("1." * (SIZE // 2), id="points"),
    pytest.param("a@" * (SIZE // 2), id="at-signs"),
    pytest.param("/a" * (SIZE // 2), id="paths"),
    pytest.param("a-" * (SIZE // 2), id="hyphens"),
    pytest.param("not " * (SIZE // 4), id="negations"),
    pytest.param("Ab " * (SIZE // 3), id="capitals"),
    pytest.param("".join(f"{number} kg " for number in range(1_500)), id="numbers"),
    pytest.param("".join(f"Name{number} " for number in range(1_200)), id="names"),
    pytest.param("\x1b[31m\u202e\x00" * 1_500, id="control"),
    pytest.param("0a" * (SIZE // 2), id="hex"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_to_an_end(text: str) -> None:
    """What looks back without a bound would not: the tests' own limit of time would end it."""
    found = differences(text, text[: len(text) // 2] + " 7 not Carla")
    assert all(len(difference.left) <= 80 and len(difference.right) <= 80 for difference in found)
    assert len(found) <= 240


def _steps(do: Callable[[], object]) -> int:
    """Return how many functions and steps of generators a call takes: what grows with the text, on any machine."""
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1

    before = sys.getprofile()
    sys.setprofile(step)
    try:
        do()
    finally:
        sys.setprofile(before)
    return steps


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        pytest.param("not w{0:x}q ", "w{0:x}q ", id="denied"),
        pytest.param("not w{0:x}q ", "not v{0:x}q ", id="other-denials"),
        pytest.param("/srv/a{0} ", "/srv/b{0} ", id="paths"),
        pytest.param("of the small one Nam{0:x}q ", "of the small one Xam{0:x}q ", id="names"),
    ],
)
def test_twice_the_text_takes_twice_the_steps(mine: str, theirs: str) -> None:
    def taken(count: int) -> int:
        a, b = ("".join(form.format(number) for number in range(count)) for form in (mine, theirs))
        return _steps(lambda: (differences(a, b), unsupported(a, [b])))

    assert taken(160) < 2.6 * taken(80)
