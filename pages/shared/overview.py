"""What the Overview draws: the verdict, the figures, bars that filter when clicked, what expires, the service's limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.analysis.stats import LimitUse, Totals, growth
from core.scope import UNKNOWN
from pages.shared import state
from pages.shared.charts import CONFIG, facet_bars, growth_bars
from pages.shared.facets import Facet
from pages.shared.inspector import open_button, slug
from pages.shared.markup import escaped, text_block
from pages.shared.rail import value_label
from pages.shared.theme import tokens, type_hue
from pages.shared.words import age, bytes_text, day_text, exact, plural, share

__all__ = [
    "LOW",
    "SOON",
    "among",
    "expiring_list",
    "facet_chart",
    "growth_chart",
    "growth_title",
    "health",
    "lead",
    "limit_rows",
    "verdict",
]

SOON: Final = timedelta(days=7)
LOW: Final = 0.5
_BARS: Final = 10


def lead(totals: Totals, *, index: str, now: datetime, sentence: str) -> str:
    """Return the page's first sentence: how much there is, by whom, how fresh."""
    by = [plural(n, word) for n, word in ((totals.agents, "agent"), (totals.teams, "team"), (totals.tasks, "task")) if n]
    newest = (
        f" The newest is from <span title='{exact(totals.newest)}'>{age(totals.newest, now=now)}</span>."
        if totals.newest
        else ""
    )
    scope = f" <span class='mn-scope'>Filtered: {escaped(sentence, limit=300)}</span>" if sentence else ""
    return (
        f"<p class='mn-lead'><b>{plural(totals.memories, 'memory')}</b> in <b>{escaped(index)}</b>"
        f"{' from ' + ', '.join(by) if by else ''}.{newest}{scope}</p>"
    )


def among(frame: pd.DataFrame, keys: Collection[str]) -> int:
    """Return how many memories of a frame have one of these keys."""
    return int(frame["key"].isin(list(keys)).sum()) if keys else 0


def verdict(live: Totals, stored: Totals, *, disputed: int = 0) -> str:
    """Return whether the memory is healthy, and what to look at first if not; `disputed` are in a possible conflict."""
    found = []
    if disputed:
        found.append(f"{plural(disputed, 'memory is', 'memories are')} in a possible conflict")
    if stored.expired:
        found.append(
            f"{plural(stored.expired, 'expired memory')} still take space"
            if stored.expired > 1
            else "1 expired memory still takes space"
        )
    if live.low_confidence:
        found.append(f"{live.low_confidence:,} have a confidence below {LOW:g}")
    if live.expiring_soon:
        found.append(f"{live.expiring_soon:,} expire within a week")
    if live.no_time:
        found.append(f"{live.no_time:,} do not say when they were written")
    sign, hue, text = (
        ("✓", "var(--mn-good)", "Healthy: nothing has expired and no confidence is low.")
        if not found
        else ("◔", "var(--mn-warn)", f"Worth a look: {'; '.join(found)}.")
    )
    return f"<div class='mn-verdict'><i style='color:{hue}'>{sign}</i><span>{escaped(text)}</span></div>"


def health(live: Totals, stored: Totals) -> None:
    """Draw the figures that a person checks first."""
    with st.grid(5, min_column_width=150, gap="small"):
        st.metric(
            "Memories",
            f"{live.memories:,}",
            border=True,
            help="Memories in scope that recall can bring back.",
            height="stretch",
            delta=share(live.memories, max(1, stored.memories)),
            delta_color="off",
            delta_arrow="off",
            delta_description="of what is stored",
        )
        for label, count, said in (
            ("Expire within a week", live.expiring_soon, "They stop coming back when their time is over."),
            ("Expired, still stored", stored.expired, "Recall leaves them out; the filter Include expired shows them."),
            ("Low confidence", live.low_confidence, f"Confidence below {LOW:g}."),
            ("Confidence unknown", live.no_confidence, "They state no confidence; ranking treats them as neutral."),
        ):
            st.metric(
                label,
                f"{count:,}",
                border=True,
                help=said,
                height="stretch",
                delta=share(count, max(1, stored.memories)),
                delta_color="off",
                delta_arrow="off",
                delta_description="of what is stored",
            )


def growth_title(frame: pd.DataFrame, *, now: datetime) -> str:
    """Return what the growth chart says."""
    created = frame["created_at"]
    recent = int((created > now - timedelta(days=30)).sum())
    if recent:
        return f"{plural(recent, 'memory')} {'was' if recent == 1 else 'were'} written in the last 30 days"
    newest = created.max()
    return "When they were written is unknown" if pd.isna(newest) else f"Nothing new since {day_text(newest)}"


def growth_chart(frame: pd.DataFrame, *, selected: Sequence[str]) -> None:
    """Draw growth by type; a click on a bar narrows the time to it."""
    grown = growth(frame, by="memory_type")
    if grown.empty:
        st.html("<p class='mn-empty'>No memory in scope says when it was written, so growth cannot be drawn.</p>")
        return
    unit = str(grown.attrs["unit"])
    starts = sorted(grown["start"].unique())
    key = _chart_key("growth")
    st.plotly_chart(
        growth_bars(grown, tokens(), unit=unit, selected=selected),
        key=key,
        on_select=lambda: _pick_time(key, unit),
        selection_mode="points",
        config=CONFIG,
        alt=f"Memories written per {unit}, {len(starts)} bars from {day_text(starts[0])} to {day_text(starts[-1])}",
    )


