"""Which file goes with which truth, and what is measured of files that cannot be read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from casewright.api.evaluation import FileEvaluation, ReadingOptions
from casewright.documents.blocks import Noted, Opened, Page, table_block, text_block
from casewright.documents.evaluate.pairs import Pair, pairs_in
from casewright.documents.evaluate.run import evaluate, summary
from casewright.documents.pages import Converted
from casewright.errors import DocumentWorkerLost, EncryptedDocument, UsageError


def put(folder: Path, *names: str, text: str = "due 12.50") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_files_and_their_truths_by_name(tmp_path: Path) -> None:
    put(
        tmp_path, "a.pdf", "a.md", "b.png", "b.png.txt", "c/d.docx", "c/d.odt", "c/d.txt", "e.txt", "e.txt.md"
    )
    put(tmp_path, "f.pdf", "README.md", ".hidden.pdf", ".git/x.pdf", "g.pdf", "g.md", "g.txt")
    found = pairs_in(tmp_path)

    def named(path: Path) -> str:
        return path.relative_to(tmp_path).as_posix()

    assert {named(pair.file): named(pair.truth) for pair in found.pairs} == {
        "a.pdf": "a.md",
        "b.png": "b.png.txt",
        "c/d.docx": "c/d.txt",
        "c/d.odt": "c/d.txt",
        "e.txt": "e.txt.md",
        "g.pdf": "g.md",
    }
    assert [named(path) for path in found.truths_without_file] == ["README.md", "g.txt"]
    assert [named(path) for path in found.files_without_truth] == ["f.pdf"]


def test_a_folder_without_a_pair_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        pairs_in(tmp_path / "none")
    with pytest.raises(UsageError, match="no file with a truth"):
        pairs_in(tmp_path)
    put(tmp_path, "x.md", "x.txt")
    with pytest.raises(UsageError, match="no file with a truth"):
        pairs_in(tmp_path)


def test_a_truth_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.pdf")
    (tmp_path / "a.md").write_bytes(b"caf\xe9")
    with pytest.raises(UsageError, match=r"a\.md is not UTF-8"):
        pairs_in(tmp_path).pairs[0].said()


def test_a_txt_has_no_tables_and_a_md_does(tmp_path: Path) -> None:
    put(tmp_path, "a.pdf", "a.txt", "b.pdf", "b.md", text="| a |\n| - |\n| *1* |")
    one, other = (pair.said() for pair in pairs_in(tmp_path).pairs)
    assert (one.tables, one.text) == (None, "| a | | - | | *1* |")
    assert (other.tables, other.text) == (((("a",), ("1",)),), "a 1")


async def read(path: Path, name: str) -> Converted:
    """A reader that reads names."""
    assert name == path.name
    if name == "locked.pdf":
        raise EncryptedDocument("it asks for a password", hint="give it")
    if name == "deadly.pdf":
        raise DocumentWorkerLost("its worker died", hint="send it again")
    found = Converted()
    found.add(Opened("application/pdf"))
    found.add(Page((text_block("paragraph", "due 12.50"), table_block([["a", "b"], ["1", "2"]])), "text"))
    if name == "half.pdf":
        found.add(Noted("page 2 is damaged", lost=True))
    return found


async def all_of(pairs: tuple[Pair, ...], folder: Path) -> list[FileEvaluation]:
    return [file async for file in evaluate(pairs, folder, read, at_once=2)]


def test_each_file_is_scored_whatever_became_of_it(tmp_path: Path) -> None:
    text = "due 12.50\n\n| a | b |\n| - | - |\n| 1 | 2 |"
    for name in ("good", "half", "locked", "deadly"):
        put(tmp_path, f"{name}.pdf", f"{name}.md", text=text)
    found = pairs_in(tmp_path)
    done = asyncio.run(all_of(found.pairs, tmp_path))
    result = summary(
        tmp_path,
        found,
        ReadingOptions(ocr="auto", ocr_engine="rapidocr", workers=2),
        done,
        seconds=1.0,
        interrupted=False,
    )
    assert [(file.path, file.status, file.method) for file in result.files] == [
        ("deadly.pdf", "failed", None),
        ("good.pdf", "ok", "text"),
        ("half.pdf", "partial", "text"),
        ("locked.pdf", "rejected", None),
    ]
    assert result.files[0].reason == "its worker died"
    assert "damaged" in result.files[2].reason
    assert (result.read.count, result.read.total) == (1, 4)
    assert (result.totals.characters.count, result.totals.characters.total) == (34, 68)
    assert result.totals.cells_in_place is not None
    assert (result.totals.cells_in_place.count, result.totals.cells_in_place.total) == (8, 16)
    assert result.totals.numbers_found.value == 0.5
    assert result.totals.numbers_true.value == 1.0
    assert result.pages == 2


def test_closing_early_leaves_nothing_running(tmp_path: Path) -> None:
    put(tmp_path, "a.pdf", "a.md", "b.pdf", "b.md")
    pairs = pairs_in(tmp_path).pairs

    async def first_only() -> int:
        held = asyncio.Event()

        async def slow(path: Path, name: str) -> Converted:
            if name == "b.pdf":
                await held.wait()
            return await read(path, name)

        files = evaluate(pairs, tmp_path, slow, at_once=2)
        assert (await anext(files)).path == "a.pdf"
        await files.aclose()
        return len(asyncio.all_tasks())

    assert asyncio.run(first_only()) == 1
