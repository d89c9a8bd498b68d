"""What the service was asked for since the dashboard started: calls, bytes, time, and what that would cost."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.operate.prices import US_EAST_1
from core.operate.usage import Usage, UsageRow
from pages.shared.here import Here
from pages.shared.words import age, bytes_text, exact, plural

__all__ = ["dollars", "usage", "usage_table"]


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
    st.header("What was asked of the store", anchor=False)
    parts = [
        plural(total.calls, "call"),
        f"{plural(total.errors, 'error')}" if total.errors else "",
        f"{plural(total.retries, 'retry', 'retries')}" if total.retries else "",
        f"about {dollars(total.cost)}" if here.catalog.remote else "",
    ]
    st.html(
        f"<p class='mn-lead' title='{exact(used.since)}'>Since {age(used.since, now=here.now)}, by every tab of this "
        f"dashboard: {', '.join(part for part in parts if part)}.</p>"
    )
    if used.rows:
        st.dataframe(
            usage_table(used, billed=here.catalog.remote),
            hide_index=True,
            width="stretch",
            alt="Calls, errors, bytes and cost by operation",
        )
    if here.catalog.remote:
        st.caption(_small_print(used))
    if used.failures:
        recent = used.failures[-5:]
        said = "; ".join(f"{failure.operation} {failure.code}, {age(failure.at, now=here.now)}" for failure in recent)
        st.caption(f"Last errors: {said}.")


def usage_table(used: Usage, *, billed: bool) -> pd.DataFrame:
    """Return the operations, the busiest first, with the columns that have something to say."""
    rows = [_line(row, billed=billed) for row in sorted(used.rows, key=lambda row: (-row.calls, row.operation))]
    table = pd.DataFrame(rows)
    return table.drop(columns=[name for name in table if table[name].isin(["–", 0]).all()])


def _line(row: UsageRow, *, billed: bool) -> dict[str, str | int]:
    return {
        "Operation": row.operation,
        "Calls": row.calls,
        "Errors": row.errors,
        "Retries": row.retries,
        "Throttled": row.throttled,
        "Items": row.items,
        "Mean time": f"{1e3 * row.seconds / row.calls:,.1f} ms" if row.calls else "–",
        "Sent": "–" if row.request_bytes is None else bytes_text(row.request_bytes),
        "Received": "–" if row.response_bytes is None else bytes_text(row.response_bytes),
        "Tokens": "–" if row.tokens is None else f"{row.tokens:,}",
        "Estimated cost": dollars(row.cost) if billed else "–",
    }


def _small_print(used: Usage) -> str:
    more = " At least: queries also cost by the bytes that they go through." if used.at_least else ""
    of = f"{US_EAST_1.region}, {US_EAST_1.date}"
    return f"An estimate from the prices of {of}; your bill decides.{more} Storage is not in it."
