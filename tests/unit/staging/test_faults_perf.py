"""Performance boxes: an engine that is too slow, one that is not vLLM, none at all; memory that rises."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from casewright.api.staging import BoxResult
from casewright.bench.simulator import SimConfig, SimulatorServer
from casewright.staging.ask import Client
from casewright.staging.config import PerformancePlan, StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.samples import HealthSample
from casewright.staging.sampling import Memory, Moment, health_findings, memory_findings
from casewright.staging.steps_perf import measure, measurements, performance
from ports import free_ports
from unit.staging.faults import assert_failed, injects
from unit.staging.stack import StandInStack

MB = 1024 * 1024
LATENCY, THROUGHPUT, MEMORY = "performance.latency", "performance.throughput", "performance.memory"


class SlowVllm(BaseHTTPRequestHandler):
    """Answers as vLLM does, each time after 0.55 s: later than the target, and at most 4 a second for 2."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Keep still."""

    def do_GET(self) -> None:
        bodies = {"/version": {"version": "0.9.2"}, "/v1/models": {"data": [{"id": "m", "owned_by": "vllm"}]}}
        self.send(200 if self.path in bodies else 404, json.dumps(bodies.get(self.path, {})).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        time.sleep(0.55)
        usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
        chunks: list[dict[str, object]] = [
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Yes"}}]},
            {"choices": [{"index": 0, "delta": {"content": "."}, "finish_reason": "stop"}]},
            {"choices": [], "usage": usage},
        ]
        about: dict[str, object] = {"id": "c", "object": "chat.completion.chunk", "model": "m"}
        lines = [json.dumps({**about, **each}) for each in chunks]
        self.send(
            200, "".join(f"data: {each}\n\n" for each in (*lines, "[DONE]")).encode(), "text/event-stream"
        )

    def send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def slow_vllm() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), SlowVllm) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)


async def measured(folder: Path, url: str, *, whole: bool = True) -> Ledger:
    """The performance step against the engine at this URL; else its first measurement."""
    config = StageConfig(
        data_dir=folder / "data",
        output=folder / "out",
        services={},
        command=(sys.executable, "-m", "casewright"),
        environment={"VLLM_URL": url, "VLLM_MODEL": ""},
        performance=PerformancePlan(requests=4, users=2, seconds=1.5, timeout_s=10),
    )
    async with Client(5) as client:
        context = Context(config, client, StandInStack(folder), Ledger())
        await (performance(context) if whole else measure(context, measurements(context)[0]))
    return context.ledger


def boxes_of(ledger: Ledger) -> dict[str, BoxResult]:
    return {box.id: box for box in ledger.judge(StageConfig(Path(), Path(), {}, ()))}


@pytest.mark.alone
@injects(LATENCY, THROUGHPUT)
async def test_a_vllm_that_is_too_slow_fails_both_targets(tmp_path: Path) -> None:
    with slow_vllm() as url:
        ledger = await measured(tmp_path, url)
    assert_failed(ledger, LATENCY, "missed on this hardware")
    assert_failed(ledger, THROUGHPUT, "missed on this hardware")
    assert (tmp_path / "out" / "performance-latency-run.json").is_file()


async def test_an_engine_that_is_not_vllm_is_not_measured_for_it(tmp_path: Path) -> None:
    with SimulatorServer(SimConfig(ttft_ms=5, itl_ms=1, tokens=4)) as server:
        found = boxes_of(await measured(tmp_path, server.url, whole=False))[LATENCY]
    assert found.status == "NOT MEASURED"
    assert "Casewright simulator stands in vLLM's place" in found.reason
    assert re.search(r"[0-9.]+ ms \([0-9.]+ to [0-9.]+\)", found.reason)


