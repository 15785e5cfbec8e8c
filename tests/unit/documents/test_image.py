"""Pictures of text: figures exact, bombs refused, nothing read from nothing, nothing lost in silence."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from casewright.documents.limits import DocumentLimits
from casewright.documents.options import OcrOptions, ReadOptions
from casewright.documents.picture import upright
from casewright.errors import DocumentTooLarge, UnreadableDocument
from unit.documents.making import LINES, picture, read

SHORT = LINES[1:2]


def test_amount_date_and_reference_are_read_exactly(tmp_path: Path) -> None:
    made = picture()
    made.save(tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    (page,) = found.pages
    assert (found.status, found.media_type, page.method, found.warnings) == ("ok", "image/png", "ocr", ())
    assert page.markdown.split("\n") == list(LINES) or page.markdown.split("\n\n") == list(LINES)
    assert page.confidence is not None
    assert 0.9 < page.confidence <= 1
    assert (page.width, page.height, page.unit) == (made.width, made.height, "px")
    assert page.doubts == ()


def test_every_piece_has_its_box_on_the_ink(tmp_path: Path) -> None:
    made = picture()
    made.save(tmp_path / "a.png")
    (page,) = read(tmp_path / "a.png").pages
    pieces = [piece for block in page.blocks for piece in block.pieces]
    assert len(pieces) == len(LINES)
    ink = np.asarray(made.convert("L")) < 128
    inside = np.zeros_like(ink)
    for piece in pieces:
        assert piece.box is not None
        x0, y0, x1, y1 = (round(value) for value in piece.box)
        inside[y0:y1, x0:x1] = True
        assert ink[y0:y1, x0:x1].any()
        assert y1 - y0 < made.height / 4
    assert (ink & inside).sum() > 0.98 * ink.sum()


@pytest.mark.parametrize(("suffix", "kind"), [("jpg", "image/jpeg"), ("webp", "image/webp")])
def test_other_kinds(tmp_path: Path, suffix: str, kind: str) -> None:
    picture(SHORT).save(tmp_path / f"a.{suffix}", quality=95)
    found = read(tmp_path / f"a.{suffix}")
    assert (found.media_type, found.pages[0].markdown) == (kind, LINES[1])


def test_a_tiff_has_a_page_for_each_picture(tmp_path: Path) -> None:
    first, second = picture(SHORT), picture(LINES[2:3])
    first.save(tmp_path / "a.tiff", save_all=True, append_images=[second])
    found = read(tmp_path / "a.tiff")
    assert [page.markdown for page in found.pages] == list(LINES[1:3])
    rest = read(tmp_path / "a.tiff", options=ReadOptions(first_page=2))
    assert [page.markdown for page in rest.pages] == [LINES[2]]
    with pytest.raises(DocumentTooLarge, match="2 pictures, 1 are read"):
        read(tmp_path / "a.tiff", limits=DocumentLimits(ocr_pages=1))


def test_a_broken_picture_of_a_tiff_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    first, second = picture(SHORT), picture(LINES[2:3])
    first.save(tmp_path / "a.tiff", save_all=True, append_images=[second, first], compression="tiff_lzw")
    with Image.open(tmp_path / "a.tiff") as image:
        image.seek(1)
        at, length = image.tag_v2[273][0], sum(image.tag_v2[279])  # type: ignore[attr-defined]
    whole = bytearray((tmp_path / "a.tiff").read_bytes())
    whole[at : at + length] = b"\xff" * length
    (tmp_path / "a.tiff").write_bytes(bytes(whole))
    found = read(tmp_path / "a.tiff")
    assert [page.markdown for page in found.pages] == [LINES[1], "", LINES[1]]
    assert found.status == "partial"
    assert "picture 2 of the TIFF image is damaged" in found.reason


def test_a_picture_that_moves_is_read_once_and_that_is_said(tmp_path: Path) -> None:
    first = picture(SHORT)
    first.save(tmp_path / "a.webp", save_all=True, append_images=[picture(LINES[2:3])], lossless=True)
    found = read(tmp_path / "a.webp")
    assert [page.markdown for page in found.pages] == [LINES[1]]
    assert any("2 pictures, as an animation does: only the first is read" in said for said in found.warnings)


def test_a_jpeg_drawn_over_itself_without_end_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    picture(SHORT).save(tmp_path / "a.jpg", progressive=True)
    whole = (tmp_path / "a.jpg").read_bytes()
    last = whole.rindex(b"\xff\xda")
    (tmp_path / "a.jpg").write_bytes(whole[:-2] + whole[last:-2] * 101 + whole[-2:])
    with pytest.raises(DocumentTooLarge, match="more than 100 times"):
        read(tmp_path / "a.jpg")


def test_a_photograph_is_turned_as_the_camera_noted(tmp_path: Path) -> None:
    turned = picture(SHORT).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    turned.save(tmp_path / "a.jpg", quality=95, exif=exif)
    (page,) = read(tmp_path / "a.jpg").pages
    assert (page.markdown, page.warnings) == (LINES[1], ())
    assert (page.width, page.height) == (turned.height, turned.width)


def test_long_lines_of_a_dense_page_keep_every_figure(tmp_path: Path) -> None:
    line = "owed £1,240.50 (ref PPR-9087), tel 0113 496 0182, of which £310.07 on 14/03/2026"
    lines = [f"{number:03d} {line}" for number in range(1, 7)]
    picture(lines, points=8).save(tmp_path / "a.png")
    (page,) = read(tmp_path / "a.png").pages
    assert re.findall(r"\d+", page.markdown) == re.findall(r"\d+", " ".join(lines))


def test_transparency_is_white_paper(tmp_path: Path) -> None:
    solid = picture(SHORT).convert("L")
    clear = Image.new("RGBA", solid.size, (0, 0, 0, 0))
    clear.putalpha(solid.point(lambda value: 255 - value))
    clear.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").pages[0].markdown == LINES[1]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_way_to_write_colours_looks_the_same(tmp_path: Path, mode: str) -> None:
    plain = picture(SHORT)
    if mode in ("I;16", "I", "F"):
        shades = np.asarray(plain.convert("L"), dtype=np.uint16) * 257
        made = Image.fromarray(
            shades if mode == "I;16" else shades.astype(np.int32 if mode == "I" else np.float32)
        )
    else:
        made = plain.convert(mode)
    path = tmp_path / "a.tiff"
    made.save(path)
    with Image.open(path) as image:
        seen = np.asarray(upright(image).convert("L"), dtype=np.int16)
    off = np.abs(seen - np.asarray(plain.convert("L"), dtype=np.int16))
    assert off.mean() < 6
    assert seen.min() < 60
    assert seen.max() > 200


def test_a_palette_with_a_clear_colour_is_on_white(tmp_path: Path) -> None:
    made = Image.new("P", (8, 8), 0)
    made.putpalette([0, 0, 0, 200, 10, 10])
    made.putpixel((3, 3), 1)
    made.save(tmp_path / "a.png", transparency=0)
    with Image.open(tmp_path / "a.png") as image:
        seen = upright(image)
    assert (seen.getpixel((0, 0)), seen.getpixel((3, 3))) == ((255, 255, 255), (200, 10, 10))


def test_a_blank_picture_is_said_and_nothing_invented(tmp_path: Path) -> None:
    Image.new("RGB", (600, 400), "white").save(tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    (page,) = found.pages
    assert (page.markdown, page.method, page.confidence) == ("", "none", None)
    assert page.warnings == ("this page is blank",)
    assert (found.status, "blank" in found.reason) == ("partial", True)


def test_reading_turned_off_is_said(tmp_path: Path) -> None:
    picture(SHORT).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png", options=ReadOptions(ocr=OcrOptions(mode="never")))
    assert (found.status, found.markdown) == ("partial", "")
    assert any("turned off" in said for said in found.warnings)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_bomb_is_refused_by_its_header_alone(tmp_path: Path) -> None:
    # its rows were never written: whoever looked for them would find it damaged, not too large
    for side in (7_000, 60_000):  # beyond our bound, and beyond Pillow's
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        (tmp_path / "a.png").write_bytes(
            b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"\0")
        )
        with pytest.raises(DocumentTooLarge, match="pixels"):
            read(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_of_a_picture_cut_short_what_is_there_is_read_and_the_rest_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    picture((*LINES, *LINES)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = read(path)
    assert found.status == "partial"
    assert "damaged or cut short" in found.reason
    assert found.markdown.startswith(LINES[0])
    assert found.markdown.count(LINES[-1]) < 2


def test_a_picture_of_which_nothing_is_left_is_damaged(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:60])
    with pytest.raises(UnreadableDocument, match="PNG image is damaged"):
        read(tmp_path / "a.png")
