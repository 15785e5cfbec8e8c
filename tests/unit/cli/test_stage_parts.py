"""What a stage starts beside our own, and what it says stands in for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from casewright.cli.stage import config_of, stand_ins
from casewright.cli.stage_parts import dependencies, with_parts
from casewright.settings import Settings
from casewright.staging.checklist import BY_ID
from casewright.staging.compose import DEADLINES
from casewright.staging.config import StageConfig


def config(settings: Settings, *, attach: bool = False, chroma: bool | None = None) -> StageConfig:
    made = config_of(settings, (), attach=attach, sample=None, output=Path("/nowhere"))
    return with_parts(made, settings, chroma)


@pytest.mark.parametrize(
    ("settings", "chroma", "started"),
    [
        ({}, None, ("chroma",)),  # it is installed here, and the plan's stack has one
        ({}, False, ()),
        ({"chroma_host": "10.1.2.3"}, None, ()),
        ({"up_with": "n8n"}, None, ("chroma", "n8n")),
        ({"up_with": "chroma,vllm"}, False, ("vllm",)),
    ],
)
def test_chroma_is_started_unless_told_otherwise_or_another_is_named(
    tmp_path: Path, settings: dict[str, str], chroma: bool | None, started: tuple[str, ...]
) -> None:
    read = Settings.model_validate({"data": tmp_path, **settings})
    assert dependencies(read, chroma) == started
    words = config(read, chroma=chroma).up_words
    assert {word for word in words if not word.startswith("--no-")} == {f"--{name}" for name in started}
    assert len(words) == 3  # what is not started is said, so that the environment does not start it


def test_what_compiles_at_its_first_start_is_waited_for_and_not_stood_in_for(tmp_path: Path) -> None:
    plain, real = Settings(data=tmp_path), Settings(data=tmp_path, up_with="vllm")
    assert config(plain).deadlines.start_s < 300
    assert config(real).deadlines.start_s > 1200
    assert config(plain).deadlines.start_bound_s == 30
    # a bound that is told where the box is
    assert f"{config(real).deadlines.start_bound_s:g} s" in BY_ID["startup.services"].threshold
    n8n = Settings(data=tmp_path, up_with="n8n")
    assert config(n8n).deadlines.start_bound_s == 180
    assert "n8n or vLLM among the processes 180 or 1260 s" in BY_ID["startup.services"].threshold
    assert f"{DEADLINES.start_bound_s:g} s" in BY_ID["startup.services"].threshold
    assert "VLLM_URL" in stand_ins(plain)
    assert "VLLM_URL" not in stand_ins(real)


def test_every_part_of_the_plans_stack_is_named_with_its_container_and_its_stand_in(tmp_path: Path) -> None:
    parts = {part.name: part for part in config(Settings(data=tmp_path)).parts}
    assert parts["rag"].container == "rag-service (casewright-rag:local)"
    assert parts["vllm"].container == "vllm (vllm/vllm-openai:v0.30.0, docker-compose.vllm.yml only)"
    assert "answers Ollama's API under its own name" in parts["ollama"].instead
    assert "embedded client" in parts["chroma"].instead
    assert parts["n8n"].instead.startswith("nothing: no workflow runs")
    program = tmp_path / "n8n"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    installed = config(Settings(data=tmp_path, n8n_command=program)).parts
    (words,) = [part.instead for part in installed if part.name == "n8n"]
    assert "installed, and started with CASEWRIGHT_UP_WITH=n8n only" in words


def test_the_locks_that_are_installed_anew_are_those_of_the_clone_unless_left_out(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    made = config_of(settings, (), attach=False, sample=None, output=Path("/nowhere"))
    assert with_parts(made, settings, None).requirements is None
    found = with_parts(made, settings, None, clean_install=True).requirements
    assert found is not None
    assert (found / "run.lock").is_file()


def test_a_server_that_was_named_is_what_answers_and_attached_nothing_is_known(tmp_path: Path) -> None:
    named = Settings(data=tmp_path, ollama_url="http://me:secret@gpu:11434", chroma_host="vectors")
    parts = {part.name: part.instead for part in config(named).parts}
    assert parts["chroma"] == "the server at vectors:8000"
    assert parts["ollama"].startswith("the server at http://")
    assert "gpu:11434" in parts["ollama"]
    assert "secret" not in parts["ollama"]
    attached = config(Settings(data=tmp_path), attach=True).parts
    assert {part.instead for part in attached} == {"not seen"}
