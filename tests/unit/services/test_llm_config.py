"""The settings, as what each process may use of each engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casewright.errors import ConfigError
from casewright.services.llm_config import LlmConfig, llm_config
from casewright.settings import Provider, Settings


def made(data_dir: Path, **changes: Any) -> LlmConfig:
    return llm_config(Settings(data=data_dir, **changes))


def test_every_process_gets_its_share_of_an_engine(tmp_path: Path) -> None:
    whole: dict[Provider, int] = {"vllm": 32, "ollama": 4, "embedded": 5}
    settings = Settings(
        data=tmp_path, vllm_concurrency=32, ollama_concurrency=4, embedded_slots=5, engine_sharers=3
    )
    shares = [llm_config(settings, name).engines for name in ("rag", "notes", "gateway")]
    for name, places in whole.items():
        admissions = [share[name].admission for share in shares]
        assert sum(each.concurrency for each in admissions) == places
        assert sum(each.queue for each in admissions) == 64


def test_more_processes_than_places_still_get_one_each(tmp_path: Path) -> None:
    found = made(tmp_path, ollama_concurrency=1, engine_sharers=3)
    assert found.engines["ollama"].admission.concurrency == 1


def test_a_model_is_asked_for_by_the_name_that_each_engine_has(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        ollama_model="llama3.2",
        vllm_model="meta-llama/Llama-3.2-3B-Instruct",
        model_map={"small": {"ollama": "llama3.2:1b"}},
    )
    ollama, vllm, embedded = (found.engines[name].models for name in ("ollama", "vllm", "embedded"))
    assert ollama["meta-llama/Llama-3.2-3B-Instruct"] == "llama3.2"
    assert vllm["llama3.2"] == "meta-llama/Llama-3.2-3B-Instruct"
    assert embedded["llama3.2"] == "", "its only one"
    assert (ollama["small"], "small" in vllm) == ("llama3.2:1b", False)


def test_pictures_go_where_the_settings_say(tmp_path: Path) -> None:
    found = made(tmp_path, image_engines="ollama")
    assert [name for name, access in found.engines.items() if access.images] == ["ollama"]
    assert not any(access.images for access in made(tmp_path).engines.values())


@pytest.mark.parametrize(
    "changes",
    [{"engine_order": "vllm,vllm"}, {"engine_order": ""}, {"engine_order": "gpt"}, {"image_engines": "x"}],
)
def test_lists_of_engines_that_are_none(tmp_path: Path, changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        made(tmp_path, **changes)
