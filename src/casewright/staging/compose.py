"""A stack of containers, handled as its operator does: by docker and compose, each with a deadline."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from casewright.api.staging import CommandRun
from casewright.errors import UsageError
from casewright.staging.checklist import COMPOSE_START_BOUND_S
from casewright.staging.compose_cli import ComposeCli, find_compose
from casewright.staging.compose_left import keep, look, merged, read_kept
from casewright.staging.compose_parse import NAMES, Container, Part, parse_config, parse_inspect, parse_ps
from casewright.staging.compose_trouble import diagnose, last_lines, told
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.orders import to_the_end
from casewright.staging.stack import Commands, Gained, Left, Listing, ProcessSeen

RAG = "rag-service"
DEADLINES = Deadlines(start_s=COMPOSE_START_BOUND_S, stop_s=180.0, start_bound_s=COMPOSE_START_BOUND_S)
LOOK_S = 2.0
LOG_TAIL = "40"
# docker kill tells the daemon to leave the container dead: a crash comes from outside, past the daemon.
_KILL = "import os, sys; os.kill(int(sys.argv[1]), int(sys.argv[2]))"
_PAUSES = {int(signal.SIGSTOP): "pause", int(signal.SIGCONT): "unpause"}


@dataclass(frozen=True, slots=True)
class Compose:
    """A compose that answers, and the parts of its file."""

    cli: ComposeCli
    parts: Mapping[str, Part]

    @property
    def built(self) -> tuple[str, ...]:
        """The services whose images are built here."""
        return tuple(name for name, part in self.parts.items() if part.built)

    def services(self) -> dict[str, str]:
        """Where the services that a stage asks answer on this machine.

        Raises:
            UsageError: the file has or publishes one of them not.
        """
        found = {}
        for name, ours in NAMES.items():
            ports = self.parts[name].published if name in self.parts else {}
            if not ports:
                raise UsageError(
                    f"{self.cli.files[0]} publishes no port of {name}, which the stage asks itself",
                    hint="stage with docker-compose.vllm.yml or docker-compose.cpu.yml: same images",
                )
            found[ours] = f"http://127.0.0.1:{next(iter(ports.values()))}"
        return found

    def addresses(self) -> dict[str, str]:
        """host:port inside the containers' network -> host:port on this machine."""
        return {
            f"{name}:{inside}": f"127.0.0.1:{outside}"
            for name, part in self.parts.items()
            for inside, outside in part.published.items()
        }


def open_compose(files: Sequence[Path], environment: Mapping[str, str]) -> Compose:
    """Find the compose of this machine and read the files.

    Raises:
        UsageError: there is none, no daemon answers, or the files cannot be used.
    """
    return asyncio.run(_open(files, environment))


async def _open(files: Sequence[Path], environment: Mapping[str, str]) -> Compose:
    cli = await find_compose(files, environment)
    run = await rendered(cli)
    parts = parse_config(run.stdout)
    if run.exit_code != 0 or not parts:
        trouble = diagnose(run)
        words = last_lines(run) or run.problem or "it names no service"
        hint = trouble.hint if trouble is not None else f"{cli.spoken} config"
        raise UsageError(f"compose cannot use {', '.join(map(str, files))}: {words}", hint=hint)
    return Compose(cli, parts)


async def rendered(cli: ComposeCli) -> CommandRun:
    """The compose file as compose understands it, variables filled in: it may hold secrets."""
    words = ("config",) if cli.is_v1 else ("config", "--format", "json")
    return await cli.run(*words, timeout_s=60.0, kept=4_000_000)


