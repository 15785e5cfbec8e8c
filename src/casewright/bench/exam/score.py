"""Whether an answer is right, by code alone, with the reason: one scorer a skill.

Strict about values, names and added facts; lenient about wording and notation. A scorer never reads meaning
into a sentence: what it cannot see is listed in docs/qualification.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from casewright.bench.exam.figures import Clock, Date, Figures, plain, pounds, read_figures, straighten
from casewright.bench.exam.items import (
    Expect,
    FivePassages,
    Item,
    JsonItem,
    Quote,
    Rewrite,
    SinglePassage,
    Unanswerable,
    WhoDoesWhat,
)
from casewright.bench.exam.score_json import score_json
from casewright.bench.exam.score_rewrite import score_rewrite
from casewright.bench.exam.words import contains, quote_fault

_SAYING = (
    "say|state|mention|specify|give|tell|contain|provide|include|indicate|name|show|record|identify|reveal|"
    "disclose|explain|answer"
)
_SAID = (
    "stated|mentioned|specified|given|provided|included|said|named|indicated|shown|recorded|known|available|"
    "identified|disclosed|clear|found"
)
_SOURCE = "document|text|passage|letter|note|file|information"
_REFUSAL = re.compile(
    rf"\bnot in the (?:{_SOURCE})s?\b"
    rf"|\b(?:{_SOURCE})s?\b[^.!?]*\b(?:does|do|did)(?: not|n't) (?:explicitly |directly )?(?:{_SAYING})\b"
    r"|\bit (?:does|did)(?: not|n't) (?:explicitly |directly )?(?:say|state|mention|specify|tell)\b"
    rf"|\b(?:is|are|was|were)(?: not|n't) (?:explicitly |directly )?(?:{_SAID})\b"
    r"|\bthere (?:is|was) no (?:information|mention|record|indication)\b"
    r"|\bno [\w' ]{1,40}(?:is|are|was) (?:given|stated|mentioned|named|provided)\b"
    r"|\b(?:cannot|can't|can not|could not) (?:be determined|be found|tell|answer|say|determine)\b"
    r"|\bnot (?:stated|mentioned|specified|provided)\b|\bi (?:do not|don't) know\b",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"\bonly (?:mention|give|say|state|refer|show|list|tell|contain|name)s?\b[^.!?]*(?:\.\d+[^.!?]*)*",
    re.IGNORECASE,
)
_TIME_UNITS = ("hour", "day", "week", "month", "year")
# "£835, not the rent of £725": what is set aside by a contrast is no second answer.
_CONTRAST = re.compile(
    r"(?:,\s*not|,?\s+(?:and|but) not|,?\s+(?:rather than|instead of))\b[^,;.]*(?:[.,]\d+[^,;.]*)*",
    re.IGNORECASE,
)
_DENIED = r"\b(?:not|isn't|wasn't|never)\s+(?:on |at |by |the |a |with |mr |mrs |ms |miss )*"


@dataclass(frozen=True, slots=True)
class Score:
    """The judgement of one answer."""

    correct: bool
    reason: str


def refuses(answer: str) -> bool:
    """Whether the answer says that the text does not say."""
    return bool(_REFUSAL.search(straighten(answer)))


def score(item: Item, answer: str) -> Score:
    """Judge an answer to an item."""
    if not answer.strip():
        return Score(False, "no answer")
    fault, praise = _judge(item, answer)
    return Score(fault is None, fault or praise)


def _judge(item: Item, answer: str) -> tuple[str | None, str]:
    match item:
        case SinglePassage():
            return _answer_fault(item.expect, item.question, item.passage, answer), "the right answer"
        case FivePassages():
            text = " ".join(item.passages)
            return _answer_fault(item.expect, item.question, text, answer), "the right answer"
        case Unanswerable():
            return _refusal_fault(item, answer), "says that the document does not say"
        case Quote():
            fault = quote_fault(answer, item.sentence, item.passage, item.key)
            return fault, "the sentence, word for word"
        case JsonItem():
            return score_json(item, answer), "valid, and every field is true"
        case Rewrite():
            return score_rewrite(item, answer), "every fact kept, none added"
        case WhoDoesWhat():
            return _label_fault(item, answer), "the right label"


def _answer_fault(expect: Expect, question: str, text: str, answer: str) -> str | None:
    """Why an answer to an answerable question is wrong; None if it is right."""
    if refuses(answer):
        return "says that the document does not say, and it does"
    given, source = read_figures(answer), read_figures(f"{text} {question}")
    claim = _claim(answer)
    if expect.kind == "text":
        fault = _words_fault(expect, claim)
    else:
        fault = _figure_fault(expect, question, read_figures(claim))
    if fault:
        return fault
    if expect.kind == "number" and (wrong := _unit_fault(expect, answer)):
        return wrong
    denied = _DENIED + (re.escape(expect.value) if expect.kind == "text" else r"£?\s?\d")
    if re.search(denied, straighten(answer), re.IGNORECASE):
        return "denies the right answer"
    added = given.beyond(source)
    return f"adds what the text does not have: {', '.join(added)}" if added else None


def _claim(answer: str) -> str:
    """The answer without what it sets aside after a comma or a "but" ("…, not the rent of £725")."""
    return _CONTRAST.sub(" ", straighten(answer))


def _words_fault(expect: Expect, answer: str) -> str | None:
    wrong = [word for word in expect.reject if contains(answer, word)]
    if not contains(answer, expect.value):
        return f"does not name {expect.value!r}" + (f", names {wrong[0]!r}" if wrong else "")
    return f"names {wrong[0]!r} as well" if wrong else None


def _figure_fault(expect: Expect, question: str, given: Figures) -> str | None:
    """The expected figure must be there, and no other of its kind but those in the question."""
    asked = read_figures(question)
    match expect.kind:
        case "date":
            year, month, day = (int(part) for part in expect.value.split("-"))
            date = Date(day, month, year)
            others = [str(d) for d in given.dates if not d.same_day(date) and d not in asked.dates]
            there = any(d.same_day(date) for d in given.dates)
            return _verdict(str(date), there, others)
        case "time":
            hour, minute = expect.value.split(":")
            time = Clock(int(hour) * 60 + int(minute), sure=True)
            others = [str(t) for t in given.times if not t.same(time)]
            return _verdict(expect.value, any(t.same(time) for t in given.times), others)
        case "reference":
            others = sorted(given.references - {expect.value} - asked.references)
            return _verdict(expect.value, expect.value in given.references, others)
        case "amount":
            value = Decimal(expect.value)
            others = [pounds(a) for a in sorted(given.amounts - {value} - asked.amounts)]
            return _verdict(pounds(value), value in given.amounts | given.numbers, others)
        case _:
            value = Decimal(expect.value)
            others = [plain(n) for n in sorted(given.numbers - {value} - asked.numbers)]
            return _verdict(plain(value), value in given.numbers, others)


def _verdict(expected: str, there: bool, others: list[str]) -> str | None:
    if not there:
        return f"{expected} is not there" + (f", but {', '.join(others)}" if others else "")
    return f"names {', '.join(others)} as well as {expected}" if others else None


def _unit_fault(expect: Expect, answer: str) -> str | None:
    """A number of weeks is not a number of days: the word after it must be its unit, if it is a unit."""
    after = re.findall(r"[\w-]*\d[\w-]*\s+([a-z]+)|\b[a-z-]+\s+([a-z]+)", straighten(answer).lower())
    units = {word.removesuffix("s") for pair in after for word in pair} & set(_TIME_UNITS)
    if units and expect.unit in _TIME_UNITS and expect.unit not in units:
        return f"gives {', '.join(sorted(units))}, not {expect.unit}"
    return None


def _refusal_fault(item: Unanswerable, answer: str) -> str | None:
    """Why this does not count as saying "not in the document"; None if it does.

    A figure beyond the question's is a claim, except one of the text after "it only gives".
    """
    if not refuses(answer):
        return "answers, and the document does not say"
    asked = read_figures(item.question)
    source = read_figures(" ".join(item.passages))
    aside = _ONLY.search(straighten(answer))
    if aside and (invented := read_figures(aside[0]).beyond(source)):
        return f"adds what the text does not have: {', '.join(invented)}"
    claims = read_figures(_ONLY.sub(" ", straighten(answer))).beyond(asked)
    if claims:
        return f"says so, but claims {', '.join(claims)}"
    named = [word for word in item.reject if contains(answer, word)]
    return f"says so, but names {named[0]!r}" if named else None


def _label_fault(item: WhoDoesWhat, answer: str) -> str | None:
    """Exactly one label must be named."""
    patterns = {
        "client": r"\bclient\b",
        "adviser": r"\badvis[eo]r\b",
        "third_party": r"\bthird[ _-]?party\b",
    }
    named = [label for label, pattern in patterns.items() if re.search(pattern, answer, re.IGNORECASE)]
    if len(named) != 1:
        return f"names {len(named)} labels"
    return None if named[0] == item.label else f"says {named[0]}, it is {item.label}"
