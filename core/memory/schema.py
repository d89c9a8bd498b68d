"""Which metadata key of an index holds which field of a memory: our own names, or those of other software."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from core.errors import ConfigError
from core.memory.fields import EPOCHS, FIELDS, preview

__all__ = ["BEDROCK", "CUSTOM", "LANGCHAIN", "LLAMAINDEX", "NOWHERE", "OURS", "SAMPLE", "STRANDS", "Schema", "container_of"]

BEDROCK: Final = "bedrock-kb"
CUSTOM: Final = "custom"
LANGCHAIN: Final = "langchain"
LLAMAINDEX: Final = "llamaindex"
SAMPLE: Final = "sample"
STRANDS: Final = "strands"

# Between a metadata key whose value is JSON text and the names inside it: "_node_content$.text".
INSIDE: Final = "$."
# The place of a field that the index does not have, though one of its keys is named like it.
NOWHERE: Final = ""


def container_of(place: str) -> str:
    """Return the metadata key of a place: the place itself, or what stands before `$.`."""
    return place.split(INSIDE, 1)[0]


@dataclass(frozen=True)
class Schema:
    """Where the fields of a memory are: field → metadata key, or `KEY$.name.name` for a value inside the JSON text of KEY.

    A field that is not mapped is looked for under our own name, unless another field lives there; one that is mapped to
    NOWHERE is not read, and a memory that states it cannot be written: the key of its name means something else.
    `created_at_epoch` and the like map the key whose numbers are seconds since 1970: only such a key can be filtered by time
    in the service. It may be the key of the time itself.
    """

    name: str
    fields: Mapping[str, str] = field(hash=False)

    def __post_init__(self) -> None:
        owners: dict[str, str] = {}
        for name, place in self.fields.items():
            if name not in FIELDS and name not in EPOCHS:
                raise ConfigError(f"A schema cannot map {preview(name)}: the fields are {', '.join([*FIELDS, *EPOCHS])}.")
            if place == NOWHERE and name in FIELDS and name != "content":
                continue
            if not isinstance(place, str) or not container_of(place) or place.endswith(INSIDE):
                raise ConfigError(f"The field {name} is mapped to {preview(place)}: name a metadata key.")
            if name in EPOCHS and INSIDE in place:
                raise ConfigError(f"{name} is mapped to {preview(place)}: the service compares numbers of plain keys only.")
            owner = EPOCHS.get(name, name)
            if owners.setdefault(place, owner) != owner:
                raise ConfigError(f"Both {owners[place]} and {owner} are mapped to {preview(place)}: map one of them.")
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))
        object.__setattr__(self, "_taken", frozenset(container_of(place) for place in self.fields.values()))

    def __reduce__(self) -> tuple[type[Schema], tuple[str, dict[str, str]]]:
        return Schema, (self.name, dict(self.fields))

    @property
    def is_ours(self) -> bool:
        """Say whether it is the schema of indexes that Mnemoscope makes."""
        return self.name == OURS.name

    def place(self, name: str) -> str | None:
        """Return where a field is; None if it is nowhere, or its own name holds another field."""
        return self.fields[name] or None if name in self.fields else self._free(name)

    def epoch(self, name: str) -> str | None:
        """Return the key whose numbers are a time field's seconds since 1970; None if the index has none."""
        epoch = f"{name}_epoch"
        if epoch in self.fields:
            return self.fields[epoch]
        return None if name in self.fields else self._free(epoch)

    def _free(self, name: str) -> str | None:
        taken: frozenset[str] = getattr(self, "_taken")  # noqa: B009
        return None if name in taken else name


OURS: Final = Schema("mnemoscope", {name: name for name in (*FIELDS, *EPOCHS)})
