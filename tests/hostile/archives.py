"""Office files and other archives that do harm."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import docx
import openpyxl  # type: ignore[import-untyped]
import pptx

from hostile.made import SENTENCE, Made, of, raw_packed

OWNER = "formats"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
_OUTSIDE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


def word() -> bytes:
    """A Word file that nothing is wrong with."""
    document = docx.Document()
    for number in range(20):
        document.add_paragraph(f"{SENTENCE}, line {number}")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def book() -> bytes:
    """A workbook that nothing is wrong with."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for number in range(20):
        sheet.append([number, SENTENCE])
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def slides() -> bytes:
    """A presentation that nothing is wrong with."""
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[0])
    slide.shapes.title.text = SENTENCE
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def text_file(content: str = "") -> bytes:
    """An OpenDocument text with this content.xml."""
    namespaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    )
    body = content or f"<text:p>{SENTENCE}</text:p>"
    whole = (
        f"{_HEAD}<office:document-content {namespaces}><office:body><office:text>{body}"
        "</office:text></office:body></office:document-content>"
    )
    return archive(
        {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": whole.encode(), **_MANIFEST}
    )


_MANIFEST = {
    "META-INF/manifest.xml": b"<manifest:manifest "
    b'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
}


def archive(members: Mapping[str, bytes]) -> bytes:
    """These members, packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def changed(whole: bytes, **parts: bytes) -> bytes:
    """An archive with members (named by their last part) replaced, and others added."""
    with zipfile.ZipFile(io.BytesIO(whole)) as given:
        members = {name: given.read(name) for name in given.namelist()}
    for name, data in parts.items():
        for member in [member for member in members if member.endswith(name.replace("__", "."))] or [name]:
            members[member] = data
    return archive(members)


def with_bomb(whole: bytes, member: str, block: bytes, times: int, *, said: int | None = None) -> bytes:
    """An archive in which a member unpacks to ``block`` so many times; ``said`` is the size it states."""
    data, size, checksum = raw_packed(block, times), len(block) * times, 0
    for _ in range(times):
        checksum = zlib.crc32(block, checksum)
    with zipfile.ZipFile(io.BytesIO(whole)) as given:
        kept = {name: given.read(name) for name in given.namelist() if name != member}
    base = archive(kept)
    end = base.rindex(b"PK\x05\x06")
    count, directory_size, at = struct.unpack("<HII", base[end + 10 : end + 20])
    stated = size if said is None else said
    sizes = struct.pack("<IIIHH", checksum, len(data), stated, len(member), 0)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes + member.encode() + data
    entry = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0x21) + sizes
    entry += struct.pack("<HHHII", 0, 0, 0, 0, at) + member.encode()
    directory = base[at : at + directory_size] + entry
    tail = struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, len(directory), at + len(local), 0)
    return base[:at] + local + directory + b"PK\x05\x06" + tail


def files() -> Iterator[Made]:
    """All of them."""
    for part in (_bombs, _xml, _word, _text_files, _broken, _members, _sheets, _locked):
        yield from part()


def _bombs() -> Iterator[Made]:
    space, zero = b" " * 2**24, bytes(2**24)
    places = {
        "docx": (word, "word/document.xml"),
        "xlsx": (book, "xl/worksheets/sheet1.xml"),
        "pptx": (slides, "ppt/slides/slide1.xml"),
        "odt": (text_file, "content.xml"),
    }
    for suffix, (make, member) in places.items():
        for name, maker in {
            "1-gb": partial(_filled, make, member, space, 64),
            "size-lie": partial(_filled, make, member, space, 64, said=900),
            "laughs": partial(_laughs, make, member),
            "deep-xml": partial(_filled, make, member, b"<a>" * 500_000, 2),
        }.items():
            yield Made(f"bomb-{name}.{suffix}", maker, OWNER, bomb=True)
    yield Made(
        "bomb-media.docx",
        lambda: with_bomb(word(), "word/media/image1.png", zero, 64),
        OWNER,
        readable=True,
        bomb=True,
    )
    yield Made(
        "bomb-strings.xlsx",
        lambda: with_bomb(book(), "xl/sharedStrings.xml", b"<si><t>aaaaaaaa</t></si>" * 100_000, 20),
        OWNER,
        bomb=True,
    )
    yield Made("bomb-attributes.docx", of(_attributes()), OWNER, bomb=True)
    yield Made("bomb-quadratic.docx", of(_quadratic()), OWNER, bomb=True)
    yield Made("bomb-4-gb.zip", lambda: with_bomb(archive({"a": b""}), "zeros", zero, 250), OWNER, bomb=True)
    yield Made("bomb-overlap.docx", _overlapping, OWNER, bomb=True)
    yield Made(
        "bomb-nested.zip",
        lambda: archive({"inner.zip": with_bomb(archive({"a": b""}), "zeros", zero, 64)}),
        OWNER,
        bomb=True,
    )


def _filled(
    make: Callable[[], bytes], member: str, block: bytes, times: int, said: int | None = None
) -> bytes:
    return with_bomb(make(), member, block, times, said=said)


def _laughs(make: Callable[[], bytes], member: str) -> bytes:
    return changed(make(), **{member: f"{_HEAD}{_LAUGHS}<x>&j;</x>".encode()})


def _attributes() -> bytes:
    many = " ".join(f'a{n}="{n}"' for n in range(400_000))
    return changed(word(), **{"word/document.xml": f"{_HEAD}<w:document {_W} {many}/>".encode()})


def _quadratic() -> bytes:
    head = f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]>'
    return changed(word(), **{"word/document.xml": f"{_HEAD}{head}<x>{'&a;' * 30_000}</x>".encode()})


def _overlapping() -> bytes:
    """Many entries of the directory are one packed megabyte."""
    whole = with_bomb(word(), "word/media/a", bytes(2**24), 1)
    end = whole.rindex(b"PK\x05\x06")
    entry = whole.rindex(b"PK\x01\x02")
    start = struct.unpack("<I", whole[end + 16 : end + 20])[0]
    one = whole[entry:end]
    directory = whole[start:entry] + b"".join(one[:-1] + bytes([33 + n % 90]) for n in range(1_900))
    count = struct.unpack("<H", whole[end + 10 : end + 12])[0] + 1_899
    tail = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), start, 0)
    return whole[:start] + directory + b"PK\x05\x06" + tail


def _xml() -> Iterator[Made]:
    inside = "<w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body>"
    outside = f"{_HEAD}{_OUTSIDE}<w:document {_W}>{inside}</w:document>"
    yield Made("outside-entity.docx", of(changed(word(), **{"word/document.xml": outside.encode()})), OWNER)
    strings = f"{_HEAD}{_OUTSIDE}<sst {_S}><si><t>&j;</t></si></sst>"
    yield Made(
        "outside-entity.xlsx",
        of(changed(book(), **{"xl/sharedStrings.xml": strings.encode()})),
        OWNER,
        readable=True,
    )
    office = "xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'"
    content = f"{_HEAD}{_OUTSIDE}<office:document-content {office}>&j;</office:document-content>"
    yield Made("outside-entity.odt", of(changed(text_file(), **{"content.xml": content.encode()})), OWNER)
    yield Made("not-xml.docx", of(changed(word(), **{"word/document.xml": b"\0\1\2 this is no XML"})), OWNER)
    yield Made(
        "xml-cut.docx",
        of(changed(word(), **{"word/document.xml": f"{_HEAD}<w:document {_W}><w:body><w:p>".encode()})),
        OWNER,
    )
    yield Made("xml-empty.docx", of(changed(word(), **{"word/document.xml": b""})), OWNER)
    yield Made("other-root.docx", of(changed(word(), **{"word/document.xml": b"<a><b>words</b></a>"})), OWNER)


def _word() -> Iterator[Made]:
    schemas = "http://schemas.openxmlformats.org"
    linked = (
        f'{_HEAD}<Relationships xmlns="{schemas}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{schemas}/officeDocument/2006/relationships/attachedTemplate" '
        'Target="http://127.0.0.1:9/t.dotm" TargetMode="External"/></Relationships>'
    )
    yield Made(
        "template-elsewhere.docx",
        of(changed(word(), **{"word/_rels/document.xml.rels": linked.encode()})),
        OWNER,
        readable=True,
    )
    yield Made(
        "relations-noise.docx",
        of(changed(word(), **{"word/_rels/document.xml.rels": b"\xff\xfe\0"})),
        OWNER,
        readable=True,
    )
    yield Made(
        "macro.docx",
        of(changed(word(), **{"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(900)})),
        OWNER,
        readable=True,
    )


def _text_files() -> Iterator[Made]:
    cell = (
        '<table:table-cell table:number-columns-repeated="1000000000"><text:p>x</text:p></table:table-cell>'
    )
    row = f'<table:table-row table:number-rows-repeated="1000000000">{cell}</table:table-row>'
    rows = f"<table:table>{row}</table:table>"
    yield Made("bomb-repeated-cells.odt", of(text_file(rows)), OWNER, readable=True, bomb=True)
    yield Made(
        "bomb-repeated-spaces.odt",
        of(text_file('<text:p>a<text:s text:c="2000000000"/>b</text:p>')),
        OWNER,
        readable=True,
        bomb=True,
    )
    nested = (
        "<text:list><text:list-item>" * 30_000
        + "<text:p>x</text:p>"
        + "</text:list-item></text:list>" * 30_000
    )
    yield Made("deep-lists.odt", of(text_file(nested)), OWNER, readable=True)


def _broken() -> Iterator[Made]:
    wholes = {"docx": word(), "xlsx": book(), "pptx": slides(), "odt": text_file()}
    for suffix, whole in wholes.items():
        yield Made(f"cut.{suffix}", of(whole[: len(whole) // 2]), OWNER)
        yield Made(f"cut-end.{suffix}", of(whole[:-30]), OWNER)
        middle = len(whole) // 3
        yield Made(
            f"zeroed.{suffix}",
            of(whole[:middle] + bytes(2_000) + whole[middle + 2_000 :]),
            OWNER,
            readable=True,
        )
    yield Made("empty-archive.docx", of(archive({})), OWNER)
    yield Made("head-only.docx", of(b"PK\x03\x04"), OWNER)
    yield Made("directory-loop.docx", of(word()[:-6] + b"\0\0\0\0\0\0"), OWNER)
    yield Made("before-it.docx", of(b"#!/bin/sh\n" * 50 + word()), OWNER, readable=True)


def _members() -> Iterator[Made]:
    names = {f"word/m{number}": b"" for number in range(60_000)}
    yield Made(
        "bomb-60000-members.docx",
        lambda: archive({"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>", **names}),
        OWNER,
        bomb=True,
    )
    yield Made(
        "paths.zip",
        of(archive({"../../../../tmp/casewright-was-here": b"x", "/etc/casewright-was-here": b"x"})),
        OWNER,
    )
    climbing = {"../../../../tmp/casewright-was-here": b"x", "C:\\casewright-was-here": b"x"}
    yield Made("paths.docx", of(changed(word(), **climbing)), OWNER, readable=True)
    yield Made("name-65000.docx", of(changed(word(), **{"a" * 65_000: b"x"})), OWNER, readable=True)
    yield Made(
        "no-document.docx", of(archive({"[Content_Types].xml": b"<a/>", "word/other.xml": b"<a/>"})), OWNER
    )
    flagged = bytearray(word())
    flagged[6] |= 1
    place = flagged.index(b"PK\x01\x02")
    flagged[place + 8] |= 1
    yield Made("member-locked.docx", of(bytes(flagged)), OWNER)
    yield Made("method-unknown.docx", of(word().replace(b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x63\0")), OWNER)


def _sheets() -> Iterator[Made]:
    def sheet(body: str) -> bytes:
        return changed(
            book(), **{"xl/worksheets/sheet1.xml": f"{_HEAD}<worksheet {_S}>{body}</worksheet>".encode()}
        )

    one = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
    far = one.replace('"1"', '"1048576"').replace('"A1"', '"XFD1048576"')
    far = '<dimension ref="A1:XFD1048576"/>' + far
    yield Made("bomb-far-cell.xlsx", of(sheet(far)), OWNER, readable=True, bomb=True)
    merged = one + '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    yield Made("bomb-merged.xlsx", of(sheet(merged)), OWNER, readable=True, bomb=True)
    beyond = '<sheetData><row r="1"><c r="A1" t="s"><v>99999999</v></c></row></sheetData>'
    yield Made("string-beyond.xlsx", of(sheet(beyond)), OWNER, readable=True)
    wrong = '<row r="-5"><c r="ZZZZZZ9999999999"><v>1e999</v></c></row><row r="x"><c r="!"><v>?</v></c></row>'
    rows = f"<sheetData>{wrong}</sheetData>"
    yield Made("places-wrong.xlsx", of(sheet(rows)), OWNER, readable=True)
    yield Made("sheet-empty.xlsx", of(sheet("<sheetData/>")), OWNER)
    formula = '<sheetData><row r="1"><c r="A1"><f>WEBSERVICE("http://127.0.0.1:9/")</f></c></row></sheetData>'
    yield Made("formula-elsewhere.xlsx", of(sheet(formula)), OWNER, readable=True)


def _locked() -> Iterator[Made]:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    body = bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(4_000)
    yield Made("locked.docx", of(ole + body), OWNER)
    yield Made("old-office.doc", of(ole + bytes(6_000)), OWNER)
    yield Made("old-office-cut.doc", of(ole), OWNER)
