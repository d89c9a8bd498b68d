"""What was rejected on the page: remembered for everybody, shown with who said so, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.access import Permission
from core.curation.duplicates import Group
from core.curation.duplicates.rejected import Rejection, Rejections, load_rejections, save_rejections
from core.errors import ChangedMeanwhileError
from core.hostile import one_line
from pages.shared.duplicates.group_rows import Shown
from pages.shared.here import Here
from pages.shared.markup import escaped, slug, text_block
from pages.shared.planning import desk_of
from pages.shared.problem import attempt
from pages.shared.timeline.paging import pager
from pages.shared.words import age, exact, plural

__all__ = ["just_rejected", "kept", "may_reject", "reject", "rejected_list"]

_A_PAGE: Final = 20
_TEXTS: Final = 4
_TRIES: Final = 3
_REASON: Final = 200
_EXAMPLE: Final = "for example: two customers of the same name"


def kept(here: Here) -> Rejections | None:
    """Return what was rejected in the open index; None where that cannot be read, which the page then says."""
    desk = desk_of(here)
    return attempt(lambda: load_rejections(desk.store, desk.ledger.documents, actor=here.actor))


def may_reject(here: Here) -> bool:
    """Say whether this person may reject for everybody."""
    return here.actor.may(Permission.WRITE, tenant=desk_of(here).store.info.tenant)


def reject(shown: Shown, place: int, group: Group) -> bool:
    """Remember that a group is none, and where in the list it stood; say whether that worked."""
    if not _reject(shown.here, group):
        return False
    shown.choices.reject(place, group)
    return True


def just_rejected(shown: Shown) -> None:
    """Draw in the place of the group that was rejected last that it was, why if somebody says so, and the way back."""
    if shown.choices.rejected is None:
        return
    group = shown.choices.rejected[1]
    rows = shown.search.rows(list(group.keys[:1]))
    text = next((memory.content for memory in shown.source.memories(rows[rows >= 0])), "")
    key = f"notsame_why_{slug(' '.join(group.hashes))}"
    known = st.session_state.get(f"{key}_kept", "")
    st.session_state.setdefault(key, known)  # a box that was not drawn for a while has forgotten what was in it
    with st.container(border=True, gap="small", key="notsame_now"):
        st.html(
            "<div class='mn-small'><b>Not the same.</b> <span class='mn-muted'>Not asked about again until one of the texts "
            f"changes: </span><span dir='auto'>{escaped(one_line(text, 120))}</span></div>"
        )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="notsame_line"):
            why = st.text_input("Why, if you want to say", key=key, max_chars=_REASON, placeholder=_EXAMPLE, width="stretch")
            back = st.button("Ask again", icon=":material/undo:", key="notsame_back", type="tertiary")
            st.button("Close", icon=":material/close:", key="notsame_close", type="tertiary", on_click=shown.choices.close)
    if back and _change(shown.here, lambda all_of: all_of.forgetting(group.hashes)):
        shown.choices.close()
        st.rerun()
    if why.strip() != known and not back and _reject(shown.here, group, why.strip()):
        st.session_state[f"{key}_kept"] = why.strip()
        st.toast("The reason is kept: Rejected has it.", icon=":material/check:")


def _reject(here: Here, group: Group, reason: str = "") -> bool:
    return _change(here, lambda known: known.rejecting(group, by=here.actor.name, at=datetime.now(UTC), reason=reason))


def rejected_list(shown: Shown, rejections: Rejections) -> None:
    """Draw what was rejected, the latest first, with the way to be asked again."""
    if not rejections.every:
        st.html(
            "<p class='mn-empty'>Nothing was rejected yet. A group that is called not the same is listed here, and is not "
            "asked about again until one of its texts changes.</p>"
        )
        return
    latest = sorted(rejections.every, key=lambda each: each.at, reverse=True)
    texts = _texts(shown)
    start = pager("duplicates_rejected", len(latest), _A_PAGE, words=("Earlier", "Next"))
    for each in latest[start : start + _A_PAGE]:
        _row(shown, each, texts)


def _row(shown: Shown, each: Rejection, keys: Mapping[str, str]) -> None:
    name = slug("\n".join(each.hashes))
    rows = shown.search.rows([keys[digest] for digest in each.hashes if digest in keys][:_TEXTS])
    said = "".join(text_block(memory.content, clamp=True) for memory in shown.source.memories(rows[rows >= 0]))
    gone = len(each.hashes) - min(len(rows), len(each.hashes))
    if gone:
        said += f"<div class='mn-muted'>{plural(gone, 'more text is', 'more texts are')} not near another one now.</div>"
    here = shown.here
    reason = f"<div dir='auto'>“{escaped(one_line(each.reason, _REASON))}”</div>" if each.reason else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"rejected_{name}"):
        st.html(
            f"<div class='mn-small mn-pile'>{said}{reason}</div><div class='mn-muted' title='{escaped(exact(each.at))}'>Not "
            f"the same, said {escaped(one_line(each.by, 60))} {escaped(age(each.at, now=here.now))}</div>",
            width="stretch",
        )
        pressed = st.button(
            "Ask again", icon=":material/undo:", key=f"rejected_back_{name}", type="tertiary", disabled=not shown.may_reject
        )
    if pressed and _change(here, lambda known: known.forgetting(each.hashes)):
        shown.choices.close()
        st.rerun()


def _texts(shown: Shown) -> dict[str, str]:
    """Return a key for each text that the search has by its content hash."""
    pairs = shown.search.pairs
    return {} if pairs is None else {digest: key for key, digest in pairs.hashes.items()}


def _change(here: Here, change: Callable[[Rejections], Rejections]) -> bool:
    """Keep what was rejected, changed; what somebody else rejected in the same moment stays."""
    desk = desk_of(here)
    store, documents = desk.store, desk.ledger.documents

    def once() -> bool:
        known = load_rejections(store, documents, actor=here.actor)
        save_rejections(store, documents, change(known), actor=here.actor, expected=known.version)
        return True

    def tried() -> bool:
        for _ in range(_TRIES - 1):
            try:
                return once()
            except ChangedMeanwhileError:
                continue
        return once()

    return attempt(tried) is not None
