"""What the gateway adds to a direct call, and how many requests a second go through it.

The engine is the built-in simulator (a process of its own), once without delay and once as slow as a real
engine; the gateway is `casewright serve gateway` over it. The load generator sends streamed answers of 16
tokens, in blocks: direct and through the gateway, the first of them alternating from block to block, so what
drifts on the machine drifts under both. All of them share the machine's cores.

    python benchmarks/gateway_overhead.py --markdown docs/benchmarks/gateway-overhead.md
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from casewright.bench.decode import records
from casewright.bench.machine import describe_machine
from casewright.bench.plan import LoadPlan
from casewright.bench.simulator import MODEL, SimConfig, SimulatorServer
from casewright.bench.target import Target
from casewright.bench.workers import run_load
from casewright.bench.workload import resolve_workload
from casewright.engines.wire import Api
from casewright.values import EngineIdentity
from gateway_process import gateway

TOKENS = 16
USERS = 16
ADDED_MS = 4.0
PER_SECOND = 300.0
Way = Literal["direct", "gateway"]
WAYS: tuple[Way, Way] = ("direct", "gateway")
ENGINES = {
    "no delay": SimConfig(tokens=TOKENS),
    "50 ms to the first token, 10 ms between tokens": SimConfig(tokens=TOKENS, ttft_ms=50, itl_ms=10),
    "5 ms to the first token, 1 ms between tokens": SimConfig(tokens=TOKENS, ttft_ms=5, itl_ms=1),
}


@dataclass
class Block:
    """One run of the load: medians and P95 in ms, requests a second over the whole run."""

    requests: int
    first_p50: float
    total_p50: float
    total_p95: float
    per_second: float


@dataclass
class Found:
    """The blocks of one load on one engine, by way, in the order they were run."""

    blocks: dict[str, list[Block]] = field(default_factory=lambda: {way: [] for way in WAYS})

    def median(self, way: Way, name: str) -> float:
        """Over the blocks."""
        values: list[float] = [getattr(block, name) for block in self.blocks[way]]
        return statistics.median(values)

    def added(self, name: str) -> list[float]:
        """Gateway less direct, block by block."""
        pairs = zip(self.blocks["gateway"], self.blocks["direct"], strict=True)
        return [getattr(through, name) - getattr(direct, name) for through, direct in pairs]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--blocks", type=int, default=10, help="at 1 user, without delay")
    parser.add_argument("--requests", type=int, default=300, help="of such a block")
    parser.add_argument("--slow-blocks", type=int, default=4, help="at 1 user, with delays")
    parser.add_argument("--slow-requests", type=int, default=40, help="of such a block")
    parser.add_argument("--busy-blocks", type=int, default=5, help=f"at {USERS} users")
    parser.add_argument("--seconds", type=float, default=3.0, help="of such a block")
    parser.add_argument("--note", default="", help="a sentence on the circumstances, for the page")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--markdown", type=Path, default=None)
    options = parser.parse_args()
    began, load_before = datetime.now(UTC), os.getloadavg()[0]
    found = measure(options)
    text = tables(found)
    print(text)
    load_after = os.getloadavg()[0]
    when = f"{began:%Y-%m-%d %H:%M} UTC, load average {load_before:.1f} before it and {load_after:.1f} after"
    if options.json:
        raw = {name: {way: [asdict(each) for each in own.blocks[way]] for way in WAYS}
               for name, own in found.items()}  # fmt: skip
        options.json.write_text(json.dumps({"when": when, "blocks": raw}, indent=1) + "\n")
    if options.markdown:
        options.markdown.write_text(page(text, when, options.note))
    return 0 if met(found) else 1


def measure(options: argparse.Namespace) -> dict[str, Found]:
    """Every load on every engine."""
    quick, slow, apart = ENGINES
    one, few = (
        LoadPlan.closed(1, requests=options.requests),
        LoadPlan.closed(1, requests=options.slow_requests),
    )
    many = LoadPlan.closed(USERS, duration_s=options.seconds)
    found = {}
    with tempfile.TemporaryDirectory(prefix="cw-gateway-") as folder:
        with engine_and_gateway(ENGINES[quick], Path(folder) / "quick") as urls:
            found[f"1 user, {quick}"] = blocks(urls, one, options.blocks, Path(folder) / "one")
            found[f"{USERS} users, {quick}"] = blocks(urls, many, options.busy_blocks, Path(folder) / "many")
        with engine_and_gateway(ENGINES[slow], Path(folder) / "slow") as urls:
            found[f"1 user, {slow}"] = blocks(urls, few, options.slow_blocks, Path(folder) / "few")
        with engine_and_gateway(ENGINES[apart], Path(folder) / "apart") as urls:
            found[f"{USERS} users, {apart}"] = blocks(urls, many, options.busy_blocks, Path(folder) / "each")
    return found


def blocks(urls: dict[Way, str], plan: LoadPlan, count: int, folder: Path) -> Found:
    """Interleaved blocks after one unmeasured run of each way."""
    found = Found()
    warm = LoadPlan.closed(plan.concurrency or 1, requests=20 * (plan.concurrency or 1))
    for way in WAYS:
        run(urls[way], warm, folder / f"warm-{way}")
    for number in range(count):
        for way in WAYS if number % 2 == 0 else WAYS[::-1]:
            found.blocks[way].append(run(urls[way], plan, folder / f"{number}-{way}"))
            print(number + 1, way, asdict(found.blocks[way][-1]), flush=True)
    return found


def run(url: str, plan: LoadPlan, folder: Path) -> Block:
    """One run; every answer must be whole, with all its tokens."""
    target = Target("engine", Api.OPENAI, url, MODEL, EngineIdentity(kind="simulator", name="simulator"))
    run_load(target, plan, resolve_workload("tiny", max_tokens=TOKENS), folder)
    first, total, sent, ended = [], [], [], []
    for each in records(folder):
        if each.cut:
            continue
        if each.error is not None or each.t_first_token is None or each.output_tokens != TOKENS:
            sys.exit(f"{url}: {each.status} {each.error} {each.error_message} {each.output_tokens} tokens")
        first.append((each.t_first_token - each.t_send) / 1e6)
        total.append((each.t_end - each.t_send) / 1e6)
        sent.append(each.t_send)
        ended.append(each.t_end)
    return Block(
        len(total),
        statistics.median(first),
        statistics.median(total),
        sorted(total)[max(0, -(-len(total) * 95 // 100) - 1)],
        len(total) / ((max(ended) - min(sent)) / 1e9),
    )


@contextmanager
def engine_and_gateway(config: SimConfig, data_dir: Path) -> Iterator[dict[Way, str]]:
    """Both as processes; yields where each is."""
    with SimulatorServer(config) as engine, gateway(data_dir, settings(engine.url)) as url:
        yield {"direct": engine.url, "gateway": url}


def settings(engine: str) -> dict[str, str]:
    """The gateway's: one engine and no other."""
    return {
        "LLM_PROVIDER": "vllm",
        "VLLM_URL": engine,
        "VLLM_MODEL": MODEL,
        "CASEWRIGHT_FALLBACK": "off",
        "CASEWRIGHT_LOG_LEVEL": "WARNING",
    }


