"""The stack as its operator handles it: by the command line, each command a process with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from casewright.api.bench import Record
from casewright.api.staging import CommandRun
from casewright.staging.config import StageConfig
from casewright.staging.orders import to_the_end

KEPT_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class ProcessSeen:
    """One process as ``casewright ps`` tells it; None where it does not say.

    ``what`` is what runs there, ``health_url`` where it says how it is, ``restarts`` how often it was started
    again.
    """

    name: str
    state: str
    pid: int | None
    url: str | None
    health: str | None = None
    what: str | None = None
    health_url: str | None = None
    restarts: int | None = None

    @property
    def running(self) -> bool:
        """Whether it is said to run."""
        return self.pid is not None


@dataclass(frozen=True, slots=True)
class Listing:
    """What ``casewright ps --json`` gave; ``problem`` says why there is no list."""

    run: CommandRun
    processes: tuple[ProcessSeen, ...] = ()
    problem: str | None = None

    @property
    def pids(self) -> dict[str, int]:
        """The running processes' ids by name."""
        return {each.name: each.pid for each in self.processes if each.pid is not None}


class Left(Record):
    """What one container left: ``lines`` of its log, those ``words`` of them that speak of memory.

    ``for_memory``: the kernel ended it for memory, or SIGKILL (137) did that was not the stage's.
    ``restarts`` is how often it was started again, ``kills`` how often the stage killed it. ``problem`` says
    why its log is not known.
    """

    id: str
    service: str
    state: str
    lines: int
    words: tuple[str, ...] = ()
    for_memory: bool = False
    restarts: int | None = None
    kills: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Gained:
    """What containers left behind, those that are gone too, and how often each that is there was started
    again. ``problem`` says why it is not known.
    """

    left: tuple[Left, ...] = ()
    restarts: Mapping[str, int | None] = field(default_factory=dict)
    problem: str | None = None


class Stack(Protocol):
    """What a stage needs of a stack; one implementation a target."""

    async def up(self) -> CommandRun:
        """Start it and wait until it is healthy."""

    async def down(self) -> CommandRun:
        """Stop it."""

    async def processes(self) -> Listing:
        """What runs."""

    async def settings_shown(self) -> CommandRun:
        """Every setting of its services, as JSON."""

    async def provider_shown(self) -> CommandRun:
        """The provider that is asked for."""

    async def provider_set(self, name: str) -> CommandRun:
        """Ask for another provider."""

    async def provider_cleared(self) -> CommandRun:
        """Give the choice back to the environment."""

    async def doctor(self) -> CommandRun:
        """Whether the stores of every case agree."""

    def beside(self, config: StageConfig) -> Stack:
        """A second stack, in the data directory and at the ports of ``config``, without an engine."""

    async def signal(self, pid: int, number: int) -> str | None:
        """Send a signal to one of its processes (SIGSTOP and SIGCONT reach all that it consists of); why it
        could not be, or None.
        """

    async def gained(self) -> Gained | None:
        """What its logs gained; None where they are files of the data directory."""


class Commands(ABC):
    """What is ordered of a stack's services by a command of ours, wherever that command runs."""

    async def settings_shown(self) -> CommandRun:
        """Every setting of its services, as JSON; all of them are given the same."""
        return await self._casewright("config", "show", "--json")

    async def provider_shown(self) -> CommandRun:
        """The provider that is asked for."""
        return await self._casewright("provider", "show", "--json")

    async def provider_set(self, name: str) -> CommandRun:
        """Ask for another provider, for all services at once: they watch one file."""
        return await self._casewright("provider", "set", name)

    async def provider_cleared(self) -> CommandRun:
        """Give the choice back to the environment."""
        return await self._casewright("provider", "clear")

    async def doctor(self) -> CommandRun:
        """Whether the stores of every case agree; the running service is asked."""
        return await self._casewright("doctor")

    @abstractmethod
    async def _casewright(self, *words: str) -> CommandRun:
        """Run ``casewright`` with these words where the services are."""


