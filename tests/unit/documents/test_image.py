"""Pictures of text: figures exact, bombs refused, nothing read from nothing."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge, UnreadableDocument
from unit.documents.making import LINES, picture, read


def test_amount_date_and_reference_are_read_exactly(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    (page,) = found.pages
    assert (found.media_type, page.method, found.warnings) == ("image/png", "ocr", ())
    assert page.markdown.split("\n") == list(LINES)
    assert page.confidence is not None
    assert 0.9 < page.confidence <= 1


@pytest.mark.parametrize(("suffix", "kind"), [("jpg", "image/jpeg"), ("webp", "image/webp")])
def test_other_kinds(tmp_path: Path, suffix: str, kind: str) -> None:
    picture(LINES[1:2]).save(tmp_path / f"a.{suffix}", quality=95)
    found = read(tmp_path / f"a.{suffix}")
    assert (found.media_type, found.pages[0].markdown) == (kind, LINES[1])


def test_a_tiff_has_a_page_for_each_picture(tmp_path: Path) -> None:
    first, second = picture(LINES[1:2]), picture(LINES[2:3])
    first.save(tmp_path / "a.tiff", save_all=True, append_images=[second])
    found = read(tmp_path / "a.tiff")
    assert [page.markdown for page in found.pages] == list(LINES[1:3])
    with pytest.raises(DocumentTooLarge, match="2 pictures, 1 are read"):
        read(tmp_path / "a.tiff", limits=DocumentLimits(ocr_pages=1))


def test_a_photograph_is_turned_as_the_camera_noted(tmp_path: Path) -> None:
    turned = picture(LINES[1:2]).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    turned.save(tmp_path / "a.jpg", quality=95, exif=exif)
    assert read(tmp_path / "a.jpg").pages[0].markdown == LINES[1]


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90])
def test_a_page_that_lies_upside_down_or_on_its_side_is_turned(tmp_path: Path, turn: Image.Transpose) -> None:
    picture().transpose(turn).save(tmp_path / "a.png")
    (page,) = read(tmp_path / "a.png").pages
    assert page.markdown.split("\n") == list(LINES)
    assert any("turned by" in warning for warning in page.warnings)


def test_long_lines_of_a_dense_page_keep_every_figure(tmp_path: Path) -> None:
    line = "owed £1,240.50 (ref PPR-9087), tel 0113 496 0182, of which £310.07 on 14/03/2026"
    lines = [f"{number:03d} {line}" for number in range(1, 7)]
    picture(lines, points=8).save(tmp_path / "a.png")
    (page,) = read(tmp_path / "a.png").pages
    assert re.findall(r"\d+", page.markdown) == re.findall(r"\d+", " ".join(lines))


def test_transparency_is_white_paper(tmp_path: Path) -> None:
    solid = picture(LINES[1:2]).convert("L")
    clear = Image.new("RGBA", solid.size, (0, 0, 0, 0))
    clear.putalpha(solid.point(lambda value: 255 - value))
    clear.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").pages[0].markdown == LINES[1]


def test_a_blank_picture_is_said_and_nothing_invented(tmp_path: Path) -> None:
    Image.new("RGB", (600, 400), "white").save(tmp_path / "a.png")
    (page,) = read(tmp_path / "a.png").pages
    assert (page.markdown, page.method, page.confidence) == ("", "none", None)
    assert page.warnings == ("nothing could be read in this image",)


def test_a_bomb_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"\0"))
    with pytest.raises(DocumentTooLarge, match="pixels"):
        read(tmp_path / "a.png")


def test_a_picture_cut_short_is_damaged(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableDocument, match="PNG image is damaged"):
        read(tmp_path / "a.png")
