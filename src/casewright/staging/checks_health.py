"""Checks of what services say of themselves, against each other and against the engine itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from casewright.api.contract import Health
from casewright.api.staging import Exchange, Finding
from casewright.engines.wire import parse_api_version, parse_vllm_version
from casewright.staging.ask import Answer, Client
from casewright.staging.context import LLM_SERVICES, mapping
from casewright.staging.judge import finding, read


@dataclass(frozen=True, slots=True)
class TrueName:
    """What the engine at a URL says it is: its own word where it has one, else which API it answers."""

    said: str | None
    api: str | None
    exchanges: tuple[Exchange, ...]


async def true_name(client: Client, url: str) -> TrueName:
    """Ask an engine itself, by Ollama's and vLLM's version routes."""
    ollama = await client.get(f"{url}/api/version", timeout_s=5.0)
    facts = parse_api_version(ollama.body) if ollama.status == 200 else None
    if facts is not None:
        return TrueName(facts.engine, "ollama", (ollama.exchange,))
    vllm = await client.get(f"{url}/version", timeout_s=5.0)
    facts = parse_vllm_version(vllm.body) if vllm.status == 200 else None
    exchanges = (ollama.exchange, vllm.exchange)
    return TrueName(facts.engine, "vllm", exchanges) if facts else TrueName(None, None, exchanges)


def named_truly(what: str, told: str | None, truth: TrueName) -> Finding:
    """Whether a service names the engine as the engine names itself."""
    if truth.said is not None:
        return finding(what, truth.said, told, told == truth.said)
    if truth.api is not None:
        return finding(what, f"named after {truth.api}", told, truth.api in (told or "").lower())
    return finding(what, "the engine's own word", "the engine says nothing of itself", None)


def healthy(service: str, answer: Answer) -> tuple[Health | None, list[Finding]]:
    """Whether one /health is what the plan expects: 200, healthy, and an available LLM where one is used."""
    found, findings = read(f"{service} /health", answer, Health)
    if found is None:
        return None, findings
    seen = f"{found.status} ({'; '.join(found.reasons)})" if found.reasons else found.status
    findings.append(finding(f"{service}: status", "healthy", seen, found.status == "healthy"))
    if service in LLM_SERVICES:
        reason = found.engine.reason if found.engine is not None else None
        told = f"{found.llm_available} {reason or ''}"
        findings.append(finding(f"{service}: llm_available", "True", told, found.llm_available is True))
    return found, findings


def agreed(healths: Mapping[str, Health]) -> list[Finding]:
    """Whether the services that use an engine name the same provider and the same engine."""
    told = {
        name: (found.provider, found.engine.engine if found.engine else None)
        for name, found in healths.items()
        if name in LLM_SERVICES
    }
    same = len(set(told.values())) == 1
    whole = same and all(part is not None for part in next(iter(told.values())))
    return [finding("provider and engine named alike", "one everywhere", told, whole)]


def vision(answer: Answer) -> list[Finding]:
    """The plan expects True; False is an honest answer where no vision model runs, and proves nothing."""
    body = mapping(answer.json)
    told = body.get("vision_analysis_available")
    what, expected = "vision_analysis_available", "True"
    if told is False:
        reasons = [str(reason) for reason in body.get("reasons") or () if "vision" in str(reason).lower()]
        if reasons:
            return [finding(what, expected, f"False: {'; '.join(reasons)}", None, tried=False)]
        return [finding(what, "True, or False with its reason", "False without a reason", False)]
    return [finding(what, expected, told if answer.status == 200 else answer.said, told is True)]
