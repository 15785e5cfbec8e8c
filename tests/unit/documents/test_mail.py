"""EML: what a message says, and everything that hangs on it, read or said to be lost."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casewright.documents.limits import DocumentLimits
from casewright.documents.options import OcrOptions, ReadOptions
from casewright.errors import CasewrightError, DocumentTooLarge
from unit.documents.making import pdf, read

HEAD = b"Message-ID: <1@x>\r\nFrom: a@b.c\r\nMIME-Version: 1.0\r\n"


def mail(subject: str = "Rent", text: str = "Owed £1,240.50\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "Jane Doe <jane@x.org>", "a@b.c"
    message["Date"], message["Subject"] = "Sat, 14 Mar 2026 10:30:00 +0000", subject
    message["Message-ID"] = "<1@x>"
    message.set_content(text)
    return message


def attach(message: EmailMessage, content: bytes, name: str, kind: str = "application/octet-stream") -> None:
    main, _, sub = kind.partition("/")
    message.add_attachment(content, maintype=main, subtype=sub, filename=name)


def save(folder: Path, message: EmailMessage | bytes) -> Path:
    (folder / "a.eml").write_bytes(message if isinstance(message, bytes) else message.as_bytes())
    return folder / "a.eml"


def test_fields_and_plain_text_before_html(tmp_path: Path) -> None:
    message = mail("Café rent")
    message.add_alternative("<p>the other form</p>", subtype="html")
    found = read(save(tmp_path, message))
    assert found.markdown == (
        "From: Jane Doe \\<jane@x.org>\nTo: a@b.c\nDate: Sat, 14 Mar 2026 10:30:00 +0000"
        "\nSubject: Café rent\n\n"
        "Owed £1,240.50"
    )
    assert (found.media_type, found.status, found.metadata["title"]) == ("message/rfc822", "ok", "Café rent")


def test_html_where_there_is_no_plain_text(tmp_path: Path) -> None:
    message = mail(text=" ")
    message.add_alternative("<table><tr><td>a</td><td>1</td></tr></table><script>x</script>", subtype="html")
    assert read(save(tmp_path, message)).markdown.endswith("\n\n| a | 1 |\n| --- | --- |")


def test_attachments_are_pages_under_their_names_and_names_are_no_paths(tmp_path: Path) -> None:
    message = mail()
    attach(message, b"a,b\n1,2\n", "../../etc/sums.csv")
    attach(message, b"\0\1" * 50, "x.bin")
    attach(message, b"plain words", "letter.pdf")
    found = read(save(tmp_path, message))
    assert [(page.part, page.markdown) for page in found.pages][1:] == [
        ("sums.csv", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("letter.pdf", "plain words"),
    ]
    assert "Attachments: sums.csv, x.bin, letter.pdf" in found.pages[0].markdown
    assert found.status == "partial"
    assert found.reason.startswith("the attachment x.bin was not read: ")
    assert any(warning.startswith("letter.pdf: the name ends in .pdf") for warning in found.warnings)
    assert [path.name for path in tmp_path.iterdir()] == ["a.eml"]


def test_a_pdf_attachment(tmp_path: Path) -> None:
    message = mail()
    attach(message, pdf(["Hearing on 14/03/2026"]), "letter.pdf", "application/pdf")
    found = read(save(tmp_path, message), options=ReadOptions(OcrOptions(mode="never")))
    assert (found.pages[1].part, found.pages[1].markdown) == ("letter.pdf", "Hearing on 14/03/2026")


def test_messages_inside_messages(tmp_path: Path) -> None:
    inner = mail("inner", "inner text 5\n")
    attach(inner, b"attached 6", "note.txt")
    middle = mail("middle")
    middle.add_attachment(inner)
    outer = mail("outer")
    attach(outer, middle.as_bytes(), "forwarded.eml")
    found = read(save(tmp_path, outer))
    assert [page.part for page in found.pages] == [
        "",
        "forwarded.eml",
        "forwarded.eml > inner",
        "forwarded.eml > inner > note.txt",
    ]
    assert "inner text 5" in found.markdown
    assert "attached 6" in found.markdown


def test_messages_inside_messages_without_end_are_bounded_and_said(tmp_path: Path) -> None:
    message = mail("deepest")
    for number in range(8):
        outer = mail(f"level {number}")
        attach(outer, message.as_bytes(), "inner.eml")
        message = outer
    found = read(save(tmp_path, message))
    assert found.status == "partial"
    assert "too deep" in found.reason
    assert len(found.pages) == 5


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (DocumentLimits(attachments=1), "more, or larger, attachments"),
        (DocumentLimits(attachment_bytes=4_000), "more, or larger, attachments"),
        (DocumentLimits(pages=2), "more pages"),
    ],
)
def test_limits_say_what_they_left_out(tmp_path: Path, limits: DocumentLimits, reason: str) -> None:
    message = mail()
    for number in range(2):
        attach(message, b"words and words " * 150, f"{number}.txt")
    if limits.attachment_bytes == 4_000:
        limits = DocumentLimits(attachment_bytes=len(message.as_bytes()))
        attach(message, b"", "2.txt")
        with pytest.raises(DocumentTooLarge):
            read(save(tmp_path, message), limits=limits)
        return
    found = read(save(tmp_path, message), limits=limits)
    assert (found.status, reason in found.reason) == ("partial", True)
    assert [page.part for page in found.pages] == ["", "0.txt"]


@pytest.mark.parametrize(
    "content",
    [
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nx\r\n" * 2_000
        + b"--b--\r\n",
        HEAD
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000)
        ),
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1_000,
        HEAD + b'Content-Type: text/plain; a="' + b'"a=' * 100_000 + b"\r\n\r\nx",
    ],
    ids=["parts", "multiparts", "messages", "field"],
)
def test_bombs_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DocumentTooLarge):
        read(save(tmp_path, content))


def test_broken_mail_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    cut = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello 5\r\n"
    found = read(save(tmp_path, cut))
    assert (found.status, "cut short" in found.reason, "hello 5" in found.markdown) == ("partial", True, True)
    words = b"Subject: =?no-such?q?x?= =?utf-8?b?!!!?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n"
    words += b"caf\xe9 \xa35"
    assert read(save(tmp_path, HEAD + words)).markdown.endswith("café £5")
    for kind in (b"multipart/mixed", b"multipart/alternative", b"message/rfc822", b"", b";;;", b"text"):
        assert (
            "hello 5" in read(save(tmp_path, HEAD + b"Content-Type: " + kind + b"\r\n\r\nhello 5")).markdown
        )


def test_what_is_encrypted_or_elsewhere_is_said(tmp_path: Path) -> None:
    kind = b"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nVersion: 1\r\n--b--\r\n"
    found = read(save(tmp_path, HEAD + kind))
    assert (found.status, "encrypted" in found.reason) == ("partial", True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_way_of_spoiling_a_message_is_an_error_or_a_reading(tmp_path: Path, data: st.DataObject) -> None:
    message = mail()
    message.add_alternative("<p>html</p>", subtype="html")
    attach(message, b"a,b\n1,2\n", "sums.csv")
    content = bytearray(message.as_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=6))
    try:
        found = read(save(tmp_path, bytes(content)))
    except CasewrightError as error:
        assert error.hint
    else:
        assert found.status in ("ok", "partial")
