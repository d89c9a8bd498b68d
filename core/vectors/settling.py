"""A call whose answer was lost and that was sent again: whether what it asked for is done.

Puts, deletes of vectors, reads and tags may be sent twice, for the second changes nothing, unless another client wrote the
same key in between: then the later arrival wins, for S3 Vectors has no conditional put. The second of a create says that
the thing exists, the second of a delete that it does not: both are what was asked for, if it is exactly that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import ConflictError, MnemoscopeError, NotFoundError

__all__ = ["settled"]

Ask = Callable[[str, dict[str, Any]], Mapping[str, Any]]
_WHERE = ("vectorBucketName", "vectorBucketArn", "indexName", "indexArn")


def settled(operation: str, arguments: Mapping[str, Any], failure: MnemoscopeError, ask: Ask) -> dict[str, Any] | None:
    """Return the answer of a call that an earlier attempt has carried out; None where the failure stands.

    `ask` sends another operation: a create is compared with what there is now.
    """
    if operation in ("DeleteIndex", "DeleteVectorBucket") and isinstance(failure, NotFoundError):
        return {}
    if operation == "CreateVectorBucket" and isinstance(failure, ConflictError):
        return _bucket(arguments, ask)
    if operation == "CreateIndex" and isinstance(failure, ConflictError):
        return _index(arguments, ask)
    if operation == "UpdateMetadataConfiguration" and isinstance(failure, (ConflictError, NotFoundError)):
        return _configuration(arguments, ask)
    return None


def _bucket(arguments: Mapping[str, Any], ask: Ask) -> dict[str, Any] | None:
    bucket = ask("GetVectorBucket", {"vectorBucketName": arguments["vectorBucketName"]})["vectorBucket"]
    same = _holds(bucket.get("encryptionConfiguration"), arguments.get("encryptionConfiguration"))
    same = same and _tagged(bucket["vectorBucketArn"], arguments, ask)
    return {"vectorBucketArn": bucket["vectorBucketArn"]} if same else None


def _index(arguments: Mapping[str, Any], ask: Ask) -> dict[str, Any] | None:
    index = _current(arguments, ask)
    configuration, wanted = (each.get("metadataConfiguration") or {} for each in (index, arguments))
    same = (
        all(index[name] == arguments[name] for name in ("dataType", "dimension", "distanceMetric"))
        and _hidden(configuration) == _hidden(wanted)
        and _languages(configuration) == _languages(wanted)
        and _holds(index.get("encryptionConfiguration"), arguments.get("encryptionConfiguration"))
        and _tagged(index["indexArn"], arguments, ask)
    )
    return {"indexArn": index["indexArn"]} if same else None


def _configuration(arguments: Mapping[str, Any], ask: Ask) -> dict[str, Any] | None:
    index = _current(arguments, ask)
    there = _languages(index.get("metadataConfiguration") or {})
    added, dropped = (_languages(arguments.get(name) or {}) for name in ("add", "delete"))
    same = added.items() <= there.items() and not (dropped.keys() - added.keys()) & there.keys()
    return {"indexArn": index["indexArn"]} if same else None


def _current(arguments: Mapping[str, Any], ask: Ask) -> Mapping[str, Any]:
    where = {name: arguments[name] for name in _WHERE if name in arguments}
    bucket = where.pop("vectorBucketArn", None)  # CreateIndex takes it, GetIndex does not
    if bucket is not None:
        where["vectorBucketName"] = bucket.rpartition("/")[2]
    index: Mapping[str, Any] = ask("GetIndex", where)["index"]
    return index


def _hidden(configuration: Mapping[str, Any]) -> set[str]:
    return set(configuration.get("nonFilterableMetadataKeys") or ())


def _languages(configuration: Mapping[str, Any]) -> dict[str, str]:
    entries = configuration.get("textSearchConfigurations") or ()
    return {entry["metadataKey"]: entry.get("language", "en") for entry in entries}


def _holds(there: Mapping[str, Any] | None, asked: Mapping[str, Any] | None) -> bool:
    return (asked or {}).items() <= (there or {}).items()


def _tagged(arn: str, arguments: Mapping[str, Any], ask: Ask) -> bool:
    wanted = arguments.get("tags")
    return not wanted or ask("ListTagsForResource", {"resourceArn": arn})["tags"] == wanted
