"""The notes service: ``POST /convert`` makes raw meeting notes a letter whose sentences point at their lines.

It keeps nothing. The letter is made by code; a model may only phrase sentences that hold already, and code
decides which of its phrases are taken (``casewright.notes.phrase``).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from casewright import __version__
from casewright.api.contract import Strategy
from casewright.api.notes import MAX_NAME_CHARS, MAX_NOTES_CHARS, ConvertRequest, ConvertResponse
from casewright.engines.base import Engine
from casewright.engines.wire import ChatRequest
from casewright.errors import (
    CasewrightError,
    EngineError,
    StorageError,
    TotalTimeout,
    UnprocessableRequest,
    only_cause,
)
from casewright.notes import phrase
from casewright.notes.convert import Draft, Said, compose, draft
from casewright.observability.context import request_id
from casewright.observability.engine_metrics import EngineMetrics
from casewright.observability.metrics import ServiceMetrics
from casewright.services.kit.answers import send
from casewright.services.kit.app import ERRORS, Shell, create_service
from casewright.services.kit.config import KitConfig
from casewright.services.kit.health import HealthSource
from casewright.services.llm import LanguageModel, Lease, LlmConfig, Origin, llm_config
from casewright.settings import Settings
from casewright.values import Usage

TITLE = "Casewright notes"


@dataclass(frozen=True, slots=True)
class NotesConfig:
    """``max_lines`` lines with something on them are taken; ``model_lines`` sentences of one letter
    at most are given to the model, ``at_once`` at a time.

    Seconds: ``call_s`` for one of them, ``model_s`` for all of one letter's; what is not phrased by then
    stays as the template has it.
    """

    kit: KitConfig
    llm: LlmConfig
    max_lines: int = 10_000
    model_lines: int = 40
    at_once: int = 3
    call_s: float = 20.0
    model_s: float = 60.0


@dataclass(slots=True)
class Phrased:
    """What became of the model's sentences; ``error`` is the first that the engine raised."""

    accepted: dict[str, str] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    asked: int = 0
    error: EngineError | None = None
    warnings: list[str] = field(default_factory=list)


NOBODY = Origin(None, None, (), False)


def config_from(settings: Settings, host: str, port: int) -> NotesConfig:
    """The service's configuration from the settings."""
    kit = KitConfig(
        name="notes",
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        log_level=settings.log_level,
    )
    return NotesConfig(kit, llm_config(settings, "notes"))


def create_app(config: NotesConfig, llm: LanguageModel | None = None) -> FastAPI:
    """The ASGI application; ``llm`` is made from the configuration unless one is given.

    Raises:
        ConfigError: it would be open to other machines without a key.
        StorageError: the data directory cannot hold its token.
    """
    metrics = ServiceMetrics("notes", __version__)
    model = llm or LanguageModel(config.llm, EngineMetrics(metrics.registry))

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await model.start()
        try:
            yield
        finally:
            await model.aclose()

    shell = Shell(
        config=config.kit,
        router=_routes(config, model),
        health=HealthSource(
            "notes",
            engine=model.status,
            limits={
                "notes_chars": MAX_NOTES_CHARS,
                "client_name_chars": MAX_NAME_CHARS,
                "notes_lines": config.max_lines,
                "model_lines": config.model_lines,
            },
        ),
        lifespan=lifespan,
        title=TITLE,
        metrics=metrics,
        switchable=True,
        from_environment=config.llm.from_environment,
    )
    return create_service(shell)


def _routes(config: NotesConfig, model: LanguageModel) -> APIRouter:
    router = APIRouter(tags=["notes"])

    @router.post("/convert", response_model=ConvertResponse, responses=ERRORS)
    async def convert(request: Request, body: ConvertRequest) -> Response:
        """A letter from raw notes: three sections, each sentence with the lines it rests on."""
        async with request.app.state.gate.admitted():
            return send(request, await _convert(config, model, body))

    return router


