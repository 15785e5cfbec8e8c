"""Load on the three services, with every answer checked: a wrong or an empty answer is a failure.

    locust -f locustfile.py --host=http://localhost:8003 -u 50 -r 10 --run-time 5m

``--host`` is the RAG service; notes (8100) and documents (8101) are taken to be on the same host, or where
NOTES_URL and DOCUMENTS_URL say. CASEWRIGHT_API_KEY is sent as the bearer key when set. Runs without locust's
own page unless an option asks for it (``--autostart``, ``--web-port``, ...). See docs/load-testing.md.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from locust import HttpUser, events, task
from locust.runners import WorkerRunner

REQUEST_S = 90.0  # longer than a service's own queue and engine deadlines: it should answer first
LONGEST_PAUSE_S = 30.0
ANSWERED = ("model", "extractive")
OUTCOMES = (*ANSWERED, "shed", "failed")


# ---- what is asked, and what a right answer holds; every figure and name is invented, none repeats


@dataclass(frozen=True)
class Ask:
    """One request; ``problem`` says what is wrong with an answer, or None."""

    name: str
    service: str
    path: str
    problem: Callable[[dict[str, Any]], str | None]
    body: dict[str, Any] | None = None
    file: tuple[str, bytes, str] | None = None


def pounds(rng: random.Random) -> str:
    """An amount such as £1,234.56."""
    return f"£{rng.randrange(100_00, 9_999_99) / 100:,.2f}"


def query_ask(rng: random.Random) -> Ask:
    """A question whose answer stands in one of two documents, beside other amounts."""
    rent, deposit, arrears = pounds(rng), pounds(rng), pounds(rng)
    documents = [
        f"Tenancy agreement for {rng.randrange(1, 200)} Alder Court. The rent is {rent} a month, due on the "
        f"first day of each month. A deposit of {deposit} was paid and is held by a protection scheme.",
        f"Letter from Harbour Lettings. Our records show arrears of {arrears}. If they are not paid we will "
        f"apply to the county court. Our reference is HL-{rng.randrange(10_000, 99_999)}.",
    ]

    def problem(answer: dict[str, Any]) -> str | None:
        if answer["grounded"] is not True:
            return "grounded is not true though the documents say it"
        if deposit not in answer["answer"]:
            return "the amount asked for is not in the answer"
        if not answer["citations"]:
            return "no citation"
        for citation in answer["citations"]:
            quote = documents[citation["document"]][citation["start"] : citation["end"]]
            if not quote or quote != citation["quote"]:
                return "a quote is not what stands at its place"
        if not any(deposit in citation["quote"] for citation in answer["citations"]):
            return "no citation holds the amount"
        return None

    body = {"query": "How much was the deposit?", "documents": documents}
    return Ask("rag: a known answer", "rag", "/query", problem, body)


def unanswerable_ask(rng: random.Random) -> Ask:
    """A question that the document does not answer: saying so is the right answer."""
    document = f"The rent is {pounds(rng)} a month, due on the first day of each month."

    def problem(answer: dict[str, Any]) -> str | None:
        if answer["grounded"] is not False:
            return "grounded is not false though the document does not say it"
        if answer["citations"]:
            return "cites something for what it did not find"
        return None if answer["answer"].strip() else "empty answer"

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


# Half of the asks are questions; each user goes through this list, beginning at another place.
ASKS = (query_ask, notes_ask, unanswerable_ask, document_ask, query_ask, notes_ask, query_ask)


@dataclass
class Tally:
    """Milliseconds of every request by what was asked and what came of it, and why requests failed."""

    times: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, outcome: str, ms: float, reason: str = "") -> None:
        """Count one request."""
        self.times.setdefault((name, outcome), []).append(ms)
        if reason:
            self.reasons[f"{name}: {reason}"] += 1

    def take(self) -> dict[str, Any]:
        """Everything since the last take, in a form that travels from a worker to its master."""
        told = {
            "times": [[name, outcome, list(ms)] for (name, outcome), ms in self.times.items()],
            "reasons": dict(self.reasons),
        }
        self.times.clear()
        self.reasons.clear()
        return told

    def merge(self, told: dict[str, Any]) -> None:
        """Add what a worker told."""
        for name, outcome, ms in told["times"]:
            self.times.setdefault((name, outcome), []).extend(ms)
        self.reasons.update(told["reasons"])

    def count(self, *outcomes: str, name: str | None = None) -> int:
        """How many requests came to one of these ends."""
        return sum(
            len(ms) for (asked, end), ms in self.times.items() if end in outcomes and name in (None, asked)
        )

    def row(self, name: str) -> dict[str, Any]:
        """One line of the table; the percentiles are of answered requests, None where there are none."""
        ms = sorted(t for end in ANSWERED for t in self.times.get((name, end), ()))
        counts = {outcome: self.count(outcome, name=name) for outcome in OUTCOMES}
        return {**counts, "p50_ms": rank(ms, 0.50), "p95_ms": rank(ms, 0.95)}


def rank(ordered: list[float], share: float) -> float | None:
    """The value that ``share`` of an ordered list does not exceed."""
    if not ordered:
        return None
    return round(ordered[math.ceil(share * len(ordered)) - 1], 1)


TALLY = Tally()
_TOLD: dict[str, Any] = {}


def verdict(tally: Tally, max_failures: float, max_shed: float) -> list[str]:
    """Why the run does not pass; empty when it does."""
    sent, failed, shed = tally.count(*OUTCOMES), tally.count("failed"), tally.count("shed")
    found = []
    if not tally.count(*ANSWERED):
        found.append("nothing was answered")
    if sent and failed / sent > max_failures:
        found.append(f"{failed} of {sent} requests failed ({failed / sent:.1%}; bound {max_failures:.1%})")
    if sent and shed / sent > max_shed:
        found.append(f"{shed} of {sent} requests were shed ({shed / sent:.1%}; bound {max_shed:.1%})")
    return found


def report(tally: Tally, problems: list[str], bounds: dict[str, float]) -> dict[str, Any]:
    """The run as JSON."""
    names = sorted({name for name, _ in tally.times})
    return {
        "schema": "casewright.load/1",
        "passed": not problems,
        "problems": problems,
        "bounds": bounds,
        "total": {outcome: tally.count(outcome) for outcome in OUTCOMES},
        "requests": {name: tally.row(name) for name in names},
        "reasons": dict(tally.reasons.most_common()),
    }


def table(told: dict[str, Any]) -> str:
    """The report for a terminal."""
    heads = (*OUTCOMES, "p50 ms", "p95 ms")
    lines = [f"{'answers checked':<28}" + "".join(f"{head:>12}" for head in heads)]
    for name, row in told["requests"].items():
        cells = (f"{'-' if value is None else value:>12}" for value in row.values())
        lines.append(f"{name:<28}" + "".join(cells))
    lines.append(f"{'all':<28}" + "".join(f"{told['total'][outcome]:>12}" for outcome in OUTCOMES))
    lines += [f"  {count} x {reason}" for reason, count in list(told["reasons"].items())[:10]]
    lines += [f"NOT PASSED: {problem}" for problem in told["problems"]] or ["PASSED"]
    return "\n".join(lines)


# ---- the users


def service_url(host: str, service: str, environ: dict[str, str]) -> str:
    """Where a service is: ``host`` for rag; for the others their variable, or their port on the same host."""
    given = {"notes": environ.get("NOTES_URL"), "documents": environ.get("DOCUMENTS_URL")}.get(service)
    if service == "rag" or given:
        return (given or host).rstrip("/")
    parts = urlsplit(host)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{name}:{8100 if service == 'notes' else 8101}"


def judge(ask: Ask, status: int, headers: Any, text: str) -> tuple[str, str]:
    """What came of a request: an outcome, and why where it was not answered rightly."""
    if status in (429, 503) and headers.get("Retry-After"):
        return "shed", ""
    if status != 200:
        return "failed", f"HTTP {status}"
    try:
        answer = json.loads(text)
        problem = ask.problem(answer)
        by = answer["answered_by"]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return "failed", f"not an answer of this service ({type(error).__name__})"
    if problem is not None:
        return "failed", problem
    outcome = {"model": "model", "code": "extractive"}.get(by)
    return (outcome, "") if outcome else ("failed", "answered_by is neither model nor code")


class Caseworker(HttpUser):
    """Asks, waits, asks again: questions, notes, a document, each with figures of its own."""

    started = 0

    def wait_time(self) -> float:
        """Seconds between requests: around ``--pause``, never in step with the others."""
        pause: float = self.environment.parsed_options.pause
        return random.uniform(0.6, 1.4) * pause

    def on_start(self) -> None:
        """Take a number, which decides this user's figures and where in the list it begins."""
        cls = type(self)
        self.number, cls.started, self.turn = cls.started, cls.started + 1, 0
        self.rng = random.Random(f"{os.getpid()}/{self.number}")
        key = os.environ.get("CASEWRIGHT_API_KEY")
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    @task
    def next_ask(self) -> None:
        """Send one request and judge its answer."""
        ask = ASKS[(self.number + self.turn) % len(ASKS)](self.rng)
        self.turn += 1
        url = service_url(self.host or "", ask.service, dict(os.environ)) + ask.path
        files = {"file": ask.file} if ask.file else None
        with self.client.post(
            url,
            name=ask.name,
            json=ask.body,
            files=files,
            headers=self.headers,
            timeout=REQUEST_S,
            allow_redirects=False,
            catch_response=True,
        ) as response:
            outcome, reason = judge(
                ask, response.status_code or 0, response.headers or {}, response.text or ""
            )
            if not response.status_code:
                reason = type(response.error).__name__ if response.error else "no answer"
            ms = response.request_meta["response_time"] or 0.0
            if outcome in ANSWERED:
                response.success()
            else:  # locust knows two ends only; a shed request is not a success
                response.failure(reason or outcome)
        TALLY.add(ask.name, outcome, ms, reason)
        if outcome == "shed":  # sleep is gevent's: locust replaced it on import
            time.sleep(shed_pause(response.headers["Retry-After"]))


