"""What an erasure does after the memories left the index: their copies in the journal and beside it go too.

It is done again from the start where it was broken off: the plan ends only afterwards.
"""

from __future__ import annotations

from collections.abc import Collection

from core.curation.conflicts.register import forget_conflicts_with
from core.curation.golden import forget_golden_with
from core.curation.journal import Kind
from core.curation.outcomes import Outcomes
from core.curation.pending import forget_plans_with
from core.curation.sending import Append
from core.curation.staleness import chunks
from core.curation.workplace import Workplace
from core.memory.fields import preview

__all__ = ["erase_copies"]

_CHUNK = 1_000


def erase_copies(place: Workplace, outcomes: Outcomes, *, texts: Collection[str] | None, append: Append) -> str | None:
    """Destroy what is left of the memories that a plan erased, and return why something stays, None where nothing does.

    `texts` are those that were erased, None where nobody knows them any more.
    """
    erased = outcomes.erased
    found = None if texts is None else set(texts)
    kept: list[str] = []
    _forget_made_from(place, erased, found, append)
    for part in chunks(erased, _CHUNK):
        holding = place.journal.holding(place.stream, part)
        # Images that were made after the erasure are of another memory with the same key: they are not ours to destroy.
        kept += [key for key in part if any(number > outcomes.keys[key].number for number in holding.get(key, ()))]
        going = [key for key in part if key not in kept]
        images = {key: holding[key] for key in going if holding.get(key)}
        if found is not None:
            found |= _texts(place, images)
        if images or not outcomes.purged.issuperset(going):
            append(Kind.PURGED, {"keys": going, "images": sum(map(len, images.values()))}, ())
            place.journal.purge(place.stream, going)
    plans = forget_plans_with(place, set(erased), found or ())
    golden = forget_golden_with(place.documents, place.stream, set(erased), found)
    rejections = _forget_rejections(place, found) if found else 0
    conflicts = forget_conflicts_with(place.register, erased, found or ())
    if plans or golden or rejections or conflicts:
        said = {"plans": plans, "golden": golden} | ({"rejections": rejections} if rejections else {})
        said |= {"conflicts": conflicts} if conflicts else {}
        append(Kind.PURGED, {"keys": [], "images": 0, **said}, ())
    if place.purge is not None:
        place.purge(place.store, erased, found)
    if not kept:
        return None
    return (
        f"{len(kept):,} of the keys ({preview(kept[0])} is one) were written and changed again since: the journal's copies "
        "of what they were stay until they are erased again."
    )


def _forget_made_from(place: Workplace, erased: Collection[str], texts: Collection[str] | None, append: Append) -> None:
    """Destroy the images of memories that were made from the erased ones and said their text: a merge, or one edited since.

    It comes first: once the erased ones' own images are gone, fewer of their texts are known.
    """
    from core.curation.consolidation.remnants import merged_from, said_in_journal

    made_from = merged_from(place.versions, erased)
    if not made_from:
        return
    own = {*(texts or ()), *_texts(place, _holding(place, erased))}
    said = said_in_journal(place.store, place.versions, made_from, own)
    if images := _holding(place, said):
        append(Kind.PURGED, {"keys": list(images), "images": sum(map(len, images.values()))}, ())
        place.journal.purge(place.stream, list(images))


def _holding(place: Workplace, keys: Collection[str]) -> dict[str, list[int]]:
    """Return the entries that hold images of these keys, by key."""
    found = (place.journal.holding(place.stream, part) for part in chunks(keys, _CHUNK))
    return {key: list(numbers) for part in found for key, numbers in part.items() if numbers}


def _forget_rejections(place: Workplace, texts: Collection[str]) -> int:
    """Forget which of these texts a person said are no duplicates, and return how often."""
    # Late: an erasure is rare, and the search for duplicates is much to import.
    from core.curation.duplicates.exact import content_hash
    from core.curation.duplicates.rejected import forget_rejections_with

    return forget_rejections_with(place.documents, place.stream, {content_hash(text) for text in texts})


def _texts(place: Workplace, holding: dict[str, list[int]]) -> set[str]:
    """Return the texts that the images of these keys hold."""
    wanted: dict[int, list[str]] = {}
    for key, numbers in holding.items():
        for number in numbers:
            wanted.setdefault(number, []).append(key)
    found: set[str] = set()
    for number, keys in wanted.items():
        for key, image in place.journal.images(place.stream, number, keys=keys).items():
            if image.before is not None:
                found.add(place.store.memory_of(key, image.before.metadata).content)
    return found
