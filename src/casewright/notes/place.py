"""The joint decision on lines: a sure rule decides, otherwise the classifier says where one is quoted.

Notes run in blocks: what is to be done stands beside what is to be done. So the guess weighs a line's own
words with where the lines before it fell. A line placed wrongly among the client's actions harms; one among
the matters that is shown to a person harms less: a guess moves a line to the actions only from a likelihood
on (``ACTION_FROM``), and a line is shown as unsure below a higher one (``SURE_FROM``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from casewright.api.notes import Section
from casewright.notes import classify
from casewright.notes import words as w
from casewright.notes.decision import Decision, Names, plain_words
from casewright.notes.owner import decide
from casewright.notes.read import Heading
from casewright.notes.recognise import core
from casewright.notes.shapes import Guess

ACTION_FROM: dict[Section, float] = {"matters_discussed": 0.0, "our_actions": 0.45, "your_actions": 0.6}
SURE_FROM = 0.85
RULE_SURE = 0.98  # how often a sure rule was right: 60 of 61 labelled lines of benchmarks/data/notes
NOBODY = Names()
# How often a line of each class (classify.CLASSES) follows one of each: set by hand after the look of notes,
# milder than those at hand, whose blocks are tidier than most.
_FOLLOWS: tuple[tuple[float, ...], ...] = (
    (0.60, 0.12, 0.13, 0.07, 0.08),
    (0.19, 0.60, 0.09, 0.07, 0.05),
    (0.10, 0.10, 0.40, 0.16, 0.24),
    (0.16, 0.17, 0.24, 0.32, 0.11),
    (0.09, 0.10, 0.37, 0.12, 0.32),
)
_OPEN = w.DOUBT | w.listed("if unless once when provided assuming")
_FIRST = (0.09, 0.09, 0.45, 0.13, 0.24)
_ALL = range(len(classify.CLASSES))
_LETTER_ABOVE = frozenset({"dear", "from", "sent", "subject", "to"})
_TO_ANYBODY = frozenset({"you", "we", "i", "your", "our", "please"})


class Placer:
    """Decides the lines of one meeting's notes in order; it remembers only how the last ones fell."""

    def __init__(self, names: Names = NOBODY) -> None:
        self._names = names
        self._coming: Sequence[float] = _FIRST
        self._before = ""

    def __call__(self, text: str, heading: Heading) -> Decision:
        """Who acts in the next line or sentence and where it belongs.

        Only a sure rule has an opening: what it does not decide is to be quoted in the section that is named.
        """
        if heading == "none" and _of_a_letter(text, self._before):
            heading = "speech"
        self._before = text
        rule = decide(text, heading)
        likely = self._likely(text, heading, rule)
        self._coming = [sum(likely[one] * _FOLLOWS[one][place] for one in _ALL) for place in _ALL]
        return _joint(text, rule, likely)

    def _likely(self, text: str, heading: Heading, rule: Decision) -> list[float]:
        """How likely each class is after the lines before it; a sure rule leaves its own classes only."""
        if rule.sure and rule.owner != "unclear":
            return [float(one == (rule.owner, rule.section)) for one in classify.CLASSES]
        own = classify.likelihoods(text, heading, rule, self._names)
        open_to = [not rule.sure or section == rule.section for _, section in classify.CLASSES]
        fit = [own[place] * self._coming[place] * open_to[place] for place in _ALL]
        return [value / sum(fit) for value in fit] if sum(fit) > 0 else [1 / len(fit)] * len(fit)


def placed(text: str, heading: Heading, before: str = "", names: Names = NOBODY) -> Decision:
    """The decision on one line alone; ``before`` is the line above, "" where there is none.

    For all lines of some notes a ``Placer`` costs half as much.
    """
    place = Placer(names)
    if before:
        place(before, "none")
    return place(text, heading)


def guess(text: str, heading: Heading, before: str = "", names: Names = NOBODY) -> Guess:
    """A line's likeliest owner and section and how likely they are (``shapes.Guesses``)."""
    said = placed(text, heading, before, names)
    return Guess(said.owner, said.section, said.probability or 0.0)


def _joint(text: str, rule: Decision, likely: Sequence[float]) -> Decision:
    place = max(_ALL, key=likely.__getitem__)
    owner, section = classify.CLASSES[place]
    if rule.sure:
        return replace(rule, owner=owner if rule.owner == "unclear" else rule.owner, probability=RULE_SURE)
    if rule.stays or likely[place] < ACTION_FROM[section]:
        section = "matters_discussed"
    open_to_doubt = rule.doubted or _by_initials(text) or (section != "matters_discussed" and _depends(text))
    sure = not open_to_doubt and likely[place] >= SURE_FROM
    return replace(
        rule,
        owner=owner,
        section=section,
        sure=sure,
        why="" if sure else rule.why,
        opening=None,
        probability=round(likely[place], 3),
    )


def _by_initials(text: str) -> bool:
    """Whether initials that are no known party are set to act: "RM to chase" may be anybody."""
    first, following = [*map(core, text.split()[:2]), "", ""][:2]
    known = first.lower() in w.PARTIES or first.lower() in w.SHORTHAND
    return first.isupper() and 1 < len(first) < 4 and not known and following.lower() in ("to", "will")


def _depends(text: str) -> bool:
    """Whether an action is a question or hangs on something: it is shown, however likely its place."""
    return "?" in text or not _OPEN.isdisjoint(plain_words(text))


def _of_a_letter(text: str, before: str) -> bool:
    """Whether a line speaks as the letter whose head stands above it, so that "you" may be anybody."""
    first, above = text.split(maxsplit=1)[:1], before.split(maxsplit=1)[:1]
    if not first or not above or core(first[0]).lower() not in _TO_ANYBODY:
        return False
    head = core(above[0]).lower()
    return head in _LETTER_ABOVE and (head == "dear" or above[0].endswith(":"))
