"""What is in this memory and is it healthy?"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.analysis import stats
from core.scope import Scope
from pages.shared import overview, state
from pages.shared.charts import CONFIG, confidence_bars, day_bars
from pages.shared.disputes import disputes, open_conflicts
from pages.shared.facets import FACETS, facet_counts, within
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.inspector import inspector
from pages.shared.mapping import mapping_notice
from pages.shared.markup import limit_bars
from pages.shared.past import agent_names
from pages.shared.theme import agent_colours, tokens
from pages.shared.workbench import workbench

here = current()
if here.frame is None or here.store is None or here.frame.empty:
    getting_started(here)
    st.stop()

stored_frame = within(here.frame, replace(here.scope, include_expired=True, include_hidden=True), now=here.now)
live_frame = within(stored_frame, here.scope, now=here.now)
stored = stats.totals(stored_frame, now=here.now, soon=overview.SOON, low=overview.LOW)
live = stats.totals(live_frame, now=here.now, soon=overview.SOON, low=overview.LOW)
agents = agent_colours(agent_names(here))
counted = facet_counts(here.frame, here.scope, now=here.now)

main, side = workbench()
with side:
    inspector(here, agents=agents)
with main:
    st.title("What is in this memory, and is it healthy?", anchor=False)
    st.html(
        overview.lead(live, index=here.index, now=here.now, sentence=here.scope.sentence() if here.scope != Scope() else "")
    )
    mapping_notice(here)
    if live_frame.empty:
        st.html("<p class='mn-empty'>No memory fits the filters on the left. Take one away, or include expired ones.</p>")
        st.button(
            "Clear filters", key="overview_clear", on_click=state.clear, args=((*state.SCOPE_PARAMS, *state.TIME_PARAMS),)
        )
        st.stop()
    disputed = overview.among(live_frame, disputes(here))
    with st.container(horizontal=True, gap=None, vertical_alignment="center", key="overview_verdict"):
        st.html(overview.verdict(live, stored, disputed=disputed), width="content")
        if disputed and st.button(
            "Look at the conflicts", icon=":material/rule:", type="tertiary", key="overview_conflicts"
        ):
            open_conflicts(here)
    overview.health(live, stored)

    st.subheader(overview.growth_title(live_frame, now=here.now), anchor=False)
    overview.growth_chart(live_frame, selected=state.get_all("type"))

    st.caption("Click a bar to filter by it; click it again to take the filter away.")
    for row in (FACETS[:2], FACETS[2:]):
        for column, facet in zip(st.columns(2, gap="large"), row, strict=True):
            with column:
                overview.facet_chart(facet, counted[facet.param], colours=agents if facet.param == "agent" else {})

    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Expiring in the next 30 days", anchor=False)
        days = stats.expiring(live_frame, now=here.now, days=30)
        if days["count"].sum():
            st.plotly_chart(day_bars(days, tokens()), config=CONFIG, key="expiring", alt="Memories that expire, by day")
            overview.expiring_list(live_frame, now=here.now)
        else:
            st.html("<p class='mn-empty'>No memory in scope expires in the next 30 days.</p>")
    with right:
        st.subheader("How sure the agents were", anchor=False)
        spread = stats.confidence_histogram(live_frame, bins=20)
        if spread["count"].sum():
            st.plotly_chart(
                confidence_bars(spread, tokens(), low=overview.LOW),
                config=CONFIG,
                key="confidence",
                alt=f"Confidence from 0 to 1; {live.low_confidence:,} memories are below {overview.LOW:g}",
            )
        else:
            st.html("<p class='mn-empty'>No memory in scope states a confidence.</p>")
        st.subheader("Size against the limits of S3 Vectors", anchor=False)
        st.html(
            limit_bars(overview.limit_rows(stats.limits_use(here.frame, indexes=len(here.indexes) + len(here.unreadable))))
        )
