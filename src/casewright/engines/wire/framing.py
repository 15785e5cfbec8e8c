"""From bytes to payloads: server-sent events and newline-delimited JSON, incremental and bounded.

Both framers give the same payloads whatever the pieces the bytes arrive in.
"""

from __future__ import annotations

from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Payload:
    """One framed message.

    ``error`` marks an SSE ``error:`` field, which old llama.cpp servers send; ``bare`` a JSON object on a
    line of its own where SSE has none.
    """

    data: bytes
    error: bool = False
    bare: bool = False


class TooLong(Exception):
    """A line, or the data of one event, is beyond the bound; ``before`` came ahead of it and is good."""

    def __init__(self, before: list[Payload]) -> None:
        super().__init__("line beyond the bound")
        self.before = before


class LineFramer:
    """Newline-delimited JSON: every non-blank line is a payload; LF or CRLF; a byte order mark is skipped."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max = max_line_bytes
        self._partial = bytearray()
        self._first = True

    def feed(self, data: bytes) -> list[Payload]:
        """Payloads completed by ``data``.

        Raises:
            TooLong: a line is beyond the bound.
        """
        found: list[Payload] = []
        for line in self._lines(data):
            if line is None:
                raise TooLong(found)
            self._take(line, found)
        return found

    def end(self) -> list[Payload]:
        """What an ending without a last newline leaves over."""
        rest, self._partial = bytes(self._partial), bytearray()
        found: list[Payload] = []
        if rest:
            self._take(self._without_mark(rest), found)
        return found

    def _take(self, line: bytes, found: list[Payload]) -> None:
        stripped = line.strip()
        if stripped:
            found.append(Payload(stripped))

    def _lines(self, data: bytes) -> list[bytes | None]:
        """Complete lines; a None at the end says that the next line is beyond the bound."""
        head, *rest = data.split(b"\n")
        self._partial += head
        lines: list[bytes | None] = []
        for piece in rest:
            if len(self._partial) > self._max:
                break
            lines.append(self._without_mark(bytes(self._partial)))
            self._partial = bytearray(piece)
        if len(self._partial) > self._max:
            self._partial = bytearray()
            lines.append(None)
        return lines

    def _without_mark(self, line: bytes) -> bytes:
        if self._first:
            self._first = False
            return line.removeprefix(_BOM)
        return line


class EventFramer(LineFramer):
    """Server-sent events after the WHATWG HTML standard: each event's joined ``data`` is a payload.

    Lines end with LF, CR or CRLF, also when CR and LF arrive apart; comments, blank lines and ``event``,
    ``id``, ``retry`` fields are skipped. Beyond the standard: an ``error`` field (old llama.cpp) and a bare
    JSON object on a line of its own (an error put into the stream without framing) are payloads too.
    """

    def __init__(self, max_line_bytes: int) -> None:
        super().__init__(max_line_bytes)
        self._data: list[bytes] = []
        self._size = 0
        self._skip_lf = False

    def feed(self, data: bytes) -> list[Payload]:
        """Payloads completed by ``data``.

        Raises:
            TooLong: a line, or the data of one event, is beyond the bound.
        """
        if self._is_one_event(data):
            self._first = False
            return [Payload(data[6:-2])]
        if self._skip_lf and data:
            data = data.removeprefix(b"\n")
            self._skip_lf = False
            if not data:
                return []
        if b"\r" in data:
            self._skip_lf = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return super().feed(data)

    def _is_one_event(self, data: bytes) -> bool:
        """Whether a read is exactly one plain event, as nearly all are; the long way gives the same."""
        return (
            data.startswith(b"data: {")
            and data.endswith(b"}\n\n")
            and not (self._partial or self._data or self._skip_lf)
            and len(data) <= self._max
            and data.count(b"\n") == 2
            and b"\r" not in data
        )

    def end(self) -> list[Payload]:
        """An event without its blank line: the standard drops it, the decoder may use it only as the end."""
        found = super().end()
        self._dispatch(found)
        return found

    def _dispatch(self, found: list[Payload]) -> None:
        data = b"\n".join(self._data).strip()
        self._data, self._size = [], 0
        if data:
            found.append(Payload(data))

    def _take(self, line: bytes, found: list[Payload]) -> None:
        if not line:
            self._dispatch(found)
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._size += len(value)
            if self._size > self._max:
                raise TooLong(found)
            self._data.append(value)
        elif name == b"error":
            found.append(Payload(value.strip(), error=True))
        elif line.startswith(b"{"):
            found.append(Payload(line, bare=True))
