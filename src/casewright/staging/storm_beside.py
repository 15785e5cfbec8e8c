"""A second, small stack for what must not be done to the first: engines that fail, a disk that is full."""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from casewright.staging.ask import Client
from casewright.staging.context import CannotGoOn, Context
from casewright.staging.judge import finding

SERVICES = ("rag", "notes", "documents", "web")
# Below the ports that the system gives out by itself for the near end of connections.
_FIRST_PORT, _PORTS = 20_000, 10_000
# What the first stack has and this one must not share; an empty value is an unset one.
_UNSHARED = ("CHROMA_HOST", "CASEWRIGHT_SERVICE_KEY", "CASEWRIGHT_ENGINE_PORT", "CASEWRIGHT_MODEL_MAP")
_SHOWN = 300


def free_ports(count: int) -> list[int]:
    """As many ports of this machine at which nobody listens now."""
    found = list(_free(random.SystemRandom().sample(range(_FIRST_PORT, _FIRST_PORT + _PORTS), 500), count))
    if len(found) < count:
        raise CannotGoOn(f"no {count} free ports between {_FIRST_PORT} and {_FIRST_PORT + _PORTS}")
    return found


def _free(candidates: list[int], count: int) -> Iterator[int]:
    for port in candidates:
        if count == 0:
            return
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        count -= 1
        yield port


@asynccontextmanager
async def own_folder() -> AsyncIterator[Path]:
    """A folder for a stack's data, its path short enough for a socket; removed with all that is in it."""
    folder = Path(tempfile.mkdtemp(prefix="casewright-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@asynccontextmanager
async def small_stack(
    context: Context, data_dir: Path, environment: Mapping[str, str], box: str
) -> AsyncIterator[Context]:
    """A stack without an engine in ``data_dir``, as a context of its own; it is stopped whatever happens.

    Its commands, and whether it came down, go to ``box``.

    Raises:
        CannotGoOn: it did not start.
    """
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    told = {f"CASEWRIGHT_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    config = replace(
        context.config,
        data_dir=data_dir,
        services={name: f"http://127.0.0.1:{port}" for name, port in ports.items()},
        environment={**dict.fromkeys(_UNSHARED, ""), **told, **environment},
        token=None,
    )
    stack = context.stack.beside(config)
    async with Client(config.deadlines.request_s) as client:
        side = Context(config, client, stack, context.ledger, tell=context.tell)
        context.tell(f"starting a second, small stack (at most {config.deadlines.start_s:g} s)")
        try:
            run = await stack.up()
            context.ledger.command(box, run)
            if run.exit_code not in (0, 1):
                said = " ".join((run.problem or run.stderr or f"exit {run.exit_code}").split())
                raise CannotGoOn(f"the second stack did not start: {said[-_SHOWN:]}")
            yield side
        finally:
            run = await stack.down()
            context.ledger.command(box, run)
            seen = run.problem or f"exit {run.exit_code}"
            context.ledger.add(
                box, [finding("the second stack comes down", "exit 0", seen, run.exit_code == 0)]
            )
