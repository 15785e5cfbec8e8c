"""Makes ``sample.pdf``: a letter of an invented advice centre about an invented client.

    python tools/make_sample_pdf.py [FILE]

The same bytes every time: no clock, no random identifier.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF

TARGET = Path(__file__).resolve().parent.parent / "sample.pdf"
MADE_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTERHEAD = ("Northgate Advice Centre", "14 Mill Lane, Leeds LS2 7QT", "Telephone 0113 496 0182")
REFERENCES = ("Our reference: PPR-9087", "Date: 2 March 2026", "Case type: Housing, rent arrears")
ADDRESS = ("Ms Adaeze Okafor", "Flat 6, 81 Canal Road", "Leeds LS4 2PX")
OPENING = (
    "Thank you for coming to see us on 26 February 2026. You told us that Harlow Homes says you owe rent for "
    "your flat, and that you received a notice seeking possession dated 16 February 2026. This letter says "
    "what we talked about, what we will do and what we ask you to do."
)
ACCOUNT = (
    "The statement that you brought shows the rent and the payments below. The arrears on 1 March 2026 are "
    "£1,240.50. We think that the payment of £310.00 made on 9 January 2026 was entered twice as a charge, "
    "and we will ask the landlord to correct it."
)
TABLE = (
    ("Date", "Entry", "Charged", "Paid"),
    ("1 December 2025", "Rent", "£620.25", "£310.00"),
    ("1 January 2026", "Rent", "£620.25", "£310.00"),
    ("9 January 2026", "Adjustment", "£310.00", "-"),
    ("1 February 2026", "Rent", "£620.25", "£310.50"),
)
HEARING = (
    "If the matter is not settled, a hearing is listed at Leeds County Court on 14 April 2026 at 10:30, "
    "claim number K01LS442. Please do not miss it, even if you have paid something by then."
)
OURS = (
    "We will write to Harlow Homes by 6 March 2026 and ask for a corrected statement.",
    "We will apply for a discretionary housing payment of £85.00 a week.",
    "We will represent you at the hearing if you wish.",
)
YOURS = (
    "Please pay £75.00 on 13 March 2026 and the same amount every two weeks.",
    "Please send us your last three payslips and the letter about Universal Credit by 9 March 2026.",
    "Please tell us at once if the court writes to you.",
)
CLOSING = "You can reach me on 0113 496 0182, on weekdays between 9:30 and 16:30. Please quote PPR-9087."


class Letter(FPDF):
    """A4 with page numbers."""

    def footer(self) -> None:
        """The page's number and the reference."""
        self.set_y(-15)
        self.set_font("helvetica", size=9)
        self.cell(0, 5, f"PPR-9087, page {self.page_no()} of 2", align="C")


def build() -> bytes:
    """The PDF's bytes."""
    pdf = Letter(format="A4")
    pdf.set_creation_date(MADE_AT)
    pdf.set_title("Letter PPR-9087")
    pdf.set_margin(22)
    pdf.set_auto_page_break(True, margin=25)
    pdf.add_page()
    _line(pdf, LETTERHEAD[0], size=18, bold=True)
    for line in LETTERHEAD[1:]:
        _line(pdf, line)
    pdf.ln(6)
    for line in ADDRESS:
        _line(pdf, line)
    pdf.ln(4)
    for line in REFERENCES:
        _line(pdf, line)
    pdf.ln(4)
    _paragraph(pdf, "Dear Ms Okafor,")
    _paragraph(pdf, OPENING)
    _line(pdf, "Your rent account", size=14, bold=True)
    _paragraph(pdf, ACCOUNT)
    _table(pdf)
    _line(pdf, "The court", size=14, bold=True)
    _paragraph(pdf, HEARING)
    pdf.add_page()
    for title, lines in (("What we will do", OURS), ("What we ask you to do", YOURS)):
        _line(pdf, title, size=14, bold=True)
        for line in lines:
            _paragraph(pdf, line)
    _paragraph(pdf, CLOSING)
    _paragraph(pdf, "Yours sincerely,")
    _line(pdf, "Tomasz Reid")
    _line(pdf, "Housing adviser, Northgate Advice Centre")
    return bytes(pdf.output())


def _line(pdf: FPDF, text: str, *, size: int = 11, bold: bool = False) -> None:
    pdf.set_font("helvetica", "B" if bold else "", size)
    pdf.cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT")
    if bold:
        pdf.ln(2)


def _paragraph(pdf: FPDF, text: str) -> None:
    pdf.set_font("helvetica", size=11)
    pdf.multi_cell(0, 5.5, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)


def _table(pdf: FPDF) -> None:
    with pdf.table(col_widths=(40, 50, 30, 30), text_align=("LEFT", "LEFT", "RIGHT", "RIGHT")) as table:
        for entries in TABLE:
            row = table.row()
            for entry in entries:
                row.cell(entry)
    pdf.ln(6)


def main() -> int:
    """Write the file; exit 0."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_bytes(build())
    print(f"{target}: {target.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
