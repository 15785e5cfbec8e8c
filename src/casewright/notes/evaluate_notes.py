"""Notes made letters as the service makes them, and held against a key."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from casewright import __version__
from casewright.api.contract import Strategy
from casewright.api.evaluation import Rate
from casewright.api.json_lines import read_json_lines
from casewright.api.notes import ConvertRequest, ConvertResponse, Mode
from casewright.api.notes_evaluation import (
    FIGURE_KINDS,
    CaseOutcome,
    FigureKind,
    FoundOwner,
    FoundSection,
    Group,
    LabelledOwner,
    LabelledSection,
    NotesCase,
    NotesEvaluation,
    PaperOutcome,
    PaperScores,
)
from casewright.notes.evaluate_draft import RawDraft
from casewright.notes.letter_scores import paper_of, paper_of_draft, scored

FORMAT = '{"notes": "…", "client_name": "…", "labels": {"1": "your_actions"}, "must_include": ["…"]}'
Wanted = Literal["auto", "structured", "plain", "extractive"]
MODES: tuple[Mode, ...] = ("drafted", "mixed", "extractive")
Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Made:
    """A letter, and what the model had drafted for it; None where none was asked."""

    letter: ConvertResponse
    draft: RawDraft | None = None


class Converts(Protocol):
    """Whoever makes letters."""

    async def __call__(self, request: ConvertRequest) -> Made:
        """The letter of one request."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What the letters were made with, as it is shown."""

    file: str
    engine: str | None
    model: str | None
    strategy: Strategy | Literal["auto"]
    url: str | None = None


def read_cases(path: Path) -> tuple[NotesCase, ...]:
    """The cases of a file of JSON Lines; what else a line has is not looked at.

    Raises:
        UsageError: the file cannot be read, holds no case, or a line is not one; the line is named.
    """
    return read_json_lines(path, NotesCase, "case", FORMAT)


async def evaluate(
    cases: Sequence[NotesCase], convert: Converts, strategy: Wanted = "auto"
) -> AsyncGenerator[CaseOutcome]:
    """Each case's row as it is done, in order."""
    for number, case in enumerate(cases, 1):
        request = ConvertRequest(
            notes=case.notes,
            client_name=case.client_name,
            meeting_date=case.meeting_date,
            adviser=case.adviser,
            strategy=strategy,
        )
        started = time.perf_counter()
        made = await convert(request)
        yield outcome(case, case.id or str(number), made, (time.perf_counter() - started) * 1000)


def outcome(case: NotesCase, name: str, made: Made, ms: float) -> CaseOutcome:
    """One case's row."""
    letter = made.letter
    engine_ms = letter.timings.parts.get("engine")
    return CaseOutcome(
        id=name,
        split=case.split,
        area=case.area,
        traps=case.traps,
        mode=letter.mode,
        answered_by=letter.answered_by,
        ready_to_send=letter.ready_to_send,
        unsure=len(letter.unsure_lines),
        failed=tuple(check.name for check in letter.checks if not check.passed),
        rejected=len(letter.rejected),
        ms=round(ms, 2),
        own_ms=None if engine_ms is None else round(max(0.0, letter.timings.total_ms - engine_ms), 2),
        letter=scored(case, paper_of(letter)),
        draft=None if made.draft is None else scored(case, paper_of_draft(made.draft)),
        broken=0 if made.draft is None else made.draft.broken,
        warnings=letter.warnings,
    )


def summary(
    rows: Sequence[CaseOutcome], expected: int, setting: Setting, *, interrupted: bool = False
) -> NotesEvaluation:
    """The figures over all rows."""
    asked = [row.draft for row in rows if row.draft is not None]
    drafts = [draft for draft in asked if draft.sentences]
    times = [row.ms for row in rows]
    return NotesEvaluation(
        version=__version__,
        file=setting.file,
        engine=setting.engine,
        model=setting.model,
        strategy=setting.strategy,
        url=setting.url,
        cases=len(rows),
        expected=expected,
        wrong=sum(row.letter.wrong for row in rows),
        letters=scores([row.letter for row in rows]),
        drafts=scores(drafts) if drafts else None,
        drafts_empty=len(asked) - len(drafts),
        ready=rate(sum(row.ready_to_send for row in rows), len(rows)),
        modes={mode: rate(sum(row.mode == mode for row in rows), len(rows)) for mode in MODES},
        unsure_lines=rate(sum(row.unsure for row in rows), sum(row.letter.lines for row in rows)),
        ms_median=_median(times),
        ms_most=max(times, default=None),
        own_ms_median=_median([row.own_ms for row in rows if row.own_ms is not None]),
        groups=tuple(_groups(rows)),
        outcomes=tuple(rows),
        interrupted=interrupted,
    )


