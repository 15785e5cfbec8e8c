"""The way to the model: its sentences out of a lease, whichever way it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from casewright.api.notes import Rejected
from casewright.engines.base import Answer, Engine
from casewright.engines.wire import ChatRequest, Message
from casewright.errors import CasewrightError, EngineError, TotalTimeout
from casewright.notes import phrase
from casewright.notes.claim import Draft, Said, Written
from casewright.notes.draft import About, Ahead, Drafter, Reply, Told
from casewright.notes.shapes import Grounds
from casewright.services.llm import Lease
from casewright.services.notes.config import NotesConfig
from casewright.values import Usage


@dataclass(slots=True)
class FromModel:
    """What became of the model's words; ``error`` is the first that the engine raised."""

    written: list[Written] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    asked: int = 0
    error: EngineError | None = None
    warnings: list[str] = field(default_factory=list)

    def usage(self) -> Usage | None:
        """All tokens together; None where no call was counted, and for what an engine did not count."""
        if not self.usages:
            return None

        def total(values: list[int | None]) -> int | None:
            known = [value for value in values if value is not None]
            return sum(known) if known else None

        return Usage(
            prompt_tokens=total([usage.prompt_tokens for usage in self.usages]),
            output_tokens=total([usage.output_tokens for usage in self.usages]),
            cached_tokens=total([usage.cached_tokens for usage in self.usages]),
        )


@dataclass(frozen=True, slots=True)
class Drafting:
    """How a model's draft is judged, what it may name, and who hears how far it is; ``ahead`` has ``grounds``
    judge a part's sentences before they are asked for one by one.
    """

    grounds: Grounds
    about: About
    told: Told
    ahead: Ahead | None = None


async def drafted(config: NotesConfig, lease: Lease, made: Draft, how: Drafting) -> FromModel:
    """Facts and sentences of the model's own; code has decided which of them stand."""
    found = FromModel()
    name = await _name(lease, found)
    if name is None:
        return found

    async def ask(messages: Sequence[Message], max_tokens: int, schema: Mapping[str, Any]) -> Reply:
        request = ChatRequest(
            model=name, messages=tuple(messages), max_tokens=max_tokens, json_schema=schema, stream=False
        )
        answer = await _said(lease.engine, request, config.draft_call_s, found)
        return Reply(answer.text, cut=answer.finish_reason == "length")

    bounds = config.draft.within(_context(lease))
    drafter = Drafter(ask, how.grounds, how.about, bounds, how.ahead)
    result = await drafter.draft(made, how.told)
    found.written, found.rejected = result.written, result.rejected
    found.warnings += result.warnings
    if isinstance(result.error, EngineError):
        found.error = result.error
    elif result.error is not None:
        found.warnings.append(f"{result.error.kind}: {result.error}; the other lines stand as code has them")
    return found


def _context(lease: Lease) -> int | None:
    """What the model takes at most: what the engine says, or what it is told with every request."""
    named = lease.sources[lease.provider].context if lease.provider in lease.sources else None
    known = [said for said in (named, lease.identity and lease.identity.context_length) if said]
    return min(known, default=None)


async def phrased(config: NotesConfig, lease: Lease, made: Draft) -> FromModel:
    """Have the model phrase what may be phrased, within bounds; the first engine error ends it."""
    found = FromModel()
    open_to_it = [said for said in made.said if said.from_template]
    chosen = open_to_it[: config.model_lines]
    if len(open_to_it) > len(chosen):
        found.warnings.append(
            f"the model was given the first {len(chosen)} of {len(open_to_it)} sentences; "
            "the others are the templates'"
        )
    if not chosen:
        return found
    name = await _name(lease, found)
    if name is None:
        return found
    waiting = iter(chosen)

    async def work() -> None:
        for said in waiting:
            if found.error is not None:
                return
            await _phrase(lease.engine, name, config.call_s, said, found)

    tasks = [asyncio.ensure_future(work()) for _ in range(min(config.at_once, len(chosen)))]
    try:
        _, late = await asyncio.wait(tasks, timeout=config.model_s)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception):
            raise result  # a defect of ours is not kept silent
    if late and found.error is None:
        found.warnings.append(
            f"total_timeout: the model answered {found.asked} of {len(chosen)} within {config.model_s:g} s; "
            "the others are the templates'"
        )
    if found.rejected:
        found.warnings.append(
            f"{len(found.rejected)} of the model's {found.asked} sentences did not hold; see rejected"
        )
    return found


async def _name(lease: Lease, found: FromModel) -> str | None:
    """The model to ask for; None where there is none, which ``found`` then says."""
    try:
        return await lease.engine.chosen_model()
    except EngineError as error:
        found.error = error
    except CasewrightError as error:
        found.warnings.append(f"{error.kind}: {error}; no model was asked")
    return None


async def _said(engine: Engine, request: ChatRequest, within_s: float, found: FromModel) -> Answer:
    """One answer in time; its tokens are counted."""
    try:
        async with asyncio.timeout(within_s):
            answer = await engine.complete(request)
    except TimeoutError as error:
        raise TotalTimeout(
            f"no answer within {within_s:g} s", hint="ask again when the engine is less busy", url=engine.url
        ) from error
    found.asked += 1
    if answer.usage is not None:
        found.usages.append(answer.usage)
    return answer


async def _phrase(engine: Engine, name: str, call_s: float, said: Said, found: FromModel) -> None:
    """One sentence: taken if code finds nothing wrong with it, kept under ``rejected`` otherwise."""
    request = ChatRequest(
        model=name,
        messages=phrase.messages(said.text),
        max_tokens=phrase.token_bound(said.text),
        stream=False,
    )
    try:
        text = phrase.cleaned((await _said(engine, request, call_s, found)).text)
    except EngineError as error:
        found.error = found.error or error
        return
    if reasons := phrase.wrong(text, said.text, said.claim):
        found.rejected.append(Rejected(text=text, reasons=reasons))
    elif text != said.text:  # the template's own words again are the template's
        found.written.append(Written(text, (said.claim.id,)))
