"""``casewright eval``: how well the product does its work, measured on your own files."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from casewright.cli.bench_options import JsonFile
from casewright.cli.eval_answers import answers
from casewright.cli.eval_notes import notes
from casewright.cli.eval_retrieval import retrieval
from casewright.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from casewright.api.evaluation import FileEvaluation
    from casewright.documents.evaluate.pairs import Pairs
    from casewright.documents.options import OcrEngine, OcrMode
    from casewright.documents.workers import WorkerConfig

app = typer.Typer(
    help="Measure on your own data: how files are read, passages found, questions answered, letters written.",
    no_args_is_help=True,
)


@app.callback()
def group() -> None:
    """Measure how well files are read, on your own truths."""


app.command()(answers)


app.command()(notes)


app.command()(retrieval)


@app.command()
def documents(
    truth_dir: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH_DIR", help="A folder of files, each with its truth: x.pdf and x.md or x.txt."
        ),
    ],
    *,
    json_file: JsonFile = None,
    ocr: Annotated[str, typer.Option(help="auto (what has no usable text), always or never.")] = "auto",
    ocr_engine: Annotated[str, typer.Option(help="What reads pictures: rapidocr or tesseract.")] = "rapidocr",
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Files read at once (default: as the service).")
    ] = None,
) -> int:
    """Read a folder's files and compare each with its truth: characters, words, tables' cells, numbers.

    Exit codes: 0 measured, 64 usage, 70 not one file could be read, 130 interrupted (what was done by then is
    printed and written).
    """
    from casewright.api.evaluation import ReadingOptions
    from casewright.cli.bench_run import write_json
    from casewright.cli.eval_view import print_evaluation
    from casewright.documents.evaluate.pairs import pairs_in
    from casewright.documents.evaluate.run import summary

    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise UsageError(
            f"--json: there is no folder {json_file.absolute().parent}", hint="make it, or name another"
        )
    config, found = config_of(ocr, ocr_engine, workers), pairs_in(truth_dir)
    done: list[FileEvaluation] = []
    began, interrupted = time.monotonic(), False
    try:
        asyncio.run(_read_all(found, truth_dir, config, done))
    except KeyboardInterrupt:
        interrupted = True
    options = ReadingOptions(ocr=ocr, ocr_engine=ocr_engine, workers=config.workers)
    seconds = time.monotonic() - began
    result = summary(truth_dir, found, options, done, seconds=seconds, interrupted=interrupted)
    print_evaluation(result)
    write_json(json_file, result)
    if interrupted:
        return EXIT_INTERRUPTED
    return EXIT_OK if any(file.method is not None for file in done) else EXIT_FAILURE


def config_of(ocr: str, ocr_engine: str, workers: int | None) -> WorkerConfig:
    """The service's own workers, with these options; a file has the time that a job has."""
    from casewright.documents.options import OcrOptions, ReadOptions
    from casewright.documents.workers import WorkerConfig
    from casewright.settings import load_settings

    settings = load_settings()
    mode = cast("OcrMode", _one_of("--ocr", ocr, ("auto", "always", "never")))
    engine = cast("OcrEngine", _one_of("--ocr-engine", ocr_engine, ("rapidocr", "tesseract")))
    return WorkerConfig(
        workers=workers or settings.document_workers,
        deadline_s=max(settings.document_job_s, settings.document_seconds),
        options=ReadOptions(ocr=OcrOptions(mode=mode, engine=engine)),
    )


async def _read_all(found: Pairs, folder: Path, config: WorkerConfig, done: list[FileEvaluation]) -> None:
    """Put each file's figures to ``done`` as they come, so that Ctrl-C leaves what there is."""
    from rich.console import Console
    from rich.progress import Progress

    from casewright.documents.evaluate.run import evaluate
    from casewright.documents.workers import Workers

    pool = Workers(config)
    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("reading", total=len(found.pairs))
            files = evaluate(found.pairs, folder, pool.read, at_once=config.workers)
            async with contextlib.aclosing(files):
                async for file in files:
                    done.append(file)
                    progress.update(bar, advance=1, description=file.path[-40:])
    finally:
        await pool.aclose()


def _one_of(option: str, word: str, known: tuple[str, ...]) -> str:
    if word not in known:
        raise UsageError(f"{option} is {word!r}", hint=f"use {', '.join(known)}")
    return word
