"""What containers left behind: words about memory in their logs, and those that memory ended.

``compose down`` removes containers with their logs: what they held is kept beside the results before every
down (``containers-left.json``), so that a stage that is resumed judges the containers of all its runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from casewright.api.bench import Record
from casewright.api.staging import Finding
from casewright.files import replace_file
from casewright.staging.compose_cli import ComposeCli
from casewright.staging.compose_parse import KILLED, NAMES, Container
from casewright.staging.compose_trouble import told
from casewright.staging.judge import finding
from casewright.staging.logs import MemoryErrors, of_memory
from casewright.staging.stack import Gained, Left

FILE = "containers-left.json"
SCHEMA: Literal["casewright.containers-left/1"] = "casewright.containers-left/1"
SHOWN = 400
# More than the 3 files of 10 MB that a container's log is rotated to.
LOG_CHARS = 40_000_000
LOG_S = 60.0
WORDS = 50


class _Kept(Record):
    """The file."""

    schema_: Literal["casewright.containers-left/1"] = Field(SCHEMA, alias="schema")
    left: tuple[Left, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())


async def look(
    cli: ComposeCli, containers: Sequence[Container], kills: Mapping[str, int], since: str | None
) -> tuple[Left, ...]:
    """What each container left; ``kills`` is how often the stage killed which (by our names).

    ``since`` limits the logs to what they gained: for a stack that ran before. One that is quiet is told
    from one that cannot be read by its last line.
    """
    found = []
    for each in containers:
        span = ("--since", since) if since is not None else ()
        run = await cli.docker("logs", *span, each.name, timeout_s=LOG_S, kept=LOG_CHARS)
        lines = f"{run.stdout}\n{run.stderr}".split("\n") if run.exit_code == 0 else []
        lines = [line for line in lines if line.strip()]
        problem = None
        if run.exit_code != 0:
            problem = told("docker logs", run, f"docker logs {each.name}")
        elif not lines and since is not None:
            last = await cli.docker("logs", "--tail", "1", each.name, timeout_s=LOG_S)
            problem = None if f"{last.stdout}{last.stderr}".strip() else "not a line in its log"
        elif not lines:
            problem = "not a line in its log"
        found.append(_left(each, lines, kills.get(NAMES.get(each.service, each.service), 0), problem))
    return tuple(found)


def _left(each: Container, lines: Sequence[str], kills: int, problem: str | None) -> Left:
    words = tuple(line[:300] for line in lines if of_memory(line.encode("utf-8", "replace")))
    ended = each.state == "exited" and each.exit_code == KILLED and not kills
    return Left(
        id=each.id,
        service=each.service,
        state=each.words,
        lines=len(lines),
        words=words[:WORDS],
        for_memory=bool(each.oom_killed) or ended,
        restarts=each.restarts,
        kills=kills,
        problem=problem,
    )


def read_kept(folder: Path) -> tuple[Left, ...]:
    """What was kept of containers that are gone; one that says so where it cannot be read."""
    path = folder / FILE
    try:
        return _Kept.model_validate_json(path.read_bytes()).left
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not ours"
        return (Left(id="", service=FILE, state="unknown", lines=0, problem=f"{path} cannot be read: {why}"),)


def keep(folder: Path, left: Sequence[Left]) -> None:
    """Replace what is kept.

    Raises:
        StorageError: the folder refuses.
    """
    text = _Kept(left=tuple(left)).model_dump_json(by_alias=True, indent=1) + "\n"
    replace_file(folder / FILE, text.encode("utf-8", "replace"))


def merged(before: Sequence[Left], now: Sequence[Left]) -> tuple[Left, ...]:
    """What was kept, and what is there now in the place of what was kept of the same container."""
    here = {each.id for each in now}
    return (*(each for each in before if each.id not in here), *now)


def container_errors(gained: Gained, of_kernel: Finding | None) -> MemoryErrors:
    """Judge what was left; ``exits`` are the containers that were ended for memory.

    ``of_kernel`` is the finding about the kernel's own count, None where it does not tell. A container that
    was started again shows no more how it ended: only where the kernel killed nothing it was not memory.
    """
    if gained.problem is not None:
        return MemoryErrors([], [], [finding("logs", "no word of it", gained.problem, None, shown=SHOWN)])
    left = gained.left
    words = [f"{each.service}: {line}" for each in left for line in each.words]
    count = sum(each.lines for each in left)
    clean = f"no word of it in {count} lines of {len(left)} containers"
    unread = [f"{each.service}: {each.problem}" for each in left if each.problem is not None]
    killed = [f"{each.service}: {each.state}" for each in left if each.for_memory]
    again = [
        f"{each.service}: started again {each.restarts} times, killed by the stage {each.kills} times"
        for each in left
        if (each.restarts or 0) > each.kills
    ]
    findings: list[Finding] = [
        finding("logs", "no word of it", "; ".join(words[:3]) or clean, not words, shown=SHOWN),
        finding("logs that could not be read", "none", *_open(unread), shown=SHOWN),
        finding("OOMKilled, or exit 137", "none", "; ".join(killed) or "none", not killed, shown=SHOWN),
    ]
    if not left:
        findings[0] = finding("logs", "no word of it", "no container is there", None)
    if of_kernel is not None:
        findings.append(of_kernel)
    if again and (of_kernel is None or of_kernel.ok is not True):
        expected = "none, or none that memory ended"
        findings.append(finding("ends that nobody told of", expected, *_open(again), shown=SHOWN))
    return MemoryErrors(words, killed, findings)


def _open(found: Sequence[str]) -> tuple[str, bool | None]:
    """What was seen, and that it leaves the box open."""
    return ("; ".join(found), None) if found else ("none", True)
