"""The suspects of an index: memories that may have been planted, ranked, each with its signs and the reason. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.curation.conflicts.card import Card, Decision
from core.curation.triage.bursts import Burst, bursts
from core.curation.triage.disputes import disputes
from core.curation.triage.magnets import magnets_by_place, magnets_by_recalls
from core.curation.triage.signal import SUSPECT, Kind, Signal, combined, explained
from core.curation.triage.swarms import Swarm, swarms
from core.curation.triage.trust import DEFAULT_TRUST, Trust, TrustRules, lineage_trust
from core.errors import CancelledError, ConfigError
from core.guard.injection import Check, cues, instruction_score
from core.hostile import one_line
from core.memory import Memory
from core.operate.recalls import LoggedRecall

__all__ = ["Known", "Pattern", "Suspect", "Triage", "triage"]

_INSTRUCTION_LEAST: Final = 0.35
_SURE: Final = 0.8
_DISTRUSTED: Final = 0.5
_SHOWN: Final = 20

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """What is known besides the memories: recent recalls, cards and decisions of the inbox, retired sources, the rules."""

    recalls: Sequence[LoggedRecall] = ()
    cards: Sequence[Card] = ()
    decisions: Sequence[Decision] = ()
    gone: Sequence[Memory] = ()
    rules: TrustRules = DEFAULT_TRUST
    check: Check = cues


@dataclass(frozen=True)
class Suspect:
    """A memory to look at: its combined score, 0 to 1, the signs, the strongest first, and its trust over its lineage.

    `others` are suspects of the same swarm, which are looked at together with it.
    """

    key: str
    score: float
    signals: tuple[Signal, ...]
    trust: float
    others: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The signs in one line, each with what it adds."""
        return explained(self.signals)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"signals": [each.to_json() for each in self.signals], "others": list(self.others)}


@dataclass(frozen=True)
class Pattern:
    """A burst or a swarm as a whole: what it is, how strong, in words, and the keys in it."""

    kind: Kind
    score: float
    reason: str
    keys: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"kind": str(self.kind), "keys": list(self.keys[:_SHOWN]), "memories": len(self.keys)}


@dataclass(frozen=True)
class Triage:
    """What a look at an index found: suspects and patterns, the worst first, and how many memories were looked at."""

    suspects: tuple[Suspect, ...]
    patterns: tuple[Pattern, ...]
    looked_at: int

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rows = {name: [each.to_json() for each in getattr(self, name)] for name in ("suspects", "patterns")}
        return vars(self) | rows


@dataclass(frozen=True, eq=False)
class _Signs:
    """Signs by row, as they are found."""

    keys: Sequence[str]
    rows: frozenset[int]
    by_row: dict[int, dict[Kind, Signal]] = field(default_factory=dict)

    def add(self, row: int, signal: Signal) -> None:
        """Add a sign to a row that is looked at; of one kind the strongest stays."""
        own = self.by_row.setdefault(row, {}) if row in self.rows else {}
        if signal.kind not in own or signal.score > own[signal.kind].score:
            own[signal.kind] = signal


