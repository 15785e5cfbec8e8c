"""The boxes of the load see each fault: what is wrong with the services makes the box FAIL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import CommandRun, Finding
from casewright.staging import load_judge, steps_load
from casewright.staging.config import StageConfig
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.ledger import Ledger
from casewright.staging.load import LoadRun, LoadSeen, put_load
from casewright.staging.load_stack import engine_told, simulated_stack
from casewright.staging.stack import LocalStack, Stack
from casewright.staging.steps_load import LOAD, OVERLOAD
from unit.staging.faults import assert_failed, injects
from unit.staging.loading import SMALL, Loaded, config_for, loaded, seen_of
from unit.staging.standin import standing

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


class Containers(LocalStack):
    """A stack beside which there is no other, as that of containers."""

    def beside(self, config: StageConfig) -> Stack:
        """There is none."""
        raise CannotGoOn("a second stack is for target local")


@injects("startup.memory")
def test_words_about_memory_in_the_logs_of_the_stack_under_load_fail(tmp_path: Path) -> None:
    async def run(context: Context) -> str:
        context.stack = Containers(context.config)
        async with simulated_stack(context, "http://127.0.0.1:9", LOAD) as config:
            answer = await context.client.get(f"{config.services['rag']}/health")
            (config.data_dir / "logs").mkdir()
            (config.data_dir / "logs" / "rag.log").write_text("one\nMemoryError: no room\n")
            return f"{answer.status}, {sorted(context.loaded)}, {len(set(context.loaded.values()))}"

    found = loaded(replace(config_for(tmp_path), target="compose"), run, stack=False)
    assert found.ended == "200, ['documents (simulator)', 'notes (simulator)', 'rag (simulator)'], 1"
    assert_failed(found.ledger, "startup.memory", "rag.log: MemoryError: no room")


def test_a_gateway_is_told_of_the_engine_that_the_stack_has(tmp_path: Path) -> None:
    chosen = tmp_path / "provider"

    async def told(context: Context) -> str:
        return str(await engine_told(context))

    for provider, expected in (
        ("vllm", {"LLM_PROVIDER": "vllm", "VLLM_URL": "http://127.0.0.1:9", "VLLM_MODEL": "m"}),
        ("embedded", {"LLM_PROVIDER": "embedded", "CASEWRIGHT_EMBEDDED_URL": "http://127.0.0.1:9"}),
    ):
        chosen.write_text(provider)
        with standing("rag", provider_file=chosen) as url:
            inside = url.removeprefix("http://")
            config = replace(config_for(tmp_path), services={"rag": url}, addresses={inside: "127.0.0.1:9"})
            assert loaded(config, told, stack=False).ended == str(expected)


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
BROKEN, STOPPED = (DONE.model_copy(update={"exit_code": code}) for code in (2, None))
FULL = {"users": 50, "seconds": 299.8}


@pytest.mark.parametrize(
    ("finding", "ok"),
    [
        (load_judge.distributed("r", seen_of({}, run={"workers": 0}), 2), False),
        (load_judge.engine_asked("r", seen_of({"model": FAST}), 2500), True),
        (load_judge.engine_asked("r", seen_of({"model": FAST}), 2499), False),
        (load_judge.engine_asked("r", seen_of({"extractive": FAST}), 0), False),
        (load_judge.short("r", seen_of({}, output_tokens=LONG))[1], False),
        (load_judge.short("r", seen_of({}, output_tokens=LONG | {"p95": 16}))[1], None),
        (load_judge.short("r", seen_of({}, output_tokens=LONG | {"p95": 16, "max": 16}))[1], True),
        (load_judge.sized("r", seen_of({}, run=FULL))[0], True),
        (load_judge.sized("r", seen_of({}, run=FULL | {"users": 49}))[0], None),
        (load_judge.sized("r", seen_of({}, run=FULL))[1], True),
        (load_judge.sized("r", seen_of({}, run=FULL | {"seconds": 60.0}))[1], None),
        (load_judge.asked("r", seen_of({}, requests={"rag: a": {"extractive": 1}}), ("rag",))[0], True),
        (load_judge.asked("r", seen_of({}, requests={"rag: a": {"extractive": 1}}), ("notes",))[0], None),
        (load_judge.ran("r", seen_of({"model": FAST}), DONE), True),
        (load_judge.ran("r", seen_of({"model": FAST}), BROKEN), False),
        (load_judge.ran("r", seen_of({"model": FAST}), STOPPED), False),
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
