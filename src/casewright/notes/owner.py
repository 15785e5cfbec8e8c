"""Who does what, by grammar and shorthand; a rule that is not sure says so and the line is quoted.

A decision names the words that lead (``lead`` tokens of the line) and the opening that replaces them in the
letter. ``opening`` None means: word for word, in quotation marks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from casewright.api.notes import Owner, Section
from casewright.notes import words as w
from casewright.notes.decision import Decision, plain_words, unsure
from casewright.notes.owner_doubt import ASKS, doubt, joint, leads_within, spoken, title
from casewright.notes.read import Heading
from casewright.notes.recognise import core, is_negation

__all__ = ["Decision", "decide", "leads", "plain_words", "unsure"]

_ADVERBS = w.listed("also then now still")
_NO_ACTION_AFTER_WILL = w.listed("be get lose have become receive turn owe qualify need prob probably lapse")
_QUOTES = frozenset("\"'“”‘’«")
Rule = Callable[[Sequence[str], Heading], "Decision | None"]


def _marked(text: str) -> list[str]:
    """The plain words, but one that asks keeps a comma after it: "advise, cl to sign" asks nobody."""
    words = plain_words(text)
    pairs = zip(words, text.split(), strict=True)
    return [f"{word}," if word in ASKS and token[-1] in ",;:-–" else word for word, token in pairs]


def decide(text: str, heading: Heading) -> Decision:
    """Who acts in ``text`` and where it belongs.

    The first rule that fits decides; whatever would have two people act, or depends on something before it,
    is unsure.
    """
    words = _marked(text)
    if not words:
        return unsure("nothing to read")
    if core(text.split(maxsplit=1)[0]) == "CT":
        return unsure("“CT” may be the client, the council tax or a court", doubted=True)
    speech = heading == "speech" or text[0] in _QUOTES
    if speech and words[0] in w.HERE | {"you"}:
        return unsure("somebody's own words: “I”, “we” or “you” may be anybody", stays=True)
    if words[0] in w.DEPENDS:
        return unsure("it depends on something: who acts, and whether, is for a person to say", doubted=True)
    if words[0] in ("ignore", "disregard", "forget", "system") and heading not in ("ours", "yours"):
        return unsure("it may be an instruction to whoever reads the notes", stays=True)
    if words[0] in ("agreed", "agrees", "agree") and any(map(is_negation, words[1:3])):
        return unsure("who agreed not to do it is not said", stays=True)
    if joint(words):
        return unsure("the client and the adviser act together", stays=True)
    if title(text):
        return unsure("it seems to say what the notes are of", stays=True)
    found = next((said for rule in _RULES if (said := rule(words, heading)) is not None), None)
    if not (found and found.sure) and leads_within(words) > 1:
        return unsure("two people act in one line", stays=True)
    if found is None:
        return _statement(words, heading)
    if found.sure and found.section != "matters_discussed":
        return doubt(found, words, heading, text) or found
    if found.sure and found.opening is not None:
        return spoken(found, words, text)
    return found


def _client(words: Sequence[str], heading: Heading) -> Decision | None:
    """``cl to …``, ``client will …``, ``you must …``, ``cl not to …``."""
    start = _after_person(words, w.CLIENT | {"you"})
    if start is None:
        return None
    adverb, at = _adverb(words, start)
    rest = list(words[at:])
    refused, used = _must_not(rest)
    if refused:
        return _action(words, at + used, "client", "You must not")
    modal = {("to",): 1, ("will",): 1, ("must",): 1, ("shall",): 1, ("will", "need", "to"): 3}
    modal |= {("needs", "to"): 2, ("need", "to"): 2, ("has", "to"): 2, ("have", "to"): 2}
    for said, length in sorted(modal.items(), key=lambda pair: -pair[1]):
        if tuple(rest[:length]) == said:
            then, at = _adverb(words, at + length)
            between = adverb or then
            if said == ("will",) and words[at : at + 1] and words[at] in _NO_ACTION_AFTER_WILL:
                return unsure("what will happen to the client rather than what to do", "client")
            return _action(words, at, "client", f"You {between} need to" if between else "You need to")
    return _told(words, start) or _client_did(words, start)


def _adviser(words: Sequence[str], heading: Heading) -> Decision | None:
    """``I will …``, ``we will …``, ``adv to …``, ``I need to …``."""
    if words[0] in ("i'll", "we'll"):
        return _our(words, 1)
    if tuple(words[:2]) in {("i", "won't"), ("we", "won't")}:
        return _action(words, 2, "adviser", "We will not")
    start = _after_person(words, w.ADVISER | {"i", "we", "me", "us"})
    if start is None:
        return None
    _, at = _adverb(words, start)
    if words[at : at + 1] and words[at] in ("to", "will", "shall"):
        return _our(words, at + 1)
    if words[0] in ("i", *w.ADVISER) and tuple(words[at : at + 2]) in {
        ("need", "to"),
        ("needs", "to"),
        ("have", "to"),
        ("has", "to"),
    }:
        return _our(words, at + 2)
    if words[0] in ("i", *w.ADVISER) and words[at : at + 1] and words[at] == "must":
        return _our(words, at + 1)
    return _we_did(words, start)


def _our(words: Sequence[str], at: int) -> Decision:
    if words[at : at + 1] and words[at] == "not":
        return _action(words, at + 1, "adviser", "We will not")
    adverb, at = _adverb(words, at)
    return _action(words, at, "adviser", f"We will {adverb}" if adverb else "We will")


def _action(words: Sequence[str], at: int, owner: Owner, opening: str) -> Decision:
    """Somebody's action, if what follows is a doing."""
    rest = words[at:]
    if not rest or not _doing(rest):
        return unsure("what is to be done is not a word the rules know", owner)
    if owner == "adviser" and rest[0] in w.NOT_AN_ADVISERS:
        return unsure("an adviser does not usually do this: the words may be the client's own", doubted=True)
    own = owner == "client" and len(rest) > 1 and rest[1] in ("his", "her", "their") and len(rest) > 2
    others = (
        w.PARTIES | {"mr", "mrs", "ms", "brother", "sister", "mother", "father", "wife", "husband"}
    ) & set(rest)
    section: Section = "your_actions" if owner == "client" else "our_actions"
    return Decision(
        owner, section, True, "", at, opening, own_possessive=own and not others and rest[2] not in w.ACTIONS
    )


