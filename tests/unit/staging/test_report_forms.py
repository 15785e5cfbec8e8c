"""The Markdown and the JUnit report: every box in them, hostile words harmless, the schema's rules kept."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

from rich.console import Console

from casewright.api.staging import StageResult, StepResult
from casewright.staging.checklist import BOXES, GROUPS
from casewright.staging.judge import finding
from casewright.staging.ledger import Ledger
from casewright.staging.report import watching
from casewright.staging.report_junit import stage_junit
from casewright.staging.report_markdown import stage_markdown
from casewright.staging.run import StepEvent
from unit.staging.test_report import HOSTILE, config, result_of

MARKUP = "`code` *b* [a](http://x) | <b>& \x00\x1b[31m \ud800 # 1. - \u202e www.x.org ~~s~~ ${x}"


def seen(*groups: str) -> StageResult:
    ledger = Ledger()
    ledger.add("functional.rag", [finding(MARKUP, HOSTILE, MARKUP, False)])
    ledger.add("functional.notes", [finding("notes", "this", "this", True)])
    ledger.add("functional.documents", [finding("documents", "this", "half of it", None)])
    return result_of(
        ledger,
        config(*groups),
        started_at="2026-11-26T21:00:00+01:00",
        steps=(StepResult(name="start", status="failed", seconds=1.5, detail=MARKUP),),
    )


def test_the_markdown_has_every_box_and_no_markup_of_others() -> None:
    page = stage_markdown(seen())
    for box in BOXES:
        assert any(re.sub(r"\\", "", line).startswith(("- [x] ", "- [ ] ")) for line in page.splitlines())
        assert box.words.split("<")[0] in page.replace("\\", "")
    assert page.count("- [x] ") == 1
    assert "([functional-rag.json](functional-rag.json))" in page
    assert re.findall(r"(?<!\\)[<>`~&$]", page) == []
    for raw in ("[a](", "http://x", "www.x", "\x1b", "\x00", "\u202e"):
        assert raw not in page
    table = [line for line in page.splitlines() if line.startswith("| start")]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in table] == [5]
    assert "2026-11-26 20:00:00 UTC" in page


def test_boxes_that_were_not_asked_say_so_in_every_form() -> None:
    result = seen("functional")
    assert "**Images size reasonable**: not asked" in stage_markdown(result)
    assert "NOT MEASURED: not asked for" in stage_junit(result)


def test_the_junit_report_keeps_the_rules_of_the_strict_schema() -> None:
    result = seen()
    text = stage_junit(result)
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    assert root.attrib == {}
    assert [suite.get("name") for suite in root] == list(GROUPS.values())
    for number, suite in enumerate(root):
        assert [child.tag for child in suite if child.tag != "testcase"] == [
            "properties",
            "system-out",
            "system-err",
        ]
        assert suite[0].tag == "properties"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        assert suite.get("timestamp") == "2026-11-26T20:00:00"
        assert suite.get("id") == str(number)
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert len(case) <= 1
        for element in suite.iter():
            for value in element.attrib.values():
                assert value == " ".join(value.split()) != ""
    assert sum(len(suite.findall("testcase")) for suite in root) == len(BOXES)
    by_name = {case.get("classname"): case for case in root.iter("testcase")}
    failure = by_name["casewright.stage.functional.rag"].find("failure")
    assert failure is not None
    assert failure.get("type") == "FAIL"
    assert "evidence: functional-rag.json" in (failure.text or "")
    assert len(by_name["casewright.stage.functional.notes"]) == 0
    skipped = by_name["casewright.stage.functional.documents"].find("skipped")
    assert skipped is not None
    assert (skipped.text or "").startswith("NOT PROVEN: documents: half of it")
    assert skipped.attrib == {}


def test_a_wait_that_counts_on_is_one_line_without_a_terminal() -> None:
    out = io.StringIO()
    with watching(Console(file=out, width=80), ("start",)) as watch:
        for left in (40, 39, 38):
            watch(StepEvent("start", words=f"waiting for the engine, {left} s more"))
        watch(StepEvent("start", words="waiting for rag"))
        watch(StepEvent("start", words="waiting for the engine, 37 s more"))
    assert out.getvalue().splitlines() == [
        "start: waiting for the engine, 40 s more",
        "start: waiting for rag",
        "start: waiting for the engine, 37 s more",
    ]


def test_a_wait_counts_in_a_terminal() -> None:
    out = io.StringIO()
    with watching(Console(file=out, width=80, force_terminal=True), ("start",)) as watch:
        watch(StepEvent("start", words="waiting for the engine, 40 s more"))
    assert "waiting for the engine, 40 s more" in out.getvalue()
