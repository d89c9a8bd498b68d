"""The rules that need nothing but the memory: size, schema, secrets and orders to the reader. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.guard.finding import Finding, Mode, Rule
from core.guard.injection import cues, instruction_score
from core.guard.places import texts_of
from core.guard.secrets import secrets_in
from core.guard.settings import GuardSettings
from core.memory import Memory

__all__ = ["looked"]

# Fields that somebody may read as part of a prompt; an id or a tag is too short for an order.
_READ: Final = ("content", "notes", "source", "tags", "extra", "as_written")
_LONG: Final = ("content", "notes")
_APART: Final = "\n" * 8
# Names that cannot be cut without making another memory of it, or breaking what points to one.
_NAMES: Final = ("key", "derived_from")


def looked(memory: Memory, settings: GuardSettings) -> tuple[Finding, ...]:
    """Return what the rules find in a memory, each with the mode that the settings have for it; () for most."""
    found = [*_sized(memory, settings), *_formed(memory, settings)]
    if any(each.rule is Rule.SIZE and each.mode is Mode.BLOCK for each in found):
        return tuple(found)  # nobody reads what nobody takes: that bounds the time
    texts = list(texts_of(memory))
    short = [text for place, text in texts if place not in _LONG]
    # One look over all short texts spares one for each: nothing that a pattern takes reaches over so many lines.
    is_clean = not secrets_in(_APART.join(short))
    for place, text in texts:
        if place in _LONG or not is_clean:
            found += _secrets(place, text, settings)
        if settings.mode(Rule.INJECTION) is not Mode.OFF and place.startswith(_READ):
            found += _orders(place, text, settings)
    return tuple(found)


def _sized(memory: Memory, settings: GuardSettings) -> Iterator[Finding]:
    mode = settings.mode(Rule.SIZE)
    if mode is Mode.OFF:
        return
    texts = (("content", memory.content), ("notes", memory.notes or ""))
    sizes = [(name, len(text.encode("utf-8", "surrogatepass")), settings.most_bytes, "bytes") for name, text in texts]
    sizes += [("tags", len(memory.tags), settings.most_tags, "tags")]
    sizes += [("extra", len(memory.extra), settings.most_fields, "fields of its own")]
    for name, size, most, unit in sizes:
        if size > most:
            reason = f"{name} has {size:,} {unit}, this index takes {most:,}: shorten or split it"
            yield Finding(Rule.SIZE, f"{name}-size", reason, mode, name)


def _formed(memory: Memory, settings: GuardSettings) -> Iterator[Finding]:
    mode = settings.mode(Rule.SCHEMA)
    if mode is Mode.OFF:
        return
    for name in settings.required:
        value = getattr(memory, name)
        if value is None or value in ("", ()):
            yield Finding(Rule.SCHEMA, f"{name}-missing", f"{name} is missing, which this index asks for", mode, name)
    if settings.types and memory.memory_type not in settings.types:
        reason = f"the type is none of {', '.join(settings.types)}, which are all that this index takes"
        yield Finding(Rule.SCHEMA, "type", reason, mode, "memory_type")
    if memory.created_at and memory.expires_at and memory.expires_at < memory.created_at:
        yield Finding(Rule.SCHEMA, "times", "it expires before it was made", mode, "expires_at")


def _secrets(place: str, text: str, settings: GuardSettings) -> Iterator[Finding]:
    for each in secrets_in(text):
        mode = settings.mode_of_secret(each.id)
        if mode is Mode.OFF:
            continue
        if mode is Mode.REDACT and place.startswith(_NAMES):
            mode = Mode.BLOCK
        where = place.split("[")[0].split(".")[0]
        yield Finding(Rule.SECRETS, each.id, f"{where} has {each.what}", mode, _shown(place), ((each.start, each.end),))


def _orders(place: str, text: str, settings: GuardSettings) -> Iterator[Finding]:
    found = cues(text)
    score = instruction_score(found)
    if found and score >= settings.injection_least:
        ordered = sorted(found, key=lambda cue: (-cue.weight, cue.id))
        spans = tuple(cue.span for cue in ordered if cue.span is not None)
        reason = f"{_shown(place)}: {', '.join(cue.what for cue in ordered)}"
        mode = settings.mode(Rule.INJECTION)
        yield Finding(Rule.INJECTION, ordered[0].id, reason, mode, _shown(place), spans, round(score, 4))


def _shown(place: str) -> str:
    """Return a place without names of the memory's own: one of them may be the secret."""
    return place.split("[")[0].split(".")[0]
