"""The only reader of the environment; composes what the parts need and hands it to their constructors.

Every name the staging plan uses holds: ``LLM_PROVIDER``, ``OLLAMA_URL``, ``OLLAMA_MODEL``, ``VLLM_URL``,
``VLLM_MODEL``, ``VLLM_API_KEY``; ours begin with ``CASEWRIGHT_``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit, urlunsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from casewright.engines.failures import redacted
from casewright.errors import ConfigError, UsageError
from casewright.values import EngineKind, EngineSpec

Provider = Literal["ollama", "vllm", "embedded"]
# What may be asked for: one engine first, or the order's first that answers.
Asked = Literal["auto", "ollama", "vllm", "embedded"]
Port = Annotated[int, Field(ge=1, le=65535)]
_PROVIDERS = ("ollama", "vllm", "embedded")
_SERVED_KINDS = ("ollama", "vllm", "embedded", "openai", "simulator")
_EMBEDDED_OPTIONS = {"slots", "threads", "context"}


class Settings(BaseSettings):
    """Every setting; frozen, and unknown keys are refused."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_ignore_empty=True, protected_namespaces=(), populate_by_name=True
    )

    llm_provider: Asked | None = Field(None, validation_alias=AliasChoices("LLM_PROVIDER", "llm_provider"))
    ollama_url: str = Field(
        "http://127.0.0.1:11434", validation_alias=AliasChoices("OLLAMA_URL", "ollama_url")
    )
    ollama_model: str | None = Field(None, validation_alias=AliasChoices("OLLAMA_MODEL", "ollama_model"))
    vllm_url: str = Field("http://127.0.0.1:8000", validation_alias=AliasChoices("VLLM_URL", "vllm_url"))
    vllm_model: str | None = Field(None, validation_alias=AliasChoices("VLLM_MODEL", "vllm_model"))
    vllm_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("VLLM_API_KEY", "vllm_api_key")
    )
    data: Path = Field(
        Path("~/.local/share/casewright"), validation_alias=AliasChoices("CASEWRIGHT_DATA", "data")
    )
    embedded_slots: int = Field(
        4, ge=1, le=64, validation_alias=AliasChoices("CASEWRIGHT_EMBEDDED_SLOTS", "embedded_slots")
    )
    embedded_threads: int = Field(
        1, ge=1, le=256, validation_alias=AliasChoices("CASEWRIGHT_EMBEDDED_THREADS", "embedded_threads")
    )
    embedded_context: int = Field(
        2048, ge=256, validation_alias=AliasChoices("CASEWRIGHT_EMBEDDED_CONTEXT", "embedded_context")
    )
    embedded_model: Path | None = Field(
        None, validation_alias=AliasChoices("CASEWRIGHT_EMBEDDED_MODEL", "embedded_model")
    )

    embedded_url: str = Field(
        "http://127.0.0.1:11435", validation_alias=AliasChoices("CASEWRIGHT_EMBEDDED_URL", "embedded_url")
    )
    auth: Literal["auto", "none"] = Field("auto", validation_alias=AliasChoices("CASEWRIGHT_AUTH", "auth"))
    service_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("CASEWRIGHT_SERVICE_KEY", "service_key")
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias=AliasChoices("CASEWRIGHT_LOG_LEVEL", "log_level")
    )
    rag_url: str = Field("http://127.0.0.1:8003", validation_alias=AliasChoices("RAG_URL", "rag_url"))
    notes_url: str = Field("http://127.0.0.1:8100", validation_alias=AliasChoices("NOTES_URL", "notes_url"))
    documents_url: str = Field(
        "http://127.0.0.1:8101", validation_alias=AliasChoices("DOCUMENTS_URL", "documents_url")
    )
    engine_port: Port = Field(11435, validation_alias=AliasChoices("CASEWRIGHT_ENGINE_PORT", "engine_port"))
    rag_port: Port = Field(8003, validation_alias=AliasChoices("CASEWRIGHT_RAG_PORT", "rag_port"))
    notes_port: Port = Field(8100, validation_alias=AliasChoices("CASEWRIGHT_NOTES_PORT", "notes_port"))
    documents_port: Port = Field(
        8101, validation_alias=AliasChoices("CASEWRIGHT_DOCUMENTS_PORT", "documents_port")
    )
    web_port: Port = Field(3000, validation_alias=AliasChoices("CASEWRIGHT_WEB_PORT", "web_port"))
    gateway_port: Port = Field(8080, validation_alias=AliasChoices("CASEWRIGHT_GATEWAY_PORT", "gateway_port"))
    engine_order: str = Field(
        "vllm,ollama,embedded", validation_alias=AliasChoices("CASEWRIGHT_ENGINE_ORDER", "engine_order")
    )
    image_engines: str = Field("", validation_alias=AliasChoices("CASEWRIGHT_IMAGE_ENGINES", "image_engines"))
    fallback: Literal["on", "off"] = Field(
        "on", validation_alias=AliasChoices("CASEWRIGHT_FALLBACK", "fallback")
    )
    model_map: dict[str, dict[Provider, str]] = Field(
        {}, validation_alias=AliasChoices("CASEWRIGHT_MODEL_MAP", "model_map")
    )
    ollama_concurrency: int = Field(
        4, ge=1, le=4096, validation_alias=AliasChoices("CASEWRIGHT_OLLAMA_CONCURRENCY", "ollama_concurrency")
    )
    ollama_context: int = Field(
        4096, ge=256, validation_alias=AliasChoices("CASEWRIGHT_OLLAMA_CONTEXT", "ollama_context")
    )
    vllm_concurrency: int = Field(
        32, ge=1, le=4096, validation_alias=AliasChoices("CASEWRIGHT_VLLM_CONCURRENCY", "vllm_concurrency")
    )
    engine_sharers: int = Field(
        2, ge=1, le=64, validation_alias=AliasChoices("CASEWRIGHT_ENGINE_SHARERS", "engine_sharers")
    )
    engine_queue: int = Field(
        64, ge=0, le=65536, validation_alias=AliasChoices("CASEWRIGHT_ENGINE_QUEUE", "engine_queue")
    )
    engine_queue_s: float = Field(
        30.0,
        gt=0,
        le=3600,
        validation_alias=AliasChoices("CASEWRIGHT_ENGINE_QUEUE_SECONDS", "engine_queue_s"),
    )
    first_token_s: float = Field(
        30.0, gt=0, le=3600, validation_alias=AliasChoices("CASEWRIGHT_FIRST_TOKEN_SECONDS", "first_token_s")
    )
    idle_s: float = Field(
        30.0, gt=0, le=3600, validation_alias=AliasChoices("CASEWRIGHT_IDLE_SECONDS", "idle_s")
    )
    total_s: float = Field(
        180.0, gt=0, le=86400, validation_alias=AliasChoices("CASEWRIGHT_TOTAL_SECONDS", "total_s")
    )
    restart_streams: Literal["on", "off"] = Field(
        "off", validation_alias=AliasChoices("CASEWRIGHT_RESTART_STREAMS", "restart_streams")
    )
    otel_endpoint: str | None = Field(
        None, validation_alias=AliasChoices("CASEWRIGHT_OTEL_ENDPOINT", "otel_endpoint")
    )
    otel_content: Literal["on", "off"] = Field(
        "off", validation_alias=AliasChoices("CASEWRIGHT_OTEL_CONTENT", "otel_content")
    )
    document_bytes: int = Field(
        50 * 1024 * 1024,
        ge=1024,
        le=2**31,
        validation_alias=AliasChoices("CASEWRIGHT_DOCUMENT_BYTES", "document_bytes"),
    )
    document_seconds: float = Field(
        120.0, gt=0, le=3600, validation_alias=AliasChoices("CASEWRIGHT_DOCUMENT_SECONDS", "document_seconds")
    )
    document_workers: int = Field(
        2, ge=1, le=64, validation_alias=AliasChoices("CASEWRIGHT_DOCUMENT_WORKERS", "document_workers")
    )
    document_sync_pages: int = Field(
        500, ge=1, validation_alias=AliasChoices("CASEWRIGHT_DOCUMENT_SYNC_PAGES", "document_sync_pages")
    )
    document_jobs: int = Field(
        64, ge=1, le=10000, validation_alias=AliasChoices("CASEWRIGHT_DOCUMENT_JOBS", "document_jobs")
    )
    document_job_s: float = Field(
        1800.0,
        gt=0,
        le=86400,
        validation_alias=AliasChoices("CASEWRIGHT_DOCUMENT_JOB_SECONDS", "document_job_s"),
    )
    document_retention_days: float = Field(
        30.0,
        ge=0,
        le=36500,
        validation_alias=AliasChoices("CASEWRIGHT_DOCUMENT_RETENTION_DAYS", "document_retention_days"),
    )
    vision_provider: Literal["none", "ollama", "vllm"] = Field(
        "none", validation_alias=AliasChoices("CASEWRIGHT_VISION_PROVIDER", "vision_provider")
    )
    vision_url: str | None = Field(None, validation_alias=AliasChoices("CASEWRIGHT_VISION_URL", "vision_url"))
    vision_model: str | None = Field(
        None, validation_alias=AliasChoices("CASEWRIGHT_VISION_MODEL", "vision_model")
    )
    vision_tokens: int = Field(
        256, ge=8, le=4096, validation_alias=AliasChoices("CASEWRIGHT_VISION_TOKENS", "vision_tokens")
    )
    vision_pictures: int = Field(
        8, ge=1, le=500, validation_alias=AliasChoices("CASEWRIGHT_VISION_PICTURES", "vision_pictures")
    )
    vision_picture_s: float = Field(
        45.0,
        gt=0,
        le=3600,
        validation_alias=AliasChoices("CASEWRIGHT_VISION_PICTURE_SECONDS", "vision_picture_s"),
    )
    vision_document_s: float = Field(
        90.0,
        gt=0,
        le=3600,
        validation_alias=AliasChoices("CASEWRIGHT_VISION_DOCUMENT_SECONDS", "vision_document_s"),
    )

    chroma_host: str | None = Field(None, validation_alias=AliasChoices("CHROMA_HOST", "chroma_host"))
    chroma_port: Port = Field(8000, validation_alias=AliasChoices("CHROMA_PORT", "chroma_port"))
    chroma_ssl: Literal["on", "off"] = Field("off", validation_alias=AliasChoices("CHROMA_SSL", "chroma_ssl"))
    # what `up` starts beside our own: chroma, vllm, n8n
    up_with: str = Field("", validation_alias=AliasChoices("CASEWRIGHT_UP_WITH", "up_with"))
    chroma_server_port: Port = Field(
        8002, validation_alias=AliasChoices("CASEWRIGHT_CHROMA_PORT", "chroma_server_port")
    )
    vllm_server_port: Port = Field(
        8000, validation_alias=AliasChoices("CASEWRIGHT_VLLM_PORT", "vllm_server_port")
    )
    n8n_port: Port = Field(5678, validation_alias=AliasChoices("N8N_PORT", "n8n_port"))
    n8n_command: Path | None = Field(
        None, validation_alias=AliasChoices("CASEWRIGHT_N8N_COMMAND", "n8n_command")
    )
    embedder: Literal["minilm", "wordllama"] = Field(
        "minilm", validation_alias=AliasChoices("CASEWRIGHT_EMBEDDER", "embedder")
    )
    rerank: Literal["on", "off"] = Field("off", validation_alias=AliasChoices("CASEWRIGHT_RERANK", "rerank"))
    ingest_queue: int = Field(
        256, ge=1, le=100_000, validation_alias=AliasChoices("CASEWRIGHT_INGEST_QUEUE", "ingest_queue")
    )
    ingest_workers: int = Field(
        2, ge=1, le=16, validation_alias=AliasChoices("CASEWRIGHT_INGEST_WORKERS", "ingest_workers")
    )
    ingest_job_days: float = Field(
        30.0, ge=0, le=36500, validation_alias=AliasChoices("CASEWRIGHT_INGEST_JOB_DAYS", "ingest_job_days")
    )

    @property
    def data_dir(self) -> Path:
        """The one directory that holds state, with ``~`` expanded; not created here."""
        return self.data.expanduser()

    def providers_in_order(self) -> tuple[Provider, ...]:
        """The engines as they are tried, first to last.

        Raises:
            ConfigError: the order names something else, or one twice.
        """
        names = _engines(self.engine_order, "CASEWRIGHT_ENGINE_ORDER")
        if not names:
            raise ConfigError(
                "CASEWRIGHT_ENGINE_ORDER names no engine", hint=f"for instance {','.join(_PROVIDERS)}"
            )
        return names

    def takes_images(self, provider: Provider) -> bool:
        """Whether an engine's model takes pictures, as the settings say: no engine tells.

        Raises:
            ConfigError: the setting names something else than engines.
        """
        return provider in _engines(self.image_engines, "CASEWRIGHT_IMAGE_ENGINES")

    def api_key(self, kind: EngineKind) -> str | None:
        """The bearer key for an engine kind, or None."""
        if kind in ("vllm", "openai") and self.vllm_api_key is not None:
            return self.vllm_api_key.get_secret_value()
        return None


