"""Lines that must not reach the client without a person's word: private remarks, other people's matters,
secrets.

Words decide where a rule knows them; for all other wordings a small classifier (``private_likely``) does. It
is set to rather withhold a line too many, because a leak cannot be taken back: a line that is withheld is
listed with its reason, so that a person can let it in. What a third party is reported to say about the client
("LL says cl is lying") is the matter itself and stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import lru_cache

from casewright.notes.private_likely import beginnings, looks_private
from casewright.notes.private_matter import accused, at_work, told_to_client
from casewright.notes.private_office import office_words, without_office
from casewright.notes.private_words import (
    ADVICE,
    BROAD,
    CONFIDENCE,
    HUSH,
    INJECTED,
    OPINION,
    OTHER_CLIENT,
    PRIVATE,
    REMARK,
    SELF,
    STARTS,
)
from casewright.notes.read import Entry

_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.?\s(?P<name>[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)?)")
_ALSO = re.compile(
    r"\balso\b|\bsame (?:prob|problem|issue|firm|fix|employer|ll|landlord|thing)|\bappt\)|\b(?:case|matter"
    r"|file)\b"
    r"|\bcan'?t discuss|\bcouldn'?t discuss|\bnot our\b|\bcame in\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:also|ours|our books|same (?:firm|employer|prob\w*|name)|other|different|muddle|mix(?:ed)? up"
    r"|confus\w+ with|file|case"
    r"|at (?:the )?same time|d\.?o\.?b|not (?:this|our) (?:cl|client))\b|\(",
    re.IGNORECASE,
)
_RELATION = re.compile(
    r"\b(?:wife|husband|partner|ex|son|daughter|mum|mother|dad|father|sister|brother|child|children|kids?"
    r"|family"
    r"|uncle|aunt|niece|nephew|cousin|grand\w+|joint|spouse|ll|landlord|maiden|carer)\b",
    re.IGNORECASE,
)
_AT_WORK = re.compile(
    r"\b(?:cl'?s|client's|her|his|their) (?:\w+ )?(?:colleague|co-?worker|manager|supervisor|boss)\s?$", re.I
)
_BORN = re.compile(
    r"\b(?:d\.?o\.?b\.?|born|date of birth)\b\s?:?\s?(?P<day>\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})", re.I
)
_CASE_OF = re.compile(
    r"^(?:re:?|about|regarding|note re|file:?)\s+(?P<name>(?:(?:Mr|Mrs|Ms|Miss|Dr)\.?\s)?[A-Z][\w'’-]+"
    r"(?:\s[A-Z][\w'’-]+){0,2})(?:['’]s?)?\s*(?:case|matter|file|appt|appeal|claim)?\s*(?:[:(–-]|$)",
    re.IGNORECASE,
)
# After a line on another client these speak of that client still.
_GOES_ON = re.compile(r"^\W*(?:he|she|they|his|her|their|same|also)\b", re.IGNORECASE)
SEVERAL = 5
LIKELY = "it reads like a private remark, a secret or another's matter; a person should look"
_ANOTHERS = ("it may be another client's", "it goes on about", "a namesake of")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "mx"})


def private_reason(
    text: str, client_name: str = "", before: str = "", heading: str = "none", *, last: bool = False
) -> str | None:
    """Why a line must not reach the client; None if nothing says so.

    ``before`` is what stands above the line, as far as it is known; ``heading`` what it stands under;
    ``last``: it is the last line of longer notes. Where no rule knows the wording the classifier decides.
    """
    known = ruled(text, client_name, before, heading)
    if known is None and looks_private(
        without_office(text.replace("’", "'")), name_parts(client_name), last=last
    ):
        return LIKELY
    return known


def ruled(text: str, client_name: str = "", before: str = "", heading: str = "none") -> str | None:
    """The rules' reason alone."""
    if heading == "private":
        return "under a heading for private remarks"
    plain = text.replace("’", "'")
    begins = beginnings(plain)
    found = PRIVATE.search(plain) if begins & STARTS["private"] else None
    if found:
        return f"marked as private: “{found[0].strip()}”"
    for name, patterns in (("injected", INJECTED), ("confidence", CONFIDENCE)):
        for reason, pattern in patterns if begins & STARTS[name] else ():
            found = pattern.search(plain)
            if found and not told_to_client(plain, found):
                return f"{reason}: “{found[0].strip()}”"
    found = HUSH.search(plain) if begins & STARTS["hush"] else None
    if found and not ADVICE.search(plain[: found.start() + 1]):
        return f"somebody is not to be told: “{found[0].strip()}”"
    known = _remark(plain, begins) or _another_client(plain, client_name, before, begins)
    if known:
        return known
    found = BROAD.search(plain) if begins & STARTS["broad"] else None
    return f"somebody is not to know of it: “{found[0].strip()}”" if found else None


def _remark(plain: str, begins: Set[str]) -> str | None:
    """An opinion or a remark on the client, or a note for the office."""
    office = office_words(plain) if begins & STARTS["office"] else None
    if office:
        return f"for the office, not for the client: “{office}”"
    for name, reason, patterns in (
        ("opinion", "the adviser's own opinion", OPINION),
        ("remark", "a remark on the client as a person", REMARK),
        ("self", "a note to oneself", SELF),
    ):
        for pattern in patterns if begins & STARTS[name] else ():
            found = pattern.search(plain)
            if found and not accused(plain, found):
                return f"{reason}: “{found[0].strip()}”"
    return None


