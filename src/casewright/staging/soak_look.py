"""One look at everything a soak watches: processes, /health, /metrics, GPUs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import psutil  # type: ignore[import-untyped]

from casewright.staging.ask import Answer
from casewright.staging.context import mapping
from casewright.staging.samples import HealthSample, ProcessSample

# What a service is set to, of all that its /health says; the rest of it is how it is.
SET = ("service", "version", "provider", "model", "limits", "vision_analysis_available")
ENGINE_SET = ("provider", "source", "engine", "model", "url", "strategies", "requested")
# What may differ between two right answers to the same question.
PASSING = frozenset(
    {
        "request_id",
        "timings",
        "usage",
        "attempts",
        "seal",
        "fallback",
        "provider",
        "model",
        "warnings",
        "document_id",
    }
)
_LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)")
_DESCRIPTORS = re.compile(r"^process_open_fds\s+(\d+(?:\.\d+)?(?:e\+?\d+)?)\s*$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Look:
    """Looks at processes by id, as casewright ps named them; it keeps psutil's handles between looks."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def processes(self, pids: Mapping[str, int]) -> dict[str, ProcessSample]:
        """Each process that is there, with its children; one that is gone is missing."""
        found = {name: self._process(pid) for name, pid in pids.items()}
        return {name: sample for name, sample in found.items() if sample is not None}

    def _process(self, pid: int) -> ProcessSample | None:
        try:
            process = self._known.get(pid)
            if process is None or not process.is_running():
                process = self._known[pid] = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            sample = _figures(process)
            children = [found for child in process.children(recursive=True) if (found := _child(child))]
            created = float(process.create_time())
        except psutil.Error:
            self._known.pop(pid, None)
            return None
        both = (sample, *children)
        handles = [fds for _, fds, _, _ in both]
        return ProcessSample(
            pid=pid,
            created=created,
            rss=sum(rss for rss, _, _, _ in both),
            fds=None if None in handles else sum(fds for fds in handles if fds is not None),
            threads=sum(threads for _, _, threads, _ in both),
            cpu_s=round(sum(cpu for _, _, _, cpu in both), 2),
            children=len(children),
        )


def _figures(process: psutil.Process) -> tuple[int, int | None, int, float]:
    """Resident bytes, descriptors (None where they are not shown to us), threads, processor seconds."""
    with process.oneshot():
        times = process.cpu_times()
        try:
            handles: int | None = int(process.num_fds())
        except psutil.AccessDenied:
            handles = None
        return int(process.memory_info().rss), handles, int(process.num_threads()), times.user + times.system


def _child(process: psutil.Process) -> tuple[int, int | None, int, float] | None:
    try:
        return _figures(process)
    except psutil.Error:
        return None


def health_of(answer: Answer) -> tuple[HealthSample, dict[str, Any] | None]:
    """One /health, and what the service says it is set to (None where it says nothing of itself)."""
    body = mapping(answer.json)
    word = body.get("status")
    config = setting_of(body) if answer.status == 200 and body else None
    sample = HealthSample(
        status=answer.status,
        word=word if isinstance(word, str) else None,
        good=answer.status == 200 and word == "healthy",
        ms=answer.exchange.ms if answer.status is not None else None,
        problem=None if answer.status == 200 else answer.said[:200],
        config=digest_of(config) if config is not None else None,
    )
    return sample, config


def setting_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a /health that stay as they are while nobody changes the configuration."""
    found = {name: body[name] for name in SET if name in body}
    engine = mapping(body.get("engine"))
    return found | {"engine": {name: engine[name] for name in ENGINE_SET if name in engine}}


def digest_of(value: object) -> str:
    """The digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def said(value: Any) -> Any:
    """An answer without what may differ between two right ones."""
    if isinstance(value, dict):
        return {name: said(part) for name, part in value.items() if name not in PASSING}
    return [said(part) for part in value] if isinstance(value, list) else value


def counters_of(text: str) -> dict[str, float]:
    """What a service counted: requests by method, route and status; answers; when its process began."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or line.startswith("#"):
            continue
        labels = dict(_LABEL.findall(match[2] or ""))
        name = _name(match[1], labels)
        try:
            value = float(match[3])
        except ValueError:
            continue
        if name is not None:
            found[name] = found.get(name, 0.0) + value
    return found


def with_descriptors(
    processes: Mapping[str, ProcessSample], texts: Mapping[str, str]
) -> dict[str, ProcessSample]:
    """Those whose descriptors are not shown to us have what their own /metrics (``texts``, by name) tells.

    That is without their children's. None stays where neither says it.
    """
    found = dict(processes)
    for name, process in processes.items():
        told = _DESCRIPTORS.search(texts.get(name, ""))
        if process.fds is None and told is not None:
            found[name] = process.model_copy(update={"fds": int(float(told[1]))})
    return found


def _name(metric: str, labels: Mapping[str, str]) -> str | None:
    method, route = labels.get("method", "?"), labels.get("route", "?")
    match metric:
        case "casewright_requests_total":
            return f"{method} {route} {labels.get('status', '?')}"
        case "casewright_request_seconds_count":
            return f"timed {method} {route}"
        case "casewright_answers_total":
            return "answers"
        case "process_start_time_seconds":
            return "began"
        case _:
            return None


async def gathered(asked: Mapping[str, Any]) -> dict[str, Answer]:
    """The answers of several requests at once, by name."""
    answers = await asyncio.gather(*asked.values())
    return dict(zip(asked, answers, strict=True))