def scores(papers: Sequence[PaperOutcome]) -> PaperScores:
    """The figures over papers."""
    sections = [one for paper in papers for one in paper.sections]
    owners = [one for paper in papers for one in paper.owners]
    open_lines = [one for one in sections if one.label != "withheld"]
    private = [one for one in sections if one.label == "withheld"]
    told = [paper for paper in papers if paper.contradictions_told is not None]
    owner_pairs = Counter((one.label, one.found) for one in owners)
    section_pairs = Counter((one.label, one.found) for one in sections)
    return PaperScores(
        papers=len(papers),
        unsupported=_by_kind(papers, nowhere=False),
        nowhere=_by_kind(papers, nowhere=True),
        coverage=rate(_sum(papers, lambda p: p.lines - len(p.uncovered)), _sum(papers, lambda p: p.lines)),
        quoted=rate(_sum(papers, lambda p: p.quoted), _sum(papers, lambda p: p.sentences)),
        sections=rate(sum(one.right for one in open_lines), len(open_lines)),
        owners=rate(sum(one.right for one in owners), len(owners)),
        owner_confusion=_owner_table(owner_pairs),
        section_confusion=_section_table(section_pairs),
        included=rate(
            _sum(papers, lambda p: p.included), _sum(papers, lambda p: p.included + len(p.missing))
        ),
        kept_out=rate(
            _sum(papers, lambda p: p.kept_out), _sum(papers, lambda p: p.kept_out + len(p.present))
        ),
        withheld=rate(sum(one.right for one in private), len(private)),
        false_alarms=rate(sum(one.found == "withheld" for one in open_lines), len(open_lines)),
        contradiction_recall=rate(
            _sum(told, lambda p: p.contradictions_found or 0),
            _sum(told, lambda p: p.contradictions_true or 0),
        ),
        contradiction_precision=rate(
            _sum(told, lambda p: p.contradictions_right or 0),
            _sum(told, lambda p: p.contradictions_told or 0),
        ),
    )


def _by_kind(papers: Sequence[PaperOutcome], *, nowhere: bool) -> dict[FigureKind, Rate]:
    found = Counter(one.kind for paper in papers for one in paper.unsupported if one.nowhere or not nowhere)
    return {kind: rate(found[kind], sum(paper.figures[kind] for paper in papers)) for kind in FIGURE_KINDS}


def _sum(papers: Iterable[PaperOutcome], count: Callable[[PaperOutcome], int]) -> int:
    return sum(map(count, papers))


def _owner_table(
    pairs: Counter[tuple[LabelledOwner, FoundOwner]],
) -> dict[LabelledOwner, dict[FoundOwner, int]]:
    table: dict[LabelledOwner, dict[FoundOwner, int]] = {}
    for (label, found), count in sorted(pairs.items()):
        table.setdefault(label, {})[found] = count
    return table


def _section_table(
    pairs: Counter[tuple[LabelledSection, FoundSection]],
) -> dict[LabelledSection, dict[FoundSection, int]]:
    table: dict[LabelledSection, dict[FoundSection, int]] = {}
    for (label, found), count in sorted(pairs.items()):
        table.setdefault(label, {})[found] = count
    return table


def _groups(rows: Sequence[CaseOutcome]) -> Iterable[Group]:
    names: dict[tuple[Literal["split", "area", "trap"], str], list[CaseOutcome]] = {}
    for row in rows:
        if row.split:
            names.setdefault(("split", row.split), []).append(row)
        if row.area:
            names.setdefault(("area", row.area), []).append(row)
        for trap in dict.fromkeys(row.traps):
            names.setdefault(("trap", trap), []).append(row)
    order = ("split", "area", "trap")
    for (by, name), mine in sorted(names.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        found = scores([row.letter for row in mine])
        yield Group(
            by=by,
            name=name,
            cases=len(mine),
            unsupported=sum(len(row.letter.unsupported) for row in mine),
            present=sum(len(row.letter.present) for row in mine),
            sections=found.sections,
            owners=found.owners,
            ready=rate(sum(row.ready_to_send for row in mine), len(mine)),
        )


def rate(count: int, total: int) -> Rate:
    """A share with Wilson's 95 % score interval (1927)."""
    if not total:
        return Rate.of(count, total)
    share = count / total
    scale = 1 + Z * Z / total
    centre = (share + Z * Z / (2 * total)) / scale
    half = Z / scale * (share * (1 - share) / total + Z * Z / (4 * total * total)) ** 0.5
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == total else min(1.0, centre + half)
    return Rate.of(count, total).model_copy(update={"low": low, "high": high})


def _median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None
