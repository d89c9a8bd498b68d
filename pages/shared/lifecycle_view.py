"""What the rules of an index touch now and soon, as numbers: frame in, plain data out. The page Lifecycle draws it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from core.curation.decay import DecayRules
from core.curation.due import NO_USAGE, Used, effective_values, expiry_due, fallen, tasks_of
from core.curation.expiry import STATED, ExpiryRules
from core.curation.lifecycle import Lifecycle
from core.curation.planning import Read
from core.scope import UNKNOWN
from pages.shared.here import Here
from pages.shared.lifecycle_charts import AGES
from pages.shared.remembered import to_minute

__all__ = ["AHEAD", "SOON", "Fading", "Picture", "Touched", "picture", "seen", "sentence_of", "usage_of"]

SOON: Final = timedelta(days=30)
AHEAD: Final = 90
_BINS: Final = 20


@dataclass(frozen=True)
class Touched:
    """One rule: how many memories it lets go now, how many more within SOON, and the ages of those of now.

    `ages` counts each memory under the first rule that takes it, so that the rules add up.
    """

    rule: str
    now: int
    soon: int
    ages: tuple[int, ...]


@dataclass(frozen=True)
class Fading:
    """One type of memories: how many state a confidence, and how many of these are below the threshold today."""

    memory_type: str
    half_life: float | None
    stated: int
    below: int
    mean_stated: float
    mean_now: float


@dataclass(frozen=True)
class Picture:
    """Everything that the page says in numbers. `ahead` has day and count, `shift` low, high, stated and effective."""

    total: int
    rules: tuple[Touched, ...]
    over: int
    faded: Touched
    types: tuple[Fading, ...]
    unstated: int
    write_back: int
    ahead: pd.DataFrame
    shift: pd.DataFrame

    @property
    def due(self) -> int:
        """How many memories expiry and decay would let go together."""
        return self.over + sum(self.faded.ages)

    @property
    def stated(self) -> int:
        """How many memories state a confidence."""
        return sum(each.stated for each in self.types)


def picture(read: Read, rules: Lifecycle, *, now: datetime, usage: Mapping[str, Used] = NO_USAGE) -> Picture:
    """Return what the rules touch in a snapshot at a time; `usage` is what the recall log knows."""
    frame, table = read.frame, read.table
    ages = _ages(frame, now)
    due = expiry_due(frame, rules.expiry, finished=tasks_of(frame, rules.expiry, now=now, table=table))
    touched, over, first = _expiry(due, ages, now=now, frame=frame)
    values = effective_values(frame, rules.decay, now=now, usage=usage, table=table)
    below = fallen(frame, values, rules.decay, table=table)
    changed = (values - frame["confidence"]).abs() >= rules.decay.step
    faded = Touched("decay", int(below.sum()), 0, _counted(ages, below & ~over))
    return Picture(
        total=len(frame),
        rules=touched,
        over=int(over.sum()),
        faded=faded,
        types=_types(frame, values, below, rules.decay),
        unstated=int(values.isna().sum()),
        write_back=int((changed & ~below).sum()),
        ahead=_ahead(first, over, now=now),
        shift=_shift(frame["confidence"], values),
    )


def usage_of(here: Here) -> Mapping[str, Used]:
    """Return when the memories of the open index were recalled, as far as the log knows."""
    if here.store is None or here.store.archive is None:
        return NO_USAGE
    return here.store.archive.recalls.used(f"{here.store.bucket}/{here.store.info.name}")


def seen(here: Here, rules: Lifecycle) -> Picture:
    """Return the picture of the open index, worked out once a minute as long as neither it nor the rules change."""
    assert here.snapshot is not None
    told = json.dumps(rules.to_json(), sort_keys=True)
    return _seen(here, rules, here.catalog.uri, here.catalog.bucket, here.index, here.edition, told, to_minute(here.now))


@st.cache_data(max_entries=8, show_spinner="Counting what the rules touch")
def _seen(_here: Here, _rules: Lifecycle, *key: Any) -> Picture:  # noqa: ARG001
    assert _here.snapshot is not None
    return picture(_here.snapshot, _rules, now=_here.now, usage=usage_of(_here))


def sentence_of(rules: ExpiryRules, name: str) -> tuple[str, str]:
    """Return what a rule lets go, and when, in words."""
    if name == STATED:
        grace = f"{rules.grace_days:g} days after" if rules.grace_days else "after"
        return "Past their own date", f"{grace} the time that a memory states itself in expires_at"
    rule = next(each for each in rules.rules if each.name == name)
    return rule.name[:1].upper() + rule.name[1:], rule.sentence()


def _expiry(
    due: Mapping[str, pd.Series[Any]], ages: pd.Series[Any], *, now: datetime, frame: pd.DataFrame
) -> tuple[tuple[Touched, ...], pd.Series[bool], pd.Series[Any]]:
    """Return each rule's counts, which rows are over by any of them, and when each row is due first."""
    over = pd.Series(False, index=frame.index)
    first = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us, UTC]")
    found = []
    for name, moments in due.items():
        past, near = moments <= now, (moments > now) & (moments <= now + SOON)
        found.append(Touched(name, int(past.sum()), int(near.sum()), _counted(ages, past & ~over)))
        over |= past
        first = first.where(first.notna() & ~(moments < first), moments)
    return tuple(found), over, first


def _ages(frame: pd.DataFrame, now: datetime) -> pd.Series[Any]:
    """Return the place in AGES of each row."""
    days = (pd.Timestamp(now) - frame["created_at"]).dt.total_seconds() / 86_400
    edges = [low for _, low, _ in AGES[1:-1]]
    places = np.searchsorted(edges, days.fillna(0.0).to_numpy(), side="right")
    return pd.Series(np.where(days.isna(), len(AGES) - 1, places), index=frame.index)


def _counted(ages: pd.Series[Any], rows: pd.Series[bool]) -> tuple[int, ...]:
    return tuple(int(count) for count in np.bincount(ages[rows].to_numpy(), minlength=len(AGES)))


def _types(frame: pd.DataFrame, values: pd.Series[float], below: pd.Series[bool], rules: DecayRules) -> tuple[Fading, ...]:
    """Return one row for each type that states a confidence or has a half-life of its own, the largest first."""
    names = frame["memory_type"].astype(object).where(frame["memory_type"].notna(), UNKNOWN)
    rows = pd.DataFrame({"type": names, "now": values, "said": frame["confidence"], "below": below})
    rows = rows[rows["now"].notna()]
    found = [
        Fading(
            str(name),
            rules.half_life(None if name == UNKNOWN else str(name)),
            len(part),
            int(part["below"].sum()),
            float(part["said"].mean()),
            float(part["now"].mean()),
        )
        for name, part in rows.groupby("type", sort=False)
    ]
    return tuple(sorted(found, key=lambda each: (-each.stated, each.memory_type)))


def _ahead(first: pd.Series[Any], over: pd.Series[bool], *, now: datetime) -> pd.DataFrame:
    today = pd.Timestamp(now).normalize()
    days = pd.date_range(today, periods=AHEAD, freq="D")
    counted = first[first.notna() & ~over].dt.normalize().value_counts().reindex(days, fill_value=0)
    return pd.DataFrame({"day": days, "count": counted.to_numpy()})


def _shift(stated: pd.Series[float], values: pd.Series[float]) -> pd.DataFrame:
    edges = np.linspace(0, 1, _BINS + 1)
    known = stated.notna()
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "stated": np.histogram(stated[known], edges)[0],
            "effective": np.histogram(values[known], edges)[0],
        }
    )
