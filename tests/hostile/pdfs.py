"""PDF files whose structure is broken."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from fpdf import FPDF

from hostile.made import SENTENCE, Made, of

OWNER = "PDF"
SHOW = f"BT /F1 12 Tf 50 700 Td ({SENTENCE}) Tj ET".encode()
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def stream(data: bytes, extra: bytes = b"", length: bytes | None = None) -> bytes:
    """A stream object's body."""
    size = str(len(data)).encode() if length is None else length
    return b"<<" + extra + b"/Length " + size + b">>stream\n" + data + b"\nendstream"


def flate(data: bytes, extra: bytes = b"") -> bytes:
    """A packed stream object's body."""
    return stream(zlib.compress(data), b"/Filter/FlateDecode" + extra)


def build(
    objects: Mapping[int, bytes], trailer: bytes = b"/Root 1 0 R", head: bytes = b"%PDF-1.7\n"
) -> bytes:
    """A file of these objects with a right cross-reference table."""
    out = bytearray(head)
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    return bytes(out + b"trailer\n<</Size %d" % size + trailer + b">>\nstartxref\n%d\n%%%%EOF\n" % start)


def page(
    content: bytes = stream(SHOW),
    *,
    box: bytes = b"[0 0 595 842]",
    resources: bytes = b"/Font<</F1 5 0 R>>",
    extra: bytes = b"",
    more: Mapping[int, bytes] | None = None,
    pages: bytes = b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    catalog: bytes = b"<</Type/Catalog/Pages 2 0 R>>",
) -> bytes:
    """A file of one page: 1 catalog, 2 pages, 3 page, 4 content, 5 font, more from 6."""
    one = (
        b"<</Type/Page/Parent 2 0 R/MediaBox"
        + box
        + b"/Contents 4 0 R/Resources<<"
        + resources
        + b">>"
        + extra
    )
    objects = {1: catalog, 2: pages, 3: one + b">>", 4: content, 5: _FONT}
    return build(objects | dict(more or {}))


def sound(pages: int = 3) -> bytes:
    """A file that nothing is wrong with."""
    made = FPDF(format="A4")
    made.set_creation_date(datetime(2026, 3, 14, tzinfo=UTC))
    for number in range(pages):
        made.add_page()
        made.set_font("helvetica", size=11)
        for line in range(20):
            made.cell(0, 6, f"{SENTENCE}, page {number + 1} line {line + 1}", new_x="LMARGIN", new_y="NEXT")
    return bytes(made.output())


def files() -> Iterator[Made]:
    """All of them."""
    for part in (_broken, _references, _trees, _lengths, _mutated):
        yield from part()


