"""Calibration: bounds and their excuses, what is kept, and a short real one against the simulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.bench import Load, Machine
from casewright.api.calibration import (
    Bound,
    BoundStatus,
    CalibrationCase,
    CalibrationResult,
    ClientFacts,
    Percentiles,
    SimulatorFacts,
)
from casewright.bench.calibrate import (
    FILE,
    Case,
    Step,
    calibrate,
    calibration_warning,
    default_cases,
    load_calibration,
)
from casewright.bench.calibration_bounds import bounds_of, overall, simulator_limit
from casewright.bench.plan import LoadPlan
from casewright.bench.simulator import Fault, FaultPlan, SimConfig
from casewright.errors import StorageError

NONE = Percentiles(n=0)
NOW = datetime(2026, 5, 1, tzinfo=UTC)
MACHINE = Machine(hostname="h", cpu="c", cores=2, memory_gb=4.0, os="o", python="3.11.7", casewright="0.1.0")


def client(**values: object) -> ClientFacts:
    base: dict[str, object] = {"ttft_ms": NONE, "requests": 1000, "failed": 0, "requests_per_s": 100.0}
    return ClientFacts.model_validate(base | values)


def simulator(*, late: float = 0.1, cpu: float = 0.5, completed: int = 1000) -> SimulatorFacts:
    facts = SimulatorFacts(
        ttft_ms=NONE,
        lateness_ms=Percentiles(n=10, p99=late),
        loop_lag_ms=NONE,
        completed=completed,
        cpu_share=cpu,
    )
    return facts.model_copy(update={"limit": simulator_limit(facts, 0.4)})


def statuses(bounds: tuple[Bound, ...]) -> dict[str, BoundStatus]:
    return {bound.name: bound.status for bound in bounds}


@pytest.mark.parametrize(
    ("errors", "p50", "p99"),
    [
        ((0.2, 2.9), "PASS", "PASS"),
        ((-0.2, -2.9), "PASS", "PASS"),
        ((1.1, 0.0), "FAIL", "PASS"),
        ((-1.1, 3.1), "FAIL", "FAIL"),
        ((None, None), "NOT MEASURABLE", "NOT MEASURABLE"),
    ],
)
def test_errors_are_bounded_on_both_sides(
    errors: tuple[float | None, float | None], p50: str, p99: str
) -> None:
    found = statuses(bounds_of(client(), simulator(), errors, ceiling=False, others_cpu=0.0))
    assert (found["ttft p50 error"], found["ttft p99 error"]) == (p50, p99)


@pytest.mark.parametrize("limited", [simulator(late=1.5), simulator(cpu=0.97)])
def test_a_simulator_at_its_limit_proves_nothing_about_the_client(limited: SimulatorFacts) -> None:
    facts = client(possible_per_s=100.0, requested_per_s=100.0, share_on_time=0.5, dispersion=1.0)
    bounds = bounds_of(facts, limited, (0.1, 9.0), ceiling=False, others_cpu=0.0)
    assert statuses(bounds) == {
        "requests answered": "PASS",
        "failures": "PASS",
        "ttft p50 error": "NOT MEASURABLE",
        "ttft p99 error": "NOT MEASURABLE",
        "throughput": "NOT MEASURABLE",
        "sent on time": "NOT MEASURABLE",
        "dispersion": "PASS",
    }
    assert {b.reason for b in bounds if b.status == "NOT MEASURABLE"} == {limited.limit}


def test_a_busier_client_is_the_limit_itself() -> None:
    assert simulator_limit(simulator(cpu=0.96), 0.99) is None
    assert simulator_limit(simulator(cpu=0.96), None) is not None


def test_a_busy_machine_excuses_missed_times_but_no_counts() -> None:
    facts = client(requests=20_000, failed=3, bytes_per_request=5000.0)
    bounds = bounds_of(facts, simulator(), (0.1, 9.0), ceiling=False, others_cpu=1.0)
    assert statuses(bounds) == {
        "requests answered": "FAIL",
        "failures": "FAIL",
        "ttft p50 error": "PASS",
        "ttft p99 error": "NOT MEASURABLE",
        "memory growth": "FAIL",
    }
    assert "other processes used 1.0 cores" in next(b.reason for b in bounds if b.name == "ttft p99 error")


def test_open_loops_have_their_own_bounds() -> None:
    facts = client(requested_per_s=100.0, share_on_time=0.98, dispersion=1.2)
    found = statuses(bounds_of(facts, simulator(), (0.0, 0.0), ceiling=False, others_cpu=None))
    assert (found["sent on time"], found["dispersion"]) == ("FAIL", "FAIL")
    facts = client(requested_per_s=100.0, share_on_time=1.0, gap_cv=0.1)
    found = statuses(bounds_of(facts, simulator(), (0.0, 0.0), ceiling=False, others_cpu=None))
    assert (found["sent on time"], found["gap variation"]) == ("PASS", "PASS")
    assert "throughput" not in found


@given(st.lists(st.sampled_from(["PASS", "FAIL", "NOT MEASURABLE"]), max_size=6))
@settings(max_examples=50, deadline=None)
def test_the_worst_status_wins_and_nothing_is_no_pass(given_statuses: list[BoundStatus]) -> None:
    found = overall(given_statuses)
    assert (found == "PASS") == (bool(given_statuses) and set(given_statuses) == {"PASS"})
    assert (found == "FAIL") == ("FAIL" in given_statuses)


def kept(folder: Path, *, status: BoundStatus = "PASS", age: timedelta = timedelta(days=1)) -> None:
    case = CalibrationCase(
        name="one",
        what="a load",
        status=status,
        load=Load(mode="closed", concurrency=1),
        ttft_intended_ms=1.0,
        itl_intended_ms=1.0,
        tokens=1,
        client=client(),
        simulator=simulator(),
        error_p50_ms=None,
        error_p99_ms=None,
        others_cpu=None,
        bounds=(Bound(name="speed", status=status, observed=None, unit="ms"),),
    )
    result = CalibrationResult(
        created_at=NOW - age, machine=MACHINE, status=status, seconds=1.0, ceiling_per_s=None, cases=(case,)
    )
    (folder / FILE).write_text(result.model_dump_json(by_alias=True))


def test_a_good_calibration_gives_no_warning(tmp_path: Path) -> None:
    kept(tmp_path)
    assert calibration_warning(tmp_path, machine=MACHINE, now=NOW) is None


def test_each_reason_for_a_warning(tmp_path: Path) -> None:
    def warning(machine: Machine = MACHINE) -> str:
        found = calibration_warning(tmp_path, machine=machine, now=NOW)
        assert found is not None
        assert "casewright bench calibrate" in found
        return found

    assert "not calibrated" in warning()
    (tmp_path / FILE).write_text('{"schema": "casewright.calibration/1"')
    assert "cannot be read" in warning()
    kept(tmp_path)
    assert "another machine" in warning(MACHINE.model_copy(update={"cores": 4}))
    kept(tmp_path, age=timedelta(days=31))
    assert "31 days old" in warning()
    kept(tmp_path, status="FAIL")
    assert "one: speed" in warning()
    kept(tmp_path, status="NOT MEASURABLE")
    assert "could not measure" in warning()


def test_a_damaged_calibration_is_an_error_and_none_is_none(tmp_path: Path) -> None:
    assert load_calibration(tmp_path) is None
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(StorageError, match="damaged"):
        load_calibration(tmp_path)


def test_the_default_cases_are_those_of_the_documents() -> None:
    cases = {case.name: case for case in default_cases()}
    assert list(cases) == ["ceiling", "256 users", "1000 users", "poisson 1", "poisson 2", "constant"]
    assert cases["256 users"].possible_per_s == pytest.approx(376.47, abs=0.01)
    assert cases["1000 users"].possible_per_s == pytest.approx(312.5)
    assert cases["ceiling"].possible_per_s is cases["constant"].possible_per_s is None


@pytest.mark.alone
def test_a_real_calibration_is_kept_and_its_counts_are_the_simulators(tmp_path: Path) -> None:
    steps: list[Step] = []
    cases = (
        Case("closed", "4 users", SimConfig(), LoadPlan.closed(4, requests=150), 3, ceiling=True),
        Case("open", "100/s", SimConfig(ttft_ms=2), LoadPlan.open(100, requests=60), 2),
    )
    result = calibrate(tmp_path / "data", on_progress=steps.append, cases=cases)
    assert load_calibration(tmp_path / "data") == result
    assert {step.case for step in steps} == {"closed", "open"}
    closed, opened = result.cases
    assert closed.simulator.completed == closed.client.requests == 150
    assert opened.simulator.completed == opened.client.requests == 60
    assert result.ceiling_per_s == closed.client.requests_per_s
    assert opened.client.dispersion is not None
    assert opened.client.scheduled_dispersion is not None
    assert opened.simulator.ttft_ms.p50 is not None
    assert opened.simulator.ttft_ms.p50 >= 2
    assert opened.error_p50_ms is not None
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FILE]


@pytest.mark.alone
def test_failures_fail_the_calibration_after_a_second_attempt(tmp_path: Path) -> None:
    config = SimConfig(fault=FaultPlan(fault=Fault.HTTP_500))
    case = Case("broken", "a server that fails", config, LoadPlan.closed(2, requests=10), 3)
    result = calibrate(tmp_path, cases=[case])
    assert (result.status, result.cases[0].attempts, result.cases[0].client.failed) == ("FAIL", 2, 10)
    assert "broken: failures" in (calibration_warning(tmp_path) or "")
