"""What runs: the processes of a stack, their commands, ports and environment, and where their files lie."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from casewright.api.contract import Contract
from casewright.disk import refused
from casewright.engines.failures import redacted
from casewright.errors import ConfigError
from casewright.files import replace_file
from casewright.settings import Settings
from casewright.stack.description import BY_NAME, CHROMA, ENGINE, ON_REQUEST, PROCESSES, VLLM
from casewright.stack.programs import program_of

HOST = "127.0.0.1"
_EMBEDDED = ("threads", "slots", "context")
SUPERVISOR = "supervisor"
PROBE_BYTES = 256 * 1024
# sun_path holds 108 bytes with its end; supervisor binds NAME.PID first and then renames.
SOCKET_BYTES = 107 - len(".4194304")


@dataclass(frozen=True, slots=True)
class Places:
    """Where a stack of one data directory keeps its run-time files."""

    data_dir: Path

    @property
    def run(self) -> Path:
        """Configuration, socket, records."""
        return self.data_dir / "run"

    @property
    def logs(self) -> Path:
        """One NAME.log a process, and its older parts."""
        return self.data_dir / "logs"

    @property
    def socket(self) -> Path:
        """The supervisor's."""
        return self.run / "supervisor.sock"

    @property
    def config(self) -> Path:
        """The supervisor's generated configuration."""
        return self.run / "supervisord.conf"

    @property
    def plan(self) -> Path:
        """What was started."""
        return self.run / "stack.json"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops."""
        return self.run / "lock"

    def record(self, name: str) -> Path:
        """Pid and start time of a process."""
        return self.run / f"{name}.json"

    def log(self, name: str) -> Path:
        """A process's log."""
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Make the directories, closed to others.

        Raises:
            StorageError: they cannot be made, or nothing can be written to them.
            ConfigError: the path is too long for a socket.
        """
        if len(os.fsencode(self.socket)) > SOCKET_BYTES:
            raise ConfigError(
                f"the path {self.socket} is too long for a socket (at most {SOCKET_BYTES} bytes)",
                hint="set CASEWRIGHT_DATA to a shorter path",
            )
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            for folder in (self.run, self.logs):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
        except OSError as error:
            raise refused(self.data_dir, error) from error
        # A disk that is full lets directories be made, and fails each process in its own words.
        probe = self.run / "probe"
        replace_file(probe, bytes(PROBE_BYTES), mode=0o600)
        probe.unlink(missing_ok=True)


class ProcessSpec(Contract):
    """One process: its command line (the program by its whole path) and its port on loopback.

    ``setting`` is the variable that changes the port. ``health`` is the path where it says how it is; what is
    not ``ours`` says so by its status alone.
    """

    name: str
    command: tuple[str, ...]
    port: int
    setting: str
    health: str = "/health"
    ours: bool = True

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{HOST}:{self.port}"


class StackPlan(Contract):
    """What to start. ``environment`` is set for every process on top of what `up` was called with."""

    processes: tuple[ProcessSpec, ...]
    environment: dict[str, str]

    def process(self, name: str) -> ProcessSpec | None:
        """The process of that name."""
        return next((each for each in self.processes if each.name == name), None)


class StackRecord(Contract):
    """``run/stack.json``: the plan that was started, by when."""

    plan: StackPlan
    started_at: datetime


def plan_from(
    settings: Settings,
    *,
    engine: bool = True,
    more: Sequence[str] | None = None,
    python: str = sys.executable,
) -> StackPlan:
    """The local stack of these settings: one engine process (unless ``engine`` is False), the services, and
    ``more`` of what is started on request (None: what the settings name).

    Programs that are not found stand in it by their bare name: see ``casewright.stack.programs``.

    Raises:
        ConfigError: two processes are given one port, or the settings contradict what is to be started.
    """
    asked = wanted(settings) if more is None else tuple(more)
    _refuse_contradictions(settings, asked)
    processes, told = [], {}
    for name, process in PROCESSES.items():
        if (name == ENGINE and not engine) or (process.on_request and name not in asked):
            continue
        port: int = getattr(settings, process.port_field)
        words = _words(settings, port)
        program = program_of(process.command[0], settings, python)
        command = (*program, *(word.format_map(words) for word in process.command[1:]))
        processes.append(
            ProcessSpec(
                name=name,
                command=command,
                port=port,
                setting=process.variable,
                health=process.health,
                ours=BY_NAME[name].ours,
            )
        )
        for key, value in {**process.environment, **process.tells}.items():
            told[key] = value.format_map(words)
        told |= BY_NAME[name].fixed
    _refuse_shared_ports(processes)
    return StackPlan(processes=tuple(processes), environment=told | _common(settings))


def wanted(settings: Settings) -> tuple[str, ...]:
    """What CASEWRIGHT_UP_WITH asks to be started beside our own.

    Raises:
        ConfigError: it names something else.
    """
    names = tuple(filter(None, (name.strip() for name in settings.up_with.split(","))))
    if not set(names) <= set(ON_REQUEST):
        raise ConfigError(
            f"CASEWRIGHT_UP_WITH={settings.up_with!r} names what cannot be started",
            hint=f"some of {', '.join(ON_REQUEST)}, separated by commas",
        )
    return names


def _words(settings: Settings, port: int) -> dict[str, str]:
    """What stands in the place of {…} in a command or a variable."""
    given = {f"embedded_{each}": getattr(settings, f"embedded_{each}") for each in _EMBEDDED}
    here = {"host": HOST, "port": port, "url": f"http://{HOST}:{port}", "data": settings.data_dir.absolute()}
    return {name: str(value) for name, value in (given | here).items()}


def _common(settings: Settings) -> dict[str, str]:
    """What every process is told that no single part says of itself."""
    # The processes run in the data directory: a path that was relative to the caller's must not change.
    told = {"CASEWRIGHT_DATA": str(settings.data_dir.absolute())}
    told["LLM_PROVIDER"] = settings.llm_provider or ""  # empty is unset
    if settings.embedded_model is not None:
        told["CASEWRIGHT_EMBEDDED_MODEL"] = str(settings.embedded_model.expanduser().absolute())
    # Unbound thread pools of several processes on the same cores starve each other.
    return told | {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "PYTHONUNBUFFERED": "1"}


def _refuse_contradictions(settings: Settings, asked: tuple[str, ...]) -> None:
    """A server that was named, and another one that is to be started in its place."""
    named = {CHROMA: ("CHROMA_HOST", settings.chroma_host), VLLM: ("VLLM_URL", _given(settings, "vllm_url"))}
    for name in asked:
        variable, value = named.get(name, ("", None))
        if value:
            raise ConfigError(
                f"{name} is to be started here, and {variable}={redacted(value)} names another",
                hint=f"unset {variable}, or leave {name} out: {PROCESSES[name].without}",
            )


def _given(settings: Settings, field: str) -> str | None:
    return str(getattr(settings, field)) if field in settings.model_fields_set else None


def _refuse_shared_ports(processes: list[ProcessSpec]) -> None:
    seen: dict[int, ProcessSpec] = {}
    for each in processes:
        other = seen.setdefault(each.port, each)
        if other is not each:
            raise ConfigError(
                f"{other.name} and {each.name} are both given port {each.port}",
                hint=f"change {other.setting} or {each.setting}",
            )


def read_stack(places: Places) -> StackRecord | None:
    """What was started in this data directory and not stopped; None if nothing was."""
    try:
        return StackRecord.model_validate_json(places.plan.read_bytes())
    except (OSError, ValidationError):
        return None
