"""The report of a pre-flight: whether an answer would be lost, which, and whose memories the plan touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final

import streamlit as st

from core.curation.effects import Problem, ProblemKind, QueryEffect, Tally
from core.curation.plan import Plan
from core.curation.preflight import Preflight
from core.hostile import markdown_escape, one_line
from pages.shared.here import Here
from pages.shared.markup import escaped, facts
from pages.shared.words import age, bytes_text, exact, plural

__all__ = ["effect_html", "preflight_report", "rank_words", "regression_html", "staying_html", "verdict_html"]

_REGRESSIONS: Final = 20
_QUERIES: Final = 20
_HITS: Final = 6
_TALLIES: Final = 8
_STAYING: Final = 20
_LINE: Final = 140
_KINDS: Final = {
    ProblemKind.LOST_EXPECTED: "is lost",
    ProblemKind.RANKED_TOO_LOW: "falls too low",
    ProblemKind.SHOWS_FORBIDDEN: "must not come, and would",
    ProblemKind.GOES_EMPTY: "nothing would come back",
}


def preflight_report(here: Here, plan: Plan, found: Preflight) -> None:
    """Draw the whole report: the verdict, what would break, the figures, and each query on demand."""
    st.html(verdict_html(found))
    broken = found.regressions
    texts = _texts(here, plan, found)
    if broken:
        shown = broken[:_REGRESSIONS]
        st.html("".join(regression_html(each, texts) for each in shown))
        if len(shown) < len(broken):
            st.caption(f"{len(shown):,} of {len(broken):,} regressions shown.")
    st.html(_figures(found))
    changed = [each for each in found.queries if each.changed]
    if changed:
        with st.expander(f"{plural(len(changed), 'query', 'queries')} with other hits", icon=":material/swap_vert:"):
            st.html("".join(effect_html(each, texts) for each in changed[:_QUERIES]))
            if len(changed) > _QUERIES:
                st.caption(f"{_QUERIES} of {len(changed):,} shown, golden queries first.")
    affected = _affected(found)
    if affected:
        with st.expander("Whose memories it touches", icon=":material/group:"):
            st.html(affected)
    stays = staying_html(found, texts)
    if stays:
        with st.expander("What would not go", icon=":material/anchor:"):
            st.html(stays)
    for note in found.notes:
        st.caption(markdown_escape(note))
    st.html(
        f"<div class='mn-row' title='{escaped(exact(found.taken_at))}'>Measured on the index as it was "
        f"{escaped(age(found.taken_at, now=here.now))}, in {_seconds(found.seconds)}. Nothing was changed.</div>"
    )


def verdict_html(found: Preflight) -> str:
    """Return whether answers would be lost, in one line with a mark."""
    tried = len(found.queries)
    if found.blocked:
        count = plural(len(found.regressions), "query", "queries")
        verb = "loses" if len(found.regressions) == 1 else "lose"
        return _verdict("✕", "bad", f"{count} of {tried:,} {verb} what must come.", "Applying needs a reason.")
    if not tried:
        said = "No golden query is kept and no question was logged lately, so nothing is known of the answers."
        return _verdict("○", "muted", "Nothing to try it on.", said)
    real, losing = len(found.real), sum(bool(each.lost) for each in found.real)
    if losing:
        golden = "No golden query breaks." if found.golden else "No golden query is kept."
        said = f"{losing:,} of {plural(real, 'recent question')} would lose hits."
        return _verdict("◑", "warn", said, golden)
    changed = sum(each.changed for each in found.queries)
    rest = f"{plural(changed, 'query', 'queries')} would show other hits." if changed else "Every answer stays as it is."
    return _verdict("✓", "good", f"No answer is lost, of {plural(tried, 'query', 'queries')} tried.", rest)


def rank_words(before: int | None, after: int | None, k: int) -> str:
    """Return a change of rank: "rank 1 → not among the first 10"."""
    return f"{_rank(before, k)} → {_rank(after, k) if after != before else 'the same'}"


def regression_html(effect: QueryEffect, texts: Mapping[str, str]) -> str:
    """Return one query that would break: what is asked, and each memory that would not come, with its rank."""
    rows = "".join(_problem(each, effect, texts) for each in effect.regressions[:_HITS])
    more = len(effect.regressions) - _HITS
    rest = f"<div class='mn-muted'>and {more:,} more</div>" if more > 0 else ""
    return f"<div class='mn-query mn-broken'>{_asked(effect)}{rows}{rest}</div>"


def effect_html(effect: QueryEffect, texts: Mapping[str, str]) -> str:
    """Return one query with the hits that go, come and move."""
    rows = [
        *((key, "−", "bad", rank_words(effect.before.index(key) + 1, None, effect.k)) for key in effect.lost[:_HITS]),
        *((key, "+", "good", f"new at rank {effect.after.index(key) + 1}") for key in effect.gained[:_HITS]),
    ]
    lines = "".join(_hit(key, mark, tone, said, texts) for key, mark, tone, said in rows)
    if effect.moved:
        up = sum(move.after < move.before for move in effect.moved)
        down = len(effect.moved) - up
        moved = [f"{up:,} up" if up else "", f"{down:,} down" if down else ""]
        lines += f"<div class='mn-muted'>Others move: {', '.join(text for text in moved if text)}.</div>"
    for key, successor in list(effect.successors.items())[:_HITS]:
        lines += (
            f"<div class='mn-muted'>{escaped(one_line(key, 60))} is answered for by its successor "
            f"{escaped(one_line(successor, 60))}.</div>"
        )
    return f"<div class='mn-query'>{_asked(effect)}{lines}</div>"


def staying_html(found: Preflight, texts: Mapping[str, str]) -> str:
    """Return the memories that a merge would leave where they are, and the new ones that would free nothing, with why."""
    rows = [*((key, "○", f"stays: {why}") for key, why in found.unproved.items())]
    rows = [*((key, "↶", f"taken out again: {why}") for key, why in found.idle.items()), *rows]
    lines = "".join(_hit(key, mark, "muted", one_line(said, 300), texts) for key, mark, said in rows[:_STAYING])
    more = len(rows) - _STAYING
    return lines + (f"<div class='mn-muted'>and {more:,} more</div>" if more > 0 else "")


def _asked(effect: QueryEffect) -> str:
    times = f"asked {plural(effect.times, 'time')} lately" if effect.times > 1 else "asked lately"
    who = f"golden{f' · {effect.owner}' if effect.owner else ''}" if effect.is_golden else times
    return (
        f"<div class='mn-asked'><b>{escaped(one_line(effect.text, 200))}</b> "
        f"<span class='mn-muted'>{escaped(one_line(who, 80))}</span></div>"
    )


def _problem(problem: Problem, effect: QueryEffect, texts: Mapping[str, str]) -> str:
    if problem.key is None:
        return f"<div class='mn-muted'>{escaped(one_line(problem.what, 300))}</div>"
    said = f"{_KINDS[problem.kind]} · {rank_words(problem.before, problem.after, effect.k)}"
    return _hit(problem.key, "✕", "bad", said, texts)


def _hit(key: str, mark: str, tone: str, said: str, texts: Mapping[str, str]) -> str:
    text = texts.get(key) or key
    return (
        f"<div class='mn-hit'><i class='mn-{tone}'>{mark}</i><div>{escaped(one_line(text, _LINE))}"
        f"<div class='mn-muted mn-num'>{escaped(said)}</div></div></div>"
    )


def _figures(found: Preflight) -> str:
    freed = found.freed
    memories = f"{found.rows_before:,} → {found.rows_after:,}"
    rows = [
        ("Golden queries", _group(found.golden, "hold"), "Each expectation that held before and holds after."),
        ("Asked lately", _group(found.real, "keep their hits"), "Real questions from the recall log."),
        ("Recall", _means(found.queries, "recall"), "How many of the expected memories, or of the hits before, come."),
        ("First hit", _means(found.queries, "mrr"), "Mean of 1 / rank of the first expected memory (MRR)."),
        ("Memories", memories, "Before and after, in the whole index."),
        ("Tokens", _signed(freed.tokens), "Of the texts, as a prompt would count them."),
        ("Stored", _bytes(freed.bytes), "Keys, metadata and vectors."),
    ]
    if freed.storage_usd_month is not None:
        rows.append(("Storage", f"{_usd(freed.storage_usd_month)} a month less", "Estimated from public prices."))
    if freed.applying_usd is not None:
        rows.append(("Applying costs", _usd(freed.applying_usd), "Estimated from public prices."))
    return facts(rows)


def _group(effects: Sequence[QueryEffect], verb: str) -> str:
    if not effects:
        return "none"
    held = sum(not (each.regressions or (each.lost and not each.is_golden)) for each in effects)
    return f"{held:,} of {len(effects):,} {verb}"


def _means(effects: Sequence[QueryEffect], name: str) -> str:
    if not effects:
        return ""
    before, after = (fmean(getattr(each, f"{name}_{when}") for each in effects) for when in ("before", "after"))
    return f"{before:.2f} → {after:.2f}" if f"{before:.2f}" != f"{after:.2f}" else f"{before:.2f}, as before"


def _affected(found: Preflight) -> str:
    affected = found.affected
    groups = (
        ("Agents", affected.agents),
        ("Teams", affected.teams),
        ("Types", affected.types),
        ("Tenants", affected.tenants),
    )
    return facts([(label, _tallies(rows), "") for label, rows in groups if rows])


def _tallies(rows: Sequence[Tally]) -> str:
    words = [f"{one_line(row.value or 'unknown', 40)} {_tally(row)}" for row in rows[:_TALLIES]]
    return "; ".join(words) + (f"; and {len(rows) - _TALLIES:,} more" if len(rows) > _TALLIES else "")


def _tally(row: Tally) -> str:
    parts = [
        f"−{row.taken:,}" if row.taken else "",
        f"~{row.changed:,}" if row.changed else "",
        f"+{row.added:,}" if row.added else "",
    ]
    return f"{' '.join(part for part in parts if part)} of {row.total:,}"


def _texts(here: Here, plan: Plan, found: Preflight) -> dict[str, str]:
    """Return what the memories say that the report names; those that the plan does not hold are read, in one call."""
    if here.store is None:
        return {}
    named: dict[str, None] = {}
    for effect in [*found.regressions[:_REGRESSIONS], *[each for each in found.queries if each.changed][:_QUERIES]]:
        problems = [each.key for each in effect.regressions if each.key]
        named |= dict.fromkeys([*problems[:_HITS], *effect.lost[:_HITS], *effect.gained[:_HITS]])
    named |= dict.fromkeys([*list(found.idle)[:_STAYING], *list(found.unproved)[:_STAYING]])
    texts = {}
    for change in plan:
        record = change.after or change.before
        if change.key in named and record is not None:
            texts[change.key] = here.store.memory_of(change.key, record.metadata).content
    missing = [key for key in named if key not in texts]
    return texts | {key: memory.content for key, memory in here.store.get(missing, actor=here.actor).items()}


def _verdict(mark: str, tone: str, text: str, more: str) -> str:
    return (
        f"<div class='mn-verdict'><i class='mn-{tone}'>{mark}</i><div><b>{escaped(text)}</b> "
        f"<span class='mn-muted'>{escaped(more)}</span></div></div>"
    )


def _rank(rank: int | None, k: int) -> str:
    return f"not among the first {k:,}" if rank is None else f"rank {rank:,}"


def _signed(count: int) -> str:
    return "as before" if not count else f"{abs(count):,} {'less' if count > 0 else 'more'}"


def _bytes(size: int) -> str:
    return "as before" if not size else f"{bytes_text(abs(size))} {'less' if size > 0 else 'more'}"


def _seconds(seconds: float) -> str:
    return "less than 0.1 s" if seconds < 0.1 else f"{seconds:,.1f} s"


def _usd(dollars: float) -> str:
    if abs(dollars) >= 0.01 or not dollars:
        return f"${dollars:,.2f}"
    return f"${dollars:.6f}".rstrip("0") if abs(dollars) >= 1e-6 else "under $0.000001"
