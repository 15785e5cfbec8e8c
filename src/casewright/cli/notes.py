"""``casewright notes``: notes of a meeting to a letter, with the line of every sentence beside it."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import sys
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from casewright.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from casewright.api.notes import (
        Confirmation,
        ConvertRequest,
        ConvertResponse,
        ExportFormat,
        ExportParts,
    )


class Strategy(StrEnum):
    """What the model is asked for."""

    auto = "auto"
    structured = "structured"
    plain = "plain"
    extractive = "extractive"


class Tone(StrEnum):
    """How the letter's own few words sound."""

    plain = "plain"
    warm = "warm"
    formal = "formal"


class Template(StrEnum):
    """Whether the letter has opening and closing words."""

    standard = "standard"
    short = "short"


class Parts(StrEnum):
    """What the files hold."""

    letter = "letter"
    sources = "sources"
    all = "all"


class Desk(Protocol):
    """Where letters are made: a running service, or this process."""

    async def convert(self, request: ConvertRequest) -> ConvertResponse:
        """A letter out of notes."""
        ...

    async def confirm(
        self, letter: ConvertResponse, confirmed_by: str, note: str | None = None
    ) -> Confirmation:
        """A person's word, kept."""
        ...

    async def confirmation(self, seal: str) -> Confirmation:
        """A word that was kept before; ``NotFound`` where there is none."""
        ...

    async def export(
        self,
        letter: ConvertResponse,
        format_: ExportFormat,
        notes: str | None = None,
        parts: ExportParts = "sources",
    ) -> bytes:
        """A letter as a file."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for, checked; ``files`` are those to be written, by format."""

    request: ConvertRequest
    files: dict[ExportFormat, Path]
    json_file: Path | None
    confirm_by: str | None
    parts: ExportParts = "sources"


@dataclass(frozen=True, slots=True)
class Made:
    """The letter, whether a service made it, who confirmed it, and its files' contents."""

    letter: ConvertResponse
    by_service: bool
    confirmation: Confirmation | None
    contents: dict[ExportFormat, bytes]


Client = Annotated[str, typer.Option(metavar="NAME", help="The client, as the letter is to address them.")]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="The notes as text, UTF-8 or UTF-16; - reads them from the input."),
]
Docx = Annotated[Path | None, typer.Option(metavar="OUT", help="Write the letter for Word.")]
Pdf = Annotated[Path | None, typer.Option(metavar="OUT", help="Write the letter as PDF.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="OUT", help="Write the whole answer as JSON.")]
Holding = Annotated[
    Parts,
    typer.Option(
        help="letter: the letter alone; sources: with each sentence's lines; all: for the file, not for the "
        "client, with what was withheld."
    ),
]
Day = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="The meeting's day (2026-03-31): what “tomorrow” counts from."),
]
Adviser = Annotated[str | None, typer.Option(metavar="NAME", help="Who signs.")]
Wanted = Annotated[
    Strategy,
    typer.Option(help="What the service's model does: auto goes by its qualification, extractive asks none."),
]
Sound = Annotated[Tone, typer.Option(help="How the opening and closing words sound.")]
Shape = Annotated[Template, typer.Option(help="short leaves the opening and closing words out.")]
Age = Annotated[
    int | None,
    typer.Option(min=8, max=18, help="In years; sentences too long for it are told among the checks."),
]
ConfirmBy = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="You have read it (run without this first): keep your name as who says it may leave.",
    ),
]


def notes(
    file: File,
    *,
    client: Client,
    docx: Docx = None,
    pdf: Pdf = None,
    json_file: Json = None,
    parts: Holding = Parts.sources,
    meeting_date: Day = None,
    adviser: Adviser = None,
    strategy: Wanted = Strategy.auto,
    tone: Sound = Tone.plain,
    template: Shape = Template.standard,
    reading_age: Age = None,
    confirm_by: ConfirmBy = None,
) -> int:
    """Make a letter out of a meeting's notes; every sentence shows the lines that it rests on.

    The running notes service is asked; where none runs, the letter is made here, by code alone. Printed: the
    letter, what a person must look at (contradictions, lines withheld, unsure or left out) and the checks.
    DOCX and PDF hold the letter and the lines of each sentence, with --parts letter the letter alone, with
    --parts all what is for the file too; of a letter that is neither ready nor confirmed, every page is
    marked as a draft. Exit codes: 0 made, ready to send or not (it
    says which), 64 usage, 70 notes that cannot be used, 130 interrupted.
    """
    from casewright.api.notes import ConvertRequest

    files: dict[ExportFormat, Path | None] = {"docx": docx, "pdf": pdf}
    outputs = {kind: path for kind, path in files.items() if path is not None}
    check_outputs(file, [*outputs.values(), *([json_file] if json_file else [])])
    named = {"--client": client, "--adviser": adviser, "--confirm-by": confirm_by}
    for option, text in named.items():
        check_name(option, text)
    request = ConvertRequest(
        meeting_date=None if meeting_date is None else _day(meeting_date),
        notes=read_notes(file),
        client_name=client,
        adviser=adviser,
        tone=tone.value,
        template=template.value,
        reading_age=reading_age,
        strategy=strategy.value,
    )
    return finish(Order(request, outputs, json_file, confirm_by, parts.value))


