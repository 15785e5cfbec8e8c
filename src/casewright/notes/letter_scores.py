"""What a letter, or a model's raw draft, is worth beside its notes and key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casewright.api.notes import ConvertResponse
from casewright.api.notes_evaluation import (
    FIGURE_KINDS,
    DraftedLine,
    FigureKind,
    FoundOwner,
    FoundSection,
    LabelledOwner,
    LabelledSection,
    NotesCase,
    OwnerVerdict,
    PaperOutcome,
    SectionVerdict,
    Unsupported,
)
from casewright.notes.evaluate_draft import RawDraft
from casewright.notes.evaluate_figures import Mark, Source, marks, outside

_ENDS = re.compile(r"\r\n|\r|\n")
_SPACES = re.compile(r"\s+")
# What a letter itself says by figures: the days of the meeting and of the letter are the request's.
_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "\u00a0": " "})
_ACTIONS = frozenset({"our_actions", "your_actions"})


@dataclass(frozen=True, slots=True)
class Paper:
    """A letter or a draft as the scorer takes it: what is said, on which lines, and who acts in them.

    ``left_out`` are lines that it says it leaves out; ``told`` are the contradictions it tells of, None
    where it cannot tell of any. Without ``placed`` nothing in it says what it rests on.
    """

    text: str
    said: tuple[DraftedLine, ...]
    owners: tuple[tuple[FoundOwner, tuple[int, ...]], ...]
    left_out: frozenset[int]
    told: tuple[frozenset[int], ...] | None
    placed: bool = True


def paper_of(letter: ConvertResponse) -> Paper:
    """The letter that a client gets."""
    return Paper(
        text=letter.full_text,
        said=tuple(
            DraftedLine(text=one.text, section=one.section, lines=one.lines) for one in letter.sentences
        ),
        owners=tuple((fact.owner, fact.lines) for fact in letter.facts),
        left_out=frozenset(line.line for line in letter.left_out),
        told=tuple(frozenset(one.lines) for one in letter.contradictions),
    )


def paper_of_draft(draft: RawDraft) -> Paper:
    """What a model drafted, as if it were sent as it is."""
    return Paper(
        text="\n".join(one.text for one in draft.said),
        said=draft.said,
        owners=tuple((one.owner, one.lines) for one in draft.facts if one.owner is not None),
        left_out=frozenset(),
        told=None,
        placed=any(one.lines for one in (*draft.said, *draft.facts)),
    )


def lines_of(notes: str) -> dict[int, str]:
    """The lines with a letter or digit on them, by number; read apart from the service's own reading."""
    return {
        number: text
        for number, text in enumerate(_ENDS.split(notes), 1)
        if any(char.isalnum() for char in text)
    }


def scored(case: NotesCase, paper: Paper) -> PaperOutcome:
    """Hold a paper against its notes and its key."""
    lines = lines_of(case.notes)
    figures, unsupported = _figures(case, paper, lines)
    used = {number for said in paper.said for number in said.lines}
    missing = tuple(words for words in case.must_include if not includes(paper.text, words))
    present = tuple(words for words in case.must_not_include if contains(paper.text, words))
    outcome = PaperOutcome(
        sentences=len(paper.said),
        quoted=sum("“" in said.text for said in paper.said),
        figures=figures,
        unsupported=unsupported,
        lines=len(lines) if paper.placed else 0,
        uncovered=tuple(sorted(set(lines) - used - paper.left_out)) if paper.placed else (),
        sections=tuple(_section(case.labels, paper)) if paper.placed else (),
        owners=tuple(_owners(case, paper)) if paper.placed else (),
        included=len(case.must_include) - len(missing),
        missing=missing,
        kept_out=len(case.must_not_include) - len(present),
        present=present,
    )
    return outcome.model_copy(update=_contradictions(case, paper))


def contains(text: str, words: str) -> bool:
    """Whether a text has these words whole: ``£45`` is not in ``£45.50``, nor ``54`` in ``540``."""
    wanted = re.escape(_flat(words))
    before = r"(?<![\w])" if words.strip()[:1].isalnum() else r"(?<![\w.,]£)(?<!\d)"
    after = r"(?!\w)(?![.,]\d)" if words.strip()[-1:].isalnum() else ""
    return re.search(before + wanted + after, _flat(text)) is not None


