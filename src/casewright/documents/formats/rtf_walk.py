"""The words of RTF, group by group, without recursion, by Microsoft's specification 1.9.1."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from casewright.documents.blocks import Block, Cell, text_block
from casewright.documents.formats.flow import Cells, cell
from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|"
    rb"\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
_MAX_DEPTH = 500
_SAID = {
    "tab": "\t",
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "emspace": " ",
    "enspace": " ",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
}
_BULLETS = frozenset("•·▪◦o\uf0b7\uf0a7\uf0d8\u2022-–")
_COUNTED = re.compile(r"(\d{1,9})\.")
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_SYMBOLS = {"~": " ", "_": "-", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}
_PASSED_NAMES = """
    fonttbl colortbl listtable listoverridetable rsidtbl generator themedata datastore latentstyles
    xmlnstbl filetbl revtbl fldinst objdata objclass datafield colorschememapping mmathPr bkmkstart bkmkend
    nonshppict private pnseclvl sp template ftnsep aftnsep ftnsepc aftnsepc pgptbl userprops xe tc
    atnid atnauthor
"""
_PASSED = frozenset(_PASSED_NAMES.split())
_MARGINS = {"header": "header", "headerl": "header", "headerr": "header", "headerf": "header"}
_MARGINS |= {"footer": "footer", "footerl": "footer", "footerr": "footer", "footerf": "footer"}
_INFO = {"title": "title", "subject": "subject", "author": "author", "keywords": "keywords"}
# Destinations that a reader who does not know them must pass over, and that are read here all the same.
_KNOWN = frozenset(("shppict", "shpinst"))
_CHARSETS = {
    0: "cp1252",
    128: "cp932",
    129: "cp949",
    134: "cp936",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
}
_CHARSETS |= {177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250"}


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within a group."""

    into: str = "text"
    skip: int = 1
    font: int | None = None
    hidden: bool = False
    deleted: bool = False


@dataclass(slots=True)
class _Stream:
    """One run of text: the body's, a header's, a note's."""

    blocks: list[Block] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    row: list[Cell] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    in_table: bool = False
    outline: int | None = None
    label: str = ""
    depth: int = 0


