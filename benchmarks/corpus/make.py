"""The set of PDFs: letters, newsletters, bank statements, forms, reports; several producers and fonts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path

import docx
from docx.shared import Pt
from fpdf import FPDF

from corpus.truth import Made, Words

FONTS = {
    "DejaVu": Path("/usr/share/fonts/truetype/dejavu"),
    "Liberation": Path("/usr/share/fonts/truetype/liberation"),
}
_FILES = {
    "dejavu": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    "dejavuserif": ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    "liberation": ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf"),
}
HEADS = ["Date", "Description", "Paid out", "Paid in", "Balance"]


def make_all(seed: int = 7) -> Iterator[Made]:
    """The whole set, the same for the same seed and fonts; producers that are not installed are left out."""
    for number, font in enumerate(("helvetica", "times", *_available())):
        words = Words(seed * 100 + number)
        for maker in (_letter, _newsletter, _statement, _ruled_statement, _form, _report):
            yield maker(words, font)
    words = Words(seed * 100 + 50)
    if shutil.which("chromium"):
        yield _printed_newsletter(words)
        yield _printed_statement(words)
    if shutil.which("libreoffice"):
        yield _office_report(words)


def _available() -> list[str]:
    found = []
    for family, (plain, _) in _FILES.items():
        if any((folder / plain).exists() for folder in FONTS.values()):
            found.append(family)
    return found


def _paper(font: str) -> FPDF:
    paper = FPDF(format="A4")
    paper.set_auto_page_break(True, margin=20)
    if font in _FILES:
        for style, name in zip(("", "B"), _FILES[font], strict=True):
            paper.add_font(
                font, style, next(folder / name for folder in FONTS.values() if (folder / name).exists())
            )
    paper.set_font(font, size=11)
    return paper


def _block(
    paper: FPDF, text: str, font: str, *, size: int = 11, bold: bool = False, width: float = 0
) -> None:
    paper.set_font(font, "B" if bold else "", size)
    paper.multi_cell(width, size * 0.5, text, new_x="LEFT", new_y="NEXT")
    paper.ln(size * 0.25)


def _made(
    kind: str, font: str, paper: FPDF, blocks: list[str], tables: Sequence[list[list[str]]] = ()
) -> Made:
    return Made(kind, f"{kind} {font}", bytes(paper.output()), paper.pages_count, blocks, list(tables))


def _plain(words: Words, font: str) -> Callable[[str], str]:
    """Fonts that are not embedded know Latin-1 only."""
    return (
        (lambda text: text)
        if font in _FILES
        else lambda text: text.encode("latin-1", "replace").decode("latin-1")
    )


def _letter(words: Words, font: str) -> Made:
    paper, blocks, plain = _paper(font), [], _plain(words, font)
    for _ in range(3):
        paper.add_page()
        head = words.title()
        _block(paper, head, font, size=16, bold=True)
        address = [plain(line) for line in words.address()]
        _block(paper, "\n".join(address), font)
        reference = [f"Our reference: {words.reference()}", f"Date: {words.date()}"]
        _block(paper, "\n".join(reference), font)
        body = [words.paragraph(words.random.randint(3, 6)) for _ in range(4)]
        for text in body:
            _block(paper, text, font)
        items = words.items(4)
        for item in items:
            paper.set_x(15)
            _block(paper, f"- {item}", font)
        paper.set_x(10)
        closing = words.paragraph(3)
        _block(paper, closing, font)
        blocks += [head, *address, *reference, *body, *items, closing, "Yours sincerely,", plain(address[0])]
        _block(paper, f"Yours sincerely,\n\n{plain(address[0])}", font)
    return _made("letter", font, paper, blocks)


def _newsletter(words: Words, font: str) -> Made:
    paper, blocks = _paper(font), []
    paper.set_auto_page_break(False)
    for columns in (2, 3):
        paper.add_page()
        head = words.title()
        _block(paper, head, font, size=20, bold=True)
        intro = words.paragraph(3)
        _block(paper, intro, font)
        blocks += [head, intro]
        top, gap = paper.get_y() + 3, 8.0
        width = (190 - gap * (columns - 1)) / columns
        for column in range(columns):
            paper.set_xy(10 + column * (width + gap), top)
            for _ in range(words.random.randint(2, 3)):
                title = words.title()
                paper.set_x(10 + column * (width + gap))
                _block(paper, title, font, size=13, bold=True, width=width)
                blocks.append(title)
                while paper.get_y() < 215:  # whatever the font, a paragraph more ends above the last line
                    text = words.paragraph(2)
                    paper.set_x(10 + column * (width + gap))
                    _block(paper, text, font, size=10, width=width)
                    blocks.append(text)
                    if words.random.random() < 0.4:
                        break
        # across both columns again
        paper.set_xy(10, 275)
        foot = words.sentence(10, 14)
        _block(paper, foot, font, size=10)
        blocks.append(foot)
    return _made("newsletter", font, paper, blocks)


def _statement(words: Words, font: str, *, ruled: bool = False) -> Made:
    paper, blocks, tables, plain = _paper(font), [], [], _plain(words, font)
    for _ in range(2):
        paper.add_page()
        head, address = "Statement of account", [plain(line) for line in words.address()]
        facts = [
            f"Sort code: 20-{words.random.randint(10, 99)}-{words.random.randint(10, 99)}",
            f"Account: {words.random.randint(10**7, 10**8 - 1)}",
        ]
        _block(paper, head, font, size=16, bold=True)
        _block(paper, "\n".join(address), font)
        _block(paper, "\n".join(facts), font)
        rows = [HEADS, *words.statement_rows(26)]
        widths = (26, 78, 26, 26, 26)
        for number, row in enumerate(rows):
            paper.set_font(font, "B" if number == 0 else "", 9)
            for width, cell, align in zip(widths, row, "LLRRR", strict=True):
                paper.cell(width, 6, cell, align=align, border=1 if ruled else 0)
            paper.ln(6)
        paper.ln(4)
        end = words.paragraph(2)
        _block(paper, end, font)
        blocks += [head, *address, *facts, *(cell for row in rows for cell in row if cell), end]
        tables.append(rows)
    return _made("ruled statement" if ruled else "statement", font, paper, blocks, tables)


def _ruled_statement(words: Words, font: str) -> Made:
    return _statement(words, font, ruled=True)


def _form(words: Words, font: str) -> Made:
    paper, plain = _paper(font), _plain(words, font)
    paper.add_page()
    _block(paper, "Application for a payment", font, size=16, bold=True)
    labels = (
        "Name",
        "Address",
        "Date of birth",
        "National Insurance number",
        "Rent each week",
        "Reference",
        "Landlord",
    )
    values = [
        plain(words.name()),
        words.address()[1],
        words.date(),
        "QQ 12 34 56 C",
        words.amount(),
        words.reference(),
        plain(words.name()),
    ]
    rows = [[f"{label}:", value] for label, value in zip(labels, values, strict=True)]
    for label, value in rows:
        paper.set_font(font, "B", 10)
        paper.cell(65, 9, label)
        paper.set_font(font, "", 10)
        paper.cell(100, 9, value)
        paper.ln(9)
    paper.ln(4)
    text = words.paragraph(4)
    _block(paper, text, font)
    return _made(
        "form", font, paper, ["Application for a payment", *(cell for row in rows for cell in row), text]
    )


class _Report(FPDF):
    """With a running header and page numbers."""

    head = ""
    family = "helvetica"

    def header(self) -> None:
        """On every page."""
        self.set_font(self.family, "", 9)
        self.cell(0, 8, self.head, align="R", new_x="LMARGIN", new_y="NEXT")
        self.ln(4)

    def footer(self) -> None:
        """On every page."""
        self.set_y(-15)
        self.set_font(self.family, "", 9)
        self.cell(0, 8, f"Page {self.page_no()} of 9999", align="C")


def _report(words: Words, font: str) -> Made:
    paper = _Report(format="A4")
    paper.head, paper.family = f"Case review {words.reference()}", font
    if font in _FILES:
        for style, name in zip(("", "B"), _FILES[font], strict=True):
            paper.add_font(
                font, style, next(folder / name for folder in FONTS.values() if (folder / name).exists())
            )
    paper.set_auto_page_break(True, margin=20)
    paper.add_page()
    blocks: list[str] = []
    for section in range(1, 7):
        head = f"{section}. {words.title()}"
        _block(paper, head, font, size=14, bold=True)
        texts = [words.paragraph(words.random.randint(4, 9)) for _ in range(4)]
        for text in texts:
            paper.set_font(font, "", 11)
            paper.multi_cell(0, 5.5, text, align="J", new_x="LMARGIN", new_y="NEXT")
            paper.ln(3)
        blocks += [head, *texts]
    made = _made("report", font, paper, blocks)
    made.furniture = [paper.head, *(f"Page {number} of 9999" for number in range(1, made.pages + 1))]
    return made


def _print(html: str) -> bytes:
    """HTML printed by Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        page, out = Path(folder) / "a.html", Path(folder) / "a.pdf"
        page.write_text(html, encoding="utf-8")
        subprocess.run(
            [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-pdf-header-footer",
                f"--user-data-dir={folder}/profile",
                f"--print-to-pdf={out}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return out.read_bytes()


def _printed_newsletter(words: Words) -> Made:
    head = words.title()
    parts = [(words.title(), [words.paragraph(5) for _ in range(2)]) for _ in range(4)]
    body = "".join(
        f"<h2>{title}</h2>" + "".join(f"<p>{text}</p>" for text in texts) for title, texts in parts
    )
    pdf = _print(
        "<meta charset=utf-8><style>body{font:10pt serif}"
        "div{column-count:2;text-align:justify;hyphens:auto}</style>"
        f"<html lang=en><h1>{head}</h1><div>{body}</div></html>"
    )
    return Made(
        "newsletter",
        "newsletter chromium",
        pdf,
        1,
        [head, *(line for title, texts in parts for line in (title, *texts))],
    )


def _printed_statement(words: Words) -> Made:
    rows = [HEADS, *words.statement_rows(22)]
    for row in rows[3::5]:
        row[1] += f" REF {words.reference()} AND SOME MORE WORDS THAT WRAP"
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    end = words.paragraph(3)
    pdf = _print(
        "<meta charset=utf-8><style>body{font:10pt sans-serif}td{padding:3pt 8pt;vertical-align:top}"
        "td:nth-child(n+3){text-align:right;white-space:nowrap}td:nth-child(2){width:200pt}</style>"
        f"<h1>Your account</h1><table>{body}</table><p>{end}</p>"
    )
    return Made(
        "statement",
        "statement chromium",
        pdf,
        1,
        ["Your account", *(cell for row in rows for cell in row if cell), end],
        [rows],
    )


def _office_report(words: Words) -> Made:
    document = docx.Document()
    blocks: list[str] = []
    for _ in range(3):
        head, texts, items = words.title(), [words.paragraph(6) for _ in range(3)], words.items(4)
        document.add_heading(head, 1)
        for text in texts:
            document.add_paragraph(text)
        for item in items:
            document.add_paragraph(item, style="List Bullet")
        blocks += [head, *texts, *items]
    rows = [HEADS, *words.statement_rows(10)]
    table = document.add_table(len(rows), len(HEADS), style="Table Grid")
    for row, cells in zip(rows, table.rows, strict=True):
        for text, cell in zip(row, cells.cells, strict=True):
            cell.paragraphs[0].add_run(text).font.size = Pt(8)  # so that no word is cut
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.docx"
        document.save(str(path))
        subprocess.run(
            ["libreoffice", "--headless", "--convert-to", "pdf", "--outdir", folder, str(path)],
            check=True,
            capture_output=True,
            timeout=90,
        )
        pdf = path.with_suffix(".pdf").read_bytes()
    blocks += [cell for row in rows for cell in row if cell]
    return Made("report", "report libreoffice", pdf, 0, blocks, [rows])
