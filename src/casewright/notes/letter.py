"""Claims to sentences by fixed templates, with the voice turned to the client; and the whole letter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from casewright.api.notes import Section, Template, Tone
from casewright.notes import words as w
from casewright.notes.claim import Claim
from casewright.notes.read_headings import label
from casewright.notes.recognise import core, resolved

QUOTE = "We noted: “{}”."
QUOTE_UNDER = "We noted under “{}”: “{}”."
HEADINGS: dict[Section, str] = {
    "matters_discussed": "Matters discussed",
    "our_actions": "Our actions",
    "your_actions": "Your actions",
}
_NOTHING: dict[Section, str] = {
    "matters_discussed": "No matters discussed were noted.",
    "our_actions": "No actions for us were noted.",
    "your_actions": "No actions for you were noted.",
}
_UNSURE = " Some of what we noted above does not say who is to act. Please ask us if you are not sure."
# Each tone: after the address, before the end, and the end. None of it says anything about what was said, nor
# how: a call or an e-mail is no meeting.
_OPENINGS: dict[Tone, str] = {
    "plain": "Thank you for being in touch with us{when}. This letter says what was noted.",
    "warm": "Thank you very much for being in touch with us{when}. This letter says what was noted, "
    "so that you have it all in one place.",
    "formal": "We write further to our contact with you{when}. This letter records what was noted.",
}
_CLOSINGS: dict[Tone, str] = {
    "plain": "Please tell us if anything here is wrong or missing.",
    "warm": "Please do tell us if anything here is wrong or missing. We are glad to help.",
    "formal": "Please let us know if anything in this letter is incorrect or missing.",
}
_ENDS: dict[Tone, str] = {"plain": "Yours sincerely", "warm": "Kind regards", "formal": "Yours sincerely"}
_TURNED = (
    {"i": "we", "me": "us", "my": "our"} | dict.fromkeys(w.CLIENT, "you") | dict.fromkeys(w.CLIENTS, "your")
)
_ABOUT = re.compile(r"c\.(?=£?\d)|c(?=£\d)")
_BEFORE_A_FIGURE = re.compile(r"(?<=\w):(?=\s*[£€$]?\d)")
_ARTICLES = frozenset({"the", "a", "an", "my", "your", "his", "her", "their", "our"})
_SPEECH = frozenset('"“”«»?:<>{}[]|')
_PERSONS = (
    w.HERE | w.THERE | w.CLIENT | w.CLIENTS | w.ADVISER | frozenset({"you", "your", "yours", "yourself"})
)


def quoted(text: str) -> str:
    """The line word for word, which claims nothing but that it was noted."""
    return QUOTE.format(text)


def under(heading: str, text: str) -> str:
    """The line word for word, with the heading that turns what it says."""
    return QUOTE_UNDER.format(label(heading), text)


def quotation(claim: Claim) -> str:
    """The claim's line word for word, and its heading's where that turns it."""
    if not claim.under:
        return quoted(claim.text)
    return under(claim.under, claim.text.removeprefix(claim.under).strip())


def speaks_for_itself(claim: Claim) -> bool:
    """Whether a line without a sure actor can stand in the letter in its own words, without quotation marks.

    It names no person by a pronoun or as "client", so nobody reads an "I" or a "she" as somebody else; it is
    nobody's speech and no question; and where it belongs is beyond doubt.
    """
    decision = claim.decision
    if decision.opening is not None or not decision.sure or claim.heading == "speech" or claim.under:
        return False
    said = [core(token).lower().replace("’", "'") for token in claim.text.split()]
    # "arrears: £450" is nobody's speech; "5 £40" may be number five
    spoken = not _SPEECH.isdisjoint(_BEFORE_A_FIGURE.sub("", claim.text))
    if spoken or len(said) < 2 or not (said[1].isalpha() or (said[0].isalpha() and len(said[0]) > 1)):
        return False
    # an action in its own words begins with what is done: "DWP to write" would read as somebody else's
    if decision.section == "our_actions" and said[0] in w.ACTIONS:
        return False  # "Apply today." would read as an order to the client
    begins = said[0] in w.ACTIONS or (said[0] not in w.PARTIES and claim.text[0].islower())
    return _PERSONS.isdisjoint(said) and (begins or decision.section == "matters_discussed")


def noted(text: str) -> str:
    """A line in its own words, as a sentence: shorthand written out, a capital letter and a full stop."""
    body = " ".join(_turn(text.split(), agree=False, own=False)).rstrip(" ,;-–")
    body = body[:1].upper() + body[1:]
    return body if body.endswith((".", "!")) else body + "."


def sentence(claim: Claim) -> str:
    """The template's sentence for a claim; where no rule opens one, the line in its own words, or quoted."""
    decision = claim.decision
    if decision.opening is None:
        return noted(claim.text) if speaks_for_itself(claim) else quotation(claim)
    tokens = claim.text.split()[decision.lead :]
    said = _turn(tokens, agree=decision.agree, own=decision.own_possessive)
    body = " ".join(filter(None, [decision.opening, *said])).rstrip(" ,;:-–")
    body = body[:1].upper() + body[1:]
    day = resolved(body, claim.meeting) if claim.meeting and decision.section != "matters_discussed" else None
    if day:
        body = f"{body.rstrip('.')} ({day})"
    return body if body.endswith((".", "!", "?")) else body + "."


