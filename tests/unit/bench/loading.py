"""Drives one load loop in this process, and what the load tests send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import uvloop

from casewright.api.bench import WorkloadFacts
from casewright.bench.arrivals import IndexSet, closed_indices
from casewright.bench.bodies import BodySource
from casewright.bench.clock import PreciseTimer, now_ns
from casewright.bench.decode import records
from casewright.bench.dial import Dialer, resolve
from casewright.bench.load import Counts, LoadLoop
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord
from casewright.bench.request import parse_url
from casewright.bench.spool import SpoolWriter, segment_path
from casewright.bench.target import Target
from casewright.bench.workload import Prompt
from casewright.engines.wire import Api, Message
from casewright.values import EngineIdentity


class Numbered:
    """Prompts that name their index, so that a server can see who is asking."""

    name = "numbered"

    def prompt(self, index: int, seed: int) -> Prompt:
        return Prompt((Message("user", f'request {index} of seed {seed}: "quoted"\n'),), 16)

    def facts(self, seed: int) -> WorkloadFacts:
        return WorkloadFacts(name=self.name, sha256="", prompts=0, prefix="unique", max_tokens=16)


def target_of(
    url: str, *, api_key: str | None = None, ca_file: Path | None = None, api: Api = Api.OPENAI
) -> Target:
    identity = EngineIdentity(kind="openai", name="raw test server")
    return Target("test", api, url, "model", identity, api_key=api_key, ca_file=ca_file)


def drive(
    target: Target,
    plan: LoadPlan,
    run_dir: Path,
    *,
    budget: int = 1 << 30,
    done: IndexSet | None = None,
    report: Callable[[LoadLoop, Counts], None] | None = None,
    max_connections: int = 1000,
) -> tuple[list[RequestRecord], LoadLoop]:
    """Run ``plan`` in this process to its end; its records and the loop that made them."""

    async def main() -> LoadLoop:
        loop = asyncio.get_running_loop()
        timer = PreciseTimer(loop)
        endpoint = parse_url(target.url)
        header = {"api": str(target.api), "session": 0, "process": 0}
        spool = SpoolWriter(segment_path(run_dir, 0, 0), header, budget)
        load = LoadLoop(
            plan=plan,
            process=0,
            api=target.api,
            dialer=Dialer(loop, endpoint, resolve(endpoint), plan.connect_s, target.ca_file),
            bodies=BodySource(target, Numbered(), plan.seed, closed_indices(plan, 0, done)),
            spool=spool,
            timer=timer,
            report=lambda counts: report(load, counts) if report is not None else None,
            done=done,
            max_connections=max_connections,
        )
        await load.prepare()
        await asyncio.wait_for(load.run(now_ns()), 60)
        timer.close()
        spool.close()
        return load

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        load = runner.run(main())
    return sorted(records(run_dir), key=lambda record: record.index), load
