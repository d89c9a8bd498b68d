"""The proof that a memory can be retired in favour of another: a recall of its own text finds the other one.

It is asked of the index after the puts of the plan and before anything is retired, by the recall that agents use with all
its defaults, and ranked among what will stay: the memories that the same plan takes away do not count, unless they turn
out to stay as well. A new memory that would stand for one of several at most frees nothing: that one stays too, and the new
one is not kept (`idle`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from core.curation.plan import Action, Change, Plan
from core.curation.sparing import spared
from core.errors import CancelledError, ConfigError, ValidationError
from core.memory import Memory
from core.memory.fields import preview
from core.memory.record import Record, fingerprint
from core.recalled import Recalled
from core.vectors.limits import TOP_K_MAX

__all__ = ["PROOF_K", "Ask", "Proof", "idle", "narrower_scopes", "prove"]

# Half of what a recall returns unless it is told otherwise: once the sources are gone, the parts of a score are measured
# against other best ones, and what is found far down may be found no more.
PROOF_K: Final = 5
# Hits that are asked for beyond the k and the fellow sources: more are asked for where these are not enough.
_SPARE: Final = 10

# The hits of a recall of the text of a memory, best first, at most so many.
Ask = Callable[[Memory, int], Sequence[Recalled]]
Read = Callable[[str, Mapping[str, Any]], Memory]


@dataclass(frozen=True)
class Proof:
    """What a recall of one memory's text found of the one that is to stand for it (`by`).

    `rank` is from 1 among what stays, None where it is not among the first `k`; `why` says why it is not proved, "" where it
    is. `narrower` names the scopes, as "agent builder", in which the memory was found and what stands for it is not.
    """

    key: str
    by: str
    rank: int | None
    k: int = PROOF_K
    why: str = ""
    narrower: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Say whether the memory may go."""
        return not self.why

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self) | {"narrower": list(self.narrower)}


@dataclass(frozen=True)
class _Tried:
    """A proof, and which of the memories that are to go were ranked before what stands for this one."""

    proof: Proof
    before: tuple[str, ...] = ()


def prove(
    plan: Plan,
    changes: Iterable[Change],
    *,
    ask: Ask,
    there: Mapping[str, Record],
    memory_of: Read,
    now: datetime,
    k: int = PROOF_K,
    relied: Collection[str] = (),
    stop: Callable[[], bool] | None = None,
) -> dict[str, Proof]:
    """Return the proof of each change that has a `replaced_by`, by key.

    `there` has the records of what is to stand for them, as far as they are in the index now; `relied` are the keys that
    stand for other memories already. Raises CancelledError soon after `stop` returns true, and what `ask` raises but for a
    text that cannot be asked.
    """
    trial = _Trial(plan, ask, there, memory_of, now, k)
    tried: dict[str, _Tried] = {}
    for change in changes:
        if change.replaced_by is None:
            continue
        if stop is not None and stop():
            raise CancelledError("The proofs were stopped before anything was retired.")
        tried[change.key] = trial.of(change)
    return _among_what_stays(tried, k, _may_be_idle(plan, tried, relied))


def idle(plan: Plan, proofs: Mapping[str, Proof], *, relied: Collection[str] = ()) -> dict[str, str]:
    """Return the new memories that nothing is retired for, though something was to be, each with why: they free nothing.

    Those are left out of which not all sources were tried, and those that stand for something already (`relied`).
    """
    proved = {proof.by for proof in proofs.values() if proof.proved}
    found = _may_be_idle(plan, proofs, relied).items()
    return {by: f"{_gone(count)} be retired for it: it would free nothing" for by, count in found if by not in proved}


def narrower_scopes(source: Memory, by: Memory) -> tuple[str, ...]:
    """Return the scopes in which a memory is found and what stands for it is not: those of its agent and its team."""
    pairs = (("agent", source.agent_id, by.agent_id), ("team", source.team_id, by.team_id))
    return tuple(f"{name} {was}" for name, was, now in pairs if was is not None and was != now)


def _may_be_idle(plan: Plan, tried: Collection[str], relied: Collection[str]) -> dict[str, int]:
    """Return the new memories of a plan of which each source was tried, and how many these are."""
    wanted = Counter(change.replaced_by for change in plan if change.replaced_by is not None)
    asked = Counter(change.replaced_by for change in plan if change.replaced_by is not None and change.key in tried)
    new = (change.key for change in plan if change.action is Action.PUT and change.key not in relied)
    return {key: wanted[key] for key in new if 0 < wanted[key] == asked[key]}


def _alone(tried: Mapping[str, _Tried], may_be_idle: Mapping[str, int]) -> Iterator[str]:
    """Yield the keys for which alone a new memory would stand that was to stand for several."""
    proved = Counter(each.proof.by for each in tried.values() if each.proof.proved)
    for key, each in tried.items():
        if each.proof.proved and proved[each.proof.by] == 1 < may_be_idle.get(each.proof.by, 1):
            yield key


