"""Stand-ins of the three services for a load: right answers to what locustfile.py asks, spoilt on demand."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
from fastapi import FastAPI, Request, UploadFile
from starlette.responses import JSONResponse, Response

from casewright.api.contract import Timings
from casewright.api.documents import PageOut, ProcessResponse
from casewright.api.notes import ConvertRequest, ConvertResponse, Sentence
from casewright.api.rag import Citation, QueryRequest, QueryResponse
from casewright.staging.load_asks import REFUSAL

# pdfium is not made for threads, and the stand-in answers in several.
PDFIUM = threading.Lock()
FACTS = r"A deposit of £[\d,.]+\d|The notice period is \d+ days|The rent is £\d+ a month(?=\.$)"
ABOUT: dict[str, Any] = {"timings": Timings(total_ms=1.0), "request_id": "r"}


def right_query(asked: QueryRequest, found: re.Match[str] | None) -> QueryResponse:
    if found is None:
        return QueryResponse(answer=REFUSAL, citations=(), grounded=False, reason="none", **ABOUT)
    start, end = found.span()
    cited = Citation(document=0, start=start, end=end, quote=found[0], score=1.0)
    about = {**ABOUT, "answered_by": "model"}
    return QueryResponse(answer=found[0], citations=(cited,), grounded=True, reason="said", **about)


def right_letter(asked: ConvertRequest) -> ConvertResponse:
    lines = asked.notes.splitlines()
    sentences = tuple(
        Sentence(text=line, section="matters_discussed", facts=(), lines=(number,), written_by="code")
        for number, line in enumerate(lines, 1)
    )
    return ConvertResponse(
        matters_discussed=tuple(lines),
        our_actions=(),
        your_actions=(),
        full_text=asked.notes,
        facts=(),
        sentences=sentences,
        client_name=asked.client_name,
        mode="extractive",
        ready_to_send=False,
        checks=(),
        left_out=(),
        contradictions=(),
        unsure_lines=(),
        lines_total=len(lines),
        lines_used=len(lines),
        seal="sealed",
        **ABOUT,
    )


def right_pages(name: str, content: bytes) -> ProcessResponse:
    with PDFIUM:
        pdf = pypdfium2.PdfDocument(content)
        texts = [page.get_textpage().get_text_bounded() for page in pdf]
    whole = "\n".join(texts)
    pages = tuple(
        PageOut(number=n, markdown=text, start=0, end=len(text), method="text")
        for n, text in enumerate(texts, 1)
    )
    return ProcessResponse(
        status="ok",
        filename=name,
        media_type="application/pdf",
        sha256="",
        size_bytes=len(content),
        markdown=whole,
        pages=pages,
        page_count=len(pages),
        method="text",
        **ABOUT,
    )


class StandIn:
    """All three services at one address. ``spoil`` may replace an answer (as JSON) before it leaves."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.keys: set[str | None] = set()
        self.busy: dict[str, str] | None = None
        self.lock = threading.Lock()

    def spoil(self, path: str, answer: dict[str, Any]) -> dict[str, Any]:
        return answer

    def app(self) -> FastAPI:
        app = FastAPI()

        def reply(request: Request, answer: Any) -> Response:
            with self.lock:
                self.asked[request.url.path] += 1
                self.keys.add(request.headers.get("authorization"))
            if self.busy is not None:
                return JSONResponse({"error": {}}, 503, self.busy)
            return JSONResponse(self.spoil(request.url.path, answer.model_dump(mode="json")))

        @app.post("/query")
        def query(request: Request, body: QueryRequest) -> Response:
            found = re.search(FACTS, (body.documents or ("",))[0])
            return reply(request, right_query(body, found))

        @app.post("/convert")
        def convert(request: Request, body: ConvertRequest) -> Response:
            return reply(request, right_letter(body))

        @app.post("/process")
        def process(request: Request, file: UploadFile) -> Response:
            return reply(request, right_pages(file.filename or "", file.file.read()))

        return app
