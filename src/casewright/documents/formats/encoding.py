"""Bytes to text: what is sure is taken, what is likely is said, what is neither is refused."""

from __future__ import annotations

import codecs

from casewright.errors import DocumentTooLarge, UnsupportedMedia

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TEXT_CONTROLS = b"\t\n\r\x0b\x0c\x1a\x1b"
_CONTROLS = bytes(byte for byte in (*range(32), 127) if byte not in _TEXT_CONTROLS)
_LETTERS = bytes(byte for byte in range(128) if chr(byte).isalnum() or chr(byte) in " \n\r\t.,;:'\"!?()-/")
_NOT_IN_1252 = b"\x81\x8d\x8f\x90\x9d"
MAX_CONTROL_SHARE = 0.001
# Western European text in Windows-1252 has a few per cent; other alphabets in eight bits have more than half.
MAX_HIGH_SHARE = 0.3
MIN_PLAIN_SHARE = 0.6
_REPLACED = "some characters could not be read and are shown as \ufffd"
_WIDE_SAMPLE = 4096


def decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and what is not sure about it.

    A byte order mark decides; else UTF-8 if the bytes are that; else UTF-16 where every second byte says so;
    else Windows-1252 if they look like a text in it, which is said. (A guessing library would choose among
    dozens of encodings by letter frequency, and be silently wrong on short files.)

    Raises:
        UnsupportedMedia: the bytes are no text, or one in an encoding that is not known.
    """
    encoding, mark = encoding_of(content)
    text = content[mark:].decode(encoding, "replace")
    warnings: list[str] = []
    if encoding == "cp1252":
        warnings.append("the file is not UTF-8; it was read as Windows-1252: check £, € and accented letters")
    if "\ufffd" in text and b"\xef\xbf\xbd" not in content:
        warnings.append(_REPLACED)
    return text, tuple(warnings)


def encoding_of(content: bytes) -> tuple[str, int]:
    """The encoding of a text, and how many bytes its mark takes.

    Raises:
        UnsupportedMedia: as for ``decode``.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            _check_decoded(content[len(mark) :].decode(encoding, "replace"))
            return encoding, len(mark)
    wide = _wide(content)
    if wide:
        _check_decoded(content.decode(wide, "replace"))
        return wide, 0
    if not mostly_plain(content):
        raise not_text()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        if _is_spoilt_utf8(content):
            return "utf-8", 0
        if not looks_like_1252(content):
            raise UnsupportedMedia(
                "this is not text, or text in an encoding that is not known here",
                hint="save it as UTF-8 and send that",
            ) from None
        return "cp1252", 0
    return "utf-8", 0


def _is_spoilt_utf8(content: bytes) -> bool:
    """UTF-8 with a few wrong bytes: letters of other encodings hardly ever make valid sequences in it."""
    wide = [char for char in content.decode("utf-8", "replace") if char > "\x7f"]
    bad = wide.count("\ufffd")
    return len(wide) - bad > 4 * bad


def mostly_plain(content: bytes) -> bool:
    """Whether there are hardly any control characters in bytes that may be a text in eight bits."""
    return b"\0" not in content and _count(content, _CONTROLS) <= 1 + MAX_CONTROL_SHARE * len(content)


def looks_like_1252(content: bytes) -> bool:
    """Whether bytes that are not UTF-8 look like a text of western Europe."""
    high = len(content) - _count(content, bytes(range(128)))
    undefined = _count(content, _NOT_IN_1252)
    plain = _count(content, _LETTERS)
    return (
        high <= MAX_HIGH_SHARE * len(content)
        and undefined <= high * 0.02
        and plain >= MIN_PLAIN_SHARE * len(content)
    )


def whole_text(content: bytes, most: int) -> tuple[str, tuple[str, ...]]:
    """``decode``, held to ``most`` bytes.

    Raises:
        DocumentTooLarge: there are more.
        UnsupportedMedia: as for ``decode``.
    """
    if len(content) > most:
        raise DocumentTooLarge(f"the text is longer than {most} bytes", hint="split it and send its parts")
    return decode(content)


def not_text() -> UnsupportedMedia:
    """The error for bytes that are no text."""
    return UnsupportedMedia(
        "this is not a kind of file that is known here, and it is not text",
        hint="save or export it as PDF, DOCX or plain text and send that",
    )


def _check_decoded(text: str) -> None:
    """Hold what a mark promised to be text to what text looks like."""
    controls = sum(char < " " and char not in "\t\n\r\x0b\x0c\x1a\x1b" for char in text[:100_000])
    if (
        controls > MAX_CONTROL_SHARE * max(1, len(text[:100_000])) + 1
        or text.count("\ufffd") > 0.01 * len(text) + 1
    ):
        raise not_text()


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte of a text in Latin letters is zero, and no other."""
    sample = content[:_WIDE_SAMPLE]
    if len(sample) < 8 or len(content) % 2:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.7 * half and even == 0:
        return "utf-16-le"
    if even > 0.7 * half and odd == 0:
        return "utf-16-be"
    return None


def _count(content: bytes, among: bytes) -> int:
    return len(content) - len(content.translate(None, among))
