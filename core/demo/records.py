"""The recorded part of the story: tickets, nightly jobs, releases and weekly figures, from tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from core.demo.draft import Draft, When, rows

__all__ = ["recorded"]

_CUSTOMERS: Final = 502

# People do not write the same sentence twice; each record takes the next wording.
_OPENED: Final = (
    "Ticket {id}, {severity}, from {customer}: {symptom}.",
    "{customer} writes: {symptom}. Filed as {id}, {severity}.",
    "New {severity} ticket {id}: {symptom} ({customer}).",
    "From {customer} ({severity}, {id}): {symptom}. Looking at it now.",
    "{id} opened for {customer}. Symptom: {symptom}. Set to {severity}.",
)
_SOLVED: Final = (
    "{id} closed. Cause: {cause}. What helped: {answer}.",
    "{customer}, {symptom}: {cause}; {answer}.",
    "Solved {id} for {customer}: {answer}. It was this: {cause}.",
    "For the next time somebody sees what {customer} saw ({symptom}): {cause}. {Answer}.",
    "{id} can be closed: {cause}. {Answer}, and {customer} has confirmed it.",
)
_CLAIMED: Final = (
    "I have {id} ({customer}), please leave it to me.",
    "Working on {id} for {customer} until it is answered.",
    "Claimed {id}, {severity}, {customer}. Will say when it is free again.",
)
_SALES: Final = (
    "Sales this week: {signed} customers signed, {notices} gave notice. {remark}",
    "{signed} new customers and {notices} notices in the CRM since last week. {remark}",
    "The week in the CRM: {remark} {signed} signatures, {notices} notices.",
)
_HELPDESK: Final = (
    "{tickets} tickets this week, half of them answered within {minutes} minutes. {remark}",
    "Help desk, weekly look: median first answer {minutes} minutes over {tickets} tickets. {remark}",
    "{remark} In all {tickets} tickets this week, median {minutes} minutes to the first answer.",
)
_FORECAST: Final = (
    "Forecast for {customer} this week was {accuracy} % right; {accepted} order suggestions accepted. {remark}",
    "{customer}, weekly check: accuracy {accuracy} %, suggestions taken {accepted}. {remark}",
    "{remark} Overall accuracy at {customer} {accuracy} %, with {accepted} suggestions accepted.",
    "Accuracy at {customer} stands at {accuracy} % this week ({accepted} suggestions accepted). {remark}",
)
_NAMES: Final = {
    "larkspur": "Larkspur Foods",
    "brightwater": "Brightwater Clinics",
    "orchard": "Orchard & Pine",
    "meridian": "Meridian Freight",
}
_ANSWERED_AFTER: Final = {
    "S1": timedelta(hours=1, minutes=25),
    "S2": timedelta(hours=5, minutes=10),
    "S3": timedelta(hours=3),
}


def recorded() -> Iterator[Draft]:
    """Yield the memories that come from tables, in the order of the tables."""
    yield from _tickets()
    yield from _weeks()
    yield from _nights()
    yield from _releases()
    yield from _tenants()


def _at(days: str, clock: str) -> When:
    hour, minute = clock.split(":")
    return When(timedelta(days=int(days)), timedelta(hours=int(hour), minutes=int(minute)))


def _tickets() -> Iterator[Draft]:
    for n, (moment, customer, severity, symptom, cause, answer) in enumerate(rows("tickets.psv")):
        number = f"T-{4_810 + 17 * n}"
        words = {"id": number, "customer": customer, "severity": severity, "symptom": symptom, "cause": cause}
        words |= {"answer": answer, "Answer": answer[0].upper() + answer[1:]}
        opened = Draft(
            index="team-knowledge",
            content=_OPENED[n % 5].format(**words),
            agent="triage",
            memory_type="episodic",
            when=_at(*moment.split()),
            team="support",
            task="ticket-queue",
            session=number,
            confidence=0.9,
            source="ticket",
            tags=("ticket", severity.lower()),
            name=f"{number}-opened",
        )
        yield opened
        yield _solved(opened, _SOLVED[n * 2 % 5].format(**words), _solver(severity, symptom), severity, n)
        if n % 2 == 0:
            yield _claimed(opened, _CLAIMED[n // 2 % 3].format(**words), _solver(severity, symptom))


def _solved(opened: Draft, content: str, agent: str, severity: str, n: int) -> Draft:
    return replace(
        opened,
        content=content,
        agent=agent,
        memory_type="procedural" if content.startswith("For the next time") else "episodic",
        when=opened.when.later(_ANSWERED_AFTER[severity]),
        confidence=0.85,
        name=f"{opened.session}-solved",
        derived_from=(f"{opened.session}-opened",),
        recalls=n % 3,
        recalled=opened.when.back / 2 if n % 3 else None,
    )


def _claimed(opened: Draft, content: str, agent: str) -> Draft:
    return replace(
        opened,
        index="coordination",
        content=content,
        agent=agent,
        when=opened.when.later(timedelta(minutes=12)),
        confidence=0.8,
        source=None,
        tags=("claim",),
        name=None,
        lives=timedelta(hours=10),
    )


def _solver(severity: str, symptom: str) -> str:
    if re.search(r"\b(refund|plan|invoices)\b", symptom):
        return "billing"
    return "triage" if severity == "S3" else "engineer"


def _weeks() -> Iterator[Draft]:
    for n, (days, signed, notices, tickets, minutes, sales, helpdesk) in enumerate(rows("weeks.psv")):
        from_crm = Draft(
            index="team-knowledge",
            content=_SALES[n % 3].format(signed=signed, notices=notices, remark=sales),
            agent="scout",
            memory_type="episodic",
            when=_at(days, "16:30"),
            team="research",
            task="weekly-figures",
            session=f"week-{n + 1}",
            confidence=0.85,
            source="crm",
            tags=("metrics", "sales"),
        )
        yield from_crm
        yield replace(
            from_crm,
            content=_HELPDESK[n % 3].format(tickets=tickets, minutes=minutes, remark=helpdesk),
            agent="support-lead",
            when=_at(days, "17:05"),
            team="support",
            source="helpdesk",
            tags=("metrics", "tickets"),
        )


def _nights() -> Iterator[Draft]:
    for days, ok, failed, minutes, slowest, remark in rows("nights.psv"):
        result = {"job": "nightly-sync", "ok": int(ok), "failed": int(failed), "minutes": int(minutes), "slowest": slowest}
        text = f"Nightly sync: {ok} of {_CUSTOMERS} customers in {minutes} minutes, slowest {slowest}. {remark}"
        yield Draft(
            index="team-knowledge",
            content=text if remark else json.dumps(result, ensure_ascii=False),
            agent="monitor",
            memory_type="episodic",
            when=_at(days, "06:15" if int(failed) > 100 else "01:10"),
            team="platform",
            task="nightly-sync",
            session=f"night-{days}",
            confidence=0.95,
            source="tool:sync-scheduler",
            tags=("tool-result",),
        )


def _releases() -> Iterator[Draft]:
    for days, clock, version, minutes, errors, result, what in rows("releases.psv"):
        answer = {"release": version, "minutes": int(minutes), "canary_errors_percent": float(errors), "result": result}
        finished = Draft(
            index="team-knowledge",
            content=json.dumps(answer),
            agent="release-bot",
            memory_type="episodic",
            when=_at(days, clock),
            team="platform",
            task="releases",
            session=f"release-{version}",
            confidence=0.95,
            source="tool:pipeline",
            tags=("tool-result", "release"),
        )
        yield finished
        if result == "success":
            yield replace(
                finished,
                content=f"New in {version}: {what}.",
                memory_type="semantic",
                when=finished.when.later(timedelta(minutes=9)),
                source="release-notes",
                tags=("release",),
            )


def _tenants() -> Iterator[Draft]:
    for n, (tenant, days, accuracy, accepted, remark) in enumerate(rows("tenants.psv")):
        words = {
            "customer": _NAMES[tenant],
            "accuracy": accuracy,
            "accepted": accepted.replace("/", " of "),
            "remark": remark,
        }
        yield Draft(
            index=f"user-memory-{tenant}",
            content=_FORECAST[n % 4].format(**words),
            agent="forecaster",
            memory_type="episodic",
            when=_at(days, "05:40"),
            team="support",
            task=f"{tenant}-forecast",
            session=f"forecast-{days}",
            confidence=0.95,
            source="tool:forecast-check",
            tags=("metrics", "forecast"),
        )
