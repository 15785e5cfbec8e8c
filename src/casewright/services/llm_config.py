"""Where each engine is and how they are shared, frozen; made from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casewright import __version__
from casewright.engines.admission import AdmissionConfig
from casewright.engines.base import Deadlines
from casewright.observability.tracing import TracingConfig
from casewright.settings import Asked, Provider, Settings, parse_engine
from casewright.values import EngineSpec

ORDER: tuple[Provider, ...] = ("vllm", "ollama", "embedded")
# Who asks engines, in the order in which what does not divide evenly is given out.
ASKERS = ("rag", "notes", "gateway")


@dataclass(frozen=True, slots=True)
class EngineAccess:
    """Where a provider is, the key it asks for, and how much of it this process may use.

    ``models`` maps a name that is asked for to the name this engine has for it. ``context`` in tokens is
    named to Ollama with every request: it would else cut what is beyond its own default in silence.
    ``images``: its model takes pictures.
    """

    spec: EngineSpec
    api_key: str | None = None
    admission: AdmissionConfig = field(default_factory=lambda: AdmissionConfig(4, 64, 30.0))
    models: Mapping[str, str] = field(default_factory=dict)
    context: int = 4096
    images: bool = False


@dataclass(frozen=True, slots=True)
class LlmConfig:
    """``engines`` is where each provider is; ``from_environment`` what LLM_PROVIDER said at the start.

    ``order`` is how engines are tried when ``auto`` is asked for, and, with ``fallback``, after the one that
    is. ``restart_streams``: an answer that breaks after its first token begins anew elsewhere, and says so.
    ``tracing`` sends nothing unless it names an endpoint.
    ``deadlines`` are each engine's; their ``first_token_s`` and ``total_s`` also bound an answer over all of
    them, as the router has it.

    Seconds: ``fresh_s`` a finding of the probe is believed; an engine without a word for ``late_s`` is told
    as silent, though the probe may go on for ``probe_s``: to break it off would make Ollama break off loading
    its model. One whose token only is late has to say what it serves within ``again_s``, and that often: it
    is full of others' requests, and believed until ``full_s``. A whole letter before it in line takes some
    seconds on a small machine, and whoever watches an engine that generates nothing should hear of it in
    fifteen. A health call waits ``wait_s`` at most for what it does not know yet, and whoever has an older
    finding, or a request to send, ``glance_s``.
    """

    data_dir: Path
    engines: Mapping[Provider, EngineAccess]
    from_environment: Asked | None = None
    order: tuple[Provider, ...] = ORDER
    fallback: bool = False
    restart_streams: bool = False
    tracing: TracingConfig = field(default_factory=lambda: TracingConfig("casewright"))
    deadlines: Deadlines = field(default_factory=lambda: Deadlines(first_token_s=30.0, total_s=180.0))
    probe_s: float = 10.0
    fresh_s: float = 2.0
    late_s: float = 3.0
    again_s: float = 1.0
    full_s: float = 10.0
    wait_s: float = 4.0
    glance_s: float = 0.5


def llm_config(settings: Settings, service: str = "casewright") -> LlmConfig:
    """Where each provider is, from the settings; each process gets its share of an engine's places.

    Raises:
        ConfigError: the order of engines names something else.
    """
    words = {"ollama": "ollama", "vllm": "vllm", "embedded": f"embedded={settings.embedded_url}"}
    places = {
        "ollama": settings.ollama_concurrency,
        "vllm": settings.vllm_concurrency,
        "embedded": settings.embedded_slots,
    }
    order = settings.providers_in_order()
    return LlmConfig(
        data_dir=settings.data_dir,
        engines={name: _access(name, words[name], places[name], settings, service) for name in ORDER},
        from_environment=settings.llm_provider,
        order=order,
        fallback=settings.fallback == "on",
        restart_streams=settings.restart_streams == "on",
        tracing=TracingConfig(
            service, __version__, settings.otel_endpoint, content=settings.otel_content == "on"
        ),
        deadlines=Deadlines(
            first_token_s=settings.first_token_s, idle_s=settings.idle_s, total_s=settings.total_s
        ),
    )


def _access(name: Provider, word: str, places: int, settings: Settings, service: str) -> EngineAccess:
    spec = parse_engine(word, settings)
    # a model that one engine has by a name is asked for by that name at the others too: as their own
    known = {model for model in (settings.ollama_model, settings.vllm_model) if model}
    models = dict.fromkeys(known, spec.model or "")
    models |= {asked: there[name] for asked, there in settings.model_map.items() if name in there}
    return EngineAccess(
        spec,
        settings.api_key(spec.kind),
        _share(places, settings, service),
        models,
        settings.ollama_context,
        settings.takes_images(name),
    )


def _share(places: int, settings: Settings, service: str) -> AdmissionConfig:
    """The process's part of an engine's places, such that all parts make the whole; at least one place."""
    whole = AdmissionConfig(places, settings.engine_queue, settings.engine_queue_s)
    sharers = settings.engine_sharers
    if places < sharers:
        return AdmissionConfig(1, settings.engine_queue // sharers, settings.engine_queue_s)
    index = ASKERS.index(service) if service in ASKERS else 0
    return whole.share(index % sharers, sharers)