def _turn(tokens: Sequence[str], *, agree: bool, own: bool) -> list[str]:
    """Every token in the letter's words: people turned, shorthand expanded, the rest as it is."""
    said: list[str] = []
    for place, token in enumerate(tokens):
        bare = core(token)
        word = bare.lower().replace("’", "'")
        nxt = tokens[place + 1] if place + 1 < len(tokens) else ""
        before = said[-1].lower() if said else ""
        if own and place == 1:
            new = "your"
        elif word in _TURNED and (bare.islower() or word in w.CLIENT | w.CLIENTS | {"i", "my", "me"}):
            if before == "the":
                said.pop()
            new = _TURNED[word]
        elif word in w.AGREE and ((agree and place == 0) or before == "you"):
            new = w.AGREE[word]
        elif token == "c." and core(nxt)[:1] in ("£", *"0123456789"):
            said.append("about")
            continue
        else:
            new = _expanded(token, word, before)
        said.append(token if new == bare else _put(token, bare, new, last=not nxt))
    if said and said[0][:1].isupper() and said[0].lower() in w.ACTIONS | w.PAST | w.ADVISED:
        said[0] = said[0].lower()
    return said


def _expanded(token: str, word: str, before: str) -> str:
    """The token's core, or what it is short for."""
    bare = core(token)
    if w.is_short(word, before):
        full = w.SHORTHAND[word]
        return full.removeprefix("the ") if before in _ARTICLES else full
    if _ABOUT.match(bare):
        return _ABOUT.sub("about ", bare, count=1)
    if bare.startswith("@") and bare[1:2].isdigit():
        return f"at {bare[1:]}"
    return bare


def _put(token: str, bare: str, new: str, *, last: bool) -> str:
    """The new words between the token's own punctuation, without the full stop or colon of a shorthand."""
    if not bare:
        return token
    before, _, after = token.partition(bare)
    return before + new + (after if last else after.lstrip(".:"))


@dataclass(frozen=True, slots=True)
class Style:
    """How the letter stands around its sentences, and who signs it."""

    tone: Tone = "plain"
    template: Template = "standard"
    adviser: str | None = None


PLAIN = Style()


def letter(
    name: str,
    meeting: date | None,
    sections: Mapping[Section, Sequence[str]],
    *,
    unsure: bool,
    style: Style = PLAIN,
) -> str:
    """The letter as one text. ``unsure``: something noted may be an action that is listed nowhere else."""
    when = f" on {meeting.day} {meeting:%B %Y}" if meeting else ""
    whole = style.template == "standard"
    parts = [f"Dear {name},"]
    if whole:
        parts.append(_OPENINGS[style.tone].format(when=when))
    for section, heading in HEADINGS.items():
        lines = [f"- {said}" for said in sections[section]]
        if not lines:
            lines = [_NOTHING[section] + (_UNSURE if unsure and section != "matters_discussed" else "")]
        parts.append("\n".join([heading, *lines]))
    if whole:
        parts += [_CLOSINGS[style.tone], _ENDS[style.tone]]
    if style.adviser:
        parts.append(style.adviser)
    return "\n\n".join(parts) + "\n"
