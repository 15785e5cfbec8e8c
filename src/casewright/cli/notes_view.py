"""How a letter is shown in a terminal: its sentences with their lines, what to look at, and the checks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from casewright.notes.export_parts import MODES, numbers, papers, shown
from casewright.notes.read import read_lines

if TYPE_CHECKING:
    from casewright.api.notes import ConvertResponse, ExportParts
    from casewright.cli.notes import Made, Order

# From this width on the lines' numbers stand in a margin, else below each sentence.
WIDE = 90
MARGIN = 12
# Where there is no terminal, text is this wide.
PLAIN_WIDTH = 110
MOST_WHERE = 12


def show(made: Made, order: Order, console: Console | None = None) -> None:
    """Print it all to the output."""
    out = console or Console(
        width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False, markup=False, emoji=False
    )
    _letter(out, made.letter)
    _look_at(out, made.letter, order.request.notes)
    _checks(out, made.letter)
    _end(out, made, order)


def _letter(out: Console, letter: ConvertResponse) -> None:
    found = papers(letter, None, None)
    waiting = list(letter.sentences)
    for place, block in enumerate(found.blocks):
        if block.kind == "heading":
            out.print()
            _line(out, "", Text(block.text, style="bold"))
        elif block.kind == "bullet":
            said = next((one for one in waiting if shown(one.text) == block.text), None)
            if said is not None:
                waiting.remove(said)
            _line(out, numbers(said.lines) if said else "", Text(f"- {block.text}"))
        else:
            if place:
                out.print()
            _line(out, "", Text(block.text))
    for text in filter(None, ("", found.sign_off, *found.signers)):
        out.print()
        _line(out, "", Text(text))


def _line(out: Console, lines: str, text: Text) -> None:
    """A part of the letter with the numbers of its lines."""
    if out.width < WIDE:
        out.print(text)
        if lines:
            out.print(Text(f"    line {lines}", style="dim"))
        return
    row = Table.grid(padding=(0, 2))
    row.add_column(width=MARGIN, justify="right", style="dim", overflow="fold")
    row.add_column(max_width=out.width - MARGIN - 2, overflow="fold")
    row.add_row(Text(lines), text)
    out.print(row)


def _look_at(out: Console, letter: ConvertResponse, notes: str) -> None:
    words = {line.number: line.text for line in read_lines(notes)}
    decide = [one for one in letter.left_out if one.to_decide]
    left = [one for one in letter.left_out if not one.to_decide]
    _group(
        out,
        "The notes contradict themselves",
        "bold red",
        ((numbers(one.lines), f"{one.what}: {', '.join(one.values)}") for one in letter.contradictions),
    )
    _group(
        out,
        "Withheld from the letter: for you to decide",
        "bold red",
        ((str(one.line), f"{one.text} ({one.reason})") for one in decide),
    )
    _group(
        out,
        "Not beyond doubt: who acts, or what it means",
        "bold yellow",
        ((str(number), words.get(number, "")) for number in letter.unsure_lines),
    )
    _group(out, "Left out", "bold", ((str(one.line), f"{one.text} ({one.reason})") for one in left))


def _group(out: Console, title: str, style: str, rows: Iterable[tuple[str, str]]) -> None:
    found = list(rows)
    if not found:
        return
    out.print()
    out.print(Text(title, style=style))
    for lines, text in found:
        _line(out, lines, Text(shown(text)))


def _checks(out: Console, letter: ConvertResponse) -> None:
    table = Table(title="Checks", title_justify="left", title_style="bold", expand=False)
    table.add_column("check")
    table.add_column("result")
    table.add_column("where", overflow="fold")
    for check in letter.checks:
        result = Text("passed", style="green") if check.passed else Text("FAILED", style="bold red")
        table.add_row(
            Text(shown(check.name).replace("_", " ")),
            result,
            Text("; ".join(_said(check.detail, check.where))),
        )
    out.print()
    out.print(table)


def _said(detail: str, where: tuple[str, ...]) -> Iterator[str]:
    if detail:
        yield shown(detail)
    if where:
        more = f" and {len(where) - MOST_WHERE} more" if len(where) > MOST_WHERE else ""
        yield ", ".join(map(shown, where[:MOST_WHERE])) + more


_HOLDING: Mapping[ExportParts, str] = {
    "letter": "the letter alone",
    "sources": "the letter, and the lines of each sentence",
    "all": "for the file: never send it to the client",
}


def _end(out: Console, made: Made, order: Order) -> None:
    letter = made.letter
    for warning in letter.warnings:
        out.print(Text(f"note: {shown(warning)}", style="yellow"))
    holding = _HOLDING[order.parts]
    for path in order.files.values():
        out.print(Text(f"wrote {path} ({holding})"))
    if order.json_file is not None:
        out.print(Text(f"wrote {order.json_file}"))
    used = (
        f"{letter.lines_used} of {letter.lines_total} lines are in the letter, which is {MODES[letter.mode]}"
    )
    out.print(Text(used))
    if made.confirmation is not None:
        word = made.confirmation
        out.print(
            Text(f"Confirmed by {shown(word.confirmed_by)} at {word.confirmed_at}.", style="bold green")
        )
    elif order.confirm_by is not None:
        said = (
            "Not confirmed: a model wrote some of it, and may have written otherwise than what you have read."
        )
        out.print(Text(f"{said} Confirm it on the page.", style="bold yellow"))
    elif letter.ready_to_send:
        out.print(Text("Ready to send.", style="bold green"))
    else:
        out.print(
            Text("Not ready to send: read it beside its lines, then --confirm-by NAME.", style="bold yellow")
        )
