"""What would an agent recall, and why?"""

from __future__ import annotations

import streamlit as st

from core.hostile import markdown_escape
from core.recall import boto3_call, cli_call
from pages.shared import ranking, state
from pages.shared.acting import selection_bar
from pages.shared.asking import ask
from pages.shared.explaining.views import explanation, view_control
from pages.shared.facets import count_within
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.hits import downloads, result_line, results
from pages.shared.inspector import inspector
from pages.shared.mapping import mapping_notice
from pages.shared.nothing import ask_something, nothing_found
from pages.shared.past import agent_names, file_stamp
from pages.shared.reading import snapshot_for_search, snapshot_with_vectors
from pages.shared.theme import agent_colours
from pages.shared.workbench import workbench

here = current()
if here.frame is None or here.store is None or here.frame.empty:
    getting_started(here)
    st.stop()

agents = agent_colours(agent_names(here))
in_scope = count_within(here.frame, here.scope, now=here.now)
st.title("What would an agent recall?", anchor=False)
mapping_notice(here)
state.prepare_widget("search_q", state.get("q"))
st.text_input(
    "Question",
    key="search_q",
    type="search",
    icon=":material/search:",
    max_chars=1000,
    placeholder="Ask as an agent would, for example: what did the customer say about the refund?",
    label_visibility="collapsed",
    on_change=state.store_value,
    args=("q", "search_q"),
)
weights, row_end = ranking.controls()
query, mode, k = state.get("q").strip(), ranking.mode(), ranking.how_many()

if not query:
    main, side = workbench()
    with side:
        inspector(here, agents=agents)
    with main:
        ask_something(here, in_scope=in_scope)
    st.stop()

snapshot = (
    snapshot_with_vectors(here.at_present, said="Looking back needs the vectors of the index, which are read once.")
    if here.past
    else snapshot_for_search(here)
    if mode != "text"
    else here.snapshot
)
if snapshot is None:
    st.stop()
result = ask(here, query, k=k, mode=mode, weights=weights, snapshot=snapshot)
with row_end:
    if result.hits:
        downloads(result, index=here.index, now=here.today, stamp=file_stamp(here))
main, side = workbench()
with side:
    inspector(here, agents=agents, result=result)
with main:
    st.caption(result_line(result, in_scope=in_scope, weighted=bool(state.get("weights"))))
    view = view_control()
    if view != "results":
        explanation(here, view, query, snapshot)
        st.stop()
    for note in result.notes:
        st.caption(markdown_escape(note))
    if not result.hits:
        nothing_found(here, result, in_scope=in_scope)
    selection_bar(here, result)
    results(result, here, agents=agents)
    with st.expander("Call this from your code", icon=":material/code:"):
        call = {"k": k, "mode": mode, "scope": here.scope, "now": here.now}
        as_of = here.past.moment if here.past else None
        st.code(cli_call(here.store, query, **call, weights=weights, as_of=as_of), language="bash", wrap_lines=True)
        if here.past:
            st.caption("S3 Vectors itself has no past: only the journal knows what was there.")
        else:
            st.code(boto3_call(here.store, query, **call), language="python", wrap_lines=True)
