"""What containers left behind: words about memory in what their logs gained, and those that memory ended."""

from __future__ import annotations

from casewright.api.staging import Finding
from casewright.staging.judge import finding
from casewright.staging.logs import MemoryErrors, of_memory
from casewright.staging.stack import Gained

SHOWN = 400


def container_errors(left: Gained) -> MemoryErrors:
    """Judge what was left; ``exits`` are the containers that were ended for memory."""
    if left.problem is not None:
        return MemoryErrors([], [], [finding("logs", "no word of it", left.problem, None, shown=SHOWN)])
    words = [
        f"{service}: {line[:300]}"
        for service, lines in left.logs.items()
        for line in lines
        if of_memory(line.encode("utf-8", "replace"))
    ]
    count = sum(len(lines) for lines in left.logs.values())
    clean = f"no word of it in {count} lines of {len(left.logs)} containers"
    killed = list(left.killed)
    findings: list[Finding] = [
        finding("logs", "no word of it", "; ".join(words[:3]) or clean, not words, shown=SHOWN),
        finding("OOMKilled, or exit 137", "none", "; ".join(killed) or "none", not killed, shown=SHOWN),
    ]
    return MemoryErrors(words, killed, findings)
