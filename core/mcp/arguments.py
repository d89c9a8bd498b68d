"""What a tool may be called with: strict, bounded, and nothing beside it.

None of them names a tenant, role, agent, team or index: these are the server's settings.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigError
from core.hostile import one_line

__all__ = [
    "AddSubtasks",
    "Arguments",
    "AskContext",
    "AskProcedures",
    "ClaimSubtask",
    "Recall",
    "RecordProcedure",
    "Remember",
    "ReportConflict",
    "ReportSubtask",
    "Resume",
    "StoreProcedure",
    "Task",
    "parsed",
    "schema_of",
]

_FAULTS: Final = 5
_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
_Key = Annotated[str, Field(min_length=1, max_length=1024)]
_Query = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"\S")]
_Line = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]
_Note = Annotated[str, Field(max_length=2_000)]
_Budget = Annotated[int, Field(ge=50, le=100_000, description="Tokens that the text may cost at most, by estimate.")]
_Where = Annotated[
    Literal["own", "shared", "both"],
    Field(description="own: this agent's index; shared: the shared one, if there is one; both: ranked in one list."),
]
_Shared = Annotated[bool, Field(description="In the shared index, if there is one, instead of the agent's own.")]


class Arguments(BaseModel):
    """The arguments of a tool."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Remember(Arguments):
    """A memory to write."""

    text: Annotated[str, Field(min_length=1, max_length=30_000, pattern=r"\S", description="One fact, event or rule.")]
    kind: Annotated[
        Literal["episodic", "semantic", "procedural"],
        Field(description="episodic: what happened; semantic: a fact; procedural: how something is done."),
    ] = "episodic"
    task: Annotated[_Name | None, Field(description="The task that it belongs to.")] = None
    confidence: Annotated[float, Field(ge=0, le=1, description="How sure it is.")] | None = None
    tags: Annotated[list[_Name], Field(max_length=20)] = Field(default_factory=list)
    source: Annotated[_Name | None, Field(description="Where it is from.")] = None
    ttl_hours: Annotated[float, Field(gt=0, le=876_000, description="Hours until it expires; without it never.")] | None = (
        None
    )
    derived_from: Annotated[list[_Key], Field(max_length=50, description="Keys of memories it was made from.")] = Field(
        default_factory=list
    )
    shared: _Shared = False


class Recall(Arguments):
    """A search."""

    query: _Query
    k: Annotated[int, Field(ge=1, le=50, description="How many memories at most.")] = 10
    where: _Where = "own"
    task: Annotated[_Name | None, Field(description="Only memories of this task.")] = None
    kind: Annotated[Literal["episodic", "semantic", "procedural"] | None, Field(description="Only of this kind.")] = None
    tag: Annotated[_Name | None, Field(description="Only with this tag.")] = None


class AskContext(Arguments):
    """A block for a prompt."""

    query: _Query
    budget_tokens: _Budget = 1_000
    where: _Where = "own"
    task: Annotated[_Name | None, Field(description="Only memories of this task.")] = None


class Resume(Arguments):
    """A task to go on with."""

    task: _Name
    about: Annotated[str, Field(max_length=4_000, description="What the task is about, where its name does not say.")] = ""
    budget_tokens: _Budget = 2_000
    where: _Where = "own"


class ReportConflict(Arguments):
    """Two memories that contradict each other."""

    key: Annotated[_Key, Field(description="The key of one memory, as a recall gave it.")]
    other_key: Annotated[_Key, Field(description="The key of the other, in the same index.")]
    why: Annotated[_Note, Field(description="What contradicts what, for the person who decides.")] = ""
    shared: _Shared = False


class Task(Arguments):
    """A task by its name."""

    task: _Name
    shared: _Shared = False


class AddSubtasks(Task):
    """Parts of a task."""

    subtasks: Annotated[list[_Name], Field(min_length=1, max_length=50)]


class ClaimSubtask(Task):
    """A part to claim."""

    subtask: Annotated[_Name | None, Field(description="Without it the first part that nobody has.")] = None
    lease_minutes: Annotated[int, Field(ge=1, le=1_440, description="After so long others may claim it.")] = 15


class ReportSubtask(Task):
    """How a claimed part goes."""

    subtask: _Name
    status: Literal["progress", "blocked", "done", "failed", "released"]
    note: Annotated[_Note, Field(description="What was done, what came out, or why not.")] = ""
    share: Annotated[float, Field(ge=0, le=1, description="With progress: how much is done.")] | None = None


class StoreProcedure(Arguments):
    """A workflow."""

    name: _Name
    steps: Annotated[list[_Line], Field(min_length=1, max_length=50)]
    when: Annotated[_Note, Field(description="When it is to be used.")] = ""
    preconditions: Annotated[list[_Line], Field(max_length=20)] = Field(default_factory=list)
    why: Annotated[_Note, Field(description="Why this version was made.")] = ""
    based_on: Annotated[int, Field(ge=1, description="The version that it improves.")] | None = None
    shared: _Shared = False


class AskProcedures(Arguments):
    """A task in words."""

    query: _Query
    k: Annotated[int, Field(ge=1, le=10)] = 3
    shared: _Shared = False


class RecordProcedure(Arguments):
    """How a version went."""

    name: _Name
    version: Annotated[int, Field(ge=1)]
    success: bool
    note: _Note = ""
    shared: _Shared = False


_Model = TypeVar("_Model", bound=Arguments)


def parsed(model: type[_Model], tool: str, given: dict[str, Any] | None) -> _Model:
    """Return the arguments; raise ConfigError that names each one that is wrong, and not what it holds."""
    try:
        return model.model_validate(given or {})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        said = [f"{one_line('.'.join(map(str, each['loc'])), 80) or 'all'}: {each['msg']}" for each in faults[:_FAULTS]]
        more = f" and {len(faults) - _FAULTS} more" if len(faults) > _FAULTS else ""
        raise ConfigError(f"The arguments of {tool} are not as its schema says: {'; '.join(said)}{more}.") from None


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a model, without the titles that pydantic makes of names."""
    made = model.model_json_schema(mode="validation" if issubclass(model, Arguments) else "serialization")
    bare = _untitled(made)
    bare.pop("description", None)
    return bare


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in schema.items():
        if name in ("properties", "$defs"):
            found[name] = {each: _untitled(inner) for each, inner in value.items()}
        elif isinstance(value, dict):
            found[name] = _untitled(value)
        elif isinstance(value, list):
            found[name] = [_untitled(each) if isinstance(each, dict) else each for each in value]
        elif name != "title":
            found[name] = value
    return found
