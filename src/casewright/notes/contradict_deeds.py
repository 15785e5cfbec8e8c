"""Did, and did not: two lines that say the same thing of the same person, one of them with a "not"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from casewright.notes.recognise import core, is_negation
from casewright.notes.words import ADVISER, CLIENT, PARTIES, listed

# Forms of the verbs that notes record as done or not done.
_VERBS = {
    form: forms.split()[0]
    for forms in (
        "agree agreed agrees",
        "accept accepted accepts",
        "sign signed signs",
        "receive received receives got get gets had",
        "pay paid pays",
        "send sent sends",
        "tell told tells",
        "have has owns own owned",
        "serve served",
        "attend attended attends went",
        "protect protected",
        "contact contacted",
        "appeal appealed",
        "apply applied applies",
        "claim claimed claims claiming",
        "let",
        "admit admitted admits",
        "give gave given gives",
        "work works working worked employed",
        "live lives living lived",
        "know knew knows",
        "read",
        "return returned returns",
        "dispute disputes disputed",
        "complain complained",
        "report reported",
        "notify notified",
        "cancel cancelled",
        "reply replied respond responded",
        "want wants wanted",
        "see saw seen",
        "consent consents consented",
        "understand understood",
        "keep kept",
        "refund refunded",
        "repair repaired fixed fix",
        "issue issued",
        "provide provided",
        "open opened",
        "cash cashed",
        "drive drives",
        "smoke smokes",
        "authorise authorised",
        "is are was were 's",
        "receive rec'd",
        "inspect inspected",
        "warn warned",
        "dismiss dismissed",
        "resign resigned",
        "join joined",
        "deliver delivered",
        "wear wears",
        "use uses",
        "need needs",
    )
    for form in forms.split()
}
# These say the contrary of another verb.
_CONTRARY = {
    "refused": "agree",
    "refuses": "agree",
    "declined": "agree",
    "declines": "agree",
    "rejected": "accept",
    "denies": "admit",
    "denied": "admit",
    "unemployed": "work",
    "unpaid": "pay",
    "unsigned": "sign",
    "missed": "attend",
    "unprotected": "protect",
}
_OPEN = listed(
    "if unless will would should could may might must to when until till before yet again then later now"
    " first previously"
    " since still maybe perhaps whether needs need going shall used anymore longer next whether always"
    " sometimes every"
    " initially originally meanwhile after finally eventually today"
)
_LITTLE = listed(
    "the a an of to in on at by for from with and or that this it its his her their he she they is are"
    " was were be been has have had do"
    " does did not no never any says said told us states about as re so but also all me we i our my him"
    " them up out there"
    " didn't doesn't hasn't haven't wasn't isn't won't can't don't hadn't aren't weren't dont didnt yes"
    " cl's ll's says confirmed"
    " confirms stated both either properly ever at all actually definitely really just"
)
_SUBJECTS = dict.fromkeys(CLIENT | {"he", "she", "they"}, "client") | dict.fromkeys(
    ADVISER | {"i", "we"}, "adviser"
)
_CLAUSE = re.compile(r"[;,.]\s|\s(?:but|and|although|because|b/c)\s|\s[-–—]\s")
_SAYS = listed("says said states stated confirmed confirms reports told us that claims")


@dataclass(frozen=True, slots=True)
class Deed:
    """One clause: who, the verb, whether it is so, and the words that say what of."""

    line: int
    who: str
    verb: str
    so: bool
    words: frozenset[str]
    text: str


def deeds(line: int, text: str) -> list[Deed]:
    """The clauses of an entry that say that somebody did or did not do a thing; those that depend are
    none.
    """
    if "?" in text:
        return []
    found = []
    start = 0
    for cut in [*(match.start() for match in _CLAUSE.finditer(text)), len(text)]:
        deed = _deed(line, text[start:cut].strip(" ,;.-–—"))
        if deed is not None:
            found.append(deed)
        start = cut
    return found


def _deed(line: int, text: str) -> Deed | None:
    words = [core(word).lower().replace("’", "'") for word in text.split()]
    words = [word for word in words if word and word not in ("and", "but")]
    if not 2 <= len(words) <= 16:
        return None
    who, at = _who(words)
    rest = words[at:]
    place = next((n for n, word in enumerate(rest) if word in _VERBS or word in _CONTRARY), None)
    if place is None or place > 5:
        return None
    # "has not paid", "did not have": the verb after the little one says what it is
    while place + 1 < len(rest) and rest[place] in ("has", "have", "had", "is", "was", "are", "were", "got"):
        later = next(
            (
                n
                for n in range(place + 1, min(place + 4, len(rest)))
                if rest[n] in _VERBS or rest[n] in _CONTRARY
            ),
            None,
        )
        if later is None or any(rest[n] not in _LITTLE for n in range(place + 1, later)):
            break
        place = later
    # "agreed to pay": what follows the verb is its thing, a "to" before it is a thing to be done
    if _OPEN & set(rest[:place]) or (_OPEN - {"to", "now"}) & set(rest[place:]):
        return None
    verb = _CONTRARY.get(rest[place]) or _VERBS[rest[place]]
    negated = sum(
        is_negation(word) and word not in ("refused", "declined", "refuses", "declines") for word in rest
    )
    so = (negated % 2 == 0) == (rest[place] not in _CONTRARY)
    things = frozenset(
        _stem(word) for word in rest if word not in _LITTLE and not is_negation(word) and word != rest[place]
    )
    if (
        not things
        and not any(is_negation(word) for word in rest)
        and rest[place] not in _CONTRARY
        and len(rest) > 1
    ):
        return None
    return Deed(line, who, verb, so, things, text)


def _who(words: list[str]) -> tuple[str, int]:
    """The subject and the place after it; "cl says he paid" is about the client."""
    who, at = "", 0
    while at < len(words) and at < 5:
        word = words[at]
        if word in _SUBJECTS:
            who = _SUBJECTS[word] if word not in ("he", "she", "they") or not who else who
        elif word in PARTIES:
            who = "landlord" if word in ("ll", "landlord") else word
        elif word not in _SAYS or (word == "told" and words[at + 1 : at + 2] not in (["us"], ["me"])):
            break
        at += 1
    return who, at


def _stem(word: str) -> str:
    return word.removesuffix("'s").rstrip("s") if word.isalpha() and len(word) > 3 else word


def clash(one: Deed, two: Deed) -> bool:
    """Whether two deeds say the contrary of each other about the same thing."""
    if one.so == two.so or one.verb != two.verb or one.who != two.who:
        return False
    few = min(len(one.words), len(two.words))
    if few == 0:
        return one.verb in ("attend", "sign", "work") and len(one.words | two.words) <= 1
    if (
        {word for word in one.words if word[:1].isdigit() or word[:1] == "£"}
        ^ {word for word in two.words if word[:1].isdigit() or word[:1] == "£"}
        and few > 1
        and len(one.words & two.words) < few
    ):
        return False
    shared = len(one.words & two.words)
    return (
        shared >= 1
        and shared / few >= (0.6 if few > 1 else 1.0)
        and shared / len(one.words | two.words) >= 0.34
    )
