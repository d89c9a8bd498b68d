"""Connect to Amazon S3 Vectors: try the credentials right by right, show the smallest policy, open the bucket."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from core.access import Permission
from core.config import StoreLocation, parse_store_uri
from core.errors import MnemoscopeError
from core.hostile import markdown_escape, one_line
from core.operate.policies import ROLES, policy
from core.operate.rights import Check, State, probe, sufficient
from pages.shared import state
from pages.shared.here import CONNECTED, Here
from pages.shared.markup import escaped
from pages.shared.problem import attempt

__all__ = ["connect", "connection_dialog", "store_address"]

_PENDING: Final = "connect_pending"
_FOUND: Final = "connect_found"
_MARKS: Final = {
    State.OK: ("✓", "var(--mn-good)"),
    State.DENIED: ("✕", "var(--mn-warn)"),
    State.FAILED: ("✕", "var(--mn-warn)"),
    State.SKIPPED: ("–", "var(--mn-muted)"),
}
_ROLES: Final = {
    "read-only": "See and search everything; change nothing.",
    "curator": "Also correct, merge and remove memories.",
    "agent": "Write and recall in its index; cannot list or delete.",
}


def store_address(bucket: str, *, region: str = "", profile: str = "", endpoint_url: str = "") -> str:
    """Return the store URI of a bucket; what is empty is left to AWS's own settings."""
    options = {"region": region.strip(), "profile": profile.strip(), "endpoint_url": endpoint_url.strip()}
    query = urlencode({name: value for name, value in options.items() if value})
    return f"s3vectors://{bucket.strip()}{'?' if query else ''}{query}"


def connect(here: Here) -> None:
    """Offer the connection to a bucket."""
    st.subheader("Connect to S3 Vectors", anchor=False)
    st.markdown(
        "Read and write a vector bucket of Amazon S3, or of any endpoint that speaks its protocol, with the credentials of "
        "your AWS profile. Each right is tried one by one."
    )
    allowed = here.actor.may(Permission.ADMINISTER, tenant=None)
    st.button(
        "Connect to a bucket",
        icon=":material/cloud:",
        key="connect_open",
        width="stretch",
        disabled=not allowed,
        help=None if allowed else "Only an admin of every tenant connects stores.",
        on_click=_ask,
    )


def connection_dialog(here: Here) -> bool:
    """Open the dialog if it was asked for, and say whether it was."""
    asked = bool(st.session_state.get(_PENDING))
    if asked:
        _dialog(here)
    return asked


def _ask() -> None:
    st.session_state[_PENDING] = True


def _close() -> None:
    st.session_state.pop(_PENDING, None)
    st.session_state.pop(_FOUND, None)


@st.dialog("Connect to S3 Vectors", width="large", on_dismiss=_close)
def _dialog(here: Here) -> None:
    with st.form("connect_form", border=False):
        first, second = st.columns(2)
        bucket = first.text_input("Vector bucket", key="connect_bucket", placeholder="my-bucket", max_chars=63)
        region = second.text_input("Region", key="connect_region", placeholder="us-east-1", help="Empty: your AWS settings.")
        profile = first.text_input("Profile", key="connect_profile", placeholder="default", help="Of ~/.aws/config.")
        endpoint = second.text_input(
            "Endpoint", key="connect_endpoint", placeholder="only for another address", help="As http://127.0.0.1:8333."
        )
        writing = st.checkbox(
            "Also try to write",
            key="connect_writing",
            help="Makes a temporary index, writes to it and removes it; in an index that exists nothing changes.",
        )
        test = st.form_submit_button("Test the connection", type="primary", icon=":material/network_check:")
    uri = store_address(bucket, region=region, profile=profile, endpoint_url=endpoint)
    if test:
        st.session_state[_FOUND] = attempt(lambda: _tested(here, uri, write_test=writing))
    found: tuple[StoreLocation, list[Check]] | None = st.session_state.get(_FOUND)
    if found is None:
        st.caption("Keys are never typed here: they come from your environment, profile or role.")
        return
    _verdict(*found)


def _tested(here: Here, uri: str, *, write_test: bool) -> tuple[StoreLocation, list[Check]]:
    where, checks = parse_store_uri(uri), []
    place = st.empty()
    with place.status("Trying one right after the other", expanded=True):
        for check in probe(where, actor=here.actor, write_test=write_test):
            checks.append(check)
            _results([check])
    place.empty()
    return where, checks


def _results(checks: Sequence[Check]) -> None:
    rows = []
    for check in checks:
        mark, hue = _MARKS[check.state]
        fix = f"<div>{escaped(check.fix, limit=400)}</div>" if check.fix else ""
        matters = f"<div class='mn-muted'>For {escaped(check.matters, limit=300)}.</div>" if check.fix else ""
        rows.append(
            f"<div class='mn-check'><i style='color:{hue}'>{mark}</i><b>{escaped(check.name)}</b>"
            f"<div>{escaped(check.detail, limit=600)}{matters}{fix}</div></div>"
        )
    st.html("".join(rows))


def _verdict(where: StoreLocation, checks: list[Check]) -> None:
    found = {check.name: check.state for check in checks}
    if sufficient(checks, "read-only"):
        written = found.get("PutVectors")
        writes = "write" if written is State.OK else "not write" if written is State.DENIED else "perhaps write (not tried)"
        st.success(f"These credentials can read, and {writes}.", icon=":material/check_circle:")
    elif found.get("ListIndexes") is State.OK:
        st.warning("The bucket opens, and the pages that need a missing right say so.", icon=":material/warning:")
    else:
        st.error("This bucket cannot be opened yet: the first failed check says why.", icon=":material/error:")
    wrong = [check for check in checks if check.state in (State.DENIED, State.FAILED)]
    tried = sum(check.state is not State.SKIPPED for check in checks)
    with st.expander(f"{tried} checks, {len(wrong)} of them failed", expanded=bool(wrong)):
        _results(checks)
    _policies(where, checks)
    st.caption("Open it from now on with:")
    st.code(f"MNEMOSCOPE_STORE='{where.uri}' make run", language="bash", wrap_lines=True)
    opens = found.get("ListIndexes") is State.OK
    kind = "primary" if opens else "secondary"
    if st.button("Open it in this tab", type=kind, key="connect_here", disabled=not opens, width="stretch"):
        _close()
        st.session_state[CONNECTED] = where.uri
        state.clear(state.PARAMS)
        st.rerun()


def _policies(where: StoreLocation, checks: Sequence[Check]) -> None:
    known = next((check for check in checks if check.arn), None)
    parts = (known.arn or "").split(":") if known else []
    role = st.segmented_control(
        "The smallest IAM policy for this bucket", list(ROLES), default="read-only", required=True, key="connect_role"
    )
    st.caption(_ROLES[role])
    try:
        document = policy(
            role,
            bucket=where.bucket,
            region=where.region or (parts[3] if parts else "us-east-1"),
            account=parts[4] if parts else None,
            kms_key_arn=known.kms_key_arn if known else None,
        )
    except MnemoscopeError as error:
        st.error(markdown_escape(one_line(str(error), 400)))
        return
    st.code(json.dumps(document, indent=2), language="json", height=300)