def includes(text: str, words: str) -> bool:
    """Whether a text has these words, or says their figures in another form: ``2/5`` as ``2 May``."""
    if contains(text, words):
        return True
    figures = [mark for mark in marks(words) if mark.kind != "name"]
    if not figures or any(mark.kind == "name" and not contains(text, mark.shown) for mark in marks(words)):
        return False
    source = Source([text], (), None)
    return all(map(source.holds, figures))


def _flat(text: str) -> str:
    return _SPACES.sub(" ", text.translate(_ALIKE)).strip().casefold()


def _figures(
    case: NotesCase, paper: Paper, lines: Mapping[int, str]
) -> tuple[dict[FigureKind, int], tuple[Unsupported, ...]]:
    """Every figure and name of every sentence beside the lines it cites, and of the words around them."""
    names = [case.client_name, case.adviser or ""]
    everywhere = Source(lines.values(), names, case.meeting_date)
    counts = dict.fromkeys(FIGURE_KINDS, 0)
    wrong: list[Unsupported] = []
    for said in paper.said:
        cited = [lines[number] for number in said.lines if number in lines]
        source = Source(cited, names, case.meeting_date) if said.lines else everywhere
        found = marks(said.text)
        _count(counts, found)
        wrong += _lacking(found, source, everywhere, said.text, said.lines)
    around = outside(paper.text, [said.text for said in paper.said])
    day = f"{case.meeting_date.day} {case.meeting_date:%B %Y}" if case.meeting_date else ""
    source = Source([case.client_name, case.adviser or "", day], names, case.meeting_date)
    # the letter's own words are fixed, and only figures in them can be anybody's
    found = tuple(mark for mark in marks(around) if mark.kind != "name")
    _count(counts, found)
    return counts, (*wrong, *_lacking(found, source, everywhere, "", ()))


def _count(counts: dict[FigureKind, int], found: Iterable[Mark]) -> None:
    for mark in found:
        counts[mark.kind] += 1


def _lacking(
    found: Iterable[Mark], source: Source, everywhere: Source, sentence: str, lines: tuple[int, ...]
) -> list[Unsupported]:
    return [
        Unsupported(
            kind=mark.kind,
            what=mark.shown,
            sentence=sentence,
            lines=lines,
            nowhere=not everywhere.holds(mark),
        )
        for mark in found
        if not source.holds(mark)
    ]


def _section(labels: Mapping[int, LabelledSection], paper: Paper) -> Iterable[SectionVerdict]:
    """A line with two sentences may also stand among the matters, but in no other list of actions."""
    for line, label in sorted(labels.items()):
        found: list[FoundSection] = [
            said.section for said in paper.said if said.section is not None and line in said.lines
        ]
        others = set(found) - {label}
        right = not found if label == "withheld" else label in found and not others & _ACTIONS
        shown: FoundSection = found[0] if found else "withheld" if line in paper.left_out else "none"
        if right:
            shown = label
        elif label in found:
            shown = next(one for one in found if one != label)
        yield SectionVerdict(line=line, label=label, found=shown, right=right)


def _owners(case: NotesCase, paper: Paper) -> Iterable[OwnerVerdict]:
    """The owner by the facts of a line; another party may act in it as well, the opposite may not."""
    opposite: dict[LabelledOwner, frozenset[FoundOwner]] = {
        "client": frozenset({"adviser"}),
        "adviser": frozenset({"client"}),
        "third_party": frozenset({"client", "adviser"}),
    }
    for line, label in sorted(case.owners.items()):
        if case.labels.get(line) == "withheld":
            continue
        found: list[FoundOwner] = [owner for owner, lines in paper.owners if line in lines]
        against = [owner for owner in found if owner in opposite[label]]
        right = label in found and not against
        shown: FoundOwner = label if right else (against or found or ["none"])[0]
        yield OwnerVerdict(line=line, label=label, found=shown, right=right)


def _contradictions(case: NotesCase, paper: Paper) -> dict[str, int]:
    """One that is told is right if it has two lines of a true one."""
    if case.contradictions is None or paper.told is None:
        return {}
    true = [frozenset(group) for group in case.contradictions]
    return {
        "contradictions_true": len(true),
        "contradictions_found": sum(any(_same(group, told) for told in paper.told) for group in true),
        "contradictions_told": len(paper.told),
        "contradictions_right": sum(any(_same(group, told) for group in true) for told in paper.told),
    }


def _same(group: frozenset[int], told: frozenset[int]) -> bool:
    """A group of one line clashes within that line."""
    return len(group & told) >= min(2, len(group))
