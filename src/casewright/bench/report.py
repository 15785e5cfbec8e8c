"""A report in the terminal: the verdict first, then whether to believe it, then the figures."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from casewright.api.bench import Run
from casewright.api.compare import Comparison
from casewright.bench.report_compare import comparison_view
from casewright.bench.report_view import TableView, View, run_view
from casewright.bench.warn import Warn

RULED = box.Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
_TONES = {"good": "bold green", "bad": "bold red", "open": "bold yellow"}
STATUS_STYLES = {
    "PASS": "bold green",
    "FAIL": "bold red",
    "NOT PROVEN": "bold yellow",
    "NOT MEASURED": "dim",
    "drifts": "bold yellow",
}


def run_report(run: Run) -> RenderableType:
    """The report of a run."""
    return render(run_view(run))


def comparison_report(found: Comparison) -> RenderableType:
    """The report of a comparison."""
    return render(comparison_view(found))


def render(view: View) -> RenderableType:
    """A view for the terminal; text from engines and files is never read as markup."""
    parts: list[RenderableType] = [_verdict(view), *(_indented(Text(line)) for line in view.meaning)]
    if not (view.valid and view.badge == "VALID"):
        parts += [Text(""), _validity(view)]
    parts += [Text(""), _facts(view.facts)]
    for table in view.tables:
        parts.append(_table(table))
    if view.warnings:
        parts += [Text(""), warnings_block(view.warnings)]
    return Group(*parts)


def _verdict(view: View) -> Text:
    text = Text(f"{view.badge}  ", style=_TONES[view.tone])
    return text.append(view.verdict, style="not bold default")


def _validity(view: View) -> RenderableType:
    if view.valid:
        return Text.assemble(("VALID", "green"), ("  nothing found that forbids believing this run", "dim"))
    lines = [Text("INVALID  do not use these figures:", style="bold red")]
    lines += [Text(f"  - {reason}") for reason in view.validity]
    return Group(*lines)


def _facts(facts: tuple[tuple[str, str], ...]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(name, Text(value))
    return grid


def _table(view: TableView) -> RenderableType:
    table = Table(box=RULED, pad_edge=False, show_edge=False)
    for index, column in enumerate(view.columns):
        words = column == "why" or index == 0
        table.add_column(column, justify="left" if words else "right", no_wrap=index > 0 and not words)
    for row in view.rows:
        table.add_row(*(Text(cell, style=STATUS_STYLES.get(cell, "")) for cell in row))
    notes = [_indented(Text(note, style="dim")) for note in view.notes]
    return Group(Text(""), Text(view.title, style="bold"), table, *notes)


def warnings_block(warnings: tuple[Warn, ...]) -> RenderableType:
    """Warnings, each with what to try next on its own line."""
    lines = [Text("Warnings", style="bold yellow")]
    for warning in warnings:
        lines.append(Text(f"  - {warning.cause}"))
        if warning.next:
            lines.append(Text.assemble(("    try ", "dim"), (warning.next, "cyan")))
    return Group(*lines)


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2))
