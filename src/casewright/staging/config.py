"""What a stage is told: where the stack is, how it is started, how long it waits for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casewright.api.staging import Group, TargetName
from casewright.staging.checklist import (
    LOAD_REQUESTS,
    LOAD_SECONDS,
    LOAD_USERS,
    SAMPLED_S,
    START_BOUND_S,
    STORM_KILLS,
)
from casewright.staging.samples import Plan


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds each wait may take; ``start_s`` is longer than a start may take, so that a slow one shows.

    ``start_bound_s`` is what a start may take to pass, ``build_s`` what one image's build may, ``install_s``
    what the installation of everything that is locked may.
    ``health_s`` is for one /health, ``traffic_s`` lies between two requests of a kind while the stage breaks
    something, ``sample_s`` between two samples of health and memory, which go on for ``sampled_s`` at least.
    ``end_s`` is what all that ends a stage may take together, longer than its commands' own deadlines do.
    """

    command_s: float = 60.0
    start_s: float = 120.0
    stop_s: float = 60.0
    request_s: float = 30.0
    answer_s: float = 120.0
    switch_s: float = 30.0
    recovery_s: float = 40.0
    poll_s: float = 0.2
    health_s: float = 5.0
    traffic_s: float = 0.4
    gpu_s: float = 20.0
    sample_s: float = 1.0
    start_bound_s: float = START_BOUND_S
    build_s: float = 2400.0
    install_s: float = 600.0
    sampled_s: float = SAMPLED_S
    end_s: float = 900.0


@dataclass(frozen=True, slots=True)
class PerformancePlan:
    """The short measurement of the engine behind vLLM's API: ``requests`` one after the other, then ``users``
    at once for ``seconds``; no request may take longer than ``timeout_s``.
    """

    requests: int = 10
    users: int = 8
    seconds: float = 25.0
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The load: ``users`` at once, ``ramp`` more a second, for ``seconds`` (0: none) with each engine.

    ``overload_s`` is how long the same users ask without a pause, ``capacity_s`` how long each step of the
    measurement before takes, ``pause_s`` a user's think time over the simulator, where at least ``requests``
    are to be made. ``workers`` processes make the load under a master (0: one makes it alone).
    ``locustfile`` None: there is none.
    """

    users: int = LOAD_USERS
    ramp: int = 10
    seconds: float = float(LOAD_SECONDS)
    overload_s: float = 30.0
    capacity_s: float = 10.0
    pause_s: float = 5.0
    workers: int = 2
    requests: int = LOAD_REQUESTS
    locustfile: Path | None = None


@dataclass(frozen=True, slots=True)
class PartPlan:
    """One part of the plan's stack: what it is in the compose files, and what does its work here where no
    process of its name runs.
    """

    name: str
    container: str
    instead: str


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One stage of target ``target``.

    ``services`` is where each service answers (rag, notes, documents, web). ``command`` is how ``casewright``
    is run and ``environment`` what it is given beyond this process's own. ``token`` is the bearer key the
    services are asked with, ``sample`` a PDF to upload too. ``attach``: the stack runs already and is left as
    it is. ``only`` empty: every group. ``up_words`` say what `casewright up` starts beside our own, ``parts``
    what the plan's stack has. ``requirements`` is the folder of the locks that are installed anew, None: none
    are. ``addresses`` are host:port inside the containers' network, to host:port here.
    """

    data_dir: Path
    output: Path
    services: Mapping[str, str]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    sample: Path | None = None
    attach: bool = False
    resume: bool = False
    only: tuple[Group, ...] = ()
    kills: int = STORM_KILLS
    target: TargetName = "local"
    addresses: Mapping[str, str] = field(default_factory=dict)
    up_words: tuple[str, ...] = ()
    parts: tuple[PartPlan, ...] = ()
    requirements: Path | None = None
    soak: Plan | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    performance: PerformancePlan = field(default_factory=PerformancePlan)
    load: LoadPlan = field(default_factory=LoadPlan)

    def asks(self, group: Group) -> bool:
        """Whether this run is to judge a group."""
        return not self.only or group in self.only
