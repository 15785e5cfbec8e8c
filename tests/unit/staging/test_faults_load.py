"""The boxes of the load see each fault: what is wrong with the services makes the box FAIL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import CommandRun, Finding
from casewright.staging import load_judge, steps_load
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.load import LoadRun, LoadSeen, put_load
from casewright.staging.steps_load import LOAD, OVERLOAD
from unit.staging.faults import injects
from unit.staging.loading import SMALL, Loaded, config_for, loaded, seen_of

ALONE = replace(SMALL, workers=0)
FAST = [10.0] * 2500
DONE = CommandRun(at="now", words=("locust",), exit_code=0, seconds=1.0, stdout="", stderr="")


@injects("performance.load", itself=True)
def test_wrong_answers_fail_the_load(tmp_path: Path) -> None:
    found = loaded(config_for(tmp_path, "wrong", plan=ALONE), steps_load._simulated, stack=False)
    assert found.box(LOAD).status == "FAIL"
    assert "the amount asked for is not in the answer" in found.box(LOAD).reason
    assert found.oks(LOAD)["load-simulator: error rate"] is False
    assert found.oks(LOAD)["load-simulator: workers of Locust"] is True


def test_services_that_do_not_start_on_the_simulator_fail_the_load(tmp_path: Path) -> None:
    async def run(context: Context) -> str:
        return await steps_load._one(context, LOAD, steps_load._simulated)

    found = loaded(config_for(tmp_path, "no-start"), run, stack=False)
    assert found.box(LOAD).status == "FAIL"
    assert "the port is taken" in found.box(LOAD).reason


def test_words_that_are_not_the_models_fail_the_load(tmp_path: Path) -> None:
    found = loaded(config_for(tmp_path, "code-answers", plan=ALONE), steps_load._modelled)
    assert found.box(LOAD).status == "FAIL"
    assert found.oks(LOAD).get("load-model: answered by the model") is False, found.box(LOAD).reason
    assert found.oks(LOAD)["capacity"] is True


@injects("performance.overload", itself=True)
def test_refusals_without_retry_after_and_a_sick_service_fail_the_overload(tmp_path: Path) -> None:
    found = loaded(config_for(tmp_path, "no-retry-after", "sick-after", plan=ALONE), steps_load._overloaded)
    assert found.box(OVERLOAD).status == "FAIL"
    failed = {what for what, ok in found.oks(OVERLOAD).items() if ok is False}
    assert failed == {"other ends", "healthy afterwards"}
    assert "HTTP 503" in found.finding(OVERLOAD, "other ends").seen


def test_an_earlier_runs_result_is_not_taken_for_one_that_did_not_start(tmp_path: Path) -> None:
    broken = tmp_path / "locustfile.py"
    broken.write_text("raise RuntimeError('broken here')\n")
    config = config_for(tmp_path, plan=replace(ALONE, locustfile=broken))
    config.output.mkdir()
    left = config.output / "load-model.json"
    left.write_text(seen_of({"model": FAST}).model_dump_json())

    async def run(context: Context) -> str:
        load = LoadRun("load-model", "model", context.url("rag"), 1.0, 0.0, {})
        seen, command = await put_load(context, load, LOAD)
        context.ledger.add(LOAD, [load_judge.ran("load-model", seen, command)])
        return ""

    found = loaded(config, run, stack=False)
    assert found.box(LOAD).status == "FAIL"
    assert "broken here" in found.box(LOAD).reason


def test_a_gateway_that_does_not_start_is_not_measured_and_says_why(tmp_path: Path) -> None:
    async def run(context: Context) -> str:
        return await steps_load._one(context, OVERLOAD, steps_load._overloaded)

    found = loaded(config_for(tmp_path, "no-gateway"), run, stack=False)
    assert found.box(OVERLOAD).status == "NOT MEASURED"
    assert "the gateway cannot: no key" in found.box(OVERLOAD).reason


def judged(box: str, folder: Path, *findings: Finding) -> str:
    found = Loaded(config_for(folder))
    found.ledger = Ledger()
    found.ledger.add(box, findings)
    return found.box(box).status


@pytest.mark.parametrize(
    ("times", "status"),
    [
        ({"model": FAST}, "PASS"),
        ({"model": FAST, "failed": [10.0] * 60}, "FAIL"),
        ({"model": FAST, "shed": [10.0] * 60}, "FAIL"),
        ({"model": FAST, "failed": [10.0] * 20}, "NOT PROVEN"),
        ({"model": FAST[:100]}, "NOT PROVEN"),
        ({"model": FAST, "extractive": [900.0] * 400}, "FAIL"),
        ({"model": FAST, "extractive": [900.0] * 130}, "NOT PROVEN"),
        ({"extractive": FAST}, "FAIL"),
    ],
)
def test_rates_and_times_are_judged_by_their_intervals(
    times: dict[str, list[float]], status: str, tmp_path: Path
) -> None:
    seen = seen_of(times)
    findings = [
        load_judge.ran("run", seen, DONE),
        load_judge.enough("run", seen, 2000),
        load_judge.errors("run", seen),
        load_judge.in_time("run", seen, 500.0),
        load_judge.distributed("run", seen, 2),
        load_judge.by_model("run", seen),
        *load_judge.short("run", seen),
    ]
    assert judged(LOAD, tmp_path, *findings) == status


LONG = {"p50": 10, "p95": 17, "max": 20}


@pytest.mark.parametrize(
    ("finding", "ok"),
    [
        (load_judge.distributed("r", seen_of({}, run={"workers": 0}), 2), False),
        (load_judge.engine_asked("r", seen_of({"model": FAST}), 2500), True),
        (load_judge.engine_asked("r", seen_of({"model": FAST}), 2499), False),
        (load_judge.engine_asked("r", seen_of({"extractive": FAST}), 0), False),
        (load_judge.short("r", seen_of({}, output_tokens=LONG))[1], False),
        (load_judge.short("r", seen_of({}, prompt_tokens=LONG | {"max": 151}))[0], False),
        (load_judge.errors("r", seen_of({})), None),
        (load_judge.ran("r", seen_of({}), DONE), False),
        (load_judge.ran("r", None, DONE), False),
    ],
)
def test_what_was_not_as_it_should_be_does_not_hold(finding: Finding, ok: bool | None) -> None:
    assert finding.ok is ok


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (seen_of({"model": [900.0], "shed": [5.0]}), "PASS"),
        (seen_of({"model": [900.0]}), "NOT PROVEN"),
        (seen_of({"model": [31_000.0], "shed": [5.0]}), "FAIL"),
        (seen_of({"model": [900.0], "shed": [5.0], "failed": [90_000.0]}), "FAIL"),
        (seen_of({"shed": [5.0]}), "FAIL"),
    ],
)
def test_a_hang_or_a_refusal_of_everything_fails_the_overload(
    seen: LoadSeen, status: str, tmp_path: Path
) -> None:
    assert judged(OVERLOAD, tmp_path, *load_judge.shed_rightly(seen)) == status
