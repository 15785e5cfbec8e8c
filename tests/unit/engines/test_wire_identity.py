"""What engines say they are; bodies as of vLLM 0.32.0, llama.cpp (xllamacpp 2026.10) and Ollama's api.md."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.engines.wire import (
    ModelFacts,
    ServerFacts,
    digest_text,
    parse_api_ps,
    parse_api_show,
    parse_api_tags,
    parse_api_version,
    parse_props,
    parse_v1_models,
    parse_vllm_version,
)


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def test_vllm_models() -> None:
    entry = {"id": "m", "object": "model", "owned_by": "vllm", "root": "/models/m", "max_model_len": 512}
    (facts,) = parse_v1_models(_encoded({"object": "list", "data": [entry]}))
    assert facts == ModelFacts("m", owned_by="vllm", context_length=512, root="/models/m")


def test_llama_cpp_models() -> None:
    meta = {"n_ctx": 512, "n_ctx_train": 8192, "n_params": 134515008, "size": 96576768, "ftype": "Q4_1"}
    entry = {"id": "smollm2", "owned_by": "llamacpp", "meta": meta}
    (facts,) = parse_v1_models(_encoded({"data": [entry], "models": [{"name": "smollm2", "digest": ""}]}))
    assert facts == ModelFacts(
        "smollm2",
        owned_by="llamacpp",
        quantization="Q4_1",
        parameters="135M",
        context_length=512,
        trained_context=8192,
        size_bytes=96576768,
    )


def test_llama_cpp_props() -> None:
    body = {
        "default_generation_settings": {"n_ctx": 512},
        "total_slots": 2,
        "model_path": "/m/x.gguf",
        "chat_template": "{{ x }}",
        "build_info": "b6000-abc",
    }
    assert parse_props(_encoded(body)) == ServerFacts(
        version="b6000-abc", slots=2, context_length=512, model_path="/m/x.gguf", template="{{ x }}"
    )


def test_versions_and_a_stand_in_that_says_its_own_name() -> None:
    assert parse_vllm_version(b'{"version":"0.32.0"}') == ServerFacts(version="0.32.0")
    assert parse_api_version(b'{"version":"0.5.1"}') == ServerFacts(version="0.5.1")
    named = {"version": "1", "engine": "llama.cpp (Casewright embedded)"}
    facts = parse_api_version(_encoded(named))
    assert facts is not None
    assert facts.engine == "llama.cpp (Casewright embedded)"


def test_ollama_tags_and_ps() -> None:
    details = {"parameter_size": "3.2B", "quantization_level": "Q4_K_M"}
    entry = {"name": "llama3.2:latest", "size": 5, "digest": "a80c4f17acd5", "details": details}
    wanted = ModelFacts(
        "llama3.2:latest",
        digest="sha256:a80c4f17acd5",
        quantization="Q4_K_M",
        parameters="3.2B",
        size_bytes=5,
    )
    assert parse_api_tags(_encoded({"models": [entry]})) == (wanted,)
    (loaded,) = parse_api_ps(_encoded({"models": [entry | {"context_length": 4096}]}))
    assert loaded.context_length == 4096


def test_ollama_show() -> None:
    body = {
        "parameters": 'num_keep 24\nnum_ctx                        8192\nstop "<|eot_id|>"',
        "template": "{{ .Prompt }}",
        "details": {"parameter_size": "8.0B", "quantization_level": "Q4_0"},
        "model_info": {"general.architecture": "llama", "llama.context_length": 131072},
    }
    assert parse_api_show(_encoded(body), "m") == ModelFacts(
        "m",
        quantization="Q4_0",
        parameters="8.0B",
        context_length=8192,
        trained_context=131072,
        template="{{ .Prompt }}",
    )


def test_template_digest() -> None:
    empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest_text("") == empty
    assert digest_text(None) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000, b"{}", b'{"data":7,"models":{}}'])
def test_other_answers_say_nothing(body: bytes) -> None:
    assert parse_v1_models(body) == parse_api_tags(body) == parse_api_ps(body) == ()
    assert parse_props(body) is parse_api_version(body) is parse_vllm_version(body) is None
    assert parse_api_show(body, "m") is None


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["data", "models", "id", "name", "meta", "details", "digest", "model_info"])
                | st.sampled_from(["x.context_length", "parameters", "n_params", "version", "total_slots"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_parsers_never_raise(value: object) -> None:
    body = _encoded(value)
    for facts in (*parse_v1_models(body), *parse_api_tags(body), *parse_api_ps(body)):
        assert facts.id
    for parsed in (parse_props(body), parse_api_version(body), parse_api_show(body, "m")):
        assert parsed is None or parsed.context_length is None or parsed.context_length > 0
