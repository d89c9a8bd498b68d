"""Make an index, and remove an empty one: the two dialogs of the page Indexes."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.access import Permission
from core.catalog import IndexInfo
from core.errors import ConfigError
from core.hostile import markdown_escape, one_line
from core.models.embedding import embedder_for
from pages.shared import state
from pages.shared.here import Here, wrote
from pages.shared.map.source import maps
from pages.shared.problem import attempt
from pages.shared.words import plural

__all__ = ["create_button", "delete_button", "index_dialogs", "new_index_name"]

_PENDING: Final = "index_pending"
_CREATE: Final = ""  # no index has this name
_KINDS: Final = {"shared": "Shared", "tenant": "One tenant", "scope": "One scope"}
_LABELS: Final = {"shared": "Name", "tenant": "Tenant", "scope": "Scope"}
_HELP: Final = {
    "shared": "Every tenant's people see it. 3 to 63 characters: a-z, 0-9, hyphen, dot.",
    "tenant": "Only people of this tenant see it, and no other tenant's search finds what is in it.",
    "scope": "One purpose, as short-term or long-term: what passes soon does not crowd out what stays.",
}
_EXAMPLES: Final = {"shared": "team-memory", "tenant": "acme", "scope": "short-term"}
_METRICS: Final = {"cosine": "Cosine", "euclidean": "Euclidean"}
_MODELS: Final = {
    "default": "MiniLM · 384 · on this machine, free",
    "titan-v2": "Titan Text V2 · 1,024 · Bedrock",
    "titan-v2:512": "Titan Text V2 · 512 · Bedrock",
    "titan-v2:256": "Titan Text V2 · 256 · Bedrock",
    "cohere-v3-english": "Cohere Embed v3, English · 1,024 · Bedrock",
    "cohere-v3-multilingual": "Cohere Embed v3, many languages · 1,024 · Bedrock",
}


def new_index_name(kind: str, name: str) -> str:
    """Return the name of an index of a kind: a tenant's is user-memory-TENANT, which reserves it for the tenant."""
    wanted = name.strip()
    if not wanted:
        raise ConfigError(f"The {_LABELS[kind].lower()} is empty: write one, as in {_EXAMPLES[kind]}.")
    return f"user-memory-{wanted}" if kind == "tenant" else wanted


def create_button(here: Here) -> None:
    """Offer a new index to those who may make one."""
    allowed = here.actor.may(Permission.ADMINISTER, tenant=None)
    st.button(
        "New index",
        icon=":material/add:",
        key="index_new",
        disabled=not allowed,
        help=None if allowed else "Only an admin of every tenant makes indexes.",
        on_click=_ask,
        args=(_CREATE,),
    )


def delete_button(here: Here, info: IndexInfo) -> None:
    """Offer to delete an index to those who may."""
    st.button(
        f"Delete {markdown_escape(one_line(info.name, 63))}",  # for who hears the page: the style sheet hides it
        type="tertiary",
        icon=":material/delete:",
        key=f"index_delete_{info.name}",
        help="Delete this index, which must be empty.",
        disabled=not here.actor.may(Permission.ADMINISTER, tenant=info.tenant),
        on_click=_ask,
        args=(info.name,),
    )


def index_dialogs(here: Here) -> None:
    """Open the dialog that was asked for; called once, at the end of the page."""
    pending = st.session_state.get(_PENDING)
    if pending is None:
        return
    info = next((info for info in here.indexes if info.name == pending), None)
    if pending == _CREATE:
        _create(here)
    elif info is not None:
        _delete(here, info)
    else:
        _close()


def _ask(what: str) -> None:
    st.session_state[_PENDING] = what


def _close() -> None:
    st.session_state.pop(_PENDING, None)


@st.dialog("New index", on_dismiss=_close)
def _create(here: Here) -> None:
    kind = st.segmented_control(
        "For whom", list(_KINDS), format_func=_KINDS.__getitem__, default="shared", required=True, key="new_kind"
    )
    name = st.text_input(_LABELS[kind], key="new_name", placeholder=_EXAMPLES[kind], max_chars=63)
    named = one_line(new_index_name(kind, name if name.strip() else _EXAMPLES[kind]), 80)
    st.caption(f"{_HELP[kind]} Its name: {markdown_escape(named)}.")  # always: a line that came would move the button below
    model = st.selectbox("Embedding model", list(_MODELS), format_func=_MODELS.__getitem__, key="new_model")
    st.caption("Fixed for the life of an index, as is the distance: another model needs another index.")
    metric = st.segmented_control(
        "Distance", list(_METRICS), format_func=_METRICS.__getitem__, default="cosine", required=True, key="new_metric"
    )
    if not st.button("Create", type="primary", key="new_create", width="stretch"):
        return
    if attempt(lambda: _made(here, kind, name, model=model, metric=metric)):
        _close()
        st.rerun()


def _made(here: Here, kind: str, name: str, *, model: str, metric: str) -> bool:
    wanted = new_index_name(kind, name)
    embedder = None if model == "default" else embedder_for(model)
    tenant = name.strip() if kind == "tenant" else None
    scope = name.strip() if kind == "scope" else None
    here.catalog.create(wanted, actor=here.actor, tenant=tenant, scope=scope, metric=metric, embedder=embedder)
    wrote(here, [])
    state.put("index", wanted)
    st.session_state["told"] = f"The index {wanted} is made."
    return True


@st.dialog("Delete an index", on_dismiss=_close)
def _delete(here: Here, info: IndexInfo) -> None:
    count = here.counts.get(info.name)
    if count:
        st.markdown(
            f"{markdown_escape(info.name)} holds {plural(count, 'memory')}. S3 Vectors has no undelete, so only an empty "
            "index can be deleted here: export what you want to keep and delete its memories first."
        )
        if st.button("Close", key="delete_close"):
            _close()
            st.rerun()
        return
    st.markdown(f"{markdown_escape(info.name)} is empty. Deleting it also removes its settings and tags, for good.")
    with st.form("delete_form", border=False):
        typed = st.text_input("Type the name of the index to delete it", key="delete_typed", placeholder=info.name)
        asked = st.form_submit_button(
            "Delete the index", type="primary", icon=":material/delete:", key="delete_confirm", width="stretch"
        )
    if asked and typed.strip() != info.name:
        st.error("That is not the name of the index: nothing was deleted.", icon=":material/error:")
    elif asked and attempt(lambda: _deleted(here, info)):
        _close()
        st.rerun()


def _deleted(here: Here, info: IndexInfo) -> bool:
    here.catalog.delete(info.name, actor=here.actor)
    _forget(here, info)
    state.put("index", None)
    st.session_state["told"] = f"The index {info.name} is deleted."
    return True


def _forget(here: Here, info: IndexInfo) -> None:
    """Forget what this dashboard keeps of an index that is no more."""
    if here.remembered:
        here.remembered.forget()
    store = here.catalog.attach(info, actor=here.actor)
    if here.snapshots:
        here.snapshots.forget(store)
    maps().forget(store)
