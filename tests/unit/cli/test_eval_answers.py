"""``casewright eval answers``: its figures as a user gets them, its refusals, and the model's share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casewright.api.answer_evaluation import AnswersEvaluation
from casewright.cli.eval_answers import answers
from casewright.engines.scripted import Say, Script, ScriptedEngine
from casewright.errors import UsageError
from casewright.knowledge.compose import Asking
from casewright.knowledge.evaluate_answers import Setting, evaluate, read_tasks, summary

NOTE = "The rent is £450 a month. The landlord is Mr Patel."
TASKS: list[dict[str, Any]] = [
    {
        "id": "rent",
        "question": "How much is the rent?",
        "contexts": [NOTE],
        "answerable": True,
        "reference": "£450",
    },
    {
        "question": "Who is the landlord?",
        "contexts": [NOTE],
        "answerable": True,
        "reference": ["Mr Patel", "Patel"],
    },
    {"question": "How much is the deposit?", "contexts": [NOTE], "answerable": False, "source": "own"},
    {"question": "When is the hearing?", "contexts": ["Nothing of it.", NOTE], "answerable": False},
]


def written(folder: Path, rows: list[Any]) -> Path:
    path = folder / "tasks.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), "utf-8")
    return path


def test_figures_are_printed_and_written(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEWRIGHT")}
    tasks = written(tmp_path, [*TASKS, ""])
    found = subprocess.run(
        [sys.executable, "-m", "casewright", "eval", "answers", "--tasks", str(tasks), "--json", str(out)],
        env=kept | {"CASEWRIGHT_DATA": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    for name in (
        "declined: precision",
        "declined: F1",
        "citations verbatim",
        "answered by the model",
        "answered by code",
    ):
        assert name in found.stdout
    result = json.loads(out.read_text())
    assert (result["schema"], result["kind"]) == ("casewright.evaluation/1", "answers")
    assert (result["tasks"], result["answerable"], result["engine"]) == (4, 2, None)
    assert result["abstention"]["f1"] == 1.0
    assert (result["right"]["count"], result["right"]["total"], result["right"]["high"]) == (2, 2, 1.0)
    assert result["citation_validity"]["value"] == 1.0
    assert (result["by_model"]["count"], result["held"]["value"]) == (0, None)
    assert [row["id"] for row in result["outcomes"]] == ["rent", "2", "3", "4"]


async def measured(path: Path, said: str) -> AnswersEvaluation:
    engine = ScriptedEngine(lambda _request: Script((Say(said),)))
    tasks = read_tasks(path)
    rows = [row async for row in evaluate(tasks, Asking(engine, "structured", 4096))]
    return summary(rows, len(tasks), Setting(str(path), "scripted", "scripted", "structured", None))


async def test_the_models_share_is_counted(tmp_path: Path) -> None:
    path = written(tmp_path, TASKS)
    result = await measured(path, "The rent is £450 a month. The rent is £540 a month.")
    assert (result.by_model.count, result.by_model.total) == (1, 2)
    assert (result.held.count, result.held.total) == (1, 4)  # of the tasks it was worth asking for
    assert (result.citation_validity.value, result.supported_sentences.value) == (1.0, 1.0)
    fallback = await measured(path, "I do not know.")
    assert (fallback.by_model.count, fallback.abstention.f1, fallback.held.value) == (0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["{"], "tasks.jsonl:1: not JSON"),
        (["[1]"], "not an object"),
        ([TASKS[0], {"question": "x", "answerable": True}], "tasks.jsonl:2: contexts"),
        ([{"question": " ", "contexts": ["a"], "answerable": True}], "question"),
        ([{"question": "x", "contexts": "a", "answerable": True}], "contexts"),
        ([{"question": "x", "contexts": ["a"], "answerable": "perhaps"}], "answerable"),
        ([], "holds no task"),
    ],
)
def test_a_line_that_is_no_task_is_named(tmp_path: Path, rows: list[Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        answers(tasks=written(tmp_path, rows))
    assert said in raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"strategy": "plain"}, "--strategy plain needs"),
        ({"strategy": "bold"}, "--strategy"),
        ({"embedder": "large"}, "--embedder"),
        ({"json_file": Path("/no/such/folder/x.json")}, "no folder"),
        ({"tasks": Path("/no/such/file.jsonl")}, "file.jsonl"),
    ],
)
def test_words_that_cannot_be_carried_out(tmp_path: Path, words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        answers(**{"tasks": written(tmp_path, TASKS), **words})
    assert said in raised.value.message
