"""From a request to the sealed answer: code reads and decides, a model may write, code reads it again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import date

from casewright.api.contract import Strategy, Timings
from casewright.api.notes import Contradiction, ConvertRequest, ConvertResponse, Progress
from casewright.errors import EngineError, StorageError, UnprocessableRequest, only_cause
from casewright.notes.claim import Draft
from casewright.notes.convert import Letter, Wishes, addressee, compared, compose, decided, facts_of
from casewright.notes.draft import About, Ahead, Told
from casewright.notes.ground import faults
from casewright.notes.letter import Style
from casewright.notes.read import flatten
from casewright.notes.read_once import JudgedOnce
from casewright.notes.remembered import forget
from casewright.notes.shapes import Grounds
from casewright.observability.context import request_id
from casewright.services.llm import LanguageModel, Origin
from casewright.services.notes.config import NotesConfig
from casewright.services.notes.model import Drafting, FromModel, drafted, phrased
from casewright.services.notes.seal import Sealer
from casewright.services.notes.stream import Tell, nobody
from casewright.services.notes.worker import Worker

NOBODY = Origin(None, None, (), False)
_ASKED_WITHIN_S = 0.02  # by then the first question is on its way to the model
_RELATIVE = frozenset({"today", "tomorrow", "tmrw", "yesterday"})


class Converter:
    """Makes letters. ``grounds`` judges what a model drafts; ``worker`` helps where there is one."""

    def __init__(
        self,
        config: NotesConfig,
        model: LanguageModel,
        sealer: Sealer,
        grounds: Grounds = faults,
        worker: Worker | None = None,
    ) -> None:
        self._worker = worker
        self._config = config
        self._model = model
        self._sealer = sealer
        self._grounds = grounds

    async def convert(self, body: ConvertRequest, tell: Tell = nobody) -> ConvertResponse:
        """The letter, sealed; ``tell`` hears how far it is.

        Raises:
            UnprocessableRequest: more lines than one letter is made of.
        """
        try:
            return await self._converted(body, tell)
        finally:
            forget()

    async def _converted(self, body: ConvertRequest, tell: Tell) -> ConvertResponse:
        started = time.monotonic()
        self.check(body)
        elsewhere = asyncio.ensure_future(self._clashes(body))
        alone = asyncio.Event()
        clashes: asyncio.Future[Draft] | None = None
        try:
            # reading long notes is all processor: in a thread, other requests are answered meanwhile
            made = await asyncio.to_thread(
                decided, body.notes, body.meeting_date, body.client_name, body.adviser
            )
            read = time.monotonic()
            tell(Progress(stage="read", lines=sum(len(said.claim.lines) for said in made.said)))
            grounds = JudgedOnce(self._grounds)
            clashes = asyncio.ensure_future(_compared(made, body.meeting_date, elsewhere, alone))
            strategy, origin, found = await self._from_model(body, made, tell, grounds)
            alone.set()
            asked = time.monotonic()
            tell(Progress(stage="checking"))
            made = await clashes
        finally:
            elsewhere.cancel()
            if clashes is not None:
                clashes.cancel()
        letter = await asyncio.to_thread(self._composed, body, made, found, grounds)
        parts = {"read": read - started, "engine": asked - read, "compose": time.monotonic() - asked}
        timings = Timings(
            total_ms=_ms(time.monotonic() - started),
            parts={name: _ms(seconds) for name, seconds in parts.items()},
        )
        warnings = (*_open_days(body, made), *found.warnings)
        answer = _answer(body, letter, found, (strategy, origin), (timings, warnings))
        return await asyncio.to_thread(self._sealed, answer)

    async def _clashes(self, body: ConvertRequest) -> tuple[Contradiction, ...] | None:
        return None if self._worker is None else await self._worker.clashes(body)

    def check(self, body: ConvertRequest) -> None:
        """Short lines make far more facts than long ones: the answer to 200,000 characters could be 40 MB."""
        count = sum(1 for line in body.notes.splitlines() if line.strip())
        if count > self._config.max_lines:
            raise UnprocessableRequest(
                f"notes: {count} lines, and one letter is made of at most {self._config.max_lines}",
                hint="send each meeting's notes by themselves",
            )

    def _sealed(self, answer: ConvertResponse) -> ConvertResponse:
        return answer.model_copy(update={"seal": self._sealer.seal(answer)})

    async def _from_model(
        self, body: ConvertRequest, made: Draft, tell: Tell, grounds: JudgedOnce
    ) -> tuple[Strategy, Origin, FromModel]:
        """What the model wrote, if it was asked at all; a failing engine is a warning."""
        found, origin = FromModel(), NOBODY
        strategy: Strategy = "extractive"
        try:
            async with self._model.lease() as lease:
                strategy = lease.strategy("letter") if body.strategy == "auto" else body.strategy
                if strategy != "extractive" and body.strategy == "auto":
                    lease.keep_to_qualified("letter")
                if strategy == "plain":
                    found = await phrased(self._config, lease, made)
                elif strategy == "structured":
                    found = await drafted(
                        self._config,
                        lease,
                        made,
                        Drafting(grounds, _about(body), _told(tell), self._ahead(grounds)),
                    )
                origin = lease.origin()
                if found.error is not None:
                    raise found.error  # leaves the lease, so that health asks the engine anew
        except EngineError as error:
            cause = only_cause(error)
            found.warnings.append(
                f"{cause.kind}: {cause.message}; the templates' sentences stand in its place"
            )
        except StorageError as error:
            found.warnings.append(f"{error.kind}: {error}; no model was asked")
        return strategy, origin, found

    def _ahead(self, grounds: JudgedOnce) -> Ahead | None:
        """The worker has one judge, and is of use where the letter has the same."""
        if self._worker is None or self._grounds is not faults:
            return None
        return functools.partial(self._worker.ahead, grounds)

    def _composed(self, body: ConvertRequest, made: Draft, found: FromModel, grounds: Grounds) -> Letter:
        return compose(
            made,
            body.client_name,
            body.meeting_date,
            rejected=found.rejected,
            written=found.written,
            wishes=Wishes(Style(body.tone, body.template, body.adviser), body.reading_age),
            grounds=grounds,
        )


async def _compared(
    made: Draft,
    meeting: date | None,
    elsewhere: Awaitable[tuple[Contradiction, ...] | None],
    alone: asyncio.Event,
) -> Draft:
    """The draft with its facts and the contradictions of its notes, on which no sentence depends: while a
    model writes, as soon as it does, or else at once. Contradictions may be found elsewhere.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_ASKED_WITHIN_S):
            await alone.wait()
    made = replace(made, facts=await asyncio.to_thread(facts_of, made))
    found = await elsewhere
    if found is not None:
        return replace(made, contradictions=found)
    return await asyncio.to_thread(compared, made, meeting)