class ComposeStack(Commands):
    """The containers of a compose file."""

    def __init__(self, config: StageConfig, compose: Compose) -> None:
        self._config = config
        self.compose = compose
        self.cli = compose.cli
        self._context: Context | None = None
        self._paused: dict[int, str] = {}
        # whether what the containers left is known by now, and whether what is kept of others is this stage's
        self._told, self._keeps = False, config.resume
        self.began = datetime.now(UTC)

    def watch(self, context: Context) -> None:
        """Show what is waited for where this stage shows it."""
        self._context = context

    def tell(self, words: str) -> None:
        """Show a line while something is waited for."""
        if self._context is not None:
            self._context.tell(words)

    async def up(self) -> CommandRun:
        """Start it and wait until it is healthy.

        Exit 1 without a ``problem``: it serves with less; ``stderr`` says what is not healthy, how its log
        ends and what to try. A ``problem``: it could not be started.
        """
        self._told = False
        deadline = time.monotonic() + self._config.deadlines.start_s
        began = time.monotonic()
        run = await self._up(self._config.deadlines.start_s)
        if run.exit_code != 0:
            next_command = f"{self.cli.spoken} up"
            said = await self._log_of_failed() or run
            what = f"up -d: {run.problem or f'exit {run.exit_code}'}"
            return run.model_copy(update={"problem": told(what, _both(run, said), next_command)})
        waiting = await self._until_good(deadline)
        seconds = round(time.monotonic() - began, 2)
        if not waiting:
            return run.model_copy(update={"seconds": seconds})
        words = [await self._explained(each) for each in waiting]
        return run.model_copy(update={"seconds": seconds, "exit_code": 1, "stderr": "; ".join(words)})

    async def down(self) -> CommandRun:
        """Stop it and remove its containers, of which what they left is kept; the volumes stay.

        A cancel waits for its end or its deadline, as that of processes does.
        """
        return await to_the_end(self._down())

    async def _down(self) -> CommandRun:
        left = await self._left() if not self._told else ()
        run = await self.cli.run("down", timeout_s=self._config.deadlines.stop_s)
        if left:
            keep(self._config.output, merged(self._kept(), left))
            self._keeps = True
        return run

    async def processes(self) -> Listing:
        """What runs: each container under its name, with the main process's id on the host."""
        run, containers, problem = await self.containers()
        seen = tuple(_seen(each) for each in containers if not each.done)
        return Listing(run, seen, problem)

    async def containers(self) -> tuple[CommandRun, tuple[Container, ...], str | None]:
        """Every container, whatever its state, or why there is no list."""
        words = ("ps",) if self.cli.is_v1 else ("ps", "--all", "--format", "json")
        run = await self._compose(*words, kept=1_000_000)
        listed = parse_ps(run.stdout) if run.exit_code == 0 else None
        if listed is None:
            return run, (), told("compose ps", run, f"{self.cli.spoken} ps")
        if not listed:
            return run, (), None
        asked = await self.cli.docker("inspect", *(each.id for each in listed), kept=8_000_000)
        found = parse_inspect(asked.stdout)
        if not found:
            return run, (), told("docker inspect", asked, "docker ps --all")
        return run, tuple(sorted(found, key=lambda each: each.service)), None

    def beside(self, config: StageConfig) -> NoReturn:
        """There is no second stack beside containers: their ports and volumes are the file's.

        Raises:
            CannotGoOn: always.
        """
        raise CannotGoOn(
            f"a second stack at {config.data_dir} is for target local: casewright stage --target local"
        )

    async def signal(self, pid: int, number: int) -> str | None:
        """Send a signal to a container's process past the daemon; why it could not be, or None.

        Another container, in the host's process namespace, does it: whoever may ask Docker may do that. Only
        SIGSTOP and SIGCONT are pause and unpause: the main process is an init, and to stop it stops nothing.
        """
        if number in _PAUSES:
            return await self._pause(pid, _PAUSES[number])
        image = self.compose.parts[RAG].image or ""
        lean = ("--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--cap-add", "KILL")
        run = await self.cli.docker(
            *("run", *lean, "--pid", "host", "--user", "0:0", "--entrypoint", "python", image),
            *("-I", "-c", _KILL, str(pid), str(int(number))),
            timeout_s=self._config.deadlines.command_s,
        )
        return None if run.exit_code == 0 else told(f"kill -{int(number)} {pid}", run, "docker info")

    async def _pause(self, pid: int, word: str) -> str | None:
        name = self._paused.pop(pid, None)
        if name is None:
            _, containers, problem = await self.containers()
            name = next((each.name for each in containers if each.pid == pid), None)
            if name is None:
                return problem or f"no container runs as pid {pid}"
        self._paused |= {pid: name} if word == "pause" else {}
        run = await self.cli.docker(word, name, timeout_s=self._config.deadlines.command_s)
        return None if run.exit_code == 0 else told(f"docker {word} {name}", run, f"docker {word} {name}")

    async def gained(self) -> Gained | None:
        """What the containers of all runs of this stage left: their logs, and which ended for memory."""
        left = await self._left()
        problem = next((each.problem for each in left if not each.id), None)
        if problem is not None:
            return Gained(problem=problem)
        self._told = True
        restarts = {each.service: each.restarts for each in left}
        return Gained(merged(self._kept(), left), restarts)

    def _kept(self) -> tuple[Left, ...]:
        return read_kept(self._config.output) if self._keeps else ()

    async def _left(self) -> tuple[Left, ...]:
        """What the containers that are there left; one without an id says why they are not known."""
        _, containers, problem = await self.containers()
        if problem is not None:
            return (Left(id="", service="containers", state="unknown", lines=0, problem=problem),)
        # containers of a stage are made by it, and their logs are whole its own
        since = self.began.isoformat(timespec="seconds") if self._config.attach else None
        kills = self._context.kills if self._context is not None else {}
        return await look(self.cli, containers, kills, since)

    async def gpu_requests(self) -> tuple[dict[str, tuple[str, ...]], str | None]:
        """The GPUs that each container reserves, by its name in the compose file, or why it is not known."""
        _, containers, problem = await self.containers()
        return {each.service: each.gpus for each in containers if each.gpus}, problem

    async def _up(self, limit_s: float) -> CommandRun:
        """``up -d``, with a line of what stands already while it takes its time (pulls, one-shots)."""
        work = asyncio.ensure_future(self.cli.run("up", "-d", timeout_s=limit_s))
        try:
            while not (await asyncio.wait((work,), timeout=LOOK_S))[0]:
                self.tell(f"up -d under way: {_line((await self.containers())[1]) or 'images and networks'}")
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait((work,))
        return work.result()

    async def _until_good(self, deadline: float) -> list[Container]:
        """Wait for every container; those that are not good when it ends, or when waiting is in vain."""
        poll_s = max(self._config.deadlines.poll_s, 0.05)
        while True:
            _, containers, problem = await self.containers()
            waiting = [each for each in containers if not each.good]
            late = time.monotonic() > deadline
            if containers and not waiting:
                return []
            # one that ends again and again is not waited for, but those beside it are
            if late or (waiting and all(each.failed for each in waiting)):
                missing = Container("", "", problem or "no container of this project", "absent")
                return sorted(waiting, key=lambda each: not each.failed) or [missing]
            left = deadline - time.monotonic()
            self.tell(f"{_line(containers) or problem or 'no container yet'}; at most {left:.0f} s more")
            await asyncio.sleep(poll_s)

    async def _explained(self, each: Container) -> str:
        if not each.id:
            return each.service
        log = await self.cli.docker("logs", "--tail", LOG_TAIL, each.name)
        what = f"{each.service} is {each.words}, not healthy"
        return told(what, f"{log.stdout}\n{log.stderr}", f"{self.cli.spoken} logs {each.service}")

    async def _log_of_failed(self) -> str | None:
        """The log of the first container that failed: up -d names it and not why."""
        _, containers, _ = await self.containers()
        failed = next((each for each in containers if each.failed), None)
        if failed is None:
            return None
        log = await self.cli.docker("logs", "--tail", LOG_TAIL, failed.name)
        return f"{failed.service}: {log.stdout}\n{log.stderr}"

    async def _casewright(self, *words: str) -> CommandRun:
        return await self._compose("exec", "-T", RAG, "casewright", *words)

    async def _compose(self, *words: str, kept: int | None = None) -> CommandRun:
        return await self.cli.run(*words, timeout_s=self._config.deadlines.command_s, kept=kept)


def compose_config(config: StageConfig, compose: Compose) -> StageConfig:
    """The stage of a compose target: where its services answer, and its longer deadlines."""
    return replace(
        config,
        target="compose",
        services=compose.services(),
        addresses=compose.addresses(),
        deadlines=DEADLINES,
        environment={},
    )


def _both(run: CommandRun, said: CommandRun | str) -> str:
    first = f"{run.stdout}\n{run.stderr}"
    return first if isinstance(said, CommandRun) else f"{said}\n{first}"


def _seen(each: Container) -> ProcessSeen:
    name = NAMES.get(each.service, each.service)
    url = None
    if each.service in NAMES and each.published:
        url = f"http://127.0.0.1:{next(iter(each.published.values()))}"
    return ProcessSeen(name, each.words, each.pid, url, each.health, restarts=each.restarts)


def _line(containers: Sequence[Container]) -> str:
    """The list in a line: what is not good yet first, in full; the others counted."""
    waiting = [f"{each.service} {each.words}" for each in containers if not each.good]
    good = sum(each.good for each in containers)
    return (
        f"{good} of {len(containers)} good" + (f"; {', '.join(waiting)}" if waiting else "")
        if containers
        else ""
    )
