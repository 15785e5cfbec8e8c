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