def _doing(rest: Sequence[str]) -> bool:
    """Whether these words begin with something that can be done, and not with a thing of the same name."""
    if rest[0] not in w.ACTIONS or (len(rest) > 1 and rest[1] in w.THINGS_BEFORE):
        return False
    return not (len(rest) > 1 and rest[1] in ("is", "was", "are", "were", "will", "made", "sent", "received"))


def _must_not(rest: Sequence[str]) -> tuple[bool, int]:
    for said in (("not", "to"), ("to", "not"), ("must", "not"), ("mustn't",), ("is", "not", "to")):
        if tuple(rest[: len(said)]) == said:
            return True, len(said)
    return False, 0


def _told(words: Sequence[str], start: int) -> Decision | None:
    """``cl says …``: what the client told us."""
    if start >= len(words) or words[start] not in w.SAYS or start + 1 >= len(words):
        return None
    said = w.SAYS[words[start]]
    lead = start + 1
    if said != "told us":
        return Decision("client", "matters_discussed", True, "told by the client", lead, f"You {said}")
    if words[lead] == "that" and lead + 1 < len(words):
        lead += 1
    clause = len(words) - lead > 1
    return Decision(
        "client",
        "matters_discussed",
        True,
        "told by the client",
        lead,
        "You told us that" if clause else None,
    )


def _client_did(words: Sequence[str], start: int) -> Decision | None:
    """``cl owes …``, ``client discussed …``: what is or was, of the client."""
    if words[0] == "you" or start >= len(words):
        return None
    verb = words[start]
    if verb in w.AGREE and not (
        len(words) > start + 1 and words[start + 1] in ("to", "likely", "due", "going")
    ):
        return Decision("client", "matters_discussed", True, "of the client", start, "You", agree=True)
    if verb in w.PAST and verb != "needed":
        return Decision("client", "matters_discussed", True, "of the client", start, "You")
    if verb in w.STATES and len(words) > start + 1:
        return Decision("client", "matters_discussed", True, "of the client", start, "You are")
    return None


def _we_did(words: Sequence[str], start: int) -> Decision | None:
    """``I called …``: what the adviser did."""
    if words[0] in ("adv", "me", "us"):
        return _advised(words)
    if start < len(words) and words[start] in w.PAST | w.ADVISED:
        return Decision("adviser", "matters_discussed", True, "of the adviser", start, "We")
    return None


