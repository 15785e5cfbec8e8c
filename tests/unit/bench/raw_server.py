"""A raw HTTP server for the load generator's tests: every connection runs a script over its socket.

A script gets a ``Talk``: it reads requests and sends whatever bytes it likes, in whatever pieces. One thread
per connection; everything ends when the server is closed.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED_HEAD = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
DEADLINE_S = 30.0


def token(text: str) -> bytes:
    """A content event."""
    body = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def ending(tokens: int) -> bytes:
    """Finish reason, usage, and the terminal event."""
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": tokens}}
    events = [b"data: " + json.dumps(body).encode() + b"\n\n" for body in (last, usage)]
    return b"".join(events) + b"data: [DONE]\n\n"


ROLE = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
WORDS = ("one", " two", " three")
STREAM = ROLE + b"".join(token(word) for word in WORDS) + ending(3)


def chunk(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def good_pieces() -> list[bytes]:
    """A whole good answer as the pieces it may be sent in."""
    return [
        CHUNKED_HEAD,
        chunk(ROLE),
        *[chunk(token(word)) for word in WORDS],
        chunk(ending(3)),
        b"0\r\n\r\n",
    ]


GOOD = b"".join(good_pieces())


def plain(status: str, body: bytes, headers: bytes = b"") -> bytes:
    """An answer with a counted JSON body."""
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % (
        status.encode(),
        len(body),
    )
    return head + headers + b"\r\n" + body


class Talk:
    """One connection, as a script sees it. ``number`` counts the server's connections from 0."""

    def __init__(self, server: RawServer, sock: socket.socket, number: int) -> None:
        self.server = server
        self.sock = sock
        self.number = number
        self._buffer = b""

    def request(self) -> bytes | None:
        """The next request's body; None when the client has closed."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return None
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        self._buffer = rest
        while len(self._buffer) < length:
            if not self._more():
                return None
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        with self.server.lock:
            self.server.heads.append(head)
            self.server.bodies.append(body)
        return body

    def send(self, *pieces: bytes) -> None:
        """Write pieces one by one."""
        for piece in pieces:
            self.sock.sendall(piece)

    def hang(self) -> None:
        """Say nothing more until the client goes away or the server is closed."""
        while self._more():
            pass

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def _more(self) -> bool:
        data = self.sock.recv(65536)
        self._buffer += data
        return bool(data)


Script = Callable[[Talk], None]


class RawServer:
    """Runs a script on every connection; a context manager."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.lock = threading.Lock()
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self.lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in (self._accepting, *self._threads):
            thread.join(DEADLINE_S)

    def __enter__(self) -> RawServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                number = self.connections
                self.connections += 1
                self._open.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            used = self._tls.wrap_socket(sock, server_side=True) if self._tls else sock
        except OSError:
            sock.close()
            return
        with self.lock:
            self._open.discard(sock)
            self._open.add(used)
        with contextlib.suppress(OSError), used:
            self._script(Talk(self, used, number))
        with self.lock:
            self._open.discard(used)


def answering(*answers: bytes) -> Script:
    """Every request gets the next of ``answers`` on its connection (the last one for ever), in one write."""

    def script(talk: Talk) -> None:
        for answer in _then_last(answers):
            if talk.request() is None:
                return
            talk.send(answer)

    return script


def _then_last(answers: tuple[bytes, ...]) -> Iterator[bytes]:
    yield from answers
    while True:
        yield answers[-1]
