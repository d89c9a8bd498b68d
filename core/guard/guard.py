"""The guard of an index: looks at each memory on its way in, and says what is to be written and why.

`look` is pure and finds; `screen` does by the findings what needs nothing but the memory, as a bulk write does; `check` is
for an agent's write: it also looks for what says the same, and whether sources or other agents bear the memory out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from core.access import Actor
from core.errors import MnemoscopeError
from core.guard.acting import acted
from core.guard.finding import Finding, Findings, Mode, Rule, Support
from core.guard.looking import looked
from core.guard.secrets import without_secrets
from core.guard.settings import DEFAULT_GUARD, Duplicates, GuardSettings
from core.hostile import one_line
from core.memory import Memory
from core.memory.keys import LOG_PREFIX

if TYPE_CHECKING:
    from core.models.judge import Judge
    from core.store import MemoryStore

__all__ = ["Guard"]


class Guard:
    """One set of rules, with the judge that is asked about contradictions, None for none. Thread-safe."""

    def __init__(
        self, settings: GuardSettings = DEFAULT_GUARD, *, judge: Judge | None = None, actor: Actor | None = None
    ) -> None:
        """`actor` is on whose behalf an index is read where `check` is told nobody else."""
        self.settings, self._judge, self._actor = settings, judge, actor

    def look(self, memories: Iterable[Memory]) -> list[Findings]:
        """Return what size, schema, secrets and orders find in each memory; nothing is read or changed."""
        return [Findings(looked(memory, self.settings)) for memory in memories]

    def screen(self, memory: Memory) -> tuple[Memory, Findings]:
        """Return the memory as it is to be written, with what `look` found; raise GuardError where it is not to be."""
        (found,) = self.look([memory])
        return acted(memory, found, self.settings) if found else memory, found

    def clean(self, text: str) -> str:
        """Return a message or a query without the secrets that it quotes, whatever is done about those of memories."""
        return text if self.settings.mode(Rule.SECRETS) is Mode.OFF else without_secrets(text)

    def check(
        self,
        memory: Memory,
        *,
        store: MemoryStore | None = None,
        now: datetime,
        actor: Actor | None = None,
        sources: Sequence[str] = (),
    ) -> tuple[Memory, Findings]:
        """Return the memory as it is to be written, and all that was found; raise GuardError where it is not to be.

        It is held against `sources`, texts that it is said to be drawn from, else against the memories of `derived_from`,
        else against what others wrote to the index. The memory that comes back may have the key of one that is there: then
        that one stands for both, by the policy of duplicates. An event of a log that agents share says something by its
        place alone, and is held against nothing. What cannot be tried is named in `skipped`.
        """
        memory, found = self.screen(memory)
        who = actor or self._actor
        if store is None or (who is None and not sources) or memory.key.startswith(LOG_PREFIX):
            return memory, found
        more, skipped, support = self._held_against(memory, store, now=now, actor=who, sources=sources)
        found = Findings((*found, *more), support, tuple(skipped))
        if more:
            memory = acted(memory, found, self.settings)
        if who is not None and self.settings.duplicates != Duplicates.OFF and not found.of(Mode.QUARANTINE):
            from core.guard.sameness import same_in

            try:
                memory, same = same_in(store, memory, self.settings, now=now, actor=who)
                found = found.plus(same)
            except MnemoscopeError as error:
                found = Findings(found.found, support, (*found.skipped, f"duplicate: {one_line(str(error), 200)}"))
        return memory, found

    def _held_against(
        self, memory: Memory, store: MemoryStore, *, now: datetime, actor: Actor | None, sources: Sequence[str]
    ) -> tuple[list[Finding], list[str], Support | None]:
        modes = {rule: self.settings.mode(rule) for rule in (Rule.CONTRADICTED, Rule.UNSUPPORTED)}
        if all(mode is Mode.OFF for mode in modes.values()):
            return [], [], None
        from core.guard.support import held_against

        try:
            verdict = held_against(memory, store, judge=self._judge, now=now, actor=actor, sources=sources)
        except MnemoscopeError as error:
            return [], [f"support: {one_line(str(error), 200)}"], None
        if verdict is None:
            return [], [], None
        rule = {Support.CONTRADICTED: Rule.CONTRADICTED, Support.UNSUPPORTED: Rule.UNSUPPORTED}.get(verdict.support)
        if rule is None or modes[rule] is Mode.OFF:
            return [], [], verdict.support
        finding = Finding(rule, str(verdict.support), verdict.reason, modes[rule], weight=verdict.weight, keys=verdict.keys)
        return [finding], [], verdict.support
