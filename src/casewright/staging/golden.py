"""Golden cases: inputs whose right answers are known, in the product's own terms.

The plan's three calls come first, word for word. Every figure and name here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from casewright.staging.ask import Upload


@dataclass(frozen=True, slots=True)
class QueryCase:
    """``facts`` must stand in the answer, ``wrong`` must not; ``grounded`` is what the service has to say."""

    name: str
    query: str
    documents: tuple[str, ...]
    grounded: bool
    facts: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    strategy: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The request."""
        body: dict[str, Any] = {"query": self.query, "documents": list(self.documents)}
        return body if self.strategy is None else {**body, "strategy": self.strategy}


@dataclass(frozen=True, slots=True)
class NotesCase:
    """``facts`` must stand in the letter; ``placed``: words of the notes and the section they belong to."""

    name: str
    notes: str
    client_name: str
    facts: tuple[str, ...] = ()
    placed: tuple[tuple[str, str], ...] = ()
    strategy: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The request."""
        body: dict[str, Any] = {"notes": self.notes, "client_name": self.client_name}
        return body if self.strategy is None else {**body, "strategy": self.strategy}


@dataclass(frozen=True, slots=True)
class FileCase:
    """``pages`` are words that must stand on each page, as many as there are; None: not known."""

    name: str
    upload: Upload
    pages: tuple[tuple[str, ...], ...] | None


PLAN_QUERY = QueryCase(
    "the plan's query", "What is document processing?", ("Sample document text",), grounded=False
)
_TENANCY = (
    "Tenancy agreement for 14 Alder Court. The rent is £845.50 a month, due on the first day of each month. "
    "A deposit of £975.00 was paid on 3 February 2025 and is held by the Deposit Protection Service. "
    "Either party may end the tenancy by giving two months' written notice."
)
_LETTER = (
    "Letter of 12 May 2025 from Harbour Lettings. Our records show arrears of £1,691.00, which is two "
    "months' rent. If they are not paid by 30 May 2025 we will apply to the county court. "
    "Our reference is HL-20417."
)
QUERIES: tuple[QueryCase, ...] = (
    PLAN_QUERY,
    QueryCase(
        "an amount among amounts",
        "How much was the deposit?",
        (_TENANCY, _LETTER),
        grounded=True,
        facts=("£975.00",),
        wrong=("£845.50", "£1,691.00"),
    ),
    QueryCase(
        "the other document's amount",
        "What arrears do the records of Harbour Lettings show?",
        (_TENANCY, _LETTER),
        grounded=True,
        facts=("£1,691.00",),
        wrong=("£975.00",),
    ),
    QueryCase(
        "what the documents do not say",
        "What is the name of the client's employer?",
        (_TENANCY, _LETTER),
        grounded=False,
    ),
)
MODEL_QUERY = QueryCase(
    "with the model asked",
    "How much is the rent a month?",
    (_TENANCY,),
    grounded=True,
    facts=("£845.50",),
    wrong=("£975.00",),
    strategy="plain",
)

PLAN_NOTES = NotesCase("the plan's notes", "Client discussed legal requirements", "John Smith")
NOTES: tuple[NotesCase, ...] = (
    PLAN_NOTES,
    NotesCase(
        "a golden meeting",
        "Discussed rent arrears of £1,691.00 at 14 Alder Court\n"
        "Landlord's letter of 12 May 2025, reference HL-20417\n"
        "\n"
        "We will write to Harbour Lettings to ask for a repayment plan\n"
        "Client to send us the last three payslips by 23 May 2025\n",
        "Maria Okafor",
        facts=("£1,691.00", "HL-20417", "23 May 2025", "Harbour Lettings"),
        placed=(("repayment plan", "our_actions"), ("payslips", "your_actions")),
    ),
)
MODEL_NOTES = NotesCase(
    "with the model asked",
    "We will ask the council for the repair records by 6 June 2025\n",
    "Maria Okafor",
    facts=("6 June 2025", "council"),
    strategy="plain",
)


def pdf_of(pages: tuple[tuple[str, ...], ...]) -> bytes:
    """A PDF with these lines on its pages (Latin letters, Helvetica), the same bytes every time.

    Written out here, after ISO 32000-1, so that the judge brings its own file and knows every word of it.
    """
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    kids = []
    for lines in pages:
        text = b" T* ".join(b"(%s) Tj" % _escaped(line) for line in lines)
        content = b"BT /F1 12 Tf 16 TL 72 760 Td " + text + b" ET"
        page = len(objects) + 1
        kids.append(b"%d 0 R" % page)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (page + 1)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _escaped(line: str) -> bytes:
    return line.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


_PAGES = (
    ("Tenancy agreement", "The rent is 845.50 pounds a month.", "Reference HL-20417"),
    ("Schedule of repairs", "The boiler is to be replaced by 30 May 2025."),
)
FILES: tuple[FileCase, ...] = (
    FileCase(
        "a PDF of two pages",
        Upload("sample.pdf", pdf_of(_PAGES), "application/pdf"),
        (("Tenancy agreement", "845.50", "HL-20417"), ("Schedule of repairs", "boiler", "30 May 2025")),
    ),
    FileCase(
        "a text file",
        Upload("notes.txt", "Arrears of £1,691.00.\nReference HL-20417\n".encode(), "text/plain"),
        (("£1,691.00", "HL-20417"),),
    ),
)
