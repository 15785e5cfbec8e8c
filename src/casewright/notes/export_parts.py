"""What a letter's file holds, whatever its format: the letter, where its sentences come from, and what is for
the file alone.

The letter's words are those of ``full_text``, all of them and in their order; nothing is worded anew here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from casewright.api.notes import Confirmation, ConvertResponse, Mode, Section
from casewright.notes.read import flatten

Standing = Literal["draft", "ready", "confirmed"]
BlockKind = Literal["paragraph", "heading", "bullet"]

DRAFT = "DRAFT – not confirmed"
SOURCES = "Where each sentence comes from"
SOURCES_SAID = (
    "Every sentence of the letter, and the lines of the meeting's notes that it rests on, word for word."
)
FILE = "For the file, not for the client"
COLUMNS = ("Sentence", "Line", "What the notes say")
SECTION_NAMES: dict[Section, str] = {
    "matters_discussed": "matters discussed",
    "our_actions": "our actions",
    "your_actions": "your actions",
}
MODES: dict[Mode, str] = {
    "drafted": "drafted by a model and checked by code",
    "mixed": "partly drafted by a model and checked by code, partly made of the lines by code",
    "extractive": "made of the notes' lines by code",
}
_ENDS = re.compile(r"\r\n|\r|\n")
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of the letter, a section's heading or one of its points."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence with its lines; ``lines`` are (number or numbers, words). None: the words are not known."""

    sentence: str
    lines: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One matter of the file page: ``points`` are (a mark before it, its words)."""

    title: str
    points: tuple[tuple[str, str], ...]
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Papers:
    """Everything that is set, in its order. ``sign_off`` and ``signers`` stand below the space for a hand."""

    standing: Standing
    day: str
    addressee: str
    subject: str
    blocks: tuple[Block, ...]
    sign_off: str
    signers: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]

    @property
    def title(self) -> str:
        """The document's name."""
        return f"Letter to {self.addressee}"

    def with_notices(self, notices: tuple[str, ...]) -> Papers:
        """The same, and on the file page what is to be known of this file."""
        if not notices:
            return self
        about = Group("About this file", tuple(("", words) for words in notices))
        return replace(self, groups=(*self.groups, about))

    def texts(self) -> Iterator[str]:
        """Every text that is set."""
        yield from (self.day, self.addressee, self.subject, self.sign_off, *self.signers)
        yield from (block.text for block in self.blocks)
        for row in self.rows:
            yield row.sentence
            yield from (words or "" for _, words in row.lines)
        for group in self.groups:
            yield from (group.title, group.nothing)
            yield from (text for point in group.points for text in point)


def papers(
    letter: ConvertResponse, notes: str | None, confirmation: Confirmation | None, on: date | None = None
) -> Papers:
    """Arrange a letter for a file. ``on`` is the letter's date; None: today, as this machine has it.

    A confirmation of another letter is none of this one.
    """
    valid = confirmation if confirmation is not None and confirmation.seal == letter.seal else None
    blocks, sign_off, signers = _blocks(letter)
    words = _words(letter, notes)
    met = letter.meeting_date
    return Papers(
        standing="confirmed" if valid else "ready" if letter.ready_to_send else "draft",
        day=day_of(on or date.today()),
        addressee=shown(letter.client_name) or "Client",
        subject=f"Our notes of {day_of(met)}" if met else "Our notes",
        blocks=blocks,
        sign_off=sign_off,
        signers=signers,
        rows=tuple(_rows(letter, None if notes is None else words)),
        groups=tuple(_groups(letter, words, valid)),
    )


def shown(text: str) -> str:
    """A text on one line as it can be set: composed, without controls and what reorders its neighbours."""
    return _NO_CHARACTERS.sub("\ufffd", unicodedata.normalize("NFC", flatten(text)))


def day_of(when: date) -> str:
    """A date as letters have it."""
    return f"{when.day} {when:%B} {when.year}"


def _blocks(letter: ConvertResponse) -> tuple[tuple[Block, ...], str, tuple[str, ...]]:
    """The letter's paragraphs, its closing words, and who signs below them."""
    found: list[Block] = []
    for paragraph in letter.full_text.split("\n\n"):
        lines = [line for line in paragraph.split("\n") if line.strip()]
        for place, line in enumerate(lines):
            if line.startswith("- "):
                found.append(Block("bullet", shown(line[2:])))
            else:
                kind: BlockKind = "heading" if place == 0 and len(lines) > 1 else "paragraph"
                found.append(Block(kind, shown(line)))
    adviser = shown(letter.adviser or "")
    if adviser and found and found[-1] == Block("paragraph", adviser):
        found.pop()
    closing = found.pop().text if found and _closes(found[-1]) else ""
    return tuple(found), closing, (adviser,) if adviser else ()


