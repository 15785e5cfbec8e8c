"""What must hold before a sentence leaves: code reads the sentence and its lines again and compares.

It does not use the templates: line and sentence are each brought to the same bare form (shorthand expanded,
people as persons, articles gone) and must then agree word for word. Figures and negations are compared apart
from that, so that a fault says what it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

from casewright.notes import words as w
from casewright.notes.claim import Claim
from casewright.notes.letter import quotation, speaks_for_itself
from casewright.notes.owner import plain_words
from casewright.notes.recognise import core, figures, negations, resolved
from casewright.notes.remembered import remembered

_PERSONS = (
    dict.fromkeys(w.CLIENT | {"you"}, "<you>")
    | dict.fromkeys(w.CLIENTS | {"your"}, "<your>")
    | dict.fromkeys(("i", "we", "me", "us"), "<we>")
    | dict.fromkeys(("my", "our"), "<our>")
)
_ARTICLES = frozenset({"the", "a", "an"})
# Words that are not simply themselves; "c" may be "about" before a figure.
_OTHERS = frozenset(_PERSONS) | frozenset(w.SHORTHAND) | frozenset(w.AGREE) | _ARTICLES | {"c"}
_ABOUT_OR_AT = re.compile(r"c\.(£?\d.*)|c(£\d.*)|@(\d.*)", re.DOTALL)
_OURS = ("We will",)
_YOURS = (
    "You need to",
    "You also need to",
    "You then need to",
    "You now need to",
    "You still need to",
    "You must not",
)


@remembered
def bare_words(text: str) -> tuple[str, ...]:
    """A text as words alone: lower case, shorthand expanded, persons for pronouns, no articles."""
    found: list[str] = []
    tokens = text.split()
    for place, token in enumerate(tokens):
        word = core(token).lower().replace("’", "'")
        if word not in _OTHERS and word.isalpha():
            found.append(word)
        elif not word:
            found += [token] if any(char.isalnum() for char in token) else []
        elif word in _PERSONS:
            found.append(_PERSONS[word])
        elif w.is_short(word, core(tokens[place - 1]) if place else ""):
            found += w.SHORTHAND[word].split()
        elif word == "c" and token.lower() == "c." and _figure_next(tokens, place):
            found.append("about")
        elif word[0] in "c@" and (figure := _figure_after(word)):
            found += ["about" if word[0] == "c" else "at", figure]
        else:
            found.append(w.AGREE.get(word, word))
    return tuple([word for word in found if word not in _ARTICLES])


def _figure_next(tokens: Sequence[str], place: int) -> bool:
    return place + 1 < len(tokens) and core(tokens[place + 1])[:1] in ("£", *"0123456789")


def _figure_after(word: str) -> str:
    """The figure in ``c.£200`` or ``@2pm``; empty if it is none."""
    found = _ABOUT_OR_AT.fullmatch(word)
    return found[1] or found[2] or found[3] if found else ""


def faults(said: str, claim: Claim) -> tuple[str, ...]:
    """Everything that is wrong with a sentence for its claim; empty if it may leave."""
    if said == quotation(claim):
        spoken = claim.decision.opening is not None and claim.decision.section != "matters_discussed"
        return ("an action that is beyond doubt is not quoted",) if spoken else ()
    if claim.decision.opening is None:
        return _noted_faults(said, claim)
    said = without_day(said, claim.meeting)
    found = [*_figure_faults(said, claim.text), *_negation_faults(said, claim.text)]
    return (*found, *_word_faults(said, claim), *_owner_faults(said, claim))


def _noted_faults(said: str, claim: Claim) -> tuple[str, ...]:
    """A line in its own words says them all, in order, and no other."""
    if not speaks_for_itself(claim):
        return ("the line is to be quoted word for word",)
    found = [*_figure_faults(said, claim.text), *_negation_faults(said, claim.text)]
    if bare_words(said) != bare_words(claim.text):
        found.append("it says other words than the line")
    return tuple(found)


def without_day(said: str, meeting: date | None) -> str:
    """The sentence without the day in brackets that a relative one was resolved to, if it is right."""
    body, bracket, day = said.removesuffix(").").rpartition(" (")
    if bracket and said.endswith(").") and meeting is not None and resolved(body, meeting) == day:
        return body + "."
    return said


def _figure_faults(said: str, text: str) -> list[str]:
    """Amounts, dates, references and numbers: the same ones, in the same order."""
    given, known = all_figures(said), all_figures(text)
    if given == known:
        return []
    more, less = Counter(given) - Counter(known), Counter(known) - Counter(given)
    found = [f"{figure!r} is not in the line" for figure in more] + [f"{figure!r} is lost" for figure in less]
    return found or ["the figures are in another order"]


@remembered
def all_figures(text: str) -> tuple[str, ...]:
    """Every token with a digit, in lower case and order, without "about" or "at" before it."""
    found = (word.lower() for word in figures(text.split()))
    return tuple([_figure_after(figure) or figure for figure in found])


def _negation_faults(said: str, text: str) -> list[str]:
    given, known = negations(plain_words(said)), negations(plain_words(text))
    if given == known:
        return []
    return ["a negation is lost" if given < known else "a negation is added"]


def _word_faults(said: str, claim: Claim) -> list[str]:
    """Every word of the line after its lead, in order, and no other."""
    decision = claim.decision
    opening = decision.opening or ""
    if not said.startswith(opening):
        return [f"it does not begin with {opening!r}"]
    rest = claim.text.split()[decision.lead :]
    known = bare_words(" ".join(rest))
    if decision.own_possessive and len(rest) > 1:
        known = bare_words(" ".join([rest[0], "your", *rest[2:]]))
    given = bare_words(said[len(opening) :])
    if given == known:
        return []
    lexicon = set(w.LEXICON)
    more = [word for word in (Counter(given) - Counter(known)) if word not in lexicon]
    less = list(Counter(known) - Counter(given))
    found = [f"{word!r} is not in the line" for word in more] + [f"{word!r} is lost" for word in less]
    return found or ["the words are in another order, or one was added"]


def _owner_faults(said: str, claim: Claim) -> list[str]:
    """The section, the opening and the line's own first words must name the same person."""
    section, owner = claim.decision.section, claim.decision.owner
    first = _first_person(plain_words(claim.text))
    if section == "our_actions":
        fits = owner == "adviser" and said.startswith(_OURS)
        fits = fits and (first == "adviser" or (first is None and claim.heading == "ours"))
    elif section == "your_actions":
        fits = owner == "client" and said.startswith(_YOURS)
        fits = fits and (first == "client" or (first is None and claim.heading == "yours"))
    else:
        fits = not said.startswith((*_OURS, *_YOURS))
    return [] if fits else ["the sentence, its section and its line do not name the same person"]


def _first_person(words: Sequence[str]) -> str | None:
    word = next((word for word in words if word != "the"), "")
    if word in w.CLIENT or word == "you":
        return "client"
    return "adviser" if word in w.ADVISER | w.HERE else None
