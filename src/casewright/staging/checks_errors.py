"""Checks of refusals: a true status, the one shape, nothing of the inside."""

from __future__ import annotations

import re
from collections.abc import Collection

from pydantic import ValidationError

from casewright.api.contract import ErrorAnswer
from casewright.api.staging import Finding
from casewright.staging.ask import Answer
from casewright.staging.judge import finding

_TRACE = re.compile(r'Traceback|File \\?"|site-packages|\.py\b|line \d+, in ')


def refused(name: str, answer: Answer, statuses: Collection[int]) -> list[Finding]:
    """Findings about one request that must be refused with one of ``statuses``."""
    wanted = " or ".join(str(status) for status in sorted(statuses))
    findings = [finding(f"{name}: status", wanted, answer.said, answer.status in statuses)]
    if answer.status is None:
        return findings
    trace = _TRACE.search(answer.text)
    findings.append(finding(f"{name}: no trace", "none", trace.group() if trace else "none", trace is None))
    if answer.status in statuses:
        findings.append(_shape(name, answer))
    return findings


def _shape(name: str, answer: Answer) -> Finding:
    what, expected = f"{name}: shape", "type, message, hint and request_id"
    try:
        detail = ErrorAnswer.model_validate_json(answer.body).error
    except ValidationError:
        return finding(what, expected, answer.said, False)
    filled = all(part.strip() for part in (detail.type, detail.message, detail.hint, detail.request_id))
    return finding(what, expected, f"{detail.type}: {detail.message}", filled)
