"""The prompts a run sends: deterministic in (seed, index), shaped like the product's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from casewright.api.bench import WorkloadFacts
from casewright.engines.wire import Message


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request's content. ``ignore_eos`` asks for exactly ``max_tokens`` where the engine can."""

    messages: tuple[Message, ...]
    max_tokens: int
    json_schema: Mapping[str, Any] | None = None
    ignore_eos: bool = False


class Workload(Protocol):
    """A source of prompts; the same (seed, index) gives the same prompt in every process and run."""

    @property
    def name(self) -> str:
        """The workload's name, as given on the command line."""
        ...

    def prompt(self, index: int, seed: int) -> Prompt:
        """The prompt of the request at ``index`` of the schedule."""
        ...

    def facts(self, seed: int) -> WorkloadFacts:
        """What identifies the workload in a result."""
        ...
