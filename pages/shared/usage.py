"""What the service was asked for since the dashboard started: calls, bytes, time, and what that would cost."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from core.hostile import markdown_escape
from core.operate.prices import US_EAST_1
from core.operate.usage import Usage, UsageRow
from pages.shared.here import Here
from pages.shared.words import age, bytes_text, exact, plural

__all__ = ["dollars", "usage", "usage_table"]

_NUMBERS: Final = ("Calls", "Errors", "Retries", "Throttled", "Items", "Mean time", "Sent", "Received", "Tokens")
_COLUMNS: Final = {name: st.column_config.TextColumn(alignment="right") for name in (*_NUMBERS, "Estimated cost")}


def dollars(cost: float | None) -> str:
    """Return a cost as people read it, below a cent to the hundredth of one."""
    if cost is None:
        return "–"
    if 0 < cost < 0.0001:
        return "<$0.0001"
    return f"${cost:,.2f}" if cost >= 0.01 or cost == 0 else f"${cost:.4f}"


def usage(here: Here) -> None:
    """Draw the counts by operation."""
    if here.meter is None:
        return
    used = here.meter.snapshot()
    total = used.total
    parts = [
        plural(total.calls, "call"),
        plural(total.errors, "error") if total.errors else "",
        plural(total.retries, "retry", "retries") if total.retries else "",
        f"about {dollars(total.cost)}" if here.catalog.remote else "",
    ]
    st.header("What the store was asked", anchor=False)
    said = markdown_escape(", ".join(part for part in parts if part))
    with st.expander(said, icon=":material/receipt_long:", key="usage_box"):
        since = age(used.since, now=here.now)
        st.caption(f"By every tab of this dashboard, since it opened the store {since}.", help=exact(used.since))
        if used.rows:
            st.dataframe(
                usage_table(used, billed=here.catalog.remote),
                hide_index=True,
                width="stretch",
                column_config=_COLUMNS,
                alt="Calls, errors, bytes and cost by operation",
            )
        if here.catalog.remote:
            st.caption(_small_print(used))
        if used.failures:
            recent = used.failures[-5:]
            told = "; ".join(f"{failure.operation} {failure.code}, {age(failure.at, now=here.now)}" for failure in recent)
            st.caption(f"Last errors: {told}.")


def usage_table(used: Usage, *, billed: bool) -> pd.DataFrame:
    """Return the operations, the busiest first, with the columns that have something to say."""
    rows = [_line(row, billed=billed) for row in sorted(used.rows, key=lambda row: (-row.calls, row.operation))]
    table = pd.DataFrame(rows)
    return table.drop(columns=[name for name in table if table[name].isin(["", "0"]).all()])


def _line(row: UsageRow, *, billed: bool) -> dict[str, str]:
    return {
        "Operation": row.operation,
        "Calls": f"{row.calls:,}",
        "Errors": f"{row.errors:,}",
        "Retries": f"{row.retries:,}",
        "Throttled": f"{row.throttled:,}",
        "Items": f"{row.items:,}" if row.items else "",
        "Mean time": f"{1e3 * row.seconds / row.calls:,.1f} ms" if row.calls else "",
        "Sent": "" if row.request_bytes is None else bytes_text(row.request_bytes),
        "Received": "" if row.response_bytes is None else bytes_text(row.response_bytes),
        "Tokens": "" if row.tokens is None else f"{row.tokens:,}",
        "Estimated cost": dollars(row.cost) if billed else "",
    }


def _small_print(used: Usage) -> str:
    more = " At least: queries also cost by the bytes that they go through." if used.at_least else ""
    of = f"{US_EAST_1.region}, {US_EAST_1.date}"
    return f"An estimate from the prices of {of}; your bill decides.{more} Storage is not in it."