async def _convert(config: NotesConfig, model: LanguageModel, body: ConvertRequest) -> ConvertResponse:
    started = time.monotonic()
    _refuse_too_many_lines(body.notes, config.max_lines)
    # reading long notes is all processor: in a thread, other requests are answered meanwhile
    made = await asyncio.to_thread(draft, body.notes, body.meeting_date)
    read = time.monotonic()
    phrased, origin = Phrased(), NOBODY
    strategy: Strategy = "extractive"
    try:
        async with model.lease() as lease:
            strategy = _strategy(body, lease)
            if strategy == "plain":
                if body.strategy == "auto":
                    lease.keep_to_qualified("letter")
                phrased = await _phrase(config, lease, made)
            origin = lease.origin()
            if strategy == "plain" and phrased.error is not None:
                raise phrased.error  # leaves the lease, so that health asks the engine anew
    except EngineError as error:
        cause = only_cause(error)
        phrased.warnings.append(f"{cause.kind}: {cause.message}; the templates' sentences stand in its place")
    except StorageError as error:
        phrased.warnings.append(f"{error.kind}: {error}; no model was asked")
    asked = time.monotonic()
    letter = await asyncio.to_thread(
        compose, made, body.client_name, body.meeting_date, phrased.accepted, phrased.rejected
    )
    parts = {"read": read - started, "engine": asked - read}
    return ConvertResponse(
        provider=origin.provider,
        model=origin.model,
        answered_by="model" if phrased.accepted else "code",
        strategy=strategy,
        attempts=origin.attempts,
        fallback=origin.fallback,
        usage=_sum(phrased.usages),
        timings={
            "total_ms": _ms(time.monotonic() - started),
            "parts": {name: _ms(seconds) for name, seconds in parts.items()},
        },
        warnings=(*_about(body, made), *phrased.warnings),
        request_id=request_id() or "none",
        matters_discussed=letter.sections["matters_discussed"],
        our_actions=letter.sections["our_actions"],
        your_actions=letter.sections["your_actions"],
        full_text=letter.full_text,
        facts=letter.facts,
        sentences=letter.sentences,
        checks=letter.checks,
    )


def _refuse_too_many_lines(notes: str, limit: int) -> None:
    """Short lines make far more facts than long ones: the answer to 200,000 characters could be 40 MB."""
    count = sum(1 for line in notes.splitlines() if line.strip())
    if count > limit:
        raise UnprocessableRequest(
            f"notes: {count} lines, and one letter is made of at most {limit}",
            hint="send each meeting's notes by themselves",
        )


def _strategy(body: ConvertRequest, lease: Lease) -> Strategy:
    """What the request asks for, or what the model has shown; ``plain`` is the most that a letter uses."""
    allowed = lease.strategy("letter") if body.strategy == "auto" else body.strategy
    return "plain" if allowed == "structured" else allowed


async def _phrase(config: NotesConfig, lease: Lease, made: Draft) -> Phrased:
    """Have the model phrase what may be phrased, within bounds; the first engine error ends it."""
    found = Phrased()
    open_to_it = [said for said in made.said if said.from_template]
    chosen = open_to_it[: config.model_lines]
    if len(open_to_it) > len(chosen):
        found.warnings.append(
            f"the model was given the first {len(chosen)} of {len(open_to_it)} sentences; "
            "the others are the templates'"
        )
    if not chosen:
        return found
    try:
        name = await lease.engine.chosen_model()
    except EngineError as error:
        found.error = error
        return found
    except CasewrightError as error:
        found.warnings.append(f"{error.kind}: {error}; no model was asked")
        return found
    waiting = iter(chosen)

    async def work() -> None:
        for said in waiting:
            if found.error is not None:
                return
            await _ask(lease.engine, name, config.call_s, said, found)

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
            f"{len(found.rejected)} of the model's {found.asked} sentences did not hold; see checks.rejected"
        )
    return found


async def _ask(engine: Engine, name: str, call_s: float, said: Said, found: Phrased) -> None:
    """One sentence: taken if code finds nothing wrong with it, kept under ``rejected`` otherwise."""
    request = ChatRequest(
        model=name,
        messages=phrase.messages(said.text),
        max_tokens=phrase.token_bound(said.text),
        stream=False,
    )
    try:
        async with asyncio.timeout(call_s):
            answer = await engine.complete(request)
    except TimeoutError:
        found.error = found.error or TotalTimeout(
            f"no sentence within {call_s:g} s", hint="ask again when the engine is less busy", url=engine.url
        )
        return
    except EngineError as error:
        found.error = found.error or error
        return
    found.asked += 1
    if answer.usage is not None:
        found.usages.append(answer.usage)
    text = phrase.cleaned(answer.text)
    if phrase.wrong(text, said.text, said.claim):
        found.rejected.append(text)
    elif text != said.text:  # the template's own words again are the template's
        found.accepted[said.claim.id] = text


def _about(body: ConvertRequest, made: Draft) -> Sequence[str]:
    relative = {"today", "tomorrow", "tmrw", "yesterday"}
    if body.meeting_date is None and any(
        relative & set(said.claim.text.lower().split()) for said in made.said
    ):
        return ("the notes have days such as “tomorrow”: give meeting_date to have them named",)
    return ()


def _sum(usages: Sequence[Usage]) -> Usage | None:
    """All tokens together; None for what an engine did not count."""
    if not usages:
        return None

    def total(values: list[int | None]) -> int | None:
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    return Usage(
        prompt_tokens=total([usage.prompt_tokens for usage in usages]),
        output_tokens=total([usage.output_tokens for usage in usages]),
        cached_tokens=total([usage.cached_tokens for usage in usages]),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
