"""PDF files whose content does harm: bombs, loops, sizes, scripts, passwords."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator

from fpdf import FPDF

from hostile.made import SENTENCE, Made, of, packed, zeros
from hostile.pdfs import OWNER, SHOW, flate, page, stream


def files() -> Iterator[Made]:
    """All of them."""
    for part in (_bombs, _boxes, _forms, _loops, _fonts, _locked, _active):
        yield from part()


def _bombs() -> Iterator[Made]:
    def bomb(name: str, make: Callable[[], bytes], *, readable: bool = False) -> Made:
        return Made(f"bomb-{name}.pdf", make, OWNER, readable=readable, bomb=True)

    packed_flate = b"/Filter/FlateDecode"
    yield bomb("content-1-gb", lambda: page(stream(zeros(2**30), packed_flate)))
    twice = b"/Filter[/FlateDecode/FlateDecode]"
    yield bomb("content-twice-packed", lambda: page(stream(zlib.compress(zeros(2**30)), twice)))
    yield bomb("spaces-1-gb", lambda: page(stream(packed(b" " * 2**24, 64), packed_flate)))
    yield bomb("operators-10-million", lambda: page(stream(packed(b"0 0 m\n" * 1_000_000, 10), packed_flate)))
    yield bomb("text-3-million-letters", lambda: page(stream(_letters(), packed_flate)), readable=True)
    yield bomb("saves-5-million", lambda: page(stream(packed(b"q " * 500_000, 10), packed_flate)))
    yield bomb(
        "rectangles-1-million", lambda: page(stream(packed(b"1 1 9 9 re f\n" * 100_000, 10), packed_flate))
    )
    yield bomb("object-stream", lambda: _object_stream(zeros(2**29)))
    yield bomb("to-unicode", _unicode_bomb, readable=True)
    yield bomb("image-60000", lambda: _image(60_000, 60_000, zeros(2**28)))
    yield bomb(
        "image-jpx",
        lambda: _image(60_000, 60_000, b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(80), b"/Filter/JPXDecode"),
    )
    yield bomb(
        "image-ccitt",
        lambda: _image(
            60_000,
            2_000_000,
            bytes(4_000),
            b"/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 60000/Rows 2000000>>",
        ),
    )
    yield bomb(
        "image-jbig2",
        lambda: _image(60_000, 60_000, random.Random(4).randbytes(4_000), b"/Filter/JBIG2Decode"),
    )
    yield bomb(
        "image-run-length", lambda: _image(20_000, 20_000, b"\x81\0" * 500_000, b"/Filter/RunLengthDecode")
    )
    yield bomb(
        "predictor",
        lambda: page(
            stream(zeros(2**26), packed_flate + b"/DecodeParms<</Predictor 15/Columns 2000000000/Colors 32>>")
        ),
    )
    yield bomb("nested-arrays", lambda: page(extra=b"/Deep " + b"[" * 500_000), readable=True)
    yield bomb("nested-dicts", lambda: page(extra=b"/Deep " + b"<</A " * 500_000), readable=True)
    yield bomb("nested-in-content", lambda: page(flate(b"[" * 2_000_000)))
    yield bomb("string-unclosed", lambda: page(flate(b"BT (" + b"(" * 2_000_000)))
    yield bomb("name-5-million", lambda: page(extra=b"/" + b"N" * 5_000_000 + b" 1"), readable=True)


def _letters() -> bytes:
    return packed(b"BT /F1 1 Tf 9 9 Td " + b"(abcdefghij) Tj " * 30_000 + b"ET ", 10)


def _object_stream(data: bytes) -> bytes:
    more = {6: stream(data, b"/Type/ObjStm/N 1000000/First 9000000/Filter/FlateDecode")}
    return page(b"<</Type/ObjStm>>", more=more, pages=b"<</Type/Pages/Kids[7 0 R]/Count 1>>")


def _unicode_bomb() -> bytes:
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 7 0 R>>"
    lines = b"1 beginbfrange <00> <ff> <0041> endbfrange\n" * 200_000
    return page(
        resources=b"/Font<</F1 6 0 R>>", more={6: font, 7: stream(packed(lines, 10), b"/Filter/FlateDecode")}
    )


def _image(width: int, height: int, data: bytes, filters: bytes = b"/Filter/FlateDecode") -> bytes:
    size = b"/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray" % (width, height)
    more = {6: stream(data, b"/Type/XObject/Subtype/Image" + size + filters)}
    return page(stream(b"q 500 0 0 700 40 40 cm /Im Do Q"), resources=b"/XObject<</Im 6 0 R>>", more=more)


def _boxes() -> Iterator[Made]:
    for name, box in {
        "huge": b"[0 0 99999999 99999999]",
        "beyond-floats": b"[0 0 1e39 1e39]",
        "many-digits": b"[0 0 " + b"9" * 400 + b" 842]",
        "negative": b"[595 842 0 0]",
        "zero": b"[0 0 0 0]",
        "text": b"[(a) (b) (c) (d)]",
        "short": b"[0 0]",
        "missing": b" null",
        "thread": b"[0 0 0.001 20000000]",
    }.items():
        yield Made(f"box-{name}.pdf", of(page(box=box)), OWNER, readable=True)
        yield Made(f"box-{name}-picture.pdf", of(page(stream(b"10 10 99 99 re f"), box=box)), OWNER)
    yield Made("unit-huge.pdf", of(page(extra=b"/UserUnit 100000000")), OWNER, readable=True)
    yield Made("rotate-45.pdf", of(page(extra=b"/Rotate 45")), OWNER, readable=True)
    yield Made("rotate-huge.pdf", of(page(extra=b"/Rotate 9999999999")), OWNER, readable=True)
    yield Made(
        "text-at-infinity.pdf",
        of(page(stream(b"BT /F1 12 Tf 1e38 1e38 Td (far) Tj ET"))),
        OWNER,
        readable=True,
    )
    yield Made("matrix-singular.pdf", of(page(stream(b"0 0 0 0 0 0 cm " + SHOW))), OWNER, readable=True)
    yield Made(
        "font-size-huge.pdf", of(page(stream(SHOW.replace(b"12 Tf", b"1e30 Tf")))), OWNER, readable=True
    )
    yield Made(
        "text-off-page.pdf", of(page(stream(SHOW.replace(b"50 700", b"-5000 9000")))), OWNER, readable=True
    )


_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"


def _forms() -> Iterator[Made]:
    form, own = _FORM, b"/Resources<</XObject<</X 6 0 R>>>>"
    show = stream(b"/X Do")
    with_x = b"/XObject<</X 6 0 R>>"
    yield Made(
        "form-in-itself.pdf", of(page(show, resources=with_x, more={6: stream(b"/X Do", form + own)})), OWNER
    )
    other = {
        6: stream(b"/X Do", form + b"/Resources<</XObject<</X 7 0 R>>>>"),
        7: stream(b"/X Do", form + own),
    }
    yield Made("forms-in-each-other.pdf", of(page(show, resources=with_x, more=other)), OWNER)
    laughs = {
        n: stream(b"/X Do " * 10, form + b"/Resources<</XObject<</X %d 0 R>>>>" % (n + 1))
        for n in range(6, 15)
    }
    laughs[15] = stream(b"1 1 9 9 re f", form)
    yield Made("bomb-forms-billion.pdf", of(page(show, resources=with_x, more=laughs)), OWNER, bomb=True)
    laughs_text = laughs | {15: stream(SHOW, form + b"/Resources<</Font<</F1 5 0 R>>>>")}
    yield Made(
        "bomb-forms-billion-text.pdf",
        of(page(show, resources=with_x, more=laughs_text)),
        OWNER,
        readable=True,
        bomb=True,
    )


def _loops() -> Iterator[Made]:
    form = _FORM
    pattern = b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep 0.0001/YStep 0.0001"
    tiles = {6: stream(b"/Pattern cs /P scn 0 0 1 1 re f", pattern + b"/Resources<</Pattern<</P 6 0 R>>>>")}
    fill = stream(b"/Pattern cs /P scn 0 0 500 800 re f")
    yield Made("pattern-in-itself.pdf", of(page(fill, resources=b"/Pattern<</P 6 0 R>>", more=tiles)), OWNER)
    outline = {
        6: b"<</First 7 0 R/Last 7 0 R>>",
        7: b"<</Title(a)/Next 7 0 R/Prev 7 0 R/First 6 0 R/Parent 7 0 R>>",
    }
    catalog = b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>"
    yield Made("outline-loop.pdf", of(page(more=outline, catalog=catalog)), OWNER, readable=True)
    field = {6: b"<</Fields[7 0 R]>>", 7: b"<</T(a)/Kids[7 0 R 7 0 R]/Parent 7 0 R/FT/Tx>>"}
    form_catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>"
    yield Made("form-field-loop.pdf", of(page(more=field, catalog=form_catalog)), OWNER, readable=True)
    note = {
        6: b"<</Type/Annot/Subtype/Widget/Rect[0 0 99 99]/AP<</N 7 0 R>>/Parent 6 0 R>>",
        7: stream(b"/X Do", form + b"/Resources<</XObject<</X 7 0 R>>>>"),
    }
    yield Made(
        "annotation-loop.pdf", of(page(extra=b"/Annots[6 0 R 6 0 R]", more=note)), OWNER, readable=True
    )


def _fonts() -> Iterator[Made]:
    glyph = {
        6: b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/CharProcs<</a 7 0 R>>"
        b"/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[9]"
        b"/Resources<</Font<</F1 6 0 R>>>>>>",
        7: stream(b"BT /F1 9 Tf (aaaa) Tj ET"),
    }
    aaa = stream(b"BT /F1 9 Tf 50 700 Td (aaaa) Tj ET")
    yield Made(
        "glyph-in-itself.pdf",
        of(page(aaa, resources=b"/Font<</F1 6 0 R>>", more=glyph)),
        OWNER,
        readable=True,
    )
    maps = {
        6: b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding 7 0 R/DescendantFonts[6 0 R]>>",
        7: stream(b"/X usecmap", b"/Type/CMap/CMapName/X/UseCMap 7 0 R"),
    }
    yield Made(
        "font-in-itself.pdf", of(page(resources=b"/Font<</F1 6 0 R>>", more=maps)), OWNER, readable=True
    )
    file = {
        6: b"<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor 7 0 R>>",
        7: b"<</Type/FontDescriptor/FontName/X/Flags 4/FontFile2 8 0 R>>",
        8: stream(b"\0\1\0\0\0\xff" + random.Random(5).randbytes(9_000)),
    }
    yield Made("font-noise.pdf", of(page(resources=b"/Font<</F1 6 0 R>>", more=file)), OWNER, readable=True)


def _locked() -> Iterator[Made]:
    made = FPDF()
    made.set_encryption(owner_password="owner", user_password="secret")
    made.add_page()
    made.set_font("helvetica", size=11)
    made.cell(0, 6, SENTENCE)
    locked = bytes(made.output())
    yield Made("locked.pdf", of(locked), OWNER)
    yield Made("locked-cut.pdf", of(locked[: len(locked) * 2 // 3]), OWNER)
    for name, rule in {"unknown": b"<</Filter/NoSuch/V 99>>", "empty": b"<<>>", "number": b"7"}.items():
        broken = page().replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt " + rule)
        yield Made(f"locked-{name}.pdf", of(broken), OWNER, readable=True)


def _active() -> Iterator[Made]:
    for name, action in {
        "script": b"<</S/JavaScript/JS(while\\(true\\){})>>",
        "launch": b"<</S/Launch/F(/bin/sh)>>",
        "address": b"<</S/URI/URI(http://127.0.0.1:9/)>>",
        "elsewhere": b"<</S/GoToR/F(../../../../etc/passwd)/D[0/Fit]>>",
    }.items():
        catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction " + action + b">>"
        yield Made(f"opens-{name}.pdf", of(page(catalog=catalog)), OWNER, readable=True)
    outside = {6: stream(b"", b"/F(/etc/passwd)/Type/XObject/Subtype/Form/BBox[0 0 9 9]")}
    yield Made(
        "stream-elsewhere.pdf",
        of(page(stream(b"/X Do"), resources=b"/XObject<</X 6 0 R>>", more=outside)),
        OWNER,
    )
