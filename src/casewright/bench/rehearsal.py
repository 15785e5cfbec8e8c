"""A measurement without an engine: requests of a known pace, through the real summaries and judges.

For tests and documents that need a run, a suite or a comparison whose numbers are known beforehand. Its
records are made up and say so: the engine's name is ``rehearsal``. Nothing in a report can come from here
unless a caller hands it in as the measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from casewright.api.bench import Lag
from casewright.bench.blocks import Measured
from casewright.bench.measure import Frame, assemble, utc_now
from casewright.bench.parity import Answered
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord
from casewright.bench.sample import Sample
from casewright.bench.summary import Generator
from casewright.bench.target import Target
from casewright.bench.workload import Workload
from casewright.bench.workload_shapes import Stream
from casewright.engines.wire import Api
from casewright.values import EngineIdentity, EngineKind

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How an engine answers: ``seconds`` an answer, varied by up to ``spread`` either way.

    ``slots`` are answered at once, others wait (None: all at once). Of every ``fail_every`` requests the
    last fails with the error tree's kind ``error``; ``dead_after`` requests in all, each does.
    """

    seconds: float
    spread: float = 0.1
    first_share: float = 0.25
    output_tokens: int = 32
    prompt_tokens: int | None = 100
    cached_tokens: int | None = 0
    slots: int | None = None
    fail_every: int | None = None
    error: str = "connection_refused"
    dead_after: int | None = None


def target(
    spec: str, *, kind: EngineKind = "simulator", name: str = "rehearsal", **identity: object
) -> Target:
    """A target that leads nowhere."""
    known = {"kind": kind, "name": name, "model": "rehearsed"} | identity
    return Target(
        spec=spec,
        api=Api.OLLAMA if kind == "ollama" else Api.OPENAI,
        url="http://127.0.0.1:9",
        model="rehearsed",
        identity=EngineIdentity.model_validate(known),
    )


@dataclass(slots=True)
class Rehearsal:
    """A measure of known paces, by spec; ``asked`` keeps what was asked, ``before`` may act first."""

    paces: Mapping[str, Pace]
    before: Callable[[Target, LoadPlan], None] = lambda _target, _plan: None
    interrupted: Callable[[], bool] = lambda: False
    asked: list[tuple[str, LoadPlan, str]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)

    def __call__(self, target: Target, plan: LoadPlan, workload: Workload) -> Measured:
        """Make the records and compute the run from them."""
        self.before(target, plan)
        self.asked.append((target.spec, plan, workload.prompt(0, plan.seed).messages[0].content))
        records = list(self._records(target.spec, plan))
        self.sent[target.spec] = self.sent.get(target.spec, 0) + len(records)
        sample = Sample.of(records)
        generator = Generator(
            processes=plan.processes,
            scheduled=None if plan.mode == "closed" else len(records),
            cpu_s=0.1,
            busiest_cpu=0.1,
            loop_lag_ms=Lag(p50=0.1, p99=0.2, max=0.3),
            max_rss_mb=40.0,
            spool_bytes=100,
            spool_dropped=0,
            interrupted=self.interrupted(),
        )
        run = assemble(Frame(target, plan, workload, utc_now()), sample, generator)
        answers = {
            r.index: Answered(r.prompt_tokens, r.output_tokens, r.text) for r in records if r.error is None
        }
        return Measured(run, sample, answers)

    def _records(self, spec: str, plan: LoadPlan) -> Iterator[RequestRecord]:
        pace, draw = self.paces[spec], Stream(f"rehearsal/{spec}/{plan.seed}")
        free_users = [0.0] * (plan.concurrency or 1)
        free_slots = [0.0] * (pace.slots or len(free_users))
        index, end = 0, plan.duration_s or math.inf
        while index < (plan.requests or 1_000_000):
            user = min(range(len(free_users)), key=free_users.__getitem__)
            due = free_users[user] if plan.mode == "closed" else index / (plan.rate or 1.0)
            if due >= end:
                return
            slot = min(range(len(free_slots)), key=free_slots.__getitem__)
            start = max(due, free_slots[slot]) if pace.slots or plan.mode == "closed" else due
            took = pace.seconds * (1 + pace.spread * (draw.below(2001) - 1000) / 1000)
            free_users[user] = free_slots[slot] = start + took
            yield self._record(spec, pace, index, (due, start + took * pace.first_share, start + took))
            index += 1

    def _record(self, spec: str, pace: Pace, index: int, times: tuple[float, float, float]) -> RequestRecord:
        send, first, last = (round(at * NS) for at in times)
        good = RequestRecord(
            index=index, session=0, process=0, warmup=False, cut=False, t_sched=send, t_send=send,
            t_connected=None, t_first_byte=first, t_first_token=first, t_last_token=last, t_end=last,
            status=200, error=None, error_message=None, retry_after_s=None, reconnects=0,
            prompt_tokens=pace.prompt_tokens, output_tokens=pace.output_tokens,
            cached_tokens=pace.cached_tokens, chunks=pace.output_tokens, first_chunk_tokens=1,
            chunk_gaps_ns=(), finish_reason="stop", text=f"answer {index}",
        )  # fmt: skip
        number = self.sent.get(spec, 0) + index + 1
        dead = pace.dead_after is not None and number > pace.dead_after
        if not dead and not (pace.fail_every and (index + 1) % pace.fail_every == 0):
            return good
        return replace(
            good,
            error=pace.error,
            error_message=f"{pace.error} (rehearsed)",
            t_first_token=None,
            t_last_token=None,
            output_tokens=None,
            prompt_tokens=None,
            status=None,
            text="",
        )
