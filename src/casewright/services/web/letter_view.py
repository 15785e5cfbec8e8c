"""A letter arranged for its page: sentences, lines, which belong together, and the style that marks them."""

from __future__ import annotations

from dataclasses import dataclass

from casewright.api.notes import Confirmation, ConvertResponse, LeftOut, Section, Sentence
from casewright.services.web.letter_keep import Kept, Meeting, packed

SECTIONS: tuple[tuple[Section, str], ...] = (
    ("matters_discussed", "Matters discussed"),
    ("our_actions", "Our actions"),
    ("your_actions", "Your actions"),
)
# Sentences beyond the last of these are only linked to their lines: a browser looks at every rule.
MARK_SIZES = (40, 120, 300)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the notes as it is shown. ``state``: used, unsure, decide (withheld, a person is to say),
    left (out), missing (nobody accounts for it) or empty (no words). ``said_in``: the numbers of its
    sentences.
    """

    number: int
    text: str
    state: str
    reason: str
    said_in: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and its number on the page."""

    number: int
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Letter:
    """The answer, arranged for the page. ``kept`` is what its forms carry."""

    answer: ConvertResponse
    confirmation: Confirmation | None
    lines: list[Line]
    sections: list[tuple[str, list[Said]]]
    decide: list[LeftOut]
    words: dict[int, str]
    marks: int
    kept: str

    @property
    def verdict(self) -> str:
        """confirmed, ready or open."""
        return "confirmed" if self.confirmation else "ready" if self.answer.ready_to_send else "open"


def arrange(meeting: Meeting, answer: ConvertResponse, confirmation: Confirmation | None = None) -> Letter:
    """The notes' lines with what became of each, and the sentences by section."""
    sections: list[tuple[str, list[Said]]] = []
    said_in: dict[int, tuple[int, ...]] = {}
    count = 0
    for name, title in SECTIONS:
        here: list[Said] = []
        for sentence in answer.sentences:
            if sentence.section != name:
                continue
            count += 1
            here.append(Said(count, sentence))
            for line in sentence.lines:
                said_in[line] = (*said_in.get(line, ()), count)
        sections.append((title, here))
    lines = _lines(meeting.notes, answer, said_in)
    return Letter(
        answer,
        confirmation,
        lines,
        sections,
        [one for one in answer.left_out if one.to_decide],
        {line.number: line.text for line in lines},
        next((size for size in MARK_SIZES if count <= size), MARK_SIZES[-1]),
        packed(Kept(meeting=meeting, answer=answer, confirmation=confirmation)),
    )


def _lines(notes: str, answer: ConvertResponse, said_in: dict[int, tuple[int, ...]]) -> list[Line]:
    left = {one.line: one for one in answer.left_out}
    unsure = set(answer.unsure_lines)
    lines = [
        Line(
            number,
            text,
            _state(text, left.get(number), unsure=number in unsure, used=number in said_in),
            left[number].reason if number in left else "",
            said_in.get(number, ()),
        )
        for number, text in enumerate(notes.split("\n"), 1)
    ]
    while lines and not lines[-1].text.strip():
        lines.pop()
    return lines


def _state(text: str, left: LeftOut | None, *, unsure: bool, used: bool) -> str:
    if not text.strip():
        return "empty"
    if left is not None:
        return "decide" if left.to_decide else "left"
    if unsure:
        return "unsure"
    return "used" if used else "missing"


def marking(count: int) -> str:
    """A style sheet that marks the lines of the sentence that is pointed at or chosen, and back.

    Sentences have the class ``sN``, the lines of sentence N ``lN``.
    """
    rules = []
    for number in range(1, count + 1):
        sentence, line = f".s{number}", f".l{number}"
        rules.append(
            f".beside:has({sentence}:is(:hover,:focus-within,:target)) {line},"
            f".beside:has({line}:is(:hover,:target)) {sentence}"
            "{background:var(--mark)}"
        )
    return "\n".join(rules) + "\n"
