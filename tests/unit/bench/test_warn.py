"""Warnings: each names its cause, and proposes only what has not been tried."""

from __future__ import annotations

from typing import Any

from casewright.api.bench import Client, Distribution, Run, Tokens
from casewright.api.compare import Comparison
from casewright.bench.blocks import METRICS, Design
from casewright.bench.compare import compare
from casewright.bench.plan import LoadPlan
from casewright.bench.profiles import PROFILES, Profile
from casewright.bench.rehearsal import Pace, Rehearsal, target
from casewright.bench.target import Target
from casewright.bench.warn import Warn, comparison_warnings, run_warnings
from casewright.bench.workload import resolve_workload

EVEN = Pace(0.1)


def a_run(plan: LoadPlan | None = None, pace: Pace = EVEN, **changes: Any) -> Run:
    measure = Rehearsal({"one": pace})
    run = measure(target("one"), plan or LoadPlan.closed(4, requests=400), resolve_workload("short")).run
    return run.model_copy(update=changes)


def said(run: Run) -> str:
    return "\n".join(map(str, run_warnings(run)))


def test_a_good_run_has_none() -> None:
    assert run_warnings(a_run()) == ()


def test_too_few_requests_name_the_number_that_is_enough() -> None:
    assert "40 requests are too few for a P99: try --requests 100" in said(
        a_run(LoadPlan.closed(4, requests=40))
    )
    assert "try --requests 299" in said(a_run(LoadPlan.closed(4, requests=150)))


def test_very_few_are_said_once() -> None:
    texts = [str(w) for w in run_warnings(a_run(LoadPlan.closed(1, requests=8)))]
    assert sum("requests" in text for text in texts) == 1


def test_a_run_that_time_ended_is_to_be_longer() -> None:
    run = a_run(LoadPlan.closed(1, requests=1000, duration_s=4.0))
    assert "too few for a P99: try a longer --duration" in said(run)


def test_failures_are_named_with_what_helps() -> None:
    text = said(a_run(pace=Pace(0.1, fail_every=10, error="unauthorized")))
    assert "40 of 400 requests failed (unauthorized): try set VLLM_API_KEY" in text


def test_a_busy_client_gets_another_process_while_there_are_cores() -> None:
    def busy(processes: int, cores: int) -> str:
        run = a_run(client=Client(processes=processes, cpu_share=0.8))
        return said(run.model_copy(update={"machine": run.machine.model_copy(update={"cores": cores})}))

    assert "80% of a core: it is near its own limit: try --processes 2" in busy(1, 4)
    assert "--processes" not in busy(4, 4)
    assert "free cores" in busy(1, 1)


def test_differing_lengths_propose_ignore_eos_unless_tried() -> None:
    spread = Tokens(output=100, output_per_request=Distribution(n=400, mean=20.0, min=4.0, max=32.0))
    run = a_run(tokens=spread)
    assert "4 to 32 tokens" in said(run)
    assert said(run).endswith("try --ignore-eos")
    tried = run.model_copy(update={"workload": run.workload.model_copy(update={"ignore_eos": True})})
    assert "try" not in said(tried)
    ollama = run.model_copy(update={"engine": run.engine.model_copy(update={"api": "ollama"})})
    assert "--ignore-eos" not in said(ollama)


def test_an_open_loop_shows_what_its_users_waited() -> None:
    slow = Distribution(n=400, p50=900.0)
    assert "users waited 900 ms" in said(a_run(LoadPlan.open(10.0, requests=400), ttft_user_ms=slow))


def test_requests_cut_by_the_clock_are_said() -> None:
    run = a_run()
    cut = run.model_copy(update={"requests": run.requests.model_copy(update={"cut": 3})})
    assert "3 requests were in flight when the window ended" in said(cut)


def compared(b: Pace, profile: Profile | None = None, *, other: Target | None = None) -> Comparison:
    chosen = profile or Profile(**(_fields(PROFILES["quick"]) | {"budget_s": 180.0}))
    measure = Rehearsal({"one": Pace(0.1, spread=0.05), "two": b})
    design = Design(chosen, METRICS["output_tokens_per_s"], 0.05, 1, LoadPlan.closed(2, requests=4))
    return compare(
        target("one", digest="sha256:1", quantization="Q4_1"),
        other or target("two", digest="sha256:1", quantization="Q4_1"),
        design,
        lambda salt: resolve_workload("short", salt=salt),
        measure,
    )


def _fields(profile: Profile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in Profile.__slots__}


def comparison_said(found: Comparison) -> str:
    return "\n".join(map(str, comparison_warnings(found)))


def test_a_block_of_few_requests_is_no_warning_of_a_comparison() -> None:
    found = compared(Pace(0.2, spread=0.05))
    assert "for a P95" not in comparison_said(found)


def test_not_proven_names_the_profile_that_has_enough_pairs() -> None:
    found = compared(Pace(0.1075, spread=0.3))
    more = found.verdict.more_pairs
    assert found.verdict.decision == "not proven"
    assert more is not None
    text = comparison_said(found)
    for pairs, expected in ((2, "--profile standard"), (None, ""), (10_000, "wider --margin")):
        verdict = found.verdict.model_copy(update={"more_pairs": more.model_copy(update={"pairs": pairs})})
        text = comparison_said(found.model_copy(update={"verdict": verdict}))
        assert expected in text
        assert ("not proven with" in text) == (pairs is not None)


def test_other_weights_and_quantizations_are_said_once() -> None:
    weights = comparison_said(compared(EVEN, other=target("two", digest="sha256:2", quantization="Q4_1")))
    assert "the weights differ (both call it rehearsed)" in weights
    stack = comparison_said(compared(EVEN, other=target("two", digest="sha256:2", quantization="F16")))
    assert "quantization differs (Q4_1 and F16)" in stack
    assert "the weights differ" not in stack


def test_longer_answers_of_one_side_are_said_with_the_flag() -> None:
    text = comparison_said(compared(Pace(0.1, output_tokens=64)))
    assert "B's answers are 100% longer than A's: try --ignore-eos" in text


def test_a_warning_without_a_next_step_is_its_cause() -> None:
    assert str(Warn("seen")) == "seen"
    assert str(Warn("seen", "--flag")) == "seen: try --flag"
