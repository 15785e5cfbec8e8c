"""Fits the weights by which passages answer, and reports them by parts of the development set in turn.

    python benchmarks/answers.py          what thresholds would give, each text by weights fitted on others
    python benchmarks/answers.py --fit    the weights to put into knowledge/figures.py

The figures of the product: ``casewright eval answers --tasks benchmarks/data/answers/heldout.jsonl``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from casewright.knowledge.answer import MAX_NEAREST
from casewright.knowledge.embed import ProcessEmbedder
from casewright.knowledge.evidence import Evidence
from casewright.knowledge.figures import NAMES
from casewright.knowledge.judge import Judge
from casewright.knowledge.models import find_model
from casewright.knowledge.question import understand
from casewright.knowledge.rank import rank
from casewright.knowledge.terms import Reader

ROOT = Path(__file__).resolve().parent.parent
PARTS = 8
Array = npt.NDArray[np.float64]


@dataclass
class Row:
    """A passage of a task: its figures, whether a rule excludes it, whether the reference stands in it."""

    values: Array
    excluded: bool
    right: bool
    text: str


@dataclass
class Task:
    """A task with its passages. ``group`` is the text that it is about: tasks of one text stay together."""

    group: str
    question: str
    answerable: bool
    rows: list[Row]


def tasks() -> list[Task]:
    """The development set, and the older one that the tests hold."""
    found = [read(json.loads(line)) for line in lines(ROOT / "benchmarks/data/answers/dev.jsonl")]
    for line in lines(ROOT / "tests/data/rag_dev.jsonl"):
        item = json.loads(line)
        found.append(
            read(
                {
                    "id": f"rag-{item['id']}-0",
                    "question": item["query"],
                    "contexts": item["documents"],
                    "answerable": item["grounded"],
                    "reference": " ".join(item["must"][:1]),
                }
            )
        )
    return found


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def read(item: dict[str, Any]) -> Task:
    """A task's passages as the product sees them; rules exclude, whatever the likelihood."""
    reader = Reader()
    evidence = Evidence(item["contexts"], reader)
    ranked = rank(reader.read(item["question"]), evidence, reader)
    evidence.learn_words(ranked.passages, item["question"])
    question = understand(item["question"], reader, evidence.known_names, evidence.common_words)
    judge = Judge(question, evidence, ranked)
    wanted = {token.key or token.folded for token in reader.read(item.get("reference", ""))}
    rows = []
    for passage in ranked.passages:
        seen = judge.look(passage)
        there = {token.key or token.folded for token in passage.tokens}
        right = item["answerable"] and bool(wanted) and wanted <= there
        excluded = judge.excluded(passage, seen) is not None
        rows.append(Row(np.array(seen.values), excluded, right, passage.text))
    return Task(item["id"].rsplit("-", 1)[0], item["question"], item["answerable"], rows)


def fit(found: Sequence[Task]) -> Array:
    """Logistic regression over passages that no rule excludes; ridge of 1, not on the constant."""
    rows = [row for task in found for row in task.rows if not row.excluded]
    seen, right = np.array([row.values for row in rows]), np.array([row.right for row in rows], dtype=float)

    def loss(weights: Array) -> float:
        z = seen @ weights
        return float(np.logaddexp(0, z).sum() - (right * z).sum() + (weights[1:] ** 2).sum() / 2)

    def slope(weights: Array) -> Array:
        error = 1 / (1 + np.exp(-(seen @ weights))) - right
        steep: Array = seen.T @ error + np.concatenate(([0.0], weights[1:]))
        return steep

    return np.array(minimize(loss, np.zeros(seen.shape[1]), jac=slope).x)


def likelihood(row: Row, weights: Array) -> float:
    return 1 / (1 + math.exp(-float(row.values @ weights)))


async def with_closeness(found: Sequence[Task], weights: Array) -> list[Task]:
    """The same tasks with the likeliest passages alone and their closeness, as the second look has them."""
    embedder = ProcessEmbedder(find_model("minilm"))
    await embedder.start()
    again = []
    try:
        for task in found:
            near = sorted(task.rows, key=lambda row: -likelihood(row, weights))[:MAX_NEAREST]
            vectors = await embedder.embed([task.question, *(row.text for row in near)])
            close = vectors[1:] @ vectors[0]
            rows = [
                Row(
                    np.concatenate((row.values, [one, one - close.max()])),
                    row.excluded,
                    row.right,
                    row.text,
                )
                for row, one in zip(near, close, strict=True)
            ]
            again.append(Task(task.group, task.question, task.answerable, rows))
    finally:
        await embedder.aclose()
    return again


def crossed(found: Sequence[Task]) -> list[tuple[Task, float, Row | None]]:
    """Each task's likeliest passage by weights fitted on other texts."""
    groups = sorted({task.group for task in found})
    part = {group: number % PARTS for number, group in enumerate(groups)}
    judged = []
    for number in range(PARTS):
        weights = fit([task for task in found if part[task.group] != number])
        for task in (task for task in found if part[task.group] == number):
            open_rows = [row for row in task.rows if not row.excluded]
            best = max(open_rows, key=lambda row: likelihood(row, weights), default=None)
            judged.append((task, likelihood(best, weights) if best else 0.0, best))
    return judged


def report(judged: Sequence[tuple[Task, float, Row | None]]) -> None:
    for threshold in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55):
        right = sum(
            task.answerable and score >= threshold and bool(row and row.right) for task, score, row in judged
        )
        said = [task for task, score, _ in judged if score >= threshold]
        false = sum(not task.answerable for task in said)
        declined = [task for task, score, _ in judged if score < threshold]
        held = sum(not task.answerable for task in declined)
        unanswerable = sum(not task.answerable for task, _, _ in judged)
        f1 = 2 * held / (len(declined) + unanswerable)
        print(
            f"  {threshold:.2f}: declined F1 {f1:.3f}, right {right}, "
            f"another passage {len(said) - false - right}, answered and should not be {false}, "
            f"missed {len(declined) - held}"
        )


def show(name: str, weights: Array) -> None:
    print(f"{name} = (" + ", ".join(f"{weight:.3f}" for weight in weights) + ")")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="print the weights")
    asked = parser.parse_args()
    found = tasks()
    weights = fit(found)
    closer = await with_closeness(found, weights)
    if asked.fit:
        print(", ".join(NAMES))
        show("WEIGHTS", weights)
        show("WEIGHTS_WITH_CLOSENESS", fit(closer))
        return
    print(f"{len(found)} tasks, without closeness")
    report(crossed(found))
    print("with closeness")
    report(crossed(closer))


if __name__ == "__main__":
    asyncio.run(main())
