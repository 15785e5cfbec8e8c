"""What every engine must do, real or scripted: run here on the scripted one, in tests/live on real ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import pytest

from casewright.engines.base import Answer, Engine
from casewright.engines.wire import ChatRequest, Delta, Message
from casewright.errors import ContextOverflow, ModelNotFound

COUNT = "Count from one to one hundred: one, two, three, four, five, six, seven, eight, nine, ten, eleven"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 12}, "large": {"type": "boolean"}},
    "required": ["city", "large"],
    "additionalProperties": False,
}

Behaviour = Callable[[Engine], Awaitable[None]]


async def ask(engine: Engine, text: str = "What is the capital of France?", **changes: Any) -> Answer:
    """One chat with the engine's model, 8 tokens unless told."""
    fields: dict[str, Any] = {"model": await engine.chosen_model(), "max_tokens": 8} | changes
    return await engine.complete(ChatRequest(messages=(Message("user", text),), **fields))


async def answers_with_usage_and_times_in_order(engine: Engine) -> None:
    """A streamed answer has text, true usage and ordered times."""
    answer = await ask(engine)
    assert answer.text
    assert answer.usage is not None
    assert answer.usage.prompt_tokens is not None
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.output_tokens is not None
    assert 1 <= answer.usage.output_tokens <= 8
    assert answer.chunks >= 1
    assert answer.finish_reason in ("stop", "length")
    assert answer.first_token_ns is not None
    assert answer.last_token_ns is not None
    assert answer.first_token_ns <= answer.last_token_ns <= answer.finished_ns


async def answers_whole_as_it_streams(engine: Engine) -> None:
    """Without streaming: the same prompt is as many tokens, and the answer has text."""
    streamed, whole = await ask(engine), await ask(engine, stream=False)
    assert whole.text
    assert streamed.usage is not None
    assert whole.usage is not None
    assert whole.usage.prompt_tokens == streamed.usage.prompt_tokens


async def stops_at_the_limit_and_says_so(engine: Engine) -> None:
    """``max_tokens`` holds, with the reason length."""
    answer = await ask(engine, COUNT, max_tokens=3)
    assert answer.finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.output_tokens == 3


async def is_left_midway_without_harm(engine: Engine) -> None:
    """A caller that leaves does not break the next one."""
    request = ChatRequest(await engine.chosen_model(), (Message("user", COUNT),), max_tokens=64)
    async with aclosing(engine.chat(request)) as events:
        assert isinstance(await anext(events), Delta)
    assert (await ask(engine)).text


async def answers_several_at_once(engine: Engine) -> None:
    """Four chats at the same time all end well."""
    answers = await asyncio.gather(*(ask(engine, f"Say hello, number {number}.") for number in range(4)))
    assert all(answer.text for answer in answers)


async def takes_text_beyond_ascii(engine: Engine) -> None:
    """Prompts in any script arrive."""
    answer = await ask(engine, "Übersetze: 東京 — naïve 😀")
    assert answer.usage is not None
    assert answer.text.encode()


async def says_that_it_is_ready_and_who_it_is(engine: Engine) -> None:
    """Health, probe and identity agree."""
    health, probe, identity = await engine.health(), await engine.probe(), await engine.identity()
    assert health.ready, health.detail
    assert probe.ready, probe.detail
    assert identity.model in health.models
    assert identity.name


async def refuses_an_unknown_model_and_lists_the_known(engine: Engine) -> None:
    """A typed refusal, with what there is."""
    with pytest.raises(ModelNotFound) as caught:
        await ask(engine, model="no-such-model")
    assert (await engine.models())[0] in caught.value.hint


async def refuses_a_prompt_beyond_its_context(engine: Engine) -> None:
    """Never cut silently."""
    with pytest.raises(ContextOverflow):
        await ask(engine, "word " * 6000)


async def obeys_a_schema(engine: Engine) -> None:
    """The answer is JSON of the schema."""
    answer = await ask(engine, "Name a city as JSON.", json_schema=SCHEMA, max_tokens=60)
    assert set(json.loads(answer.text)) == {"city", "large"}


EVERY_ENGINE: Mapping[str, Behaviour] = {
    behaviour.__name__: behaviour
    for behaviour in (
        answers_with_usage_and_times_in_order,
        answers_whole_as_it_streams,
        stops_at_the_limit_and_says_so,
        is_left_midway_without_harm,
        answers_several_at_once,
        takes_text_beyond_ascii,
        says_that_it_is_ready_and_who_it_is,
    )
}
SERVERS_WITH_MODEL_NAMES: Mapping[str, Behaviour] = {
    "refuses_an_unknown_model_and_lists_the_known": refuses_an_unknown_model_and_lists_the_known
}
REAL_MODELS: Mapping[str, Behaviour] = {
    "refuses_a_prompt_beyond_its_context": refuses_a_prompt_beyond_its_context,
    "obeys_a_schema": obeys_a_schema,
}