def _closes(last: Block) -> bool:
    """Whether it is the last words above a name: no sentence, and no salutation either."""
    return last.kind == "paragraph" and not last.text.endswith((".", "!", "?", ","))


def _words(letter: ConvertResponse, notes: str | None) -> dict[int, str]:
    """The words of each line: of the notes, else of what the answer itself says of them."""
    if notes is not None:
        return {number: shown(text) for number, text in enumerate(_ENDS.split(notes), 1)}
    found: dict[int, str] = {}
    for fact in letter.facts:
        for number in fact.lines:
            found[number] = f"{found[number]} {shown(fact.text)}" if number in found else shown(fact.text)
    return found | {one.line: shown(one.text) for one in letter.left_out}


def _rows(letter: ConvertResponse, words: dict[int, str] | None) -> Iterator[Row]:
    facts = {fact.id: fact for fact in letter.facts}
    order = list(SECTION_NAMES)
    for sentence in sorted(letter.sentences, key=lambda one: order.index(one.section)):
        if words is not None:
            lines: list[tuple[str, str | None]] = [(str(n), words.get(n)) for n in sentence.lines]
        else:
            cited = [facts[name] for name in sentence.facts if name in facts]
            lines = [(numbers(fact.lines), shown(fact.text)) for fact in cited]
            told = {number for fact in cited for number in fact.lines}
            lines += [(str(number), None) for number in sentence.lines if number not in told]
        yield Row(shown(sentence.text), tuple(lines))


def numbers(lines: tuple[int, ...]) -> str:
    """``3``, ``3, 4``; more than three that follow each other as ``3–7``."""
    if len(lines) > 3 and list(lines) == list(range(lines[0], lines[-1] + 1)):
        return f"{lines[0]}–{lines[-1]}"
    return ", ".join(map(str, lines))


def _groups(letter: ConvertResponse, words: dict[int, str], valid: Confirmation | None) -> Iterator[Group]:
    yield _standing(letter, valid)
    decide = [one for one in letter.left_out if one.to_decide]
    left = [one for one in letter.left_out if not one.to_decide]
    if decide:
        yield Group(
            "Withheld: for you to decide",
            tuple((f"Line {one.line}", f"{shown(one.text)} ({shown(one.reason)})") for one in decide),
        )
    yield Group(
        "Contradictions in the notes",
        tuple(
            (
                f"Lines {numbers(one.lines)}" if len(one.lines) > 1 else f"Line {numbers(one.lines)}",
                f"{shown(one.what)}: {', '.join(map(shown, one.values))}",
            )
            for one in letter.contradictions
        ),
        "None was found.",
    )
    yield Group(
        "Lines whose meaning is not beyond doubt",
        tuple((f"Line {number}", _unsure(letter, number, words)) for number in letter.unsure_lines),
        "None.",
    )
    yield Group(
        "Lines left out",
        tuple((f"Line {one.line}", f"{shown(one.text)} ({shown(one.reason)})") for one in left),
        "None.",
    )
    yield Group("Checks", tuple(_checks(letter)), "None was made.")
    if letter.rejected:
        yield Group(
            "Sentences of the model that were not taken",
            tuple(
                ("", f"{shown(one.text)} ({'; '.join(map(shown, one.reasons))})") for one in letter.rejected
            ),
        )


def _standing(letter: ConvertResponse, valid: Confirmation | None) -> Group:
    """Whether it may leave, by whose word, and what it is made of."""
    points = []
    if valid is not None:
        points.append(("Confirmed", f"by {shown(valid.confirmed_by)} at {shown(valid.confirmed_at)}"))
        if valid.note:
            points.append(("Note", shown(valid.note)))
    elif letter.ready_to_send:
        points.append(("Ready", "every check passed, and no person's word is needed"))
    else:
        points.append(("Not ready", "nobody has confirmed this letter yet"))
    points += [
        ("Made how", MODES[letter.mode]),
        ("Lines", f"{letter.lines_used} of {letter.lines_total} with words are in the letter"),
        ("Seal", shown(letter.seal)),
    ]
    return Group("This letter", tuple(points))


def _unsure(letter: ConvertResponse, number: int, words: dict[int, str]) -> str:
    taken = {SECTION_NAMES[one.section] for one in letter.sentences if number in one.lines}
    where = f" (in the letter under {' and '.join(sorted(taken))})" if taken else ""
    return f"{words.get(number, '')}{where}"


def _checks(letter: ConvertResponse) -> Iterator[tuple[str, str]]:
    for check in letter.checks:
        said = "; ".join(filter(None, [shown(check.detail), ", ".join(map(shown, check.where))]))
        name = shown(check.name).replace("_", " ")
        yield "passed" if check.passed else "FAILED", f"{name}{f': {said}' if said else ''}"
