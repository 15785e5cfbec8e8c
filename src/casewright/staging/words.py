"""A stage's outcome in words, for the terminal and the page alike."""

from __future__ import annotations

from casewright.api.bench import Status
from casewright.api.staging import Origin, StageResult

SIGNS: dict[Status, str] = {"PASS": "[x]", "FAIL": "[!]", "NOT PROVEN": "[?]", "NOT MEASURED": "[ ]"}


def headline(result: StageResult) -> tuple[str, str]:
    """The word for the whole and the sentence behind it."""
    found = result.counts
    told = (
        f"{found.passed} passed, {found.failed} failed, {found.not_proven} not proven, "
        f"{found.not_measured} not measured"
    )
    if found.not_asked:
        told += f"; {found.not_asked} not asked"
    if result.interrupted:
        return "INTERRUPTED", f"Interrupted; until then {told}."
    if not result.reachable:
        return "UNREACHABLE", f"No service of the stack ever answered: {told}."
    if found.failed:
        return "FAIL", f"The checklist does not hold: {told}."
    if found.not_proven or found.not_measured:
        return "NOT PROVEN", f"Nothing failed, and not everything was shown: {told}."
    return "PASS", f"Every box that was asked holds: {told}."


def origin_words(origin: Origin) -> str:
    """Where a box comes from, "" for the checklist itself."""
    return {"checklist": "", "steps": "from the plan's steps", "casewright": "our own"}[origin]
