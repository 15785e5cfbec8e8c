"""The simulator's pure parts: what it reads from a body, what it keeps of its truth, what it writes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.faults import Fault, FaultPlan
from casewright.bench.sim_answer import spoil
from casewright.bench.sim_config import SimConfig
from casewright.bench.sim_frames import End, Frames, Wanted
from casewright.bench.sim_http import parse_head, read_chat
from casewright.bench.sim_truth import Reservoir
from casewright.engines.wire import Api

api_strategy = st.sampled_from(list(Api))
tricky = st.text() | st.sampled_from(['"stream": true', '{"max_tokens": 7}', '\\"stream\\":', "\\"])


@given(api_strategy, tricky, st.booleans() | st.none(), st.integers(1, 500) | st.none(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_prompt_can_pass_for_a_field(
    api: Api, prompt: str, stream: bool | None, limit: int | None, ascii_only: bool
) -> None:
    body: dict[str, object] = {"messages": [{"role": "user", "content": prompt}]}
    if stream is not None:
        body["stream"] = stream
    if limit is not None and api is Api.OPENAI:
        body["max_tokens"] = limit
    elif limit is not None:
        body["options"] = {"num_predict": limit}
    raw = json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    wanted = read_chat(api, raw, SimConfig(default_tokens=9))
    assert wanted is not None
    assert wanted.stream == (stream if stream is not None else api is Api.OLLAMA)
    assert wanted.tokens == (limit if limit is not None else 9)
    assert wanted.at_limit == (limit is not None)


def test_the_configured_length_is_cut_at_the_requests_limit() -> None:
    config = SimConfig(tokens=10)
    longer = read_chat(Api.OPENAI, b'{"max_completion_tokens": 20}', config)
    shorter = read_chat(Api.OLLAMA, b'{"options": {"num_predict": 4}}', config)
    endless = read_chat(Api.OLLAMA, b'{"options": {"num_predict": -1}}', config)
    assert longer is not None
    assert shorter is not None
    assert endless is not None
    assert (longer.tokens, longer.at_limit) == (10, False)
    assert (shorter.tokens, shorter.at_limit) == (4, True)
    assert (endless.tokens, endless.at_limit) == (10, False)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_head_parses_or_is_refused(raw: bytes) -> None:
    head = parse_head(raw)
    assert head.refused in (None, 400, 411, 505)
    assert head.length >= 0


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=300))
@settings(max_examples=100, deadline=None)
def test_quantiles_are_nearest_rank(values: list[int]) -> None:
    kept = Reservoir(seed=1)
    for value in values:
        kept.add(value)
    found, ordered = kept.quantiles_ms(), sorted(values)
    assert found.n == len(values)
    assert found.max == ordered[-1] / 1e6
    for share, seen in ((0.5, found.p50), (0.9, found.p90), (0.99, found.p99)):
        assert seen == ordered[math.ceil(share * len(values)) - 1] / 1e6


def test_beyond_its_capacity_a_reservoir_is_a_uniform_sample_with_the_exact_maximum() -> None:
    kept = Reservoir(seed=2, capacity=2000)
    for value in range(100_000):
        kept.add(value)
    found = kept.quantiles_ms()
    assert (len(kept.values), found.n, found.max) == (2000, 100_000, 0.099999)
    # The standard error of a median of 2,000 uniform values is 1.1 % of their range; five of them.
    assert abs(float(np.median(np.frombuffer(kept.values, dtype=np.int64))) - 50_000) < 5_600


SAME_TEXT = {Fault.TRICKLE, Fault.SLOW_HEADERS}


@given(
    st.sampled_from([fault for fault in Fault if fault not in (Fault.REFUSE, Fault.KEEPALIVE_DROP)]),
    api_strategy,
    st.booleans(),
    st.integers(1, 12),
    st.integers(1, 15),
)
@settings(max_examples=200, deadline=None)
def test_every_bad_answer_is_well_formed_for_the_writer(
    fault: Fault, api: Api, stream: bool, tokens: int, after: int
) -> None:
    config = SimConfig(ttft_ms=5, itl_ms=1)
    frames = Frames(config)
    wanted = Wanted(api, stream, usage=True, tokens=tokens, prompt_tokens=8, at_limit=True)
    good = frames.answer(wanted)
    before = list(good.frames)
    bad = spoil(FaultPlan(fault=fault, after_tokens=after, size_bytes=100), wanted, frames, config)
    assert all(bad.frames), "an empty write would be nothing on the wire"
    if bad.gaps_ns is not None:
        assert len(bad.gaps_ns) == len(bad.frames)
        assert min(bad.gaps_ns, default=0) >= 0
    if bad.first is not None and bad.last is not None:
        assert 0 <= bad.first <= bad.last < len(bad.frames)
    assert bad.frames or bad.end is End.STALL
    if fault in SAME_TEXT:
        assert b"".join(bad.frames) == good.blob
    assert frames.answer(wanted).frames == before, "a shared answer was changed"


def test_the_cache_of_answers_is_bounded() -> None:
    frames = Frames(SimConfig())
    for prompt in range(5000):
        frames.answer(Wanted(Api.OPENAI, True, True, 1, prompt, at_limit=False))
    assert len(frames._answers) <= 2048


@pytest.mark.parametrize("values", [{"ttft_ms": -1}, {"slots": 0}, {"nonsense": 1}, {"jitter": "normal"}])
def test_configurations_that_cannot_be_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        SimConfig.model_validate(values)
