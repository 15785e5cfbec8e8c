"""The documents hold: links lead somewhere, named modules exist, generated pages are current."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from casewright.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
MODULE = re.compile(r"`(casewright(?:\.\w+)+)`")
COMMAND = re.compile(r"^(?:\$ )?(casewright(?: [a-z][a-z-]*)+)", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_named_modules_exist(page: Path) -> None:
    missing = []
    for name in set(MODULE.findall(page.read_text())):
        parent, _, leaf = name.rpartition(".")
        try:
            found = importlib.util.find_spec(name) or hasattr(importlib.import_module(parent), leaf)
        except ModuleNotFoundError:
            found = hasattr(importlib.import_module(parent), leaf)
        if not found:
            missing.append(name)
    assert missing == []


def test_layout_in_the_architecture_page_is_the_one_on_disk() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    paths = re.findall(r"`((?:src|tests|tools|benchmarks|docs|requirements)/[\w/.-]*)`", text)
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_command_page_is_generated_from_the_commands() -> None:
    done = subprocess.run(
        [sys.executable, "tools/cli_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_commands_named_in_the_documents_exist() -> None:
    known = set(re.findall(r"^## `([^`]+)`$", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE))
    unknown = []
    for page in PAGES:
        for block in re.findall(r"```(?:bash|console|sh)\n(.*?)```", page.read_text(), re.DOTALL):
            for found in COMMAND.findall(block):
                words = found.split()
                if " ".join(words[:3]) not in known and " ".join(words[:2]) not in known:
                    unknown.append((name_of(page), found))
    assert unknown == []


def shown_commands() -> list[tuple[str, str]]:
    """Every whole ``casewright …`` line of the documents' shell blocks, comments and prompts taken off."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```(?:bash|console|sh)\n(.*?)```", page.read_text(), re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            found += [(name_of(page), line.removeprefix("$ ")) for line in lines]
    return [(page, line) for page, line in found if line.startswith("casewright ")]


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_shown_commands_parse_with_their_options(page: str, line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line, comments=True)[1:]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    context = command.make_context(command.name, list(words))
    assert context.params or not command.params, f"{page}: {line}"  # some commands take no words


def test_pages_speak_of_no_machine_and_no_private_path() -> None:
    words = ("/work/", "/root/", "shared/", ".library")
    found = [(name_of(page), word) for page in PAGES for word in words if word in page.read_text()]
    assert found == []
