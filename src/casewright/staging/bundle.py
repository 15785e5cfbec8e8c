"""One file to hand over: a stage's result, reports and evidence, what it ran on and from, and checksums.

The same stage gives the same bytes: names are sorted, and owners, times and modes are fixed.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import tarfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from casewright.api.staging import CommandRun, StageResult
from casewright.errors import UsageError
from casewright.files import replace_file
from casewright.staging.bundle_redact import Redactor, secrets_beside, secrets_in, secrets_of
from casewright.staging.compose import Compose, rendered
from casewright.staging.compose_parse import parse_images
from casewright.staging.config import StageConfig
from casewright.staging.stack import run_command

SUFFIX = ".tar.gz"
SUMS = "SHA256SUMS"
HOST, PACKAGES = "host.json", "packages.txt"
CONFIG, IMAGES = "compose/config.txt", "compose/images.json"
ASK_S = 60.0
# What a stage needs to go on, not what it found.
LEFT_OUT = frozenset({"state.json"})
_GPUS = (
    "nvidia-smi",
    "--query-gpu=index,name,driver_version,memory.total,compute_cap",
    "--format=csv,noheader",
)


def check_bundle(path: Path, output: Path) -> Path:
    """The bundle's path, checked before the stage begins rather than after an hour.

    Raises:
        UsageError: it has another suffix, is a folder, or its folder is missing or cannot be written.
    """
    if not path.name.endswith(SUFFIX):
        raise UsageError(f"--bundle {path} is no {SUFFIX} file", hint=f"--bundle evidence{SUFFIX}")
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"--bundle {path} cannot be written", hint="name a file in a folder that is there")
    if folder == output.absolute():
        raise UsageError("--bundle lies in the folder that it packs", hint="name a file in another folder")
    return path


def write_bundle(path: Path, config: StageConfig, result: StageResult, compose: Compose | None) -> int:
    """Pack a finished (or interrupted) stage; the number of files in it.

    Raises:
        StorageError: the file cannot be written.
    """
    files, secrets = asyncio.run(_collected(config, result, compose))
    if config.token is not None:
        secrets = secrets | {config.token}
    redact = Redactor(secrets)
    content = {name: redact(data) for name, data in files.items()}
    sums = "".join(f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n" for name in sorted(content))
    content[SUMS] = sums.encode()
    replace_file(path, _packed(content, path.name.removesuffix(SUFFIX), _epoch(result)))
    return len(content)


async def _collected(
    config: StageConfig, result: StageResult, compose: Compose | None
) -> tuple[dict[str, bytes], set[str]]:
    files = {
        path.relative_to(config.output).as_posix(): path.read_bytes()
        for path in sorted(config.output.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and path.name not in LEFT_OUT
        and not path.name.startswith(".")
    }
    environment = {**os.environ, **config.environment}
    secrets = secrets_of(environment)
    facts = await _host(compose.cli.environment if compose is not None else environment)
    if compose is not None:
        run = await rendered(compose.cli)
        secrets |= secrets_in(run.stdout) | secrets_beside(compose.cli.files)
        files[CONFIG] = f"$ {' '.join(run.words)}\n{run.stdout}{run.stderr}".encode("utf-8", "replace")
        files[IMAGES] = _json(await _images(compose))
        facts["compose"] = {"command": compose.cli.spoken, "version": compose.cli.version}
    facts["machine"] = result.machine.model_dump(mode="json")
    files[HOST] = _json(facts)
    files[PACKAGES] = _packages().encode()
    return files, secrets


async def _images(compose: Compose) -> list[Mapping[str, Any]]:
    """Every image of the file: tag, id, bytes, digests where a registry gave some."""
    names = sorted({part.image for part in compose.parts.values() if part.image})
    run = await compose.cli.docker("image", "inspect", *names, kept=8_000_000)
    found = {tag: image for image in parse_images(run.stdout) for tag in image.tags}
    return [
        {"image": name, "id": image.id, "bytes": image.size, "digests": image.digests}
        if (image := found.get(name)) is not None
        else {"image": name, "problem": "not on this machine"}
        for name in names
    ]


async def _host(environment: Mapping[str, str]) -> dict[str, Any]:
    """What it ran on; what has no answer says why."""
    release: dict[str, str] = {}
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {"PRETTY_NAME": "not told"}
    asked = {
        "gpus": await run_command(_GPUS, environment, ASK_S),
        "docker": await run_command(("docker", "version"), environment, ASK_S),
        "disk": await run_command(("df", "-h", "/"), environment, ASK_S),
    }
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "distribution": release.get("PRETTY_NAME"),
        "python": platform.python_version(),
        **{name: _said(run) for name, run in asked.items()},
    }


def _said(run: CommandRun) -> dict[str, Any]:
    if run.exit_code == 0:
        return {"said": run.stdout.strip().splitlines()}
    words = run.problem or run.stderr.strip() or run.stdout.strip()
    return {"problem": words.splitlines()[-1] if words else f"exit {run.exit_code}"}


def _packages() -> str:
    """The installed distributions of the environment that the stage ran in."""
    found = {
        f"{each.metadata['Name']}=={each.version}"
        for each in importlib.metadata.distributions()
        if each.metadata
    }
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, default=str) + "\n").encode()


def _epoch(result: StageResult) -> int:
    return int(datetime.fromisoformat(result.finished_at).timestamp())


def _packed(content: Mapping[str, bytes], folder: str, epoch: int) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=epoch) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(content):
            about = tarfile.TarInfo(f"{folder}/{name}")
            about.size, about.mtime, about.mode = len(content[name]), epoch, 0o644
            archive.addfile(about, io.BytesIO(content[name]))
    return packed.getvalue()
