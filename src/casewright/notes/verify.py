"""The checks of a finished letter: it is read again, beside the notes, and nothing is remembered.

What made the letter is not asked how it came about. The text is taken apart into its headings and items, each
sentence is laid beside the lines it names, and each line of the notes must be somewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from casewright.api.notes import Check, Contradiction, Fact, LeftOut, Section, Sentence
from casewright.notes import words as w
from casewright.notes.check import all_figures, bare_words, without_day
from casewright.notes.letter import HEADINGS, QUOTE, under
from casewright.notes.owner import plain_words
from casewright.notes.read import Entry, Line, flatten, stands_in, turned
from casewright.notes.read_headings import label
from casewright.notes.read_once import Reading, read_once
from casewright.notes.read_under import in_doubt, unknown_heading
from casewright.notes.reading_age import reading_age, word_count
from casewright.notes.recognise import amounts, dates, negations, references
from casewright.notes.shapes import Context, FaultKind, Grounds, SourceLine

MOST_NAMED = 20
# Below so many words the index says more about one long word than about the sentence.
_LONG_ENOUGH = 12
_PERSONS = frozenset({"<you>", "<your>", "<we>", "<our>"})
_LETTERS_OWN = frozenset(w.LEXICON) | _PERSONS
_OWNERS: dict[Section, str] = {"our_actions": "adviser", "your_actions": "client"}
_CHECK_OF: dict[FaultKind, str] = {
    "amount": "amounts",
    "number": "amounts",
    "pairing": "amounts",
    "date": "dates",
    "reference": "references",
    "negation": "negations",
    "modality": "negations",
    "condition": "negations",
    "name": "names",
    "word": "names",
    "form": "names",
    "owner": "owners",
    "section": "sections",
    "source": "sources",
}
_PLAIN_REASONS = ("a heading", "nothing to read on it")
NAMES = (
    "every_line_accounted",
    "amounts",
    "dates",
    "references",
    "names",
    "negations",
    "owners",
    "sections",
    "sources",
    "private_lines_withheld",
    "no_contradictions",
    "no_unsure_lines",
    "reading_age",
    "client_name_safe",
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A letter and its notes, as they are to be read again; ``reading`` is taken if it is of these notes."""

    notes: str
    full_text: str
    sections: Mapping[Section, tuple[str, ...]]
    sentences: tuple[Sentence, ...]
    facts: tuple[Fact, ...]
    left_out: tuple[LeftOut, ...]
    contradictions: tuple[Contradiction, ...]
    unsure_lines: tuple[int, ...]
    client_name: str
    adviser: str | None = None
    meeting: date | None = None
    reading_age: int | None = None
    reading: Reading | None = None


@dataclass(slots=True)
class _Found:
    """What fails, by check; what each sentence is laid beside; and how many sentences tell a fact."""

    facts: Mapping[str, Fact]
    told: Mapping[str, int]
    grounds: Grounds
    where: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def fail(self, name: str, place: str) -> None:
        if place not in self.where[name]:
            self.where[name].append(place)


def verify(letter: Finished, grounds: Grounds) -> tuple[Check, ...]:
    """Every check by name, in a fixed order; ``grounds`` judges the model's sentences once more."""
    told = Counter(name for said in letter.sentences for name in set(said.facts))
    found = _Found({fact.id: fact for fact in letter.facts}, told, grounds)
    reading = read_once(letter.notes, letter.client_name, letter.reading)
    lines = {line.number: line for entry in reading.entries for line in entry.lines}
    _accounted(found, letter, lines)
    _in_the_text(found, letter)
    for fact in letter.facts:
        _fact(found, fact, lines)
    for number, sentence in enumerate(letter.sentences, 1):
        _sentence(found, letter, f"sentence {number}", sentence, lines)
    _headings_kept(found, letter, reading.entries)
    _nothing_lost(found, letter)
    _with_its_heading(found, reading.entries, reading.withheld)
    _withheld(found, letter, reading.withheld)
    for clash in letter.contradictions:
        where = f"line{'s' if len(clash.lines) > 1 else ''} {', '.join(map(str, clash.lines))}"
        found.fail("no_contradictions", f"{where}: {clash.what}")
    for line in letter.unsure_lines:
        found.fail("no_unsure_lines", f"line {line}")
    age = _age(found, letter)
    if flatten(letter.client_name) != letter.client_name.strip() or not _plain_name(letter.client_name):
        found.fail("client_name_safe", "the client's name")
    return tuple(_check(name, found.where[name], age if name == "reading_age" else "") for name in NAMES)


