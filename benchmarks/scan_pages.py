"""Pages with known text, drawn as a scanner or a telephone would give them: letters, statements and forms."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path("/usr/share/fonts/truetype")
FONTS = {
    "DejaVu Sans": "dejavu/DejaVuSans.ttf",
    "DejaVu Serif": "dejavu/DejaVuSerif.ttf",
    "DejaVu Sans Mono": "dejavu/DejaVuSansMono.ttf",
    "Liberation Sans": "liberation/LiberationSans-Regular.ttf",
    "Liberation Serif": "liberation/LiberationSerif-Regular.ttf",
    "Liberation Mono": "liberation/LiberationMono-Regular.ttf",
    "Liberation Sans Narrow": "liberation/LiberationSansNarrow-Regular.ttf",
}
A4_MM = (210.0, 297.0)
MARGIN_PT = 60.0
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_STREETS = ("Mill Lane", "Northgate", "Station Road", "Church Street", "Victoria Terrace", "Elm Grove")
_NAMES = (
    "Margaret O'Brien",
    "Tomasz Kowalski",
    "Aisha Rahman",
    "John Whitfield",
    "Siobhan Kelly",
    "Lee Chen",
)
_PAYEES = (
    "Yorkshire Water", "Council tax", "TV Licensing", "Octopus Energy", "Card payment TESCO 3021", "Rent",
    "Universal Credit", "Standing order", "Cash withdrawal", "Vodafone", "Direct debit BGAS", "Bank charge",
)  # fmt: skip
_SENTENCES = (
    "We write about your claim for {benefit}, reference {ref}, which we received on {date}.",
    "Our records show that {amount} was paid to you on {date} and a further {amount} on {date}.",
    "You must tell us by {date} if any of this is wrong, or if your circumstances have changed.",
    "The overpayment of {amount} will be recovered at {amount} a week from {date}.",
    "If you do not agree with this decision you can ask us to look at it again within one month.",
    "Please have your National Insurance number {ni} ready when you call us on {phone}.",
    "The rent arrears on the property stand at {amount}, and court costs of {amount} have been added.",
    "A hearing is listed at 10:30 on {date} in Court 4; you should arrive 30 minutes early.",
    "Payments should be made to account {account}, sort code {sort}, quoting {ref}.",
    "We have enclosed a form that your landlord has to fill in and sign before it is sent back.",
    "Nothing in this letter changes what you were told about the other household members.",
)


@dataclass(frozen=True)
class Words:
    """Lines as they were drawn, in reading order, and the amounts, dates and references in them."""

    lines: tuple[str, ...]
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """A page and what stands on it."""

    image: Image.Image
    words: Words
    kind: str
    font: str


@dataclass(frozen=True)
class Condition:
    """How a page was taken: dots an inch, how far it leans at most, and how much was spoilt (0 to 1)."""

    name: str
    dpi: int
    skew: float = 0.0
    noise: float = 0.0


class _Figures:
    """Makes figures and remembers them, so that each can be looked for in what was read."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.made: list[str] = []

    def __getitem__(self, name: str) -> str:
        made = str(getattr(self, name)())
        if name not in ("benefit", "phone"):
            self.made.append(made)
        return made

    def amount(self) -> str:
        pence = int(10 ** self.random.uniform(2.5, 6.2))
        return f"£{pence // 100:,}.{pence % 100:02d}"

    def plain(self) -> str:
        return self.amount()[1:]

    def date(self) -> str:
        day, month, year = (
            self.random.randint(1, 28),
            self.random.randint(1, 12),
            self.random.randint(2019, 2026),
        )
        styles = (
            f"{day:02d}/{month:02d}/{year}",
            f"{day} {MONTHS[month - 1]} {year}",
            f"{year}-{month:02d}-{day:02d}",
        )
        return self.random.choice(styles)

    def day(self) -> str:
        day, month = self.random.randint(1, 28), self.random.randint(1, 12)
        return f"{day:02d}/{month:02d}/{self.random.randint(2019, 2026)}"

    def ref(self) -> str:
        letters = "".join(self.random.choices("ABCDEFGHJKLMNPRSTUWX", k=3))
        return f"{letters}-{self.random.randint(1000, 9999)}"

    def ni(self) -> str:
        digits = self.random.randint(100000, 999999)
        return f"{''.join(self.random.choices('ABCEGHJKLMNPRST', k=2))}{digits}{self.random.choice('ABCD')}"

    def account(self) -> str:
        return str(self.random.randint(10_000_000, 99_999_999))

    def sort(self) -> str:
        return "-".join(f"{self.random.randint(10, 99)}" for _ in range(3))

    def phone(self) -> str:
        return f"0{self.random.randint(113, 191)} 496 {self.random.randint(1000, 9999):04d}"

    def benefit(self) -> str:
        return self.random.choice(("Housing Benefit", "Universal Credit", "Personal Independence Payment"))


