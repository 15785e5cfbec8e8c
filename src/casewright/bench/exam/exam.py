"""The exam itself: ask, score, sum up, decide."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from casewright.api.bench import Machine
from casewright.api.qualification import (
    ExamFacts,
    ExamForm,
    ItemResult,
    Qualification,
    Skill,
    SkillScore,
    Use,
    qualification_key,
)
from casewright.bench.exam.items import EXAM_VERSION, SKILLS, Item, exam_digest, exam_items
from casewright.bench.exam.prompts import exam_prompt, prompt_digest
from casewright.bench.exam.score import score
from casewright.bench.exam.strategy import CHANCE, NEEDED, chosen, decide
from casewright.bench.stats import wilson
from casewright.bench.workload import Prompt
from casewright.errors import MeasurementError
from casewright.values import EngineIdentity

USES: tuple[Use, ...] = ("answer", "letter")


@dataclass(frozen=True, slots=True)
class ExamAnswer:
    """An engine's answer to a prompt; ``error`` is a kind of the error tree, ``seconds`` the latency."""

    text: str
    error: str | None = None
    seconds: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


Ask = Callable[[Sequence[Prompt]], Sequence[ExamAnswer]]


def exam_prompts(form: ExamForm = "full") -> tuple[Prompt, ...]:
    """The prompts of the exam, in order."""
    return tuple(exam_prompt(item) for item in exam_items(form))


def run_exam(
    ask: Ask,
    identity: EngineIdentity,
    *,
    machine: Machine,
    form: ExamForm = "full",
    spec: str | None = None,
    now: datetime | None = None,
) -> Qualification:
    """Ask every item once and sum up; ``ask`` answers all prompts in order, one at a time, at temperature 0.

    An item that the engine did not answer counts as wrong and is counted as an error.

    Raises:
        MeasurementError: the number of answers differs from that of the prompts, or no item was answered.
    """
    return grade(
        exam_items(form), ask(exam_prompts(form)), identity, machine=machine, form=form, spec=spec, now=now
    )


def grade(
    items: Sequence[Item],
    answers: Sequence[ExamAnswer],
    identity: EngineIdentity,
    *,
    machine: Machine,
    form: ExamForm,
    spec: str | None = None,
    now: datetime | None = None,
) -> Qualification:
    """Score the answers to ``items``, in their order. Raises as `run_exam`."""
    if len(answers) != len(items):
        raise MeasurementError(
            f"{len(answers)} answers to {len(items)} exam items", hint="every prompt needs its answer"
        )
    if all(answer.error for answer in answers):
        kinds = ", ".join(sorted({answer.error or "" for answer in answers}))
        raise MeasurementError(
            f"the engine answered none of {len(items)} exam items ({kinds})",
            hint="see what answers with: casewright engine probe SPEC",
        )
    results = tuple(_result(item, answer) for item, answer in zip(items, answers, strict=True))
    skills = tuple(_skill_score(skill, results) for skill in SKILLS)
    rules = decide(skills)
    full = form == "full"
    digests = tuple(result.prompt_sha256 for result in results)
    return Qualification(
        key=qualification_key(identity),
        created_at=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        spec=spec,
        engine=identity,
        machine=machine,
        exam=ExamFacts(
            version=EXAM_VERSION, form=form, sha256=exam_digest(tuple(items), digests), items=len(items)
        ),
        seconds=round(sum(result.seconds or 0.0 for result in results), 3),
        skills=skills,
        strategy=chosen(rules, None) if full else None,
        uses={use: chosen(rules, use) for use in USES} if full else None,
        rules=rules,
        items=results,
        notes=_notes(results, identity, full),
    )


def _result(item: Item, answer: ExamAnswer) -> ItemResult:
    judged = score(item, answer.text)
    right = judged.correct and answer.error is None
    return ItemResult(
        id=item.id,
        skill=item.skill,
        prompt_sha256=prompt_digest(exam_prompt(item)),
        answer=answer.text,
        correct=right,
        reason=f"no complete answer: {answer.error}" if answer.error else judged.reason,
        error=answer.error,
        seconds=answer.seconds,
        prompt_tokens=answer.prompt_tokens,
        output_tokens=answer.output_tokens,
    )


def _skill_score(skill: Skill, results: Sequence[ItemResult]) -> SkillScore:
    mine = [result for result in results if result.skill == skill]
    correct = sum(result.correct for result in mine)
    share = wilson(correct, len(mine))
    if share is None:
        raise ValueError(f"the exam has no item for {skill}")
    seconds = [result.seconds for result in mine if result.seconds is not None]
    return SkillScore(
        skill=skill,
        correct=correct,
        items=len(mine),
        errors=sum(result.error is not None for result in mine),
        share=share,
        chance=CHANCE[skill],
        above_chance=share.low > CHANCE[skill],
        needed=NEEDED[skill],
        allowed=share.low >= NEEDED[skill],
        median_seconds=statistics.median(seconds) if seconds else None,
        prompt_tokens=_total([result.prompt_tokens for result in mine]),
        output_tokens=_total([result.output_tokens for result in mine]),
    )


def _total(counts: Sequence[int | None]) -> int | None:
    """The sum, or None where one is not known: a partial sum would look like a whole one."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _notes(results: Sequence[ItemResult], identity: EngineIdentity, full: bool) -> tuple[str, ...]:
    notes = []
    errors = sum(result.error is not None for result in results)
    if errors:
        notes.append(f"{errors} of {len(results)} items were not answered completely and count as wrong")
    if identity.digest is None:
        notes.append("the engine does not tell its weights' digest: kept under the model's name instead")
    if not full:
        notes.append("short form: for comparing two engines, too few items to decide a strategy")
    return tuple(notes)
