"""Claims to sentences by fixed templates, with the voice turned to the client; and the whole letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from casewright.api.notes import Section
from casewright.notes import words as w
from casewright.notes.claim import Claim
from casewright.notes.recognise import core, resolved

QUOTE = "We noted: “{}”."
HEADINGS: dict[Section, str] = {
    "matters_discussed": "Matters discussed",
    "our_actions": "Our actions",
    "your_actions": "Your actions",
}
_NOTHING: dict[Section, str] = {
    "matters_discussed": "Our notes of the meeting list nothing else that was discussed.",
    "our_actions": "Our notes of the meeting list nothing for us to do.",
    "your_actions": "Our notes of the meeting list nothing for you to do.",
}
_UNSURE = " Some of what we noted above does not say who is to act. Please ask us if you are not sure."
_TURNED = (
    {"i": "we", "me": "us", "my": "our"} | dict.fromkeys(w.CLIENT, "you") | dict.fromkeys(w.CLIENTS, "your")
)
_ABOUT = re.compile(r"c\.(?=£?\d)|c(?=£\d)")
_ARTICLES = frozenset({"the", "a", "an", "my", "your", "his", "her", "their", "our"})


def quoted(text: str) -> str:
    """The line word for word, which claims nothing but that it was noted."""
    return QUOTE.format(text)


def sentence(claim: Claim) -> str:
    """The template's sentence for a claim; the quoted form where the decision has no opening."""
    decision = claim.decision
    if decision.opening is None:
        return quoted(claim.text)
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
    counted = word not in w.AFTER_A_FIGURE or any(char.isdigit() for char in before)
    if word in w.SHORTHAND and counted:
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


def letter(name: str, meeting: date | None, sections: dict[Section, Sequence[str]], *, unsure: bool) -> str:
    """The letter as one text. ``unsure``: something noted may be an action that is listed nowhere else."""
    when = f" on {meeting.day} {meeting:%B %Y}" if meeting else ""
    parts = [
        f"Dear {name},",
        f"Thank you for meeting us{when}. This letter says what was noted at the meeting.",
    ]
    for section, heading in HEADINGS.items():
        lines = [f"- {said}" for said in sections[section]]
        if not lines:
            nothing = _NOTHING[section]
            if section == "matters_discussed" and not any(sections.values()):
                nothing = "Our notes of the meeting list nothing that was discussed."
            lines = [nothing + (_UNSURE if unsure and section != "matters_discussed" else "")]
        parts.append("\n".join([heading, *lines]))
    parts.append("Please tell us if anything here is wrong or missing.")
    parts.append("Yours sincerely")
    return "\n\n".join(parts) + "\n"
