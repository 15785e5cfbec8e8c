"""The clean install: real environments, a package by its hash, and what keeps it from being judged."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from casewright.staging.ask import Client
from casewright.staging.clean_install import clean_install, refused
from casewright.staging.config import StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.stack import run_command
from unit.staging.faults import assert_failed, injects
from unit.staging.stack import StandInStack, told

INFO = "tiny-1.0.dist-info"


def wheel(folder: Path) -> str:
    """A wheel of nothing, and its SHA-256."""
    parts = {
        f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in parts.items())
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for name, text in {**parts, f"{INFO}/RECORD": f"{record}{INFO}/RECORD,,\n"}.items():
            file.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def locked(folder: Path, digest: str) -> Path:
    place = folder / "requirements"
    place.mkdir()
    (place / "run.lock").write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n")
    return place


async def entered(folder: Path, locks: Path | None) -> Ledger:
    config = StageConfig(folder, folder / "out", {}, ("false",), requirements=locks)
    async with Client(5) as client:
        context = Context(config, client, StandInStack(folder), Ledger())
        context.ledger.add("build.images", await clean_install(context))
    return context.ledger


def test_what_is_locked_is_installed_and_goes_away_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    found = asyncio.run(entered(tmp_path, locked(tmp_path, wheel(tmp_path))))
    entry = found.entries()["build.images"]
    assert [each.ok for each in entry.findings] == [True, True], entry.findings
    assert "packages in" in entry.findings[0].seen
    assert [each.words[-1] for each in entry.commands][-1] == "check"
    assert "--require-hashes" in entry.commands[1].words
    assert not list(tmp_path.glob("casewright-install-*"))


@injects("build.images")
async def test_a_package_that_is_not_what_was_locked_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheel(tmp_path)
    found = await entered(tmp_path, locked(tmp_path, "0" * 64))
    assert_failed(found, "build.images", "what is locked, by hash", "sha256")


async def test_without_a_network_it_is_not_measured_with_the_last_line_of_pip(tmp_path: Path) -> None:
    # without a second try, pip would not say what became of the first
    index = ("--retries", "1", "--index-url", "http://127.0.0.1:1/simple")
    words = ("install", "--dry-run", "--no-deps", *index)
    run = await run_command((sys.executable, "-m", "pip", *words, "tiny==1.0"), os.environ, 30)
    assert run.exit_code == 1
    found = refused("what is locked, by hash", run)
    assert (found.ok, found.not_proven) == (None, False)
    assert "No matching distribution found for tiny" in found.seen


async def test_without_locks_it_is_not_measured_and_at_the_deadline_not_proven(tmp_path: Path) -> None:
    for locks in (None, tmp_path / "nowhere"):
        (found,) = (await entered(tmp_path, locks)).entries()["build.images"].findings
        assert (found.ok, found.not_proven) == (None, False)
    late = told("pip", code=None).model_copy(update={"problem": "no end within 600 s; it was stopped"})
    assert (refused("it", late).ok, refused("it", late).not_proven) == (None, True)
