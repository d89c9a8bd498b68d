"""Bedrock's embedders against a bedrock-runtime over real HTTP, with real boto3."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from botocore.retries.bucket import TokenBucket
from botocore.retries.standard import ExponentialBackoff
from botocore.session import get_session

from core.errors import (
    AccessDeniedError,
    ConfigError,
    CredentialsError,
    MnemoscopeError,
    ModelError,
    ServiceError,
    TooManyRequestsError,
    UnavailableError,
    UnreachableError,
)
from core.models.bedrock import BedrockEmbedder, bedrock_embedder
from core.models.embedding import CachedEmbedder, embed_query, embedder_for, embedder_tag
from core.models.families import FAMILIES
from core.models.runtime import Runtime, failure_of
from core.models.windows import Limits, estimated_tokens, halves, windows
from core.vectors.client import Call
from core.vectors.session import AwsOptions
from tests.core.aws_environment import isolate_aws
from tests.core.bedrock_server import BedrockServer, body, hang_up, refusal, vector_of

TITAN, ENGLISH, V4 = "amazon.titan-embed-text-v2:0", "cohere.embed-english-v3", "cohere.embed-v4:0"
MODELS = [pytest.param(model, id=family.name) for model, family in FAMILIES.items()]
THROTTLED = refusal(429, "ThrottlingException", "Too many requests, please wait before trying again.")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials of a test, and no waiting: the back-off is botocore's own, its length is not what is tested."""
    isolate_aws(monkeypatch, tmp_path)
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)
    monkeypatch.setattr(TokenBucket, "acquire", lambda self, amount=1, block=True: True)


@pytest.fixture
def server() -> Iterator[BedrockServer]:
    with BedrockServer() as running:
        yield running