def _advised(words: Sequence[str]) -> Decision | None:
    """``adv cl to …`` is advice, not an action of the adviser's."""
    if words[0] == "adv" and len(words) > 2 and words[1] in w.CLIENT:
        return Decision("adviser", "matters_discussed", True, "advice given", 1, "We advised")
    if words[0] == "adv" and len(words) > 2 and words[1] in ("re", "about", "on", "that"):
        return Decision("adviser", "matters_discussed", True, "advice given", 1, "We advised")
    return None


def _advice(words: Sequence[str], heading: Heading) -> Decision | None:
    """``told cl …``, ``explained …``: advice given, and no action."""
    if words[0] in w.ADVISED and len(words) > 1 and words[1] not in ("by", "to", "that"):
        aimed = words[0] not in w.AIMED or words[1] in w.CLIENT
        if aimed:
            return Decision("adviser", "matters_discussed", True, "advice given", 0, "We")
    return None


def _third_party(words: Sequence[str], heading: Heading) -> Decision | None:
    """A known other party and what it did, does or is to do."""
    at = 1 if words[0] in ("the", "cl's", "client's") else 0
    if at + 1 >= len(words):
        return None
    if " ".join(words[at : at + 2]) in w.PARTIES_OF_TWO and at + 2 < len(words):
        at += 1
    elif words[at] not in w.PARTIES:
        return None
    nxt = words[at + 1]
    if (
        nxt in ("to", "will", "must", "may", "can", "says", "said", "states")
        or nxt in w.PAST
        or nxt in w.AGREE
    ):
        opening = "" if nxt != "to" else None
        return Decision("third_party", "matters_discussed", True, "of another party", 0, opening)
    return None


def _under_heading(words: Sequence[str], heading: Heading) -> Decision | None:
    """A bare doing takes its owner from the heading: ``Client to do`` / ``send form``."""
    at = 1 if words[0] == "to" else 0
    refused, used = _must_not(["must", *words]) if words[0] == "not" else (False, 0)
    if heading == "yours" and refused:
        return _action(words, used - 1, "client", "You must not")
    if heading in ("ours", "yours") and at < len(words) and _doing(words[at:]):
        if heading == "yours":
            return _action(words, at, "client", "You need to")
        return _action(words, at, "adviser", "We will")
    return None


def _statement(words: Sequence[str], heading: Heading) -> Decision:
    """Nobody is named to act: never sure. What it looks like is for the classifier to weigh."""
    if heading in ("ours", "yours", "actions"):
        return unsure("under a heading for actions, and who does what is not said")
    lead = words[1:2] if words[0] in ("to", "please", "not", "must") else words[:1]
    if (lead and lead[0] in w.ACTIONS) or _asks_something(words):
        return unsure("something is to be done and who does it is not said")
    told = heading == "matters" and words[0] not in w.CLIENT | w.ADVISER and not w.ACTIONS & set(words[:3])
    if told or any(map(str.isdigit, "".join(words))):
        return unsure("a statement, word for word")
    return unsure("nobody is named")


def _asks_something(words: Sequence[str]) -> bool:
    """``… to be sent``, ``… needed``, ``… by 12 May``, ``RM to chase``."""
    said = set(words)
    if {"needed", "required", "due", "outstanding", "should", "must", "deadline"} & said:
        return True
    follows = pairwise(words)
    return any(
        (one in ("to", "will") and (two == "be" or two in w.ACTIONS)) or (one == "by" and two[:1].isdigit())
        for one, two in follows
    )


def _after_person(words: Sequence[str], people: frozenset[str] | set[str]) -> int | None:
    """The token after the person who leads; None if another leads, or two together."""
    at = 1 if words[0] == "the" and len(words) > 1 and words[1] in w.CLIENT else 0
    if words[at] not in people:
        return None
    nxt = words[at + 1] if at + 1 < len(words) else ""
    return None if nxt in ("&", "and", "+", "or") or "/" in nxt else at + 1


def _adverb(words: Sequence[str], at: int) -> tuple[str, int]:
    if at < len(words) and words[at] in _ADVERBS:
        return words[at], at + 1
    return "", at


def leads(text: str) -> bool:
    """Whether a text names who acts at its beginning: such a text can stand as a sentence of its own."""
    words = plain_words(text)
    if not words or words[0] in w.DEPENDS or is_negation(words[0]):
        return False
    return any(rule(words, "none") is not None for rule in (_client, _adviser, _advice, _third_party))


_RULES: tuple[Rule, ...] = (_advice, _client, _adviser, _third_party, _under_heading)
