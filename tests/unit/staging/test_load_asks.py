"""What a load asks and holds for right: strategies where they are known, and what is wrong."""

from __future__ import annotations

import random
from typing import Any

import pytest

from casewright.staging.load_asks import (
    SCENARIOS,
    Told,
    document_ask,
    gateway_ask,
    notes_ask,
    notice_ask,
    query_ask,
    rent_ask,
    unanswerable_ask,
    with_strategy,
)


def rng() -> random.Random:
    return random.Random(1)


def test_a_strategy_is_named_where_services_know_one() -> None:
    for make in (query_ask, notes_ask):
        body = with_strategy(make(rng()), "plain").body
        assert body is not None
        assert body["strategy"] == "plain"
    ask = query_ask(rng())
    assert with_strategy(ask, "auto") is ask
    for make in (document_ask, gateway_ask):
        assert "strategy" not in (with_strategy(make(rng()), "plain").body or {})


def test_no_two_requests_of_a_user_are_the_same() -> None:
    source = rng()
    for name in ("model", "answers"):
        bodies = [repr((ask := make(source)).body or ask.file) for make in SCENARIOS[name] * 5]
        assert len(set(bodies)) == len(bodies)


def test_the_models_questions_ask_for_its_words() -> None:
    for make in (notice_ask, rent_ask):
        body = make(rng()).body
        assert body is not None
        assert body["strategy"] == "plain"
        assert len(str(body)) < 200


def chat(content: str = "37 days", tokens: int = 16) -> dict[str, Any]:
    usage = {"prompt_tokens": 40, "completion_tokens": tokens}
    origin = {"provider": "embedded"}
    return {
        "choices": [{"message": {"content": content}}],
        "usage": usage,
        "model": "m",
        "casewright": origin,
    }


@pytest.mark.parametrize(
    ("answer", "problem"),
    [(chat(), None), (chat(" "), "empty answer"), (chat(tokens=17), "more than the 16 tokens asked for")],
)
def test_a_chat_holds_words_and_its_bound(answer: dict[str, Any], problem: str | None) -> None:
    ask = gateway_ask(rng())
    assert ask.problem(answer) == problem
    assert ask.told(answer) == Told("model", "embedded", "m", 40, answer["usage"]["completion_tokens"])


def test_an_answer_of_nobody_is_told_as_such() -> None:
    ask = notice_ask(rng())
    assert ask.told({"answered_by": "oracle"}) == Told(None)
    answer = {"answered_by": "code", "provider": "vllm", "model": "m", "usage": None}
    assert ask.told(answer) == Told("extractive", "vllm", "m")


def test_a_wrong_period_is_wrong() -> None:
    ask = notice_ask(rng())
    assert ask.body is not None
    text = ask.body["documents"][0]
    quote = {"document": 0, "start": 0, "end": len(text), "quote": text}
    right = {"grounded": True, "answer": text, "citations": [quote]}
    assert ask.problem(right) is None
    assert ask.problem(right | {"answer": "1 day"}) == "the amount asked for is not in the answer"
    assert ask.problem(right | {"citations": []}) == "no citation"
    assert (
        ask.problem(right | {"citations": [quote | {"end": 5}]}) == "a quote is not what stands at its place"
    )
    short = quote | {"end": 3, "quote": text[:3]}
    assert ask.problem(right | {"citations": [short]}) == "no citation holds the amount"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"answer": "Acme Ltd"}, "says something else than that it is not there"),
        ({"answer": ""}, "says something else than that it is not there"),
        ({"grounded": True}, "grounded is not false though the document does not say it"),
        ({"citations": [{}]}, "cites something for what it did not find"),
    ],
)
def test_what_is_not_in_the_documents_is_answered_by_just_that(
    change: dict[str, Any], problem: str | None
) -> None:
    answer = {"grounded": False, "citations": [], "answer": "The documents do not say."}
    assert unanswerable_ask(rng()).problem(answer | change) == problem
