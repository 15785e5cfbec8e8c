"""Whether a model's sentences hold: each beside its lines, and those of one line together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from casewright.api.notes import Rejected
from casewright.notes.claim import Claim, Said, Written
from casewright.notes.shapes import Context, DraftedFact, DraftedSentence, Grounds, SourceLine

_SIGNS = frozenset(" ,.;:'’“”\"-–/()&£%!?")
_OURS = ("We will ",)
_YOURS = ("You need to ", "You also need to ", "You must ", "You should ", "Please ")
_NO_MATTER = (*_OURS, *_YOURS)


class Addressed(Protocol):
    """What a sentence may name besides its lines."""

    @property
    def client_name(self) -> str:
        """The client."""
        ...

    @property
    def adviser(self) -> str | None:
        """Who signs."""
        ...

    @property
    def meeting(self) -> date | None:
        """What relative days count from."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A sentence, the claims it stands for, and what is wrong with it. ``covers``: none shares them."""

    text: str
    claims: tuple[Claim, ...]
    covers: bool
    faults: tuple[str, ...]

    def again(self, text: str, grounds: Grounds, about: Addressed) -> Held:
        """Another sentence for the same claims."""
        return replace(self, text=text, faults=judged(text, self.claims, self.covers, grounds, about))


@dataclass(slots=True)
class Settled:
    """What is taken and what is not."""

    written: list[Written] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def hold(
    sentences: Sequence[DraftedSentence],
    facts: Sequence[DraftedFact],
    part: Sequence[Said],
    grounds: Grounds,
    about: Addressed,
) -> list[Held]:
    """Each sentence beside the claims that its facts rest on."""
    known = {fact.id: fact for fact in facts}
    claimed = [_claims([known[name] for name in one.facts if name in known], part) for one in sentences]
    times = Counter(claim.id for claims in claimed for claim in claims)
    held = []
    for one, claims in zip(sentences, claimed, strict=True):
        covers = all(times[claim.id] == 1 for claim in claims)
        held.append(Held(one.text, claims, covers, judged(one.text, claims, covers, grounds, about)))
    return held


def _claims(facts: Sequence[DraftedFact], part: Sequence[Said]) -> tuple[Claim, ...]:
    """The claims of the facts' lines that have the facts' section and owner, each once, in order."""
    wanted = {(number, fact.section, fact.owner) for fact in facts for number in fact.lines}
    return tuple(
        said.claim
        for said in part
        if any(
            (number, said.claim.decision.section, said.claim.decision.owner) in wanted
            for number in said.claim.lines
        )
    )


def judged(
    text: str, claims: Sequence[Claim], covers: bool, grounds: Grounds, about: Addressed
) -> tuple[str, ...]:
    """Everything that is wrong with a sentence for its claims; empty if it may leave."""
    if not claims:
        return ("it names no fact that exists",)
    sections = {(claim.decision.section, claim.decision.owner) for claim in claims}
    if len(sections) > 1:
        return ("it joins what different people do, or what belongs into different sections",)
    source = " ".join(claim.text for claim in claims)
    if wrong := _form(text, source, claims[0]):
        return wrong
    context = Context(
        client_name=about.client_name,
        section=claims[0].decision.section,
        owner=claims[0].decision.owner,
        sure=all(claim.decision.sure for claim in claims),
        adviser=about.adviser,
        meeting=about.meeting,
        covers=covers,
    )
    lines = [SourceLine(claim.lines[0], claim.text) for claim in claims]
    return tuple(f"{fault.kind}: {fault.what}" for fault in grounds(text, lines, context))


def _form(text: str, source: str, claim: Claim) -> tuple[str, ...]:
    """What any sentence of a letter must be, whatever it says."""
    section = claim.decision.section
    found = []
    if not text.endswith((".", "!", "?", "”")) or not text[0].isupper():
        found.append("form: it is no whole sentence")
    if extra := {char for char in text if not char.isalnum()} - _SIGNS - set(source):
        found.append(f"form: it has signs that the line has not: {' '.join(sorted(extra))}")
    if section == "our_actions" and not text.startswith(_OURS):
        found.append("owner: what the adviser is to do begins with “We will”")
    if section == "your_actions" and not text.startswith(_YOURS):
        found.append("owner: what the client is to do begins with “You need to” or “You must not”")
    if section == "matters_discussed" and text.startswith(_NO_MATTER):
        found.append("section: it says that somebody is to do something, and its line does not")
    return tuple(found)


def settle(held: Sequence[Held], part: Sequence[Said], grounds: Grounds, about: Addressed) -> Settled:
    """Take what holds. Sentences that share a line are taken together, if together they say all of it."""
    settled = Settled()
    for one in held:
        if one.faults:
            settled.rejected.append(Rejected(text=one.text, reasons=one.faults))
    order = {said.claim.id: place for place, said in enumerate(part)}
    for group in _sharing([one for one in held if not one.faults]):
        claims = tuple(
            sorted(
                {claim.id: claim for one in group for claim in one.claims}.values(), key=lambda c: order[c.id]
            )
        )
        lost: tuple[str, ...] = ()
        if not all(one.covers for one in group):
            together = " ".join(one.text for one in group)
            lost = judged(together, claims, True, grounds, about)
        if lost:
            reasons = tuple(f"with the others of its line: {why}" for why in lost)
            settled.rejected += [Rejected(text=one.text, reasons=reasons) for one in group]
        else:
            settled.written += [Written(one.text, tuple(claim.id for claim in one.claims)) for one in group]
    return settled


def _sharing(held: Sequence[Held]) -> list[list[Held]]:
    """Sentences in groups that share no claim with each other."""
    groups: list[list[Held]] = []
    for one in held:
        names = {claim.id for claim in one.claims}
        joined = [group for group in groups if any(c.id in names for other in group for c in other.claims)]
        groups = [group for group in groups if group not in joined]
        groups.append([*(other for group in joined for other in group), one])
    return groups
