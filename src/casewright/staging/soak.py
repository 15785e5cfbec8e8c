"""A soak: a running stack watched for any length of time under a light load that is known."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from casewright.errors import NotRunning, UsageError
from casewright.staging.ask import Client
from casewright.staging.config import StageConfig
from casewright.staging.context import mapping
from casewright.staging.gpu import devices_now
from casewright.staging.samples import (
    Begin,
    Config,
    End,
    GpuSample,
    HealthSample,
    Listed,
    Plan,
    Recorder,
    Recording,
    Sample,
    Warmed,
)
from casewright.staging.soak_load import Load, erase, stopped_within
from casewright.staging.soak_look import Look, counters_of, gathered, health_of, with_descriptors
from casewright.staging.soak_warm import Tell, look_often
from casewright.staging.stack import Listing, Stack

GPU_S = 5.0
SETTLE_S = 10.0
ERASE_S = 30.0
MAX_GPU_FAILURES = 3
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}

Seen = Callable[[Recording], None]


def seconds_in(words: str, option: str) -> float:
    """Read 90, 90s, 10m, 1h, 1h30m or 2d as seconds.

    Raises:
        UsageError: it is none of these, or nothing.
    """
    text, total, at = words.strip().lower(), 0.0, 0
    while (part := _DURATION.match(text, at)) and part.end() > at:
        total += float(part[1]) * _UNITS[part[2] or ""]
        at = part.end()
    if at != len(text) or not 0 < total < 366 * 86400:
        raise UsageError(f"{option} {words!r} is no length of time", hint="write 90s, 10m, 1h or 1h30m")
    return total


class Soak:
    """Watches one stack; ``seen`` is called after every sample with all there is, ``tell`` hears what is done
    before the first.
    """

    def __init__(
        self,
        config: StageConfig,
        stack: Stack,
        client: Client,
        recorder: Recorder,
        seen: Seen,
        *,
        tell: Tell,
    ) -> None:
        self._config, self._stack, self._client, self._recorder = config, stack, client, recorder
        self._seen, self._tell = seen, tell
        self._look = Look()
        self._pids: dict[str, int] = {}
        self._environment = {**os.environ, **config.environment}
        self._gpu_failures = 0
        self._look_s = 5.0
        self._began = (0.0, time.monotonic())
        self._configs = {(each.service, each.digest) for each in recorder.recording.configs}

    def clock(self) -> float:
        """Seconds since the soak first began."""
        offset, began = self._began
        return round(offset + time.monotonic() - began, 3)

    async def run(self, plan: Plan, stop: asyncio.Event) -> None:
        """Watch until the plan's time is over, or ``stop``.

        Raises:
            NotRunning: no process of the stack is there, or no service answers.
        """
        recording = self._recorder.recording
        now = time.time()
        first = recording.begins[0].epoch if recording.begins else now
        # the wall clock may have been set back since: time goes on at least from the last line
        offset = max(now - first, max(recording.order, default=0.0) + 0.001) if recording.begins else 0.0
        self._began = (offset, time.monotonic())
        self._look_s = plan.look_s
        await self._expect_a_stack()
        left = plan.duration_s - recording.watched_s
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._recorder.write(Begin(t=self.clock(), at=at, epoch=now, plan=plan))
        await self._list()
        if not recording.samples:
            looks = await look_often(self._client, self._config.services, plan, stop, self._tell)
            self._recorder.write(Warmed(t=self.clock(), looks=looks))
        self._tell_hidden(await self._sample())
        halt = asyncio.Event()
        load = Load(self._config, self._client, self._recorder, self.clock)
        warm = plan.warm if len(recording.begins) == 1 else 0
        task = asyncio.ensure_future(_asking(load, plan, warm, halt))
        try:
            await self._watch(plan, self.clock() + left, stop, task)
            # the last answers may take their time: what was asked for is under watch without it
            await self._sample()
            halt.set()
            await task
        finally:
            task.cancel()
            # not `await task`: a cancel of the soak itself would be taken for the end of the task
            await asyncio.wait((task,))
            if not task.cancelled():
                task.result()  # a defect of ours is not kept silent
        await self._settle()
        await self._list()
        await self._sample()
        # after the last sample, so that it is in no figure
        url = self._config.services["documents"]
        gone, left = await erase(self._client, url, recording, ERASE_S)
        outcome = "interrupted" if stop.is_set() else "complete"
        end = {"t": self.clock(), "outcome": outcome, "erased": gone, "left": left}
        self._recorder.write(End.model_validate(end))

    async def _expect_a_stack(self) -> None:
        listing = await self._stack.processes()
        asked = {name: self._health(url) for name, url in self._config.services.items()}
        answers = await gathered(asked)
        if listing.pids and any(answer.status is not None for answer in answers.values()):
            return
        why = listing.problem or ("no service answers" if listing.pids else "no process of it runs")
        raise NotRunning(f"there is no stack to watch: {why}", hint="casewright up, then casewright soak")

    async def _watch(self, plan: Plan, until: float, stop: asyncio.Event, load: asyncio.Task[None]) -> None:
        due = listed = self.clock()
        while True:
            due += plan.interval_s
            if await stopped_within(stop, min(due, until) - self.clock()) or self.clock() >= until:
                return
            if load.done():
                await load  # a defect of ours is not kept silent
            sample = await self._sample()
            gone = set(self._pids) - set(sample.processes)
            lost = any(not each.good for each in sample.health.values())
            if gone or lost or self.clock() - listed >= plan.listing_s:
                listed = self.clock()
                await self._list()
            # a look that took longer than the interval is not made up for
            due = max(due, self.clock() - plan.interval_s)

    async def _sample(self) -> Sample:
        services = self._config.services
        at = self.clock()
        healths, metrics, gpus = await asyncio.gather(
            gathered({name: self._health(url) for name, url in services.items()}),
            gathered(
                {
                    name: self._client.get(f"{u}/metrics", timeout_s=self._look_s)
                    for name, u in services.items()
                }
            ),
            self._gpus(),
        )
        health: dict[str, HealthSample] = {}
        for name, answer in healths.items():
            health[name], config = health_of(answer)
            self._keep_config(at, name, health[name].config, config)
        texts = {name: found.text for name, found in metrics.items() if found.status == 200}
        sample = Sample(
            t=at,
            processes=with_descriptors(self._look.processes(self._pids), texts),
            health=health,
            counters={name: counters_of(text) for name, text in texts.items()},
            gpus=gpus,
        )
        self._recorder.write(sample)
        self._seen(self._recorder.recording)
        return sample

    def _tell_hidden(self, first: Sample) -> None:
        """Say at the start what will be missing at the end."""
        hidden = sorted(name for name, process in first.processes.items() if process.fds is None)
        if hidden:
            self._tell(
                f"descriptors of {', '.join(hidden)} are not shown to this user: No memory leaks can end as "
                "NOT PROVEN at best; root sees them"
            )

    def _health(self, url: str) -> Any:
        return self._client.get(f"{url}/health", timeout_s=self._look_s)

    def _keep_config(self, at: float, name: str, digest: str | None, config: dict[str, Any] | None) -> None:
        if digest is None or config is None or (name, digest) in self._configs:
            return
        self._configs.add((name, digest))
        self._recorder.write(Config(t=at, service=name, digest=digest, config=config))

    async def _gpus(self) -> tuple[GpuSample, ...]:
        if self._gpu_failures >= MAX_GPU_FAILURES:
            return ()
        look = await devices_now(self._environment, GPU_S)
        # without the tool there is nothing to ask again; one that fails is given a few more looks
        failed = MAX_GPU_FAILURES if look.absent else 1
        self._gpu_failures = self._gpu_failures + failed if look.problem else 0
        return look.devices

    async def _list(self) -> None:
        listing = await self._stack.processes()
        if listing.problem is None:
            self._pids = listing.pids
        self._recorder.write(
            Listed(t=self.clock(), pids=listing.pids, restarts=_restarts(listing), problem=listing.problem)
        )

    async def _settle(self) -> None:
        """A service counts a request after its answer is out: wait until its counters stand still."""
        before: dict[str, dict[str, float]] | None = None
        until = self.clock() + SETTLE_S
        while self.clock() < until:
            asked = {
                n: self._client.get(f"{u}/metrics", timeout_s=self._look_s)
                for n, u in self._config.services.items()
            }
            found = {
                name: _asks(counters_of(answer.text)) for name, answer in (await gathered(asked)).items()
            }
            if found == before:
                return
            before = found
            await asyncio.sleep(0.1)


async def _asking(load: Load, plan: Plan, warm: int, halt: asyncio.Event) -> None:
    await load.warm(warm, plan.users, halt)
    await load.go(plan.users, plan.pause_s, halt)


def _asks(counters: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in counters.items() if name.startswith("POST ")}


def _restarts(listing: Listing) -> dict[str, int]:
    """Restarts since the stack's start, where casewright ps --json told them."""
    try:
        found = mapping(json.loads(listing.run.stdout)).get("processes")
    except ValueError:
        return {}
    entries = [mapping(each) for each in found] if isinstance(found, list) else []
    return {
        str(each["name"]): each["restarts"]
        for each in entries
        if isinstance(each.get("name"), str) and isinstance(each.get("restarts"), int)
    }
