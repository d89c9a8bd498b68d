"""`recall --explain` and `--why-not KEY`: the stages of a recall, the context block, and what would bring a memory back."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.commands.options import actor, positive
from core.hostile import one_line

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.explanation import Change, Explained, Inquiry, Settings, WhyNot
    from core.store import MemoryStore

__all__ = ["Told", "add_explain_options", "tell"]


def add_explain_options(parser: argparse.ArgumentParser) -> None:
    """Add --explain, --why-not and --budget."""
    group = parser.add_argument_group("explanation")
    group.add_argument("--explain", action="store_true", help="what each stage kept and left out, and what an agent gets")
    group.add_argument("--why-not", metavar="KEY", help="why a memory did not come, and what would bring it back")
    group.add_argument(
        "--budget", type=positive, default=1_000, metavar="N", help="tokens of the context block in both (default: 1000)"
    )


@dataclasses.dataclass(frozen=True)
class Told:
    """What was explained: the recall by stages, or why a memory did not come, or both."""

    found: Explained | None = None
    why: WhyNot | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values: dict[str, Any] = {}
        if self.found is not None:
            values["stages"] = _stages(self.found)
            values["block"] = _block(self.found)
        if self.why is not None:
            values["why_not"] = _why(self.why)
        return values

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        if self.found is not None:
            for stage in _stages(self.found):
                count = "?" if stage["count"] is None else f"{stage['count']:,}"
                yield f"{stage['label']:<22} {count:>9}  {one_line(stage['said'], 300)}"
                for out in stage["dropped"]:
                    yield f"{'':<22} {-out['count']:>9,}  {one_line(out['reason'], 200)}"
            for entry in _block(self.found)["entries"]:
                at = "" if entry["enters_at"] is None else f", from {entry['enters_at']:,} tokens on"
                yield f"  {'in ' if entry['inside'] else 'out'} {entry['rank']:>3}. {one_line(entry['key'], 80)}{at}"
            yield ""
        if self.why is not None:
            yield f"Why not {one_line(self.why.key, 120)}: {self.why.reason.value}."
            yield one_line(self.why.sentence, 900)
            for change in self.why.changes:
                given = "in the block" if change.given else "not in the block"
                yield f"  brings it back: {one_line(change.said, 400)} (result {change.rank:,}, {given})"
            yield ""


def tell(catalog: Catalog, inquiry: Inquiry, settings: Settings, args: argparse.Namespace, *, store: MemoryStore) -> Told:
    """Return what the options ask to explain."""
    from core.explanation import Whereabouts, whereabouts, why_not

    found = inquiry.explain(settings) if args.explain else None
    if args.why_not is None:
        return Told(found)

    def look(key: str) -> Whereabouts:
        return Whereabouts(then=True) if args.as_of else whereabouts(catalog, store, key, actor=actor())

    return Told(found, why_not(inquiry, args.why_not, settings, look=look))


def _stages(found: Explained) -> list[dict[str, Any]]:
    from core.explanation import pipeline

    return [
        {
            "name": stage.name,
            "label": stage.label,
            "count": stage.count,
            "said": stage.said,
            "dropped": [dataclasses.asdict(each) for each in stage.dropped],
        }
        for stage in pipeline(found)
    ]


def _block(found: Explained) -> dict[str, Any]:
    from core.explanation import frontier

    entries = [dataclasses.asdict(entry) for entry in frontier(found)]
    return {"budget": found.settings.budget, "tokens": found.block.tokens, "entries": entries}


def _why(why: WhyNot) -> dict[str, Any]:
    return {
        "key": why.key,
        "reason": why.reason.value,
        "sentence": why.sentence,
        "rank": why.rank,
        "gap": why.gap,
        "place_by_meaning": None if why.meaning is None else why.meaning.rank,
        "place_by_words": None if why.words is None else why.words.rank,
        "filters": [{"name": each.key, "why": each.why} for each in why.barriers],
        "indexes": list(why.where.indexes),
        "changes": [_change(change) for change in why.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    return {"control": change.control, "said": change.said, "rank": change.rank, "in_block": change.given}