def triage(
    frame: pd.DataFrame,
    matrix: Floats | None,
    known: Known = Known(),
    *,
    now: datetime,
    always: Collection[str] = (),
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Triage:
    """Return the suspects of a snapshot; what is out of recall already, or over at `now`, is none.

    `matrix` (n, dim) has the vector of each row; without it swarms in other words and magnets by place are not looked for.
    Memories of `always` are in the list whatever their score and status. Raises CancelledError soon after `stop` returns
    true; `progress` is told 0 to 1.
    """
    if matrix is not None and len(matrix) != len(frame):
        raise ConfigError(f"{len(frame):,} memories do not fit {len(matrix):,} vectors: read both from one snapshot.")
    told = _teller(stop, progress)
    told(0.0)
    named = frame["key"].isin(list(always)).to_numpy()
    living = np.flatnonzero(named | (frame["status"].isna().to_numpy() & ~(frame["expires_at"] <= now).to_numpy()))
    signs = _Signs([str(key) for key in frame["key"].to_numpy()], frozenset(living.tolist()))
    _add_instructions(signs, frame, living, known.check, told)
    told(0.3)
    trust = lineage_trust(frame, known.rules, gone=known.gone)
    _add_distrust(signs, frame, trust, living)
    found_bursts = bursts(frame.iloc[living].reset_index(drop=True)) if len(living) else ()
    found_bursts = tuple(replace(each, rows=living[each.rows]) for each in found_bursts)
    told(0.4)
    found_swarms = swarms(frame, matrix, living, told=lambda done: told(0.4 + 0.3 * done))
    _add_patterns(signs, found_bursts, found_swarms)
    told(0.7)
    _add_by_key(signs, known, matrix, living, seed=seed)
    told(0.95)
    _add_descent(signs, frame)
    patterns = _patterns(signs.keys, found_bursts, found_swarms)
    told(1.0)
    return Triage(_ranked(signs, trust, found_swarms, np.flatnonzero(named)), patterns, len(living))


def _add_instructions(signs: _Signs, frame: pd.DataFrame, rows: Ints, check: Check, told: Callable[[float], None]) -> None:
    texts = frame["content"].to_numpy()
    for at, row in enumerate(rows.tolist()):
        if at % 10_000 == 0:
            told(0.3 * at / len(rows))
        found = check(str(texts[row]))
        score = instruction_score(found)
        if score >= _INSTRUCTION_LEAST:
            signs.add(row, Signal(Kind.INSTRUCTION, score, ", ".join(cue.what for cue in found), (signs.keys[row],)))


def _add_distrust(signs: _Signs, frame: pd.DataFrame, trust: Trust, rows: Ints) -> None:
    """Mark what sounds sure and is worth little, for its own source or for that of what it was made from."""
    stated = frame["confidence"].to_numpy(dtype=np.float64)
    sources = frame["source"].astype(object).to_numpy()
    with np.errstate(invalid="ignore"):
        chosen = rows[(stated[rows] >= _SURE) & (trust.values[rows] <= _DISTRUSTED)]
    for row in chosen.tolist():
        weakest = trust.weakest[row]
        said = f"it claims {stated[row]:.0%} and is worth {trust.values[row]:.0%}"
        if weakest == signs.keys[row]:
            why = f"{said} by its source {one_line(str(sources[row]), 40)!r}"
        else:
            why = f"{said}, as what it was made from ({one_line(weakest, 60)})"
        score = min(1.0, float(stated[row] - trust.values[row]) / 0.6)
        signs.add(row, Signal(Kind.TRUST, score, why, (weakest,)))


def _add_patterns(signs: _Signs, found: Sequence[Burst], swarming: Sequence[Swarm]) -> None:
    for kind, patterns in ((Kind.BURST, found), (Kind.SWARM, swarming)):
        for pattern in patterns:
            evidence = tuple(signs.keys[row] for row in pattern.rows[:_SHOWN].tolist())
            signal = Signal(kind, pattern.score, pattern.reason, evidence)
            for row in pattern.rows.tolist():
                signs.add(row, signal)


def _add_by_key(signs: _Signs, known: Known, matrix: Floats | None, rows: Ints, *, seed: int) -> None:
    """Mark magnets and what is disputed."""
    found = [
        Signal(Kind.MAGNET, each.score, each.reason, (each.key,))
        for each in magnets_by_recalls(known.recalls, memories=len(rows))
    ]
    if matrix is not None:
        placed = magnets_by_place([signs.keys[row] for row in rows.tolist()], matrix[rows], seed=seed)
        found += [Signal(Kind.MAGNET, each.score, each.reason, (each.key,)) for each in placed]
    spoken_of = [
        (each.key, Signal(Kind.DISPUTED, each.score, each.reason, each.against[:_SHOWN]))
        for each in disputes(known.cards, known.decisions)
    ]
    pairs = [*((each.evidence[0], each) for each in found), *spoken_of]
    places = {key: row for row, key in enumerate(signs.keys)} if pairs else {}
    for key, signal in pairs:
        if key in places:
            signs.add(places[key], signal)


def _add_descent(signs: _Signs, frame: pd.DataFrame) -> None:
    """Mark what was made from a suspect, generation by generation."""
    worst = {signs.keys[row]: combined(own.values()) for row, own in signs.by_row.items()}
    level = {key: score for key, score in worst.items() if score >= SUSPECT}
    if not level:
        return
    made: dict[str, list[int]] = {}
    for row, sources in enumerate(frame["derived_from"].to_numpy()):
        for source in sources:
            made.setdefault(source, []).append(row)
    seen = set(level)
    while level:
        following: dict[str, float] = {}
        for key, score in sorted(level.items()):
            for row in made.get(key, ()):
                reason = f"it was made from {one_line(key, 60)}, which is suspect"
                signs.add(row, Signal(Kind.DESCENT, score, reason, (key,)))
                if signs.keys[row] not in seen:
                    following[signs.keys[row]] = max(score, following.get(signs.keys[row], 0.0))
        seen |= following.keys()
        level = following


def _ranked(signs: _Signs, trust: Trust, swarming: Iterable[Swarm], named: Ints) -> tuple[Suspect, ...]:
    swarm_of = {row: number for number, swarm in enumerate(swarming) for row in swarm.rows.tolist()}
    alone = set(named.tolist())
    scores = dict.fromkeys(alone, 0.0) | {row: combined(own.values()) for row, own in signs.by_row.items()}
    chosen = [row for row, score in scores.items() if score >= SUSPECT or row in alone]
    heads: dict[int, list[int]] = {}
    for row in sorted(chosen, key=lambda row: (-scores[row], signs.keys[row])):
        heads.setdefault(-1 - row if row in alone else swarm_of.get(row, -1 - row), []).append(row)
    found = []
    for head, *others in heads.values():
        own = sorted(signs.by_row.get(head, {}).values(), key=lambda each: (-each.part, each.kind))
        same = tuple(signs.keys[row] for row in others)
        found.append(Suspect(signs.keys[head], scores[head], tuple(own), float(trust.values[head]), same))
    return tuple(found)


def _patterns(keys: Sequence[str], found: Sequence[Burst], swarming: Sequence[Swarm]) -> tuple[Pattern, ...]:
    patterns = [
        Pattern(kind, each.score, each.reason, tuple(keys[row] for row in each.rows.tolist()))
        for kind, some in ((Kind.BURST, found), (Kind.SWARM, swarming))
        for each in some
    ]
    return tuple(sorted(patterns, key=lambda each: (-each.score, each.kind, each.keys)))


def _teller(stop: Callable[[], bool] | None, progress: Callable[[float], None] | None) -> Callable[[float], None]:
    def told(done: float) -> None:
        if stop is not None and stop():
            raise CancelledError("The search for suspects was stopped.")
        if progress is not None:
            progress(done)

    return told
