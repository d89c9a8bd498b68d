"""What the credentials may do in a bucket of S3 Vectors, tried one right after the other: for people who set it up.

Nothing is changed unless a write test is asked for. That one sends to an index that exists a vector of a wrong length, which
the service refuses only after it has looked at the rights, and deletes a key that does not exist. What it makes, it deletes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.config import StoreLocation, parse_store_uri
from core.errors import (
    AccessDeniedError,
    ConfigError,
    CredentialsError,
    MissingExtraError,
    MnemoscopeError,
    NotFoundError,
    UnreachableError,
    ValidationError,
)
from core.models.registry import embedder_for, served_model
from core.operate.checks import MATTERS, WRITES, Check, State, failed, is_not_there, skipped
from core.operate.credentials import credentials_found
from core.operate.policies import actions
from core.vectors.aws import AwsClient
from core.vectors.client import Tracer
from core.vectors.limits import DIMENSION_MAX
from core.vectors.session import AwsOptions, boto3_version, require_boto3

__all__ = ["Check", "State", "probe", "sufficient"]

_PROBE: Final = "mnemoscope-check"
_MEANING: Final = "search by meaning, recall, and writing to an index of this embedder"
# Somebody waits for the answer: who does not answer must be known within 15 seconds.
_PATIENCE: Final[dict[str, Any]] = {"connect_timeout": 3.0, "read_timeout": 5.0, "max_attempts": 2}
_UNTESTED: Final = "not tested: it would change something"


def probe(
    location: StoreLocation | str,
    *,
    actor: Actor,
    index: str | None = None,
    embedder: str | None = None,
    write_test: bool = False,
    tracer: Tracer | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:12],
) -> Iterator[Check]:
    """Yield one check after the other as they are done; once one fails that the rest needs, the rest is skipped.

    `index` is the bucket's first one if not named; `embedder` is a name or tag, tried only if Amazon Bedrock serves it. The
    credentials are this process's own, so only an admin of every tenant may try them.
    """
    actor.require(Permission.ADMINISTER, what="the rights of the credentials")
    where = parse_store_uri(location) if isinstance(location, str) else location
    if where.directory is not None:
        raise ConfigError(
            f"{where.uri} is a directory: rights are probed of a bucket, as in s3vectors://BUCKET?region=REGION."
        )
    last = None
    for last in _ground(where, clock):
        yield last
    if last is None or last.state is not State.OK:
        yield from (skipped(action, f"{last.name if last else 'boto3'} failed") for action in MATTERS)
        return
    client = AwsClient(
        region=where.region, profile=where.profile, endpoint_url=where.endpoint_url, tracer=tracer, **_PATIENCE
    )
    try:
        yield from _Probe(client, where, index, new_id()).checks(write_test=write_test)
    finally:
        client.close()
    if embedder is not None and (model := served_model(embedder)):
        yield _embedding(where, embedder, model, tracer)


def sufficient(checks: Sequence[Check], role: str, *, manage_indexes: bool = False) -> bool:
    """Say whether nothing that a role needs was denied or failed; what was not tested counts as given."""
    needed = actions(role, manage_indexes=manage_indexes)
    return all(
        check.state in (State.OK, State.SKIPPED) or (check.action is not None and check.action not in needed)
        for check in checks
    )


def _ground(where: StoreLocation, clock: Callable[[], datetime]) -> Iterator[Check]:
    """Yield what can be said without a call to the service; the first that fails is the last."""
    try:
        require_boto3()
        yield Check("boto3", State.OK, f"version {boto3_version()}")
    except MissingExtraError as error:
        yield failed("boto3", error, fix=str(error).rpartition(": ")[2])
        return
    try:
        found = credentials_found(AwsOptions(where.region, where.profile, where.endpoint_url), now=clock())
        yield Check("credentials", State.OK, found)
    except (CredentialsError, UnreachableError, ConfigError) as error:
        yield failed("credentials", error, fix="Set up credentials, or name a profile.")
        return
    try:
        AwsClient(region=where.region, profile=where.profile, endpoint_url=where.endpoint_url).close()
        yield Check("region", State.OK, where.region or "from the configuration of AWS")
    except MnemoscopeError as error:
        yield failed("region", error, fix="Name the region, as in s3vectors://BUCKET?region=us-east-1.")


class _Probe:
    """The calls, in order; what one finds, the next ones use."""

    def __init__(self, client: AwsClient, where: StoreLocation, index: str | None, unique: str) -> None:
        self._client = client
        self._where = where
        self._bucket = {"vectorBucketName": where.bucket}
        self._name = index
        self._temporary = f"{_PROBE}-{unique}"
        self._temporary_arn = ""
        self._arn: str | None = None
        self._kms: str | None = None
        self._index: dict[str, Any] | None = None
        self._key = _PROBE

    def checks(self, *, write_test: bool) -> Iterator[Check]:
        steps = {"ListVectorBuckets": self._buckets, "GetVectorBucket": self._described, "ListIndexes": self._indexes}
        names = list(MATTERS)
        for place, (action, step) in enumerate(steps.items()):
            check, error = self._try(action, step)
            if place == 0:
                yield from self._answered(error)
                if is_not_there(error) or isinstance(error, CredentialsError):
                    yield from (skipped(each, "there is no connection to try it on") for each in names)
                    return
            yield check
            if isinstance(error, UnreachableError | CredentialsError | NotFoundError):
                yield from (skipped(each, f"{action} failed") for each in names[place + 1 :])
                return
        yield from self._about_index()
        yield from self._writes() if write_test else [skipped(action, _UNTESTED) for action in WRITES]

    def _answered(self, error: MnemoscopeError | None) -> Iterator[Check]:
        """Yield whether anybody answers, and whether they know who asks: both follow from the first call."""
        if error is not None and is_not_there(error):
            yield failed("endpoint", error, fix="Check the network, the region and the endpoint.")
            return
        yield Check("endpoint", State.OK, f"{self._where.endpoint_url or 'S3 Vectors'} answers")
        if isinstance(error, CredentialsError):
            yield failed("identity", error, fix="Use a key that this service knows, and check this machine's clock.")
        else:
            yield Check("identity", State.OK, "the service knows these credentials")

    def _about_index(self) -> Iterator[Check]:
        steps = {
            "GetIndex": self._one_index,
            "ListTagsForResource": self._tags,
            "ListVectors": self._list,
            "GetVectors": self._get,
            "QueryVectors": self._query,
        }
        for action, step in steps.items():
            if self._name is None:
                yield skipped(action, "no index is known: make one, or name one")
            elif action == "QueryVectors" and self._index is None:
                yield skipped(action, "GetIndex failed, so the dimension is not known")
            elif action == "ListTagsForResource" and self._index is None and self._arn is None:
                yield skipped(action, "neither the bucket's ARN nor the index's is known")
            else:
                yield self._try(action, step)[0]

    def _try(self, action: str, step: Callable[[], str]) -> tuple[Check, MnemoscopeError | None]:
        try:
            detail = step()
        except MnemoscopeError as error:
            return failed(action, error, where=self._where, arn=self._arn, index=self._name), error
        arn, key = (self._arn, self._kms) if action == "GetVectorBucket" else (None, None)
        return Check(action, State.OK, detail, MATTERS[action], action=action, arn=arn, kms_key_arn=key), None

    def _buckets(self) -> str:
        answer = self._client.list_vector_buckets(maxResults=500)
        more = " or more" if answer.get("nextToken") else ""
        return f"{_counted(answer['vectorBuckets'], 'bucket')}{more}"

    def _described(self) -> str:
        bucket = self._client.get_vector_bucket(**self._bucket)["vectorBucket"]
        self._arn = str(bucket["vectorBucketArn"])
        self._kms = (bucket.get("encryptionConfiguration") or {}).get("kmsKeyArn")
        return self._arn

    def _indexes(self) -> str:
        answer = self._client.list_indexes(**self._bucket, maxResults=500)
        names = [entry["indexName"] for entry in answer["indexes"]]
        self._name = self._name or next(iter(names), None)
        return f"{_counted(names, 'index')}{' or more' if answer.get('nextToken') else ''}"

    def _one_index(self) -> str:
        self._index = self._client.get_index(**self._bucket, indexName=self._name)["index"]
        return f"{self._name}: {self._index['dimension']:,} dimensions, {self._index['distanceMetric']}"

    def _tags(self) -> str:
        arn = self._index["indexArn"] if self._index else f"{self._arn}/index/{self._name}"
        return _counted(self._client.list_tags_for_resource(resourceArn=arn)["tags"], "tag")

    def _list(self) -> str:
        found = self._client.list_vectors(**self._bucket, indexName=self._name, maxResults=1)["vectors"]
        self._key = found[0]["key"] if found else _PROBE
        return "there is a memory" if found else "the index is empty"

    def _get(self) -> str:
        # The key may not exist: the right is looked at all the same.
        self._client.get_vectors(
            **self._bucket, indexName=self._name, keys=[self._key], returnData=True, returnMetadata=True
        )
        return "with vector and metadata"

    def _query(self) -> str:
        vector = {"float32": [1.0, *[0.0] * (self._dimension() - 1)]}
        self._client.query_vectors(**self._bucket, indexName=self._name, topK=1, queryVector=vector, returnMetadata=True)
        return "with metadata"

    def _dimension(self) -> int:
        return int(self._index["dimension"]) if self._index else 2

    def _writes(self) -> list[Check]:
        """Return the checks that write; all in one, so that what is created is deleted whoever stops listening."""
        done: dict[str, Check] = {}
        done["CreateIndex"] = self._try("CreateIndex", self._create)[0]
        if done["CreateIndex"].state is State.OK:
            try:
                done["TagResource"] = self._try("TagResource", self._tag)[0]
                if self._index is None:
                    done["PutVectors"] = self._try("PutVectors", lambda: self._put(self._temporary))[0]
                    done["DeleteVectors"] = self._try("DeleteVectors", lambda: self._delete(self._temporary))[0]
            finally:
                check = self._try("DeleteIndex", self._drop)[0]
                left = "" if check.state is State.OK else f" The temporary index {self._temporary} is left: delete it."
                done["DeleteIndex"] = replace(check, fix=check.fix + left)
        if self._index is not None and self._name is not None:
            done["PutVectors"] = self._try("PutVectors", self._put_refused)[0]
            done["DeleteVectors"] = self._try("DeleteVectors", lambda: self._delete(str(self._name)))[0]
        return [done.get(action) or skipped(action, "not tested: there is no index to do it in") for action in WRITES]

    def _create(self) -> str:
        made = self._client.create_index(
            **self._bucket, indexName=self._temporary, dataType="float32", dimension=2, distanceMetric="cosine"
        )
        self._temporary_arn = str(made["indexArn"])
        return f"a temporary index {self._temporary}"

    def _tag(self) -> str:
        self._client.tag_resource(resourceArn=self._temporary_arn, tags={"mnemoscope:schema": "check"})
        return "on the temporary index"

    def _put(self, index: str) -> str:
        record = {"key": _PROBE, "data": {"float32": [1.0, 0.0]}}
        self._client.put_vectors(**self._bucket, indexName=index, vectors=[record])
        return "in the temporary index"

    def _put_refused(self) -> str:
        wrong = self._dimension() + (1 if self._dimension() < DIMENSION_MAX else -1)
        record = {"key": self._temporary, "data": {"float32": [1.0] * wrong}}
        try:
            self._client.put_vectors(**self._bucket, indexName=self._name, vectors=[record])
        except ValidationError as error:
            if "must have length" not in error.message:
                raise
        return "a vector of a wrong length was refused for its length only; nothing was written"

    def _delete(self, index: str) -> str:
        self._client.delete_vectors(**self._bucket, indexName=index, keys=[self._temporary])
        return "a key that does not exist; nothing was deleted"

    def _drop(self) -> str:
        self._client.delete_index(**self._bucket, indexName=self._temporary)
        return f"the temporary index {self._temporary}"


def _counted(found: Sized, noun: str) -> str:
    plural = {"index": "indexes"}.get(noun, f"{noun}s")
    return f"{len(found):,} {noun if len(found) == 1 else plural}"


def _embedding(where: StoreLocation, embedder: str, model: str, tracer: Tracer | None) -> Check:
    """Return whether the model can be used; the endpoint of S3 Vectors is not Bedrock's."""
    made = embedder_for(embedder, region=where.region, profile=where.profile, tracer=tracer)
    try:
        vector = made.embed(["check"])
    except MnemoscopeError as error:
        denied = isinstance(error, AccessDeniedError)
        fix = f"Allow bedrock:InvokeModel on {model}, and enable the model in this region." if denied else ""
        return replace(failed("InvokeModel", error, fix=fix), matters=_MEANING)
    finally:
        getattr(made, "close", lambda: None)()
    return Check("InvokeModel", State.OK, f"{model} answers with {vector.shape[1]:,} dimensions", _MEANING)
