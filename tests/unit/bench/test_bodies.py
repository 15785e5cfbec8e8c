"""Bodies made ahead and spliced are the bodies the encoder makes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.bench import WorkloadFacts
from casewright.bench.bodies import SAMPLING, BodySource
from casewright.bench.workload import Prompt
from casewright.engines.wire import Api, ChatRequest, Message, encode_chat
from unit.bench.loading import Numbered, target_of

prompts = st.builds(
    Prompt,
    messages=st.lists(
        st.builds(Message, role=st.sampled_from(["user", "system"]), content=st.text(max_size=30)),
        min_size=1,
        max_size=3,
    ).map(tuple),
    max_tokens=st.integers(1, 3),
    json_schema=st.one_of(st.none(), st.just({"type": "object"}), st.builds(dict, title=st.text(max_size=3))),
    ignore_eos=st.booleans(),
)


class Given(Numbered):
    """The prompts of a list."""

    def __init__(self, found: list[Prompt]) -> None:
        self.found = found

    def prompt(self, index: int, seed: int) -> Prompt:
        return self.found[index]

    def facts(self, seed: int) -> WorkloadFacts:
        raise NotImplementedError


@settings(max_examples=150, deadline=None)
@given(st.lists(prompts, min_size=1, max_size=30), st.sampled_from(list(Api)))
def test_the_body_is_the_encoders(found: list[Prompt], api: Api) -> None:
    source = BodySource(target_of("http://h:1", api=api), Given(found), 0, iter(range(len(found))))
    source.refill(10**9)
    for index, prompt in enumerate(found):
        request = ChatRequest(
            model="model",
            messages=prompt.messages,
            max_tokens=prompt.max_tokens,
            sampling=SAMPLING,
            json_schema=prompt.json_schema,
            ignore_eos=prompt.ignore_eos,
        )
        body = source.take(index).partition(b"\r\n\r\n")[2]
        assert body == encode_chat(api, request)
    assert source.late == 0


@pytest.mark.parametrize("ahead", [0, 10**9])
def test_every_index_gets_its_own_prompt_ahead_or_late(ahead: int) -> None:
    indices = [1, 4, 5, 9]
    source = BodySource(target_of("http://h:1"), Numbered(), 2, iter(indices))
    if ahead:
        assert source.refill(ahead) is False
    for index in indices:
        body: dict[str, Any] = json.loads(source.take(index).partition(b"\r\n\r\n")[2])
        assert body["messages"][0]["content"].startswith(f"request {index} of seed 2")
    assert source.late == (0 if ahead else 4)


def test_what_is_kept_ready_is_bounded() -> None:
    source = BodySource(target_of("http://h:1"), Numbered(), 0, itertools.count())
    while source.refill(10**9):
        pass
    assert len(source._ready) <= 50_000
