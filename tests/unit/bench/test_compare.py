"""Comparisons against scripted engines: what is declared, measured, checked and said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from casewright.api.bench import Lag
from casewright.api.compare import Comparison
from casewright.bench.blocks import METRICS, Design, Measured, Step
from casewright.bench.compare import compare
from casewright.bench.measure import Frame, assemble, utc_now
from casewright.bench.parity import Answered
from casewright.bench.plan import LoadPlan
from casewright.bench.profiles import Profile
from casewright.bench.record import RequestRecord
from casewright.bench.sample import Sample
from casewright.bench.summary import Generator
from casewright.bench.target import Target
from casewright.bench.workload import Workload, resolve_workload
from casewright.engines.wire import Api
from casewright.errors import MeasurementError
from casewright.values import EngineIdentity

MS = 1_000_000
PROFILE = Profile("test", 600, 6, 4, 4, block_s=1, settle_s=0, warmup_s=0)


def target(name: str, **identity: object) -> Target:
    known = {"kind": "embedded", "name": name, "model": "m", "digest": "sha256:1", "quantization": "Q4_1"}
    return Target(
        spec=name,
        api=Api.OPENAI,
        url=f"http://127.0.0.1:1/{name}",
        model="m",
        identity=EngineIdentity.model_validate(known | identity),
    )


@dataclass
class ScriptedMeasure:
    """Blocks of known speed: ``seconds`` a request by the engine's name, with seeded relative noise."""

    seconds: dict[str, float]
    noise: float = 0.01
    dead_after: dict[str, int] = field(default_factory=dict)
    prompt_cut: dict[str, int] = field(default_factory=dict)
    after_block: Callable[[int], None] = lambda _: None
    asked: list[tuple[str, int, str]] = field(default_factory=list)

    def __call__(self, target: Target, plan: LoadPlan, workload: Workload) -> Measured:
        rng = np.random.default_rng([len(self.asked), 7])
        self.asked.append((target.spec, plan.seed, workload.prompt(0, plan.seed).messages[0].content))
        mine = sum(spec == target.spec for spec, _, _ in self.asked)
        dead = mine > self.dead_after.get(target.spec, 10**9)
        each = self.seconds[target.spec] * float(np.exp(rng.normal(0, self.noise)))
        records = [self._record(i, round(each * 1e9), dead, target.spec) for i in range(plan.requests or 0)]
        sample = Sample.of(records)
        generator = Generator(1, None, 0.1, 0.1, Lag(p50=0.1, p99=0.2, max=0.3), 40.0, 100, 0, False)
        run = assemble(Frame(target, plan, workload, utc_now()), sample, generator)
        answers = {
            r.index: Answered(r.prompt_tokens, r.output_tokens, r.text) for r in records if not r.error
        }
        self.after_block(len(self.asked))
        return Measured(run, sample, answers)

    def _record(self, i: int, each: int, dead: bool, spec: str) -> RequestRecord:
        send = i * each
        prompt = 100 + 40 * (i % 5)
        good = RequestRecord(
            index=i, session=0, process=0, warmup=False, cut=False, t_sched=send, t_send=send,
            t_connected=None, t_first_byte=send + MS, t_first_token=send + each // 4,
            t_last_token=send + each, t_end=send + each, status=200, error=None, error_message=None,
            retry_after_s=None, reconnects=0,
            prompt_tokens=min(prompt, self.prompt_cut.get(spec, prompt)),
            output_tokens=8, cached_tokens=0, chunks=8, first_chunk_tokens=1,
            chunk_gaps_ns=(), finish_reason="stop", text=f"answer {i}",
        )  # fmt: skip
        if not dead:
            return good
        return replace(good, error="connection_refused", t_first_token=None, t_last_token=None)


def run(measure: ScriptedMeasure, *, profile: Profile = PROFILE, **more: object) -> Comparison:
    design = Design(profile, METRICS["output_tokens_per_s"], 0.05, 1, LoadPlan.closed(2, requests=4))
    options = {"a": target("one"), "b": target("two")} | more
    return compare(
        design=design,
        make_workload=lambda salt: resolve_workload("short", salt=salt),
        measure=measure,
        **options,  # type: ignore[arg-type]
    )


