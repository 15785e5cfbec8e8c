"""What is started from which settings, and what cannot be."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.errors import ConfigError
from casewright.settings import Settings
from casewright.stack.plan import Places, ProcessSpec, StackPlan, plan_from
from casewright.stack.supervisor import config_text

PLACES = Places(Path("/data dir/%x"))


def test_the_services_are_told_where_the_others_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        data=Path("here"),
        engine_port=20001,
        rag_port=20002,
        embedded_model=Path("m.gguf"),
        embedded_threads=2,
    )
    plan = plan_from(settings)
    assert [each.name for each in plan.processes] == ["engine", "rag", "notes", "documents", "web"]
    told = plan.environment
    assert told["RAG_URL"] == "http://127.0.0.1:20002"
    assert told["CASEWRIGHT_EMBEDDED_URL"] == "http://127.0.0.1:20001"
    assert told["CASEWRIGHT_DATA"] == str(tmp_path / "here")
    assert told["CASEWRIGHT_EMBEDDED_MODEL"] == str(tmp_path / "m.gguf")
    assert told["OMP_NUM_THREADS"] == "1"
    engine = plan.process("engine")
    assert engine is not None
    assert " ".join(engine.command[-10:]) == "--api both --port 20001 --threads 2 --slots 4 --context 2048"


def test_without_the_engine_its_url_stays_the_settings_one() -> None:
    plan = plan_from(Settings(), engine=False)
    assert plan.process("engine") is None
    assert "CASEWRIGHT_EMBEDDED_URL" not in plan.environment


def test_what_is_asked_for_beside_our_own_is_started_and_the_services_are_told(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path / "a {b}", chroma_server_port=20007, vllm_server_port=20008, n8n_port=20009
    )
    plain = plan_from(settings)
    assert not {"CHROMA_HOST", "VLLM_URL", "N8N_PORT"} & plain.environment.keys()
    plan = plan_from(settings, more=("n8n", "chroma", "vllm"))
    assert [each.name for each in plan.processes[5:]] == ["chroma", "vllm", "n8n"]
    chroma, vllm, n8n = plan.processes[5:]
    assert chroma.command[1:] == (
        *("run", "--path", f"{tmp_path}/a {{b}}/chroma"),
        *("--host", "127.0.0.1", "--port", "20007"),
    )
    assert (chroma.url + chroma.health, chroma.setting) == (
        "http://127.0.0.1:20007/api/v2/heartbeat",
        "CASEWRIGHT_CHROMA_PORT",
    )
    assert vllm.command[2:7] == ("casewright", "engine", "serve-vllm", "--port", "20008")
    assert n8n.health == "/healthz"
    told = plan.environment
    assert (told["CHROMA_HOST"], told["CHROMA_PORT"], told["CHROMA_SSL"]) == ("127.0.0.1", "20007", "off")
    assert told["VLLM_URL"] == "http://127.0.0.1:20008"
    assert (told["N8N_PORT"], told["N8N_LISTEN_ADDRESS"]) == ("20009", "127.0.0.1")
    assert told["N8N_USER_FOLDER"] == f"{tmp_path}/a {{b}}/n8n"
    assert told["ANONYMIZED_TELEMETRY"] == "FALSE"
    assert not any(each.ours for each in (chroma, n8n, vllm))


def test_the_settings_name_what_is_started_and_what_cannot_be_is_refused() -> None:
    names = [each.name for each in plan_from(Settings(up_with=" chroma, n8n")).processes]
    assert names[5:] == ["chroma", "n8n"]
    assert plan_from(Settings(up_with="chroma"), more=()).process("chroma") is None
    with pytest.raises(ConfigError, match="redis"):
        plan_from(Settings(up_with="chroma,redis"))


@pytest.mark.parametrize(
    ("settings", "name", "variable"),
    [
        (Settings(chroma_host="10.1.2.3"), "chroma", "CHROMA_HOST=10.1.2.3"),
        (Settings(vllm_url="http://me:secret@gpu:8000"), "vllm", "VLLM_URL="),
    ],
)
def test_a_server_that_was_named_is_not_started_in_another_place(
    settings: Settings, name: str, variable: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_from(settings, more=(name,))
    assert variable in caught.value.message
    assert f"--no-{name}" in caught.value.hint
    assert "secret" not in str(caught.value)
    assert plan_from(settings).process(name) is None


def test_one_port_for_two_is_refused_with_both_settings() -> None:
    with pytest.raises(ConfigError) as caught:
        plan_from(Settings(rag_port=20002, notes_port=20002))
    assert "rag and notes are both given port 20002" in caught.value.message
    assert "CASEWRIGHT_RAG_PORT or CASEWRIGHT_NOTES_PORT" in caught.value.hint


def program_of(word: str) -> list[str]:
    """A command's words as supervisord reads them from our file."""
    spec = ProcessSpec(name="rag", command=("/bin/x", word), port=1, setting="X")
    text = config_text(StackPlan(processes=(spec,), environment={}), PLACES, "/usr/bin/python")
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(text)
    found = shlex.split(parser["program:rag"]["command"] % {})
    return found[found.index("--") + 1 :]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=40))
def test_a_word_arrives_as_it_was_or_is_refused(word: str) -> None:
    try:
        found = program_of(word)
    except ConfigError:
        assert " ;" in word or " #" in word or any(each.isspace() and each != " " for each in word)
        return
    assert found == ["/bin/x", word]


@pytest.mark.parametrize("word", ["a ;b", "a\nb", "a #b"])
def test_what_the_file_cannot_say_is_refused(word: str) -> None:
    with pytest.raises(ConfigError, match="configuration"):
        program_of(word)
