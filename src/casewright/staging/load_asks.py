"""What the users of a load run ask, and what a right answer holds; every figure and name is invented.

Used by locustfile.py. Every request has figures of its own, so that no answer can come from another's cache.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Problem = Callable[[dict[str, Any]], str | None]

# What the RAG service says of what the documents do not, word for word.
REFUSAL = "The documents do not say."
MODEL_PROMPT_TOKENS = 150
MODEL_OUTPUT_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Told:
    """Who wrote the words (``model`` or ``extractive``), and the model's tokens; None where not said."""

    by: str | None
    provider: str | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


def told_by_service(answer: dict[str, Any]) -> Told:
    """What an answer of a service says of its origin."""
    by = {"model": "model", "code": "extractive"}.get(answer["answered_by"])
    usage = answer.get("usage") or {}
    tokens = (usage.get("prompt_tokens"), usage.get("output_tokens"))
    return Told(by, answer.get("provider"), answer.get("model"), *tokens)


def told_by_gateway(answer: dict[str, Any]) -> Told:
    """The same of an answer of the gateway: only a model answers there."""
    usage = answer["usage"]
    tokens = (usage["prompt_tokens"], usage["completion_tokens"])
    return Told("model", answer["casewright"]["provider"], answer["model"], *tokens)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; ``problem`` says what is wrong with an answer (None: nothing), ``told`` whose it is."""

    name: str
    service: str
    path: str
    problem: Problem
    body: Mapping[str, Any] | None = None
    file: tuple[str, bytes, str] | None = None
    told: Callable[[dict[str, Any]], Told] = told_by_service


def pounds(rng: random.Random) -> str:
    """An amount such as £1,234.56."""
    return f"£{rng.randrange(100_00, 9_999_99) / 100:,.2f}"


def says(fact: str, documents: list[str]) -> Problem:
    """The check that an answer says and cites a fact, with every quote standing at its place."""

    def problem(answer: dict[str, Any]) -> str | None:
        if answer["grounded"] is not True:
            return "grounded is not true though the documents say it"
        if fact not in answer["answer"]:
            return "the amount asked for is not in the answer"
        if not answer["citations"]:
            return "no citation"
        for citation in answer["citations"]:
            quote = documents[citation["document"]][citation["start"] : citation["end"]]
            if not quote or quote != citation["quote"]:
                return "a quote is not what stands at its place"
        if not any(fact in citation["quote"] for citation in answer["citations"]):
            return "no citation holds the amount"
        return None

    return problem


def query_ask(rng: random.Random) -> Ask:
    """A question whose answer stands in one of two documents, beside other amounts."""
    rent, deposit, arrears = pounds(rng), pounds(rng), pounds(rng)
    documents = [
        f"Tenancy agreement for {rng.randrange(1, 200)} Alder Court. The rent is {rent} a month, due on the "
        f"first day of each month. A deposit of {deposit} was paid and is held by a protection scheme.",
        f"Letter from Harbour Lettings. Our records show arrears of {arrears}. If they are not paid we will "
        f"apply to the county court. Our reference is HL-{rng.randrange(10_000, 99_999)}.",
    ]
    body = {"query": "How much was the deposit?", "documents": documents}
    return Ask("rag: a known answer", "rag", "/query", says(deposit, documents), body)


def unanswerable_ask(rng: random.Random) -> Ask:
    """A question that the document does not answer: saying so is the right answer."""
    document = f"The rent is {pounds(rng)} a month, due on the first day of each month."

    def problem(answer: dict[str, Any]) -> str | None:
        if answer["grounded"] is not False:
            return "grounded is not false though the document does not say it"
        if answer["citations"]:
            return "cites something for what it did not find"
        # anything else would rest on nothing: a name that nobody gave has no digit to find it out by
        return (
            None if answer["answer"].strip() == REFUSAL else "says something else than that it is not there"
        )

    body = {"query": "What is the name of the client's employer?", "documents": [document]}
    return Ask("rag: not in the documents", "rag", "/query", problem, body)


def notes_ask(rng: random.Random) -> Ask:
    """Notes of a meeting: every amount and reference reaches the letter, every line is used."""
    amounts = (pounds(rng), pounds(rng))
    reference = f"HL-{rng.randrange(10_000, 99_999)}"
    lines = (
        f"Discussed rent arrears of {amounts[0]} at Alder Court",
        f"Letter from Harbour Lettings, reference {reference}, asks for {amounts[1]}",
        "We will write to Harbour Lettings to ask for a repayment plan",
        "Client to send us the last three payslips",
    )

    def problem(answer: dict[str, Any]) -> str | None:
        lost = [fact for fact in (*amounts, reference) if fact not in answer["full_text"]]
        if lost:
            return f"{len(lost)} of the notes' amounts and references are not in the letter"
        if answer["lines_total"] != len(lines) or answer["lines_used"] != len(lines):
            return f"{answer['lines_used']} of {answer['lines_total']} lines used, {len(lines)} sent"
        used = {line for sentence in answer["sentences"] for line in sentence["lines"]}
        if used != set(range(1, len(lines) + 1)):
            return "the sentences do not rest on every line"
        return None

    body = {"notes": "\n".join(lines), "client_name": "Maria Okafor"}
    return Ask("notes: convert", "notes", "/convert", problem, body)


def document_ask(rng: random.Random) -> Ask:
    """A one-page PDF with words that no other has."""
    words = (f"HL-{rng.randrange(10_000, 99_999)}", f"{rng.randrange(100, 9999)}.{rng.randrange(10, 99)}")
    text = f"Harbour Lettings reference {words[0]}: the arrears are {words[1]} pounds."

    def problem(answer: dict[str, Any]) -> str | None:
        if answer["page_count"] != 1 or len(answer["pages"]) != 1:
            return f"{answer['page_count']} pages in a file of one"
        if any(word not in answer["markdown"] for word in words):
            return "words of the page are not in the Markdown"
        return None

    file = ("letter.pdf", one_page_pdf(text), "application/pdf")
    return Ask("documents: process a PDF", "documents", "/process", problem, file=file)


def one_page_pdf(line: str) -> bytes:
    """A valid PDF of one page that says ``line`` (ASCII)."""
    shown = re.sub(r"([\\()])", r"\\\1", line).encode("ascii")
    content = b"BT /F1 11 Tf 56 780 Td (" + shown + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def notice_ask(rng: random.Random) -> Ask:
    """A short question for the model: about 75 tokens of prompt, about 10 of answer."""
    days = f"{rng.randrange(2, 400)} days"
    documents = [f"The notice period is {days}."]
    body = {"query": "How long is the notice period?", "documents": documents, "strategy": "plain"}
    return Ask("rag: the model asked for a period", "rag", "/query", says(days, documents), body)


def rent_ask(rng: random.Random) -> Ask:
    """A short question for the model: about 75 tokens of prompt, about 13 of answer."""
    rent = f"£{rng.randrange(400, 999)}"
    documents = [f"The rent is {rent} a month."]
    body = {"query": "How much is the rent?", "documents": documents, "strategy": "plain"}
    return Ask("rag: the model asked for an amount", "rag", "/query", says(rent, documents), body)


def gateway_ask(rng: random.Random) -> Ask:
    """A chat at the gateway, whose answer is bounded by the request itself."""
    text = f"The notice period is {rng.randrange(2, 400)} days. How long is the notice period?"

    def problem(answer: dict[str, Any]) -> str | None:
        if not answer["choices"][0]["message"]["content"].strip():
            return "empty answer"
        if answer["usage"]["completion_tokens"] > MODEL_OUTPUT_TOKENS:
            return f"more than the {MODEL_OUTPUT_TOKENS} tokens asked for"
        return None

    message = {"role": "user", "content": text}
    body = {"model": "auto", "messages": [message], "max_tokens": MODEL_OUTPUT_TOKENS}
    return Ask("gateway: chat", "gateway", "/v1/chat/completions", problem, body, told=told_by_gateway)


# Each user goes through its scenario's list, beginning at another place. Half of the answers are questions.
SCENARIOS: dict[str, tuple[Callable[[random.Random], Ask], ...]] = {
    "answers": (query_ask, notes_ask, unanswerable_ask, document_ask, query_ask, notes_ask, query_ask),
    "model": (notice_ask, notice_ask, rent_ask),
    "overload": (gateway_ask,),
}


def with_strategy(ask: Ask, strategy: str) -> Ask:
    """The request with a strategy named, where its service knows strategies and it names none yet."""
    if strategy == "auto" or ask.body is None or ask.service not in ("rag", "notes"):
        return ask
    return replace(ask, body={"strategy": strategy, **ask.body})
