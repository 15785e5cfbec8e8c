"""HTTP/1.1 for the load generator: the framing of responses, pure.

Framing after RFC 9112 (sections 4 to 9). Lines end with CRLF; a bare LF is not taken for a line end.
``ResponseParser`` is incremental: bytes may come split anywhere, and the result is the same. The load
generator runs it over what it stored when an answer looks complete; decoding runs it again, read by read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

MAX_HEAD = 64 * 1024
MAX_CHUNK_LINE = 4096
_MAX_INTERIM = 16

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([^\r\n\x00]*))?\Z")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n\x00]*)?\Z")


class FramingError(Exception):
    """The bytes are not an HTTP/1.1 response; the message says what was wrong with them."""


class Framing(Enum):
    """How the end of a body is known."""

    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Head:
    """A final (not 1xx) response head. Header names are lower case; ``length`` is None unless LENGTH."""

    status: int
    headers: tuple[tuple[str, str], ...]
    framing: Framing
    length: int | None
    keep_alive: bool

    def get(self, name: str) -> str | None:
        """The first header called ``name`` (lower case)."""
        return next((value for key, value in self.headers if key == name), None)


def peek_framing(data: bytes) -> Framing | None:
    """The framing that a complete final head at the beginning of ``data`` announces, without a parser.

    None when there is no such head: an interim one, an incomplete one, or no HTTP at all.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    try:
        head = _head(data[:end])
    except FramingError:
        return None
    return head.framing if head.status >= 200 else None


# The parser's states; plain numbers, since looking an enum's member up costs a tenth of reading a token.
_HEAD: Final = 0
_CHUNK_LINE: Final = 1
_CHUNK_DATA: Final = 2
_CHUNK_END: Final = 3
_TRAILERS: Final = 4
_LENGTH: Final = 5
_CLOSE: Final = 6
_DONE: Final = 7


