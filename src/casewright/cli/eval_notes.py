"""``casewright eval notes``: whether letters hold against their notes, and what a model had drafted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from casewright.cli.bench_options import JsonFile
from casewright.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_TARGET_FAILED, UsageError

if TYPE_CHECKING:
    from casewright.api.notes_evaluation import CaseOutcome, NotesCase
    from casewright.cli.eval_notes_service import Calls
    from casewright.notes.evaluate_notes import Setting, Wanted

_WANTED = ("auto", "extractive", "plain", "structured")


def notes(
    *,
    cases: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help='JSON Lines: {"notes", "client_name", "labels"?: {line: section}, "must_include"?: [...]}.',
        ),
    ],
    engine: Annotated[
        str | None,
        typer.Option(help="An engine that drafts, as in bench run (default: none, letters are extractive)."),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="A notes service that runs, instead of one of our own.")
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(help="auto (what the engine's qualification allows), structured, plain, extractive."),
    ] = "auto",
    split: Annotated[str | None, typer.Option(help="Only the cases of this split.")] = None,
    json_file: JsonFile = None,
    wrong: Annotated[int, typer.Option(min=0, help="How many wrong lines and figures to show.")] = 0,
) -> int:
    """Make each case's notes a letter as the service does, and hold it against its lines and the key.

    Shown for the letters, and for what a model had drafted before the checks: figures and names that are not
    in the lines, coverage, sections, owners, contradictions, what must be in and what must not.
    Exit codes: 0 measured, 1 a letter has something unsupported or something that must not be in it,
    64 usage, 130 interrupted (what was done by then is printed and written).
    """
    from casewright.cli.bench_run import write_json
    from casewright.cli.eval_notes_view import print_notes
    from casewright.notes.evaluate_notes import read_cases, summary

    order = _ordered(cases, engine, url, strategy)
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise UsageError(
            f"--json: there is no folder {json_file.absolute().parent}", hint="make it, or name another"
        )
    found = _of_split(read_cases(cases), split)
    done: list[CaseOutcome] = []
    setting, interrupted = _make_all(found, order, done)
    result = summary(done, len(found), setting, interrupted=interrupted)
    print_notes(result, wrong)
    write_json(json_file, result)
    if interrupted:
        return EXIT_INTERRUPTED
    return EXIT_TARGET_FAILED if result.wrong else EXIT_OK


@dataclass(frozen=True, slots=True)
class _Order:
    path: Path
    engine: str | None
    url: str | None
    strategy: Wanted


def _of_split(cases: tuple[NotesCase, ...], split: str | None) -> tuple[NotesCase, ...]:
    """The cases of one split, or all."""
    found = tuple(case for case in cases if split in (None, case.split))
    if not found:
        raise UsageError(f"no case is of split {split!r}", hint="leave --split out, or name another")
    return found


def _ordered(path: Path, engine: str | None, url: str | None, strategy: str) -> _Order:
    if strategy not in _WANTED:
        raise UsageError(f"--strategy is {strategy!r}", hint=f"use {', '.join(_WANTED)}")
    if engine is not None and url is not None:
        raise UsageError("--engine and --url exclude each other", hint="the service at --url has an engine")
    if engine is None and url is None and strategy in ("plain", "structured"):
        raise UsageError(f"--strategy {strategy} needs a model", hint="name one with --engine or --url")
    return _Order(path, engine, url, cast("Wanted", strategy))


def _make_all(cases: Sequence[NotesCase], order: _Order, done: list[CaseOutcome]) -> tuple[Setting, bool]:
    """Make the letters into ``done``; what they were made with, and whether Ctrl-C ended it."""
    from casewright.cli.eval_notes_service import own_service, running
    from casewright.notes.evaluate_notes import Setting
    from casewright.settings import load_settings

    path = str(order.path)
    if order.engine is not None:
        return _with_engine(cases, order, order.engine, done)
    if order.url is None:
        setting = Setting(path, None, None, "extractive")
        return setting, _run(_each(cases, own_service(None), "extractive", done))
    key = load_settings().service_key
    shown = None if key is None else key.get_secret_value()
    setting = Setting(path, None, None, order.strategy, order.url)
    return setting, _run(_each(cases, running(order.url, shown), order.strategy, done))


def _with_engine(
    cases: Sequence[NotesCase], order: _Order, engine: str, done: list[CaseOutcome]
) -> tuple[Setting, bool]:
    from casewright.api.qualification import load_qualification
    from casewright.cli.eval_notes_service import Charge, Heard, own_service
    from casewright.cli.targets import open_targets
    from casewright.engines.connect import open_engine
    from casewright.notes.evaluate_notes import Setting
    from casewright.settings import load_settings
    from casewright.values import EngineSpec

    settings = load_settings()
    with open_targets([engine], settings) as (target,):
        known = load_qualification(settings.data_dir, target.identity)
        allowed = known.strategy_for("letter") if known else "extractive"
        shown = allowed if order.strategy == "auto" else order.strategy
        setting = Setting(str(order.path), target.spec, target.model, shown)
        spec = EngineSpec(text=target.spec, kind=target.identity.kind, url=target.url, model=target.model)

        async def made() -> None:
            heard = Heard(open_engine(spec, api_key=target.api_key))
            charge = Charge(heard, target.identity, allowed, target.context_length)
            await _each(cases, own_service(charge), order.strategy, done)

        return setting, _run(made())


def _run(work: Coroutine[None, None, None]) -> bool:
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        return True
    return False


async def _each(
    cases: Sequence[NotesCase],
    service: contextlib.AbstractAsyncContextManager[Calls],
    strategy: Wanted,
    done: list[CaseOutcome],
) -> None:
    """Put each case's row to ``done`` as it comes, so that Ctrl-C leaves what there is."""
    from rich.console import Console
    from rich.progress import Progress

    from casewright.notes.evaluate_notes import evaluate

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("writing", total=len(cases))
        async with service as calls, contextlib.aclosing(evaluate(cases, calls, strategy)) as rows:
            async for row in rows:
                done.append(row)
                progress.update(bar, advance=1)
