"""A letter as a PDF: A4, its typeface inside it, the same bytes for the same letter on the same day.

Lines are broken here and not by the library, whose tables take minutes for thousands of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF, FPDFException

from casewright.api.notes import Confirmation, ConvertResponse, ExportParts
from casewright.errors import ServiceFailure
from casewright.notes import export_parts as ep

FONTS = Path(__file__).parent / "fonts"
_FILES = {"": "DejaVuSansCondensed.ttf", "B": "DejaVuSansCondensed-Bold.ttf"}
_FAMILY = "letter"
BOX = "□"
MOST_TOLD = 40

# Millimetres and points.
WIDTH, HEIGHT = 210.0, 297.0
LEFT, RIGHT, TOP, BOTTOM = 25.0, 25.0, 20.0, 22.0
LETTERHEAD = 48.0
BODY, SMALL, TABLE = 10.5, 8.0, 9.0
INK, SOFT, ACCENT, ALARM, LINE = (29, 37, 41), (96, 110, 117), (31, 90, 109), (155, 34, 38), (200, 208, 212)
_MM = 25.4 / 72
_SENTENCE, _NUMBER = 74.0, 14.0
_GAP = 4.0

_Colour = tuple[int, int, int]


def render(
    letter: ConvertResponse,
    notes: str | None,
    confirmation: Confirmation | None,
    *,
    on: date | None = None,
    parts: ExportParts = "all",
) -> bytes:
    """The letter, of all parts with its sources and its file page; ``on`` is its date (None: today).

    Raises:
        ServiceFailure: the PDF library refused what it was given.
    """
    day = on or date.today()
    found = ep.papers(letter, notes, confirmation, day)
    found = found.with_notices(notices(found))
    try:
        sheet = _Sheet(found, day)
        _letter(sheet, found)
        if parts != "letter":
            _sources(sheet, found)
        if parts == "all":
            _file(sheet, found)
        return sheet.output()
    except FPDFException as error:
        raise ServiceFailure(
            f"the letter cannot be set as a PDF: {error}", hint="export it as DOCX, and report this"
        ) from error


def notices(found: ep.Papers) -> tuple[str, ...]:
    """What a reader must know of this PDF: the characters that its typeface lacks."""
    lacking = sorted({char for text in found.texts() for char in text if ord(char) not in _glyphs()})
    if not lacking:
        return ()
    named = ", ".join(f"U+{ord(char):04X}" for char in lacking[:MOST_TOLD])
    more = f" and {len(lacking) - MOST_TOLD} more" if len(lacking) > MOST_TOLD else ""
    return (
        f"The PDF's typeface lacks {len(lacking)} character{'s' * (len(lacking) > 1)}, shown as {BOX}: "
        f"{named}{more}. The DOCX has them as they are.",
    )


@cache
def _glyphs() -> frozenset[int]:
    """The characters that both weights have."""
    found = []
    for name in _FILES.values():
        with TTFont(FONTS / name, lazy=True) as font:
            found.append(frozenset(font.getBestCmap()))
    return found[0] & found[1]


class _Sheet:
    """A place on a page that moves down; pages follow each other as they fill up."""

    def __init__(self, found: ep.Papers, day: date) -> None:
        self.pdf = FPDF(format="A4", unit="mm")
        self.pdf.set_auto_page_break(False)
        for style, name in _FILES.items():
            self.pdf.add_font(_FAMILY, style, FONTS / name)
        self.pdf.set_lang("en-GB")
        self.pdf.set_title(_settable(found.title))
        self.pdf.set_producer("Casewright")
        self.pdf.set_creation_date(datetime(day.year, day.month, day.day, tzinfo=UTC))
        self.draft = found.standing == "draft"
        self.y = TOP
        self._part, self._colour, self._number = "", SOFT, 0
        self._widths: dict[tuple[str, float], dict[str, float]] = {}

    def output(self) -> bytes:
        """The file."""
        return bytes(self.pdf.output())

    def start(self, part: str, colour: _Colour = SOFT) -> None:
        """A new part on a page of its own, numbered from 1."""
        self._part, self._colour, self._number = part, colour, 0
        self.turn()

    def turn(self) -> None:
        """The next page, with its part and number at the foot and, of a draft, the mark at its head."""
        self.pdf.add_page()
        self._number += 1
        if self.draft:
            self.pdf.set_fill_color(*ALARM)
            self.pdf.rect(0, 0, WIDTH, 9, style="F")
            size = 10.0
            at = (WIDTH - self.measure(ep.DRAFT, size, "B")) / 2
            self.put(at, 6.2, ep.DRAFT, size, style="B", ink=(255, 255, 255))
        foot = HEIGHT - 12
        page = f"page {self._number}"
        space = WIDTH - LEFT - RIGHT - self.measure(page, SMALL) - _GAP
        self.put(LEFT, foot, self.wrap(self._part, space, SMALL)[0], SMALL, ink=self._colour)
        self.put(WIDTH - RIGHT - self.measure(page, SMALL), foot, page, SMALL, ink=self._colour)
        self.y = TOP

    def room(self, needed: float) -> bool:
        """Whether ``needed`` millimetres are left; a page is turned where they are not."""
        if self.y + needed <= HEIGHT - BOTTOM:
            return True
        self.turn()
        return False

    def put(self, x: float, y: float, text: str, size: float, *, style: str = "", ink: _Colour = INK) -> None:
        """One line of text with its base line at ``y``."""
        if text:
            self.pdf.set_font(_FAMILY, style, size)
            self.pdf.set_text_color(*ink)
            self.pdf.text(x, y, _settable(text))

    def write(
        self,
        text: str,
        size: float = BODY,
        style: str = "",
        *,
        indent: float = 0.0,
        mark: str = "",
        ink: _Colour = INK,
        after: float = 0.0,
    ) -> None:
        """A paragraph; ``mark`` stands in its indent, beside the first line."""
        step = leading(size)
        for place, line in enumerate(self.wrap(text, WIDTH - LEFT - RIGHT - indent, size, style)):
            self.room(step)
            if mark and place == 0:
                self.put(LEFT, self.y + size * _MM, mark, size, style="B", ink=ink)
            self.put(LEFT + indent, self.y + size * _MM, line, size, style=style, ink=ink)
            self.y += step
        self.y += after

    def rule(self, colour: _Colour = LINE, thickness: float = 0.2) -> None:
        """A line over the width of the text."""
        self.pdf.set_draw_color(*colour)
        self.pdf.set_line_width(thickness)
        self.pdf.line(LEFT, self.y, WIDTH - RIGHT, self.y)

    def measure(self, text: str, size: float, style: str = "") -> float:
        """How wide a text is."""
        known = self._widths.setdefault((style, size), {})
        total = 0.0
        for char in _settable(text):
            if char not in known:
                self.pdf.set_font(_FAMILY, style, size)
                known[char] = self.pdf.get_string_width(char)
            total += known[char]
        return total

    def wrap(self, text: str, width: float, size: float, style: str = "") -> list[str]:
        """A text as lines that fit; a word that does not is broken where it must be. At least one line."""
        lines: list[str] = []
        line, used = "", 0.0
        space = self.measure(" ", size, style)
        for word in text.split():
            wide = self.measure(word, size, style)
            if line and used + space + wide <= width:
                line, used = f"{line} {word}", used + space + wide
                continue
            if line:
                lines.append(line)
            *full, line = self._broken(word, wide, width, size, style)
            lines += full
            used = self.measure(line, size, style) if full else wide
        return [*lines, line]

    def _broken(self, word: str, wide: float, width: float, size: float, style: str) -> Sequence[str]:
        if wide <= width:
            return (word,)
        parts, part, used = [], "", 0.0
        for char in word:
            step = self.measure(char, size, style)
            if part and used + step > width:
                parts.append(part)
                part, used = "", 0.0
            part, used = part + char, used + step
        return (*parts, part)


def leading(size: float) -> float:
    """From one base line to the next."""
    return size * _MM * 1.42


def _settable(text: str) -> str:
    """The text with a visible box for every character that the typeface lacks."""
    known = _glyphs()
    return "".join(char if ord(char) in known else BOX for char in text)


def _letter(sheet: _Sheet, found: ep.Papers) -> None:
    sheet.start(found.title)
    sheet.y = LETTERHEAD
    sheet.write(found.addressee, after=5)
    sheet.write(found.day, after=7)
    blocks = list(found.blocks)
    if blocks and blocks[0].kind == "paragraph" and blocks[0].text.startswith("Dear "):
        sheet.write(blocks.pop(0).text, after=3.5)
    sheet.write(found.subject, 12, "B", ink=ACCENT, after=3)
    for place, block in enumerate(blocks):
        if block.kind == "heading":
            sheet.room(leading(BODY) * 4)
            sheet.y += 2.5
            sheet.write(block.text, 11.5, "B", ink=ACCENT, after=1.2)
        elif block.kind == "bullet":
            sheet.write(block.text, indent=5, mark="•", after=1.1)
        else:
            before = blocks[place - 1].kind if place else "heading"
            sheet.y += 2.5 if before == "bullet" else 0
            sheet.write(block.text, after=2.5)
    if not found.sign_off and not found.signers:
        return
    sheet.room(34)
    sheet.y += 2.5
    sheet.write(found.sign_off)
    sheet.y += 16
    for signer in found.signers:
        sheet.write(signer)


def _sources(sheet: _Sheet, found: ep.Papers) -> None:
    sheet.start(f"{found.title} · {ep.SOURCES}")
    sheet.write(ep.SOURCES, 14, "B", ink=ACCENT, after=1)
    sheet.write(ep.SOURCES_SAID, TABLE, ink=SOFT, after=3)
    _columns(sheet)
    if not found.rows:
        sheet.write("The letter has no sentence out of the notes.", TABLE)
    for row in found.rows:
        _row(sheet, row)


def _columns(sheet: _Sheet) -> None:
    height = leading(TABLE) + 1.4
    sheet.pdf.set_fill_color(227, 238, 241)
    sheet.pdf.rect(LEFT, sheet.y, WIDTH - LEFT - RIGHT, height, style="F")
    base = sheet.y + TABLE * _MM + 0.7
    for x, title in zip(_edges(), ep.COLUMNS, strict=True):
        sheet.put(x + 1, base, title, TABLE, style="B")
    sheet.y += height


def _edges() -> tuple[float, float, float]:
    return LEFT, LEFT + _SENTENCE + _GAP, LEFT + _SENTENCE + _GAP + _NUMBER


def _row(sheet: _Sheet, row: ep.Row) -> None:
    """A row that may go on over pages: it is set line by line, with its columns side by side."""
    said, number, words = _edges()
    left = sheet.wrap(row.sentence, _SENTENCE - 1, TABLE)
    right = list(_cited(sheet, row.lines, WIDTH - RIGHT - words - 1))
    step = leading(TABLE)
    sheet.y += 0.8
    most = max(len(left), len(right))
    whole = most * step + 1
    if whole < 60 and sheet.y + whole > HEIGHT - BOTTOM:
        sheet.turn()
        _columns(sheet)
        sheet.y += 0.8
    place = 0
    while place < most:
        if not sheet.room(step):
            _columns(sheet)
        fits = place + max(1, int((HEIGHT - BOTTOM - sheet.y) / step + 1e-6))
        # column by column, so that whoever copies or is read the page has whole sentences
        for count, line in enumerate(left[place:fits]):
            sheet.put(said + 1, sheet.y + TABLE * _MM + count * step, line, TABLE)
        for count, (mark, line) in enumerate(right[place:fits]):
            base = sheet.y + TABLE * _MM + count * step
            sheet.put(number + 1, base, mark, TABLE, style="B", ink=ACCENT)
            sheet.put(words + 1, base, line, TABLE)
        sheet.y += (min(fits, most) - place) * step
        place = fits
    sheet.y += 0.8
    sheet.rule()


def _cited(sheet: _Sheet, lines: Iterable[tuple[str, str | None]], width: float) -> Iterable[tuple[str, str]]:
    """The cited lines, broken: (line number or nothing, words)."""
    for number, words in lines:
        marks = sheet.wrap(number, _NUMBER - 2, TABLE, "B")
        texts = sheet.wrap("(not in these notes)" if words is None else words, width, TABLE)
        for place in range(max(len(marks), len(texts))):
            yield (
                marks[place] if place < len(marks) else "",
                texts[place] if place < len(texts) else "",
            )


def _file(sheet: _Sheet, found: ep.Papers) -> None:
    sheet.start(f"{found.title} · {ep.FILE}", ALARM)
    sheet.write(ep.FILE, 14, "B", ink=ALARM, after=1)
    sheet.y += 1
    sheet.rule(ALARM, 0.6)
    sheet.y += 2
    for group in found.groups:
        sheet.room(leading(BODY) * 3)
        sheet.y += 2
        sheet.write(group.title, 10.5, "B", ink=ACCENT, after=0.8)
        if not group.points:
            sheet.write(group.nothing, TABLE, ink=SOFT)
        for mark, words in group.points:
            _point(sheet, mark, words)


def _point(sheet: _Sheet, mark: str, words: str) -> None:
    indent = 24.0
    if sheet.measure(mark, TABLE, "B") > indent - 2:
        sheet.write(mark, TABLE, "B")
        mark = ""
    alarm = ALARM if mark == "FAILED" else INK
    sheet.write(words, TABLE, indent=indent if mark or words else 0.0, mark=mark, ink=alarm, after=0.7)
