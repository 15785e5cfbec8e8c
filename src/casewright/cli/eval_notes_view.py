"""How a measurement of letters is shown in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from casewright.api.evaluation import Rate
from casewright.api.notes_evaluation import (
    CaseOutcome,
    FigureKind,
    NotesEvaluation,
    PaperOutcome,
    PaperScores,
)

PLAIN_WIDTH = 150
NOT_MEASURED = "not measured"
_KINDS: Mapping[FigureKind, str] = {
    "number": "numbers",
    "date": "dates",
    "reference": "references",
    "name": "names",
}


def print_notes(result: NotesEvaluation, wrong: int) -> None:
    """Print the figures of letters and drafts, by group, and the first ``wrong`` things that are wrong."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
    shown = [line for row in result.outcomes for line in _wrong(row)]
    for line in shown[:wrong]:
        console.print(Text(line))
    if 0 < wrong < len(shown):
        console.print(Text(f"and {len(shown) - wrong} more"))
    console.print(_figures(result))
    console.print()
    for name, papers in (("letters", result.letters), ("drafts", result.drafts)):
        for line in _confusions(papers) if papers else ():
            console.print(Text(f"{name}: {line}"))
    if result.groups:
        console.print(_groups(result))
    for line in _remarks(result):
        console.print(Text(line))


def _wrong(row: CaseOutcome) -> Iterable[str]:
    """Everything that is wrong in a letter, the worst first."""
    paper = row.letter
    for one in paper.unsupported:
        where = "nowhere in the notes" if one.nowhere else f"not in line {_numbers(one.lines)}"
        yield f"{row.id}: {one.kind} {one.what!r} is {where}: {one.sentence or 'around the sentences'}"
    for words in paper.present:
        yield f"{row.id}: must not be in it: {words!r}"
    for words in paper.missing:
        yield f"{row.id}: must be in it: {words!r}"
    if paper.uncovered:
        yield f"{row.id}: line {_numbers(paper.uncovered)} is neither used nor left out"
    for line in paper.sections:
        if not line.right:
            yield f"{row.id}: line {line.line} is {line.label}, found {line.found}"
    for fact in paper.owners:
        if not fact.right:
            yield f"{row.id}: line {fact.line} is the {fact.label}'s, found {fact.found}"
    missed = (paper.contradictions_true or 0) - (paper.contradictions_found or 0)
    false = (paper.contradictions_told or 0) - (paper.contradictions_right or 0)
    if missed:
        yield f"{row.id}: {missed} contradictions not told"
    if false:
        yield f"{row.id}: {false} contradictions told that are none"


def _numbers(lines: Iterable[int]) -> str:
    return ", ".join(map(str, lines))


def _figures(result: NotesEvaluation) -> Table:
    table = Table(box=None, pad_edge=False)
    drafts = result.drafts
    table.add_column("figure")
    for name in ("letters", "95 % interval", "of"):
        table.add_column(name, justify="right" if name == "letters" else "left")
    for name in ("drafts", "of drafts") if drafts else ():
        table.add_column(name, justify="right" if name == "drafts" else "left")
    for name, of, pick in _ROWS:
        mine, raw = pick(result.letters), pick(drafts) if drafts else None
        extra = (_percent(raw.value), _of(raw, "")) if raw else ()
        table.add_row(name, _percent(mine.value), _interval(mine), _of(mine, of), *extra)
    for name, mine, of in (
        ("ready to send", result.ready, "letters"),
        *((f"mode {mode}", share, "letters") for mode, share in result.modes.items()),
        ("lines for a person to look at", result.unsure_lines, "lines"),
    ):
        table.add_row(name, _percent(mine.value), _interval(mine), _of(mine, of))
    return table


def _by_kind(kind: FigureKind, *, nowhere: bool) -> Callable[[PaperScores], Rate]:
    return lambda papers: (papers.nowhere if nowhere else papers.unsupported)[kind]


_ROWS: tuple[tuple[str, str, Callable[[PaperScores], Rate]], ...] = (
    *(
        (f"{name} not in the cited lines", name, _by_kind(kind, nowhere=False))
        for kind, name in _KINDS.items()
    ),
    *((f"{name} nowhere in the notes", name, _by_kind(kind, nowhere=True)) for kind, name in _KINDS.items()),
    ("lines used or left out with a reason", "lines", lambda papers: papers.coverage),
    ("sentences that quote a line", "sentences", lambda papers: papers.quoted),
    ("right section", "labelled lines", lambda papers: papers.sections),
    ("right owner", "labelled lines", lambda papers: papers.owners),
    ("withheld of those to be withheld", "labelled lines", lambda papers: papers.withheld),
    ("withheld of the others", "labelled lines", lambda papers: papers.false_alarms),
    ("must be in it and is", "words", lambda papers: papers.included),
    ("must not be in it and is not", "words", lambda papers: papers.kept_out),
    ("contradictions told", "contradictions", lambda papers: papers.contradiction_recall),
    ("contradictions that are some", "told", lambda papers: papers.contradiction_precision),
)


def _confusions(papers: PaperScores) -> Iterable[str]:
    for section, places in papers.section_confusion.items():
        yield f"{section} found as {_counts(places.items())}"
    for owner, owners in papers.owner_confusion.items():
        yield f"owner {owner} found as {_counts(owners.items())}"


def _counts(found: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found)


def _groups(result: NotesEvaluation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("letters by")
    for name in ("cases", "section", "owner", "ready", "unsupported", "must not and is"):
        table.add_column(name, justify="right")
    for group in result.groups:
        table.add_row(
            f"{group.by} {group.name}",
            str(group.cases),
            _percent(group.sections.value),
            _percent(group.owners.value),
            _percent(group.ready.value),
            str(group.unsupported),
            str(group.present),
        )
    return table


def _remarks(result: NotesEvaluation) -> Iterable[str]:
    engine = result.url or result.engine or "none"
    yield (
        f"{result.cases} cases; engine: {engine}; strategy: {result.strategy}; a letter: median "
        f"{_ms(result.ms_median)}, at most {_ms(result.ms_most)}, without the engine median "
        f"{_ms(result.own_ms_median)}"
    )
    caught = sum(
        row.draft is not None and row.draft.wrong and not row.letter.wrong for row in result.outcomes
    )
    drafted = [row.draft for row in result.outcomes if row.draft is not None and row.draft.sentences]
    if result.drafts_empty:
        yield f"{result.drafts_empty} drafts hold no sentence that could be read"
    if drafted:
        yield (
            f"{sum(map(_bad, drafted))} of {len(drafted)} drafts had something that must not be sent; "
            f"{caught} of those letters have nothing of it"
        )
    broken = sum(row.broken for row in result.outcomes)
    if broken:
        yield f"{broken} of the model's answers were not the JSON that was asked for"
    yield f"{result.wrong} of {result.cases} letters have something that must not be in them"
    if result.interrupted:
        yield f"interrupted: {result.cases} of {result.expected} cases"


def _bad(paper: PaperOutcome) -> bool:
    return paper.wrong


def _of(rate: Rate, of: str) -> str:
    return f"{rate.count:,} of {rate.total:,} {of}".rstrip()


def _percent(share: float | None) -> str:
    return NOT_MEASURED if share is None else f"{100 * share:.1f} %"


def _interval(rate: Rate) -> str:
    return "-" if rate.low is None or rate.high is None else f"{_percent(rate.low)} to {_percent(rate.high)}"


def _ms(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:g} ms"