class LocalStack(Commands):
    """Processes on this machine under ``casewright up``; ``engine`` False: without the embedded engine."""

    def __init__(self, config: StageConfig, *, engine: bool = True) -> None:
        self._config = config
        # beside another stack, the dependencies' ports are taken
        alone = ("--no-engine", "--no-chroma", "--no-vllm", "--no-n8n")
        self._up_words = config.up_words if engine else alone
        self._environment = {
            **os.environ,
            "RAG_URL": config.services["rag"],
            **config.environment,
            "CASEWRIGHT_DATA": str(config.data_dir),
            "NO_COLOR": "1",
        }

    async def up(self) -> CommandRun:
        """Start it and wait until it is healthy."""
        start_s = self._config.deadlines.start_s
        return await self._casewright(
            "up", "--timeout", f"{start_s:g}", *self._up_words, timeout_s=start_s + 15
        )

    async def down(self) -> CommandRun:
        """Stop it. A cancel waits for its end or its deadline: cut short, it would leave processes."""
        return await to_the_end(self._casewright("down", timeout_s=self._config.deadlines.stop_s))

    async def processes(self) -> Listing:
        """What runs."""
        run = await self._casewright("ps", "--json")
        return parse_listing(run)

    def beside(self, config: StageConfig) -> Stack:
        """A second stack, without an engine."""
        return LocalStack(config, engine=False)

    async def signal(self, pid: int, number: int) -> str | None:
        """Send a signal to a process of this machine; why it could not be, or None."""
        try:
            os.kill(pid, number)
        except OSError as error:
            return f"pid {pid}: {error.strerror}"
        return None

    async def gained(self) -> Gained | None:
        """The logs are files of the data directory."""
        return None

    async def _casewright(self, *words: str, timeout_s: float | None = None) -> CommandRun:
        limit = self._config.deadlines.command_s if timeout_s is None else timeout_s
        return await run_command((*self._config.command, *words), self._environment, limit)


async def run_command(
    words: Sequence[str], environment: Mapping[str, str], timeout_s: float, *, kept: int = KEPT_CHARS
) -> CommandRun:
    """Run one command to its end or its deadline; a cancelled one is asked to end before the cancel goes on.

    It has its own session, so that Ctrl-C in the terminal reaches the stage and not the command behind it.
    The last ``kept`` characters of what it prints are kept.
    """
    at, began = datetime.now(UTC).isoformat(timespec="milliseconds"), time.monotonic()

    def told(code: int | None, out: bytes, err: bytes, problem: str | None = None) -> CommandRun:
        return CommandRun(
            at=at,
            words=tuple(words),
            exit_code=code,
            seconds=round(time.monotonic() - began, 2),
            stdout=out.decode("utf-8", "replace")[-kept:],
            stderr=err.decode("utf-8", "replace")[-kept:],
            problem=problem,
        )

    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return told(None, b"", b"", f"cannot run {words[0]}: {error.strerror}")
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate()
    except TimeoutError:
        await _end(process)
        return told(None, b"", b"", f"no end within {timeout_s:g} s; it was stopped")
    except asyncio.CancelledError:
        await _end(process)
        raise
    return told(process.returncode, out, err)


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGINT, then SIGKILL, to the command and what it started in its session."""
    for number, patience_s in ((signal.SIGINT, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await process.wait()
                return


def parse_listing(run: CommandRun) -> Listing:
    """Read what ``casewright ps --json`` printed."""
    if run.exit_code is None:
        return Listing(run, problem=run.problem)
    found: Any = None
    with contextlib.suppress(ValueError):
        found = json.loads(run.stdout)
    entries = found.get("processes") if isinstance(found, dict) else None
    if not isinstance(entries, list):
        words = " ".join((run.stderr or run.stdout).split())[-300:]
        return Listing(run, problem=f"casewright ps --json gave no list (exit {run.exit_code}): {words}")
    seen = tuple(_process(each) for each in entries if isinstance(each, dict) and each.get("name"))
    return Listing(run, seen)


def _process(entry: Mapping[str, Any]) -> ProcessSeen:
    pid, url, health = entry.get("pid"), entry.get("url"), entry.get("health")
    what, health_url, restarts = entry.get("what"), entry.get("health_url"), entry.get("restarts")
    return ProcessSeen(
        name=str(entry["name"]),
        state=str(entry.get("state", "")),
        pid=pid if isinstance(pid, int) and pid > 0 else None,
        url=url if isinstance(url, str) else None,
        health=health if isinstance(health, str) else None,
        what=what if isinstance(what, str) and what else None,
        health_url=health_url if isinstance(health_url, str) else None,
        restarts=restarts if isinstance(restarts, int) else None,
    )
