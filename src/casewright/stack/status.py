"""How the stack is at one moment: what the supervisor says, what each process says, what the system says."""

from __future__ import annotations

import time
from typing import Literal

import psutil  # type: ignore[import-untyped]
from pydantic import Field

from casewright.api.contract import Contract
from casewright.stack.description import BY_NAME
from casewright.stack.health import HEALTH_S, HealthWord, Seen, look_at_all
from casewright.stack.plan import SUPERVISOR, Places, ProcessSpec, StackRecord, read_stack
from casewright.stack.records import ProcessRecord, living, read_record
from casewright.stack.supervisor import Supervised, ask_all

StackState = Literal["running", "unsupervised", "stopped"]
ProcessState = Literal["starting", "running", "restarting", "given up", "stopping", "stopped", "orphaned"]
_STATES: dict[str, ProcessState] = {
    "STARTING": "starting",
    "RUNNING": "running",
    "BACKOFF": "restarting",
    "EXITED": "restarting",
    "FATAL": "given up",
    "STOPPING": "stopping",
}


class ProcessStatus(Contract):
    """One process now. ``orphaned``: it lives, its supervisor does not.

    ``what`` says what runs there, ``health_url`` where it is asked how it is (200: it serves).
    ``memory_bytes`` is resident memory with its children's; ``restarts`` counts since `up`. None: not known,
    or there is no process.
    """

    name: str
    what: str
    state: ProcessState
    pid: int | None
    uptime_s: float | None
    restarts: int
    port: int
    url: str
    health_url: str
    health: HealthWord
    reason: str
    provider: str | None
    model: str | None
    llm_available: bool | None
    memory_bytes: int | None

    @property
    def serves(self) -> bool:
        """Whether our own process answers there and does its work."""
        return self.pid is not None and self.health in ("healthy", "degraded")


class StackStatus(Contract):
    """The whole stack now. ``unsupervised``: something of it lives and nothing would restart it.

    ``supervisor_answers`` is False while a supervisor lives and does not speak: it hangs, or just starts.
    """

    schema_: Literal["casewright.ps/1"] = Field("casewright.ps/1", serialization_alias="schema")
    state: StackState
    data_dir: str
    supervisor_pid: int | None = None
    supervisor_answers: bool = False
    processes: tuple[ProcessStatus, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether it is supervised and every process says that it is healthy."""
        return self.serves and all(each.health == "healthy" for each in self.processes)

    @property
    def serves(self) -> bool:
        """Whether it is supervised and every process serves, if with less."""
        return self.supervisor_answers and all(each.serves for each in self.processes)


def stack_status(
    places: Places, token: str | None = None, *, health_s: float = HEALTH_S, memory: bool = True
) -> StackStatus:
    """Look at everything once; ``token`` is shown to the services. ``memory`` False: it is not measured."""
    record = read_stack(places)
    if record is None:
        return StackStatus(state="stopped", data_dir=str(places.data_dir))
    supervisor = living(read_record(places.record(SUPERVISOR)))
    told = ask_all(places) if supervisor is not None else None
    urls = {each.name: each.url for each in record.plan.processes}
    foreign = {each.name: each.health for each in record.plan.processes if not each.ours}
    seen = look_at_all(urls, token, health_s, foreign)
    processes = tuple(
        _process(each, places, told, seen[each.name], supervised=supervisor is not None, memory=memory)
        for each in record.plan.processes
    )
    alive = any(each.pid is not None for each in processes)
    state: StackState = "running" if supervisor is not None else "unsupervised" if alive else "stopped"
    return StackStatus(
        state=state,
        data_dir=str(places.data_dir),
        supervisor_pid=supervisor.pid if supervisor is not None else None,
        supervisor_answers=told is not None,
        processes=processes,
    )


def running_urls(places: Places) -> dict[str, str] | None:
    """Name -> URL of what was started here; None if nothing was."""
    record: StackRecord | None = read_stack(places)
    return {each.name: each.url for each in record.plan.processes} if record else None


def _process(
    spec: ProcessSpec,
    places: Places,
    told: dict[str, Supervised] | None,
    seen: Seen,
    *,
    supervised: bool,
    memory: bool,
) -> ProcessStatus:
    record = read_record(places.record(spec.name))
    process = living(record)
    state, why = _state(told.get(spec.name) if told else None, process, supervised=supervised)
    if process is None and seen.health != "no answer":
        seen = Seen("unhealthy", f"port {spec.port} is answered by a process that is none of ours")
    return ProcessStatus(
        name=spec.name,
        what=BY_NAME[spec.name].what if spec.name in BY_NAME else "",
        state=state,
        pid=process.pid if process else None,
        uptime_s=round(max(0.0, time.time() - process.create_time()), 1) if process else None,
        restarts=_restarts(record),
        port=spec.port,
        url=spec.url,
        health_url=spec.url + spec.health,
        health=seen.health,
        reason="; ".join(filter(None, (why, seen.reason))),
        provider=seen.provider,
        model=seen.model,
        llm_available=seen.llm_available,
        memory_bytes=_memory(process) if memory else None,
    )


def _state(
    told: Supervised | None, process: psutil.Process | None, *, supervised: bool
) -> tuple[ProcessState, str]:
    if not supervised:
        return ("orphaned", "its supervisor is gone") if process else ("stopped", "")
    if told is None:
        return ("running" if process else "starting"), ""
    why = told.error
    if told.state in ("BACKOFF", "FATAL") and not why:
        why = "it keeps ending" if told.exit_status is None else f"it ended with code {told.exit_status}"
    return _STATES.get(told.state, "stopped"), why


def _restarts(record: ProcessRecord | None) -> int:
    return record.starts - 1 if record else 0


def _memory(process: psutil.Process | None) -> int | None:
    if process is None:
        return None
    try:
        return sum(int(each.memory_info().rss) for each in (process, *process.children(recursive=True)))
    except psutil.Error:
        return None
