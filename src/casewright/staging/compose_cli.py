"""The docker and compose command lines: which of them answer, what they are given, and what refuses."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from casewright.api.staging import CommandRun
from casewright.errors import UsageError
from casewright.staging.compose_trouble import diagnose, last_lines
from casewright.staging.stack import run_command

ASK_S = 30.0
# The newer one first; a `docker-compose` may be either.
PROGRAMS: tuple[tuple[str, ...], ...] = (("docker", "compose"), ("docker-compose",))
_VERSION = re.compile(r"version:?\s+v?(\d+)\.(\d+)\.(\d+)", re.IGNORECASE)
_INSTALL = "install Docker Engine with its compose plugin (docs/runbook.md), then: docker compose version"


@dataclass(frozen=True, slots=True)
class ComposeCli:
    """A compose that answered. ``words`` is how it is called, ``files`` what it is given with -f."""

    words: tuple[str, ...]
    version: tuple[int, int, int]
    files: tuple[Path, ...]
    environment: Mapping[str, str]

    @property
    def is_v1(self) -> bool:
        """Whether it is docker-compose 1.x, which knows no JSON."""
        return self.version[0] < 2

    @property
    def spoken(self) -> str:
        """The command as an operator types it."""
        return " ".join((*self.words, *(word for path in self.files for word in ("-f", str(path)))))

    async def run(self, *words: str, timeout_s: float, kept: int | None = None) -> CommandRun:
        """Run a compose command to its end or its deadline; ``kept`` characters of what it prints."""
        given = (word for path in self.files for word in ("-f", str(path)))
        return await self._run((*self.words, *given, *words), timeout_s, kept)

    async def docker(self, *words: str, timeout_s: float = ASK_S, kept: int | None = None) -> CommandRun:
        """Run a docker command."""
        return await self._run(("docker", *words), timeout_s, kept)

    async def _run(self, words: Sequence[str], timeout_s: float, kept: int | None) -> CommandRun:
        if kept is None:
            return await run_command(words, self.environment, timeout_s)
        return await run_command(words, self.environment, timeout_s, kept=kept)


async def find_compose(files: Sequence[Path], environment: Mapping[str, str]) -> ComposeCli:
    """The compose of this machine that answers ``version``, with a daemon behind it.

    ``environment`` is laid over this process's own; its PATH decides.

    Raises:
        UsageError: a file is missing, there is no docker or no compose, or no daemon answers; with what was
            said and the next command to try.
    """
    for path in files:
        if not path.is_file():
            raise UsageError(
                f"the compose file {path} is not there",
                hint="run this in the clone, beside docker-compose.vllm.yml, or name it: --compose-file FILE",
            )
    # no colours and no width: what is printed is read by a program
    given = {**os.environ, **environment, "NO_COLOR": "1", "COMPOSE_ANSI": "never", "COLUMNS": "999"}
    await _daemon(given)
    said: list[str] = []
    for words in PROGRAMS:
        run = await run_command((*words, "version"), given, ASK_S)
        found = _VERSION.search(run.stdout)
        if run.exit_code == 0 and found:
            version = (int(found[1]), int(found[2]), int(found[3]))
            return ComposeCli(words, version, tuple(files), given)
        said.append(f"{' '.join(words)}: {last_lines(run) or run.problem or f'exit {run.exit_code}'}")
    raise UsageError(f"no compose answers here: {'; '.join(said)}", hint=_INSTALL)


async def _daemon(environment: Mapping[str, str]) -> None:
    run = await run_command(("docker", "version", "--format", "{{.Server.Version}}"), environment, ASK_S)
    if run.exit_code == 0:
        return
    if run.exit_code is None and (run.problem or "").startswith("cannot run"):
        raise UsageError("there is no docker on this machine", hint=_INSTALL)
    trouble = diagnose(run)
    words = last_lines(run) or run.problem or f"exit {run.exit_code}"
    if trouble is not None:
        raise UsageError(f"{trouble.what}: {words}", hint=trouble.hint)
    raise UsageError(f"docker version: {words}", hint="docker info shows what the daemon says")
