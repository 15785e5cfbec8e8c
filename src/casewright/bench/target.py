"""What the judge measures: a URL, a wire format, a model, and what the engine said it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from casewright.engines.wire import Api
from casewright.values import EngineIdentity


@dataclass(frozen=True, slots=True)
class Target:
    """One engine under test.

    ``url`` has no path and no credentials; ``api_key`` is sent as a bearer token and never shown.
    ``context_length`` (tokens) is pinned as Ollama's num_ctx when set. ``ca_file`` adds a trusted CA.
    """

    spec: str
    api: Api
    url: str
    model: str
    identity: EngineIdentity
    api_key: str | None = field(default=None, repr=False)
    context_length: int | None = None
    ca_file: Path | None = None
