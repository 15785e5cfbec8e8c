"""``casewright eval retrieval`` as a user types it: its figures, its exit codes, what it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from casewright.cli.main import run

CORPUS = {
    "d1": ("Rent", "The rent of the flat is overdue by two months."),
    "d2": ("", "The boiler is broken and there is no hot water."),
    "d3": ("", "Your claim PPR-9087 was received on 12 March 2024."),
    "d4": ("", "Your claim PPR-9078 was received on 3 April 2024."),
}
QUERIES = {"q1": "money owed to the landlord", "q2": "heating does not work", "q3": "ppr 9087", "q4": "other"}
FILES = ["--corpus", "corpus.jsonl", "--queries", "queries.jsonl", "--qrels", "qrels.tsv"]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td2\t1\nq3\td3\t1\nq4\td1\t0\n"


def evaluate(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEWRIGHT")}
    return subprocess.run(
        [sys.executable, "-m", "casewright", "eval", "retrieval", *FILES, *words],
        cwd=folder,
        env=kept | {"CASEWRIGHT_DATA": str(folder), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    corpus = [{"_id": key, "title": title, "text": text} for key, (title, text) in CORPUS.items()]
    queries = [{"_id": key, "text": text} for key, text in QUERIES.items()]
    for name, records in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text(QRELS, encoding="utf-8")
    return tmp_path


def test_figures_are_printed_and_written(collection: Path) -> None:
    found = evaluate(collection, "--json", "out.json", "--k", "5", "--k", "1")
    assert found.returncode == 0, found.stdout + found.stderr
    result = json.loads((collection / "out.json").read_text())
    assert (result["schema"], result["kind"]) == ("casewright.evaluation/1", "retrieval")
    assert list(result["modes"]) == ["bm25", "dense", "hybrid"]
    assert list(result["modes"]["hybrid"]["measures"]) == ["recall@1", "recall@5", "ndcg@1", "ndcg@5", "mrr"]
    assert result["modes"]["hybrid"]["measures"]["ndcg@5"]["value"] == 1
    assert (result["counts"]["judged"], result["counts"]["without_judgements"]) == (3, 1)
    assert "ndcg@5" in found.stdout
    assert "hybrid over bm25" in found.stdout
    assert "left out: 1 queries without a relevant document" in found.stdout


def test_nothing_judged_is_exit_70(collection: Path) -> None:
    (collection / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t0\n", encoding="utf-8")
    found = evaluate(collection, "--embedder", "wordllama")
    assert found.returncode == 70, found.stdout + found.stderr
    assert "not measured" in found.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--corpus", "none.jsonl"], "none.jsonl cannot be read"),
        (["--queries", "qrels.tsv"], "qrels.tsv:1: no JSON"),
        (["--qrels", "queries.jsonl"], "queries.jsonl:1: 1 columns of 3"),
        (["--embedder", "best"], "use minilm or wordllama"),
        (["--json", "none/out.json"], "make it"),
        (["--k", "0"], "--help"),
    ],
)
def test_wrong_words_are_usage_errors_that_name_the_fix(
    collection: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(collection)
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["eval", "retrieval", *FILES, *words]) == 64
    assert said in capsys.readouterr().err