def test_a_twofold_difference_is_found_with_its_direction() -> None:
    found = run(ScriptedMeasure({"one": 0.2, "two": 0.1}))
    assert found.verdict.decision == "B faster"
    assert found.verdict.estimate.ratio is not None
    assert found.verdict.estimate.ratio.value == pytest.approx(0.5, rel=0.03)
    assert found.validity.verdict == "VALID"
    assert (found.budget.pairs_done, found.budget.aa_pairs_done) == (6, 4)
    assert not found.noise_floor.wins
    assert found.order.count("A") == found.order.count("B") == 6
    assert {s.estimate.metric for s in found.secondary} == METRICS.keys() - {"output_tokens_per_s"}


def test_equal_engines_are_equivalent_and_never_faster() -> None:
    found = run(ScriptedMeasure({"one": 0.1, "two": 0.1}, noise=0.005))
    assert found.verdict.decision == "equivalent"


def test_noise_beyond_the_margin_is_not_proven_and_says_what_it_would_take() -> None:
    found = run(ScriptedMeasure({"one": 0.1, "two": 0.1}, noise=0.15))
    assert found.verdict.decision == "not proven"
    assert found.verdict.more_pairs is not None


def test_pairs_share_prompts_and_the_pairs_of_one_engine_do_not() -> None:
    measure = ScriptedMeasure({"one": 0.1, "two": 0.1})
    found = run(measure)
    blocks = list(zip(found.blocks, measure.asked[2:], strict=True))
    for pair in range(6):
        (_, seed_a, text_a), (_, seed_b, text_b) = [m for b, m in blocks if b.kind == "ab" and b.pair == pair]
        assert (seed_a, text_a) == (seed_b, text_b)
    for pair in range(4):
        (x, _, text_a), (y, _, text_b) = [m for b, m in blocks if b.kind == "aa" and b.pair == pair]
        assert x == y == "one"
        assert text_a.split("\n")[0] != text_b.split("\n")[0]


def test_a_side_that_cuts_its_prompts_gets_no_verdict() -> None:
    found = run(ScriptedMeasure({"one": 0.2, "two": 0.1}, prompt_cut={"two": 180}))
    assert found.validity.verdict == "INVALID"
    assert found.verdict.decision == "not proven"
    assert "cutting the prompt" in " ".join(found.validity.reasons)


def test_an_engine_that_dies_ends_the_comparison_and_is_not_called_faster() -> None:
    found = run(ScriptedMeasure({"one": 0.2, "two": 0.1}, dead_after={"two": 3}))
    assert found.budget.cut is not None
    assert "answered nothing" in found.budget.cut
    assert found.verdict.decision == "not proven"
    assert found.b.failed > 0
    assert found.budget.pairs_done < 6


def test_an_engine_dead_from_the_start_is_an_error_and_no_number() -> None:
    with pytest.raises(MeasurementError, match="none of"):
        run(ScriptedMeasure({"one": 0.2, "two": 0.1}, dead_after={"two": 0}))


def test_below_the_minimum_of_pairs_the_only_verdict_is_not_proven() -> None:
    short = replace(PROFILE, pairs=2, aa_pairs=2, minimum_pairs=4)
    found = run(ScriptedMeasure({"one": 0.2, "two": 0.1}), profile=short)
    assert found.verdict.decision == "not proven"
    assert "minimum" in found.verdict.reason


def test_a_budget_too_small_for_a_pair_is_said() -> None:
    found = run(ScriptedMeasure({"one": 0.2, "two": 0.1}), profile=replace(PROFILE, budget_s=0.001))
    assert found.budget.pairs_done == 0
    assert found.budget.cut is not None
    assert found.verdict.decision == "not proven"


def test_stopping_keeps_what_there_is() -> None:
    stop = threading.Event()

    def after(count: int) -> None:
        if count == 7:
            stop.set()

    found = run(ScriptedMeasure({"one": 0.2, "two": 0.1}, after_block=after), stop=stop)
    assert found.interrupted
    assert len(found.blocks) == 5
    assert found.verdict.decision == "not proven"


def test_steps_are_told() -> None:
    steps: list[Step] = []
    run(ScriptedMeasure({"one": 0.1, "two": 0.1}), on_step=steps.append)
    assert [s.stage for s in steps[:2]] == ["warm-up", "warm-up"]
    assert steps[-1].done == steps[-1].total == 20
    assert steps[-1].value == pytest.approx(80, rel=0.1)
