"""A stage as JUnit XML, for a build server: a test suite a group, a test case a box.

FAIL is a failure; NOT PROVEN, NOT MEASURED and boxes that were not asked are skipped, with the reason in it
and in the suite's output. It is valid against Ant's strict schema and against Jenkins' laxer one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from casewright.api.staging import BoxResult, StageResult
from casewright.staging.checklist import GROUPS
from casewright.staging.report_markdown import facts

# XML 1.0 has no form for these, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def stage_junit(result: StageResult) -> str:
    """The document of a stage."""
    suites = [
        _suite(result, number, group, title, [box for box in result.boxes if box.group == group])
        for number, (group, title) in enumerate(GROUPS.items())
    ]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{"".join(suites)}</testsuites>\n'


def _suite(result: StageResult, number: int, group: str, title: str, boxes: Sequence[BoxResult]) -> str:
    skipped = [box for box in boxes if box.status in ("NOT PROVEN", "NOT MEASURED")]
    counts = {
        "tests": len(boxes),
        "failures": sum(box.status == "FAIL" for box in boxes),
        "errors": 0,
        "skipped": len(skipped),
    }
    about = {
        "name": title,
        "package": f"casewright.stage.{group}",
        "id": number,
        "timestamp": _moment(result.started_at),
        "hostname": result.machine.hostname or "localhost",
        **counts,
        # a box has no time of its own: the steps' are in the properties, in seconds
        "time": 0,
    }
    times = {f"step {step.name}": f"{step.seconds:.2f}" for step in result.steps if step.seconds is not None}
    told = {**dict(facts(result)), **times}
    properties = "".join(
        f"<property name={_attr(name)} value={_attr(value)}/>" for name, value in told.items()
    )
    reasons = "\n".join(f"{box.id}: {box.status}: {box.reason}" for box in skipped)
    return (
        f"<testsuite {_attrs(about)}>\n<properties>{properties}</properties>\n"
        + "".join(_case(box) for box in boxes)
        + f"<system-out>{_text(reasons)}</system-out>\n<system-err></system-err>\n</testsuite>\n"
    )


def _case(box: BoxResult) -> str:
    about = _attrs({"name": box.words, "classname": f"casewright.stage.{box.id}", "time": 0})
    if box.status == "PASS":
        return f"<testcase {about}/>\n"
    if box.status == "FAIL":
        where = f"\nevidence: {box.evidence}" if box.evidence else ""
        why = f"{box.reason}\nlooked at: {box.observable}\nthreshold: {box.threshold}{where}"
        cut = " ".join(box.reason.split())[:200]
        return (
            f'<testcase {about}><failure type="FAIL" message={_attr(cut)}>{_text(why)}</failure></testcase>\n'
        )
    return f"<testcase {about}><skipped>{_text(f'{box.status}: {box.reason}')}</skipped></testcase>\n"


def _attrs(values: dict[str, object]) -> str:
    return " ".join(f"{name}={_attr(str(value))}" for name, value in values.items())


def _attr(text: str) -> str:
    """A quoted attribute; one space for any run of them, as the schema's tokens want it, and never empty."""
    return quoteattr(" ".join(_FORBIDDEN.sub("\ufffd", text).split()) or "-")


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _moment(text: str) -> str:
    """The time of day without a zone, in UTC, as the schema wants it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.fromtimestamp(0, UTC)
    return (found.astimezone(UTC) if found.tzinfo else found).strftime("%Y-%m-%dT%H:%M:%S")
