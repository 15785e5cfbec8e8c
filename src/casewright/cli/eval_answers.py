"""``casewright eval answers``: how often questions are answered, declined, and with what proof."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from casewright.cli.bench_options import JsonFile
from casewright.errors import EXIT_INTERRUPTED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from casewright.api.answer_evaluation import AnswerOutcome, AnswerTask
    from casewright.knowledge.compose import Asking
    from casewright.knowledge.evaluate_answers import Setting
    from casewright.knowledge.ports import Embedder

Wanted = Literal["auto", "extractive", "plain", "structured"]
EmbedderName = Literal["none", "minilm", "wordllama"]
_EMBEDDERS: tuple[EmbedderName, ...] = ("none", "minilm", "wordllama")
_WANTED: tuple[Wanted, ...] = ("auto", "extractive", "plain", "structured")


def answers(
    *,
    tasks: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help='JSON Lines: {"question", "contexts": [...], "answerable": true or false, "reference"?}',
        ),
    ],
    engine: Annotated[
        str | None,
        typer.Option(help="An engine that phrases the answers, as in bench run (default: none is asked)."),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(help="auto (what the engine's qualification allows), plain, structured, extractive."),
    ] = "auto",
    embedder: Annotated[
        str, typer.Option(help="Looks at meaning too: none, minilm or wordllama (a model in a package).")
    ] = "none",
    json_file: JsonFile = None,
    wrong: Annotated[int, typer.Option(min=0, help="How many wrong tasks to show.")] = 0,
) -> int:
    """Answer each task from its contexts alone, and hold the answers against the key.

    Shown: precision, recall and F1 of declining ("not in the documents") and of answering, citations that are
    verbatim, sentences that hold, how much of the references is in the answers, the model's share.
    Exit codes: 0 measured, 64 usage, 130 interrupted (what was done by then is printed and written).
    """
    from casewright.cli.bench_run import write_json
    from casewright.cli.eval_answers_view import print_answers
    from casewright.knowledge.evaluate_answers import read_tasks, summary

    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise UsageError(
            f"--json: there is no folder {json_file.absolute().parent}", hint="make it, or name another"
        )
    if strategy not in _WANTED:
        raise UsageError(f"--strategy is {strategy!r}", hint=f"use {', '.join(_WANTED)}")
    if embedder not in _EMBEDDERS:
        raise UsageError(f"--embedder is {embedder!r}", hint=f"use {', '.join(_EMBEDDERS)}")
    found, done = read_tasks(tasks), list["AnswerOutcome"]()
    setting, interrupted = _answer_all(found, _Order(tasks, engine, strategy, embedder), done)
    result = summary(done, len(found), setting, interrupted=interrupted)
    print_answers(result, wrong)
    write_json(json_file, result)
    return EXIT_INTERRUPTED if interrupted else EXIT_OK


@dataclass(frozen=True, slots=True)
class _Order:
    path: Path
    engine: str | None
    strategy: Wanted
    embedder: EmbedderName

    @property
    def meaning(self) -> str | None:
        """The embedder's name for the result."""
        return None if self.embedder == "none" else self.embedder


def _answer_all(
    tasks: Sequence[AnswerTask], order: _Order, done: list[AnswerOutcome]
) -> tuple[Setting, bool]:
    """Answer the tasks into ``done``; what they were answered with, and whether Ctrl-C ended it."""
    from casewright.api.qualification import load_qualification
    from casewright.cli.targets import open_targets
    from casewright.engines.connect import open_engine
    from casewright.knowledge.compose import Asking
    from casewright.knowledge.evaluate_answers import Setting
    from casewright.settings import load_settings
    from casewright.values import EngineSpec

    path, meaning = str(order.path), order.meaning
    if order.engine is None:
        if order.strategy in ("plain", "structured"):
            raise UsageError(f"--strategy {order.strategy} needs a model", hint="name one with --engine")
        setting = Setting(path, None, None, "extractive", meaning)
        return setting, _run(_each(tasks, None, order.embedder, done))
    settings = load_settings()
    with open_targets([order.engine], settings) as (target,):
        mode = order.strategy
        if mode == "auto":
            known = load_qualification(settings.data_dir, target.identity)
            mode = known.strategy_for("answer") if known else "extractive"
        setting = Setting(path, target.spec, target.model, mode, meaning)
        spec = EngineSpec(text=target.spec, kind=target.identity.kind, url=target.url, model=target.model)

        async def answered() -> None:
            async with open_engine(spec, api_key=target.api_key) as opened:
                asking = Asking(opened, mode, target.identity.context_length)
                await _each(tasks, asking, order.embedder, done)

        return setting, _run(answered())


def _run(work: Coroutine[None, None, None]) -> bool:
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        return True
    return False


@contextlib.asynccontextmanager
async def _embedder(name: EmbedderName) -> AsyncIterator[Embedder | None]:
    """The embedder in its process, for as long as the tasks take."""
    from casewright.knowledge.embed import ProcessEmbedder
    from casewright.knowledge.models import find_model

    if name == "none":
        yield None
        return
    opened = ProcessEmbedder(await asyncio.to_thread(find_model, name))
    try:
        await opened.start()
        yield opened
    finally:
        await opened.aclose()


async def _each(
    tasks: Sequence[AnswerTask], asking: Asking | None, embedder: EmbedderName, done: list[AnswerOutcome]
) -> None:
    """Put each task's row to ``done`` as it comes, so that Ctrl-C leaves what there is."""
    from rich.console import Console
    from rich.progress import Progress

    from casewright.knowledge.evaluate_answers import evaluate

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("answering", total=len(tasks))
        async with (
            _embedder(embedder) as opened,
            contextlib.aclosing(evaluate(tasks, asking, opened)) as rows,
        ):
            async for row in rows:
                done.append(row)
                progress.update(bar, advance=1)
