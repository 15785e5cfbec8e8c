"""``casewright eval notes``: its figures as a user gets them, its refusals, and a model that lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from casewright.api.notes_evaluation import NotesEvaluation
from casewright.cli.eval_notes import notes
from casewright.cli.eval_notes_service import Charge, Heard, own_service
from casewright.cli.eval_notes_view import print_notes
from casewright.engines.scripted import Say, Script, ScriptedEngine
from casewright.errors import EXIT_OK, EXIT_TARGET_FAILED, UsageError
from casewright.notes.evaluate_notes import Setting, evaluate, read_cases, summary
from casewright.values import EngineIdentity

CASES: list[dict[str, Any]] = [
    {
        "id": "debt",
        "split": "dev",
        "area": "debt",
        "traps": ["swapped_digits"],
        "notes": "cl owes £450 to Barclays\ncl to send payslips by 12 May\nI will call Barclays",
        "client_name": "Ann Other",
        "labels": {"1": "matters_discussed", "2": "your_actions", "3": "our_actions"},
        "owners": {"2": "client", "3": "adviser"},
        "must_include": ["£450"],
        "must_not_include": ["£540"],
        "contradictions": [],
        "source": "own",
    },
    {"notes": "cl has 2 children", "client_name": "Bo"},
]


def written(folder: Path, rows: list[Any]) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), "utf-8")
    return path


def test_figures_are_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert notes(cases=written(tmp_path, [*CASES, ""]), json_file=out, wrong=5) == EXIT_OK
    printed = capsys.readouterr().out
    for words in ("numbers not in the cited lines", "right owner", "split dev", "trap swapped_digits"):
        assert words in printed
    result = json.loads(out.read_text())
    assert (result["schema"], result["kind"]) == ("casewright.evaluation/1", "notes")
    assert (result["cases"], result["engine"], result["drafts"], result["wrong"]) == (2, None, None, 0)
    letters = result["letters"]
    assert letters["coverage"]["value"] == letters["sections"]["value"] == letters["included"]["value"] == 1.0
    assert letters["unsupported"]["number"]["count"] == 0
    assert letters["unsupported"]["number"]["total"] >= 2
    assert letters["withheld"]["value"] is None
    assert letters["contradiction_recall"]["value"] is None
    assert result["modes"]["extractive"]["count"] == 2
    assert [row["id"] for row in result["outcomes"]] == ["debt", "2"]


def test_a_letter_with_what_must_not_be_in_it_is_a_finding(tmp_path: Path) -> None:
    path = written(tmp_path, [CASES[0] | {"must_not_include": ["Barclays"]}, CASES[1]])
    assert notes(cases=path) == EXIT_TARGET_FAILED
    with pytest.raises(UsageError):
        notes(cases=path, split="heldout")


async def test_a_draft_that_lies_is_told_apart_from_its_letter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = ScriptedEngine(lambda _request: Script((Say("You owe Lendwell £540."),)))
    identity = EngineIdentity(kind="scripted", name="scripted", model="scripted")
    cases = read_cases(written(tmp_path, CASES))
    async with own_service(Charge(Heard(engine), identity, "plain")) as calls:
        rows = [row async for row in evaluate(cases, calls, "plain")]
    result: NotesEvaluation = summary(rows, len(cases), Setting("x", "scripted", "scripted", "plain"))
    assert result.drafts is not None
    assert result.drafts.nowhere["number"].count == 2
    assert result.drafts.nowhere["name"].count == 2
    assert result.drafts.kept_out.count == 0
    assert (result.wrong, result.letters.unsupported["number"].count) == (0, 0)
    print_notes(result, 3)
    assert "2 of 2 drafts had something that must not be sent; 2 of those" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["{"], "cases.jsonl:1: not JSON"),
        (["[1]"], "not an object"),
        ([CASES[1], {"notes": "x"}], "cases.jsonl:2: client_name"),
        ([{"notes": " ", "client_name": "x"}], "notes"),
        ([CASES[1] | {"labels": {"1": "matters"}}], "labels.1"),
        ([CASES[1] | {"labels": {"2": "withheld"}}], "no line 2"),
        ([CASES[1] | {"contradictions": [[1, 9]]}], "no line 9"),
        ([CASES[1] | {"meeting_date": "soon"}], "meeting_date"),
        ([], "holds no case"),
    ],
)
def test_a_line_that_is_no_case_is_named(tmp_path: Path, rows: list[Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        notes(cases=written(tmp_path, rows))
    assert said in raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"strategy": "plain"}, "--strategy plain needs"),
        ({"strategy": "bold"}, "--strategy"),
        ({"engine": "embedded", "url": "http://x"}, "exclude each other"),
        ({"json_file": Path("/no/such/folder/x.json")}, "no folder"),
        ({"cases": Path("/no/such/file.jsonl")}, "file.jsonl"),
    ],
)
def test_words_that_cannot_be_carried_out(tmp_path: Path, words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        notes(**{"cases": written(tmp_path, CASES), **words})
    assert said in raised.value.message
