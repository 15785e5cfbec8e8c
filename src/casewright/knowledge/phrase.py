"""Asking a model to phrase the answer, and keeping its words only if they hold."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from casewright.engines.base import Engine
from casewright.engines.wire import ChatRequest, Message, Sampling
from casewright.errors import EngineError, UsageError, only_cause
from casewright.knowledge.answer import Decision
from casewright.knowledge.support import faults, first_sentence
from casewright.values import Usage

MAX_TOKENS = 96
MAX_QUESTION_CHARS = 500
_TASK = "Answer the question in one short sentence, from the text only. Use the words of the text."
_SHOWN_FAULTS = 4


@dataclass(frozen=True, slots=True)
class Phrased:
    """``answer`` is None where the model's words are not used; ``warning`` then says why."""

    answer: str | None
    warning: str | None
    usage: Usage | None
    model: str | None


def prompt(query: str, decision: Decision) -> str:
    """A short plain prompt over the cited passages alone, which a small model can carry."""
    text = "\n".join(passage.quote for passage in decision.cited)
    return f"{_TASK}\n\nText: {text}\n\nQuestion: {query.strip()}"


async def phrase(query: str, decision: Decision, engine: Engine, deadline_s: float) -> Phrased:
    """Let the model phrase a grounded answer; whatever goes wrong is a warning, never an error.

    A question of more than ``MAX_QUESTION_CHARS`` is not given to the model, nor several passages at once.
    """
    if len(query) > MAX_QUESTION_CHARS:
        return _unused(
            f"the model was not asked: the question is longer than {MAX_QUESTION_CHARS} characters"
        )
    if len(decision.cited) > 1:
        # a small model picks one of two amounts and does not say that there are two
        return _unused("the model was not asked: several passages are cited, and each is to be read")
    try:
        async with asyncio.timeout(deadline_s):
            model = await engine.chosen_model()
            answer = await engine.complete(
                ChatRequest(
                    model=model,
                    messages=(Message("user", prompt(query, decision)),),
                    max_tokens=MAX_TOKENS,
                    sampling=Sampling(temperature=0.0),
                )
            )
    except TimeoutError:
        return _unused(f"the model's words are missing (timeout): none within {deadline_s:g} s")
    except EngineError as error:
        cause = only_cause(error)
        return _unused(f"the model's words are missing ({cause.kind}): {cause.message}")
    except UsageError as error:
        return _unused(f"the model's words are missing ({error.kind}): {error.message}")
    said = first_sentence(answer.text)
    wrong = faults(said, query, [passage.quote for passage in decision.cited])
    if answer.finish_reason == "length":
        wrong = (*wrong, "it was cut short")
    if wrong:
        named = "; ".join(wrong[:_SHOWN_FAULTS])
        return Phrased(None, f"the model's words were not used: {named}", answer.usage, model)
    return Phrased(said, None, answer.usage, model)


def _unused(warning: str) -> Phrased:
    return Phrased(None, warning, None, None)
