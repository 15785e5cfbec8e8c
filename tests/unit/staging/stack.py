"""A stack of stand-in processes: real ones, restarted when they end, to be started, killed and stopped."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from casewright.api.staging import CommandRun
from casewright.staging.config import StageConfig
from casewright.staging.stack import Gained, Listing, ProcessSeen, Stack
from ports import free_ports

SCRIPT = Path(__file__).with_name("standin_storm.py")
NAMES = ("engine", "rag", "notes", "documents", "web")


def told(*words: str, code: int | None = 0, seconds: float = 0.1) -> CommandRun:
    """A command that ended so."""
    return CommandRun(at="now", words=words, exit_code=code, seconds=seconds, stdout="", stderr="")


class StandInStack:
    """A Stack for a stage. ``faults`` are the services' own; without ``restarts`` the dead stay so."""

    def __init__(self, folder: Path, *faults: str, restarts: bool = True) -> None:
        self.ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        self.provider_file = folder / "provider"
        self.sick_file = folder / "sick"
        self.faults = ",".join(faults)
        self.restarts = restarts
        self.beside_faults: tuple[str, ...] = faults
        self.environment: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.restarted = dict.fromkeys(NAMES, 0)
        self.auth = "auto"
        self.calls: list[str] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._keeper: threading.Thread | None = None

    @property
    def services(self) -> dict[str, str]:
        return {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items() if name != "engine"}

    async def up(self) -> CommandRun:
        self.calls.append("up")
        self._stop.clear()
        began = time.monotonic()
        for name in self.ports:
            self._spawn(name)
        deadline = time.monotonic() + 20
        while not all(self._answers(port) for port in self.ports.values()):
            assert time.monotonic() < deadline, "the stand-ins did not start"
            self._stop.wait(0.02)
        if self.restarts:
            self._keeper = threading.Thread(target=self._keep, daemon=True)
            self._keeper.start()
        return told("up", seconds=time.monotonic() - began)

    async def down(self) -> CommandRun:
        self.calls.append("down")
        self.close()
        return told("down")

    async def processes(self) -> Listing:
        with self._lock:
            found = tuple(
                ProcessSeen(
                    name,
                    "running",
                    process.pid,
                    f"http://127.0.0.1:{self.ports[name]}",
                    restarts=self.restarted.get(name, 0),
                )
                for name, process in self.running.items()
                if process.poll() is None
            )
        return Listing(told("ps"), found)

    async def settings_shown(self) -> CommandRun:
        settings = {"settings": {"CASEWRIGHT_AUTH": {"value": self.auth, "source": "default"}}}
        return told("config", "show").model_copy(update={"stdout": json.dumps(settings)})

    async def provider_shown(self) -> CommandRun:
        return told("provider", "show")

    async def provider_set(self, name: str) -> CommandRun:
        self.calls.append(f"set {name}")
        self.provider_file.write_text(name)
        return told("provider", "set", name)

    async def provider_cleared(self) -> CommandRun:
        self.calls.append("clear")
        self.provider_file.unlink(missing_ok=True)
        return told("provider", "clear")

    async def doctor(self) -> CommandRun:
        return told("doctor", code=1 if "doctor" in self.faults else 0)

    def beside(self, config: StageConfig) -> Stack:
        second = StandInStack(config.data_dir, *self.beside_faults)
        ports = {name: urlsplit(url).port for name, url in config.services.items()}
        second.ports = {name: port for name, port in ports.items() if port is not None}
        for name in ("OLLAMA_URL", "VLLM_URL"):
            if name in config.environment:
                second.environment[f"STANDIN_{name}"] = config.environment[name]
        return second

    async def signal(self, pid: int, number: int) -> str | None:
        try:
            os.kill(pid, number)
        except OSError as error:
            return str(error)
        return None

    async def gained(self) -> Gained | None:
        return None

    def close(self) -> None:
        """End every process that was started here."""
        self._stop.set()
        if self._keeper is not None:
            self._keeper.join(5)
        for process in self.running.values():
            process.kill()
            process.wait(5)

    def _spawn(self, name: str) -> None:
        words = [name, str(self.ports[name]), self.faults, str(self.provider_file)]
        peers = {each: f"http://127.0.0.1:{port}" for each, port in self.ports.items()}
        environment = {**os.environ, "STANDIN_PEERS": json.dumps(peers), **self.environment}
        self.running[name] = subprocess.Popen([sys.executable, str(SCRIPT), *words], env=environment)

    def _keep(self) -> None:
        while not self._stop.wait(0.05):
            with self._lock:
                for name, process in list(self.running.items()):
                    if process.poll() is not None:
                        self.restarted[name] = self.restarted.get(name, 0) + 1
                        self._spawn(name)

    @staticmethod
    def _answers(port: int) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False
