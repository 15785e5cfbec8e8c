"""Options that several benchmark commands share, and what they are read into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from casewright.errors import UsageError

EngineWord = Annotated[
    str,
    typer.Argument(
        metavar="ENGINE",
        help="ollama, vllm or embedded (from settings), embedded:slots=N, or KIND=URL[#MODEL]",
    ),
]
WorkloadWord = Annotated[
    str,
    typer.Option(
        "--workload",
        "-w",
        help="short, rag, notes, long, tiny, synthetic:in=N,out=N, or FILE.jsonl of your own prompts",
    ),
]
MaxTokens = Annotated[int | None, typer.Option(help="bound of an answer's tokens (default: the workload's)")]
Prefix = Annotated[str, typer.Option(help="unique (no prefix cache can help) or shared")]
IgnoreEos = Annotated[bool, typer.Option(help="ask for exactly --max-tokens (vLLM and llama.cpp)")]
Processes = Annotated[int, typer.Option(help="load generating processes under one global schedule")]
Seed = Annotated[int, typer.Option(min=0, help="fixes prompts, arrivals and the order of blocks")]
Timeout = Annotated[float, typer.Option(min=0.1, help="seconds an answer may take in all")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no live view; only the report")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="write the result as JSON")]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="write the report as one HTML file")]

ExamChoice = Literal["auto", "short", "full", "none"]


@dataclass(frozen=True, slots=True)
class WorkloadChoice:
    """The words that choose a workload."""

    name: str
    prefix: str = "unique"
    max_tokens: int | None = None
    ignore_eos: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's findings go beside the terminal."""

    quiet: bool = False
    json_file: Path | None = None
    html_file: Path | None = None


def arrival_kind(word: str) -> Literal["constant", "poisson"]:
    """Read --arrivals; UsageError names the two there are."""
    return cast(Literal["constant", "poisson"], _one_of("--arrivals", word, ("constant", "poisson")))


def exam_choice(word: str) -> ExamChoice:
    """Read --exam."""
    return cast(ExamChoice, _one_of("--exam", word, ("auto", "short", "full", "none")))


def prefix_choice(word: str) -> Literal["unique", "shared"]:
    """Read --prefix."""
    return cast(Literal["unique", "shared"], _one_of("--prefix", word, ("unique", "shared")))


def _one_of(option: str, word: str, known: tuple[str, ...]) -> str:
    if word not in known:
        raise UsageError(f"{option} is {word!r}", hint=f"use {' or '.join(known)}")
    return word
