"""Who does what to whom in a text, as far as its own words tell, and whether it is done or to be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from casewright.notes import ground_forms as g
from casewright.notes import words as w
from casewright.notes.ground_parse import OTHER, Parsed, Token
from casewright.notes.ground_words import Keys, keys_of, lexicon, stem

Tense = Literal["past", "future", "possible", "present", "open"]
_MORE_VERBS = """
    owe lend receive evict dismiss threaten deduct charge sue award sanction fine harass employ sack hit
    attack assault inherit steal support care demand chase visit inspect reduce increase require let grant
    promise admit allege assess diagnose suspend transfer borrow win lose hand forward post repair replace
    say state inform warn remind recommend suggest mention refer evict authorise approve overpay underpay
    refund compensate hold write-off
"""
REPORTS = frozenset(
    stem(word)
    for word in w.listed(
        "tell say explain mention confirm report discuss talk advise inform note understand speak state"
        " describe warn"
        " remind suggest recommend agree"
    )
)
_PARTICLES = w.listed("in out up off back on over about down through for away a into again with to not")
_PASSIVE_WITHOUT_BE = frozenset(
    stem(word)
    for word in w.listed("dismissed sacked evicted sanctioned awarded diagnosed suspended fined overpaid")
)


@cache
def _verbs() -> frozenset[str]:
    listed = w.ACTIONS | frozenset(w.AGREE) | w.PAST | frozenset(w.SAYS) | w.listed(_MORE_VERBS)
    return frozenset(stem(word) for word in listed) - {"be", "do", "have", "need", "care", "number"}


@cache
def _parties() -> tuple[frozenset[str], Keys]:
    stems = frozenset(stem(word) for word in g.PARTIES)
    return stems, frozenset(key for one in stems for key in keys_of(one) if key.startswith("#"))


@dataclass(slots=True)
class Event:
    """A doing. ``subject`` None: the text does not say. ``objects`` are those it is done to, ``firm`` of
    them those that are so beyond doubt, ``sources`` from whom.
    """

    verb: Token
    subject: Token | None
    objects: list[Token] = field(default_factory=list)
    sources: list[Token] = field(default_factory=list)
    firm: list[Token] = field(default_factory=list)
    helped: list[Token] = field(default_factory=list)
    tense: Tense = "open"
    passive: bool = False
    beside: bool = True
    wished: bool = False


def is_party(token: Token) -> bool:
    """Whether a token is somebody who can act: a person, a known party, a name."""
    if token.party is None:
        token.party = _is_party(token)
    return token.party


def _is_party(token: Token) -> bool:
    if token.kind == "P":
        return True
    if token.kind != "W":
        return False
    stems, keys = _parties()
    if token.low == "re" or token.low.isdigit() or token.low in _MONTHS:
        return False
    if " " in token.low:
        return bool(token.keys & keys) and not token.form
    if stem(token.low) in stems:
        return True
    known = bool(lexicon().sets.get(stem(token.low))) and token.text.isupper()
    return token.name and not known and stem(token.low) not in lexicon().letter


def same(one: Token, two: Token) -> bool | None:
    """Whether two parties are one; None where a "he" or "they" leaves it open."""
    if OTHER in (one.form, two.form) and (one.kind == "P" or two.kind == "P"):
        return None
    if one.kind == "P" or two.kind == "P":
        return one.kind == two.kind and one.form == two.form
    return bool(one.keys & two.keys)


def events(parsed: Parsed) -> list[Event]:
    """Every doing of a text with its parties, in order; found once for a text."""
    if parsed.doings is None:
        parsed.doings = _events(parsed)
    return parsed.doings


def _events(parsed: Parsed) -> list[Event]:
    tokens = parsed.tokens
    places = [i for i, token in enumerate(tokens) if _is_verb(tokens, i)]
    found: list[Event] = []
    for n, i in enumerate(places):
        end = places[n + 1] if n + 1 < len(places) else len(tokens)
        found.append(_event(tokens, i, end, found[-1] if found else None))
    return found


def is_doing(token: Token) -> bool:
    """Whether a word can be a doing."""
    return token.kind == "W" and stem(token.low.split()[0]) in _verbs()


def _is_verb(tokens: Sequence[Token], i: int) -> bool:
    token = tokens[i]
    if token.kind != "W":
        return False
    heads = token.low.split()
    if len(heads) > 1 and heads[0] != "not" and heads[1] not in _PARTICLES:
        return False
    if not (stem(heads[0]) in _verbs() or (heads[0] == "not" and stem(heads[-1]) in _verbs())):
        return False
    before = tokens[i - 1] if i else None
    if before is not None and before.kind in "WF" and token.low in _NOUNS and before.low != "to":
        return False
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if token.low in _MEANS and after is not None and after.low in _OF_MEANS:
        return False  # "phone bill"
    beside = [one for one in (before, after) if one is not None and one.kind == "W" and not is_party(one)]
    if len(beside) == 2 and token.low.endswith("ing"):
        return False  # "irresponsible lending complaint"
    return before is None or not (
        before.kind in "AS"
        or (before.kind == "D" and before.low != "to")
        or before.low in ("of", "about", "re", "no")
    )


def _event(tokens: Sequence[Token], i: int, end: int, last: Event | None) -> Event:
    aux: list[str] = []
    j = i - 1
    while j >= 0 and _is_aux(tokens[j]):
        aux.append(tokens[j].low)
        j -= 1
    subject, beside = _subject(tokens, j, "to" in aux, last)
    after = tokens[i + 1 : end]
    known = [(side, party) for side, party in parties_after(after, end < len(tokens), tokens[end - 1 : end])]
    verb = tokens[i]
    done = verb.form in ("past", "base") or verb.low.endswith("ed")
    passive = done and any(side == "by" for side, _ in known)
    passive = passive or (done and bool(set(aux) & (g.BE | {"get", "got", "getting"})))
    bare = verb.form == "past" and stem(verb.low) in _PASSIVE_WITHOUT_BE
    passive = passive or (bare and not any(not side for side, _ in known))
    event = Event(
        verb, subject, tense=_tense(verb, aux, _before_thing(tokens, i)), passive=passive, beside=beside
    )
    event.wished = verb.form == "past" and _wished(tokens[max(0, i - 5) : i])
    event.objects = [party for side, party in known if side in ("", "to")]
    event.helped = [party for side, party in known if side == "for"]
    takes = stem(verb.low.split()[0]) in _TAKES  # "bought sofa DFS", "get sister's statement": from whom
    event.firm = [
        party for side, party in known if side == "to" or (not side and party in after[:2] and not takes)
    ]
    event.sources = [party for side, party in known if side == "from"]
    if passive:
        event.objects += [subject] if subject else []
        event.subject = next((party for side, party in known if side == "by"), None)
        event.beside = beside or event.subject is not None
    return event


_TAKES = frozenset(stem(word) for word in w.listed("buy get obtain order hire borrow collect find gather"))


def _wished(before: Sequence[Token]) -> bool:
    """As in "ask for a/c frozen": what is asked for."""
    for token in reversed(before):
        if token.kind in "JC":
            return False
        if token.kind == "W" and stem(token.low) in _WISHES:
            return token.form != "past"
    return False


_WISHES = frozenset(stem(word) for word in w.listed("ask want request"))


def _before_thing(tokens: Sequence[Token], i: int) -> bool:
    """As in "Return signed form": the past form describes a thing and tells nothing done."""
    if not i or i + 1 >= len(tokens):
        return False
    before = tokens[i - 1]
    return tokens[i + 1].kind == "W" and (
        before.kind in "AS" or (before.kind == "W" and not is_party(before))
    )


def _is_aux(token: Token) -> bool:
    return token.kind in "XMN" or token.low in g.ADVERBS or token.low in _AUXILIARIES


def _subject(
    tokens: Sequence[Token], j: int, infinitive: bool, last: Event | None
) -> tuple[Token | None, bool]:
    """Who does it, looking back from ``j``, and whether that is beyond doubt."""
    if j >= 0 and is_party(tokens[j]) and not (j and tokens[j - 1].kind == "D") and not _is_told(tokens, j):
        # "ring the tribunal to say": the tribunal need not be who says it
        return tokens[j], not (infinitive and last is not None and tokens[j] in last.objects)
    if (j == 1 and tokens[1].low == ":") or (j > 1 and tokens[j].low == ":" and tokens[j - 2].kind == "J"):
        # "cl: apply for …" names who acts
        return (tokens[j - 1], True) if is_party(tokens[j - 1]) else (None, False)
    first = None
    k = j
    while k >= 0 and tokens[k].kind not in "JC" and tokens[k].low not in ("that", "which"):
        if k != j and tokens[k].kind == "W" and stem(tokens[k].low) in REPORTS:
            break
        if is_party(tokens[k]) and tokens[k + 1].low != "'s" and not _is_told(tokens, k):
            first = tokens[k] if not (k and tokens[k - 1].kind == "D") else first
        k -= 1
    if first is not None:
        return first, False
    joined = k >= 0 and tokens[k].low in ("and", ",", "but", "then", "plus") and k >= j - 1
    if joined and tokens[k].low == "," and tokens[0].kind == "C" and tokens[0].form in ("if", "when"):
        return None, False  # "if they refuse, help with …"
    if last is not None and joined and reports(last.verb) and _says_of_another(tokens, last, k):
        return None, False
    if last is not None and joined and not last.passive:
        return last.subject, last.subject is not None
    return None, False


def _says_of_another(tokens: Sequence[Token], last: Event, end: int) -> bool:
    """As in "cl says money was mum's, held for funeral": what is told has a doer of its own."""
    place = next((i for i, token in enumerate(tokens) if token is last.verb), end)
    return any(token.kind == "X" and i > place + 1 for i, token in enumerate(tokens[:end]))


def parties_after(after: Sequence[Token], more: bool, last: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    """Parties after a verb with the side word before each; the subject of the next verb is none of them."""
    for k, token in enumerate(after):
        if token.kind == "C" or token.low in ("that", ".", ";", "but", "which", "who"):
            return
        if k and after[k - 1].low in ("everything", "anything", "all", "what", "whatever", "any"):
            continue  # "list everything you spend"
        if (
            token.low in ("we", "i", "he", "she", "they", "yourself", "ourselves", "himself", "herself")
            or not is_party(token)
            or _describes(token, after[k + 1 : k + 2])
        ):
            continue
        tail = after[k + 1 :]
        if tail and tail[0].kind in "XM" and tail[0].low != "to":
            return
        if more and all(_is_aux(t) for t in tail) and not any(t.low == "to" for t in tail):
            return
        if k and after[k - 1].low in ("re", "regarding", "concerning"):
            continue
        before = k - 1
        while before >= 0 and (after[before].kind in "AS" or after[before].name):
            before -= 1
        side = after[before].form if before >= 0 and after[before].kind == "D" else ""
        yield side, token


def _is_told(tokens: Sequence[Token], i: int) -> bool:
    """As in "told us", and not "me to chase X, him to chase Y"."""
    return tokens[i].low in ("us", "me", "him", "them") and i > 0 and tokens[i - 1].kind != "J"


def reports(verb: Token) -> bool:
    """Whether a doing is one of telling ("talked about")."""
    return stem(verb.low.split()[0]) in REPORTS


def _describes(token: Token, after: Sequence[Token]) -> bool:
    """As in "Court letters": the party only says which letters."""
    return token.kind == "W" and any(
        t.kind == "W" and not is_party(t) and t.low not in g.ADVERBS for t in after
    )


def _tense(verb: Token, aux: Sequence[str], describes: bool) -> Tense:
    found = set(aux)
    if found & g.MAY or found & {"can", "could"}:
        return "possible"
    if found & g.HAVE and verb.form in ("past", "base") and found & (g.MUST | {"would"}):
        return "open"
    if found & g.HAVE and verb.form in ("past", "base") and "to" not in found:
        return "past"
    if found & (g.WILL | g.MUST | {"to", "going", "please"}):
        return "future"
    if "would" in found:
        return "open"
    if found & g.WAS or "did" in found:
        return "past"
    if found & g.BE or found & g.DO:
        return "present" if verb.form != "past" else "open"
    if verb.form == "past":
        return "open" if describes else "past"
    return "present" if verb.low.split()[0].endswith("s") and not verb.low.endswith("ss") else "open"


_MONTHS = frozenset(g.MONTHS.values())
# Bare forms that after another word are as likely a thing ("court claim", "rent offer").
_NOUNS = w.listed(
    "claim report notice appeal call charge offer work support repair refund rent visit fine award plan"
    " check help"
    " contact email text transfer sanction complaint letter review request payment record recording"
    " change order file list form log"
)
_MEANS = w.listed("phone email text call letter")
_OF_MEANS = w.listed(
    "bill bills contract number address company provider line shop centre center message messages"
)
_AUXILIARIES = frozenset(
    {"going", "please", "not able", "not be able", "can not", "could not", "be able", "be able to", "have to"}
)
