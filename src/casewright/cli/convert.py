"""``casewright convert``: files to Markdown, one record a file."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casewright.errors import EXIT_INTERRUPTED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casewright.cli.convert_view import Progress
    from casewright.documents.batch import Item
    from casewright.documents.workers import WorkerConfig


class Ocr(StrEnum):
    """When pages are read by OCR."""

    auto = "auto"
    always = "always"
    never = "never"


class OcrName(StrEnum):
    """What reads pictures."""

    rapidocr = "rapidocr"
    tesseract = "tesseract"


@dataclass(frozen=True, slots=True)
class Order:
    """What ``convert`` was asked for, checked."""

    items: Sequence[Item]
    out: Path | None
    report: Path | None
    config: WorkerConfig
    max_bytes: int


def convert(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Files, and folders with all below them.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for the Markdown files. Without it the Markdown of a single file is printed.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--json", metavar="REPORT", help="File for the records, one for each file.")
    ] = None,
    ocr: Annotated[
        Ocr,
        typer.Option(help="auto reads by OCR what has no usable text, always every page, never none."),
    ] = Ocr.auto,
    ocr_engine: Annotated[OcrName, typer.Option(help="What reads pictures.")] = OcrName.rapidocr,
    language: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Tesseract's name of a language; repeatable [default: eng]."),
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its first line opens files that ask for a password.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Files that are read at a time.")] = 2,
) -> int:
    """Read files and folders to Markdown; its content decides what a file is, not its name.

    A record is {"path", "status", "reason", "pages", "method", "seconds"}; status is ok, partial (some of it
    was not read), rejected (for what it is: unsupported, encrypted, damaged, too large) or failed (its reader
    died or took too long, or it could not be opened or written). Exit codes: 0 every file reached a status,
    64 usage, 130 interrupted (the report holds what was done).
    """
    from casewright.documents.options import OcrOptions, ReadOptions

    options = ReadOptions(
        ocr=OcrOptions(mode=ocr.value, engine=ocr_engine.value, languages=tuple(language or ("eng",))),
        password=None if password_file is None else read_password(password_file),
    )
    return carry_out(order_of(paths, out, report, options, workers))


def order_of(
    paths: Sequence[Path], out: Path | None, report: Path | None, options: object, workers: int
) -> Order:
    """What is to be done.

    Raises:
        UsageError: a path is not there, or an output would stand where something else does or is read.
    """
    from casewright.documents.batch import identity, plan, read_again
    from casewright.documents.options import ReadOptions
    from casewright.documents.workers import WorkerConfig
    from casewright.settings import load_settings

    assert isinstance(options, ReadOptions)
    for path in paths:
        if not _is_there(path):
            raise UsageError(f"{path} is not there", hint="name files and folders that are")
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file", hint="name a folder")
    if report is not None and report.is_dir():
        raise UsageError(f"--json {report} is a folder", hint="name a file in it")
    items = plan(paths, out)
    if out is not None and (folder := read_again(paths, out, items)) is not None:
        raise UsageError(
            f"what goes to --out {out} would be read as a file of {folder} the next time",
            hint="name a folder of its own, which may lie within it",
        )
    if report is not None and report.exists():
        for item in items:
            if identity(item.path) == identity(report):
                raise UsageError(f"--json {report} would overwrite a file to be read", hint="name another")
    settings = load_settings()
    config = WorkerConfig(
        workers=max(1, min(workers, len(items))), deadline_s=settings.document_seconds, options=options
    )
    return Order(items, out, report, config, settings.document_bytes)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # whoever may not look cannot say that it is not: its record tells
        return True
    return True


def read_password(path: Path) -> str:
    """The first line of a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return (path.read_text(encoding="utf-8").splitlines() or [""])[0]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--password-file {path} cannot be read: {error}", hint="name a text file"
        ) from error


def carry_out(order: Order) -> int:
    """Read every file, tell how it goes, write the report, and return the exit code."""
    import uvloop

    from casewright.cli.convert_view import Progress

    write_report(order, ())  # a place that refuses is known before the work is done
    began = time.monotonic()
    alone = len(order.items) == 1 and order.out is None
    with Progress(len(order.items)) as progress:
        try:
            whole = uvloop.run(_read_all(order, progress))
        finally:
            write_report(order, progress.records)
    if alone and progress.markdown:
        sys.stdout.write(progress.markdown.rstrip("\n") + "\n")
    progress.summary(time.monotonic() - began)
    return EXIT_OK if whole else EXIT_INTERRUPTED


async def _read_all(order: Order, progress: Progress) -> bool:
    """Whether every file was reached."""
    from casewright.documents.batch import Batch
    from casewright.documents.workers import Workers

    workers = Workers(order.config)
    batch = Batch(workers, order.config.options, order.max_bytes, order.out)
    reading = asyncio.ensure_future(batch.run(order.items, progress))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            loop.add_signal_handler(number, reading.cancel)
    try:
        await reading
    except asyncio.CancelledError:
        return False
    finally:
        await workers.aclose()
    return True


def write_report(order: Order, records: Sequence[object]) -> None:
    """Write the records in the order in which the files were named.

    Raises:
        StorageError: they cannot be written.
    """
    from casewright.documents.batch import Record, shown
    from casewright.files import replace_file

    if order.report is None:
        return
    place = {shown(item.path): number for number, item in enumerate(order.items)}
    told = [asdict(record) for record in records if isinstance(record, Record)]
    told.sort(key=lambda record: place[record["path"]])
    content = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    replace_file(order.report, content.encode(), mode=None)
