"""What the load needs beside the stage's stack: one more on the simulator, and a gateway; both taken down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from casewright.api.staging import CommandRun
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import CannotGoOn, Context, mapping
from casewright.staging.judge import finding
from casewright.staging.logs import errors_beside
from casewright.staging.stack import LocalStack

NAMES = ("rag", "notes", "documents", "web")
# Those of them that the load asks.
ASKED = ("rag", "notes", "documents")
MEMORY_ERRORS = "startup.memory"
GATEWAY_QUEUE = 16
# below the bound of a whole request in an overload, so that a slow engine's queue is shed and not sat through
GATEWAY_QUEUE_S = 20
_PORTS = range(12_000, 19_000)
_GATEWAY_END_S = 15.0
_SHOWN = 400


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of 127.0.0.1 that nobody listens on just now.

    They lie below those that the system gives to the near ends of connections, of which a load makes many.
    """
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            break
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return tuple(found)


@contextlib.asynccontextmanager
async def simulated_stack(context: Context, simulator_url: str, box: str) -> AsyncIterator[StageConfig]:
    """The services once more, started by ``casewright up`` with the simulator as their vLLM.

    It has ports and a data directory of its own, so that the stage's stack needs no restart and keeps its
    processes. Yields where its services answer.

    Raises:
        CannotGoOn: it did not start; the command is in the box's evidence.
    """
    # short, because a socket's path has a bound, and the output's may be long
    with tempfile.TemporaryDirectory(prefix="casewright-load-", ignore_cleanup_errors=True) as folder:
        ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        config = _beside(context.config, Path(folder), simulator_url, ports)
        # containers have no second stack beside them: there the same services run as processes
        local = config.target == "local"
        stack = context.stack.beside(config) if local else LocalStack(config, engine=False)
        try:
            context.tell(f"starting the services on the simulator (at most {config.deadlines.start_s:g} s)")
            _started(context, box, await stack.up())
            pids = (await stack.processes()).pids
            context.loaded = {f"{name} (simulator)": pids[name] for name in ASKED if name in pids}
            yield config
        finally:
            context.loaded = {}
            context.tell(f"stopping the services on the simulator (at most {config.deadlines.stop_s:g} s)")
            context.ledger.command(box, await stack.down())
            context.ledger.add(MEMORY_ERRORS, [await asyncio.to_thread(errors_beside, config.data_dir)])


def _started(context: Context, box: str, run: CommandRun) -> None:
    context.ledger.command(box, run)
    if run.exit_code in (0, 1):
        return
    said = " ".join((run.problem or run.stderr or f"exit {run.exit_code}").split())[-_SHOWN:]
    context.ledger.add(
        box, [finding("casewright up with the simulator as engine", "exit 0", said[-120:], False)]
    )
    raise CannotGoOn(f"the services did not start on the simulator: {said}")


def _beside(config: StageConfig, folder: Path, simulator_url: str, ports: dict[str, int]) -> StageConfig:
    told = {f"CASEWRIGHT_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    told |= {"LLM_PROVIDER": "vllm", "VLLM_URL": simulator_url, "VLLM_MODEL": "", "VLLM_API_KEY": ""}
    told |= {"CASEWRIGHT_FALLBACK": "off", "CHROMA_HOST": "", "CASEWRIGHT_UP_WITH": ""}
    told |= {"CASEWRIGHT_AUTH": "none"}
    return replace(
        config,
        data_dir=folder,
        environment={**config.environment, **told},
        services={name: f"http://127.0.0.1:{port}" for name, port in ports.items()},
        token=None,
        # containers are given time to download models, which processes on the simulator do not need
        deadlines=config.deadlines if config.target == "local" else Deadlines(),
    )


@contextlib.asynccontextmanager
async def bounded_gateway(context: Context) -> AsyncIterator[str]:
    """A gateway over the stack's engine where few may wait, so that the load is more than it takes.

    Raises:
        CannotGoOn: it does not answer in time, with the last words of its log.
    """
    config, (port,) = context.config, free_ports(1)
    told = {"CASEWRIGHT_ENGINE_QUEUE": str(GATEWAY_QUEUE), "CASEWRIGHT_ENGINE_SHARERS": "1"}
    told |= {"CASEWRIGHT_ENGINE_QUEUE_SECONDS": str(GATEWAY_QUEUE_S)}
    told |= {"CASEWRIGHT_FALLBACK": "off", "CASEWRIGHT_DATA": str(config.data_dir)}
    told |= await engine_told(context)
    if config.target != "local":
        told["CASEWRIGHT_AUTH"] = "none"  # it listens on loopback, and knows no key of the containers
    log = config.output / "overload-gateway.log"
    await asyncio.to_thread(log.parent.mkdir, parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *config.command,
            *("serve", "gateway", "--port", str(port)),
            env={**os.environ, **config.environment, **told},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:

        async def serves() -> bool:
            if process.returncode is not None:
                raise CannotGoOn(f"the gateway ended: {await _last_words(log)}")
            return (await context.client.get(f"{url}/health", timeout_s=5.0)).status == 200

        limit_s = min(config.deadlines.start_s, Deadlines().start_s)
        context.tell(f"waiting for the gateway (at most {limit_s:g} s)")
        if await context.until(serves, limit_s) is None:
            raise CannotGoOn(f"the gateway does not serve after {limit_s:g} s: {await _last_words(log)}")
        yield url
    finally:
        await _end(process)


async def engine_told(context: Context) -> dict[str, str]:
    """The engine that the stack asks, as a process beside it is told of it; a key comes from our environment.

    By the RAG service's /health; where that names none, by the list of processes.
    """
    answer = await context.client.get(f"{context.url('rag')}/health")
    engine = mapping(mapping(answer.json).get("engine"))
    provider, url, model = (engine.get(name) for name in ("provider", "url", "model"))
    if not isinstance(provider, str) or not isinstance(url, str):
        found = context.urls.get("engine")
        return {} if found is None else {"CASEWRIGHT_EMBEDDED_URL": found}
    if provider == "embedded":
        return {"LLM_PROVIDER": provider, "CASEWRIGHT_EMBEDDED_URL": context.reach(url)}
    name = provider.upper()
    told = {"LLM_PROVIDER": provider, f"{name}_URL": context.reach(url)}
    return told | ({f"{name}_MODEL": model} if isinstance(model, str) else {})


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATEWAY_END_S):
                await process.wait()
                return


async def _last_words(log: Path) -> str:
    words = await asyncio.to_thread(log.read_text, errors="replace")
    return " ".join(words.split())[-_SHOWN:]
