"""The exam put to a running engine: through the load generator, one question at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from casewright.api.bench import WorkloadFacts
from casewright.bench.exam.exam import Ask, ExamAnswer
from casewright.bench.measure import RECORDS_FILE, measure
from casewright.bench.outcome import Progress
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord, read_records
from casewright.bench.target import Target
from casewright.bench.workload import Prompt, fingerprint
from casewright.errors import ConnectionLost


@dataclass(frozen=True, slots=True)
class Listed:
    """A workload of given prompts, in their order, sent exactly as they are."""

    name: str
    prompts: tuple[Prompt, ...]

    def prompt(self, index: int, seed: int) -> Prompt:
        """The prompt at ``index``; the seed changes nothing."""
        return self.prompts[index]

    def facts(self, seed: int) -> WorkloadFacts:
        """What identifies it in a result."""
        return WorkloadFacts(
            name=self.name,
            sha256=fingerprint(self.prompts),
            prompts=len(self.prompts),
            prefix="shared",
            max_tokens=max(prompt.max_tokens for prompt in self.prompts),
            json_schema=any(prompt.json_schema is not None for prompt in self.prompts),
        )


def asker(
    target: Target, *, timeout_s: float = 120.0, on_progress: Callable[[Progress], None] | None = None
) -> Ask:
    """Return what puts prompts to ``target``, one at a time, and brings its answers back in order."""

    def ask(prompts: Sequence[Prompt]) -> Sequence[ExamAnswer]:
        plan = LoadPlan.closed(
            1, requests=len(prompts), total_s=timeout_s, first_token_s=timeout_s, idle_s=timeout_s
        )
        with TemporaryDirectory(prefix="casewright-exam-") as folder:
            run_dir = Path(folder) / "run"
            measure(target, plan, Listed("exam", tuple(prompts)), run_dir, on_progress=on_progress)
            given = {record.index: _answer(record) for record in read_records(run_dir / RECORDS_FILE)}
        missing = ExamAnswer("", error=ConnectionLost.kind)
        return [given.get(index, missing) for index in range(len(prompts))]

    return ask


def _answer(record: RequestRecord) -> ExamAnswer:
    return ExamAnswer(
        text=record.text,
        error=ConnectionLost.kind if record.cut else record.error,
        seconds=(record.t_end - record.t_send) / 1e9 if record.error is None else None,
        prompt_tokens=record.prompt_tokens,
        output_tokens=record.output_tokens,
    )
