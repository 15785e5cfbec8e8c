"""Parity: what must be equal before two speeds are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casewright.bench.parity import Answered, agreement, check
from casewright.bench.target import Target
from casewright.engines.wire import Api
from casewright.values import EngineIdentity


def target(**identity: object) -> Target:
    known = {"kind": "embedded", "name": "x", "model": "m", "digest": "sha256:1", "quantization": "Q4_1"}
    return Target(
        spec="embedded",
        api=Api.OPENAI,
        url="http://127.0.0.1:1",
        model="m",
        identity=EngineIdentity.model_validate(known | identity),
    )


def answers(prompts: list[int], outputs: list[int]) -> dict[tuple[int, int], Answered]:
    return {
        (0, i): Answered(p, o, "same text") for i, (p, o) in enumerate(zip(prompts, outputs, strict=True))
    }


def test_equal_work_has_no_reason_against_it() -> None:
    same = answers([100, 120, 90], [10, 10, 10])
    found = check(target(), target(), same, same)
    assert found.reasons == ()
    assert found.parity.label == "engine comparison"
    assert found.agreement is not None
    assert found.agreement.identical is not None
    assert found.agreement.identical.value == 1.0


def test_a_constant_template_difference_is_allowed_and_a_cut_prompt_is_not() -> None:
    plain = answers([100, 500, 1500], [10, 10, 10])
    shifted = answers([108, 508, 1508], [10, 10, 10])
    cut = answers([100, 500, 1024], [10, 10, 10])
    assert check(target(), target(), plain, shifted).reasons == ()
    assert check(target(), target(), plain, shifted).parity.prompt_tokens_difference == pytest.approx(
        24 / 2100
    )
    (reason,) = check(target(), target(), plain, cut).reasons
    assert "cutting the prompt" in reason


def test_shorter_answers_are_found() -> None:
    (reason,) = check(target(), target(), answers([10] * 4, [64] * 4), answers([10] * 4, [40] * 4)).reasons
    assert "--ignore-eos" in reason


def test_other_weights_make_it_a_stack_comparison() -> None:
    other = target(digest="sha256:2", quantization=None)
    found = check(target(), other, answers([1], [1]), answers([1], [1]))
    assert found.parity.label == "stack comparison"
    assert any(note.startswith("quantization differs") for note in found.parity.differs)


def test_one_checkpoint_in_two_precisions_is_a_stack_comparison() -> None:
    found = check(target(), target(quantization="bfloat16"), answers([1], [1]), answers([1], [1]))
    assert found.parity.label == "stack comparison"


def test_unknown_token_counts_say_nothing() -> None:
    unknown = {(0, 0): Answered(None, None, "a")}
    found = check(target(), target(), unknown, unknown)
    assert found.reasons == ()
    assert found.parity.prompt_tokens_difference is None


def test_agreement_of_different_texts() -> None:
    found = agreement([("the rent is due", "the rent is due"), ("yes", "completely other words")])
    assert found is not None
    assert found.identical is not None
    assert found.identical.value == 0.5
    assert found.similar is not None
    assert found.similar.value == 0.5
    assert found.similarity is not None
    assert 0.5 <= found.similarity < 0.8
    assert agreement([]) is None


def test_the_key_never_shows() -> None:
    assert "s3cret" not in repr(replace(target(), api_key="s3cret"))