async def test_no_engine_at_all_is_not_measured_and_says_so(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    found = boxes_of(await measured(tmp_path, f"http://127.0.0.1:{port}", whole=False))
    assert found[LATENCY].status == "NOT MEASURED"
    assert "no engine behind vLLM's API" in found[LATENCY].reason


WELL = HealthSample(status=200, word="healthy", good=True, ms=1.0)
SICK = WELL.model_copy(update={"word": "degraded", "good": True})


ENGINE = "engine (own engine)"


def moments(*rss_mb: float, step: str = "load", health: HealthSample = WELL) -> list[Moment]:
    """One sample a second of an engine with so much memory."""
    return [
        Moment(
            at=1000.0 + second,
            run=1,
            step=step,
            breaking=None,
            health={"rag": health},
            memory={"engine": Memory(pid=7, rss=int(mb * MB)), "web": Memory(pid=9, rss=1)},
            loaded={ENGINE: Memory(pid=7, rss=int(mb * MB))} if step == "load" else {},
        )
        for second, mb in enumerate(rss_mb)
    ]


def memory_box(samples: list[Moment]) -> Ledger:
    ledger = Ledger()
    ledger.add(MEMORY, memory_findings(samples))
    return ledger


@injects(MEMORY)
def test_memory_that_rises_under_load_fails() -> None:
    rising = moments(*(400 + 2 * second for second in range(60)))
    assert_failed(memory_box(rising), MEMORY, "engine (own engine) under load: 419 MB, then 499 MB")


@pytest.mark.parametrize(
    ("samples", "status", "words"),
    [
        (moments(*[400] * 60), "PASS", "400 MB, then 400 MB"),
        (moments(*[50] * 30, *[65] * 30), "PASS", "50 MB, then 65 MB"),  # less than the floor
        (moments(*[400] * 20), "NOT PROVEN", "20 samples under load"),
        (moments(410, 500, step="performance"), "NOT PROVEN", "engine 410 to 500 MB"),
        (moments(400, step="health"), "NOT MEASURED", "no load"),
    ],
)
def test_memory_is_judged_over_the_load_alone(samples: list[Moment], status: str, words: str) -> None:
    box = boxes_of(memory_box(samples))[MEMORY]
    assert box.status == status
    assert words in box.reason


def test_memory_of_a_process_that_was_started_anew_is_not_proven() -> None:
    first, second = moments(*[400] * 30), moments(*[400] * 30)
    other = {ENGINE: Memory(pid=8, rss=400 * MB)}
    second = [each.model_copy(update={"loaded": other}) for each in second]
    assert boxes_of(memory_box(first + second))[MEMORY].status == "NOT PROVEN"
    # a load that was interrupted and taken again is judged by itself
    again = [each.model_copy(update={"run": 2}) for each in second]
    assert boxes_of(memory_box(first + again))[MEMORY].status == "PASS"


def test_processes_that_no_request_reached_prove_nothing() -> None:
    idle = [each.model_copy(update={"loaded": {}}) for each in moments(*[400] * 60)]
    box = boxes_of(memory_box(idle))[MEMORY]
    assert (box.status, "no process under load was sampled" in box.reason) == ("NOT PROVEN", True)


@injects("startup.health")
def test_one_degraded_sample_in_a_minute_fails_health() -> None:
    samples = moments(*[1] * 70)
    samples[30] = samples[30].model_copy(update={"health": {"rag": SICK}})
    ledger = Ledger()
    ledger.add("startup.health", health_findings(samples))
    assert_failed(ledger, "startup.health", "69 of 70 samples healthy", "status degraded")


def test_what_the_stage_breaks_itself_is_not_held_against_health() -> None:
    samples = moments(*[1] * 70)
    samples[30] = samples[30].model_copy(update={"health": {"rag": SICK}, "breaking": "kill -9 of rag"})
    assert {found.ok for found in health_findings(samples)} == {True}


def test_less_than_a_minute_of_samples_is_not_proven() -> None:
    found = health_findings(moments(*[1] * 30))
    assert [each.ok for each in found] == [True, None]
    assert [each.ok for each in health_findings([])] == [None]