def shed_pause(retry_after: str) -> float:
    """Seconds that a service asked to be left alone, within reason."""
    return min(float(retry_after), LONGEST_PAUSE_S) if re.fullmatch(r"[0-9]{1,9}", retry_after) else 1.0


# ---- locust's hooks, put in place at the end


def share(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text} is not from 0 to 1")
    return value


def _options(parser: Any) -> None:
    group = parser.add_argument_group("Casewright")
    group.add_argument("--pause", type=float, default=5.0, help="Mean seconds between a user's requests")
    group.add_argument("--max-failures", type=share, default=0.01, help="Share that may fail in a pass")
    group.add_argument("--max-shed", type=share, default=0.10, help="Share that may be shed in a pass")
    if not any(word.startswith(("--web", "--autostart", "--class-picker")) for word in sys.argv):
        parser.set_defaults(headless=True)  # the plan's command is to run, not to wait for a click


def _to_master(client_id: str, data: dict[str, Any]) -> None:
    data["casewright"] = TALLY.take()


def _from_worker(client_id: str, data: dict[str, Any]) -> None:
    if "casewright" in data:
        TALLY.merge(data["casewright"])


def _decide(environment: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        return
    options = environment.parsed_options
    bounds = {"max_failures": options.max_failures, "max_shed": options.max_shed}
    problems = verdict(TALLY, options.max_failures, options.max_shed)
    _TOLD.update(report(TALLY, problems, bounds))
    environment.process_exit_code = 1 if problems else 0
    path = os.environ.get("CASEWRIGHT_LOAD_JSON")
    if path:
        Path(path).write_text(json.dumps(_TOLD, indent=1) + "\n", encoding="utf-8")


def _show(exit_code: int) -> None:
    if _TOLD:
        sys.stdout.write("\n" + table(_TOLD) + "\n")


HOOKS: Any = events  # untyped in locust
HOOKS.init_command_line_parser.add_listener(_options)
HOOKS.report_to_master.add_listener(_to_master)
HOOKS.worker_report.add_listener(_from_worker)
HOOKS.quitting.add_listener(_decide)
HOOKS.quit.add_listener(_show)
