"""Texts, web pages, tables, mails and things under a wrong name."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator

from hostile.archives import with_bomb as zip_bomb
from hostile.archives import word
from hostile.made import SENTENCE, WORD, Made, of
from hostile.pdfs import page
from hostile.pictures import png

OWNER = "formats"
SUFFIXES = ("pdf", "docx", "odt", "xlsx", "pptx", "png", "tiff", "eml", "html", "csv", "txt", "md")


def files() -> Iterator[Made]:
    """All of them."""
    for part in (_under_every_name, _text, _pages, _tables, _mails, _two_at_once):
        yield from part()


def _under_every_name() -> Iterator[Made]:
    for number, suffix in enumerate(SUFFIXES):
        yield Made(f"empty.{suffix}", of(b""), OWNER)
        yield Made(f"one-byte.{suffix}", of(b"\xff"), OWNER)
        yield Made(f"noise.{suffix}", of(random.Random(number).randbytes(30_000)), OWNER)
        yield Made(
            f"program.{suffix}", of(b"\x7fELF\2\1\1" + bytes(9) + SENTENCE.encode() + bytes(500)), OWNER
        )
    for suffix in ("docx", "xlsx", "png", "eml"):
        yield Made(f"plain-text.{suffix}", of(SENTENCE.encode()), OWNER, readable=True)
    for suffix in ("txt", "docx", "png"):
        yield Made(f"is-pdf.{suffix}", of(page()), OWNER, readable=True)
    yield Made("is-picture.pdf", of(png(10, 10, b"")), OWNER)
    yield Made("no-name", of(random.Random(99).randbytes(3_000)), OWNER)


def _text() -> Iterator[Made]:
    yield Made("spaces.txt", of(b" \n\t\n" * 5_000), OWNER)
    yield Made("mark-only.txt", of(b"\xef\xbb\xbf"), OWNER)
    yield Made("mark-only-16.txt", of(b"\xff\xfe"), OWNER)
    yield Made(
        "half-a-letter.txt", of(b"\xff\xfe" + SENTENCE.encode("utf-16-le") + b"\x41"), OWNER, readable=True
    )
    yield Made("odd-halves.txt", of(b"\xff\xfe" + b"\x00\xd8" * 500), OWNER)
    yield Made("nothing-but-zeros.txt", of(bytes(5_000)), OWNER)
    yield Made("zeros-behind-text.txt", of(SENTENCE.encode() * 100 + bytes(5_000)), OWNER, readable=True)
    yield Made(
        "program-behind-text.txt", of(SENTENCE.encode() * 100 + random.Random(8).randbytes(50_000)), OWNER
    )
    yield Made("controls.txt", of(bytes(range(1, 32)) * 100), OWNER)
    yield Made("terminal.txt", of(f"\x1b[2J\x1b]0;own\x07{SENTENCE}".encode()), OWNER, readable=True)
    yield Made("turned.txt", of(f"\u202e{SENTENCE}\u2066".encode()), OWNER, readable=True)
    yield Made("no-utf-8.txt", of(b"\xc3\x28\xa0\xa1\xe2\x28\xa1" * 300), OWNER, readable=True)
    yield Made("line-15-mb.txt", lambda: b"a" * 15_000_000, OWNER, readable=True)
    yield Made("lines-5-million.txt", lambda: b"a\n" * 5_000_000, OWNER, readable=True)
    yield Made("markdown-deep.md", of(b"> " * 100_000 + SENTENCE.encode()), OWNER, readable=True)
    yield Made("markdown-brackets.md", of(b"[" * 200_000), OWNER, readable=True)
    yield Made(
        "script.md",
        of(b"<script>alert(1)</script>\n\n![x](http://127.0.0.1:9/)\n\n" + SENTENCE.encode()),
        OWNER,
        readable=True,
    )


def _pages() -> Iterator[Made]:
    def html(body: str) -> bytes:
        return f"<!doctype html><html><body>{body}</body></html>".encode()

    yield Made("deep-300000.html", lambda: html("<div>" * 300_000 + SENTENCE), OWNER, readable=True)
    yield Made("deep-tables.html", lambda: html("<table><tr><td>" * 3_000 + SENTENCE), OWNER, readable=True)
    yield Made("deep-lists.html", lambda: html("<ul><li>" * 20_000 + SENTENCE), OWNER, readable=True)
    yield Made("bold-unclosed.html", lambda: html("<b><p>" * 20_000 + SENTENCE), OWNER, readable=True)
    yield Made(
        "scripts-only.html",
        of(html("<script>var a = 'words that are no text';</script><style>p{}</style>")),
        OWNER,
    )
    spans = '<table><tr><td colspan="1000000000" rowspan="1000000000">a</td></tr><tr><td>b</td></tr></table>'
    yield Made("bomb-spans.html", of(html(spans)), OWNER, readable=True, bomb=True)
    many = "<table>" + '<tr><td colspan="1000" rowspan="65534">a</td></tr>' * 2_000 + "</table>"
    yield Made("bomb-many-spans.html", of(html(many)), OWNER, readable=True, bomb=True)
    yield Made(
        "entities.html", lambda: html("&amp;" * 400_000 + "&#99999999999;&#xd800;&#0;"), OWNER, readable=True
    )
    yield Made(
        "outside.html",
        of(html(f'<iframe src="file:///etc/passwd"></iframe><img src="http://127.0.0.1:9/">{SENTENCE}')),
        OWNER,
        readable=True,
    )
    yield Made(
        "attributes.html",
        lambda: html("<p " + " ".join(f"a{n}=1" for n in range(200_000)) + f">{SENTENCE}"),
        OWNER,
        readable=True,
    )
    yield Made("empty-page.html", of(html("")), OWNER)
    yield Made("comment-unclosed.html", of(html("<!-- " + SENTENCE)), OWNER)


def _tables() -> Iterator[Made]:
    yield Made("wide-million.csv", lambda: b"a," * 1_000_000 + b"b\n", OWNER, readable=True)
    yield Made(
        "bomb-wide-and-long.csv",
        lambda: b"," * 5_000 + b"\n" + b"a\n" * 200_000,
        OWNER,
        readable=True,
        bomb=True,
    )
    yield Made("quote-unclosed.csv", lambda: b'a,b\n"' + b"x,y\n" * 500_000, OWNER, readable=True)
    yield Made("quotes-only.csv", lambda: b'"' * 2_000_001, OWNER, readable=True)
    yield Made(
        "formulas.csv",
        of(f"name,sum\n=cmd|'/c calc'!A1,1240.50\n@SUM(1),{WORD}\n".encode()),
        OWNER,
        readable=True,
    )
    yield Made("commas-only.csv", of(b",,,,\n" * 2_000), OWNER)
    yield Made("zeros.csv", of(b"a,b\n1,2\0\0\0\n" * 50), OWNER)


def _mails() -> Iterator[Made]:
    head = "From: a@example.org\nTo: b@example.org\nSubject: Letter\nMIME-Version: 1.0\n"

    def mail(body: str, more: str = "") -> bytes:
        return (head + more + "\n" + body).encode()

    yield Made("nested-200.eml", of(_nested(head, 200)), OWNER, readable=True)
    yield Made("nested-20000.eml", of(_nested(head, 20_000)), OWNER, readable=True)
    same = "".join('--x\nContent-Type: multipart/mixed; boundary="x"\n\n' for _ in range(5_000))
    yield Made(
        "boundary-in-itself.eml",
        of(mail(same, 'Content-Type: multipart/mixed; boundary="x"\n')),
        OWNER,
        readable=True,
    )
    parts = "".join(f"--x\nContent-Type: text/plain\n\n{SENTENCE} {n}\n" for n in range(20_000))
    yield Made(
        "parts-20000.eml",
        lambda: mail(parts + "--x--\n", 'Content-Type: multipart/mixed; boundary="x"\n'),
        OWNER,
        readable=True,
    )
    yield Made("no-boundary.eml", of(mail(SENTENCE, "Content-Type: multipart/mixed\n")), OWNER, readable=True)
    yield Made(
        "head-5-mb.eml", lambda: mail(SENTENCE, "X-Long: " + "a" * 5_000_000 + "\n"), OWNER, readable=True
    )
    yield Made("heads-200000.eml", lambda: mail(SENTENCE, "X-A: b\n" * 200_000), OWNER, readable=True)
    yield Made("no-body.eml", of(head.encode()), OWNER, readable=True)
    noise = base64.encodebytes(random.Random(9).randbytes(20_000)).decode()
    yield Made("noise-attached.eml", of(_with(head, "noise.pdf", noise)), OWNER, readable=True)
    yield Made(
        "climbing-attached.eml",
        of(_with(head, "../../../../tmp/casewright-was-here", noise)),
        OWNER,
        readable=True,
    )
    bomb = base64.encodebytes(zip_bomb(word(), "word/document.xml", b" " * 2**24, 64)).decode()
    yield Made("bomb-attached.eml", lambda: _with(head, "letter.docx", bomb), OWNER, readable=True)
    yield Made("base64-broken.eml", of(_with(head, "letter.docx", "!!!!" * 900)), OWNER, readable=True)
    yield Made(
        "charset-unknown.eml",
        of(mail(SENTENCE, "Content-Type: text/plain; charset=no-such-thing\n")),
        OWNER,
        readable=True,
    )


def _nested(head: str, depth: int) -> bytes:
    return (head + "Content-Type: message/rfc822\n\n").encode() * depth + (head + "\n" + SENTENCE).encode()


def _with(head: str, name: str, encoded: str) -> bytes:
    body = (
        'Content-Type: multipart/mixed; boundary="x"\n\n'
        f"--x\nContent-Type: text/plain\n\n{SENTENCE}\n"
        f'--x\nContent-Type: application/octet-stream; name="{name}"\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment; filename="{name}"\n\n{encoded}\n--x--\n'
    )
    return (head + body).encode()


def _two_at_once() -> Iterator[Made]:
    yield Made("pdf-and-zip.pdf", of(page() + word()), OWNER, readable=True)
    yield Made("zip-and-pdf.docx", of(word() + page()), OWNER, readable=True)
    yield Made("html-and-pdf.html", of(b"<html><body>" + page() + b"</body></html>"), OWNER, readable=True)
    yield Made("gif-and-pdf.gif", of(b"GIF89a" + bytes(50) + page()), OWNER, readable=True)
    yield Made(
        "source-of-pdf.txt",
        of(b"1 0 obj\n<</Type/Catalog>>\nendobj\n" * 50 + b"trailer\n<<>>\n"),
        OWNER,
        readable=True,
    )
    yield Made("page-in-text.txt", of(b"A text about the header %PDF-1.7 of a file.\n"), OWNER, readable=True)
