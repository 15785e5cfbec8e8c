"""Whose words a line is: the adviser's notes, or an e-mail or a letter that was pasted into them.

"You must pay £450" in a creditor's e-mail is nothing that the adviser set the client to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Voice = Literal["notes", "speech", "email", "letter"]
Part = Literal["body", "header", "signature", "disclaimer"]

_HEADER = re.compile(
    r"(?P<name>from|to|cc|bcc|sent|date|subject|reply-to|received|importance|attachments?)\s?:\s?\S",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"on\s.{4,120}\swrote:$|-{2,}\s?(?:original|forwarded) message\s?-{2,}|begin forwarded message:?$",
    re.IGNORECASE,
)
_DEAR = re.compile(
    r"dear\s(?:sirs?|madam|mr|mrs|ms|miss|dr|[A-Z][\w'-]+|customer|tenant|all|both|team)\b.{0,40}$", re.I
)
_SIGN_OFF = re.compile(
    r"(?:(?:with )?(?:kind|best|warm|kindest|many)(?: \w+)? )?(?:regards|wishes|thanks)|yours (?:sincerely"
    r"|faithfully"
    r"|truly)|thanks|thank you|cheers|sincerely|rgds|kr",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\b(?:this|the) (?:e-?mail|message|communication)\b.{0,80}\b(?:confidential|intended|privileged|virus)"
    r"|\bif you (?:have received this|are not the (?:intended|named))|^registered (?:office|in england"
    r"|company)"
    r"|\bauthorised and regulated by\b|^disclaimer\b|\bconsider the environment\b|^sent from my\b"
    r"|\b(?:company|registration) n(?:o|umber)\.?:? \d",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"[-=_*~]{3,}|\W*end of (?:the )?(?:e-?mail|letter|message)\W*|\W*(?:e-?mail|letter) ends\W*", re.I
)
_SHORTHAND = re.compile(
    r"(?i:(?:cl|clt|ct|c/l|adv|cw|ll)(?:'s)?\s)|[A-Z]{2}\s(?:to|not to|will|rang|called|call|spoke|emailed"
    r"|told)\s"
)
_NOTES_AGAIN = re.compile(
    r"(?:client|adviser|told|advised|explained|discussed|agreed|action|i (?:will|called|rang|told"
    r"|explained)|next"
    r"|nb|we (?:will|discussed|agreed))\b",
    re.IGNORECASE,
)
_TO_A_READER = re.compile(r"\b(?:you|your|dear|regards|sincerely)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """Whose words a line is, and which part of an e-mail or letter."""

    voice: Voice = "notes"
    part: Part = "body"


NOTES = Said()


@dataclass(slots=True)
class _State:
    voice: Voice = "notes"
    signed: bool = False
    mailed: bool = False


def voices(
    numbers: Sequence[int], texts: Sequence[str], is_heading: Callable[[str], bool]
) -> tuple[Said, ...]:
    """Whose words each line is; ``texts`` as they stand but for white space, ``numbers`` to tell gaps."""
    headers, quoted = _headers(texts), _quoted(texts)
    found: list[Said] = []
    state = _State()
    for place, text in enumerate(texts):
        gap = place > 0 and numbers[place] > numbers[place - 1] + 1
        if headers[place] or _ATTRIBUTION.match(text.lstrip("> ")):
            state = _State("email", mailed=True)
            subject = text.lstrip("> ").lower().startswith("subject")
            found.append(Said("email", "body" if subject else "header"))
        elif text.startswith(">") and (quoted[place] or state.mailed):
            found.append(Said("email"))
        elif state.voice == "notes":
            if _DEAR.match(text):
                state = _State("letter", mailed=state.mailed)
            found.append(Said(state.voice))
        else:
            found.append(_within(text, gap, state, is_heading))
    return tuple(found)


def _within(text: str, gap: bool, state: _State, is_heading: Callable[[str], bool]) -> Said:
    """A line after the beginning of an e-mail or letter; the state ends where the notes go on."""
    voice = state.voice
    disclaimer = _DISCLAIMER.search(text) is not None
    over = _OVER.fullmatch(text) is not None
    again = _SHORTHAND.match(text) or is_heading(text) or (gap and _NOTES_AGAIN.match(text.lstrip("-*• ")))
    if over or again or (state.signed and gap and not disclaimer):
        state.voice, state.signed = "notes", False
        return Said(voice, "signature") if over and text.strip("-=_*~ ") == "" else NOTES
    if disclaimer:
        return Said(voice, "disclaimer")
    if _SIGN_OFF.fullmatch(text.strip(" ,.!")):
        state.signed = True
        return Said(voice, "signature")
    if state.signed and len(text) <= 60 and "£" not in text:
        return Said(voice, "signature")
    return Said(voice)


def _headers(texts: Sequence[str]) -> list[bool]:
    """Which lines are an e-mail's header: at least two together, with a sender, or a receiver and a
    subject.
    """
    names = [match["name"].lower() if (match := _HEADER.match(text.lstrip("> "))) else "" for text in texts]
    found = [False] * len(texts)
    place = 0
    while place < len(texts):
        end = place
        while end < len(texts) and names[end]:
            end += 1
        block = set(names[place:end])
        if len(block) > 1 and ("from" in block or {"to", "subject"} <= block):
            found[place:end] = [True] * (end - place)
        place = max(end, place + 1)
    return found


def _quoted(texts: Sequence[str]) -> list[bool]:
    """Which of the lines with ">" are quoted rather than listed: ">>", or a run that speaks to a reader."""
    found = [False] * len(texts)
    place = 0
    while place < len(texts):
        end = place
        while end < len(texts) and texts[end].startswith(">"):
            end += 1
        run = texts[place:end]
        if any(text.startswith((">>", "> >")) for text in run) or (
            len(run) > 1 and any(_TO_A_READER.search(text) for text in run)
        ):
            found[place:end] = [True] * (end - place)
        place = max(end, place + 1)
    return found
