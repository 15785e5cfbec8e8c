"""What the documents tell an operator to type: keys with scopes, the token of gated weights, the load."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from casewright.cli.main import run
from unit.deploy.compose_files import ROOT

PAGES = ("docs/runbook.md", "docs/containers.md", "docs/running.md", "README.md", ".env.example")
KEYS = re.compile(r"keys create [a-zA-Z]+(?: --scope [a-z]+)*")
FENCE = re.compile(r"```(?:bash|console)\n(.*?)```", re.DOTALL)


def commands(page: str) -> Iterator[str]:
    """The commands of a page's blocks, continued lines in one."""
    for block in FENCE.findall((ROOT / page).read_text()):
        yield from block.replace("\\\n", " ").splitlines()


def keys_made() -> list[str]:
    """The words after `casewright` wherever a key is made."""
    texts = [" ".join((ROOT / page).read_text().replace("\\\n", " ").split()) for page in PAGES]
    return [
        found for text in texts for found in re.findall(r"keys create [a-zA-Z]+(?: --scope [a-z]+)*", text)
    ]


def test_every_key_that_the_documents_make_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWRIGHT_DATA", str(tmp_path))
    made = keys_made()
    assert len(made) >= 4
    for words in made:
        assert run(shlex.split(words)) == 0, words
    # what the stage asks with opens whatever it asks
    (stage,) = [words for words in made if words.split()[2] == "stage"]
    assert stage.split()[4::2] == ["rag", "notes", "documents", "web"]


@pytest.mark.parametrize(
    ("env", "token"),
    [('A=1\nHF_TOKEN=old\nHF_TOKEN="hf_new"\n', "hf_new"), ("A=1\nHF_TOKEN=\n", ""), ("A=1\n", "")],
)
def test_the_token_of_gated_weights_is_what_env_says_for_root_alone_and_always_there(
    env: str, token: str, tmp_path: Path
) -> None:
    (line,) = [
        each for each in commands("docs/runbook.md") if "hf_token" in each and not each.startswith("#")
    ]
    (tmp_path / ".env").write_text(env)
    (tmp_path / "deploy" / "secrets").mkdir(parents=True)
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    # whoever runs the tests may not be root, and gives the file to nobody
    sudo.write_text('#!/bin/sh\necho "$@" > asked\nshift 7\nexec install -m 600 "$@"\n')
    sudo.chmod(0o755)
    environment = {"PATH": f"{sudo.parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, check=True)
    kept = tmp_path / "deploy" / "secrets" / "hf_token"
    assert kept.read_text() == token
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "asked").read_text().split()[:7] == ["install", "-m", "600", "-o", "0", "-g", "0"]


def test_a_backup_is_restored_by_who_can_read_it_into_a_volume_without_cases() -> None:
    lines = list(commands("docs/runbook.md"))
    (restore,) = [each for each in lines if " restore " in each]
    assert "--user 10001:10001" in restore
    assert restore.split()[-1].startswith("/data/")
    before = "\n".join(lines[: lines.index(restore)])
    assert "install -m 600 -o 10001 -g 10001" in before
    assert "mv /data/knowledge" in before


def test_what_make_setup_installs_can_make_the_load() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^\t\$\(UV_LOCK\).* --extra load -o requirements/run\.lock", makefile, re.M)
    locked = (ROOT / "requirements" / "run.lock").read_text()
    for name in ("locust", "gevent", "geventhttpclient", "pyzmq", "flask", "werkzeug"):
        assert re.search(rf"^{name}==\S+ \\\n    --hash=sha256:", locked, re.M), name
    # one version of each package in both locks
    developed = set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / "dev.lock").read_text(), re.M))
    assert set(re.findall(r"^\S+==\S+", locked, re.M)) <= developed