def _broken() -> Iterator[Made]:
    whole = sound()
    yield Made("header-only.pdf", of(b"%PDF-1.7\n"), OWNER)
    yield Made("header-and-noise.pdf", of(b"%PDF-1.7\n" + random.Random(1).randbytes(20_000)), OWNER)
    yield Made("no-header.pdf", of(whole[9:]), OWNER)
    yield Made("no-header-plain.pdf", of(page()[9:]), OWNER)
    yield Made("late-header.pdf", of(b"\n" * 900 + page()), OWNER, readable=True)
    yield Made("very-late-header.pdf", of(b"#" * 5_000 + page()), OWNER)
    yield Made("no-end.pdf", of(page().replace(b"%%EOF", b"")), OWNER, readable=True)
    for tenth in (1, 2, 3, 4, 5, 6, 7, 8, 9):
        yield Made(
            f"cut-at-{tenth}0-percent.pdf", of(whole[: len(whole) * tenth // 10]), OWNER, readable=True
        )
    yield Made("twice.pdf", of(whole + whole), OWNER, readable=True)
    yield Made("zeroed-half.pdf", of(whole[: len(whole) // 2] + bytes(len(whole) // 2)), OWNER, readable=True)
    yield Made("carriage-returns.pdf", of(page().replace(b"\n", b"\r")), OWNER, readable=True)


def _references() -> Iterator[Made]:
    good = page()
    at = good.index(b"xref\n0")
    yield Made(
        "startxref-beyond.pdf",
        of(good.replace(b"startxref\n%d" % at, b"startxref\n999999999")),
        OWNER,
        readable=True,
    )
    yield Made(
        "startxref-negative.pdf",
        of(good.replace(b"startxref\n%d" % at, b"startxref\n-5")),
        OWNER,
        readable=True,
    )
    yield Made(
        "xref-noise.pdf",
        of(good[:at] + random.Random(2).randbytes(200) + good[at + 200 :]),
        OWNER,
        readable=True,
    )
    yield Made("xref-all-wrong.pdf", of(good.replace(b" 00000 n", b" 00007 n")), OWNER, readable=True)
    yield Made("xref-size-lie.pdf", of(good.replace(b"/Size 6", b"/Size 2147483647")), OWNER, readable=True)
    yield Made(
        "xref-million-entries.pdf", of(good.replace(b"xref\n0 6", b"xref\n0 9999999")), OWNER, readable=True
    )
    yield Made("no-trailer.pdf", of(good[: good.index(b"trailer")]), OWNER, readable=True)
    yield Made("prev-self.pdf", of(good.replace(b"/Size 6", b"/Size 6/Prev %d" % at)), OWNER, readable=True)
    yield Made("prev-loop.pdf", of(_prev_loop(good, at)), OWNER, readable=True)
    yield Made("xref-stream-loop.pdf", of(_xref_stream_loop()), OWNER, readable=True)
    yield Made("root-missing.pdf", of(good.replace(b"/Root 1 0 R", b"/Root 99 0 R")), OWNER, readable=True)
    yield Made("root-is-page.pdf", of(good.replace(b"/Root 1 0 R", b"/Root 3 0 R")), OWNER, readable=True)
    yield Made("root-null.pdf", of(good.replace(b"/Root 1 0 R", b"")), OWNER, readable=True)
    yield Made("object-is-itself.pdf", of(page(b"4 0 R")), OWNER)


def _prev_loop(good: bytes, at: int) -> bytes:
    first = good.replace(b"/Size 6", b"/Size 6/Prev %d" % (len(good) + 12))
    second = len(first)
    more = (
        b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    )
    return first + more % (at, second)


def _xref_stream_loop() -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    at = len(body)
    rows = bytes([1, 0, 9, 0, 1, at >> 8, at & 255, 0])
    extra = b"/Type/XRef/Size 3/W[1 2 1]/Index[1 2]/Root 1 0 R/Prev %d" % at
    return body + b"9 0 obj\n" + stream(rows, extra) + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % at


def _trees() -> Iterator[Made]:
    trees = {
        "tree-holds-itself": b"<</Type/Pages/Kids[2 0 R]/Count 1>>",
        "tree-holds-itself-often": b"<</Type/Pages/Kids[" + b"2 0 R " * 1000 + b"]/Count 1000>>",
        "tree-without-kids": b"<</Type/Pages/Count 5>>",
        "tree-kids-null": b"<</Type/Pages/Kids null/Count 1>>",
        "tree-kids-missing": b"<</Type/Pages/Kids[77 0 R 78 0 R]/Count 2>>",
        "tree-empty": b"<</Type/Pages/Kids[]/Count 0>>",
        "tree-is-number": b"42",
    }
    for name, pages in trees.items():
        yield Made(f"{name}.pdf", of(page(pages=pages)), OWNER)
    counts = {"huge": b"2000000000", "negative": b"-7", "text": b"(many)", "none": b""}
    for name, count in counts.items():
        pages = b"<</Type/Pages/Kids[3 0 R]/Count " + count + b">>"
        yield Made(f"tree-count-{name}.pdf", of(page(pages=pages)), OWNER, readable=True)
    yield Made("tree-two-in-a-ring.pdf", of(_ring()), OWNER)
    yield Made("tree-deep.pdf", _deep_tree, OWNER, readable=True)
    yield Made(
        "same-page-often.pdf",
        of(page(pages=b"<</Type/Pages/Kids[" + b"3 0 R " * 400 + b"]/Count 400>>")),
        OWNER,
        readable=True,
    )
    yield Made("pages-100000.pdf", _many_pages, OWNER, readable=True)
    yield Made("parent-loop.pdf", of(page(extra=b"/Parent 3 0 R")), OWNER, readable=True)


def _ring() -> bytes:
    more = {6: b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1>>"}
    return page(pages=b"<</Type/Pages/Parent 6 0 R/Kids[6 0 R]/Count 1>>", more=more)


def _deep_tree() -> bytes:
    more = {
        n: b"<</Type/Pages/Kids[%d 0 R]/Count 1/Parent %d 0 R>>" % (n + 1, n - 1) for n in range(6, 5_006)
    }
    more[5_006] = b"<</Type/Page/Parent 5005 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>"
    return page(pages=b"<</Type/Pages/Kids[6 0 R]/Count 1>>", more=more)


def _many_pages() -> bytes:
    one = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    numbers = range(6, 100_006)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    return page(pages=b"<</Type/Pages/Kids[" + kids + b"]/Count 100000>>", more=dict.fromkeys(numbers, one))


def _lengths() -> Iterator[Made]:
    for name, length in {
        "too-long": b"99999999",
        "zero": b"0",
        "negative": b"-1",
        "of-itself": b"4 0 R",
        "missing-object": b"88 0 R",
        "beyond-64-bits": b"99999999999999999999999",
        "text": b"(long)",
    }.items():
        yield Made(f"length-{name}.pdf", of(page(stream(SHOW, length=length))), OWNER, readable=True)
    yield Made("no-endstream.pdf", of(page().replace(b"\nendstream", b"")), OWNER, readable=True)
    yield Made(
        "flate-noise.pdf", of(page(stream(random.Random(3).randbytes(5_000), b"/Filter/FlateDecode"))), OWNER
    )
    yield Made(
        "flate-cut.pdf",
        of(page(stream(zlib.compress(SHOW * 50)[:-30], b"/Filter/FlateDecode"))),
        OWNER,
        readable=True,
    )
    # pdfium takes what was never packed as it stands, and it is what the page says
    unknown = stream(SHOW, b"/Filter/NoSuchDecode")
    yield Made("filter-unknown.pdf", of(page(unknown)), OWNER, readable=True)
    fifty = stream(SHOW, b"/Filter[" + b"/ASCIIHexDecode" * 50 + b"]")
    yield Made("filters-fifty.pdf", of(page(fifty)), OWNER, readable=True)


def _mutated() -> Iterator[Made]:
    """A sound file with some bytes changed, a few more each time."""
    for seed in range(20):
        chance = random.Random(seed)
        data = bytearray(sound())
        for _ in range(5 + 10 * seed):
            data[chance.randrange(len(data))] = chance.randrange(256)
        yield Made(f"changed-{seed:02}.pdf", of(bytes(data)), OWNER, readable=True)
