"""The gateway as the settings make it: dead engines, a switch while it runs, and names of models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai

from casewright.services.gateway import config_from, create_app
from casewright.services.provider import ProviderFile
from casewright.settings import Settings
from contract.scripted_upstream import ABOUT, Face
from contract.services import ask
from ports import nobody
from serving import served

MESSAGES: Any = [{"role": "user", "content": "Hello"}]
DEAD_FIRST = ("3", "true")


@contextmanager
def over(face: Face, data_dir: Path, **more: Any) -> Iterator[str]:
    """Two engines that are not there before the one that is."""
    settings = Settings(
        data=data_dir,
        vllm_url=nobody(),
        ollama_url=nobody(),
        embedded_url=face.url,
        engine_order="vllm,ollama,embedded",
        **more,
    )
    with served(create_app(config_from(settings, "127.0.0.1", 0))) as url:
        yield url


def answered(url: str, model: str = "auto") -> tuple[str | None, tuple[str | None, str | None]]:
    """Who answered a stream, and after how many attempts by fallback or not."""
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    raw = client.chat.completions.with_raw_response.create(model=model, messages=MESSAGES, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in raw.parse() if chunk.choices)
    assert text == "Hello wörld"
    told = raw.headers
    return told.get("x-casewright-provider"), (
        told.get("x-casewright-attempts"),
        told.get("x-casewright-fallback"),
    )


def test_dead_engines_are_passed_over_and_seen_in_health(face: Face, tmp_path: Path) -> None:
    with over(face, tmp_path, llm_provider="vllm") as url:
        assert answered(url) == ("embedded", DEAD_FIRST)
        assert answered(url) == ("embedded", DEAD_FIRST)
        health = ask(f"{url}/health")[2]
        states = {row["name"]: row["breaker"] for row in health["engine"]["engines"]}
        assert states["embedded"] == "closed"
        assert {states["vllm"], states["ollama"]} <= {"open", "half_open"}
        assert 'cause="connection_refused"' in ask(f"{url}/metrics")[2]


def test_a_switch_is_seen_by_the_next_request(face: Face, tmp_path: Path) -> None:
    with over(face, tmp_path, llm_provider="vllm") as url:
        assert answered(url) == ("embedded", DEAD_FIRST)
        ProviderFile(tmp_path).write("embedded")
        assert answered(url) == ("embedded", ("1", "false"))


def test_a_name_of_the_map_is_listed_and_asked_for_by_its_name_there(face: Face, tmp_path: Path) -> None:
    names = {"llama3.2": {"embedded": ABOUT.model, "vllm": "meta-llama/Llama-3.2-3B-Instruct"}}
    with over(face, tmp_path, llm_provider="embedded", model_map=names) as url:
        listed = [entry["id"] for entry in ask(f"{url}/v1/models")[2]["data"]]
        assert listed == ["auto", "llama3.2", ABOUT.model]
        assert answered(url, "llama3.2") == ("embedded", ("1", "false"))


def test_without_fallback_only_the_engine_asked_for_is_tried(face: Face, tmp_path: Path) -> None:
    with over(face, tmp_path, llm_provider="vllm", fallback="off") as url:
        status, headers, body = ask(
            f"{url}/v1/chat/completions",
            b'{"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}',
        )
        assert (status, body["error"]["code"]) == (503, "all_engines_failed")
        assert [tried["route"] for tried in body["casewright"]["attempts"]] == ["vllm"]
        assert "x-casewright-provider" not in headers
