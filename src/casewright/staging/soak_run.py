"""A soak as a command: begun or resumed, watched, ended by its time or Ctrl-C, judged and written."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from casewright.api.bench import Record
from casewright.api.staging import BoxResult, Counts
from casewright.errors import (
    EXIT_INTERRUPTED,
    EXIT_NOT_PROVEN,
    EXIT_OK,
    EXIT_TARGET_FAILED,
)
from casewright.files import replace_file
from casewright.staging.ask import Client
from casewright.staging.config import StageConfig
from casewright.staging.ledger import Ledger, counts
from casewright.staging.samples import Plan, Recorder, Recording
from casewright.staging.soak import Seen, Soak
from casewright.staging.soak_judge import SOAK_BOXES, about_soak, judge_soak
from casewright.staging.soak_warm import Tell, unheard
from casewright.staging.stack import LocalStack, Stack

RESULT = "soak.json"


class SoakResult(Record):
    """One soak and its boxes. ``soak`` holds its figures: seconds watched, samples, requests, gaps."""

    schema_: Literal["casewright.soak/1"] = Field("casewright.soak/1", alias="schema")
    finished_at: str
    interrupted: bool
    soak: dict[str, Any]
    boxes: tuple[BoxResult, ...]
    counts: Counts

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())


def run_soak(
    config: StageConfig,
    plan: Plan,
    recording: Recording,
    seen: Seen,
    stack: Stack | None = None,
    *,
    tell: Tell = unheard,
) -> SoakResult:
    """Watch until the plan's time is over or Ctrl-C, then judge everything that the folder holds.

    ``recording`` is what an earlier run left in ``config.output``, or an empty one.

    Raises:
        NotRunning: there is no stack to watch.
        UsageError: another soak is writing there.
        StorageError: the folder refuses.
    """
    with Recorder(config.output, recording) as recorder:
        interrupted = asyncio.run(_watch(config, plan, recorder, (seen, tell), stack or LocalStack(config)))
    return judged(config, recording, interrupted=interrupted)


async def _watch(
    config: StageConfig, plan: Plan, recorder: Recorder, listeners: tuple[Seen, Tell], stack: Stack
) -> bool:
    stop = asyncio.Event()
    async with Client(config.deadlines.request_s, config.token) as client:
        task = asyncio.ensure_future(
            Soak(config, stack, client, recorder, listeners[0], tell=listeners[1]).run(plan, stop)
        )
        with _orders(stop, task):
            await asyncio.wait((task,))
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error
    return stop.is_set()


@contextlib.contextmanager
def _orders(stop: asyncio.Event, task: asyncio.Task[None]) -> Iterator[None]:
    """Ctrl-C (or SIGTERM) ends the watch and lets requests under way end; a second one does not wait."""
    loop, numbers = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def order() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    for number in numbers:
        with contextlib.suppress(RuntimeError, ValueError):  # not the main thread: nobody can press Ctrl-C
            loop.add_signal_handler(number, order)
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)
                signal.signal(number, handler)


def judged(config: StageConfig, recording: Recording, *, interrupted: bool) -> SoakResult:
    """Judge a recording; its evidence and ``soak.json`` are written beside the samples."""
    ledger = Ledger()
    judge_soak(recording, ledger)
    boxes = tuple(box for box in ledger.judge(config) if box.id in SOAK_BOXES)
    result = SoakResult(
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        interrupted=interrupted,
        soak=about_soak(recording) if recording.begins else {},
        boxes=boxes,
        counts=counts(boxes),
    )
    ledger.write(config.output)
    text = result.model_dump_json(by_alias=True, indent=2) + "\n"
    replace_file(config.output / RESULT, text.encode("utf-8", "replace"))
    return result


def read_result(folder: Path) -> SoakResult | None:
    """The verdict of a soak that is over; None while there is none."""
    try:
        return SoakResult.model_validate_json((folder / RESULT).read_bytes())
    except (OSError, ValueError):
        return None


def exit_code(result: SoakResult) -> int:
    """130 interrupted, 1 a box failed, 2 a box is open, 0 all passed."""
    if result.interrupted:
        return EXIT_INTERRUPTED
    if result.counts.failed:
        return EXIT_TARGET_FAILED
    return EXIT_NOT_PROVEN if result.counts.not_proven or result.counts.not_measured else EXIT_OK