class Opened:
    """Embedders of one server, closed at the end, with the calls that their tracer saw."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[Call] = []
        self.runtimes: list[Runtime] = []

    def __call__(self, model: str = TITAN, dimension: int | None = None, **options: Any) -> BedrockEmbedder:
        runtime = Runtime(
            AwsOptions(region="us-east-1", endpoint_url=self.url),
            tracer=self.calls.append,
            sleep=lambda seconds: None,
            **options,
        )
        self.runtimes.append(runtime)
        return bedrock_embedder(FAMILIES[model], runtime, dimension=dimension)


@pytest.fixture
def make(server: BedrockServer) -> Iterator[Opened]:
    opened = Opened(server.url)
    yield opened
    for runtime in opened.runtimes:
        runtime.close()


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("model", MODELS)
def test_each_text_has_its_vector_of_length_1_in_order(make: Opened, model: str) -> None:
    texts = [f"memory {number}" for number in range(200)]
    embedder = make(model)
    vectors = embedder.embed(texts)
    kind = "search_document" if FAMILIES[model].asymmetric else ""
    expected = np.stack([unit(vector_of(text, embedder.dimension, kind)) for text in texts])
    assert vectors.dtype == np.float32
    assert vectors.shape == (200, embedder.dimension)
    assert np.allclose(vectors, expected, atol=1e-6)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert embedder.embed([]).shape == (0, embedder.dimension)


@pytest.mark.parametrize(
    ("model", "dimension", "query", "expected"),
    [
        pytest.param(TITAN, 256, False, {"inputText": "a", "dimensions": 256, "normalize": True}, id="titan"),
        pytest.param(
            ENGLISH,
            None,
            False,
            {"texts": ["a"], "input_type": "search_document", "embedding_types": ["float"], "truncate": "END"},
            id="cohere-v3-document",
        ),
        pytest.param(
            ENGLISH,
            None,
            True,
            {"texts": ["a"], "input_type": "search_query", "embedding_types": ["float"], "truncate": "END"},
            id="cohere-v3-query",
        ),
        pytest.param(
            V4,
            512,
            False,
            {
                "texts": ["a"],
                "input_type": "search_document",
                "embedding_types": ["float"],
                "truncate": "RIGHT",
                "output_dimension": 512,
            },
            id="cohere-v4",
        ),
    ],
)
def test_what_is_sent_is_what_the_model_takes(server, make, model, dimension, query, expected) -> None:
    embedder = make(model, dimension)
    vector = embed_query(embedder, "a") if query else embedder.embed(["a"])[0]
    assert server.asked == [(model, expected)]
    assert vector.shape == (dimension or 1024,)


def test_a_dimension_that_the_model_lacks_is_refused(make: Opened) -> None:
    with pytest.raises(ConfigError, match="no dimension 384: choose one of 256, 512, 1024"):
        make(TITAN, 384)


def test_cohere_takes_96_texts_a_call(server: BedrockServer, make: Opened) -> None:
    make(ENGLISH).embed([f"t{number}" for number in range(200)])
    assert sorted(len(asked["texts"]) for _, asked in server.asked) == [8, 96, 96]


def test_calls_run_side_by_side_and_no_more_than_eight(server: BedrockServer, make: Opened) -> None:
    server.barrier = threading.Barrier(8)  # passes only when eight are there at once
    make().embed([f"t{number}" for number in range(32)])
    assert server.busiest == 8


def test_throttling_is_backed_off_counted_and_loses_nothing(server: BedrockServer, make: Opened) -> None:
    server.faults.extend([THROTTLED, refusal(503, "ServiceUnavailableException"), THROTTLED])
    embedder = make()
    texts = [f"t{number}" for number in range(10)]
    vectors = embedder.embed(texts)
    assert np.allclose(vectors, [unit(vector_of(text, 1024)) for text in texts], atol=1e-6)
    counted = embedder.counted()
    assert (counted.requests, counted.errors, counted.retries, counted.throttled) == (10, 0, 3, 2)
    assert counted.tokens == 10
    assert sum(call.retries for call in make.calls) == 3
    assert sum(call.throttled for call in make.calls) == 2


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(refusal(408, "ModelTimeoutException"), id="model-timeout"),
        pytest.param(refusal(424, "ModelErrorException"), id="model-error"),
        pytest.param(refusal(429, "ModelNotReadyException"), id="not-ready"),
        pytest.param(refusal(500, "InternalServerException"), id="internal"),
        pytest.param(body(b'{"embedding": [0.1', length=1_000), id="cut-off"),
        pytest.param(hang_up, id="hung-up"),
    ],
)
def test_what_passes_is_tried_again(server: BedrockServer, make: Opened, fault: Any) -> None:
    server.faults.extend([fault, fault])
    assert make().embed(["a"]).shape == (1, 1024)
    assert len(server.asked) == 3
    assert make.calls[0].retries == 2


@pytest.mark.parametrize(
    ("fault", "error", "said", "tries"),
    [
        pytest.param(THROTTLED, TooManyRequestsError, "still throttling", 3, id="throttled"),
        pytest.param(refusal(503, "ServiceUnavailableException"), UnavailableError, "no", 3, id="unavailable"),
        pytest.param(refusal(408, "ModelTimeoutException"), UnavailableError, "no", 3, id="model-timeout"),
        pytest.param(
            refusal(403, "AccessDeniedException", "You don't have access to the model"),
            AccessDeniedError,
            "us-east-1: allow bedrock:InvokeModel on it, and enable it on the page 'Model access'",
            1,
            id="no-access",
        ),
        pytest.param(
            refusal(404, "ResourceNotFoundException", "Could not resolve the foundation model"),
            ModelError,
            "Region us-east-1 does not serve amazon.titan-embed-text-v2:0",
            1,
            id="not-in-region",
        ),
        pytest.param(
            refusal(400, "ValidationException", "Malformed input request"), ModelError, "Malformed", 1, id="invalid"
        ),
        pytest.param(
            refusal(400, "ValidationException", "Invocation with on-demand throughput isn't supported."),
            ModelError,
            "set MNEMOSCOPE_EMBEDDER to us.amazon",
            1,
            id="profile-only",
        ),
        pytest.param(
            refusal(403, "UnrecognizedClientException", "The security token is invalid."),
            CredentialsError,
            "does not accept these credentials",
            1,
            id="unknown-key",
        ),
        pytest.param(body(b"<html>a proxy</html>"), ModelError, "not JSON", 1, id="html"),
        pytest.param(body(b"{}"), ModelError, "without vectors", 1, id="no-vectors"),
        pytest.param(body(b"[1]"), ModelError, "without vectors", 1, id="a-list"),
        pytest.param(body(b'{"embedding": [0.1, 0.2]}'), ModelError, "dimension 1024", 1, id="wrong-dimension"),
        pytest.param(body(b'{"embedding": ["a"]}'), ModelError, "rows of numbers", 1, id="words"),
        pytest.param(body(b'{"embedding": [[0.1], [0.2, 0.3]]}'), ModelError, "rows of numbers", 1, id="ragged"),
        pytest.param(body(json.dumps({"embedding": [0.0] * 1024}).encode()), ModelError, "zeros", 1, id="zeros"),
        pytest.param(body(json.dumps({"embedding": [float("nan")] * 1024}).encode()), ModelError, "NaN", 1, id="nan"),
    ],
)
def test_a_failure_says_what_to_do(server, make, fault, error, said, tries) -> None:
    server.faults.extend([fault] * 9)
    with pytest.raises(error, match=said) as raised:
        make(max_attempts=3).embed(["a"])
    assert isinstance(raised.value, MnemoscopeError)
    assert len(server.asked) == tries


def test_one_failure_fails_the_batch(server: BedrockServer, make: Opened) -> None:
    server.faults.append(refusal(400, "ValidationException", "Malformed input request"))
    with pytest.raises(ModelError, match="Malformed"):
        make().embed([f"t{number}" for number in range(50)])
    assert make.calls[0].error is not None or any(call.error for call in make.calls)


def test_every_error_of_the_service_model_is_mapped() -> None:
    operation = get_session().get_service_model("bedrock-runtime").operation_model("InvokeModel")
    assert operation.error_shapes
    for shape in operation.error_shapes:
        told = ClientError({"Error": {"Code": shape.name, "Message": "said"}}, "InvokeModel")
        error = failure_of(told, model_id=TITAN, region="us-east-1")
        assert type(error) not in (MnemoscopeError, ServiceError), shape.name


def test_no_credentials_and_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with closing(Runtime(AwsOptions("us-east-1", endpoint_url=url), max_attempts=2)) as runtime:
            with pytest.raises(UnreachableError, match="did not answer"):
                bedrock_embedder(FAMILIES[TITAN], runtime).embed(["a"])
            monkeypatch.delenv("AWS_ACCESS_KEY_ID")
            monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
            runtime.close()
            with pytest.raises(CredentialsError, match="aws configure"):
                bedrock_embedder(FAMILIES[TITAN], runtime).embed(["a"])


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        pytest.param(AwsOptions("us-east-1", profile="nobody"), CredentialsError, "nobody", id="profile"),
        pytest.param(AwsOptions(None), ConfigError, "No region", id="no-region"),
        pytest.param(AwsOptions("us-east-1", endpoint_url="nonsense"), ConfigError, "nonsense", id="endpoint"),
    ],
)
def test_what_is_not_set_up_is_named(monkeypatch, options, error, said) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(error, match=said):
        bedrock_embedder(FAMILIES[TITAN], Runtime(options)).embed(["a"])


def test_a_slow_model_is_given_up(server: BedrockServer, make: Opened) -> None:
    server.barrier = threading.Barrier(2)  # nobody answers until a second request is there, which is never
    with pytest.raises(UnreachableError, match="did not answer"):
        make(read_timeout=0.2, max_attempts=1).embed(["a"])
    server.barrier.abort()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n\t", id="white-space"),
        pytest.param("記憶 🧠 ключ", id="other-scripts"),
        pytest.param("half \ud83d pair", id="surrogate"),
        pytest.param("\x00\x1b[31m", id="controls"),
        pytest.param("The cat sat on the mat and looked at the moon. " * 900, id="42-KB"),
        pytest.param("x" * 60_000, id="60-KB-word"),
        pytest.param("🧠" * 3_000, id="astral"),
        pytest.param("\n" * 5_000 + "a" + " " * 5_000, id="nearly-blank"),
    ],
)
def test_every_text_has_a_vector_of_length_1(make: Opened, model: str, text: str) -> None:
    vectors = make(model).embed(["before", text, "after"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_blank_text_is_not_sent(server: BedrockServer, make: Opened) -> None:
    vectors = make().embed(["", "  "])
    assert server.asked == []
    assert vectors[:, 0].tolist() == [1, 1]


def test_a_long_text_is_the_mean_of_its_windows(server: BedrockServer, make: Opened) -> None:
    text = "The report goes out on Friday. " * 200
    found = make(ENGLISH).embed([text])[0]
    pieces = [piece for _, asked in server.asked for piece in asked["texts"]]
    assert "".join(pieces) == text
    assert len(pieces) > 1
    mean = sum(unit(vector_of(piece, 1024, "search_document")) for piece in pieces)
    assert np.allclose(found, unit(mean), atol=1e-6)


def test_what_the_service_finds_too_long_is_halved(server: BedrockServer, make: Opened) -> None:
    server.max_titan_tokens = 300
    text = "word " * 1_000
    assert np.linalg.norm(make().embed([text])[0]) == pytest.approx(1, abs=1e-5)
    sent = [asked["inputText"] for _, asked in server.asked if len(asked["inputText"]) <= 1_200]
    assert "".join(sent) == text


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("one two three four " * 40, id="words"),
        pytest.param("字" * 300, id="no-spaces"),
        pytest.param("a", id="short"),
        pytest.param(" " * 1_000, id="spaces"),
    ],
)
def test_windows_keep_to_the_limits_and_lose_nothing(limit: int, text: str) -> None:
    limits = Limits(tokens=limit, characters=400)
    found = windows(text, limits)
    assert all(found)
    assert len(found) == 64 or "".join(found) == text
    assert text.startswith("".join(found))
    assert all(estimated_tokens(piece) <= limit for piece in found)
    assert all(len(piece) <= 400 for piece in found)
    assert all("".join(halves(piece)) == piece for piece in found)


def test_tokens_are_told_by_the_body_or_the_header_or_not_at_all(server: BedrockServer, make: Opened) -> None:
    for model in (TITAN, ENGLISH):
        embedder = make(model)
        embedder.embed(["a" * 40])
        assert (embedder.counted().tokens, embedder.counted().untold) == (10, 0)
    server.tells_tokens = False
    embedder = make(ENGLISH)
    embedder.embed(["a" * 40])
    assert (embedder.counted().tokens, embedder.counted().untold) == (0, 1)
    assert [call.tokens for call in make.calls] == [10, 10, None]


def test_the_tracer_sees_figures_and_no_content(make: Opened) -> None:
    make().embed(["a secret text"])
    (call,) = make.calls
    assert (call.operation, call.items, call.arguments) == ("InvokeModel", 1, {"modelId": TITAN, "texts": 1})
    assert call.request_bytes > 20
    assert call.response_bytes > 1_000
    assert "secret" not in repr(call)


def test_the_cache_tells_a_query_from_a_memory(server: BedrockServer, make: Opened, tmp_path: Path) -> None:
    with closing(CachedEmbedder(make(ENGLISH), tmp_path)) as cached:
        document, query = cached.embed(["a"])[0], cached.embed_query("a")
        assert not np.allclose(document, query)
        assert np.array_equal(cached.embed_query("a"), query)
        assert len(server.asked) == 2
    with closing(CachedEmbedder(make(ENGLISH), tmp_path)) as again:
        assert np.array_equal(again.embed_query("a"), query)
    with closing(CachedEmbedder(make(TITAN))) as cached:
        assert np.array_equal(cached.embed(["a"])[0], cached.embed_query("a"))
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("asked", "tag"),
    [
        pytest.param("titan-v2", f"{TITAN}/1024/1", id="short"),
        pytest.param("titan-v2:512", f"{TITAN}/512/1", id="short-dimension"),
        pytest.param(TITAN, f"{TITAN}/1024/1", id="model-id"),
        pytest.param(f"{TITAN}:256", f"{TITAN}/256/1", id="model-id-dimension"),
        pytest.param(f"{TITAN}/256/1", f"{TITAN}/256/1", id="tag"),
        pytest.param("cohere-v3-multilingual", "cohere.embed-multilingual-v3/1024/1", id="cohere-v3"),
        pytest.param("us.cohere.embed-v4:0", f"{V4}/1536/1", id="inference-profile"),
        pytest.param("global.cohere.embed-v4:0:1024", f"{V4}/1024/1", id="inference-profile-dimension"),
        pytest.param("default", "all-MiniLM-L6-v2-int8/384/8199be6f", id="default"),
        pytest.param("all-MiniLM-L6-v2-int8/384/8199be6f", "all-MiniLM-L6-v2-int8/384/8199be6f", id="default-tag"),
        pytest.param("minilm", "all-MiniLM-L6-v2-int8/384/8199be6f", id="minilm"),
        pytest.param("hashing", "hashing/384/1", id="hashing"),
        pytest.param("hashing:64", "hashing/64/1", id="hashing-dimension"),
        pytest.param("hashing/32/1", "hashing/32/1", id="hashing-tag"),
    ],
)
def test_an_embedder_is_found_by_name_and_by_tag(asked: str, tag: str) -> None:
    assert embedder_tag(embedder_for(asked)) == tag
    assert embedder_tag(embedder_for(tag)) == tag


@pytest.mark.parametrize(
    "asked",
    [
        "nothing",
        "titan-v2:384",
        f"{TITAN}/384/1",
        f"{TITAN}/512/2",
        "other/384/1",
        "a/b/c",
        "default:384",
        "hashing/x/1",
        "titan-v2:0",
    ],
)
def test_an_unknown_embedder_is_refused_with_the_choices(asked: str) -> None:
    with pytest.raises(ConfigError, match="choose one of"):
        embedder_for(asked)


def test_the_environment_names_the_default_and_the_endpoint(monkeypatch, server: BedrockServer) -> None:
    monkeypatch.setenv("MNEMOSCOPE_EMBEDDER", "eu.cohere.embed-v4:0:256")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
    embedder = embedder_for()
    assert isinstance(embedder, CachedEmbedder)
    with closing(embedder):
        assert embedder.embed(["a"]).shape == (1, 256)
    assert server.asked[0][0] == "eu.cohere.embed-v4:0"
