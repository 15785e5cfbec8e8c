"""The provider file: replaced whole, watched, never guessed around."""

from __future__ import annotations

from pathlib import Path

import pytest

from casewright.errors import StorageError
from casewright.services.provider import FILE, ProviderFile


def test_the_file_outranks_the_environment_which_outranks_the_default(tmp_path: Path) -> None:
    file = ProviderFile(tmp_path)
    assert file.choose(None).model_dump() == {"provider": "embedded", "source": "default"}
    assert file.choose("vllm").model_dump() == {"provider": "vllm", "source": "environment"}
    file.write("ollama")
    assert file.choose("vllm").model_dump() == {"provider": "ollama", "source": "file"}
    assert file.clear()
    assert not file.clear()
    assert file.choose("vllm").source == "environment"


def test_another_reader_sees_every_change(tmp_path: Path) -> None:
    writer, reader = ProviderFile(tmp_path), ProviderFile(tmp_path)
    for name in ("ollama", "vllm", "embedded", "vllm"):
        written = writer.write(name)
        assert reader.read() == written
    writer.clear()
    assert reader.read() is None


@pytest.mark.parametrize("text", ["", "{", '{"provider": "gpt"}', '{"provider": "vllm"}'])
def test_a_file_that_says_nothing_clear_is_an_error_and_no_guess(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(StorageError, match="does not name a provider"):
        ProviderFile(tmp_path).choose("vllm")


def test_a_write_leaves_nothing_else_behind(tmp_path: Path) -> None:
    ProviderFile(tmp_path).write("vllm")
    assert [path.name for path in (tmp_path / FILE).parent.iterdir()] == [FILE.name]