def _engines(text: str, variable: str) -> tuple[Provider, ...]:
    """Engines by name, separated by commas, each at most once."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(set(names)) != len(names) or not set(names) <= set(_PROVIDERS):
        raise ConfigError(
            f"{variable}={text!r} is no list of engines",
            hint=f"name each at most once, separated by commas: {','.join(_PROVIDERS)}",
        )
    return tuple(cast(Provider, name) for name in names)


def load_settings() -> Settings:
    """Read the environment once.

    Raises:
        ConfigError: a value does not fit its setting.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"setting {name}: {first['msg']}", hint=f"change or unset {name} in the environment"
        ) from error


def environment_secret(name: str) -> str | None:
    """The value of a variable that the user named as the place of a secret; None when unset or empty."""
    return os.environ.get(name) or None


def parse_engine(text: str, settings: Settings) -> EngineSpec:
    """Read an engine as the user names it.

    ``ollama``, ``vllm``, ``embedded`` take URL and model from settings; ``KIND=URL[#MODEL]`` names both;
    ``embedded:slots=1,threads=2,context=2048`` starts an embedded engine of that shape.

    Raises:
        UsageError: the word is not one of these forms.
    """
    word = text.strip()
    kind, _, rest = word.partition("=")
    if re.fullmatch(r"embedded(:.*)?", word):
        options = _embedded_options(word, settings)
        return EngineSpec(text=word, kind="embedded", options=tuple(options.items()))
    if not rest:
        return _named_engine(word, settings)
    if kind not in _SERVED_KINDS:
        raise UsageError(
            f"unknown engine kind {kind!r} in {text!r}", hint=f"use one of {', '.join(_SERVED_KINDS)}"
        )
    url, _, model = rest.partition("#")
    return EngineSpec(
        text=f"{kind}={redacted(url)}" + (f"#{model}" if model else ""),
        kind=cast(EngineKind, kind),
        url=check_url(url, text),
        model=model or None,
    )


