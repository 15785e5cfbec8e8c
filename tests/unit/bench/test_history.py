"""The history beside the result: like is compared with like, and a torn line harms nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.suite import Attempt
from casewright.bench.history import Entry, append_history, entries, history_path, load_history, trend
from casewright.bench.rehearsal import Pace, Rehearsal, target
from casewright.bench.suite import Reached, Sizes, SuiteRunner
from casewright.bench.workload import resolve_workload
from casewright.errors import StorageError

SMALL = Sizes(warmup=1, single=10, duration_s=1.0, users=2, per_worker=2, simultaneous=50)


def entry(suite: str, latency: float | None, throughput: float | None = 10.0, key: str = "k") -> Entry:
    return Entry(
        at="2026-01-01T00:00:00+00:00",
        suite=suite,
        key=key,
        label="vLLM",
        latency_ms=latency,
        throughput=throughput,
    )


def test_lines_are_kept_in_order_and_read_back(tmp_path: Path) -> None:
    path = history_path(tmp_path / "benchmark_results.json")
    assert path == tmp_path / "benchmark_history.jsonl"
    assert load_history(path) == ([], 0)
    append_history(path, [entry("a", 1.0)])
    append_history(path, [entry("b", 2.0), entry("c", None)])
    found, bad = load_history(path)
    assert ([e.suite for e in found], bad) == (["a", "b", "c"], 0)


def test_a_torn_line_is_counted_and_the_next_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    append_history(path, [entry("a", 1.0)])
    with path.open("ab") as file:
        file.write(b'{"at": "20')
    append_history(path, [entry("b", 2.0)])
    found, bad = load_history(path)
    assert ([e.suite for e in found], bad) == (["a", "b"], 1)
    assert (
        trend(found, [entry("c", 1.0)], bad)[-1]
        == "1 lines of the history could not be read and are left out"
    )


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300))
def test_any_file_can_be_a_history(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("history") / "history.jsonl"
    path.write_bytes(raw)
    append_history(path, [entry("new", 1.0)])
    found, _ = load_history(path)
    assert found[-1].suite == "new"


def test_a_history_that_cannot_be_opened_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        load_history(tmp_path)
    with pytest.raises(StorageError):
        append_history(tmp_path, [entry("a", 1.0)])


def test_the_trend_names_median_and_range() -> None:
    before = [entry("a", 90.0, 10.0), entry("b", 100.0, 11.0), entry("c", 110.0, 12.0)]
    (line,) = trend(before, [entry("d", 105.0, 22.0)])
    assert line == (
        "vLLM, against 3 earlier suites: "
        "latency 105 ms (+5% against their median 100, within their 90 to 110); "
        "throughput 22 req/s (+100% against their median 11, outside their 10 to 12)"
    )


def test_other_engines_machines_and_loads_are_not_compared() -> None:
    (line,) = trend([entry("a", 1.0, key="other")], [entry("b", 2.0)])
    assert line == "vLLM: no earlier suite to compare with (1 differ in engine, load or machine)"
    (first,) = trend([], [entry("b", 2.0)])
    assert first.endswith("(this is the first)")


def test_a_figure_that_was_not_measured_is_left_out() -> None:
    (line,) = trend([entry("a", 1.0)], [entry("b", None)])
    assert "latency" not in line
    assert "throughput 10" in line


def test_a_suite_leaves_a_line_a_provider_and_an_interrupted_one_none() -> None:
    def suite(seconds: float, sizes: Sizes = SMALL) -> tuple[Entry, ...]:
        reached = Reached("one", "simulator", Attempt(reachable=True), target("one"))
        down = Reached("vllm", "vllm", Attempt(reachable=False, error="connection_refused"))
        runner = SuiteRunner(
            [reached, down],
            sizes,
            lambda salt: resolve_workload("short", salt=salt),
            Rehearsal({"one": Pace(seconds)}),
        )
        assert entries(runner.result()) == ()
        return entries(runner.run())

    (one,), (again,), (other,) = suite(0.1), suite(0.2), suite(0.1, Sizes.quick())
    assert one.label == "rehearsal"
    assert one.latency_ms == pytest.approx(100.0, rel=0.1)
    assert (one.throughput or 0) > (again.throughput or 0) > 0
    assert one.key == again.key != other.key
