"""From scores to a strategy, by declared rules.

A skill is allowed when the lower end of its 95 % Wilson interval reaches its bound: an engine is trusted with
what it has shown, so too few items count against it. The bound is one half, that is "more often right than
wrong, beyond doubt"; for a choice of three labels, where guessing gets a third, it is higher. The bounds were
set before any model sat the exam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from casewright.api.qualification import (
    Requirement,
    RuleResult,
    Skill,
    SkillScore,
    Strategy,
    Use,
)

CHANCE: Mapping[Skill, float] = {
    "single_passage": 0.0,
    "five_passages": 0.0,
    "unanswerable": 0.0,
    "quote": 0.0,
    "json_schema": 0.0,
    "rewrite": 0.0,
    "who_does_what": 1 / 3,
}
NEEDED: Mapping[Skill, float] = {
    "single_passage": 0.5,
    "five_passages": 0.5,
    "unanswerable": 0.5,
    "quote": 0.5,
    "json_schema": 0.5,
    "rewrite": 0.5,
    "who_does_what": 0.6,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """``strategy`` may be followed in ``use`` (None: as a whole) when every skill named is allowed."""

    use: Use | None
    strategy: Strategy
    skills: tuple[Skill, ...]


# Within a use the first rule that is met decides; "extractive" asks nothing of a model.
RULES: tuple[Rule, ...] = (
    Rule(None, "structured", ("json_schema", "five_passages", "unanswerable", "quote", "rewrite")),
    Rule(None, "plain", ("single_passage", "unanswerable")),
    Rule("answer", "structured", ("json_schema", "five_passages", "unanswerable", "quote")),
    Rule("answer", "plain", ("single_passage", "unanswerable")),
    Rule("letter", "structured", ("json_schema", "rewrite", "who_does_what")),
    Rule("letter", "plain", ("rewrite",)),
)


def decide(scores: Sequence[SkillScore], rules: Sequence[Rule] = RULES) -> tuple[RuleResult, ...]:
    """Hold every rule against the scores, with the reason for each requirement."""
    by_skill = {score.skill: score for score in scores}
    return tuple(_hold(rule, by_skill) for rule in rules)


def chosen(results: Sequence[RuleResult], use: Use | None) -> Strategy:
    """The first strategy whose rule is met in ``use``; ``extractive`` if none is."""
    return next((result.strategy for result in results if result.use == use and result.met), "extractive")


def _hold(rule: Rule, scores: Mapping[Skill, SkillScore]) -> RuleResult:
    needs = tuple(_requirement(scores[skill]) for skill in rule.skills)
    return RuleResult(
        use=rule.use, strategy=rule.strategy, met=all(need.met for need in needs), requirements=needs
    )


def _requirement(score: SkillScore) -> Requirement:
    lower = score.share.low
    seen = f"{score.skill} {score.correct}/{score.items}, lower bound {lower:.2f}"
    return Requirement(
        skill=score.skill,
        lower=lower,
        needed=score.needed,
        met=score.allowed,
        reason=f"{seen} reaches {score.needed:.2f}" if score.allowed else f"{seen}, needs {score.needed:.2f}",
    )