class _Sheet:
    """An A4 page that is drawn from top to bottom; lengths in points."""

    def __init__(self, font: str, dpi: int, size: float) -> None:
        self.dpi, self.size = dpi, size
        self.scale = dpi / 72
        self.image = Image.new("RGB", (round(A4_MM[0] / 25.4 * dpi), round(A4_MM[1] / 25.4 * dpi)), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.font = ImageFont.truetype(str(FOLDER / FONTS[font]), round(size * self.scale))
        self.y = MARGIN_PT
        self.lines: list[str] = []

    @property
    def width(self) -> float:
        return self.image.width / self.scale

    def text(self, x: float, words: str) -> None:
        self.draw.text((x * self.scale, self.y * self.scale), words, font=self.font, fill=(25, 25, 30))

    def long(self, words: str) -> float:
        return float(self.font.getlength(words)) / self.scale

    def line(self, words: str, gap: float = 1.45) -> None:
        self.text(MARGIN_PT, words)
        self.lines.append(words)
        self.y += gap * self.size

    def paragraph(self, words: str) -> None:
        """Broken where the margin is."""
        row = ""
        for word in words.split():
            longer = f"{row} {word}".strip()
            if self.long(longer) > self.width - 2 * MARGIN_PT:
                self.line(row)
                longer = word
            row = longer
        self.line(row, gap=2.3)

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.draw.line(
            [value * self.scale for value in (x0, y0, x1, y1)],
            fill=(60, 60, 60),
            width=max(1, round(0.7 * self.scale)),
        )


def draw_page(kind: str, font: str, dpi: int, seed: int) -> Drawn:
    """A page of a kind (``letter``, ``statement`` or ``form``) in a font, the same for the same seed."""
    chance = random.Random(f"{kind} {font} {seed}")  # not by dpi: the same page at every resolution
    figures = _Figures(chance)
    sheet = _Sheet(font, dpi, chance.choice((10.0, 11.0, 12.0)))
    KINDS[kind](sheet, figures, chance)
    return Drawn(sheet.image, Words(tuple(sheet.lines), tuple(figures.made)), kind, font)


def _letter(sheet: _Sheet, figures: _Figures, chance: random.Random) -> None:
    for words in (
        chance.choice(_NAMES),
        f"{chance.randint(1, 140)} {chance.choice(_STREETS)}",
        "Leeds LS2 8AA",
    ):
        sheet.line(words)
    sheet.y += sheet.size
    sheet.line(f"Date: {figures['date']}")
    sheet.line(f"Our reference: {figures['ref']}", gap=2.3)
    while sheet.y < 0.8 * sheet.image.height / sheet.scale:
        said = chance.sample(_SENTENCES, 4)
        sheet.paragraph(" ".join(sentence.format_map(figures) for sentence in said))
    sheet.line("Yours sincerely", gap=2.3)
    sheet.line(chance.choice(_NAMES))


def _statement(sheet: _Sheet, figures: _Figures, chance: random.Random) -> None:
    sheet.line("Statement of account", gap=2.0)
    sheet.line(f"Account number {figures['account']}, sort code {figures['sort']}", gap=2.3)
    edges = (60.0, 140.0, 330.0, 430.0, 535.0)
    ruled = chance.random() < 0.6
    top = sheet.y - 0.3 * sheet.size
    rows = chance.randint(12, 24)
    for row in range(rows + 1):
        cells = ("Date", "Details", "Amount", "Balance") if row == 0 else (
            figures["day"], chance.choice(_PAYEES), figures["plain"], figures["plain"])  # fmt: skip
        for column, words in enumerate(cells):
            right = edges[column + 1] - 6 - sheet.long(words)
            sheet.text(right if column > 1 else edges[column] + 4, words)
        sheet.lines.append(" ".join(cells))
        sheet.y += 1.6 * sheet.size
        if ruled:
            sheet.rule(edges[0], sheet.y - 0.3 * sheet.size, edges[-1], sheet.y - 0.3 * sheet.size)
    if ruled:
        sheet.rule(edges[0], top, edges[-1], top)
        for edge in edges:
            sheet.rule(edge, top, edge, sheet.y - 0.3 * sheet.size)
    sheet.y += sheet.size
    sheet.line(f"Closing balance {figures['amount']} on {figures['date']}")


def _form(sheet: _Sheet, figures: _Figures, chance: random.Random) -> None:
    sheet.line("Income and expenditure form", gap=2.3)
    fields: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Full name", lambda: chance.choice(_NAMES)),
        ("National Insurance number", lambda: figures["ni"]),
        ("Date of birth", lambda: figures["day"]),
        ("Claim reference", lambda: figures["ref"]),
        ("Monthly rent", lambda: figures["amount"]),
        ("Council tax arrears", lambda: figures["amount"]),
        ("Bank account", lambda: figures["account"]),
        ("Sort code", lambda: figures["sort"]),
        ("Next hearing", lambda: figures["date"]),
        ("Offer a month", lambda: figures["amount"]),
        ("Adviser", lambda: chance.choice(_NAMES)),
        ("Signed on", lambda: figures["date"]),
    )
    for name, make in fields:
        value = make()
        sheet.text(MARGIN_PT, f"{name}:")
        sheet.text(260, value)
        sheet.lines.append(f"{name}: {value}")
        sheet.y += 1.7 * sheet.size
        sheet.rule(258, sheet.y - 0.35 * sheet.size, 530, sheet.y - 0.35 * sheet.size)
        sheet.y += 0.5 * sheet.size
    sheet.y += sheet.size
    sheet.paragraph(" ".join(sentence.format_map(figures) for sentence in chance.sample(_SENTENCES, 5)))


