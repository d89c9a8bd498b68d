"""The page Duplicates: from the controls and the effect to the lists, and the plan of what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis.snapshot import Snapshot
from core.curation.desk import Desk
from core.curation.duplicates import Group
from core.curation.duplicates.rejected import Rejections
from core.curation.lifecycle import load_lifecycle
from core.scope import Scope
from pages.shared import state
from pages.shared.duplicates.alike import alike_label, alike_list, suspects_at
from pages.shared.duplicates.asked import LISTS, ORDERS, Asked, controls
from pages.shared.duplicates.choices import choices_of
from pages.shared.duplicates.chosen_bar import bar
from pages.shared.duplicates.found import found_words
from pages.shared.duplicates.group_rows import Shown, group_row
from pages.shared.duplicates.offers import offered_of, ordered
from pages.shared.duplicates.rejections import just_rejected, kept, may_reject, reject, rejected_list
from pages.shared.duplicates.search import LOWEST, Search, search_errand
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.planning import desk_of
from pages.shared.reading import snapshot_with_vectors
from pages.shared.remembered import to_minute
from pages.shared.rows import Rows
from pages.shared.timeline.paging import pager
from pages.shared.words import plural, share
from pages.shared.work import Errand, works
from pages.shared.work_progress import outcome

__all__ = ["draw"]

_ABOUT: Final = (
    "A plan keeps one of each group and retires the others, once the one that stays is proved to be found in their place. "
    "It can be undone."
)
_A_PAGE: Final = 10
# Of more memories a search takes minutes of every processor: it is asked for.
_ASKED_FROM: Final = 200_000
# Of more than so many, one is enough until somebody asks for another, however often agents write.
_AGAIN_FROM: Final = 20_000


def draw(here: Here, desk: Desk, *, agents: Mapping[str, str]) -> None:
    """Draw the page below its title."""
    lead = st.empty()
    lead.html(f"<p class='mn-lead'>{_ABOUT}</p>")
    snapshot = snapshot_with_vectors(here, said="Duplicates are looked for by the vectors of the index, read once.")
    if snapshot is None:
        return
    asked = controls()
    search = _searched(here, snapshot, asked)
    rejections = None if search is None else kept(here)
    if search is None or rejections is None:
        return
    shown = Shown(
        here,
        search,
        Rows(search.frame, (search.table,), desk.store.schema),
        asked,
        choices_of(here),
        agents,
        load_lifecycle(desk.store, desk.ledger.documents, actor=here.actor).rules.decay,
        _recalls(here, here.catalog.uri, here.catalog.bucket, here.index, to_minute(here.now)),
        may_reject(here),
    )
    _lists(shown, rejections, lead)
    st.caption(found_words(search.pairs))
    if snapshot.sampled:
        st.caption("This index is sampled, so only a part of it was compared.")


@st.cache_data(max_entries=4, show_spinner=False)
def _recalls(_here: Here, *key: Any) -> Mapping[str, int]:  # noqa: ARG001
    """Return how often each memory was recalled as far as the log knows, counted once a minute."""
    return {key: used.recalls for key, used in desk_of(_here).store.used(actor=_here.actor).items()}


def _searched(here: Here, snapshot: Snapshot, asked: Asked) -> Search | None:
    """Return what was found, or what was before until that is done; the page says how far it is."""
    errand = search_errand(here, snapshot, asked.within)
    begins, renews = snapshot.rows <= _ASKED_FROM, snapshot.rows <= _AGAIN_FROM
    work = outcome(errand, name="duplicates", begins=begins, renews=renews)
    if not begins and works().known(errand) is None and work is None:
        _begin(errand, snapshot)
    found: Search | None = None if work is None else work.result
    return found


def _begin(errand: Errand, snapshot: Snapshot) -> None:
    """Offer to search an index so large that it takes minutes."""
    count = plural(snapshot.rows, "memory")
    st.html(f"<p class='mn-empty'>Comparing {count} takes minutes. Nothing is changed by it.</p>")
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button("Look for duplicates", type="primary", key="duplicates_begin", on_click=works().begin, args=(errand,))


def _lists(shown: Shown, rejections: Rejections, lead: DeltaGenerator) -> None:
    here, search, asked = shown.here, shown.search, shown.asked
    every = search.groups(asked.threshold, rejections)
    offered = offered_of(search, every, here)
    suspects = offered_of(search, suspects_at(search.pairs.suspects, asked.threshold), here)
    lead.html(_lead(shown, offered, len(every)))
    labels = {
        "groups": f"Groups · {len(offered):,}",
        "alike": alike_label(len(suspects)),
        "rejected": f"Rejected · {len(rejections.every):,}" if rejections.every else "Rejected",
    }
    which = _which(labels, asked, several=len(offered) > 1)
    if which == "alike":
        alike_list(shown, suspects)
    elif which == "rejected":
        rejected_list(shown, rejections)
    else:
        _groups(shown, offered)


def _which(labels: Mapping[str, str], asked: Asked, *, several: bool) -> str:
    """Draw the choice of a list, and of the order of the groups, and return the list."""
    which = state.get("list") if state.get("list") in LISTS else LISTS[0]
    with st.container(horizontal=True, horizontal_alignment="distribute", key="duplicates_which"):
        state.prepare_widget("duplicates_list", which)
        st.segmented_control(
            "List",
            LISTS,
            key="duplicates_list",
            format_func=labels.__getitem__,
            required=True,
            label_visibility="collapsed",
            on_change=state.store_value,
            args=("list", "duplicates_list"),
            kwargs={"empty": LISTS[0]},
        )
        if which == "groups" and several:
            _order(asked)
    return which


def _groups(shown: Shown, offered: Sequence[Group]) -> None:
    if offered:
        bar(shown, offered, shown.choices.of(offered))
    found = ordered(offered, shown.asked.order)
    start = pager("duplicates", len(found), _A_PAGE, words=("Earlier", "Next"))
    page, rejected = found[start : start + _A_PAGE], None
    place = shown.choices.place(len(page))
    for number, group in enumerate(page):
        if number == place:
            just_rejected(shown)
        if group_row(shown, group):
            rejected = number, group
    if place is not None and place >= len(page):
        just_rejected(shown)
    if not offered:
        _none(shown)
    if start + _A_PAGE < len(found):
        pager("duplicates", len(found), _A_PAGE, below=True, words=("Earlier", "Next"))
    if rejected and reject(shown, *rejected):
        st.rerun()


def _lead(shown: Shown, offered: Sequence[Group], every: int) -> str:
    memories = sum(len(group.keys) for group in offered)
    whole = f"<b>{plural(len(shown.search.frame), 'memory')}</b> in <b>{escaped(shown.here.index)}</b>"
    of = ""
    if shown.here.scope != Scope():
        of = f" The filters on the left leave {len(offered):,} of {plural(every, 'group')}: those with a memory that fits."
    said = f"<b>{memories:,}</b> of {whole} say the same as another: they could be <b>{len(offered):,}</b>."
    if not offered:
        said = f"No two of {whole} say the same with {share(shown.asked.threshold, 1)} certainty."
    return f"<p class='mn-lead'>{said}{of} {_ABOUT}</p>"


def _none(shown: Shown) -> None:
    lower = " Move the certainty lower to see what is nearly the same." if shown.asked.threshold > LOWEST else ""
    filters = " Take filters away on the left to see more." if shown.here.scope != Scope() else ""
    st.html(f"<p class='mn-empty'>There is nothing to merge here.{lower}{filters}</p>")


def _order(asked: Asked) -> None:
    state.prepare_widget("duplicates_order", asked.order)
    st.selectbox(
        "Order",
        list(ORDERS),
        key="duplicates_order",
        width=200,
        label_visibility="collapsed",
        format_func=ORDERS.__getitem__,
        on_change=state.store_value,
        args=("order", "duplicates_order"),
        kwargs={"empty": Asked.order},
    )