def met(found: dict[str, Found]) -> bool:
    """Whether all bounds hold."""
    alone = [statistics.median(own.added("total_p50")) for name, own in found.items() if name[:2] == "1 "]
    busy = [own.median("gateway", "per_second") for name, own in found.items() if name[:2] != "1 "]
    return max(alone) <= ADDED_MS and min(busy) >= PER_SECOND


def tables(found: dict[str, Found]) -> str:
    """A table a load."""
    return "\n".join(table(name, own) for name, own in found.items())


def table(name: str, own: Found) -> str:
    lines = [
        f"### {name}",
        "",
        "| way | first token, ms | whole answer, ms | P95, ms | requests/s (lowest to highest) |",
        "|---|---:|---:|---:|---:|",
    ]
    for way in WAYS:
        rates = [block.per_second for block in own.blocks[way]]
        lines.append(
            f"| {way} | {own.median(way, 'first_p50'):.2f} | {own.median(way, 'total_p50'):.2f} "
            f"| {own.median(way, 'total_p95'):.2f} "
            f"| {statistics.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f}) |"
        )
    first, total = own.added("first_p50"), own.added("total_p50")
    count = [block.requests for each in own.blocks.values() for block in each]
    lines += [
        "",
        f"Added by the gateway (median over {len(total)} pairs of blocks, lowest to highest): first token "
        f"{spread(first)} ms, whole answer {spread(total)} ms. "
        f"Requests a block: {min(count)} to {max(count)}.",
        "",
    ]
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):+.2f} ({min(values):+.2f} to {max(values):+.2f})"


def page(text: str, when: str, note: str) -> str:
    """The page under docs/benchmarks."""
    machine: dict[str, Any] = describe_machine().model_dump()
    words = [word for at, word in enumerate(sys.argv[1:]) if "--note" not in sys.argv[at : at + 2]]
    command = "python benchmarks/gateway_overhead.py " + " ".join(words)
    return f"""# What the gateway costs

Streamed answers of {TOKENS} tokens, asked of the built-in simulator directly and through `casewright serve
gateway` over it. Load generator, gateway and simulator are processes that share the machine's cores. The two
ways are measured in blocks, interleaved, the first of them alternating; the figures are medians over the
blocks of each block's median (P95: of each block's P95). Every answer had all its tokens. Without delay the
simulator writes an answer in one piece, so nearly all that is seen is the gateway's work; with delays every
token comes, and goes on, by itself.

Bounds: at most {ADDED_MS:g} ms added to the median of the whole answer at 1 user, with and without delay, and
at least {PER_SECOND:g} requests a second through the gateway at {USERS} users, with and without delay.

{text}
Measured {when}, on {machine["cpu"]}, {machine["cores"]} cores, {machine["os"]}, Python {machine["python"]}.
{note}

```bash
{command}
```
"""


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