def _among_what_stays(tried: dict[str, _Tried], k: int, may_be_idle: Mapping[str, int]) -> dict[str, Proof]:
    """Return the proofs once those that stay take their places in the ranking again, and what frees nothing is let be."""
    while True:
        for key in list(_alone(tried, may_be_idle)):
            proof = tried[key].proof
            tried[key] = _Tried(replace(proof, why=f"{preview(proof.by)} would stand for it alone, and free nothing"))
        staying = {key for key, each in tried.items() if not each.proof.proved}
        worse = {key: each for key, each in tried.items() if each.proof.proved and not staying.isdisjoint(each.before)}
        if not worse:
            return {key: each.proof for key, each in tried.items()}
        for key, each in worse.items():
            assert each.proof.rank is not None
            rank = each.proof.rank + len(staying & set(each.before))
            changed = {"rank": rank} if rank <= k else {"rank": None, "why": _not_found(each.proof.by, k)}
            tried[key] = _Tried(replace(each.proof, **changed), tuple(one for one in each.before if one not in staying))


class _Trial:
    """Asks for the memories of one plan."""

    def __init__(self, plan: Plan, ask: Ask, there: Mapping[str, Record], memory_of: Read, now: datetime, k: int) -> None:
        self._ask, self._there, self._memory_of, self._now, self._k = ask, there, memory_of, now, k
        self._going = {change.key for change in plan if change.after is None}
        self._siblings = Counter(change.replaced_by for change in plan)
        self._asked: dict[str, list[str]] = {}
        self._writes = {change.key: change for change in plan if change.after is not None}

    def of(self, change: Change) -> _Tried:
        """Return the proof of one change."""
        assert change.before is not None
        assert change.replaced_by is not None
        source, by = self._memory_of(change.key, change.before.metadata), change.replaced_by
        proof = Proof(change.key, by, None, self._k)
        record = self._there.get(by)
        if record is None:
            return _Tried(replace(proof, why=f"{preview(by)}, which is to stand for it, is not there"))
        stand_in = self._memory_of(by, record.metadata)
        proof = replace(proof, narrower=narrower_scopes(source, stand_in))
        why = self._unfit(source, stand_in, record)
        if why is not None:
            return _Tried(replace(proof, why=why))
        try:
            keys = self._hits(source, by)
        except (ConfigError, ValidationError) as error:
            return _Tried(replace(proof, why=f"its text cannot be asked for: {error}"))
        if by not in keys:
            return _Tried(replace(proof, why=_not_found(by, self._k)))
        ahead = keys[: keys.index(by)]
        rank = 1 + sum(key not in self._going for key in ahead)
        if rank > self._k:
            return _Tried(replace(proof, why=_not_found(by, self._k)))
        return _Tried(replace(proof, rank=rank), tuple(key for key in ahead if key in self._going))

    def _unfit(self, source: Memory, stand_in: Memory, record: Record) -> str | None:
        """Return why nothing needs to be asked: recall leaves out what is to stand for the memory, or soon will."""
        name, write = preview(stand_in.key), self._writes.get(stand_in.key)
        if write is not None and fingerprint(record.metadata) != write.leaves:
            return f"{name}, which is to stand for it, is not what the plan writes"
        if (reason := spared(stand_in, now=self._now)) is not None:
            return f"{name}, which is to stand for it, {reason}"
        ends = stand_in.expires_at
        if ends is not None and (source.expires_at is None or source.expires_at > ends):
            return f"{name}, which is to stand for it, expires before it, on {ends:%Y-%m-%d %H:%M} UTC"
        return None if source.content.strip() else "it has no text to ask for"

    def _hits(self, source: Memory, by: str) -> list[str]:
        """Return the hits of a recall of the memory's text, as many as it takes to say where what stands for it is."""
        wanted = min(TOP_K_MAX, self._k + self._siblings[by] + _SPARE)
        known = self._asked.get(source.content)  # of many with the same text one is asked for
        if known is not None and by in known:
            return known
        while True:
            keys = [hit.memory.key for hit in self._ask(source, wanted)]
            self._asked[source.content] = keys
            staying = sum(key not in self._going for key in keys)
            if by in keys or staying >= self._k or len(keys) < wanted or wanted == TOP_K_MAX:
                return keys
            wanted = min(TOP_K_MAX, 4 * wanted)


def _gone(count: int) -> str:
    return "what it was to stand for could not" if count == 1 else f"one of {count:,} memories at most could"


def _not_found(by: str, k: int) -> str:
    return f"a recall of its text does not find {preview(by)} among the first {k:,}"
