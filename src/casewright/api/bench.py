"""The schema of benchmark results, ``casewright.bench/1``; docs/metrics.md explains every field.

Units are in the names (``_ms``, ``_s``, ``_ns``, ``per_s``). A value nobody measured is None, never 0.
Percentiles are nearest rank, with failures counted as +infinity; a percentile whose order statistic does
not exist at the sample's size is None and ``notes`` says so. JSON has no infinity, so an infinite
percentile is written as None with a note as well.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from casewright.values import EngineIdentity

SCHEMA: Literal["casewright.bench/1"] = "casewright.bench/1"

Status = Literal["PASS", "FAIL", "NOT PROVEN", "NOT MEASURED"]


class Record(BaseModel):
    """Base of the schema's models: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Interval(Record):
    """An estimate with its two-sided interval; ``level`` is the confidence (0.95)."""

    value: float
    low: float
    high: float
    level: float = 0.95


class Distribution(Record):
    """A sample's summary. ``n`` counts the requests that count (failures included as +infinity)."""

    n: int
    failed: int = 0
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    notes: tuple[str, ...] = ()


class Requests(Record):
    """Counts; ``errors`` counts failures by the error tree's kinds; ``reconnects`` counts keep-alive losses.

    A reconnect is a request that was sent again on a new connection because a reused one closed before
    any byte of the answer: it is counted, never hidden. ``cut`` were in flight when the window ended.
    """

    attempted: int
    completed: int
    failed: int
    cut: int = 0
    errors: dict[str, int] = Field(default_factory=dict)
    error_rate: Interval | None = None
    reconnects: int = 0
    samples: tuple[str, ...] = ()


class Throughput(Record):
    """Rates over the whole window and over the steady window (ramp and drain cut)."""

    requests_per_s: float | None
    output_tokens_per_s: float | None
    window_s: float | None
    steady_requests_per_s: float | None = None
    steady_output_tokens_per_s: float | None = None
    steady_window_s: float | None = None


class Tokens(Record):
    """Tokens as the server counted them, summed over completed requests."""

    prompt: int | None = None
    output: int | None = None
    cached: int | None = None
    prompt_per_request: Distribution | None = None
    output_per_request: Distribution | None = None
    per_chunk: float | None = None
    usage_missing: int = 0


class Lag(Record):
    """How late requests left: ``t_send - t_sched``."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None


class Rate(Record):
    """Requested and achieved rate of an open loop (None in a closed loop).

    ``achieved`` is ``requested`` times the share of scheduled requests sent within ``lag_bound_ms``.
    """

    requested: float | None = None
    achieved: float | None = None
    share_on_time: float | None = None
    lag_bound_ms: float = 5.0


class Arrivals(Record):
    """The arrival process as it was sent; ``dispersion`` is variance/mean of counts over ``bin_ms`` bins."""

    kind: Literal["closed", "constant", "poisson"]
    dispersion: float | None = None
    bin_ms: float = 10.0
    gap_cv: float | None = None


class Validity(Record):
    """Whether the run may be believed, and why not; warnings do not invalidate."""

    verdict: Literal["VALID", "INVALID"]
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Client(Record):
    """The load generator's own cost; ``loop_lag_ms`` is its event loops' lateness."""

    processes: int
    cpu_s: float | None = None
    cpu_share: float | None = None
    loop_lag_ms: Lag | None = None
    max_rss_mb: float | None = None
    spool_bytes: int = 0
    spool_dropped: int = 0


class Machine(Record):
    """Where it ran."""

    hostname: str | None = None
    cpu: str | None = None
    cores: int | None = None
    memory_gb: float | None = None
    os: str | None = None
    python: str
    casewright: str


class Load(Record):
    """What was asked for."""

    mode: Literal["closed", "open"]
    concurrency: int | None = None
    rate: float | None = None
    requests: int | None = None
    duration_s: float | None = None
    warmup: int = 0
    ramp_s: float = 0.0
    processes: int = 1


class WorkloadFacts(Record):
    """Which prompts; ``sha256`` is over the encoded prompts in order."""

    name: str
    sha256: str
    prompts: int
    prefix: Literal["unique", "shared"]
    max_tokens: int
    json_schema: bool = False
    ignore_eos: bool = False


class Engine(Record):
    """The engine under test: the user's word, the URL without credentials, and what it says it is."""

    spec: str
    api: Literal["openai", "ollama"]
    url: str
    identity: EngineIdentity
    sampling: dict[str, float | int] = Field(default_factory=dict)


class TargetResult(Record):
    """One target, its observation with interval, and its status with the reason."""

    expression: str
    status: Status
    observed: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    reason: str


class Run(Record):
    """One run of one engine under one load."""

    schema_: Literal["casewright.bench/1"] = Field(SCHEMA, alias="schema")
    kind: Literal["run"] = "run"
    id: str
    started_at: str
    finished_at: str
    interrupted: bool = False
    engine: Engine
    machine: Machine
    seed: int
    workload: WorkloadFacts
    load: Load
    requests: Requests
    throughput: Throughput
    ttft_ms: Distribution
    ttft_user_ms: Distribution
    tpot_ms: Distribution
    chunk_gap_ms: Distribution
    e2e_ms: Distribution
    e2e_user_ms: Distribution
    tokens: Tokens
    send_lag_ms: Lag
    rate: Rate
    arrivals: Arrivals
    validity: Validity
    client: Client
    goodput: Interval | None = None
    targets: tuple[TargetResult, ...] = ()
    records: str | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())
