"""The schema of a stage's result, ``casewright.stage/1``: the staging checklist, box by box, with evidence.

Written by ``casewright stage``; docs/staging.md has the boxes. Seconds are wall clock; a value nobody
measured is None, never 0. Evidence names are files beside the result.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from casewright.api.bench import Machine, Record, Status

SCHEMA: Literal["casewright.stage/1"] = "casewright.stage/1"
EVIDENCE_SCHEMA: Literal["casewright.stage-evidence/1"] = "casewright.stage-evidence/1"

Group = Literal["build", "startup", "functional", "performance", "resilience", "stability"]
Origin = Literal["checklist", "steps", "casewright"]
StepStatus = Literal["done", "failed", "skipped", "interrupted"]
TargetName = Literal["local", "compose"]


class Finding(Record):
    """One check within a box: what was looked at, what was expected, what was seen.

    ``ok`` is None where it could not be decided; ``not_proven`` then says whether an attempt was made (True)
    or nothing was there to look at (False).
    """

    what: str
    expected: str
    seen: str
    ok: bool | None
    not_proven: bool = True


class BoxResult(Record):
    """One box of the checklist and how it ended.

    ``words`` are the staging plan's own; ``origin`` says whether they stand in its checklist, in its steps,
    or are ours. ``asked`` False: this run was limited to other groups. ``checks`` counts findings, ``failed``
    those that did not hold.
    """

    id: str
    group: Group
    words: str
    origin: Origin
    observable: str
    threshold: str
    asked: bool
    status: Status
    reason: str
    evidence: str | None = None
    checks: int = 0
    failed: int = 0


class StepResult(Record):
    """One step of the run. ``seconds`` is None for a step that was not begun."""

    name: str
    status: StepStatus
    seconds: float | None = None
    detail: str = ""


class Counts(Record):
    """Boxes that were asked, by how they ended, and those that were not asked."""

    passed: int
    failed: int
    not_proven: int
    not_measured: int
    not_asked: int


class Exchange(Record):
    """One HTTP request and its answer as evidence.

    ``problem`` says why there was no answer; bodies are cut to a bound, ``body_bytes`` is the whole size.
    """

    at: str
    method: str
    url: str
    sent: str
    status: int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    body_bytes: int | None = None
    ms: float | None = None
    problem: str | None = None


class CommandRun(Record):
    """One command as evidence; ``exit_code`` is None where it was ended at its deadline or never started."""

    at: str
    words: tuple[str, ...]
    exit_code: int | None
    seconds: float
    stdout: str
    stderr: str
    problem: str | None = None


class EvidenceFile(Record):
    """What a box rests on: its findings, and every exchange and command that led to them, in order."""

    schema_: Literal["casewright.stage-evidence/1"] = Field(EVIDENCE_SCHEMA, alias="schema")
    box: str
    words: str
    threshold: str
    findings: tuple[Finding, ...]
    exchanges: tuple[Exchange, ...] = ()
    commands: tuple[CommandRun, ...] = ()
    seen: dict[str, Any] = Field(default_factory=dict)

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())


class PartSeen(Record):
    """One part of the plan's stack: what it is in the compose files, and what ran in this stage."""

    part: str
    container: str
    here: str


class StageResult(Record):
    """One stage. ``attached``: the stack was running already, and was neither started nor stopped."""

    schema_: Literal["casewright.stage/1"] = Field(SCHEMA, alias="schema")
    id: str
    started_at: str
    finished_at: str
    seconds: float
    target: TargetName
    attached: bool
    interrupted: bool
    reachable: bool
    only: tuple[Group, ...] = ()
    machine: Machine
    engine: str | None = None
    model: str | None = None
    provider: str | None = None
    parts: tuple[PartSeen, ...] = ()
    steps: tuple[StepResult, ...]
    boxes: tuple[BoxResult, ...]
    counts: Counts
    notes: tuple[str, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())
