"""The programs of what is not ours: where they are, and what to say where not. Nothing is fetched."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from casewright.engines.vllm_install import VllmInstall, find
from casewright.errors import InstallError
from casewright.settings import Settings
from casewright.stack.description import BY_NAME, CHROMA, N8N, PROCESSES, VLLM


def program_of(word: str, settings: Settings, python: str = sys.executable) -> tuple[str, ...]:
    """The first words of a command: a program by its whole path, or its bare name where it is not found."""
    if word == "casewright":
        return (python, "-m", "casewright")
    if word == N8N:
        named = settings.n8n_command
        return (str(named.expanduser().absolute()) if named is not None else shutil.which(word) or word,)
    # the server of the chromadb that this Python has; what else is called so may be something else
    beside = Path(python).parent / word
    return (str(beside) if _runs(beside) else word,)


def has_chroma(settings: Settings, python: str = sys.executable) -> bool:
    """Whether a Chroma server can be started here."""
    return Path(program_of(CHROMA, settings, python)[0]).is_absolute()


def is_installed(name: str, settings: Settings, python: str = sys.executable) -> bool:
    """Whether a process of the stack can be started here."""
    return not _lacking(name, settings, python)


def require_programs(names: Iterable[str], settings: Settings, python: str = sys.executable) -> None:
    """Refuse to start what is not installed.

    Raises:
        InstallError: something is missing; the hint names the command that installs it.
    """
    lacking = [(name, why) for name in names if (why := _lacking(name, settings, python))]
    if lacking:
        raise InstallError(
            "; ".join(f"{name} is not installed: {why}" for name, why in lacking),
            hint="; ".join(
                f"{PROCESSES[name].missing}; or without it: {PROCESSES[name].without}" for name, _ in lacking
            ),
        )


def _lacking(name: str, settings: Settings, python: str) -> str:
    """Why it cannot be started; empty where it can."""
    if BY_NAME[name].ours:
        return ""
    if name == VLLM:
        installed = find(VllmInstall(settings.data_dir, gguf=settings.embedded_model))
        return "" if installed else f"nothing complete in {settings.data_dir / 'engines'}"
    program = Path(program_of(PROCESSES[name].command[0], settings, python)[0])
    if not program.is_absolute():
        where = f"in {Path(python).parent}" if name == CHROMA else "on PATH"
        return f"no program {program} {where}"
    return "" if _runs(program) else f"{program} is no program that can be run"


def _runs(program: Path) -> bool:
    return program.is_file() and os.access(program, os.X_OK)
