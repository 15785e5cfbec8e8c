"""What belongs together: a figure stays with the words that it stands with in its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from casewright.notes.ground_parse import Parsed, Token
from casewright.notes.ground_roles import is_doing
from casewright.notes.ground_words import Keys, lexicon, stem
from casewright.notes.values_kinds import Amount

_SPLITS = frozenset(
    {",", ";", ":", ".", "\n", "and", "but", "whereas", "plus", "while", "(", ")", "then", "–", "—"}
)
_JOINED = frozenset({"from", "to", "of", "between", "until", "till", "by", "than", "→", "->"})


@dataclass(slots=True)
class Clause:
    """The figures of a stretch of text, by their places among all figures, and its words of weight."""

    figures: list[int] = field(default_factory=list)
    words: list[Token] = field(default_factory=list)
    sides: dict[int, str] = field(default_factory=dict)
    stops: bool = False

    @property
    def keys(self) -> Keys:
        """All keys of its words."""
        return frozenset(k for t in self.words for k in t.keys) | frozenset(
            k for t in self.words for part in t.parts for k in part
        )


def clauses(parsed: Parsed, first: int = 0, hung: bool = False) -> list[Clause]:
    """The stretches between joints, cut further where one holds two sums; a lone figure goes with its
    neighbour.
    """
    made = [Clause()]
    number = first
    droppable, side, between = lexicon().droppable, "", False
    for token in parsed.tokens:
        if token.low in _SPLITS and token.kind == "J" and not (between and token.low == "and"):
            made[-1].stops = token.low in (".", ";", "\n")
            made.append(Clause())
        elif token.kind == "F":
            made[-1].figures.append(number)
            made[-1].sides[number] = side
            made[-1].words.append(token)
            number += 1
            between = False
        elif token.kind == "W" and (stem(token.low) not in droppable or token.name):
            made[-1].words.append(token)
        if token.kind == "D" or token.low in ("→", "->"):
            side = token.low
            between = between or token.low == "between"
        elif token.kind not in "AS":
            side = ""
    found = _joined([part for clause in made for part in _cut(clause)])
    return _hung(found) if hung else found


def _hung(made: list[Clause]) -> list[Clause]:
    """A part of a doing and a figure hangs on the thing before it ("sofa £379, ordered 20 March")."""
    found: list[Clause] = []
    for one in made:
        words = [token for token in one.words if token.kind == "W"]
        if found and one.figures and len(words) <= 1 and all(is_doing(token) for token in words):
            last = found[-1]
            kinds = [{_kind(part, n) for n in part.figures} for part in (last, one)]
            told = any(t.form == "past" and is_doing(t) for t in last.words)
            if words and last.figures and not kinds[0] & kinds[1] and not told and not last.stops:
                found[-1] = _merge(last, one)
                continue
        found.append(one)
    return found


def _cut(clause: Clause) -> list[Clause]:
    """Two sums side by side without a joint ("Barclays £450 Aviva £54") are cut, so that each has its own
    words.
    """
    sums = [t for t in clause.words if t.figure is not None and isinstance(t.figure.value, Amount)]
    if len(sums) < 2 or any(clause.sides[n] in _JOINED for n in clause.figures[1:]):
        return [clause]
    before = clause.words[0].kind != "F"
    made = [Clause()]
    places = iter(clause.figures)
    for token in clause.words:
        is_sum = token.figure is not None and isinstance(token.figure.value, Amount)
        if is_sum and not before and made[-1].words:
            made.append(Clause())
        made[-1].words.append(token)
        if token.kind == "F":
            n = next(places)
            made[-1].figures.append(n)
            made[-1].sides[n] = clause.sides[n]
        if is_sum and before:
            made.append(Clause())
    made = [one for one in made if one.words]
    made[-1].stops = clause.stops
    return made


def _joined(made: list[Clause]) -> list[Clause]:
    found: list[Clause] = []
    waiting: Clause | None = None
    for one in made:
        bare = all(t.kind == "F" for t in one.words)
        clause = one if waiting is None else _merge(waiting, one)
        waiting = None
        if not clause.words:
            continue
        if bare and found and not found[-1].stops:
            found[-1] = _merge(found[-1], clause)
        elif bare and clause.figures and not clause.stops:
            waiting = clause
        else:
            found.append(clause)
    return found + ([waiting] if waiting is not None else [])


def _merge(one: Clause, two: Clause) -> Clause:
    return Clause(one.figures + two.figures, one.words + two.words, one.sides | two.sides, two.stops)


def pairing_faults(said: Parsed, lines: Sequence[Parsed], pairs: dict[int, set[int]]) -> Iterator[str]:
    """Figures of the sentence that stand with another figure's words.

    ``pairs`` says which figures of the lines each figure of the sentence equals; figures are counted over all
    lines.
    """
    known: list[Clause] = []
    count = 0
    for line in lines:
        known += clauses(line, count, hung=True)
        count += len(line.figures)
    with_figures = [clause for clause in known if clause.figures]
    parts = clauses(said)
    if count and len(said.figures) > 1:
        yield from _order_faults(parts, with_figures, pairs)
    if len(known) < 2 or not with_figures:
        return
    own = _own_words(known)
    for place, part in enumerate(parts):
        if part.figures:
            yield from _clause_faults(parts, place, known, own, pairs)


def _own_words(known: Sequence[Clause]) -> list[Keys]:
    """For each clause, the keys that no other clause with a figure has."""
    every = [clause.keys for clause in known]
    return [
        keys - frozenset().union(*(other for j, other in enumerate(every) if j != i and known[j].figures))
        for i, keys in enumerate(every)
    ]


def _clause_faults(
    parts: Sequence[Clause],
    place: int,
    known: Sequence[Clause],
    own: Sequence[Keys],
    pairs: dict[int, set[int]],
) -> Iterator[str]:
    part = parts[place]
    homes = [{j for j, clause in enumerate(known) if pairs[n] & set(clause.figures)} for n in part.figures]
    if not all(homes):
        return
    shared = set.intersection(*homes)
    mine = shared or set().union(*homes)
    words = [t for t in part.words if t.kind == "W"]
    foreign = {j for j, clause in enumerate(known) if clause.figures} - mine
    for token in words:
        keys = token.keys | frozenset(k for p in token.parts for k in p)
        if is_doing(token) and not any(is_doing(t) for j in mine for t in known[j].words):
            continue
        held = any(keys & known[j].keys for j in mine)
        if not held and any(keys & own[j] for j in foreign):
            yield f"{token.text!r} stands with another figure in the line"
            return
    if not shared and len(part.figures) > 1:
        # what only one place has of its kind cannot have changed places with others of that kind
        every = Counter(kind for clause in known for kind in {_kind(clause, n) for n in clause.figures})
        sums = every["Amount"] + every["Number"]  # a sum may stand without its sign
        alone = all(
            (sums if _kind(part, n) in ("Amount", "Number") else every[_kind(part, n)]) == 1
            for n in part.figures
        )
        if not alone and not _in_order(part, known, own, pairs):
            yield "figures of two places stand together"
        return
    if any(own[j] for j in mine) and foreign:
        near = frozenset(k for other in _near(parts, place) for k in other.keys)
        wanted = frozenset(k for j in mine for k in own[j])
        others = frozenset(k for j in foreign for k in own[j])
        if not near & wanted and near & others:
            yield f"{_text(part)} stands apart from its words"


def _near(parts: Sequence[Clause], place: int) -> list[Clause]:
    around = [parts[place]]
    around += [parts[i] for i in (place - 1, place + 1) if 0 <= i < len(parts) and not parts[i].figures]
    return around


def _in_order(part: Clause, known: Sequence[Clause], own: Sequence[Keys], pairs: dict[int, set[int]]) -> bool:
    """Whether the own words of each place come in the order in which its figures do."""
    figures = list(part.figures)
    order = [min(j for j, clause in enumerate(known) if pairs[n] & set(clause.figures)) for n in figures]
    words = [
        next(j for j in order if t.keys & own[j])
        for t in part.words if t.kind == "W" and any(t.keys & own[j] for j in order)
    ]  # fmt: skip
    seen = [j for i, j in enumerate(words) if i == 0 or words[i - 1] != j]
    if _each_beside(part, known, own, pairs):
        return True
    return bool(words) and seen == [j for i, j in enumerate(order) if i == 0 or order[i - 1] != j]


def _each_beside(
    part: Clause, known: Sequence[Clause], own: Sequence[Keys], pairs: dict[int, set[int]]
) -> bool:
    """Whether every own word of a place stands beside a figure of it ("six in a two-bedroom home")."""
    numbers = iter(part.figures)
    homes = [
        {j for j, clause in enumerate(known) if pairs[n] & set(clause.figures)}
        for n in (next(numbers) if t.kind == "F" else -1 for t in part.words)
        if n >= 0
    ]
    places = [i for i, t in enumerate(part.words) if t.kind == "F"]
    found = 0
    for at, token in enumerate(part.words):
        theirs = {j for j in range(len(known)) if token.kind == "W" and token.keys & own[j]}
        if not theirs:
            continue
        near = min(abs(at - place) for place in places)
        if not any(
            abs(at - place) == near and home & theirs for place, home in zip(places, homes, strict=True)
        ):
            return False
        if near > 2 or sum(abs(at - place) == near for place in places) > 1:
            return False
        found += 1
    return found > 0


def _text(part: Clause) -> str:
    return next(repr(t.text) for t in part.words if t.kind == "F")


def _order_faults(
    parts: Sequence[Clause], known: Sequence[Clause], pairs: dict[int, set[int]]
) -> Iterator[str]:
    """Two figures of one kind that share a clause of the line must keep their order or their side words."""
    sides = {n: side for clause in known for n, side in clause.sides.items()}
    kinds = {n: _kind(clause, n) for clause in known for n in clause.figures}
    order = [(n, part.sides[n]) for part in parts for n in part.figures]
    for place, (n, side) in enumerate(order):
        for m, other in order[place + 1 :]:
            for clause in known:
                a, b = pairs[n] & set(clause.figures), pairs[m] & set(clause.figures)
                if not a or not b or a & b:
                    continue
                i, j = min(a), min(b)
                if kinds[i] != kinds[j] and {kinds[i], kinds[j]} != {"Amount", "Number"}:
                    continue
                turned = {side, sides[i]} == {"from", "to"} or {other, sides[j]} == {"from", "to"}
                if turned or (i > j and ((side, other) != (sides[i], sides[j]) or side == other)):
                    yield "two figures have changed places"
                    return


def _kind(clause: Clause, number: int) -> str:
    places = [t for t in clause.words if t.kind == "F"]
    figure = places[clause.figures.index(number)].figure
    return type(figure.value).__name__ if figure is not None else ""