def _check(name: str, where: Sequence[str], detail: str) -> Check:
    more = len(where) - MOST_NAMED
    named = (*where[:MOST_NAMED], f"and {more} more") if more > 0 else tuple(where)
    return Check(name=name, passed=not where, where=named, detail=detail)


def _accounted(found: _Found, letter: Finished, lines: Mapping[int, Line]) -> None:
    used = {number for sentence in letter.sentences for number in sentence.lines}
    left = {out.line for out in letter.left_out if out.reason.strip()}
    for number in sorted((set(lines) - used - left) | (used & left)):
        found.fail("every_line_accounted", f"line {number}")
    for number in sorted((used | left) - set(lines)):
        found.fail("sources", f"line {number} is not in the notes")


def _in_the_text(found: _Found, letter: Finished) -> None:
    """Under each heading stand exactly the sentences of its section, in order."""
    written = _taken_apart(letter.full_text)
    for section in HEADINGS:
        told = [sentence.text for sentence in letter.sentences if sentence.section == section]
        if written.get(section) != told or list(letter.sections[section]) != told:
            found.fail("sections", section)


def _taken_apart(text: str) -> dict[Section, list[str]]:
    """The items under each heading of the letter's text."""
    names = {heading: section for section, heading in HEADINGS.items()}
    written: dict[Section, list[str]] = {}
    current: Section | None = None
    for line in text.split("\n"):
        if line in names and names[line] not in written:
            current = names[line]
            written[current] = []
        elif not line:
            current = None
        elif current is not None and line.startswith("- "):
            written[current].append(line[2:])
    return written


def _fact(found: _Found, fact: Fact, lines: Mapping[int, Line]) -> None:
    """A fact says what its lines say, word for word."""
    source = " ".join(lines[number].text for number in fact.lines if number in lines)
    if not fact.lines or not stands_in(fact.text, source):
        found.fail("sources", f"fact {fact.id}")
    if _OWNERS.get(fact.section, fact.owner) != fact.owner:
        found.fail("owners", f"fact {fact.id}")


def _sentence(found: _Found, letter: Finished, place: str, said: Sentence, lines: Mapping[int, Line]) -> None:
    own = [found.facts[name] for name in said.facts if name in found.facts]
    if not said.lines or len(own) != len(said.facts) or not own:
        found.fail("sources", place)
        return
    if {number for fact in own for number in fact.lines} != set(said.lines):
        found.fail("sources", place)
    if any(fact.section != said.section for fact in own):
        found.fail("sections", place)
    if len({fact.owner for fact in own}) > 1:
        found.fail("owners", place)
    if said.written_by == "model":
        covers = all(found.told[name] == 1 for name in said.facts)
        context = Context(
            client_name=letter.client_name,
            section=said.section,
            owner=own[0].owner,
            sure=all(fact.sure for fact in own),
            adviser=letter.adviser,
            meeting=letter.meeting,
            covers=covers,
        )
        for fault in found.grounds(
            said.text, [SourceLine(fact.lines[0], fact.text) for fact in own], context
        ):
            found.fail(_CHECK_OF[fault.kind], f"{place}: {fault.what}")
        return
    source = " ".join(fact.text for fact in own)
    if not _by_its_heading(said, source, lines):
        _by_code(found, letter, place, said, source)


def _by_code(found: _Found, letter: Finished, place: str, said: Sentence, source: str) -> None:
    """A sentence of the templates has the words of its lines and the letter's own few, and no other."""
    if said.text == QUOTE.format(source):
        return
    text = without_day(said.text, letter.meeting)
    if sorted(all_figures(text)) != sorted(all_figures(source)):
        wrong = [name for name, kind in _KINDS.items() if Counter(kind(text)) != Counter(kind(source))]
        for name in wrong or ["amounts"]:
            found.fail(name, place)
    if negations(plain_words(text)) != negations(plain_words(source)):
        found.fail("negations", place)
    said_words, known = bare_words(text), bare_words(source)
    if unknown := set(said_words) - set(known) - _LETTERS_OWN:
        found.fail("names", f"{place}: {min(unknown, key=said_words.index)}")
    if said_words == known and _PERSONS.isdisjoint(said_words):
        return  # the line in its own words, which names nobody: its place alone says who acts
    if said.section == "our_actions" and not text.startswith("We "):
        found.fail("owners", place)
    if said.section == "your_actions" and not text.startswith("You "):
        found.fail("owners", place)


_KINDS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "amounts": amounts,
    "dates": dates,
    "references": references,
}


