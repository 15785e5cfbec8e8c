"""What is embedded of a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.knowledge.chunk import chunk
from casewright.knowledge.embed_static import StaticModel
from casewright.knowledge.models import find_model
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Chunk, PageSpan, SourceDocument
from casewright.knowledge.tokens import ModelTokens
from casewright.knowledge.vectors import embed_chunks, windows

MAX_TOKENS = 256


@cache
def tokens() -> ModelTokens:
    return find_model("minilm").tokens()


def chunks_of(text: str) -> list[Chunk]:
    page = PageSpan(1, 0, len(text))
    return chunk(SourceDocument("a", "text/plain", "", text, (page,)), tokens())


def seen(text: str) -> int:
    return len(tokens().ids([text], special=True)[0])


class Static:
    """The static model where it is called, without a process."""

    def __init__(self) -> None:
        model = find_model("wordllama")
        self._loaded = StaticModel(model)
        self.stamp = model.stamp
        self.max_tokens = MAX_TOKENS

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return self._loaded.embed(texts)


def test_a_chunk_is_embedded_under_its_documents_name_and_headings_without_marks() -> None:
    text = "# Report\n\n## Rent\n\nShe owes \\*all\\* of it.\n\n## Repairs\n\nNone."
    first, second = chunks_of(text)
    assert windows(first, "rent_letter.pdf", tokens(), MAX_TOKENS) == [
        "rent letter\nReport\n\nRent\n\nShe owes *all* of it."
    ]
    assert windows(second, "", tokens(), MAX_TOKENS) == ["Report\nRepairs\n\nNone."]


def test_a_long_table_is_embedded_in_windows_with_its_head_row() -> None:
    rows = "\n".join(
        f"| {number} May 2024 | standing order {number} | £{number}.00 |" for number in range(90)
    )
    (table,) = chunks_of(f"# Orders\n\n| Date | What | Amount |\n| --- | --- | --- |\n{rows}")
    found = windows(table, "statement.pdf", tokens(), MAX_TOKENS)
    assert len(found) > 3
    assert all(text.startswith("statement: Orders\nDate, What, Amount\n") for text in found)
    assert all(seen(text) <= MAX_TOKENS for text in found)
    for number in range(90):
        assert sum(f"standing order {number}, " in text for text in found) == 1


async def test_a_chunk_of_windows_has_their_mean_and_others_their_own() -> None:
    rows = "\n".join(f"| {number} May | standing order {number} | £{number}.00 |" for number in range(90))
    chunks = chunks_of(f"Before.\n\n| Date | What | Amount |\n| --- | --- | --- |\n{rows}\n\nBehind.")
    embedder = Static()
    found = await embed_chunks(chunks, "a.pdf", tokens(), embedder)
    assert found.shape == (3, embedder.stamp.dimensions)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    (alone,) = await embedder.embed(windows(chunks[2], "a.pdf", tokens(), MAX_TOKENS))
    assert found[2].tobytes() == alone.tobytes()
    parts = await embedder.embed(windows(chunks[1], "a.pdf", tokens(), MAX_TOKENS))
    mean = parts.mean(axis=0)
    assert np.allclose(found[1], mean / np.linalg.norm(mean), atol=1e-5)
    assert (await embed_chunks([], "a", tokens(), embedder)).shape == (0, embedder.stamp.dimensions)


@settings(max_examples=60, deadline=None)
@given(
    text=st.lists(
        st.sampled_from(
            [
                "# A heading of some words",
                "word " * 300,
                "| a | b |\n| --- | --- |\n" + "| some words | and more |\n" * 90,
                "|" + " word |" * 400 + "\n| --- |\n| b |",
                "| --- |\n| --- |",
                "a-b" * 300,
                "",
                "The end.",
            ]
        ),
        min_size=1,
        max_size=6,
    ).map("\n\n".join),
    name=st.sampled_from(["", "a.pdf", "word " * 60, "x" * 400, "-" * 400]),
)
def test_no_word_is_beyond_what_the_model_reads(text: str, name: str) -> None:
    for found in chunks_of(text):
        texts = windows(found, name, tokens(), MAX_TOKENS)
        assert texts
        assert all(seen(part) <= MAX_TOKENS for part in texts)
        assert "".join(texts).count("word") >= found.text.count("word")
