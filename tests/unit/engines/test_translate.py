"""What a request becomes for each route, and that nothing is left out without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casewright.engines.ollama import OllamaEngine
from casewright.engines.policy import Capabilities, Route, RouterConfig
from casewright.engines.scripted import ScriptedEngine
from casewright.engines.translate import adapt, lacks
from casewright.engines.vllm import VllmEngine
from casewright.engines.wire import ChatRequest, Message
from casewright.errors import BadRequest, ConfigError

PNG = b"\x89PNG\r\n\x1a\n"
REQUEST = ChatRequest("llama3.2", (Message("user", "Hello"),), 8)
VLLM = Route(
    "vllm", VllmEngine("http://127.0.0.1:1"), models={"llama3.2": "meta-llama/Llama-3.2-3B-Instruct"}
)
OLLAMA = Route("ollama", OllamaEngine("http://127.0.0.1:1"), model="llama3.2", context_length=4096)


def test_a_name_is_mapped_passed_on_or_the_routes_own() -> None:
    assert adapt(REQUEST, VLLM) == (replace(REQUEST, model="meta-llama/Llama-3.2-3B-Instruct"), ())
    assert adapt(replace(REQUEST, model="qwen"), VLLM)[0].model == "qwen"
    assert adapt(replace(REQUEST, model=""), VLLM)[0].model == ""
    assert adapt(replace(REQUEST, model=""), OLLAMA)[0].model == "llama3.2"


def test_ollamas_context_is_always_the_routes() -> None:
    assert adapt(REQUEST, OLLAMA) == (replace(REQUEST, context_length=4096), ())
    changed, warnings = adapt(replace(REQUEST, context_length=8192), OLLAMA)
    assert changed.context_length == 4096
    assert warnings == ("ollama keeps its context of 4096 tokens: context_length 8192 was left out",)
    assert adapt(replace(REQUEST, context_length=4096), OLLAMA)[1] == ()
    unpinned = replace(OLLAMA, context_length=None)
    assert adapt(replace(REQUEST, context_length=8192), unpinned) == (
        replace(REQUEST, context_length=8192),
        (),
    )


def test_what_an_engine_cannot_do_is_left_out_and_named() -> None:
    bare = replace(VLLM, capabilities=Capabilities(tools=False, json_schema=False))
    asked = replace(REQUEST, tools=({"type": "function"},), json_schema={"type": "object"}, context_length=99)
    changed, warnings = adapt(asked, bare)
    assert (changed.tools, changed.json_schema, changed.context_length) == ((), None, None)
    assert [word in warning for word, warning in zip(("tools", "schema", "99"), warnings, strict=True)] == [
        True
    ] * 3
    changed, warnings = adapt(asked, VLLM)
    assert (changed.tools, changed.json_schema) == (asked.tools, asked.json_schema)
    assert len(warnings) == 1
    assert "ignore_eos" in adapt(replace(REQUEST, ignore_eos=True), OLLAMA)[1][0]
    assert adapt(replace(REQUEST, ignore_eos=True), VLLM)[1] == ()


def test_images_are_never_left_out() -> None:
    picture = replace(REQUEST, messages=(Message("user", "what is it?", (PNG,)),))
    assert lacks(picture, OLLAMA) == "ollama takes no images"
    with pytest.raises(BadRequest, match="ollama takes no images"):
        adapt(picture, OLLAMA)
    seeing = replace(OLLAMA, capabilities=Capabilities(images=True))
    assert lacks(picture, seeing) is None
    assert adapt(picture, seeing)[0].messages == picture.messages


@pytest.mark.parametrize("name", ["", "é", "a\nb"])
def test_a_route_has_a_name_for_a_header(name: str) -> None:
    with pytest.raises(ConfigError, match="no name for a route"):
        Route(name, ScriptedEngine())


@pytest.mark.parametrize("wrong", [{"retries": -1}, {"total_s": 0.0}, {"total_s": float("inf")}])
def test_a_configuration_that_cannot_work_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="cannot work"):
        RouterConfig(**wrong)  # type: ignore[arg-type]
