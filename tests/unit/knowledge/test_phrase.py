"""A model's words are used if they hold; whatever goes wrong is a warning."""

from __future__ import annotations

import pytest

from casewright.engines.base import Deadlines
from casewright.engines.scripted import Fail, Say, Script, ScriptedEngine
from casewright.errors import every_error
from casewright.knowledge.answer import decide
from casewright.knowledge.phrase import MAX_TOKENS, phrase
from casewright.values import Usage

QUESTION = "How much is the rent?"
DECISION = decide(QUESTION, ["Ann lives here. The rent is £450 a month."])


def saying(text: str, reason: str = "stop") -> ScriptedEngine:
    script = Script((Say(text),), Usage(prompt_tokens=9, output_tokens=5), reason)
    return ScriptedEngine(lambda _request: script)


async def test_words_that_hold_are_used() -> None:
    engine = saying("The rent is £450.00 a month.")
    found = await phrase(QUESTION, DECISION, engine, 5.0)
    assert found.answer == "The rent is £450.00 a month."
    assert found.warning is None
    assert found.usage == Usage(prompt_tokens=9, output_tokens=5)
    assert found.model == "scripted"


async def test_what_the_model_is_asked() -> None:
    engine = saying("x")
    await phrase(QUESTION, DECISION, engine, 5.0)
    (request,) = engine.requests
    assert (request.max_tokens, request.sampling.temperature) == (MAX_TOKENS, 0.0)
    asked = request.messages[0].content
    assert "Text: The rent is £450 a month." in asked
    assert "Ann lives" not in asked
    assert asked.endswith(f"Question: {QUESTION}")


@pytest.mark.parametrize("text", ["The rent is £540 a month.", "The rent is £450 a week.", ""])
async def test_words_that_do_not_hold_are_named_and_not_used(text: str) -> None:
    found = await phrase(QUESTION, DECISION, saying(text), 5.0)
    assert found.answer is None
    assert found.warning is not None
    assert found.warning.startswith("the model's words were not used: ")
    assert found.usage is not None


async def test_an_answer_cut_short_is_not_used() -> None:
    found = await phrase(QUESTION, DECISION, saying("The rent is £450", "length"), 5.0)
    assert found.answer is None
    assert "cut short" in str(found.warning)


@pytest.mark.parametrize("kind", ["overloaded", "connection_refused", "truncated", "context_overflow"])
async def test_an_engine_that_fails_is_a_warning_with_the_error_kind(kind: str) -> None:
    assert kind in every_error()
    engine = ScriptedEngine(lambda _request: Script((Say("The rent"), Fail(kind))))
    found = await phrase(QUESTION, DECISION, engine, 5.0)
    assert found.answer is None
    assert f"({kind})" in str(found.warning)


async def test_an_engine_that_stalls_is_a_warning() -> None:
    script = Script((Say("The rent"), Say(" is", after_s=30.0)))
    engine = ScriptedEngine(lambda _request: script, deadlines=Deadlines(idle_s=1.0))
    assert "(idle_timeout)" in str((await phrase(QUESTION, DECISION, engine, 5.0)).warning)


async def test_passages_that_disagree_are_not_given_to_the_model() -> None:
    engine = saying("The deposit is £500.")
    both = decide("How much is the deposit?", ["The deposit is £500.", "The deposit is £550."])
    assert len(both.cited) == 2
    found = await phrase("How much is the deposit?", both, engine, 5.0)
    assert found.answer is None
    assert engine.requests == []


async def test_a_letter_for_a_question_is_not_given_to_the_model() -> None:
    engine = saying("x")
    found = await phrase(QUESTION + " please" * 200, DECISION, engine, 5.0)
    assert "not asked" in str(found.warning)
    assert engine.requests == []
