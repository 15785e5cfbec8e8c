"""The schema of a qualification, ``casewright.qualification/1``: what a model has shown that it can do.

Written by the exam, read by whoever must decide how far a model may be used; docs/qualification.md explains
it. A qualification belongs to weights behind a kind of engine: `qualification_key` names the file that holds
it, under ``qualifications`` in the data directory.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from casewright.api.bench import Interval, Machine, Record
from casewright.errors import StorageError
from casewright.values import EngineIdentity

SCHEMA: Literal["casewright.qualification/1"] = "casewright.qualification/1"
FOLDER = "qualifications"

Skill = Literal[
    "single_passage", "five_passages", "unanswerable", "quote", "json_schema", "rewrite", "who_does_what"
]
Strategy = Literal["structured", "plain", "extractive"]
Use = Literal["answer", "letter"]
ExamForm = Literal["full", "short"]
QualityVerdict = Literal["A WORSE", "B WORSE", "NO DIFFERENCE SHOWN"]


class SkillScore(Record):
    """One skill: ``share`` right with its 95 % Wilson interval, beside what blind guessing would get.

    ``errors`` are items that the engine did not answer; they count as wrong. Seconds are per item.
    """

    skill: Skill
    correct: int
    items: int
    errors: int
    share: Interval
    chance: float
    above_chance: bool
    needed: float
    allowed: bool
    median_seconds: float | None
    prompt_tokens: int | None
    output_tokens: int | None


class ItemResult(Record):
    """One item: the answer, whether it is right and why; ``error`` is a kind of the error tree."""

    id: str
    skill: Skill
    prompt_sha256: str
    answer: str
    correct: bool
    reason: str
    error: str | None = None
    seconds: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


class Requirement(Record):
    """One condition of a rule: the lower bound of a skill's share must reach ``needed``."""

    skill: Skill
    lower: float
    needed: float
    met: bool
    reason: str


class RuleResult(Record):
    """A rule and whether the scores meet all its requirements; ``use`` None is the rule for the whole."""

    use: Use | None
    strategy: Strategy
    met: bool
    requirements: tuple[Requirement, ...]


class ExamFacts(Record):
    """Which exam: ``sha256`` is over every prompt and every key."""

    version: str
    form: ExamForm
    sha256: str
    items: int


class Qualification(Record):
    """The result of one exam.

    ``strategy`` and ``uses`` are None where the exam cannot decide them (the short form).
    """

    schema_: Literal["casewright.qualification/1"] = Field(SCHEMA, alias="schema")
    key: str
    created_at: str
    spec: str | None = None
    engine: EngineIdentity
    machine: Machine
    exam: ExamFacts
    seconds: float
    skills: tuple[SkillScore, ...]
    strategy: Strategy | None
    uses: dict[Use, Strategy] | None
    rules: tuple[RuleResult, ...]
    items: tuple[ItemResult, ...]
    notes: tuple[str, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())

    def score(self, skill: Skill) -> SkillScore:
        """The score of one skill; every exam has all of them."""
        return next(score for score in self.skills if score.skill == skill)

    def strategy_for(self, use: Use) -> Strategy:
        """How far the model may be used: ``extractive`` where nothing else has been shown."""
        return "extractive" if self.uses is None else self.uses[use]


class SkillDifference(Record):
    """Items right on each side within one skill."""

    skill: Skill
    items: int
    a_correct: int
    b_correct: int


class QualityComparison(Record):
    """The answers of two engines to the same items, paired.

    ``p_value`` is McNemar's exact test over the items that one side has right and the other wrong
    (two-sided). NO DIFFERENCE SHOWN is not a proof that the answers are as good: ``notes`` say what could
    have been seen.
    """

    items: int
    both_right: int
    only_a_right: int
    only_b_right: int
    both_wrong: int
    same_text: int
    p_value: float
    level: float
    verdict: QualityVerdict
    skills: tuple[SkillDifference, ...]
    changed: tuple[str, ...]
    strategy_a: Strategy | None
    strategy_b: Strategy | None
    notes: tuple[str, ...] = ()


def qualification_key(identity: EngineIdentity) -> str:
    """The name under which a qualification is kept: sha256 of the engine's kind and the weights' digest.

    Where the engine does not tell a digest, model name, parameters and quantization stand in for it; then
    other weights under the same name would be mistaken for these.
    """
    parts = [identity.kind, identity.digest or ""]
    if identity.digest is None:
        parts += [identity.model or "", identity.parameters or "", identity.quantization or ""]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def qualification_path(data_dir: Path, identity: EngineIdentity) -> Path:
    """The file that holds, or would hold, the qualification of an engine."""
    return data_dir / FOLDER / f"{qualification_key(identity)}.json"


def load_qualification(data_dir: Path, identity: EngineIdentity) -> Qualification | None:
    """Read what is known of an engine; None if it never sat the exam.

    Raises:
        StorageError: the file is there and cannot be read, or does not follow the schema.
    """
    path = qualification_path(data_dir, identity)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error
    try:
        return Qualification.model_validate_json(text)
    except ValidationError as error:
        raise StorageError(
            f"{path} is not a {SCHEMA} result ({error.error_count()} errors)",
            hint="run casewright engine qualify again",
        ) from error