def facet_chart(facet: Facet, values: list[tuple[str, int]], *, colours: Mapping[str, str]) -> None:
    """Draw the most frequent values of a facet; a click filters by one, another click takes the filter away."""
    chosen = state.get_all(facet.param)
    values = [pair for pair in values if pair[1] or pair[0] in chosen]
    total, rest = sum(count for _, count in values), values[_BARS:]
    st.subheader(_facet_title(facet, values, total), anchor=False)
    if not values:
        st.html("<p class='mn-empty'>Nothing in scope.</p>")
        return
    shown = values[:_BARS]
    if facet.param == "type":
        names = {value: f"{type_hue(value).shape} {value_label(type_hue(value).label)}" for value, _ in shown}
        hues = {value: type_hue(value).now for value, _ in shown}
    else:
        names, hues = {value: value_label(value) for value, _ in shown}, {UNKNOWN: tokens().muted}
    key = _chart_key(f"by_{facet.param}")
    st.plotly_chart(
        facet_bars(shown, tokens(), colours=hues, dots=colours, selected=chosen, labels=names),
        key=key,
        on_select=lambda: _pick_value(key, facet.param, [value for value, _ in shown]),
        selection_mode="points",
        config=CONFIG,
        alt=f"Memories by {facet.label.lower()}: " + ", ".join(f"{value_label(v)} {n:,}" for v, n in shown[:5]),
    )
    if rest:
        st.caption(f"The {len(shown)} most frequent; {len(rest):,} more hold {plural(sum(n for _, n in rest), 'memory')}.")


def _facet_title(facet: Facet, values: list[tuple[str, int]], total: int) -> str:
    named = [pair for pair in values if pair[0] != UNKNOWN]
    if len(named) < 2 or not total:
        return f"By {facet.label.lower()}"
    return f"By {facet.label.lower()}: {len(named):,} {facet.many}"


def _chart_key(name: str) -> str:
    """A selection cannot be taken back from Python: a chart with a new key starts without one."""
    return f"{name}_{st.session_state.get(f'{name}_turn', 0)}"


def picked(event: Any) -> list[dict[str, Any]]:
    """Return the clicked points of a chart's selection state."""
    points: list[dict[str, Any]] = ((event or {}).get("selection") or {}).get("points") or []
    return points


def _pick_value(key: str, param: str, values: Sequence[str]) -> None:
    for point in picked(st.session_state.get(key))[:1]:
        state.toggle(param, values[int(point["point_index"])])
    _turn(key)


def _pick_time(key: str, unit: str) -> None:
    for point in picked(st.session_state.get(key))[:1]:
        first, last = bucket(pd.Timestamp(point["x"]), unit)
        state.put("when", "between")
        state.put("from", first)
        state.put("to", last)
    _turn(key)


def bucket(start: pd.Timestamp, unit: str) -> tuple[str, str]:
    """Return the first day of a bar and the day after its last, as the scope takes them."""
    day = start.normalize()
    span = {
        "hour": pd.DateOffset(days=1),
        "day": pd.DateOffset(days=1),
        "week": pd.DateOffset(days=7),
        "month": pd.DateOffset(months=1),
        "year": pd.DateOffset(years=1),
    }
    return day.date().isoformat(), (day + span[unit]).date().isoformat()


def _turn(key: str) -> None:
    name = key.rsplit("_", 1)[0]
    st.session_state[f"{name}_turn"] = st.session_state.get(f"{name}_turn", 0) + 1


def expiring_list(frame: pd.DataFrame, *, now: datetime, count: int = 4) -> None:
    """List the memories that expire next, each opens in the inspector."""
    soon = frame[frame["expires_at"] > now].nsmallest(count, "expires_at")
    for row in soon[["key", "content", "expires_at"]].itertuples(index=False):
        when = row.expires_at.to_pydatetime()
        left = age(when, now=now)
        with st.container(border=True, gap=None, key=f"row_soon_{slug(row.key)}"):
            st.html(
                "<div class='mn-over mn-small mn-one'>"
                f"<span class='mn-badge mn-chip' style='--hue:var(--mn-warn)' title='{exact(when)}'>{left}</span>"
                f"&ensp;{text_block(row.content[:240], clamp=False)}</div>"
            )
            open_button(f"row_soon_{slug(row.key)}", row.key)


def limit_rows(uses: Sequence[LimitUse]) -> list[tuple[str, str, float]]:
    """Return the service's limits as label, "used of limit (share)" and share."""
    said = []
    for use in uses:
        text = bytes_text if use.unit in ("bytes", "B") else lambda value: f"{value:,.0f}"
        said.append(
            (use.label, f"{text(use.used)} of {text(use.limit)} · {share(use.used, use.limit)}", use.used / use.limit)
        )
    return said
