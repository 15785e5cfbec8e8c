"""A letter as the notes service answers it, made by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from casewright.api.contract import Timings
from casewright.api.notes import (
    Check,
    Confirmation,
    Contradiction,
    ConvertResponse,
    Fact,
    LeftOut,
    Section,
    Sentence,
)

NAME, ADVISER = "Zoë Łukasiewicz-Ŵynne", "Bronwen ap Dafydd"
LINES = (
    "Meeting w/ Zoë Łukasiewicz-Ŵynne 12/5",
    "",
    "cl has arrears of £450 to Barclays, £54 to Aviva",
    "LL served s21 on 3 April",
    "cl to send payslips by Friday",
    "I will write to the council, ref CT/2291-B",
    "NB private: seems frightened of ex-partner",
    "sister's debt: £2,000 to QuickLoan",
    "arrears are £540?",
    "RM to chase",
)
NOTES = "\n".join(LINES)
SAID: tuple[tuple[str, Section, int], ...] = (
    ("You have arrears of £450 to Barclays, £54 to Aviva.", "matters_discussed", 3),
    ("Your landlord served s21 on 3 April.", "matters_discussed", 4),
    ("We noted: “arrears are £540?”.", "matters_discussed", 9),
    ("We noted: “RM to chase”.", "matters_discussed", 10),
    ("We will write to the council, ref CT/2291-B.", "our_actions", 6),
    ("You need to send payslips by Friday (15 May 2026).", "your_actions", 5),
)
HEADINGS: dict[Section, str] = {
    "matters_discussed": "Matters discussed",
    "our_actions": "Our actions",
    "your_actions": "Your actions",
}
CHECKS = (
    Check(name="amounts", passed=True, detail="every amount stands in its lines"),
    Check(name="no_person_needed", passed=False, where=("line 10",), detail="say who acts"),
)
LEFT_OUT = (
    LeftOut(line=1, text=LINES[0], reason="a heading"),
    LeftOut(line=7, text=LINES[6], reason="marked as private", to_decide=True),
    LeftOut(line=8, text=LINES[7], reason="another person's matter", to_decide=True),
)
CONTRADICTIONS = (Contradiction(lines=(3, 9), what="two amounts of the arrears", values=("£450", "£540")),)
DAY = date(2026, 5, 13)


def letter(
    said: tuple[tuple[str, Section, int], ...] = SAID, words: dict[int, str] | None = None, **changed: Any
) -> ConvertResponse:
    """The letter; ``words`` are the lines' own where they are not those of ``NOTES``."""
    own = words or dict(enumerate(LINES, 1))
    facts = tuple(
        Fact(id=f"f{n}", text=own.get(n, ""), section=section, lines=(n,), owner="client", sure=n < 9)
        for _, section, n in said
    )
    sentences = tuple(
        Sentence(text=text, section=section, facts=(f"f{n}",), lines=(n,), written_by="code")
        for text, section, n in said
    )
    sections: dict[str, Any] = {
        name: tuple(s.text for s in sentences if s.section == name) for name in HEADINGS
    }
    name = changed.get("client_name", NAME)
    parts = [f"Dear {name},", "Thank you for being in touch with us. This letter says what was noted."]
    for section, heading in HEADINGS.items():
        points = [f"- {text}" for text in sections[section]] or ["Our notes of the meeting list nothing."]
        parts.append("\n".join([heading, *points]))
    parts += ["Please tell us if anything here is wrong or missing.", "Yours sincerely"]
    fields: dict[str, Any] = {
        "client_name": name,
        "adviser": ADVISER,
        "meeting_date": date(2026, 5, 12),
        "mode": "extractive",
        "ready_to_send": False,
        "full_text": "\n\n".join(parts) + "\n",
        "facts": facts,
        "sentences": sentences,
        "checks": CHECKS,
        "left_out": LEFT_OUT,
        "contradictions": CONTRADICTIONS,
        "unsure_lines": (9, 10),
        "lines_total": 9,
        "lines_used": 6,
        "seal": "seal-of-this-letter",
        "timings": Timings(total_ms=3),
        "request_id": "r",
        **sections,
    }
    return ConvertResponse(**(fields | changed))


def confirmed(found: ConvertResponse) -> Confirmation:
    """A person's word on it."""
    return Confirmation(
        seal=found.seal,
        confirmed_by="Ffion Ó Briain",
        confirmed_at="2026-05-13T10:20:30Z",
        note="read to the client",
    )