class Walker:
    """Reads the tokens of one file; ``blocks`` are the body's."""

    def __init__(self, content: bytes, limits: DocumentLimits) -> None:
        self._content = content
        self._cells = Cells(limits)
        self._room = limits.pieces
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._state = _State()
        self._stack: list[_State] = []
        self._streams: dict[str, _Stream] = {"text": _Stream()}
        self._notes = 0
        self._pass = 0
        self._bytes = bytearray()
        self._optional = False
        self._left_out = False
        self.truncated = False
        self._deletions = False
        self._in_fonts = False
        self._style = 0
        self._headings: dict[int, int] = {}
        self.metadata: dict[str, str] = {}
        self.figures = 0

    def warnings(self) -> Iterator[str]:
        """What is to be said of the whole."""
        if self._left_out:
            yield "this file has hidden text, which was left out"
        if self._deletions:
            yield "this file has tracked changes: insertions were read as text, deletions were left out"

    def all_blocks(self) -> list[Block]:
        """Headers, text, notes, footers; the same header of several sections once."""
        found: list[Block] = []
        seen: set[tuple[str, ...]] = set()
        for kind in ("header", "text", "note", "footer"):
            for name, stream in self._streams.items():
                if not name.startswith(kind):
                    continue
                self._end_table(stream)
                for block in stream.blocks:
                    words = tuple(piece.text for piece in block.pieces)
                    if kind in ("header", "footer"):
                        if not words or words in seen:
                            continue
                        seen.add(words)
                        found.append(replace(block, kind="header" if kind == "header" else "footer"))
                    else:
                        found.append(block)
        return found

    def walk(self) -> None:
        """Read all tokens."""
        at, content = 0, self._content
        # What comes after more paragraphs than will be kept is cut anyway, and said to be.
        while self._room >= 0 and (match := _TOKEN.match(content, at)) is not None:
            at = match.end()
            word, number, code, symbol, brace, text = match.groups()
            if word is not None:
                value = int(number) if number is not None else None
                if word == b"bin":
                    at += max(0, value or 0)
                else:
                    self._word(word.decode("ascii"), value)
            elif code is not None:
                self._byte(bytes.fromhex(code.decode("ascii")))
            elif symbol is not None:
                self._symbol(symbol.decode("latin-1"))
            elif brace is not None:
                self._group(brace == b"{")
            elif text is not None:
                self._optional = False
                self._byte(text)
        self._settle()
        self.truncated = bool(self._stack)
        for stream in self._streams.values():
            self._paragraph(stream)

    def _group(self, opens: bool) -> None:
        self._settle()
        self._pass = 0
        self._optional = False
        if opens:
            if len(self._stack) >= _MAX_DEPTH:
                raise DocumentTooLarge(
                    "this RTF file has groups inside groups, deeper than is read",
                    hint="save it again and send that",
                )
            self._stack.append(self._state)
            return
        before = self._state.into
        self._state = self._stack.pop() if self._stack else _State()
        if self._state.into != before and before in self._streams:
            self._paragraph(self._streams[before])
        if before == "fonttbl" and self._state.into != before:
            self._in_fonts = False

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._optional = True
        elif symbol in "\r\n":
            self._word("par", None)
        elif symbol in _SYMBOLS:
            self._say(_SYMBOLS[symbol])

    def _word(self, word: str, value: int | None) -> None:
        optional, self._optional = self._optional, False
        if word != "u":
            self._settle()
        if word == "u" and value is not None:
            self._settle()
            self._unicode(value)
        elif word in _SAID:
            self._say(_SAID[word])
        elif word in ("par", "sect", "page", "cell", "row", "nestcell", "nestrow", "intbl", "pard"):
            self._structure(word)
        elif word == "uc":
            self._state = replace(self._state, skip=max(0, min(value or 0, 10)))
        elif word in ("ansicpg", "f", "fcharset", "mac", "pc", "pca"):
            self._encoding(word, value)
        elif word in ("v", "deleted"):
            on = value != 0
            hidden = on if word == "v" else self._state.hidden
            deleted = on if word == "deleted" else self._state.deleted
            self._state = replace(self._state, hidden=hidden, deleted=deleted)
        elif word == "plain":
            self._state = replace(self._state, hidden=False, deleted=False)
        elif word in ("outlinelevel", "s", "ilvl"):
            self._paragraph_style(word, value or 0)
        else:
            self._destination(word, optional)

    def _paragraph_style(self, word: str, value: int) -> None:
        stream = self._stream()
        if word == "ilvl":
            stream.depth = max(0, min(value, 8))
        elif self._state.into == "stylesheet":
            self._style = value
        elif word == "outlinelevel":
            stream.outline = value if 0 <= value < 9 else None
        elif value in self._headings:
            stream.outline = self._headings[value] - 1

    def _destination(self, word: str, optional: bool) -> None:
        if word in ("pict", "object"):
            self.figures += self._state.into in self._streams
            self._state = replace(self._state, into="passed") if word == "pict" else self._state
        elif word == "fonttbl":
            self._in_fonts = True
            self._state = replace(self._state, into="fonttbl")
        elif word in _INFO and self._state.into == "info":
            self._state = replace(self._state, into=f"info {_INFO[word]}")
        elif word in ("listtext", "pntext"):
            self._state = replace(self._state, into="label")
        elif word == "stylesheet":
            self._state = replace(self._state, into="stylesheet")
        elif word == "info":
            self._state = replace(self._state, into="info")
        elif word in _MARGINS:
            self._into(f"{_MARGINS[word]} {word} {len(self._streams)}")
        elif word == "footnote":
            self._notes += 1
            self._say(f"[{self._notes}]")
            self._into(f"note {self._notes}")
            self._streams[self._state.into].said.append(f"Footnote {self._notes}: ")
        elif word == "shptxt":
            self._into(f"note box {len(self._streams)}")
        elif word == "annotation":
            self._into(f"note comment {len(self._streams)}")
            self._streams[self._state.into].said.append("Comment: ")
        elif word in _PASSED or (optional and word not in _KNOWN):
            self._state = replace(self._state, into="passed")

    def _into(self, name: str) -> None:
        self._streams.setdefault(name, _Stream())
        self._state = replace(self._state, into=name)

    def _encoding(self, word: str, value: int | None) -> None:
        if word == "ansicpg" and value:
            self._codec = _known(f"cp{value}") or self._codec
        elif word in ("mac", "pc", "pca"):
            self._codec = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
        elif word == "f":
            self._state = replace(self._state, font=value)
        elif word == "fcharset" and self._in_fonts and self._state.font is not None:
            charset = _CHARSETS.get(value or 0)
            if charset and value:
                self._fonts[self._state.font] = charset

    def _unicode(self, value: int) -> None:
        code = value % 65_536
        self._say(chr(code))
        self._pass = self._state.skip

    def _byte(self, content: bytes) -> None:
        if self._pass:
            content, self._pass = content[self._pass :], max(0, self._pass - len(content))
        self._bytes += content

    def _settle(self) -> None:
        """Bytes that came one by one as the letters that they are together."""
        if self._bytes:
            codec = self._fonts.get(self._state.font if self._state.font is not None else -1, self._codec)
            text = bytes(self._bytes).decode(codec, "replace")
            self._bytes.clear()
            self._say(text)

    def _say(self, text: str) -> None:
        if self._bytes:
            self._settle()
        into = self._state.into
        if into in self._streams:
            if self._state.hidden:
                self._left_out = self._left_out or bool(text.strip())
            elif self._state.deleted:
                self._deletions = True
            else:
                self._streams[into].said.append(text)
        elif into == "label":
            self._streams["text"].label += text
        elif into == "stylesheet":
            match = _HEADING.match(text.strip())
            if match:
                self._headings[self._style] = int(match[1])
        elif into.startswith("info "):
            name = into[5:]
            self.metadata[name] = (self.metadata.get(name, "") + text)[:1_000]

    def _stream(self) -> _Stream:
        return self._streams.get(self._state.into) or self._streams["text"]

    def _structure(self, word: str) -> None:
        if self._state.into not in self._streams:
            return
        stream = self._stream()
        if word in ("par", "sect", "page"):
            self._paragraph(stream)
        elif word == "pard":
            stream.in_table = False
            stream.outline, stream.depth = None, 0
        elif word == "intbl":
            stream.in_table = True
        elif word in ("cell", "nestcell"):
            stream.lines.append(f"{stream.label.strip()} {_text(stream)}")
            stream.label = ""
            if word == "cell":
                stream.row.append(cell("\n".join(stream.lines)))
                stream.lines = []
                self._cells.check(len(stream.row))
        elif word == "row" and stream.row:
            stream.rows.append(stream.row)
            stream.row = []
            self._cells.check(len(stream.rows) * len(stream.rows[-1]))

    def _paragraph(self, stream: _Stream) -> None:
        if stream.in_table:
            if stream.said:
                stream.lines.append(f"{stream.label.strip()} {_text(stream)}")
                stream.label = ""
            return
        text = _text(stream)
        label, stream.label = stream.label.strip(), ""
        if not text.strip():
            return
        self._end_table(stream)
        self._room -= 1
        if label:
            stream.blocks.append(_item(label, text, stream))
        elif stream.outline is not None:
            stream.blocks.append(
                text_block("heading", " ".join(text.split()), level=min(stream.outline + 1, 6))
            )
        else:
            stream.blocks.append(text_block("paragraph", text))

    def _end_table(self, stream: _Stream) -> None:
        if stream.lines:
            stream.row.append(cell("\n".join(stream.lines)))
            stream.lines = []
        if stream.row:
            stream.rows.append(stream.row)
            stream.row = []
        if stream.rows:
            stream.blocks.append(self._cells.table(stream.rows))
            stream.rows = []


def _item(label: str, text: str, stream: _Stream) -> Block:
    """A paragraph under the label that its writer's program gave it."""
    counted = _COUNTED.fullmatch(label)
    words = text if label in _BULLETS or counted else f"{label} {text}"
    if stream.outline is not None:
        return text_block("heading", " ".join(f"{label} {text}".split()), level=min(stream.outline + 1, 6))
    number = int(counted[1]) if counted else None
    return text_block("list_item", words, level=stream.depth, number=number)


def _text(stream: _Stream) -> str:
    text = "".join(stream.said)
    stream.said.clear()
    # Characters beyond the first plane come as two halves.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _known(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
