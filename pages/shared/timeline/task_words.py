"""What a task's story says in words: how long, from when to when, what kind of step, which agent."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from core.analysis.story import LABELS, Kind, Sign, Step, Trouble
from core.hostile import one_line
from pages.shared.markup import chip, escaped, text_block
from pages.shared.words import exact, plural

__all__ = ["KIND_SHAPES", "agent_chip", "lasting", "sign_chips", "since", "step_html", "when_words"]

# Shapes of one width that every font has; the word beside them says the same.
KIND_SHAPES: Final[Mapping[Kind, str]] = {
    Kind.TASK: "◎",
    Kind.PLAN: "≡",
    Kind.CLAIM: "⚑",
    Kind.RELEASE: "⚐",
    Kind.PROGRESS: "◔",
    Kind.BLOCKED: "⊘",
    Kind.HANDOFF: "→",
    Kind.QUESTION: "?",
    Kind.ANSWER: "↩",
    Kind.DECISION: "◆",
    Kind.CONFLICT: "▲",
    Kind.CALL: "▷",
    Kind.RESULT: "◁",
    Kind.ARTEFACT: "▤",
    Kind.DONE: "✓",
    Kind.FAILED: "✕",
    Kind.OUTCOME: "■",
    Kind.MESSAGE: "▬",
    Kind.OBSERVATION: "○",
    Kind.REFLECTION: "◇",
    Kind.NOTE: "·",
}
_LOUD: Final = frozenset(
    {Trouble.CONFLICT, Trouble.OVERLAP, Trouble.BLOCKED, Trouble.FAILED, Trouble.ERROR, Trouble.INVENTED}
)
_BLANK: Final = re.compile(r"\n[ \t]*(?=\n)")
_STEPS: Final = ((31_557_600.0, "year"), (86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second"))


def lasting(seconds: float) -> str:
    """Return a length of time in its two largest units: "2 hours 5 minutes", "40 seconds", "no time"."""
    rest = round(seconds, 3)
    parts: list[str] = []
    for size, word in _STEPS:
        count = int(rest // size)
        if count and len(parts) < 2:
            parts.append(plural(count, word))
        rest -= count * size
        if parts and not count:
            break
    return " ".join(parts) or (f"{seconds * 1000:.0f} ms" if seconds > 0 else "no time")


def when_words(span: tuple[datetime, datetime] | None) -> str:
    """Return from when to when, in UTC, with the length."""
    if span is None:
        return "at unknown times"
    first, last = span
    if first == last:
        return exact(first)
    end = f"{last:%H:%M:%S} UTC" if first.date() == last.date() else exact(last)
    return f"{first.day} {first:%b %Y, %H:%M:%S} to {end}, {lasting((last - first).total_seconds())}"


def since(at: datetime | None, start: datetime | None) -> str:
    """Return how long after the start a step was: "+2:05:40"; nothing where a time is unknown."""
    if at is None or start is None:
        return "time unknown"
    gap = at - start
    hours, rest = divmod(int(gap.total_seconds()) % 86_400, 3_600)
    minutes, seconds = divmod(rest, 60)
    days = f"{gap.days:,} d " if gap.days else ""
    part = f".{gap.microseconds // 1000:03d}" if gap.microseconds else ""
    return f"+{days}{hours}:{minutes:02d}:{seconds:02d}{part}"


def agent_chip(agent: str | None, agents: Mapping[str, str]) -> str:
    """Return an agent with its colour."""
    if agent is None:
        return chip("unknown agent")
    return chip(agent, hue=agents.get(agent, ""), mark="dot", title=f"agent {agent}")


def sign_chips(signs: tuple[Sign, ...]) -> str:
    """Return the signs of a step as badges, each kind once, its words on hover."""
    found: dict[Trouble, Sign] = {}
    for sign in signs:
        found.setdefault(sign.kind, sign)
    return "".join(
        chip(
            LABELS[kind],
            hue="var(--mn-bad)" if kind in _LOUD else "var(--mn-warn)",
            mark="▲" if kind in _LOUD else "△",
            badge=True,
            title=sign.words,
        )
        for kind, sign in found.items()
    )


def step_html(
    step: Step, signs: tuple[Sign, ...], *, start: datetime | None, agents: Mapping[str, str], now: datetime, more: str = ""
) -> str:
    """Return a step as a row: number, who, what kind, when, its signs, and its text clamped."""
    kind = chip(_kind_words(step), mark=KIND_SHAPES[step.kind], title=", ".join(sorted(kind.value for kind in step.kinds)))
    after = f"<span class='mn-chip mn-num' title='{html.escape(exact(step.at))}'>{escaped(since(step.at, start))}</span>"
    about = chip(f"about {step.part}", title=step.part) if step.part else ""
    gone = chip("expired", title=f"expired {exact(step.expires)}") if step.expires and step.expires <= now else ""
    head = f"{agent_chip(step.agent, agents)}{kind}{about}{after}{gone}{sign_chips(signs)}{more}"
    text = _BLANK.sub("", step.text).strip()
    return (
        f"<div class='mn-over mn-step'><b class='mn-num'>{step.shown:,}</b><div><div class='mn-row'>{head}</div>"
        f"<div class='mn-small'>{text_block(text, clamp=True)}</div></div></div>"
    )


def _kind_words(step: Step) -> str:
    if step.kind is Kind.HANDOFF and step.to:
        return one_line(f"handoff to {step.to}", 60)
    if step.tool and step.kind in (Kind.CALL, Kind.RESULT):
        return one_line(f"{step.kind.value}: {step.tool}", 60)
    return step.kind.value
