"""Where an entry of the notes belongs and how sure that is; what stands for the client or the adviser."""

from __future__ import annotations

from dataclasses import dataclass

from casewright.api.notes import Owner, Section
from casewright.notes import words as w
from casewright.notes.recognise import core
from casewright.notes.remembered import remembered


@dataclass(frozen=True, slots=True)
class Decision:
    """Where an entry belongs and how it is said. ``why`` is for a person who looks at an unsure line.

    ``agree``: the first word after the lead is a verb to be put in the second person. ``own_possessive``: the
    second is a "his", "her" or "their" that can only be the client's. ``doubted``: the line itself is open
    (a condition, a question, somebody's own words), so no likelihood makes it sure; ``stays``: it is to stay
    among the matters. ``probability``: how likely owner and section are right together, None where the
    rules alone were asked.
    """

    owner: Owner
    section: Section
    sure: bool
    why: str
    lead: int = 0
    opening: str | None = None
    agree: bool = False
    own_possessive: bool = False
    doubted: bool = False
    stays: bool = False
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """What stands for the client or the adviser in these notes: names in lower case, initials in capitals."""

    client: frozenset[str] = frozenset()
    adviser: frozenset[str] = frozenset()

    @classmethod
    def of(cls, client_name: str, adviser: str | None = None) -> Names:
        """From full names. What both share stands for neither; "Will" and "May" are words and no names."""
        client, ours = _known_by(client_name), _known_by(adviser or "")
        return cls(client - ours, ours - client)


def _known_by(name: str) -> frozenset[str]:
    parts = [part for part in map(core, name.split()) if part and part.lower() not in w.TITLES]
    whole = {part.lower() for part in parts if len(part) > 2}
    letters = [part[0].upper() for part in parts if part[0].isalpha()]
    short = (
        {"".join(letters), letters[0] + letters[-1], letters[0], letters[-1]} if len(letters) > 1 else set()
    )
    return frozenset(whole - w.ACTIONS - w.NOT_NAMES) | {
        one for one in short if one not in ("A", "I") and one.lower() not in w.NO_INITIALS
    }


@remembered
def plain_words(text: str) -> tuple[str, ...]:
    """The tokens of a text in lower case without the punctuation around them; one for each token."""
    return tuple([core(token) for token in text.lower().replace("’", "'").split()])


def unsure(why: str, owner: Owner = "unclear", *, doubted: bool = False, stays: bool = False) -> Decision:
    """Nothing is claimed: the line is quoted, for a person to look at."""
    return Decision(owner, "matters_discussed", False, why, doubted=doubted or stays, stays=stays)
