"""strands-s3-vectors-memory: memories of users, of tenants, and the plugin inside an agent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from strands import Agent
from strands.models import Model
from strands_s3_vectors_memory import MultiTenantS3VectorMemory, S3VectorMemory, S3VectorMemoryPlugin

from tests.clients.aws import Neighbours
from tests.clients.conftest import ACCESS_KEY, REGION, SECRET

# As the package's README tells to make the index.
NON_FILTERABLE = ["content", "stored_at", "conversation_id", "type"]
ROLE = "arn:aws:iam::123456789012:role/memory"


@pytest.fixture(scope="module", autouse=True)
def neighbours() -> Iterator[Neighbours]:
    """Let the package find a Bedrock and an STS, by the environment as well."""
    with Neighbours(ACCESS_KEY, SECRET) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
        patch.setenv("AWS_ENDPOINT_URL_STS", server.url)
        yield server


def make_index(bucket: str, name: str) -> None:
    boto3.client("s3vectors").create_index(
        vectorBucketName=bucket,
        indexName=name,
        dataType="float32",
        dimension=1024,
        distanceMetric="cosine",
        metadataConfiguration={"nonFilterableMetadataKeys": NON_FILTERABLE},
    )


@pytest.fixture
def memory(new_bucket) -> S3VectorMemory:
    """Return an empty memory in a bucket of its own: its index has always the same name."""
    bucket = new_bucket()
    make_index(bucket, "memory")
    return S3VectorMemory(bucket_name=bucket, region_name=REGION)


def test_a_memory_is_found_again(memory, neighbours):
    stored = memory.store_memory("ana", "Ana prefers green tea in the morning.", agent_name="barista")
    memory.store_memory("ana", "The invoice of March is unpaid.", agent_name="clerk")
    assert stored["index_name"] == "memory"
    first, second = memory.retrieve_memories("ana", "green tea")
    assert first["key"] == stored["key"]
    assert first["content"] == "Ana prefers green tea in the morning."
    assert first["stored_at"]
    assert 1 >= first["similarity"] > second["similarity"]
    assert neighbours.purposes[-1] == "GENERIC_RETRIEVAL"


def test_users_and_agents_are_kept_apart(memory):
    memory.store_memory("ana", "tea", agent_name="barista")
    memory.store_memory("ana", "invoice", agent_name="clerk")
    memory.store_memory("ben", "coffee", agent_name="barista")
    assert [found["content"] for found in memory.retrieve_memories("ben", "tea")] == ["coffee"]
    assert [found["content"] for found in memory.retrieve_memories("ana", "tea", agent_name="clerk")] == ["invoice"]
    assert memory.retrieve_memories("nobody", "tea") == []
    assert memory.retrieve_memories("ana", "  ") == []


def test_a_long_text_in_four_byte_letters(memory):
    memory.store_memory("ana", "🍵 tea " * 900)
    (found,) = memory.retrieve_memories("ana", "tea", top_k=1)
    assert found["content"].startswith("🍵 tea 🍵")
    assert 4090 <= len(found["content"].encode()) <= 4096


def test_tenants_have_an_index_each_and_signed_session_tokens(new_bucket, neighbours):
    bucket = new_bucket()
    for tenant in ("acme", "globex"):
        make_index(bucket, f"memory-{tenant}")
    memory = MultiTenantS3VectorMemory(bucket_name=bucket, region_name=REGION, tvm_role_arn=ROLE)
    for tenant in ("acme", "globex"):
        memory.store_memory("ana", f"{tenant} tea", tenant_context={"tenantId": tenant})
    for tenant in ("acme", "globex"):
        (found,) = memory.retrieve_memories("ana", "tea", tenant_context={"tenantId": tenant})
        assert found["content"] == f"{tenant} tea"
    assert neighbours.tenants == ["acme", "globex"]
    with pytest.raises(ClientError, match="NotFoundException"):
        memory.retrieve_memories("ana", "tea", tenant_context={"tenantId": "initech"})


class Echo(Model):
    """A model that answers with the system prompt it was given, so a test sees what the plugin put there."""

    def update_config(self, **model_config: Any) -> None:
        pass

    def get_config(self) -> dict[str, Any]:
        return {}

    def structured_output(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def stream(
        self, messages: Any, tool_specs: Any = None, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        said = messages[-1]["content"][0]["text"]
        answer = f"{system_prompt} | {said}"
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockStart": {"start": {}}}
        yield {"contentBlockDelta": {"delta": {"text": answer}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}


def test_the_plugin_remembers_from_one_conversation_to_the_next(memory):
    memory.store_memory("ana", "Ana drinks green tea.", agent_name="barista")
    plugin = S3VectorMemoryPlugin(memory, "You serve drinks. {memory_context}")
    state = {"user_id": "ana", "conversation_id": "first"}
    agent = Agent(model=Echo(), name="barista", plugins=[plugin], callback_handler=None)
    assert "- Ana drinks green tea." in str(agent("Which green tea does Ana drink?", invocation_state=state))

    plugin.close_session_with_data(None, "ana", "first", agent.messages, Echo(), "barista")
    listed = boto3.client("s3vectors").list_vectors(
        vectorBucketName=memory.bucket_name, indexName="memory", returnMetadata=True
    )["vectors"]
    (summary,) = [each for each in listed if each["metadata"].get("type") == "summary"]
    assert summary["key"].startswith("ana_barista_summary_")
    assert summary["metadata"]["conversation_id"] == "first"

    # The same conversation closed again replaces its summary.
    plugin.close_session_with_data(None, "ana", "first", agent.messages, Echo(), "barista")
    again = boto3.client("s3vectors").list_vectors(vectorBucketName=memory.bucket_name, indexName="memory")["vectors"]
    assert len(again) == len(listed)
