"""The step that puts load on the services: over the simulator, over the real model, and too much."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from casewright.bench.simulator import SimConfig, SimulatorServer, Truth
from casewright.errors import MeasurementError
from casewright.staging import capacity, load_judge
from casewright.staging.checklist import LOAD_P95_MS, MODEL_P95_MS
from casewright.staging.config import StageConfig
from casewright.staging.context import CannotGoOn, Context, mapping
from casewright.staging.judge import finding
from casewright.staging.load import LoadRun, put_load
from casewright.staging.load_stack import ASKED, bounded_gateway, simulated_stack
from casewright.staging.steps_start import same_processes
from casewright.staging.storm_bounds import RECOVERY_BOUND_S

LOAD, OVERLOAD = "performance.load", "performance.overload"
# Judged at the end by the samples of the processes that answered.
MEMORY = "performance.memory"
# An engine that is never in the way, as a graphics card's would be: what is measured are the services.
SIMULATOR = SimConfig(ttft_ms=20.0, itl_ms=2.0, tokens=12)


async def load(context: Context) -> str:
    """Three runs: every answer checked over the simulator, the model's own answers, and an overload."""
    _refuse(context)
    told = [
        await _one(context, LOAD, _simulated),
        await _one(context, LOAD, _modelled),
        await _one(context, OVERLOAD, _overloaded),
    ]
    return "; ".join(told)


async def _one(context: Context, box: str, run: Callable[[Context], Awaitable[str]]) -> str:
    """One of the runs; that it cannot be carried out is its own box's matter, and not the next one's."""
    try:
        return await run(context)
    except CannotGoOn as stop:
        context.ledger.unfinished((box,) if box == OVERLOAD else (box, MEMORY), stop.why)
        return stop.why


def _refuse(context: Context) -> None:
    plan = context.config.load
    if plan.seconds <= 0:
        raise CannotGoOn("no load was asked for (--load-seconds 0)")
    if context.config.attach:
        raise CannotGoOn(
            "no load is put on a stack that was running already (--attach); the plan's own command does it: "
            "locust -f locustfile.py"
        )
    if plan.locustfile is None:
        raise CannotGoOn("no locustfile.py in the current folder: run the stage from the repository's")
    if importlib.util.find_spec("locust") is None:
        raise CannotGoOn("locust is not installed: pip install 'casewright[load]'")


def _where(config: StageConfig) -> dict[str, str]:
    """The services' addresses and the key, as locustfile.py reads them."""
    told = {"NOTES_URL": config.services["notes"], "DOCUMENTS_URL": config.services["documents"]}
    return told if config.token is None else {**told, "CASEWRIGHT_API_KEY": config.token}


async def _simulated(context: Context) -> str:
    """Run (a): all three services with the simulator as engine, every answer checked."""
    ledger, plan = context.ledger, context.config.load
    name = "load-simulator"
    try:
        async with (
            SimulatorServer(SIMULATOR) as simulator,
            simulated_stack(context, simulator.url, LOAD) as config,
        ):
            await asyncio.to_thread(simulator.reset_truth)
            host, where = config.services["rag"], _where(config)
            run = LoadRun(name, "answers", host, plan.seconds, plan.pause_s, where, strategy="plain")
            seen, command = await put_load(context, run, LOAD)
            truth: Truth = await asyncio.to_thread(simulator.truth)
    except MeasurementError as error:
        raise CannotGoOn(f"{error.message} ({error.hint})") from error
    ledger.seen(LOAD, simulator=truth.model_dump(mode="json"))
    ledger.add(LOAD, [load_judge.ran(name, seen, command)])
    if seen is None or not seen.sent:
        return f"{name}: no run"
    errors, p95 = load_judge.errors(name, seen), load_judge.in_time(name, seen, LOAD_P95_MS)
    ledger.add(
        LOAD,
        [
            load_judge.enough(name, seen, plan.requests),
            *load_judge.sized(name, seen),
            errors,
            p95,
            load_judge.distributed(name, seen, plan.workers),
            load_judge.engine_asked(name, seen, truth.completed),
            *load_judge.asked(name, seen, ASKED),
        ],
    )
    words = f"simulator as engine: {plan.users} users, errors {errors.seen}, p95 {p95.seen}"
    ledger.say(LOAD, words)
    return words


