"""The official ``openai`` client against the gateway, the real engine behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from casewright.services.gateway import config_from, create_app
from casewright.settings import Settings
from serving import served

pytestmark = pytest.mark.live
MODEL = "smollm2-135m-instruct"
MESSAGES: Any = [{"role": "user", "content": "Name one colour."}]
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
    "required": ["colour"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def client(live_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """The only engine that is asked is the embedded one."""
    settings = Settings(
        data=tmp_path_factory.mktemp("gateway"),
        embedded_url=live_url,
        llm_provider="embedded",
        fallback="off",
    )
    with served(create_app(config_from(settings, "127.0.0.1", 0))) as url:
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


def test_streamed_equals_whole(client: openai.OpenAI) -> None:
    options: Any = {"model": MODEL, "messages": MESSAGES, "temperature": 0, "seed": 1, "max_tokens": 6}
    whole = client.chat.completions.create(**options)
    chunks = list(
        client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True})
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content != ""
    assert whole.choices[0].finish_reason == "length"
    assert whole.usage is not None
    assert chunks[-1].usage is not None
    assert whole.usage.completion_tokens == chunks[-1].usage.completion_tokens == 6


def test_a_schema_is_obeyed(client: openai.OpenAI) -> None:
    schema: Any = {"type": "json_schema", "json_schema": {"name": "colour", "strict": True, "schema": SCHEMA}}
    answer = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, response_format=schema, max_tokens=60, temperature=0
    )
    assert json.loads(answer.choices[0].message.content or "")["colour"] in ("red", "blue")


def test_a_prompt_that_does_not_fit_is_said_to_be_so(client: openai.OpenAI) -> None:
    long: Any = [{"role": "user", "content": "colour " * 30_000}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=long, max_tokens=5)
    assert caught.value.code == "context_length_exceeded"


def test_models_and_embeddings(client: openai.OpenAI) -> None:
    assert MODEL in [entry.id for entry in client.models.list()]
    found = client.embeddings.create(model=MODEL, input=["red", "blue"]).data
    assert len(found[0].embedding) == len(found[1].embedding) > 100
