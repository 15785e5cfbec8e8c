"""Two engines' answers to one exam, item by item, to see whether one is worse."""

from __future__ import annotations

from collections.abc import Sequence

from scipy import special

from casewright.api.qualification import (
    ItemResult,
    Qualification,
    QualityComparison,
    QualityVerdict,
    SkillDifference,
)
from casewright.bench.exam.items import SKILLS
from casewright.errors import UsageError

LEVEL = 0.95
Pair = tuple[ItemResult, ItemResult]


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Two-sided exact p of McNemar's test: whether the items on which both differ favour one side.

    Source: McNemar (1947), in its exact binomial form; 1.0 where nothing differs.
    """
    differing = only_a + only_b
    if differing == 0:
        return 1.0
    return min(1.0, 2 * float(special.bdtr(min(only_a, only_b), differing, 0.5)))


def compare_quality(a: Qualification, b: Qualification) -> QualityComparison:
    """Pair the items that both were asked in the same words and say whether one side is worse.

    A full and a short exam of one version share the short one's items.

    Raises:
        UsageError: no item was asked of both.
    """
    pairs = _pairs(a, b)
    if not pairs:
        raise UsageError(
            "the two results share no exam item", hint="run the exam of this version on both engines"
        )
    only_a = sum(x.correct and not y.correct for x, y in pairs)
    only_b = sum(y.correct and not x.correct for x, y in pairs)
    p = mcnemar_exact(only_a, only_b)
    return QualityComparison(
        items=len(pairs),
        both_right=sum(x.correct and y.correct for x, y in pairs),
        only_a_right=only_a,
        only_b_right=only_b,
        both_wrong=sum(not x.correct and not y.correct for x, y in pairs),
        same_text=sum(" ".join(x.answer.split()) == " ".join(y.answer.split()) for x, y in pairs),
        p_value=p,
        level=LEVEL,
        verdict=_verdict(only_a, only_b, p),
        skills=_skills(pairs),
        changed=tuple(x.id for x, y in pairs if x.correct != y.correct),
        strategy_a=a.strategy,
        strategy_b=b.strategy,
        notes=_notes(a, b, pairs),
    )


def _pairs(a: Qualification, b: Qualification) -> list[Pair]:
    """Pair by id and prompt, where what counts as right is the same too."""
    if a.exam.version != b.exam.version:
        return []
    if a.exam.form == b.exam.form and a.exam.sha256 != b.exam.sha256:
        return []
    others = {(item.id, item.prompt_sha256): item for item in b.items}
    return [
        (item, others[item.id, item.prompt_sha256])
        for item in a.items
        if (item.id, item.prompt_sha256) in others
    ]


def _verdict(only_a: int, only_b: int, p: float) -> QualityVerdict:
    if p > 1 - LEVEL:
        return "NO DIFFERENCE SHOWN"
    return "B WORSE" if only_a > only_b else "A WORSE"


def _skills(pairs: Sequence[Pair]) -> tuple[SkillDifference, ...]:
    found = []
    for skill in SKILLS:
        mine = [(x, y) for x, y in pairs if x.skill == skill]
        if mine:
            found.append(
                SkillDifference(
                    skill=skill,
                    items=len(mine),
                    a_correct=sum(x.correct for x, _ in mine),
                    b_correct=sum(y.correct for _, y in mine),
                )
            )
    return tuple(found)


def _notes(a: Qualification, b: Qualification, pairs: Sequence[Pair]) -> tuple[str, ...]:
    notes = [
        f"{len(pairs)} items: fewer than 6 one-sided changes cannot be told from chance, "
        "so no difference shown is not a proof of equal quality"
    ]
    for side, own in (("A", [x for x, _ in pairs]), ("B", [y for _, y in pairs])):
        errors = sum(item.error is not None for item in own)
        if errors:
            notes.append(f"{side} left {errors} items without a complete answer; they count as wrong")
    if a.strategy and b.strategy and a.strategy != b.strategy:
        notes.append(f"the strategies differ: A {a.strategy}, B {b.strategy}")
    return tuple(notes)
