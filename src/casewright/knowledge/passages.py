"""A text cut into passages (sentences, or lines of lists and tables) with exact character spans.

Every character that is not white space lies in exactly one passage, so whatever a document says can be
cited. Rules, not a trained splitter: casework texts are full of references, amounts and abbreviations that
a rule can name and a test can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from casewright.knowledge.words import words

# Longer than any sentence; a text without a full stop is cut here so that no citation is a whole document.
MAX_CHARS = 1000

_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+|\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_MARKED = re.compile(r"\s*(?:[-*•·–▪◦‣]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s|#{1,6}\s|>\s?|\|)")
_LABEL = re.compile(r"\s*[A-Z][^\s:|]{0,30}(?: [^\s:|]{1,30}){0,4}:(?:\s|$)")
_CELLS = re.compile(r"\t|\|| {3,}\S")
# possessive, and not begun within a run: a page of dots must not be read once for each dot
_STOP = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s)")
_WORD_BEFORE = re.compile(r"[^\s(\[\"'“‘]+$")
_NEXT = re.compile(r"\s+[\"'“‘(\[]*(\S)(\S{0,40})")
# A stop after these belongs to the word, whatever follows.
_TITLES = words("mr mrs ms dr prof rev hon st mx sgt cllr messrs fr v vs e.g i.e cf approx tel ext")
# After these it belongs to the word if a figure follows ("No. 5", "s. 21", "Ref. HB/1", "Nov. 2023").
_BEFORE_FIGURES = words(
    "no nos ref refs para paras s ss art arts reg regs p pp ch vol sch fig app acc a/c c ca est jan "
    "feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun"
)
# After these a sentence may end; it did if the next word opens one.
_MAYBE = words("ltd co inc plc llp etc rd ave bros dept a.m p.m am pm jr sr")
_OPENERS = words(
    "the a an he she it they we you i this that these those there his her their our my your its if "
    "when in on at by from for no not please"
)
_FULL_LINE = 60


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]`` is the passage. ``block`` counts paragraphs (separated by an empty line).

    ``line`` is True for a line of a list or a table, a label, a heading: what stands for itself.
    """

    start: int
    end: int
    block: int
    line: bool


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str


def split(text: str) -> tuple[Span, ...]:
    """The passages of a text, in order, without overlap; none is empty or begins or ends with white space."""
    return tuple(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    for block, lines in enumerate(_blocks(text)):
        for run in _runs(lines):
            alone = len(run) == 1 and _stands_alone(run[0].text)
            for start, end in _sentences(text, run[0].start, run[-1].end):
                yield Span(start, end, block, alone)


def _blocks(text: str) -> Iterator[list[_Line]]:
    """The lines of each paragraph, without the white space around them."""
    lines: list[_Line] = []
    for found in _LINE.finditer(text):
        raw = found.group()
        if not raw.strip():
            continue
        start = found.start() + len(raw) - len(raw.lstrip())
        line = _Line(start, start + len(raw.strip()), raw.rstrip())
        if lines and _gap(text, lines[-1].end, start):
            yield lines
            lines = []
        lines.append(line)
    if lines:
        yield lines


def _gap(text: str, end: int, start: int) -> bool:
    """Whether an empty line lies between two lines."""
    between = text[end:start].replace("\r\n", "\n")
    return sum(character in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029" for character in between) > 1


def _runs(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Lines that were only wrapped are one run; a line that stands for itself is a run of its own."""
    run = [lines[0]]
    for line in lines[1:]:
        if _goes_on(run[-1], line):
            run.append(line)
        else:
            yield run
            run = [line]
    yield run


def _goes_on(before: _Line, line: _Line) -> bool:
    if _stands_alone(line.text) or _CELLS.search(before.text.strip()) or before.text.endswith(":"):
        return False
    if line.text.strip()[:1].islower():
        return True
    # a line that ends early was ended on purpose
    return len(before.text) >= _FULL_LINE and not re.search(r"[.!?…][\"'”’)\]]*$", before.text)


def _stands_alone(text: str) -> bool:
    return bool(_MARKED.match(text) or _LABEL.match(text) or _CELLS.search(text.strip()))


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and _ends_sentence(text, begin, stop, end):
            yield from _bounded(text, begin, stop.end())
            begin = _skip_space(text, stop.end())
    if begin < end:
        yield from _bounded(text, begin, end)


def _ends_sentence(text: str, begin: int, stop: re.Match[str], end: int) -> bool:
    follows = _NEXT.match(text, stop.end(), end)
    if follows is None:
        return False
    first, rest = follows.group(1), follows.group(2)
    if stop.group()[0] != "." or stop.group().startswith(".."):
        return not first.islower()
    found = _WORD_BEFORE.search(text, max(begin, stop.start() - 40), stop.start())
    word = found.group().casefold() if found else ""
    bare = word.rstrip(".")
    if found and found.start() == begin and re.fullmatch(r"\d{1,3}|[a-z]|[ivx]{1,5}", word):
        return False  # the marker of a list: "3. He left."
    if bare in _TITLES or (len(bare) == 1 and bare.isalpha() and found and found.group()[0].isupper()):
        return False
    if bare in _BEFORE_FIGURES and any(map(str.isdecimal, first + rest)):
        return False
    if bare in _MAYBE:
        return first.isupper() and (first + rest).casefold() in _OPENERS
    return not first.islower()


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what is longer than ``MAX_CHARS`` between words, or anywhere if there is no space."""
    while end - start > MAX_CHARS:
        cut = next(
            (at for at in range(start + MAX_CHARS, start, -1) if text[at].isspace()), start + MAX_CHARS
        )
        last = cut
        while text[last - 1].isspace():
            last -= 1
        yield start, last
        start = _skip_space(text, cut)
    if start < end:
        yield start, end


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
