"""One question to an engine within a deadline; whatever goes wrong is a warning, never an error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from casewright.engines.base import Engine
from casewright.engines.wire import ChatRequest, Message, Sampling
from casewright.errors import EngineError, UsageError, only_cause
from casewright.values import Usage


@dataclass(frozen=True, slots=True)
class Said:
    """``text`` is None where the engine gave no whole answer; ``warning`` then says why."""

    text: str | None
    warning: str | None = None
    usage: Usage | None = None
    model: str | None = None
    cut_short: bool = False


async def ask(engine: Engine, messages: Sequence[Message], max_tokens: int, deadline_s: float) -> Said:
    """The engine's words at temperature 0."""
    try:
        async with asyncio.timeout(deadline_s):
            model = await engine.chosen_model()
            answer = await engine.complete(
                ChatRequest(
                    model=model,
                    messages=tuple(messages),
                    max_tokens=max_tokens,
                    sampling=Sampling(temperature=0.0),
                )
            )
    except TimeoutError:
        return Said(None, f"the model's words are missing (timeout): none within {deadline_s:g} s")
    except EngineError as error:
        cause = only_cause(error)
        return Said(None, f"the model's words are missing ({cause.kind}): {cause.message}")
    except UsageError as error:
        return Said(None, f"the model's words are missing ({error.kind}): {error.message}")
    return Said(answer.text, None, answer.usage, model, answer.finish_reason == "length")
