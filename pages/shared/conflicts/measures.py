"""What people's decisions tell of how well conflicts are found, what another threshold would do, and the labelled pairs."""

from __future__ import annotations

import json
from typing import Final

import pandas as pd
import streamlit as st

from core.curation.conflicts.inbox import Inbox
from core.curation.conflicts.measuring import GRID, Measures, Share, measure
from core.curation.conflicts.measuring.answers import latest_judge
from core.curation.conflicts.measuring.groups import Figures
from core.hostile import markdown_escape, one_line
from pages.shared.charts import CONFIG
from pages.shared.conflicts.measures_charts import calibration_curve
from pages.shared.conflicts.threshold import threshold_chooser, threshold_mark, threshold_now
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.theme import tokens
from pages.shared.words import plural
from pages.shared.work import Errand, index_of
from pages.shared.work_progress import outcome

__all__ = ["measures"]

_FEW: Final = "–"


def measures(here: Here, inbox: Inbox) -> None:
    """Draw the figures of the judge that looked last; they are worked out again after every decision."""
    errand = Errand(
        ("measures", *index_of(here), repr(here.actor)),
        (inbox.register.revision(), threshold_mark(here)),
        "Working out what the decisions tell",
        lambda _: _measured(here, inbox),
        kept=4,
    )
    work = outcome(errand, name="measures")
    if work is None:
        return
    found: Measures = work.result
    if found.judge is None:
        st.html("<p class='mn-empty'>No card was found yet, so there is nothing to measure. Scan first.</p>")
        return
    st.html(f"<p class='mn-lead'>{_lead(found)}</p>")
    _figures(found)
    st.header("Do the probabilities mean what they say?", anchor=False)
    _calibration(found)
    st.header("What would another threshold do?", anchor=False)
    threshold_chooser(here, found)
    _tables(found)
    _export(here, inbox, found)


def _measured(here: Here, inbox: Inbox) -> Measures:
    """Return the figures, with the threshold that is in force among those that are looked at."""
    cards, decisions = inbox.register.cards(), inbox.register.decisions()
    tag = latest_judge(cards)
    now = None if tag is None else threshold_now(here, tag)
    grid = GRID if now is None else tuple(sorted({*GRID, round(now, 2)}))
    return measure(cards, decisions, judge=tag, grid=grid)


def _lead(found: Measures) -> str:
    judge = escaped(one_line(str(found.judge), 60))
    decided = f"<b>{found.decided:,}</b> of {plural(found.cards + found.samples, 'card')} by {judge}"
    were = "was" if found.decided == 1 else "were"
    value = found.precision.value
    said = "" if value is None else f" Of those that were raised, <b>{value:.0%}</b> were conflicts."
    drawn = f" {plural(found.samples, 'pair was', 'pairs were')} drawn below the threshold, to see what is missed."
    return f"{decided} {were} decided.{said}{drawn if found.samples else ''}"


def _figures(found: Measures) -> None:
    alpha = found.agreement.alpha
    seconds = found.pace.seconds
    with st.grid(4, min_column_width=170, gap="small"):
        for label, value, said in (
            ("Precision", _share(found.precision), found.precision.words),
            ("Recall, by samples", _share(found.recall), found.recall.words),
            ("Agreement", _FEW if alpha is None else f"{alpha:.2f}", found.agreement.words),
            ("A decision takes", _FEW if seconds is None else f"{seconds:,.0f} s", _pace(found)),
        ):
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.metric(label, value)
                st.caption(markdown_escape(said[:1].upper() + said[1:]))


def _share(share: Share) -> str:
    return _FEW if share.value is None else f"{share.value:.0%}"


def _pace(found: Measures) -> str:
    if found.pace.seconds is None:
        return f"too few decisions to say: {found.pace.n:,}"
    return f"the median of {plural(found.pace.n, 'decision')}, breaks left out"


def _calibration(found: Measures) -> None:
    said = found.calibration.words
    if any(each.share.known for each in found.calibration.bins):
        st.plotly_chart(
            calibration_curve(found.calibration, tokens()),
            key="measures_calibration",
            config=CONFIG,
            alt=f"Share of conflicts by how likely the judge said they are: {said}",
        )
    st.caption(markdown_escape(said[:1].upper() + said[1:] + "."))


def _tables(found: Measures) -> None:
    st.header("By cue and by judge", anchor=False)
    for title, rows in (("Cue", found.cues), ("Judge", found.judges)):
        if rows:
            st.dataframe(_table(title, rows), hide_index=True, width="stretch", alt=f"Precision by {title.lower()}")
    if not found.cues and not found.judges:
        st.caption("No raised card was decided yet.")
    for week in found.weeks:
        if week.off:
            st.caption(markdown_escape(f"Week of {week.monday:%d %b %Y}: precision {week.off}."))


def _table(title: str, rows: tuple[Figures, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                title: one_line(row.name, 60) or "none named",
                "Decided": f"{row.decided:,}",
                "Said to clash with": f"{row.mean_clash:.0%}",
                "Were conflicts": row.precision.words,
            }
            for row in rows
        ]
    )


def _export(here: Here, inbox: Inbox, found: Measures) -> None:
    st.header("The decisions as a labelled set", anchor=False)
    st.markdown(
        "Each decided pair with its verdict, as `python -m core eval pairs --task contradiction` reads it: to compare "
        "judges, or to train one."
    )

    def as_lines() -> bytes:
        rows = inbox.labelled(actor=here.actor)
        return "".join(json.dumps(row, ensure_ascii=True, default=str) + "\n" for row in rows).encode()

    st.download_button(
        f"Download {plural(found.decided, 'pair')}",
        as_lines,
        file_name=f"{here.index}-conflicts-{here.now:%Y%m%d-%H%M}.jsonl",
        mime="application/x-ndjson",
        key="measures_export",
        icon=":material/download:",
        on_click="ignore",
        disabled=not found.decided,
        help="With the texts of the memories." if found.decided else "Nothing was decided yet.",
    )
