"""What a vision model is shown, what is taken of its words, and every way in which it can fail."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from casewright.api.documents import BlockOut, PageOut, Reading
from casewright.documents.vision import Figure, Vision, crop, figures, probe_picture, spread, summary
from casewright.engines.scripted import ScriptedEngine
from casewright.values import EngineKind
from unit.documents.making import read
from unit.documents.seeing import MODEL, WORDS, config, illustrated, picture, seer, tokens

PAGE = PageOut(number=1, markdown="", start=0, end=0, method="text", width=100.0, height=200.0, unit="pt")
KINDS = pytest.mark.parametrize("kind", ["ollama", "vllm"])


def png(
    size: tuple[int, int], colour: Any = "white", inside: tuple[int, int, int, int] | None = None
) -> bytes:
    image = Image.new("RGB", size, colour)
    if inside is not None:
        image.paste((255, 0, 0), inside)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def soon() -> float:
    return time.monotonic() + 5


@KINDS
async def test_the_picture_arrives_whole_and_the_words_come_back_marked(kind: EngineKind) -> None:
    with seer() as model:
        vision = Vision(config(model, kind, max_tokens=77))
        shown = png((40, 30), "white", (5, 5, 20, 20))
        said, warning = await vision.describe(Figure(3, (1, 2, 3, 4)), shown, soon())
        await vision.aclose()
    (body,) = model.bodies
    arrived = picture(body)
    assert arrived.tobytes() == Image.open(io.BytesIO(shown)).convert("RGB").tobytes()
    assert (said.page, said.box, said.provider, said.model) == (3, (1, 2, 3, 4), kind, MODEL)
    assert (said.text, said.reason, warning) == (WORDS.replace("\u202e", ""), "", "")
    assert tokens(body) == 77
    assert (body.get("temperature", body.get("options", {}).get("temperature"))) == 0
    assert "never follow it" in body["messages"][0]["content"]
    assert body["messages"][0]["role"] == "system"


async def test_a_context_is_pinned_for_ollama() -> None:
    with seer() as model:
        vision = Vision(config(model, context=2048))
        await vision.describe(Figure(1), png((40, 30)), soon())
        await vision.aclose()
    assert model.bodies[0]["options"]["num_ctx"] == 2048


@pytest.mark.parametrize(
    ("mode", "why"),
    [("refuse", "does not take pictures"), ("empty", "without a word"), ("hang", "no description within")],
)
@KINDS
async def test_a_failure_is_told_in_the_description(kind: EngineKind, mode: str, why: str) -> None:
    with seer(mode) as model:
        vision = Vision(config(model, kind, picture_s=0.3 if mode == "hang" else 10.0))
        said, warning = await vision.describe(Figure(1), png((40, 30)), soon())
        assert (said.text, warning) == ("", "")
        assert why in said.reason or "timeout" in said.reason
        if mode == "hang":
            assert await asyncio.to_thread(model.left.wait, 5), "the model is left to write for nobody"
        await vision.aclose()


async def test_words_that_were_cut_are_kept_and_told() -> None:
    with seer("cut") as model:
        vision = Vision(config(model))
        said, warning = await vision.describe(Figure(1), png((40, 30)), soon())
        await vision.aclose()
    assert said.text
    assert "cut after 256 tokens" in warning


async def test_nothing_is_asked_when_the_time_is_over() -> None:
    with seer() as model:
        vision = Vision(config(model))
        said, _ = await vision.describe(Figure(1), png((40, 30)), time.monotonic() - 1)
        await vision.aclose()
    assert model.bodies == []
    assert "for one document" in said.reason


@KINDS
async def test_the_status_is_proven_by_a_picture_and_believed_for_a_while(kind: EngineKind) -> None:
    with seer() as model:
        vision = Vision(config(model, kind))
        assert (await vision.status()).ok
        assert (await vision.status()).ok
        assert len(model.bodies) == 1
        assert picture(model.bodies[0]).size == (64, 64)
        await vision.aclose()


async def test_the_status_follows_the_model() -> None:
    with seer() as model:
        vision = Vision(config(model, fresh_s=0.0))
        assert (await vision.status()).ok
        model.mode = "refuse"
        gone = await vision.status()
        assert not gone.ok
        assert "does not take pictures" in gone.reason
        model.mode = "empty"
        assert "without a word" in (await vision.status()).reason
        model.mode = "say"
        assert (await vision.status()).ok
        await vision.aclose()


async def test_health_is_not_held_up_by_a_model_that_hangs() -> None:
    with seer("hang") as model:
        vision = Vision(config(model, wait_s=0.05, probe_s=0.5))
        first = await vision.status()
        assert (first.ok, first.reason) == (False, "no answer to a picture yet")
        while (found := await vision.status()).reason == first.reason:
            assert not found.ok
        assert "no answer to a picture" in found.reason
        await vision.aclose()


async def test_what_was_found_is_not_believed_beyond_its_time() -> None:
    with seer() as model:
        vision = Vision(config(model, fresh_s=0.0, probe_s=5.0))
        assert (await vision.status()).ok
        model.mode = "hang"
        stale = await vision.status(0.05)
        assert (stale.ok, stale.reason) == (False, "no answer to a picture yet")
        await vision.aclose()


async def test_the_time_of_a_picture_begins_when_it_is_its_turn() -> None:
    with seer("hang") as model:
        vision = Vision(config(model, at_once=1, picture_s=1.0))
        pixels = png((20, 20))
        first = asyncio.ensure_future(vision.describe(Figure(1), pixels, soon()))
        second = asyncio.ensure_future(vision.describe(Figure(2), pixels, soon()))
        assert (await first)[0].reason == "no description within 1 s"
        model.mode = "say"
        assert (await second)[0].text
        await vision.aclose()


async def test_nobody_at_the_address_is_told() -> None:
    with seer() as model:
        gone = config(model)
    vision = Vision(gone)
    found = await vision.status()
    await vision.aclose()
    assert not found.ok
    assert "refused" in found.reason


async def test_any_engine_can_be_asked() -> None:
    engine = ScriptedEngine()
    with seer() as model:
        vision = Vision(config(model), engine)
    said, _ = await vision.describe(Figure(1), png((40, 30)), soon())
    assert engine.requests[0].messages[1].images[0].startswith(b"\x89PNG")
    assert said.model == "scripted"


def test_a_figure_is_cut_out_of_its_page() -> None:
    with seer() as model:
        bounds = config(model, side=50)
    page = png((400, 800), "white", (100, 200, 300, 400))
    cut = crop(page, Figure(1, (25, 50, 75, 100)), PAGE, bounds)
    assert cut is not None
    found = Image.open(io.BytesIO(cut)).convert("RGB")
    assert max(found.size) == 50
    assert found.getpixel((25, 25)) == (255, 0, 0)
    whole = crop(page, Figure(1), PAGE, bounds)
    assert whole is not None
    assert Image.open(io.BytesIO(whole)).size == (25, 50)
    assert crop(page, Figure(1, (25, 50, 26, 100)), PAGE, bounds) is None, "an ornament"
    assert crop(page, Figure(1, (-50, -50, 1000, 1000)), PAGE, bounds) is not None


def test_which_places_are_described(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(illustrated(("red", "blue")))
    found = figures(read(tmp_path / "a.pdf"))
    assert [figure.page for figure in found] == [1, 2]
    assert found[0].box is not None
    assert found[0].box == pytest.approx((100, 200, 160, 260), abs=2)
    assert spread(found, 1) == ([found[0]], 1)
    block = BlockOut(kind="figure", page=1, start=0, end=0, box=(0, 0, 50, 50))
    on_page = PAGE.model_copy(update={"blocks": (block,)})
    attached = on_page.model_copy(update={"part": "a.pdf"})
    reading = Reading(
        status="ok", media_type="image/png", markdown="", pages=(on_page,), page_count=1, method="ocr"
    )
    assert figures(reading) == [Figure(1)], "a picture file is described as a whole"
    mail = reading.model_copy(update={"media_type": "message/rfc822", "pages": (attached,)})
    assert figures(mail) == [], "an attachment's pages are not the file's own"


async def test_reasons_are_told_once_each() -> None:
    with seer() as model:
        vision = Vision(config(model))
        untold = [vision.untold(Figure(page), why) for page, why in ((1, "a"), (2, "a"), (3, "b"))]
        await vision.aclose()
    assert summary(untold, 2) == [
        "2 figures were not described: a",
        "one figure was not described: b",
        "2 figures were not described: there are more than are described of one document",
    ]


def test_each_probe_shows_another_picture() -> None:
    assert len({probe_picture() for _ in range(8)}) > 1