KINDS: dict[str, Callable[[_Sheet, _Figures, random.Random], None]] = {
    "letter": _letter,
    "statement": _statement,
    "form": _form,
}


def taken(image: Image.Image, condition: Condition, seed: int) -> Image.Image:
    """The page as it was taken: leaning, unevenly lit, blurred, grainy, specked and packed as a JPEG."""
    chance = np.random.default_rng(seed)
    pixels = np.asarray(image, dtype=np.float32)
    if condition.skew:
        pixels = _leaning(pixels, float(chance.uniform(-condition.skew, condition.skew)))
    if condition.noise:
        pixels = _spoilt(pixels, condition.noise, condition.dpi, chance)
    made = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if not condition.noise:
        return made
    packed = io.BytesIO()
    made.save(packed, "JPEG", quality=round(85 - 45 * condition.noise))
    return Image.open(io.BytesIO(packed.getvalue())).convert("RGB")


def _leaning(pixels: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    leaning = cv2.warpAffine(
        pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255.0, 255.0, 255.0)
    )
    return leaning.astype(np.float32, copy=False)


def _spoilt(
    pixels: NDArray[np.float32], much: float, dpi: int, chance: np.random.Generator
) -> NDArray[np.float32]:
    height, width = pixels.shape[:2]
    blur = much * 1.3 * dpi / 200
    pixels = cv2.GaussianBlur(pixels, (0, 0), max(0.3, blur)).astype(np.float32, copy=False)
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    side, lean = chance.uniform(0, 1, 2)
    light = 1 - 0.5 * much * (side * across + (1 - side) * (1 - across)) * (
        lean * down + (1 - lean) * (1 - down)
    )
    pixels = pixels * light.astype(np.float32) + chance.normal(0, 40 * much, (height, width, 1)).astype(
        np.float32
    )
    specks = chance.random((height, width))
    pixels[specks < 0.004 * much] = 20
    pixels[specks > 1 - 0.004 * much] = 250
    return pixels
