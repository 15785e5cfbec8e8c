"""What makes a rule less than sure: a second person who acts, a doubt, a pronoun that may be anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from casewright.notes import words as w
from casewright.notes.decision import Decision, unsure
from casewright.notes.read import Heading
from casewright.notes.recognise import DATE, core

ASKS = w.listed(
    "ask asking tell telling get getting want remind instruct authorise request advise allow help invite told"
    " asked advised adv'd reminded expect encourage let"
    " call ring phone email text contact meet visit"
)

_JOINS = frozenset({"and", "&", "+", "but", "then", "instead", "just", "->", "=>", "→"})
_TURN = frozenset({"but", "instead"})
_AND = frozenset({"&", "and", "+", "or", "plus", "with"})
_PEOPLE = w.CLIENT | w.ADVISER | frozenset({"i", "we", "me", "us", "you", "myself"})
_PARTED = re.compile(r"\s+[/|•·–—-]+\s+|\s*\|\s*")
_CONTACT = re.compile(
    r"(?:tel|phone|telephone|video|zoom|teams|e-?mail|f2f|face to face|in person|drop.?in|initial|first"
    r"|follow|meeting|mtg|appt|appointment|interview|attendance|home visit|call|tc)\b",
    re.IGNORECASE,
)
_DOES = w.listed("to will must shall should need needs has have is was said says")


def doubt(found: Decision, words: Sequence[str], heading: Heading, text: str) -> Decision | None:
    """Why an action is not sure after all; None if it is."""
    rest = list(words[found.lead :])
    if heading in ("ours", "yours") and (heading == "ours") != (found.section == "our_actions"):
        return unsure("the heading and the line do not agree on who acts", doubted=True)
    if found.opening in ("You must not", "We will not") and _turns_back(rest, text.split()[found.lead :]):
        return unsure("it is open how much of the line the “not” reaches", found.owner, doubted=True)
    if "?" in text or w.DOUBT & set(rest):
        return unsure("it is in doubt, or done already", doubted=True)
    if leads_within(rest):
        return unsure("two people act in one line", stays=True)
    if "ct" in rest:
        return unsure("“ct” may be the client, the council tax or a court")
    turned = rest[2:] if found.own_possessive else rest
    if found.section == "your_actions":
        turned = [word for word in turned if word != "them"]
    if w.THERE & set(turned) or (found.section == "our_actions" and {"them"} & set(turned)):
        return unsure("“he”, “she” or “they” may be the client or another person", found.owner, doubted=True)
    if _odd_client(rest):
        return unsure("the client acts within it, in a form the rules do not turn", found.owner)
    return None


def spoken(found: Decision, words: Sequence[str], text: str) -> Decision:
    """A matter is said in the letter's voice only where no word in it depends on who speaks."""
    rest = words[found.lead :]
    own = found.opening == "We"
    stay = w.HERE & set(rest) and not own
    inside = leads_within(rest)
    if inside > 1:
        return unsure("more than one thing is to be done, by more than one person", found.owner, stays=True)
    by_client = any(one == "by" and two in w.CLIENT for one, two in pairwise(rest))
    if by_client or (found.opening == "You" and _second_verb(words, text)):
        return Decision(found.owner, found.section, True, found.why)
    told = found.opening == "We advised" or any(word in ASKS for word in rest[:2])
    if inside and not told:
        return unsure("somebody is to do something within it", found.owner, doubted=True)
    if stay or (w.THERE | {"them"}) & set(rest) or "ct" in rest or _odd_client(rest):
        return Decision(found.owner, found.section, True, found.why)
    if {"you", "your"} & set(rest):
        return Decision(found.owner, found.section, True, found.why)
    return found


def _turns_back(rest: Sequence[str], tokens: Sequence[str]) -> bool:
    """Whether more is to be done after a break: in "not let bailiffs in, keep doors locked" only one is
    forbidden, in "not sign, send or post anything" all three are.
    """
    for place, (word, token) in enumerate(zip(rest, tokens, strict=True)):
        breaks = token[-1] in ",;:.–—" or not any(map(str.isalnum, token)) or word in _JOINS
        after = rest[place + 1 :]
        if breaks and after and (word in _TURN or not w.ACTIONS.isdisjoint(after)):
            return True
    return False


def joint(words: Sequence[str]) -> bool:
    """Whether the client and the adviser lead together: "cl & I to go through the budget"."""
    at = 1 if words[0] == "the" else 0
    first, join, second = [*words[at : at + 3], "", "", ""][:3]
    split = first.split("/")
    if len(split) == 2 and set(split) <= _PEOPLE and first not in w.CLIENT:
        return True
    return first in _PEOPLE and join in _AND and second in _PEOPLE


def title(text: str) -> bool:
    """Whether a line only names what the notes are of: "EMPLOYMENT / tel. call 18.05.26 / adviser R. Jha"."""
    parts = [part.split() for part in _PARTED.split(text)]
    if len(parts) < 2 or any(not 1 <= len(part) <= 5 for part in parts):
        return False
    said = [core(token).lower() for part in parts for token in part]
    if _DOES & set(said):
        return False
    return any(_CONTACT.match(" ".join(part)) for part in parts) and DATE.search(text) is not None


def _second_verb(words: Sequence[str], text: str) -> bool:
    """Whether the client does two things: in "cl is 45 and lives alone" only one would be turned."""
    tokens = text.split()
    return any(
        word in w.AGREE and (words[place - 1] in ("and", "&", "+", "but") or tokens[place - 1][-1] in ",;")
        for place, word in enumerate(words)
        if place > 1
    )


def leads_within(rest: Sequence[str]) -> int:
    """How often a person is set to act within the line, other than by being asked or told to."""
    people = w.CLIENT | w.ADVISER | {"i", "we", "you", "me", "us"}
    found = 0
    for place, word in enumerate(rest):
        nxt = rest[place + 1] if place + 1 < len(rest) else ""
        asked = place > 0 and rest[place - 1] in ASKS
        if word in ("i'll", "we'll", "you'll"):
            found += 1
        if word in people and nxt in ("to", "will", "must", "shall", "needs") and not (asked and nxt == "to"):
            found += 1
    return found


def _odd_client(rest: Sequence[str]) -> bool:
    """Whether the client is within, followed by what might be a verb that would have to change with "you"."""
    for place, word in enumerate(rest[:-1]):
        nxt = rest[place + 1]
        if word in w.CLIENT and nxt.endswith("s") and not nxt.endswith("ss"):
            known = nxt in w.AGREE or nxt in ("this", "his", "across", "as", "towards", "payslips")
            if not known:
                return True
    return False