def _named_engine(word: str, settings: Settings) -> EngineSpec:
    if word == "ollama":
        return EngineSpec(
            text=word,
            kind="ollama",
            url=check_url(settings.ollama_url, "OLLAMA_URL"),
            model=settings.ollama_model,
        )
    if word == "vllm":
        return EngineSpec(
            text=word, kind="vllm", url=check_url(settings.vllm_url, "VLLM_URL"), model=settings.vllm_model
        )
    raise UsageError(
        f"unknown engine {word!r}",
        hint=f"use {', '.join(_PROVIDERS)}, embedded:slots=N, or KIND=URL[#MODEL] with KIND one of "
        + ", ".join(_SERVED_KINDS),
    )


def _embedded_options(word: str, settings: Settings) -> dict[str, str]:
    options = {
        "slots": str(settings.embedded_slots),
        "threads": str(settings.embedded_threads),
        "context": str(settings.embedded_context),
    }
    _, _, tail = word.partition(":")
    for pair in filter(None, tail.split(",")):
        key, separator, value = pair.partition("=")
        if key not in _EMBEDDED_OPTIONS or not separator or not re.fullmatch(r"[1-9][0-9]{0,6}", value):
            raise UsageError(
                f"cannot read {pair!r} in {word!r}",
                hint="use embedded:slots=N,threads=N,context=TOKENS with whole numbers from 1",
            )
        options[key] = value
    return options


def check_url(url: str, where: str) -> str:
    """Return the URL without a trailing slash.

    Raises:
        UsageError: it is not http:// or https:// with a host, or carries a query.
    """
    try:
        parts = urlsplit(url)
        port_ok = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        parts, port_ok = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_ok or parts.query:
        raise UsageError(
            f"{where}: {redacted(url)!r} is not an engine's URL",
            hint="write http://HOST:PORT or https://HOST",
        )
    path = parts.path.rstrip("/").removesuffix("/v1")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def setting_sources(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Say for each setting whether it comes from the environment (None: this process's) or is the default."""
    given = os.environ if environment is None else environment
    sources: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        env = str(alias.choices[0]) if isinstance(alias, AliasChoices) else name.upper()
        sources[env] = "environment" if given.get(env) else "default"
    return sources
