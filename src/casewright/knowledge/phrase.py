"""Asking a model to phrase the answer, and keeping its words only if they hold."""

from __future__ import annotations

from dataclasses import dataclass

from casewright.engines.base import Engine
from casewright.engines.wire import Message
from casewright.knowledge.answer import Decision
from casewright.knowledge.asking import ask
from casewright.knowledge.injection import is_active
from casewright.knowledge.support import faults, first_sentence
from casewright.values import Usage

MAX_TOKENS = 96
MAX_QUESTION_CHARS = 500
_TASK = "Answer the question in one short sentence, from the text only. Use the words of the text."
_SHOWN_FAULTS = 4


@dataclass(frozen=True, slots=True)
class Phrased:
    """``answer`` is None where the model's words are not used; ``warning`` then says why.

    ``refused`` are the words that did not hold and ``faults`` what did not; ``asked`` is whether the model
    was asked at all.
    """

    answer: str | None
    warning: str | None
    usage: Usage | None
    model: str | None
    refused: str | None = None
    faults: tuple[str, ...] = ()
    asked: bool = True


def prompt(query: str, decision: Decision) -> str:
    """A short plain prompt over the cited passages alone, which a small model can carry."""
    text = "\n".join(passage.quote for passage in decision.cited)
    return f"{_TASK}\n\nText: {text}\n\nQuestion: {query.strip()}"


async def phrase(query: str, decision: Decision, engine: Engine, deadline_s: float) -> Phrased:
    """Let the model phrase a grounded answer; whatever goes wrong is a warning, never an error.

    A question of more than ``MAX_QUESTION_CHARS`` is not given to the model, nor several passages at once.
    """
    if len(query) > MAX_QUESTION_CHARS:
        return _unasked(
            f"the model was not asked: the question is longer than {MAX_QUESTION_CHARS} characters"
        )
    if len(decision.cited) > 1:
        # a small model picks one of two amounts and does not say that there are two
        return _unasked("the model was not asked: several passages are cited, and each is to be read")
    found = await ask(engine, [Message("user", prompt(query, decision))], MAX_TOKENS, deadline_s)
    if found.text is None:
        return Phrased(None, found.warning, None, None)
    said = first_sentence(found.text)
    wrong = faults(said, query, [passage.quote for passage in decision.cited])
    if is_active(said):
        wrong = (*wrong, "it holds a link, an image or markup")
    if found.cut_short:
        wrong = (*wrong, "it was cut short")
    if wrong:
        named = "; ".join(wrong[:_SHOWN_FAULTS])
        warning = f"the model's words were not used: {named}"
        return Phrased(None, warning, found.usage, found.model, said, wrong[:_SHOWN_FAULTS])
    return Phrased(said, None, found.usage, found.model)


def _unasked(warning: str) -> Phrased:
    return Phrased(None, warning, None, None, asked=False)
