"""The steps that watch: GPUs under a load of their own, and the soak."""

from __future__ import annotations

import asyncio
import os
import struct
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from casewright.errors import NotRunning, UsageError
from casewright.staging import gpu
from casewright.staging.ask import Upload
from casewright.staging.compose_gpus import reservations
from casewright.staging.context import CannotGoOn, Context, mapping
from casewright.staging.golden import MODEL_QUERY
from casewright.staging.judge import finding
from casewright.staging.ledger import Entry, Ledger
from casewright.staging.samples import SAMPLES, Recorder, Recording, read_recording
from casewright.staging.soak import ERASE_S, Soak
from casewright.staging.soak_judge import SOAK_BOXES, judge_soak
from casewright.staging.soak_load import erase
from casewright.staging.soak_view import progress

ALLOCATION, UTILISATION = "startup.gpu", "performance.gpu"
# stability.restarts is judged at the end, with or without a soak.
BOXES = tuple(box for box in SOAK_BOXES if box != "stability.restarts")
ASKERS = 8
TOLD_S = 60.0
FOLDER = "soak"
_Ask = Callable[[], Awaitable[object]]


async def gpus(context: Context) -> str:
    """Who holds which GPU, and how busy each is while text and pictures are asked for."""
    ledger, environment = context.ledger, {**os.environ, **context.config.environment}
    await reservations(context)
    look = await gpu.gpus_now(environment)
    for box in (ALLOCATION, UTILISATION):
        ledger.command(box, *look.runs)
        ledger.seen(box, devices=[each.model_dump() for each in look.devices])
    if look.problem is not None and not look.devices:
        ledger.add(ALLOCATION, gpu.allocation(look))
        ledger.add(UTILISATION, [gpu.not_seen("GPUs under load", "GPU 0 50-70 %, GPU 1 70-90 %", look)])
        return look.problem
    psutil.cpu_percent()  # the next call tells of the time since this one
    text = await _under_load(context, environment, lambda: _text(context), "text")
    cpu = psutil.cpu_percent()
    ledger.add(UTILISATION, [gpu.utilisation(1, text, "text")])
    ledger.add(UTILISATION, [gpu.within("CPU with text", "%", gpu.CPU, cpu)])
    await _pictures(context, environment)
    # only now: Ollama loads its models with the first text and the first picture
    memory = gpu.memory_of_engines()
    for kind, bounds in gpu.MEMORY_GB.items():
        used = memory[kind] / 1e9 if kind in memory else None
        ledger.add(UTILISATION, [gpu.within(f"resident memory of {gpu.NAMES[kind]}", "GB", bounds, used)])
    look = await gpu.gpus_now(environment)
    ledger.command(ALLOCATION, *look.runs)
    ledger.add(ALLOCATION, gpu.allocation(look))
    return f"{len(look.devices)} GPUs, {len(look.holders)} processes on them"


async def _pictures(context: Context, environment: dict[str, str]) -> None:
    health = await context.client.get(f"{context.url('documents')}/health")
    if mapping(health.json).get("vision_analysis_available") is not True:
        seen = "no vision model is configured, so no picture is looked at"
        found = finding("GPU 0 with pictures", "50 to 70 %", seen, None, tried=False)
    else:
        looks = await _under_load(context, environment, lambda: _picture(context), "pictures")
        found = gpu.utilisation(0, looks, "pictures")
    context.ledger.add(UTILISATION, [found])


async def _under_load(
    context: Context, environment: dict[str, str], ask: _Ask, what: str
) -> list[gpu.GpuLook]:
    """Look once a second while several users ask without a pause; a look that fails is the last one."""
    seconds = context.config.deadlines.gpu_s
    context.tell(f"{ASKERS} users ask for {what}, {seconds:g} s")

    async def user() -> None:
        while True:
            await ask()

    users = [asyncio.ensure_future(user()) for _ in range(ASKERS)]
    looks: list[gpu.GpuLook] = []
    try:
        async with asyncio.timeout(seconds):
            while not looks or looks[-1].problem is None:
                await asyncio.sleep(min(1.0, seconds / 4))
                looks.append(await gpu.devices_now(environment))
    except TimeoutError:
        pass  # the time is over
    finally:
        for task in users:
            task.cancel()
        await asyncio.gather(*users, return_exceptions=True)
    context.ledger.seen(
        UTILISATION, **{what: [[each.model_dump() for each in look.devices] for look in looks]}
    )
    return looks


async def _text(context: Context) -> object:
    limit = context.config.deadlines.answer_s
    return await context.client.post_json(f"{context.url('rag')}/query", MODEL_QUERY.body, timeout_s=limit)


async def _picture(context: Context) -> object:
    limit = context.config.deadlines.answer_s
    upload = Upload("picture.png", picture(), "image/png")
    return await context.client.post_file(f"{context.url('documents')}/process", upload, timeout_s=limit)


def picture(width: int = 640, height: int = 480) -> bytes:
    """A PNG with a slope of grey, made here: nothing is known of it but that it is a picture."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(
        b"\0" + bytes((x + y) * 255 // (width + height) for x in range(width)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    )


async def soak(context: Context) -> str:
    """Watch the stack for as long as was asked for; what was seen is judged however it ends."""
    plan = context.config.soak
    if plan is None:
        raise CannotGoOn("no soak was asked for: casewright stage --soak 1h")
    recording, folder = Recording(), context.config.output / FOLDER
    await _set_aside(context, folder)
    for box in SOAK_BOXES:
        context.ledger.seen(box, samples=f"{FOLDER}/{SAMPLES}")
    told = -TOLD_S

    def seen(so_far: Recording) -> None:
        nonlocal told
        if so_far.samples[-1].t - told >= TOLD_S:
            told = so_far.samples[-1].t
            context.tell(progress(so_far))

    try:
        with Recorder(folder, recording) as recorder:
            watch = Soak(context.config, context.stack, context.client, recorder, seen, tell=context.tell)
            await watch.run(plan, asyncio.Event())
    except NotRunning as error:
        raise CannotGoOn(error.message) from error
    finally:
        if recording.samples:
            judge_soak(recording, context.ledger)
    return progress(recording)


async def _set_aside(context: Context, folder: Path) -> None:
    """What a soak left there that was cut off with its stage is read, judged and kept under another name.

    The stack was started anew since, so its time is no part of this soak's; but what did not hold then is not
    forgotten, and the files that it sent are erased.
    """
    path, config = folder / SAMPLES, context.config
    if not path.exists():
        return
    if not config.resume:
        path.unlink()  # of another stage, whose results are replaced too
        return
    run = context.runs - 1
    name = f"samples-run{run}.jsonl"
    try:
        before = read_recording(folder)
    except UsageError:
        before = Recording()  # it had not begun
    path.replace(folder / name)
    earlier = Ledger()
    if before.begins:
        judge_soak(before, earlier)
    gone, left = await erase(context.client, context.url("documents"), before, ERASE_S)
    for box, entry in earlier.entries().items():
        known = {(each.expected, each.seen) for each in context.ledger.entries().get(box, Entry()).findings}
        failed = [each for each in entry.findings if each.ok is False]
        context.ledger.add(
            box,
            [
                each.model_copy(update={"what": f"run {run}: {each.what}"})
                for each in failed
                if (each.expected, each.seen) not in known
            ],
        )
    about = {
        "samples": f"{FOLDER}/{name}",
        "erased": gone,
        "left": left,
        "watched_s": round(before.watched_s, 1),
    }
    for box in SOAK_BOXES:
        context.ledger.seen(box, interrupted_soak=about)
