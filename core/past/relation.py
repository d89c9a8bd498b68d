"""What memories state about each other: which contradict which, and which are made from which. Pure, over a snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from core.analysis.columns import extra_columns

__all__ = ["NO_RELATIONS", "Relations", "relations"]

# Metadata keys with the keys of other memories: in the first the writer is the later word, in the second the other is.
SPEAKS_AGAINST: Final = ("contradicts", "conflicts_with", "supersedes", "replaces")
SPOKEN_AGAINST: Final = ("contradicted_by", "superseded_by", "replaced_by")


@dataclass(frozen=True)
class Relations:
    """By key: the memories that say the contrary (`contradicted`), and those that are made from it (`made`)."""

    contradicted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_RELATIONS: Final = Relations()


def relations(frame: pd.DataFrame, table: pa.Table | None, keys: Collection[str]) -> Relations:
    """Return what the memories of a snapshot, `table` row for row with `frame`, state about these keys."""
    wanted = frozenset(keys)
    against: dict[str, dict[str, None]] = defaultdict(dict)
    for name, column in extra_columns(table, (*SPEAKS_AGAINST, *SPOKEN_AGAINST)).items():
        for row in column[column.notna()].index:
            own = str(frame["key"].iloc[row])
            for other in _keys(column.iloc[row]):
                told, by = (other, own) if name in SPEAKS_AGAINST else (own, other)
                if told in wanted and told != by:
                    against[told][by] = None
    made: dict[str, dict[str, None]] = defaultdict(dict)
    for place, sources in enumerate(frame["derived_from"].to_numpy()):
        for source in sources:
            if source in wanted:
                made[source][str(frame["key"].iloc[place])] = None
    return Relations({key: tuple(by) for key, by in against.items()}, {key: tuple(by) for key, by in made.items()})


def _keys(value: Any) -> Iterator[str]:
    """Yield the keys in a value: one, or a list of them."""
    yield from (part for part in (value if isinstance(value, list | tuple) else [value]) if isinstance(part, str))
