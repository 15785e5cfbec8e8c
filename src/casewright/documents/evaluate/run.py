"""Reading every file of a folder of truths, and scoring what came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

from casewright import __version__
from casewright.api.documents import Reading, ReadStatus
from casewright.api.evaluation import DocumentsEvaluation, FileEvaluation, Rate, ReadingOptions
from casewright.documents.evaluate.pairs import Pair, Pairs
from casewright.documents.evaluate.plain import Plain, of_markdown
from casewright.documents.evaluate.score import Scored, score, total, with_wilson
from casewright.documents.pages import Converted, reading_of
from casewright.errors import (
    CasewrightError,
    DocumentError,
    DocumentTimeout,
    DocumentWorkerLost,
    UnsupportedMedia,
)

Read = Callable[[Path, str], Awaitable[Converted]]

NOTHING = Plain("", ())


def summary(
    folder: Path,
    found: Pairs,
    options: ReadingOptions,
    files: Sequence[FileEvaluation],
    *,
    seconds: float,
    interrupted: bool,
) -> DocumentsEvaluation:
    """The whole measurement out of its files, in the order of their names; ``seconds`` are of the clock."""
    ordered = tuple(sorted(files, key=lambda file: file.path))
    return DocumentsEvaluation(
        version=__version__,
        folder=str(folder),
        options=options,
        files=ordered,
        expected=len(found.pairs),
        read=with_wilson(Rate.of(sum(file.status == "ok" for file in ordered), len(ordered))),
        totals=total([file.scores for file in ordered]),
        pages=sum(file.pages or 0 for file in ordered),
        seconds=round(seconds, 3),
        truths_without_file=tuple(path.relative_to(folder).as_posix() for path in found.truths_without_file),
        files_without_truth=tuple(path.relative_to(folder).as_posix() for path in found.files_without_truth),
        interrupted=interrupted,
    )


async def evaluate(
    pairs: Sequence[Pair], folder: Path, read: Read, *, at_once: int = 1
) -> AsyncGenerator[FileEvaluation, None]:
    """Read the files, ``at_once`` of them together, and give each one's figures as soon as they are known.

    Raises:
        UsageError: a truth cannot be read; before anything else is.
    """
    truths = [pair.said() for pair in pairs]
    turn = asyncio.Semaphore(at_once)

    async def one(pair: Pair, truth: Plain) -> FileEvaluation:
        async with turn:
            return await _evaluate(pair, truth, folder, read)

    tasks = [asyncio.ensure_future(one(pair, truth)) for pair, truth in zip(pairs, truths, strict=True)]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _evaluate(pair: Pair, truth: Plain, folder: Path, read: Read) -> FileEvaluation:
    began = time.monotonic()
    reading: Reading | None = None
    status: ReadStatus = "failed"
    reason = ""
    try:
        reading = await asyncio.to_thread(reading_of, await read(pair.file, pair.file.name))
    except CasewrightError as error:
        status, reason = _status_of(error), error.message
    seconds = time.monotonic() - began
    scored = await asyncio.to_thread(_scored, truth, reading)
    return FileEvaluation(
        path=pair.file.relative_to(folder).as_posix(),
        truth=pair.truth.relative_to(folder).as_posix(),
        status=reading.status if reading else status,
        reason=reading.reason if reading else reason,
        method=reading.method if reading else None,
        pages=reading.page_count if reading else None,
        language=reading.language if reading else None,
        seconds=round(seconds, 3),
        scores=scored.scores,
        numbers_missing=scored.missing,
        numbers_extra=scored.extra,
    )


def _status_of(error: CasewrightError) -> ReadStatus:
    """``rejected`` is the file's own fault; ``failed`` may go better another time."""
    if isinstance(error, DocumentTimeout | DocumentWorkerLost):
        return "failed"
    return "rejected" if isinstance(error, DocumentError | UnsupportedMedia) else "failed"


def _scored(truth: Plain, reading: Reading | None) -> Scored:
    return score(truth, of_markdown(reading.markdown) if reading else NOTHING)
