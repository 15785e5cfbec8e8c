"""The official ``openai`` and ``ollama`` clients against ``casewright engine serve`` and real inference."""

from __future__ import annotations

import json

import ollama
import openai
import pytest

from casewright.engines.llama_server import default_model, model_digest

pytestmark = pytest.mark.live
MODEL = "smollm2-135m-instruct"
MESSAGES = [{"role": "user", "content": "Name one colour."}]
GREEDY = {"temperature": 0, "num_predict": 6, "seed": 1}
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
    "required": ["colour"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def native(live_url: str) -> ollama.Client:
    return ollama.Client(live_url, trust_env=False)


@pytest.fixture(scope="module")
def client(live_url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{live_url}/v1", api_key="none", max_retries=0)


def test_ollama_chat_streamed_equals_whole(native: ollama.Client) -> None:
    whole = native.chat(MODEL, MESSAGES, options=GREEDY)
    parts = list(native.chat(MODEL, MESSAGES, options=GREEDY, stream=True))
    assert "".join(part.message.content or "" for part in parts) == whole.message.content != ""
    last = parts[-1]
    assert (last.done, last.done_reason, last.eval_count) == (True, "length", 6)
    assert last.prompt_eval_count == whole.prompt_eval_count
    assert last.prompt_eval_count is not None
    assert last.prompt_eval_count > 20
    assert last.total_duration is not None
    assert last.total_duration >= (last.eval_duration or 0) > 0


def test_ollama_generate_raw_and_templated_differ(native: ollama.Client) -> None:
    raw = native.generate(MODEL, "Name one colour.", raw=True, options=GREEDY)
    templated = native.generate(MODEL, "Name one colour.", system="Be short.", options=GREEDY)
    assert raw.prompt_eval_count is not None
    assert templated.prompt_eval_count is not None
    assert raw.prompt_eval_count < templated.prompt_eval_count
    assert raw.response


def test_ollama_schema_is_obeyed(native: ollama.Client) -> None:
    options = GREEDY | {"num_predict": 60}
    answer = native.chat(MODEL, MESSAGES, format=SCHEMA, options=options)
    assert json.loads(answer.message.content or "")["colour"] in ("red", "blue")


def test_ollama_stop_word_ends_the_answer(native: ollama.Client) -> None:
    options = GREEDY | {"num_predict": 40}
    text = native.generate(MODEL, "1, 2, 3, 4,", raw=True, options=options).response or ""
    stopped = native.generate(MODEL, "1, 2, 3, 4,", raw=True, options=options | {"stop": ["7"]})
    assert "7" in text
    assert stopped.response == text.split("7")[0]
    assert stopped.done_reason == "stop"


def test_ollama_embeds_one_and_many(native: ollama.Client) -> None:
    one = native.embed(MODEL, "a tenant").embeddings
    many = native.embed(MODEL, ["a tenant", "long " * 600]).embeddings
    assert len(one) == 1
    assert len(many) == 2
    assert list(many[0]) == pytest.approx(list(one[0]), abs=1e-3)
    assert sum(value * value for value in one[0]) == pytest.approx(1, abs=1e-3)
    assert len(native.embeddings(MODEL, "a tenant").embedding) == len(one[0])


def test_ollama_says_what_it_is(native: ollama.Client, live_url: str) -> None:
    digest = model_digest(default_model()).removeprefix("sha256:")
    (listed,) = native.list().models
    assert (listed.model, listed.digest) == (MODEL, digest)
    assert listed.details is not None
    assert listed.details.quantization_level == "Q4_1"
    (running,) = native.ps().models
    assert (running.digest, running.context_length) == (digest, 2048)
    shown = native.show(f"{MODEL}:latest")
    assert shown.capabilities == ["completion", "embedding"]
    assert shown.modelinfo is not None
    assert shown.modelinfo["general.parameter_count"] == 134_515_008


def test_ollama_errors_are_ollamas(native: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match="not found") as missing:
        native.chat("llama3.2", MESSAGES)
    assert missing.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="exceeds the available context") as long:
        native.chat(MODEL, [{"role": "user", "content": "word " * 3000}], options=GREEDY)
    assert long.value.status_code == 400


def test_openai_chat_streamed_equals_whole(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Name one colour."}], max_tokens=6, temperature=0
    )
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Name one colour."}],
        max_tokens=6,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    text, usage = "", None
    for chunk in stream:
        usage = chunk.usage or usage
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
    assert text == whole.choices[0].message.content != ""
    assert usage is not None
    assert whole.usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (whole.usage.prompt_tokens, 6)


def test_both_faces_render_the_same_prompt(client: openai.OpenAI, native: ollama.Client) -> None:
    ours = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Name one colour."}], max_tokens=1
    )
    assert ours.usage is not None
    assert native.chat(MODEL, MESSAGES, options=GREEDY).prompt_eval_count == ours.usage.prompt_tokens


def test_openai_completion_schema_embedding_and_models(client: openai.OpenAI) -> None:
    assert (
        client.completions.create(model=MODEL, prompt="1, 2, 3,", max_tokens=2, temperature=0).choices[0].text
    )
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Name one colour."}],
        max_tokens=60,
        temperature=0,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "a", "strict": True, "schema": SCHEMA},
        },
    )
    assert json.loads(answer.choices[0].message.content or "")["colour"] in ("red", "blue")
    assert len(client.embeddings.create(model=MODEL, input=["a", "b"]).data) == 2
    (model,) = client.models.list().data
    assert (model.id, model.owned_by) == (MODEL, "casewright-embedded")
    assert client.models.retrieve(MODEL).id == MODEL


def test_openai_errors_are_openais(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("gpt-9")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="exceeds the available context"):
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "word " * 3000}])
