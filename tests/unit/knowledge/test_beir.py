"""Test collections in BEIR's format: what is read, and how what is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.errors import UsageError
from casewright.knowledge.beir import Collection, read_collection

CORPUS = '{"_id": "d1", "title": "Rent", "text": "It is late."}\n{"_id": "d2", "text": "Heating"}\n'
QUERIES = '{"_id": "q1", "text": "rent?"}\n{"_id": "q2", "text": "heat?", "metadata": {}}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td2\t0\n"


def read(folder: Path, corpus: str = CORPUS, queries: str = QUERIES, qrels: str = QRELS) -> Collection:
    files = {"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels}
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return read_collection(*(folder / name for name in files))


def test_a_collection(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert [(one.id, one.title, one.text) for one in found.documents] == [
        ("d1", "Rent", "It is late."),
        ("d2", "", "Heating"),
    ]
    assert found.relevant == {"q1": {"d1": 2}}
    assert [query.id for query in found.judged] == ["q1"]
    assert found.judgements == 2


def test_what_editors_leave_is_allowed(tmp_path: Path) -> None:
    windows = "\ufeff" + CORPUS.replace("\n", "\r\n") + "\r\n\r\n"
    found = read(tmp_path, windows, QUERIES.replace('"q1"', "1"), "1\td1\t1\r\nq2\td2\t-1\r\n")
    assert len(found.documents) == 2
    assert found.relevant == {"1": {"d1": 1}}


@pytest.mark.parametrize(
    ("part", "text", "said"),
    [
        ("corpus", CORPUS + "{broken\n", "corpus.jsonl:3: no JSON"),
        ("corpus", CORPUS + "[1]\n", "corpus.jsonl:3: JSON, but no object"),
        ("corpus", CORPUS + '{"text": "x"}\n', 'corpus.jsonl:3: "_id"'),
        ("corpus", CORPUS + '{"_id": "d3"}\n', 'corpus.jsonl:3: "text"'),
        ("corpus", CORPUS + '{"_id": "d3", "title": 3, "text": ""}\n', 'corpus.jsonl:3: "title"'),
        ("corpus", CORPUS + '{"_id": "d1", "text": "x"}\n', "corpus.jsonl:3: the _id"),
        ("corpus", CORPUS + "\udcff\n", "corpus.jsonl:3: not UTF-8"),
        ("corpus", "\n", "corpus.jsonl has not one line"),
        ("queries", QUERIES + '{"_id": "q3", "text": null}\n', 'queries.jsonl:3: "text"'),
        ("queries", QUERIES + '{"_id": " ", "text": "x"}\n', 'queries.jsonl:3: "_id"'),
        ("qrels", QRELS + "q1 d2 1\n", "qrels.tsv:4: 1 columns"),
        ("qrels", QRELS + "q1\t0\td2\t1\n", "qrels.tsv:4: 4 columns"),
        ("qrels", QRELS + "q1\td2\thigh\n", "qrels.tsv:4: the score 'high'"),
        ("qrels", QRELS + "q1\td1\t1\n", "qrels.tsv:4: q1 and d1 are judged twice"),
        ("qrels", "query-id\tcorpus-id\tscore\n", "qrels.tsv has no judgement"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, part: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, **{part: text})
    assert said in caught.value.message
    assert caught.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.jsonl cannot be read"):
        read_collection(tmp_path / "none.jsonl", tmp_path / "q", tmp_path / "r")


TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.dictionaries(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), TEXT, min_size=1, max_size=5))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> None:
    lines = "".join(json.dumps({"_id": key, "text": text}) + "\n" for key, text in texts.items())
    qrels = "".join(f"{key}\t{key}\t1\n" for key in texts)
    found = read(tmp_path_factory.mktemp("set"), lines, lines, qrels)
    assert {one.id: one.text for one in found.documents} == texts
    assert found.relevant == {key: {key: 1} for key in texts}
