"""What a router is told: its routes, what each can do, and how far it may go for an answer. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from casewright.engines.admission import AdmissionConfig
from casewright.engines.base import Engine
from casewright.engines.breaker import BreakerConfig
from casewright.errors import ConfigError

# the name that the router itself goes by where an engine has its URL
ROUTER_URL = "router:"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the engine of a route can take. Images depend on its model, so they are off unless said."""

    images: bool = False
    tools: bool = True
    json_schema: bool = True
    embeddings: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """One engine as the router knows it; its own ``Deadlines`` bound connecting, first token, idling, total.

    ``model`` is the model's name there, for requests that name none (None: the only one served). ``models``
    maps a name that is asked for to the name there; a name that is not in it is passed on as it is.
    ``context_length`` in tokens is pinned for Ollama, which else loads the model anew when it changes; where
    it is None the engine's context is unknown here, and the engine's own.

    Raises:
        ConfigError: the name cannot be shown in a header.
    """

    name: str
    engine: Engine
    model: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    admission: AdmissionConfig = field(default_factory=lambda: AdmissionConfig(4, 64, 30.0))
    capabilities: Capabilities = Capabilities()
    context_length: int | None = None

    def __post_init__(self) -> None:
        if not self.name or not self.name.isascii() or not self.name.isprintable():
            raise ConfigError(
                f"{self.name!r} is no name for a route", hint="use letters and digits, such as vllm"
            )

    def model_for(self, asked: str) -> str | None:
        """The name there of a model that was asked for; None: none was asked for or set, so the only one."""
        if not asked:
            return self.model
        return self.models.get(asked, asked)


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """How far to go for one answer.

    ``restart_after_first_token``: a stream that breaks begins anew on the next route, and says so by a
    ``Restarted``; without it, it ends with the error. ``retries``: how often a request that lost its
    connection before the first token is sent to the same engine again. Seconds: ``total_s`` bounds waiting
    and all attempts together; ``first_token_s`` what one attempt may take from when it has its place to its
    first piece, with asking the engine for its models (None: only the engine's own deadlines). An engine that
    gave nobody anything while a caller waited ``silent_s`` and then left is taken to hang.

    Raises:
        ConfigError: a value is out of its bounds.
    """

    breaker: BreakerConfig = field(default_factory=BreakerConfig)
    restart_after_first_token: bool = False
    retries: int = 0
    total_s: float = 900.0
    first_token_s: float | None = None
    silent_s: float = 20.0

    def __post_init__(self) -> None:
        times = (
            self.total_s,
            self.silent_s,
            self.total_s if self.first_token_s is None else self.first_token_s,
        )
        if self.retries < 0 or not all(0 < seconds < float("inf") for seconds in times):
            raise ConfigError(
                f"a router cannot work with {self}",
                hint="retries is at least 0, and total_s, first_token_s and silent_s above 0 seconds",
            )
