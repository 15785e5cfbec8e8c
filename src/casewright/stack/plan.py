"""What runs: the processes of a stack, their commands, ports and environment, and where their files lie."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from casewright.api.contract import Contract
from casewright.errors import ConfigError, StorageError
from casewright.settings import Settings

HOST = "127.0.0.1"
ENGINE = "engine"
SERVICES = ("rag", "notes", "documents", "web")
SUPERVISOR = "supervisor"
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
            StorageError: they cannot be made.
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
            raise StorageError(
                f"cannot use {self.data_dir}: {error.strerror}",
                hint="check CASEWRIGHT_DATA and its permissions",
            ) from error


class ProcessSpec(Contract):
    """One process: its command line (the program by its whole path) and its port on loopback.

    ``setting`` is the variable that changes the port.
    """

    name: str
    command: tuple[str, ...]
    port: int
    setting: str

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


def plan_from(settings: Settings, *, engine: bool = True, python: str = sys.executable) -> StackPlan:
    """The local stack of these settings: one engine process (unless ``engine`` is False) and the services.

    Raises:
        ConfigError: two processes are given one port.
    """
    casewright = (python, "-m", "casewright")
    processes = []
    if engine:
        words = ["--api", "both", "--port", str(settings.engine_port)]
        for option in ("threads", "slots", "context"):
            words += [f"--{option}", str(getattr(settings, f"embedded_{option}"))]
        command = (*casewright, "engine", "serve", *words)
        processes.append(_spec(ENGINE, command, settings.engine_port))
    for name in SERVICES:
        port: int = getattr(settings, f"{name}_port")
        processes.append(_spec(name, (*casewright, "serve", name, "--port", str(port)), port))
    _refuse_shared_ports(processes)
    environment = {
        f"{name.upper()}_URL": f"http://{HOST}:{getattr(settings, f'{name}_port')}"
        for name in ("rag", "notes", "documents")
    }
    # The processes run in the data directory: a path that was relative to the caller's must not change.
    environment["CASEWRIGHT_DATA"] = str(settings.data_dir.absolute())
    environment["LLM_PROVIDER"] = settings.llm_provider or ""  # empty is unset
    if settings.embedded_model is not None:
        environment["CASEWRIGHT_EMBEDDED_MODEL"] = str(settings.embedded_model.expanduser().absolute())
    if engine:
        environment["CASEWRIGHT_EMBEDDED_URL"] = f"http://{HOST}:{settings.engine_port}"
    # Unbound thread pools of several processes on the same cores starve each other.
    environment |= {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "PYTHONUNBUFFERED": "1"}
    return StackPlan(processes=tuple(processes), environment=environment)


def _spec(name: str, command: tuple[str, ...], port: int) -> ProcessSpec:
    return ProcessSpec(name=name, command=command, port=port, setting=f"CASEWRIGHT_{name.upper()}_PORT")


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