def finish(order: Order) -> int:
    """Have it made, write its files, show it, and return the exit code."""
    from casewright.cli.notes_view import show
    from casewright.files import replace_file

    made = asyncio.run(carry_out(order))
    if order.json_file is not None:
        replace_file(order.json_file, (made.letter.model_dump_json(indent=2) + "\n").encode(), mode=None)
    for kind, content in made.contents.items():
        replace_file(order.files[kind], content, mode=None)
    show(made, order)
    return EXIT_OK


async def carry_out(order: Order) -> Made:
    """Have the letter made, confirmed and drawn, by the service or here."""
    from casewright.api.client import Client, ClientConfig
    from casewright.errors import NotRunning
    from casewright.services.kit.keys import service_token
    from casewright.services.notes.alone import Alone
    from casewright.settings import load_settings

    settings = load_settings()
    key = settings.service_key
    token = key.get_secret_value() if key is not None else service_token(settings.data_dir)
    config = ClientConfig(settings.rag_url, settings.notes_url, settings.documents_url, key=token)
    async with Client(config) as client:
        try:
            await client.health("notes")
        except NotRunning as error:
            print(f"{error.message}: the letter is made here, by code alone", file=sys.stderr)
            return await _at(Alone(settings), order, by_service=False)
        return await _at(client, order, by_service=True)


async def _at(desk: Desk, order: Order, *, by_service: bool) -> Made:
    from casewright.errors import NotFound

    letter = await desk.convert(order.request)
    word: Confirmation | None = None
    # by code, the same notes give the same letter again: the one that was read. A model's may differ
    if order.confirm_by is not None and letter.mode == "extractive":
        word = await desk.confirm(letter, order.confirm_by)
    else:
        with contextlib.suppress(NotFound):
            word = await desk.confirmation(letter.seal)
    notes = order.request.notes
    contents = {kind: await desk.export(letter, kind, notes, order.parts) for kind in order.files}
    return Made(letter, by_service, word, contents)


def read_notes(path: Path) -> str:
    """The notes' text.

    Raises:
        UsageError: there is no such file, or it cannot be opened.
        UnreadableDocument: it is no text, or in neither UTF-8 nor UTF-16 with its mark.
        DocumentTooLarge: it is longer than one letter's notes may be.
        UnprocessableRequest: there is nothing in it.
    """
    from casewright.api.notes import MAX_NOTES_CHARS
    from casewright.errors import DocumentTooLarge, UnprocessableRequest

    named, most = "the input" if str(path) == "-" else str(path), MAX_NOTES_CHARS * 4
    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(most + 1)
        else:
            with path.open("rb") as opened:
                content = opened.read(most + 1)
    except OSError as error:
        raise UsageError(
            f"{named} cannot be read: {error.strerror}", hint="name a text file, or -"
        ) from error
    text = decoded(content[:most], named, whole=len(content) <= most)
    if len(content) > most or len(text) > MAX_NOTES_CHARS:
        raise DocumentTooLarge(
            f"{named} has more than {MAX_NOTES_CHARS} characters",
            hint="one letter is of one meeting: send less",
        )
    if not text.strip():
        raise UnprocessableRequest(f"{named} is empty", hint="write the meeting's notes into it")
    return text


def decoded(content: bytes, named: str, *, whole: bool) -> str:
    """A text file's words: in UTF-16 where its first two bytes say so, as Windows writes it, else in UTF-8.

    Raises:
        UnreadableDocument: it is no text, or in no such encoding.
    """
    from casewright.errors import UnreadableDocument

    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding, name = ("utf-16", "UTF-16") if wide else ("utf-8-sig", "UTF-8")
    no_text = UnreadableDocument(
        f"{named} is no plain text", hint="have it read first: casewright convert FILE prints its text"
    )
    if content.startswith((b"%PDF", b"PK\x03\x04")) or (not wide and b"\0" in content):
        raise no_text
    try:
        text = content.decode(encoding, "strict" if whole else "ignore")
    except UnicodeDecodeError as error:
        raise UnreadableDocument(
            f"{named} is not in {name}: byte {error.start} fits nothing", hint="save it as UTF-8"
        ) from error
    if "\0" in text:
        raise no_text
    return text


def check_outputs(file: Path, outputs: list[Path]) -> None:
    """Refuse, before any work, places that cannot be written to.

    Raises:
        UsageError: a folder is missing, or two of the files are one.
        StorageError: a place is a socket or a device that holds no file.
    """
    from casewright.files import check_place

    known = [os.path.realpath(file)] if str(file) != "-" else []
    for out in outputs:
        if out.is_dir() or not out.absolute().parent.is_dir():
            raise UsageError(
                f"{out} cannot be written: no such folder, or it is one", hint="name a file in a folder"
            )
        check_place(out)
        place = os.path.realpath(out)
        if place in known:
            raise UsageError(f"{out} is named twice, or is the notes themselves", hint="name another file")
        known.append(place)


def check_name(option: str, text: str | None) -> None:
    """Raise ``UsageError`` for a name that is none."""
    from casewright.api.notes import MAX_NAME_CHARS

    if text is not None and (not text.strip() or len(text) > MAX_NAME_CHARS):
        raise UsageError(
            f"{option} is empty or too long", hint=f"give a name of at most {MAX_NAME_CHARS} characters"
        )


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--meeting-date {text!r} is no day", hint="write it as 2026-03-31") from error
    if day > date.today():
        print(f"warning: --meeting-date {day} is in the future: is it the meeting's day?", file=sys.stderr)
    return day