def _about(body: ConvertRequest) -> About:
    """What the model's sentences may name besides their lines."""
    return About(body.client_name, body.adviser, body.meeting_date, body.reading_age)


def _told(tell: Tell) -> Told:
    def told(done: int, parts: int) -> None:
        tell(Progress(stage="drafting", done=done, of=parts))

    return told


def _answer(
    body: ConvertRequest,
    letter: Letter,
    found: FromModel,
    came: tuple[Strategy, Origin],
    told: tuple[Timings, tuple[str, ...]],
) -> ConvertResponse:
    strategy, origin = came
    timings, warnings = told
    return ConvertResponse(
        provider=origin.provider,
        model=origin.model,
        answered_by="code" if letter.mode == "extractive" else "model",
        strategy=strategy,
        attempts=origin.attempts,
        fallback=origin.fallback,
        usage=found.usage(),
        timings=timings,
        warnings=warnings,
        request_id=request_id() or "none",
        client_name=addressee(body.client_name),
        adviser=(flatten(body.adviser) or None) if body.adviser else None,
        meeting_date=body.meeting_date,
        mode=letter.mode,
        ready_to_send=letter.ready_to_send,
        matters_discussed=letter.sections["matters_discussed"],
        our_actions=letter.sections["our_actions"],
        your_actions=letter.sections["your_actions"],
        full_text=letter.full_text,
        facts=letter.facts,
        sentences=letter.sentences,
        checks=letter.checks,
        left_out=letter.left_out,
        contradictions=letter.contradictions,
        unsure_lines=letter.unsure_lines,
        lines_total=letter.lines_total,
        lines_used=letter.lines_used,
        rejected=letter.rejected,
        seal="",
    )


def _open_days(body: ConvertRequest, made: Draft) -> Sequence[str]:
    if body.meeting_date is None and any(
        _RELATIVE & set(said.claim.text.lower().split()) for said in made.said
    ):
        return ("the notes have days such as “tomorrow”: give meeting_date to have them named",)
    return ()


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
