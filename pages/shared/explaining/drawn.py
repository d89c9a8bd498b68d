"""What the explanations draw: stages as bars, a score as a waterfall, ranks that move. Everything is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence

from core.explanation import Move, Stage, Step
from core.hostile import one_line
from pages.shared.markup import escaped, part_colour

__all__ = ["move_row", "stage_row", "waterfall_rows"]


def stage_row(stage: Stage, *, most: int) -> str:
    """Return one stage: its name, how many are left as a bar and a figure, how it works, what it left out and why."""
    count = "–" if stage.count is None else f"{stage.count:,}"
    width = 0.0 if not stage.count or not most else max(0.6, 100 * stage.count / most)
    out = "".join(
        f"<p class='mn-out'><i>−</i><span><b class='mn-num'>{each.count:,}</b> {escaped(each.reason, limit=300)}</span></p>"
        for each in stage.dropped
    )
    return (
        f"<div class='mn-stage'><b>{html.escape(stage.label)}</b><span class='mn-num'>{count}</span>"
        f"<div class='mn-bar'><span style='width:{width:.2f}%;--hue:var(--mn-accent)'></span></div>"
        f"<p>{escaped(stage.said, limit=600)}</p>{out}</div>"
    )


def waterfall_rows(steps: Sequence[Step], *, score: float) -> str:
    """Return the parts of a score, each upon those before it, with its reason; beside another one with what it lacks."""
    scale = max(score, 1e-9)
    return "".join(_step(step, scale) for step in steps if step.part.weight > 0)


def _step(step: Step, scale: float) -> str:
    part = step.part
    apart = ""
    if step.apart is not None:
        tone = "mn-bad" if step.apart < -0.0005 else "mn-good" if step.apart > 0.0005 else "mn-muted"
        apart = f" <span class='{tone}' title='beside the last result'>{_signed(step.apart)}</span>"
    start, wide = 100 * step.start / scale, 100 * (step.end - step.start) / scale
    return (
        f"<div class='mn-part'><b>{html.escape(part.label)}</b><span class='mn-num'>"
        f"<span class='mn-muted'>{part.value:.2f} × {part.weight:.2f} =</span> <b>{part.contribution:.3f}</b>{apart}</span>"
        f"<div class='mn-bar'><span style='margin-left:{start:.2f}%;width:{wide:.2f}%;"
        f"--hue:{part_colour(part.name)}'></span></div><p>{escaped(part.explanation, limit=600)}</p></div>"
    )


def move_row(move: Move, *, first: int, second: int) -> str:
    """Return a memory with its rank both ways, what it says and which part moved it; what one way leaves out is faint."""
    before, after = _rank(move.before, first), _rank(move.after, second)
    if not move.returned[0]:
        sign, tone, said = "+", "mn-good", "comes in"
    elif not move.returned[1]:
        sign, tone, said = "−", "mn-bad", "drops out"
    else:
        sign, tone = ("↑", "mn-good") if move.moved > 0 else ("↓", "mn-warn") if move.moved < 0 else ("=", "mn-muted")
        said = f"{abs(move.moved)} up" if move.moved > 0 else f"{abs(move.moved)} down" if move.moved < 0 else "same place"
    why = f" · {html.escape(move.part)} {_signed(move.by)}" if move.part and abs(move.by) >= 0.0005 else ""
    block = "" if move.given[0] == move.given[1] else " · enters the block" if move.given[1] else " · leaves the block"
    return (
        f"<div class='mn-move'><span class='mn-num'>{before}</span><i class='{tone}'>{sign}</i>"
        f"<span class='mn-num'>{after}</span>"
        f"<div><div class='mn-one' dir='auto'>{escaped(one_line(move.content, 240))}</div>"
        f"<div class='mn-muted'>{said}{why}{block}</div></div></div>"
    )


def _rank(rank: int | None, k: int) -> str:
    if rank is None:
        return "<span class='mn-muted' title='not a candidate'>–</span>"
    return f"{rank:,}" if rank <= k else f"<span class='mn-muted' title='ranked too low'>({rank:,})</span>"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{abs(value):.3f}"
