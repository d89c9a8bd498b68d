"""Connect to Amazon S3 Vectors: try the credentials right by right, show the smallest policy, open the bucket."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal
from urllib.parse import urlencode

import streamlit as st

from core.access import Actor, Permission
from core.config import StoreLocation, journal_bucket, parse_store_uri
from core.errors import ConfigError, MnemoscopeError
from core.hostile import markdown_escape, one_line
from core.operate.checks import Check, State
from core.operate.policies import ROLES, policy
from pages.shared import state
from pages.shared.here import CONNECTED, Here, actor
from pages.shared.markup import escaped
from pages.shared.problem import attempt

__all__ = ["connect", "connect_button", "connect_elsewhere", "connection_dialog", "store_address"]

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
    connect_button(here.actor, width="stretch")


def connect_elsewhere() -> None:
    """Offer another store where the one that was asked for cannot be opened."""
    try:
        who = actor()
    except ConfigError:  # who is asking is what is wrong, and another store does not mend it
        return
    connect_button(who)
    connection_dialog(who)


def connect_button(who: Actor, *, width: Literal["stretch", "content"] = "content") -> None:
    """Draw the button that opens the dialog, for those who may."""
    allowed = who.may(Permission.ADMINISTER, tenant=None)
    st.button(
        "Connect to a bucket",
        icon=":material/cloud:",
        key="connect_open",
        width=width,
        disabled=not allowed,
        help=None if allowed else "Only an admin of every tenant connects stores.",
        on_click=_ask,
    )


def connection_dialog(who: Actor) -> bool:
    """Open the dialog if it was asked for, and say whether it was."""
    asked = bool(st.session_state.get(_PENDING))
    if asked:
        _dialog(who)
    return asked


def _ask() -> None:
    st.session_state[_PENDING] = True


def _close() -> None:
    st.session_state.pop(_PENDING, None)
    st.session_state.pop(_FOUND, None)


@st.dialog("Connect to S3 Vectors", width="large", on_dismiss=_close)
def _dialog(who: Actor) -> None:
    with st.form("connect_form", border=False):
        first, second = st.columns(2)
        bucket = first.text_input("Vector bucket", key="connect_bucket", placeholder="my-bucket", max_chars=63)
        region = second.text_input(
            "Region, if not that of your AWS settings", key="connect_region", placeholder="us-east-1", max_chars=40
        )
        first, second = st.columns(2)
        profile = first.text_input(
            "Profile, if not the default one", key="connect_profile", placeholder="as in ~/.aws/config", max_chars=200
        )
        endpoint = second.text_input(
            "Endpoint, if not that of AWS", key="connect_endpoint", placeholder="http://127.0.0.1:8333", max_chars=400
        )
        writing = st.checkbox(
            "Also try to write",
            key="connect_writing",
            help="Makes a temporary index, writes to it and removes it; in an index that exists nothing changes.",
        )
        test = st.form_submit_button("Test the connection", type="primary", icon=":material/network_check:")
    uri = store_address(bucket, region=region, profile=profile, endpoint_url=endpoint)
    place = st.empty()  # always, so that what is below it keeps its place and stays open or closed
    if test:
        st.session_state[_FOUND] = attempt(lambda: _tested(who, uri, place, write_test=writing))
    found: tuple[StoreLocation, list[Check]] | None = st.session_state.get(_FOUND)
    if found is None:
        st.caption("Keys are never typed here: they come from your environment, profile or role.")
        return
    _verdict(*found)


def _tested(who: Actor, uri: str, place: Any, *, write_test: bool) -> tuple[StoreLocation, list[Check]]:
    from core.operate.rights import probe  # with it the AWS SDK, for which no first page shall wait

    where, checks = parse_store_uri(uri), []
    with place.status("Trying one right after the other", expanded=True):
        for check in probe(where, actor=who, write_test=write_test):
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
    from core.operate.rights import sufficient

    found = {check.name: check.state for check in checks}
    if sufficient(checks, "read-only"):
        written = found.get("PutVectors")
        writes = "write" if written is State.OK else "not write" if written is State.DENIED else "perhaps write (not tried)"
        st.success(f"These credentials can read, and {writes}.", icon=":material/check_circle:")
    elif found.get("ListIndexes") is State.OK:
        st.warning("The bucket opens, and the pages that need a missing right say so.", icon=":material/warning:")
    else:
        why = next((f"{each.name}: {each.detail}" for each in checks if each.state in (State.DENIED, State.FAILED)), "")
        st.error(f"This bucket cannot be opened yet. {markdown_escape(one_line(why, 400))}", icon=":material/error:")
    opens = found.get("ListIndexes") is State.OK
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        kind = "primary" if opens else "secondary"
        if st.button("Open it in this tab", type=kind, key="connect_here", icon=":material/login:", disabled=not opens):
            _close()
            st.session_state[CONNECTED] = where.uri
            state.clear(state.PARAMS)
            st.rerun()
        if opens:
            st.caption(
                "A new tab starts with the store of before. To open the bucket every time, start with:", width="stretch"
            )
    if opens:
        st.code(f"MNEMOSCOPE_STORE='{where.uri}' make run", language="bash", wrap_lines=True)
    wrong = [check for check in checks if check.state in (State.DENIED, State.FAILED)]
    skipped = [check for check in checks if check.state is State.SKIPPED]
    said = [f"{len(checks) - len(wrong) - len(skipped)} passed", f"{len(wrong)} failed" if wrong else ""]
    said.append(f"{len(skipped)} not tried" if skipped else "")
    with st.expander(
        f"Checks: {', '.join(part for part in said if part)}", expanded=bool(wrong), icon=":material/checklist:"
    ):
        _results(checks)
    with st.expander("The smallest IAM policy for this bucket", icon=":material/policy:"):
        _policies(where, checks)


def _policies(where: StoreLocation, checks: Sequence[Check]) -> None:
    known = next((check for check in checks if check.arn), None)
    parts = (known.arn or "").split(":") if known else []
    role = st.segmented_control("For whom", list(ROLES), default="read-only", required=True, key="connect_role")
    st.caption(_ROLES[role])
    try:
        document = policy(
            role,
            bucket=where.bucket,
            region=where.region or (parts[3] if parts else "us-east-1"),
            account=parts[4] if parts else None,
            kms_key_arn=known.kms_key_arn if known else None,
            journal=journal_bucket(),
        )
    except MnemoscopeError as error:
        st.error(markdown_escape(one_line(str(error), 400)))
        return
    st.code(json.dumps(document, indent=2), language="json")
