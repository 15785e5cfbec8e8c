"""What docker, compose and the engines say when something is wrong, in plain words and with what to try."""

from __future__ import annotations

import re
from dataclasses import dataclass

from casewright.api.staging import CommandRun

LINES = 3
LINE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Trouble:
    """A known cause: what it is, and the next command to try."""

    what: str
    hint: str


# The first that matches is the cause: what comes later is often its consequence.
_KNOWN: tuple[tuple[str, Trouble], ...] = (
    (
        r"permission denied.*docker[._]sock|PermissionError\(13",
        Trouble(
            "this user may not ask the Docker daemon",
            "sudo usermod -aG docker $USER, then log in anew; or run the stage with sudo",
        ),
    ),
    (
        r"Cannot connect to the Docker daemon|Couldn't connect to Docker daemon|"
        r"Error while fetching server API version|Is the docker daemon running",
        Trouble("the Docker daemon does not answer", "sudo systemctl start docker, then: docker info"),
    ),
    (
        r"no space left on device|ENOSPC|disk quota exceeded",
        Trouble("the disk is full", "docker system df, then docker system prune; and df -h /var/lib/docker"),
    ),
    (
        r"could not select device driver|nvidia-container-cli|unknown or invalid runtime name: nvidia|"
        r"unresolvable CDI devices|NVML: Driver Not Loaded",
        Trouble(
            "Docker gives its containers no GPU",
            "nvidia-smi on this machine; install nvidia-container-toolkit, then sudo nvidia-ctk runtime "
            "configure --runtime=docker && sudo systemctl restart docker; without a GPU: --compose-file "
            "docker-compose.cpu.yml",
        ),
    ),
    (
        r"port is already allocated|address already in use|bind: cannot assign requested address",
        Trouble(
            "a port is taken",
            "ss -ltnp shows by whom; end it, or set another port in .env (CASEWRIGHT_RAG_PORT and so on)",
        ),
    ),
    (
        r"gated repo|GatedRepoError|Access to model .* is restricted|awaiting a review|"
        r"40[13] Client Error.*huggingface|40[13] Client Error: (Unauthorized|Forbidden)",
        Trouble(
            "the model's weights are gated and this token does not open them",
            "accept the licence on the model's page and put HF_TOKEN=... into .env, or name local weights "
            "(VLLM_WEIGHTS_DIR, VLLM_WEIGHTS): docs/containers.md, Gated weights",
        ),
    ),
    (
        r"could not pull |pull model manifest|file does not exist.*manifest",
        Trouble(
            "a model could not be pulled",
            "check its name (OLLAMA_MODEL, OLLAMA_VISION_MODEL) and the network, then: up -d ollama-models",
        ),
    ),
    (
        r"CUDA out of memory|OutOfMemoryError|No available memory for the cache blocks|"
        r"less than desired GPU memory utilization",
        Trouble(
            "the GPU's memory does not suffice",
            "nvidia-smi shows who holds it; set VLLM_GPU_SHARE lower in .env, or another VLLM_GPU",
        ),
    ),
    (
        r"driver version is insufficient|forward compatibility was attempted|requirement error.*cuda",
        Trouble(
            "the GPU's driver is older than the image wants",
            "nvidia-smi shows its CUDA version; update it, or set VLLM_IMAGE_TAG=v0.30.0-cu129 in .env",
        ),
    ),
    (
        r"pull access denied|repository does not exist|manifest unknown|manifest for .* not found|"
        r"No such image|toomanyrequests|unauthorized: authentication required",
        Trouble(
            "an image is missing and cannot be pulled",
            "build for our own images, pull for the others; docker login where a registry asks for it",
        ),
    ),
    (
        r"lookup .* (no such host|i/o timeout)|TLS handshake timeout|Client\.Timeout exceeded|"
        r"network is unreachable|Temporary failure in name resolution|getaddrinfo",
        Trouble("the network does not answer", "check the network and its proxy, then repeat"),
    ),
    (
        r"is invalid because|additional propert|yaml: |Unsupported config option|required variable|"
        r"not set: ",
        Trouble("the compose file cannot be used", "config shows where: the line is named above"),
    ),
)
# What says nothing of the cause: the lines of a trace above its end, and compose's own progress.
_NOISE = re.compile(r'Traceback|File "|\^+$|\[\+\]|(Container|Network|Volume) \S+ [A-Z][a-z]+(ing|ed|y)\b')
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), trouble) for pattern, trouble in _KNOWN)


def diagnose(said: CommandRun | str) -> Trouble | None:
    """The known cause in what was said; None where it is none of them."""
    text = said if isinstance(said, str) else f"{said.stderr}\n{said.stdout}"
    return next((trouble for pattern, trouble in _COMPILED if pattern.search(text)), None)


def last_lines(said: CommandRun | str, count: int = LINES) -> str:
    """The last lines of what was said, in one, each cut; "" for none. Traces and progress are left out."""
    text = said if isinstance(said, str) else said.stderr or said.stdout
    lines = [" ".join(line.split())[:LINE_CHARS] for line in text.splitlines()]
    lines = [line for line in lines if line and not _NOISE.match(line)]
    return " / ".join(lines[-count:])


def told(what: str, said: CommandRun | str, next_command: str) -> str:
    """One sentence for a report: what happened, why if it is known, how the log ends, what to try."""
    trouble = diagnose(said)
    cause = f": {trouble.what}" if trouble is not None else ""
    lines = last_lines(said)
    ends = f"; it ends: {lines}" if lines else ""
    return f"{what}{cause}{ends}; try: {trouble.hint if trouble is not None else next_command}"


def cause(words: str) -> str:
    """What ``told`` said without the log's end and the next command: for those who only need to know why."""
    return words.partition("; it ends: ")[0].partition("; try: ")[0]