async def _capacity(context: Context) -> capacity.Capacity:
    """What the stack answers within the target, right before the run whose think time rests on it."""
    plan = context.config.load
    found = await capacity.measure(
        context.client, context.url("rag"), plan.capacity_s, MODEL_P95_MS, context.tell
    )
    pause_s = found.pause_s(plan.users)
    context.ledger.seen(
        LOAD,
        capacity={
            "levels": [asdict(level) for level in found.levels],
            "target_ms": found.target_ms,
            "share": capacity.SHARE,
            "pause_s": pause_s,
            "users_with_usual_pause": found.users_within(capacity.USUAL_PAUSE_S),
        },
    )
    context.ledger.add(LOAD, [load_judge.capacity_known(found)])
    return found


async def _modelled(context: Context) -> str:
    """Run (b): the engine that the stack has, at a share of what it is seen to answer just before."""
    ledger, plan, name = context.ledger, context.config.load, "load-model"
    found = await _capacity(context)
    pause_s = found.pause_s(plan.users)
    if pause_s is None:
        ledger.unfinished((MEMORY,), f"{name} was not run: {found.words}")
        return f"{name}: {found.words}"
    where = _where(context.config)
    run = LoadRun(name, "model", context.url("rag"), plan.seconds, pause_s, where)
    context.loaded = _answering(context)
    try:
        seen, command = await put_load(context, run, LOAD)
    finally:
        context.loaded = {}
    ledger.add(LOAD, [load_judge.ran(name, seen, command)])
    if seen is None or not seen.sent:
        return f"{name}: no run"
    errors, p95 = load_judge.errors(name, seen), load_judge.in_time(name, seen, MODEL_P95_MS)
    share = load_judge.by_model(name, seen)
    about = [*load_judge.sized(name, seen), load_judge.distributed(name, seen, plan.workers)]
    ledger.add(LOAD, [*about, errors, p95, share, *load_judge.short(name, seen)])
    ledger.say(LOAD, f"capacity: {found.words}")
    words = f"{context.engine} as engine: {plan.users} users who pause {pause_s:.1f} s"
    words = f"{words}, p95 {p95.seen}, by the model {share.seen}"
    ledger.say(LOAD, words)
    return words


def _answering(context: Context) -> dict[str, int]:
    """The processes that answer the model's questions: the RAG service and the engine behind it."""
    provider = context.provider or ""
    engine = provider if provider in context.pids else "engine"
    names = [name for name in ("rag", engine) if name in context.pids]
    return {f"{name} (own engine)": context.pids[name] for name in names}


async def _overloaded(context: Context) -> str:
    """Run (c): as many users without a pause at a gateway where few may wait; then all must be well."""
    ledger, plan, name = context.ledger, context.config.load, "overload"
    async with bounded_gateway(context) as url:
        run = LoadRun(name, "overload", url, plan.overload_s, 0.0, _where(context.config), max_shed=1.0)
        seen, command = await put_load(context, run, OVERLOAD)
        ledger.add(OVERLOAD, [load_judge.ran(name, seen, command)])
        if seen is not None and seen.sent:
            ledger.add(OVERLOAD, load_judge.sized(name, seen, seconds=False))
            ledger.add(OVERLOAD, [load_judge.distributed(name, seen, plan.workers)])
            ledger.add(OVERLOAD, load_judge.shed_rightly(seen))
        await _well_again(context, url)
    found = await context.listing(OVERLOAD)
    ledger.add(OVERLOAD, same_processes(context, found, "afterwards"))
    if seen is None:
        return f"{name}: no run"
    words = f"{seen.answered} answered and {seen.total['shed']} refused of {seen.sent} without a pause"
    ledger.say(OVERLOAD, words)
    return words


async def _well_again(context: Context, gateway: str) -> None:
    """Every /health, and an answer of the gateway as soon as it has time again."""
    ledger = context.ledger
    bound = f"within {RECOVERY_BOUND_S:g} s"

    async def healthy() -> bool:
        answers = [*(await context.healths()).values(), await context.client.get(f"{gateway}/health")]
        return all(each.status == 200 and mapping(each.json).get("status") == "healthy" for each in answers)

    limit_s = context.config.deadlines.recovery_s
    context.tell(f"waiting until every service is healthy after the overload (at most {limit_s:g} s)")
    took = await context.until(healthy, limit_s)
    seen = f"{took:.1f} s" if took is not None else f"not in {limit_s:g} s"
    well = took is not None and took <= RECOVERY_BOUND_S
    ledger.add(OVERLOAD, [finding("healthy afterwards", bound, seen, well)])
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}
    answer = await context.client.post_json(f"{gateway}/v1/chat/completions", body)
    ledger.exchange(OVERLOAD, answer.exchange)
    ledger.add(OVERLOAD, [finding("an answer afterwards", "200", answer.said, answer.status == 200)])