def _headings_kept(found: _Found, letter: Finished, entries: Sequence[Entry]) -> None:
    """What a heading turns ("Cl not to:") is no action, and no sentence says it without the heading."""
    turns = {line.number: entry for entry in entries if turned(entry) for line in entry.lines}
    for number, said in enumerate(letter.sentences, 1):
        for entry in {id(turns[line]): turns[line] for line in said.lines if line in turns}.values():
            if entry.heads and set(said.lines) - {line.number for line in entry.lines}:
                continue  # it is cited as the heading of another line, which is looked at itself
            heads = [label(head.text) for head in entry.under]
            cited = {head.number for head in entry.under} <= set(said.lines)
            if not cited or any(head not in said.text for head in heads):
                found.fail("negations", f"sentence {number}: its heading is lost")
            if said.section != "matters_discussed":
                found.fail("sections", f"sentence {number}: its heading makes it no action")
    _unknown_headings(found, letter, entries)


def _unknown_headings(found: _Found, letter: Finished, entries: Sequence[Entry]) -> None:
    """What stands below a heading of no known kind is no sure action."""
    below = {line.number: one for one in entries for line in one.lines}
    for number, said in enumerate(letter.sentences, 1):
        facts = [found.facts[name] for name in said.facts if name in found.facts]
        for fact in facts:
            entry = below.get(fact.lines[-1]) if fact.lines and fact.sure else None
            if entry is not None and unknown_heading(entry, fact.text, said.section):
                found.fail("sections", f"sentence {number}: what its heading does to it is not known")


def _with_its_heading(found: _Found, entries: Sequence[Entry], withheld: Mapping[int, str]) -> None:
    """What is withheld only because the classifier withholds the heading over it is told of."""
    for entry in entries:
        if entry.under and in_doubt(entry, withheld):
            number = entry.lines[0].number
            found.fail("no_unsure_lines", f"line {number}: withheld only for the heading over it")


def _by_its_heading(said: Sentence, source: str, lines: Mapping[int, Line]) -> bool:
    """Whether a sentence is its fact word for word, the first of its lines as the headings before it."""
    texts = [lines[number].text for number in said.lines if number in lines]
    heads = [" ".join(texts[:cut]) for cut in range(1, len(texts))]
    return any(
        source.startswith(f"{head} ") and said.text == under(head, source.removeprefix(head).strip())
        for head in heads
    )


def _nothing_lost(found: _Found, letter: Finished) -> None:
    """Every fact is in a sentence, which was held against all the facts that it names."""
    named = {name for sentence in letter.sentences for name in sentence.facts}
    for fact in letter.facts:
        if fact.id not in named:
            found.fail("every_line_accounted", f"fact {fact.id}")


def _withheld(found: _Found, letter: Finished, private: Mapping[int, str]) -> None:
    """Nothing that is marked as private is named by a sentence or stands in the text."""
    for number in sorted(
        {number for sentence in letter.sentences for number in sentence.lines} & set(private)
    ):
        found.fail("private_lines_withheld", f"line {number}")
    kept_back = [out for out in letter.left_out if not out.reason.startswith(_PLAIN_REASONS)]
    body = "\n".join(_body(letter.sections.values()))
    for out in kept_back:
        if word_count(out.text) > 2 and flatten(out.text) in body:
            found.fail("private_lines_withheld", f"line {out.line}")


def _body(sections: Iterable[Sequence[str]]) -> list[str]:
    return [text for texts in sections for text in texts]


def _age(found: _Found, letter: Finished) -> str:
    texts = [sentence.text for sentence in letter.sentences]
    age = reading_age(texts)
    if letter.reading_age is None or age is None:
        return (
            "" if age is None else f"{age:.0f} years by the Automated Readability Index; none was asked for"
        )
    asked = letter.reading_age
    for number, text in enumerate(texts, 1):
        own = reading_age([text])
        if word_count(text) >= _LONG_ENOUGH and own is not None and own > asked:
            found.fail("reading_age", f"sentence {number}")
    if age > asked:
        found.fail("reading_age", "the letter as a whole")
    return f"{age:.0f} years by the Automated Readability Index; {asked} was asked for"


def _plain_name(name: str) -> bool:
    """Whether a name has nothing but letters, marks, digits, spaces and the signs that names have."""
    plain = "".join(char for char in name if char not in " '’.,-‐‑()&/")
    return bool(plain) and all(char.isalnum() or char.isidentifier() or _mark(char) for char in plain)


def _mark(char: str) -> bool:
    return f"a{char}".isidentifier()  # a combining mark may go on a name, but not begin one
