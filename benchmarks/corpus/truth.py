"""What a made PDF says, and seeded words, amounts, dates and references to say it with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

_WORDS = (
    "the",
    "tenant",
    "landlord",
    "council",
    "letter",
    "payment",
    "arrears",
    "hearing",
    "court",
    "order",
    "possession",
    "advice",
    "benefit",
    "claim",
    "decision",
    "appeal",
    "notice",
    "repair",
    "boiler",
    "damp",
    "window",
    "agreement",
    "deposit",
    "evidence",
    "statement",
    "account",
    "balance",
    "weekly",
    "monthly",
    "support",
    "worker",
    "meeting",
    "office",
    "telephone",
    "evening",
    "morning",
    "please",
    "send",
    "copy",
    "before",
    "after",
    "because",
    "although",
    "we",
    "you",
    "they",
    "have",
    "has",
    "will",
    "must",
    "may",
    "should",
    "not",
    "yet",
    "about",
    "under",
    "over",
    "from",
    "with",
    "without",
    "this",
    "that",
    "these",
    "which",
    "when",
    "where",
    "housing",
    "universal",
    "credit",
    "allowance",
    "reduction",
    "assessment",
    "medical",
    "report",
    "carer",
    "household",
    "income",
    "savings",
    "limit",
)
_NAMES = (
    "Adaeze Okafor",
    "Tomasz Reid",
    "Harriet Lowe",
    "Samir Patel",
    "Joan Mbeki",
    "Élodie Brière",
    "Oskar Žák",
)
_STREETS = ("Mill Lane", "Canal Road", "Station Parade", "St Anne's Terrace", "Lower Green")
_SHOPS = (
    "TESCO STORES",
    "DIRECT DEBIT HARLOW HOMES",
    "UNIVERSAL CREDIT DWP",
    "CARD PAYMENT BOOTS",
    "CASH WITHDRAWAL",
)


@dataclass(slots=True)
class Made:
    """A PDF. ``blocks`` are what it says in reading order; ``tables`` the rows of its tables, cells as shown.

    ``furniture`` (running headers, page numbers) is allowed anywhere in a reading and not asked for.
    """

    kind: str
    name: str
    pdf: bytes
    pages: int
    blocks: list[str]
    tables: list[list[list[str]]] = field(default_factory=list)
    furniture: list[str] = field(default_factory=list)


class Words:
    """Seeded text."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def sentence(self, least: int = 7, most: int = 18) -> str:
        """Words, now and then an amount, a date or a reference among them."""
        words = [self.random.choice(_WORDS) for _ in range(self.random.randint(least, most))]
        if self.random.random() < 0.35:
            words.insert(
                self.random.randrange(1, len(words)),
                self.random.choice((self.amount, self.date, self.reference))(),
            )
        text = " ".join(words)
        return text[0].upper() + text[1:] + "."

    def paragraph(self, sentences: int = 4) -> str:
        """Sentences."""
        return " ".join(self.sentence() for _ in range(sentences))

    def title(self) -> str:
        """A heading's words."""
        return " ".join(self.random.choice(_WORDS).capitalize() for _ in range(self.random.randint(2, 4)))

    def amount(self) -> str:
        """In pounds."""
        return f"£{self.random.randint(1, 4999):,}.{self.random.randint(0, 99):02d}"

    def number(self) -> str:
        """An amount without its sign."""
        return self.amount()[1:]

    def date(self) -> str:
        """A day."""
        return (
            f"{self.random.randint(1, 28)}/{self.random.randint(1, 12):02d}/{self.random.randint(2021, 2026)}"
        )

    def reference(self) -> str:
        """A case's number."""
        return f"{self.random.choice(('PPR', 'HB', 'UC', 'K01LS'))}-{self.random.randint(1000, 99999)}"

    def name(self) -> str:
        """A person."""
        return self.random.choice(_NAMES)

    def address(self) -> list[str]:
        """Lines of one."""
        street = f"{self.random.randint(1, 99)} {self.random.choice(_STREETS)}"
        return [self.name(), street, f"Leeds LS{self.random.randint(1, 20)} {self.random.randint(1, 9)}AB"]

    def entry(self) -> str:
        """A line of a bank statement."""
        return f"{self.random.choice(_SHOPS)} {self.random.randint(1000, 9999)}"

    def statement_rows(self, count: int) -> list[list[str]]:
        """Date, entry, paid out, paid in, balance; one of the two amounts is missing in each row."""
        rows = []
        for _ in range(count):
            out = self.random.random() < 0.7
            amount = self.number()
            rows.append(
                [self.date(), self.entry(), amount if out else "", "" if out else amount, self.number()]
            )
        return rows

    def items(self, count: int) -> Sequence[str]:
        """Short lines of a list."""
        return [self.sentence(4, 22) for _ in range(count)]
