"""``casewright eval retrieval``: how well search finds, on a test collection in BEIR's format."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from casewright.cli.bench_options import JsonFile
from casewright.errors import EXIT_FAILURE, EXIT_OK, UsageError

if TYPE_CHECKING:
    from casewright.api.retrieval_evaluation import Estimate, RetrievalEvaluation
    from casewright.knowledge.beir import Collection
    from casewright.knowledge.evaluate_retrieval import MeasureConfig
    from casewright.knowledge.models import EmbedderKind

NOT_MEASURED = "not measured"
PLAIN_WIDTH = 150
EMBEDDERS = ("minilm", "wordllama")


def retrieval(
    *,
    corpus: Annotated[Path, typer.Option(help='JSON lines: {"_id", "title", "text"}.')],
    queries: Annotated[Path, typer.Option(help='JSON lines: {"_id", "text"}.')],
    qrels: Annotated[Path, typer.Option(help="Tab separated under a header: query-id, corpus-id, score.")],
    json_file: JsonFile = None,
    k: Annotated[
        list[int] | None,
        typer.Option("--k", min=1, max=100, help="A depth of recall and nDCG; repeat it (1, 3, 5 and 10)."),
    ] = None,
    embedder: Annotated[
        str, typer.Option(help="minilm, or wordllama: much faster, nDCG@5 0.63 instead of 0.71.")
    ] = "minilm",
) -> int:
    """Measure search by words, by meaning and by both: recall, nDCG and MRR, with intervals over queries.

    Exit codes: 0 measured, 64 usage, 70 no query has a judgement, 130 interrupted (nothing is written).
    """
    from casewright.cli.bench_run import write_json
    from casewright.knowledge.beir import read_collection
    from casewright.knowledge.evaluate_retrieval import MeasureConfig

    if embedder not in EMBEDDERS:
        raise UsageError(f"--embedder is {embedder!r}", hint=f"use {' or '.join(EMBEDDERS)}")
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise UsageError(
            f"--json: there is no folder {json_file.absolute().parent}", hint="make it, or name another"
        )
    collection = read_collection(corpus, queries, qrels)
    config = MeasureConfig(ks=tuple(sorted(set(k)))) if k else MeasureConfig()
    paths = (str(corpus), str(queries), str(qrels))
    result = asyncio.run(_measured(collection, cast("EmbedderKind", embedder), config, paths))
    print_retrieval(result)
    write_json(json_file, result)
    return EXIT_OK if result.counts.judged else EXIT_FAILURE


async def _measured(
    collection: Collection, kind: EmbedderKind, config: MeasureConfig, paths: tuple[str, str, str]
) -> RetrievalEvaluation:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from casewright.knowledge.embed import EmbedderConfig, ProcessEmbedder
    from casewright.knowledge.evaluate_retrieval import measure
    from casewright.knowledge.models import find_model

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    model = find_model(kind)
    embedder = ProcessEmbedder(model, EmbedderConfig(threads=2))
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("")

            def show(what: str, done: int, total: int) -> None:
                progress.update(bar, description=what, completed=done, total=total or None)

            return await measure(
                collection, embedder, model.tokens(), config=config, paths=paths, progress=show
            )
    finally:
        await embedder.aclose()


def print_retrieval(result: RetrievalEvaluation) -> None:
    """Print the three ways of searching side by side, and by what hybrid differs."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
    table = Table(box=None, pad_edge=False)
    table.add_column("measure")
    for name in (*result.modes, *(f"{one.mode} over {one.over}" for one in result.advantages)):
        table.add_column(name, justify="right")
    for name in next(iter(result.modes.values())).measures:
        table.add_row(
            name,
            *(_estimate(mode.measures[name]) for mode in result.modes.values()),
            *(_estimate(one.measures[name], signed=True) for one in result.advantages),
        )
    console.print(table)
    console.print()
    for line in _remarks(result):
        console.print(Text(line))


def _estimate(estimate: Estimate, *, signed: bool = False) -> str:
    if estimate.value is None:
        return NOT_MEASURED
    form = "+.3f" if signed else ".3f"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:{form}}"
    return f"{estimate.value:{form}} ({estimate.low:{form}} to {estimate.high:{form}})"


def _remarks(result: RetrievalEvaluation) -> list[str]:
    counts = result.counts
    lines = [
        f"{counts.judged:,} queries over {counts.documents:,} documents in {counts.passages:,} passages "
        f"({counts.long_documents:,} documents are longer than one); 95 % intervals over queries",
        f"embedding {result.embedding_seconds:.1f} s with {result.options.embedding}, "
        f"in all {result.seconds:.1f} s",
    ]
    if counts.without_judgements:
        lines.append(f"left out: {counts.without_judgements:,} queries without a relevant document")
    if counts.judgements_without_query:
        lines.append(
            f"not used: {counts.judgements_without_query:,} judgements of queries that are not there"
        )
    if counts.judgements_without_document:
        lines.append(
            f"cannot be found: {counts.judgements_without_document:,} relevant documents that are not there"
        )
    if counts.empty_documents:
        lines.append(f"cannot be found: {counts.empty_documents:,} documents without a text")
    return lines