def _another_client(plain: str, client_name: str, before: str, begins: Set[str]) -> str | None:
    found = OTHER_CLIENT.search(plain) if begins & STARTS["another"] else None
    if found and not at_work(plain, found):
        return f"it may be another client's matter: “{found[0].strip()}”"
    own = name_parts(client_name)
    case = _CASE_OF.match(plain)
    if (
        case
        and case["name"][:1].isupper()
        and own
        and not own & name_parts(case["name"])
        and _is_case(plain, case)
    ):
        return f"it may be another client's matter: “{case['name']}”"
    for match in _TITLED.finditer(plain):
        if (
            own
            and not own & name_parts(match["name"])
            and _ALSO.search(plain[match.end() : match.end() + 50])
        ):
            related = _RELATION.search(plain[: match.start()]) or _AT_WORK.search(plain[: match.start()])
            if not related:
                return f"it may be another client's matter: “{match[0]}”"
    return _namesake(plain, client_name, before)


def _is_case(plain: str, case: re.Match[str]) -> bool:
    """Whether "re Mrs Khan" opens another's matter: a title, or the word "case"; "re Barclays" is a
    subject.
    """
    return bool(
        re.search(r"\b(?:Mr|Mrs|Ms|Miss)\b", case["name"]) or re.search(r"\bcase\b", plain[: case.end()])
    )


def _namesake(plain: str, client_name: str, before: str) -> str | None:
    """A person of the client's surname with another first name, or of the client's name with another
    birthday.
    """
    born, known = _BORN.search(plain), _BORN.search(before)
    apart = born and known and re.sub(r"\D", "", born["day"]) != re.sub(r"\D", "", known["day"])
    if born and apart and not _RELATION.search(plain[: born.start()]):
        return f"another date of birth than the client's: “{born['day']}”"
    words = [word for word in client_name.split() if word.lower().strip(".") not in _TITLES]
    if len(words) < 2:
        return None
    first, last = words[0], words[-1]
    if last.lower() not in plain.lower():
        return None
    same = re.search(
        rf"\b(?:other|another|different|second|2nd)\s(?:mr\s|mrs\s"
        rf"|ms\s)?(?:{re.escape(first)}\s)?{re.escape(last)}\b",
        plain,
        re.I,
    )
    if same:
        return f"a namesake of the client's, it may be another's matter: “{same[0]}”"
    for match in re.finditer(
        rf"\b([A-Z][\w'-]*\.?)\s{re.escape(last)}\b(?!\s(?:Road|Rd|Street|St|Court|Council)\b)", plain
    ):
        given = match[1].rstrip(".")
        other = given.lower() not in _TITLES and not first.lower().startswith(given.lower())
        tail = plain[match.end() : match.end() + 40]
        initial = len(given) == 1 and re.match(r"\s?\(([A-Z]\w+)", tail)
        if initial and initial[1].lower() != first.lower():
            other = True
        if other and _ASIDE.search(tail) and not _RELATION.search(plain[: match.start()]):
            return f"a namesake of the client's, it may be another's matter: “{match[0]}”"
    return None


@lru_cache(maxsize=1024)
def name_parts(name: str) -> frozenset[str]:
    """The words of a name that tell people apart."""
    words = {word.strip(".,'’").lower().removesuffix("'s") for word in name.split()}
    return frozenset(words - _TITLES - {""})


def private_lines(entries: Sequence[Entry], client_name: str = "") -> dict[int, str]:
    """The reason for every line that is to be withheld, by its number.

    What directly follows a line on another client's matter goes with it if it begins with "he", "her" or so.
    """
    reasons: dict[int, str] = {}
    born_before = ""
    another = -1  # the number of the line up to which another client's matter goes
    end = last_entry(entries)
    for entry in entries:
        if entry.left_out is None:
            reason = private_reason(entry.text, client_name, born_before, entry.heading, last=entry is end)
            follows = entry.lines[0].number == another + 1
            if reason is None and follows and _GOES_ON.match(entry.text):
                reason = "it goes on about what may be another client's matter"
            if reason is not None and reason.startswith(_ANOTHERS):
                another = entry.lines[-1].number
            if reason is not None:
                reasons.update((line.number, reason) for line in entry.lines)
        if not born_before and _BORN.search(entry.text):  # only the first birthday counts
            born_before = entry.text
    _repeats(entries, reasons)
    return reasons


def last_entry(entries: Sequence[Entry]) -> Entry | None:
    """The last entry that says something, if there are several."""
    said = [entry for entry in entries if entry.left_out is None]
    return said[-1] if len(said) >= SEVERAL else None


def _repeats(entries: Sequence[Entry], reasons: dict[int, str]) -> None:
    """Withhold also what has a withheld line in it, word for word, and what has one of these in it."""
    withheld = [one for one in entries if one.lines[0].number in reasons]
    while withheld:
        texts = {text for one in withheld for text in (one.text, *(line.text for line in one.lines))}
        secrets = [text for text in texts if text.count(" ") > 1]
        withheld = [
            entry
            for entry in entries
            if entry.left_out is None
            and entry.lines[0].number not in reasons
            and any(secret in entry.text for secret in secrets)
        ]
        for entry in withheld:
            reasons.update((line.number, "it repeats a withheld line") for line in entry.lines)