class ResponseParser:
    """Incremental framing of one response to a POST.

    ``feed`` returns the body bytes that became known, in order, without copying more than once. ``done``
    tells that the message is complete, ``excess`` that bytes followed it (nothing was asked for them, so
    the connection is not to be used again). ``eof`` tells the parser that the peer closed. After a
    FramingError the parser is not to be used again.
    """

    __slots__ = ("_have_body", "_interim", "_pending", "_remaining", "_state", "done", "excess", "head")

    def __init__(self) -> None:
        self.head: Head | None = None
        self.done = False
        self.excess = False
        self._state = _HEAD
        self._pending = b""
        self._remaining = 0
        self._interim = 0
        self._have_body = False

    @property
    def body_seen(self) -> bool:
        """Whether any body byte has come."""
        return self._have_body

    @property
    def remaining(self) -> int:
        """Body bytes that a counted body (or the chunk being read) still lacks."""
        return self._remaining

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request."""
        return self.done and not self.excess and self.head is not None and self.head.keep_alive

    def feed(self, data: bytes, *, keep: bool = True) -> list[bytes]:
        """Take the next bytes; return body pieces (with ``keep`` False only notes that there were some).

        FramingError when they are not HTTP/1.1.
        """
        if self._pending:
            data = self._pending + data
            self._pending = b""
        out: list[bytes] = []
        position, size = 0, len(data)
        while position < size:
            state = self._state
            if state == _CHUNK_LINE:
                position = self._chunks(data, position, out if keep else None)
            elif state == _HEAD:
                position = self._read_head(data, position)
            elif state in (_CHUNK_DATA, _LENGTH):
                position = self._counted(data, position, out)
            elif state == _CHUNK_END:
                position = self._chunk_end(data, position)
            elif state == _TRAILERS:
                position = self._trailer(data, position)
            elif state == _CLOSE:
                out.append(data[position:])
                position = size
            else:
                self.excess = True
                break
            if self._pending:
                break
        self._have_body |= bool(out)
        return out

    def whole_chunk(self, data: bytes) -> bool:
        """Take ``data`` if it is exactly one whole chunk and one is due; else False, and nothing is taken."""
        eol = data.find(b"\r\n", 0, 20)
        if eol <= 0 or self._state != _CHUNK_LINE or self._pending or data[-2:] != b"\r\n":
            return False
        try:
            length = _chunk_size(data[:eol])
        except FramingError:
            return False
        if not length or eol + 4 + length != len(data):
            return False
        self._have_body = True
        return True

    def eof(self) -> bool:
        """The peer closed: True when that completes the message, False when it was cut short."""
        if self._state == _CLOSE:
            self._finish()
        return self.done

    def _finish(self) -> None:
        self._state = _DONE
        self.done = True

    def _keep(self, data: bytes, position: int, limit: int, what: str) -> int:
        """Hold an incomplete line back until more comes."""
        if len(data) - position > limit:
            raise FramingError(f"{what} is longer than {limit} bytes")
        self._pending = data[position:]
        return len(data)

    def _read_head(self, data: bytes, position: int) -> int:
        end = data.find(b"\r\n\r\n", position)
        if end < 0:
            if not b"HTTP/1."[: len(data) - position] == data[position : position + 7]:
                raise FramingError("the answer does not begin with HTTP/1.")
            return self._keep(data, position, MAX_HEAD, "the response head")
        if end - position > MAX_HEAD:
            raise FramingError(f"the response head is longer than {MAX_HEAD} bytes")
        head = _head(data[position:end])
        if head.status < 200:
            self._interim += 1
            if head.status == 101 or self._interim > _MAX_INTERIM:
                raise FramingError(f"unexpected status {head.status}")
            return end + 4
        self.head = head
        framing = self.head.framing
        if framing is Framing.CHUNKED:
            self._state = _CHUNK_LINE
        elif framing is Framing.CLOSE:
            self._state = _CLOSE
        elif framing is Framing.LENGTH and self.head.length:
            self._state = _LENGTH
            self._remaining = self.head.length
        else:
            self._finish()
        return end + 4

    def _chunks(self, data: bytes, position: int, out: list[bytes] | None) -> int:
        """As many whole chunks as there are, then the state of the incomplete one."""
        if data.endswith(b"\r\n") and self._plain_chunks(data, position, out):
            return len(data)
        size, find, begin = len(data), data.find, position
        while position < size:
            eol = find(b"\r\n", position, position + MAX_CHUNK_LINE)
            if eol < 0:
                self._have_body |= position > begin
                return self._keep(data, position, MAX_CHUNK_LINE - 1, "a chunk's size line")
            length = _chunk_size(data[position:eol])
            end = eol + 2 + length
            if not length or end + 2 > size:
                self._have_body |= position > begin
                self._remaining = length
                self._state = _CHUNK_DATA if length else _TRAILERS
                return eol + 2
            if data[end : end + 2] != b"\r\n":
                raise FramingError("a chunk is longer than its size says")
            if out is not None:
                out.append(data[eol + 2 : end])
            position = end + 2
        self._have_body = True
        return position

    def _plain_chunks(self, data: bytes, position: int, out: list[bytes] | None) -> bool:
        """The usual case at the speed of C: whole chunks whose data holds no CRLF.

        Split at CRLF, such bytes alternate between size and data. Where every data's length is the size
        before it, that is the only reading; anything else is left to the loop, untouched.
        """
        parts = data[position:].split(b"\r\n")
        pieces = parts[1:-1:2]
        try:
            sizes = list(map(_chunk_size, parts[:-1:2]))
        except FramingError:  # data that holds a CRLF, or a true error: the loop tells them apart
            return False
        if sizes != list(map(len, pieces)):
            return False
        ended = 0 in sizes
        if ended:
            if sizes.index(0) != len(sizes) - 1:
                return False
            pieces.pop()
        if out is not None:
            out += pieces
        self._have_body |= bool(pieces)
        if ended:
            self._finish()
        return True

    def _counted(self, data: bytes, position: int, out: list[bytes]) -> int:
        piece = data[position : position + self._remaining]
        out.append(piece)
        self._remaining -= len(piece)
        if not self._remaining and self._state == _LENGTH:
            self._finish()
        elif not self._remaining:
            self._state = _CHUNK_END
        return position + len(piece)

    def _chunk_end(self, data: bytes, position: int) -> int:
        ending = data[position : position + 2]
        if ending == b"\r\n":
            self._state = _CHUNK_LINE
            return position + 2
        if ending == b"\r":
            return self._keep(data, position, 2, "a chunk's end")
        raise FramingError("a chunk is longer than its size says")

    def _trailer(self, data: bytes, position: int) -> int:
        eol = data.find(b"\r\n", position)
        if eol < 0:
            return self._keep(data, position, MAX_HEAD, "a trailer line")
        if eol - position > MAX_HEAD:
            raise FramingError(f"a trailer line is longer than {MAX_HEAD} bytes")
        if eol == position:
            self._finish()
        return eol + 2


# A server's heads and chunk sizes repeat, and the hot path needs both: pure functions of a few bytes.
@lru_cache(maxsize=4096)
def _chunk_size(line: bytes) -> int:
    match = _SIZE_LINE.match(line)
    if match is None:
        raise FramingError(f"bad chunk size {line[:40]!r}")
    return int(match.group(1), 16)


@lru_cache(maxsize=64)
def _head(raw: bytes) -> Head:
    return _frame(*_parse_head(raw))


def _parse_head(raw: bytes) -> tuple[int, int, list[tuple[str, str]]]:
    lines = raw.split(b"\r\n")
    match = _STATUS_LINE.match(lines[0])
    if match is None:
        raise FramingError(f"bad status line {lines[0][:60]!r}")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t") and headers:  # obsolete folding, RFC 9112 section 5.2
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip().decode('latin-1')}")
            continue
        key, colon, content = line.partition(b":")
        if not colon or not _TOKEN.match(key) or b"\x00" in content or b"\r" in content or b"\n" in content:
            raise FramingError(f"bad header line {line[:60]!r}")
        headers.append((key.decode("ascii").lower(), content.strip(b" \t").decode("latin-1")))
    return int(match.group(2)), int(match.group(1)), headers


def _frame(status: int, minor: int, headers: list[tuple[str, str]]) -> Head:
    """Decide how the body ends (RFC 9112 section 6.3) and whether the connection lives on (9.3)."""
    connection = _listed(headers, "connection")
    keep_alive = "close" not in connection and (minor == 1 or "keep-alive" in connection)
    codings = _listed(headers, "transfer-encoding")
    lengths = set(_listed(headers, "content-length"))
    length: int | None = None
    if status < 200 or status in (204, 304):
        framing = Framing.NONE
    elif codings:
        if codings[:-1] or codings[-1] not in ("chunked", "identity"):
            raise FramingError(f"transfer codings {', '.join(codings)} were not asked for")
        framing = Framing.CHUNKED if codings[-1] == "chunked" else Framing.CLOSE
        # Both headers at once are how responses are smuggled: the message stands, the connection does not.
        keep_alive = keep_alive and not lengths
    elif lengths:
        text = lengths.pop()
        if lengths or not (text.isascii() and text.isdigit() and len(text) < 19):
            raise FramingError("the content lengths are contradictory or not numbers")
        framing, length = Framing.LENGTH, int(text)
    else:
        framing = Framing.CLOSE
    return Head(status, tuple(headers), framing, length, keep_alive and framing is not Framing.CLOSE)


def _listed(headers: list[tuple[str, str]], name: str) -> list[str]:
    """All comma-separated elements of the headers called ``name``, lower case."""
    found = [value for key, value in headers if key == name]
    return [part.strip().lower() for value in found for part in value.split(",") if part.strip()]
