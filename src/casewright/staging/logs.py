"""What the logs of the stack gained during the stage: words about memory, and processes that were killed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from casewright.api.staging import Finding
from casewright.staging.context import Context
from casewright.staging.judge import finding

MAX_LOG_BYTES = 64 * 1024 * 1024
SUPERVISOR_LOG = "supervisor.log"
_MEMORY = re.compile(rb"MemoryError|std::bad_alloc|[Oo]ut of memory|Cannot allocate memory|oom[-_ ]kill")
_SPAWNED = re.compile(rb"spawned: '([^']+)' with pid (\d+)")
_ENDED = re.compile(rb"exited: (\S+) \((terminated by SIGKILL|exit status 137)\b")
_STOPPED = re.compile(rb"killing '([^']+)' \((\d+)\) with SIGKILL")


@dataclass(frozen=True, slots=True)
class MemoryErrors:
    """Lines with words about memory, the ends by SIGKILL that were not the stage's, and what follows."""

    words: list[str]
    exits: list[str]
    findings: list[Finding]


def mark_logs(context: Context) -> None:
    """Remember how large the logs are now, and how many processes the kernel has killed for memory.

    A stage that goes on keeps its first marks: what came in its earlier runs counts too.
    """
    goes_on = context.killed_for_memory is not None or bool(context.log_marks)
    for path in _logs(context.config.data_dir):
        context.log_marks.setdefault(path, 0 if goes_on else path.stat().st_size)
    if not goes_on:
        context.killed_for_memory = _killed_for_memory()


def leave_ends_out(context: Context) -> None:
    """Leave the supervisor's log so far out: of a stage that was killed nobody knows whom it had killed."""
    path = context.config.data_dir / "logs" / SUPERVISOR_LOG
    if path.is_file():
        context.log_marks[path] = path.stat().st_size


def memory_errors(context: Context) -> MemoryErrors:
    """Look through everything since the mark."""
    paths = _logs(context.config.data_dir)
    words: list[str] = []
    exits: list[str] = []
    for path in paths:
        lines = _gained(path, context.log_marks.get(path, 0))
        words += [f"{path.name}: {_text(line)}" for line in lines if _MEMORY.search(line)]
        if path.name == SUPERVISOR_LOG:
            exits += killed(lines, context.killed)
    if not paths and not context.log_marks:
        seen = f"no logs in {context.config.data_dir / 'logs'}"
        findings = [finding("logs", "no word of it", seen, None, tried=False)]
    else:
        findings = [
            finding("logs", "no word of it", "; ".join(words[:3]) or "no word of it", not words),
            finding(
                "ends by SIGKILL (137)", "only the stage's own", "; ".join(exits[:3]) or "none", not exits
            ),
        ]
    of_kernel = kernel_count(context)
    return MemoryErrors(words, exits, [*findings, *([of_kernel] if of_kernel is not None else [])])


def kernel_count(context: Context) -> Finding | None:
    """Whether the kernel killed processes for memory since the mark; None where it does not tell."""
    before, after = context.killed_for_memory, _killed_for_memory()
    if before is None or after is None:
        return None
    more = after - before if after >= before else after  # it counts anew when the machine has started anew
    seen = f"{more} on this machine; the kernel does not tell whose" if more else "0"
    return finding("processes killed for memory", "0", seen, None if more else True)


def errors_beside(data_dir: Path) -> Finding:
    """The same of the logs of another stack, which the stage started and stopped; all that they hold."""
    words: list[str] = []
    paths = _logs(data_dir)
    for path in paths:
        lines = _gained(path, 0)
        words += [f"{path.name}: {_text(line)}" for line in lines if _MEMORY.search(line)]
        words += killed(lines, set()) if path.name == SUPERVISOR_LOG else []
    what, expected = "logs of the stack under load", "no word of memory, no end by SIGKILL"
    if not paths:
        return finding(what, expected, "it left none", None)
    return finding(what, expected, "; ".join(words[:3]) or f"none in {len(paths)} logs", not words)


def killed(lines: Sequence[bytes], ours: set[int]) -> list[str]:
    """Processes that ended by SIGKILL, by the supervisor's log; not those that we (by id) or it killed."""
    pids: dict[bytes, int] = {}
    excused = set(ours)
    found = []
    for line in lines:
        if spawned := _SPAWNED.search(line):
            pids[spawned[1]] = int(spawned[2])
        elif stopped := _STOPPED.search(line):
            excused.add(int(stopped[2]))
        elif (ended := _ENDED.search(line)) and pids.get(ended[1], 0) not in excused:
            found.append(_text(line))
    return found


def of_memory(line: bytes) -> bool:
    """Whether a line of a log speaks of memory that was not there."""
    return _MEMORY.search(line) is not None


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")[:300]


def _logs(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "logs").glob("*.log"))


def _gained(path: Path, mark: int) -> list[bytes]:
    """The lines a log gained since its mark; all of it where it was replaced by a smaller one."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(mark if size >= mark else 0)
        return file.read(MAX_LOG_BYTES).splitlines()


def _killed_for_memory() -> int | None:
    """The kernel's count since boot; None where it does not tell."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found.group(1)) if found else None
