"""The three services as small real servers that follow the contracts to the letter.

They answer by rules a test can foresee: a question is answered with the first line that has its longest
word; a letter has one sentence a line of notes; a file's text is its bytes, form feeds divide pages. Words in
the input ask for trouble: ``fail:KIND:STATUS`` for an error in the contract's shape, ``forge`` for a
citation that does not hold.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, UploadFile
from starlette.responses import JSONResponse, Response

from casewright.api.client import Patience
from casewright.api.contract import EngineInCharge, ErrorAnswer, ErrorDetail, Health, Timings
from casewright.api.documents import PageOut, ProcessResponse
from casewright.api.notes import (
    Check,
    Confirmation,
    ConfirmRequest,
    Contradiction,
    ConvertRequest,
    ConvertResponse,
    ExportRequest,
    Fact,
    LeftOut,
    Section,
    Sentence,
)
from casewright.api.rag import Citation, QueryRequest, QueryResponse
from casewright.services.kit.config import KitConfig
from casewright.services.kit.keys import service_token
from casewright.services.web.app import WebConfig, create_app
from serving import served

TIMINGS = Timings(total_ms=12.5)
ENGINE = EngineInCharge(
    provider="embedded",
    source="default",
    llm_available=True,
    engine="llama.cpp (Casewright embedded)",
    model="SmolLM2-135M-Instruct",
    strategies={"answer": "extractive", "letter": "extractive"},
)


@dataclass
class Peers:
    """The services; ``heard`` holds (service, path, headers) of every request."""

    token: str
    heard: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    engine: EngineInCharge = ENGINE
    health_status: str = "healthy"
    urls: dict[str, str] = field(default_factory=dict)

    def app(self, service: str) -> FastAPI:
        """One of the services."""
        app = FastAPI()

        @app.middleware("http")
        async def listen(request: Request, call_next: Any) -> Any:
            self.heard.append((service, request.url.path, dict(request.headers)))
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return trouble(401, "unauthenticated", "the API key is not one of ours")
            return await call_next(request)

        @app.get("/health")
        async def health() -> JSONResponse:
            found = Health(
                status=self.health_status,
                service=service,
                version="0.1.0",
                uptime_s=83.0,
                engine=None if service == "documents" else self.engine,
                vision_analysis_available=False if service == "documents" else None,
                reasons=("store: the index is gone",) if self.health_status == "unhealthy" else (),
            )
            return JSONResponse(found.model_dump(mode="json"), 503 if found.status == "unhealthy" else 200)

        {"rag": add_query, "notes": add_convert, "documents": add_process}[service](app)
        return app


def trouble(status: int, kind: str, message: str) -> JSONResponse:
    """An error in the contract's shape."""
    detail = ErrorDetail(type=kind, message=message, hint="do something about it", request_id="peer-0001")
    return JSONResponse(ErrorAnswer(error=detail).model_dump(), status)


def asked_trouble(text: str) -> JSONResponse | None:
    """What the input itself asks for."""
    found = re.search(r"fail:(\w+):(\d{3})", text)
    return trouble(int(found[2]), found[1], f"asked to fail as {found[1]}") if found else None


def common(request: Request) -> dict[str, Any]:
    """The fields of every answer."""
    return {
        "provider": "embedded",
        "model": "SmolLM2-135M-Instruct",
        "timings": TIMINGS,
        "request_id": request.headers.get("x-request-id", "none"),
    }


def add_query(app: FastAPI) -> None:
    @app.post("/query", response_model=QueryResponse)
    async def query(request: Request, body: QueryRequest) -> Any:
        if (failure := asked_trouble(body.query)) is not None:
            return failure
        word = max(re.findall(r"\w+", body.query.lower()), key=len)
        for index, text in enumerate(body.documents or ()):
            for line in re.finditer(r"[^\n]+", text):
                if word in line.group().lower():
                    quote = "words of nobody" if "forge" in body.query else line.group()
                    cited = Citation(
                        document=index, start=line.start(), end=line.end(), quote=quote, score=0.8
                    )
                    reason = f"the passage speaks of {word}"
                    return QueryResponse(
                        answer=line.group(),
                        citations=(cited,),
                        grounded=True,
                        reason=reason,
                        **common(request),
                    )
        return QueryResponse(
            answer="The documents do not say.",
            citations=(),
            grounded=False,
            reason=f"no passage speaks of {word}",
            **common(request),
        )


NAMES: tuple[Section, ...] = ("matters_discussed", "our_actions", "your_actions")


def add_convert(app: FastAPI) -> None:
    @app.post("/convert", response_model=ConvertResponse)
    async def convert(request: Request, body: ConvertRequest) -> Any:
        return asked_trouble(body.notes) or a_letter(body, common(request))

    @app.post("/confirm", response_model=Confirmation)
    async def confirm(body: ConfirmRequest) -> Any:
        word = Confirmation(
            seal=body.letter.seal,
            confirmed_by=body.confirmed_by,
            confirmed_at="2026-05-13T10:20:30Z",
            note=body.note,
        )
        return asked_trouble(body.confirmed_by) or word

    @app.post("/export")
    async def export(body: ExportRequest) -> Any:
        content = f"{body.format} of {body.notes!r}, {body.parts}".encode()
        failure = asked_trouble(body.letter.client_name)
        return failure or Response(content, media_type="application/octet-stream")


def a_letter(body: ConvertRequest, origin: dict[str, Any]) -> ConvertResponse:
    """A sentence a line, in each section by turns."""
    lines = [(n, text) for n, text in enumerate(body.notes.split("\n"), 1) if text.strip()]
    left = tuple(
        LeftOut(line=n, text=t, reason="crossed out", to_decide=t.startswith("##"))
        for n, t in lines
        if t.startswith("#")
    )
    kept = [(NAMES[i % 3], n, t) for i, (n, t) in enumerate(one for one in lines if one[1][0] != "#")]
    sentences = tuple(
        Sentence(text=t, section=section, facts=(f"f{n}",), lines=(n,), written_by="code")
        for section, n, t in kept
    )
    on = f"\nOur meeting of {body.meeting_date.isoformat()}" if body.meeting_date else ""
    full = [f"Dear {body.client_name},", on, *(one.text for one in sentences), "", "Yours sincerely"]
    parts = {name: tuple(s.text for s in sentences if s.section == name) for name in NAMES}
    return ConvertResponse(
        full_text="\n".join(full),
        facts=tuple(
            Fact(id=f"f{n}", text=t, section=section, lines=(n,), owner="client", sure=not t.endswith("?"))
            for section, n, t in kept
        ),
        sentences=sentences,
        client_name=body.client_name,
        adviser=body.adviser,
        meeting_date=body.meeting_date,
        mode="extractive",
        ready_to_send=False,
        checks=(Check(name="every_line_accounted", passed=not left),),
        left_out=left,
        contradictions=tuple(
            Contradiction(lines=(n - 1, n), what="two amounts", values=("£1", "£2"))
            for n, t in lines
            if "£1 or £2" in t
        ),
        unsure_lines=tuple(n for _, n, t in kept if t.endswith("?")),
        lines_total=len(lines),
        lines_used=len(kept),
        seal="sealed",
        **parts,
        **origin,
    )


def add_process(app: FastAPI) -> None:
    @app.post("/process", response_model=ProcessResponse)
    async def process(request: Request, file: UploadFile) -> Any:
        content = await file.read()
        text = content.decode("utf-8", "replace")
        if (failure := asked_trouble(text)) is not None:
            return failure
        pages, at = [], 0
        for number, part in enumerate(text.split("\f"), 1):
            scanned = part.startswith("scan")
            pages.append(
                PageOut(
                    number=number,
                    markdown=part,
                    start=at,
                    end=at + len(part),
                    method="ocr" if scanned else "text",
                    confidence=0.874 if scanned else None,
                    warnings=("the lower half is faint",) if scanned else (),
                )
            )
            at += len(part) + 2
        return ProcessResponse(
            status="ok",
            filename=file.filename or "",
            media_type="text/plain",
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            markdown="\n\n".join(page.markdown for page in pages),
            pages=tuple(pages),
            page_count=len(pages),
            method="mixed" if any(page.method == "ocr" for page in pages) else "text",
            **common(request),
        )


@contextlib.contextmanager
def stack(data_dir: Path, *, without: str = "", **kit: Any) -> Iterator[tuple[str, Peers]]:
    """The page over the three peers; ``without`` names one that does not run. Yields the page's URL."""
    peers = Peers(service_token(data_dir))
    with contextlib.ExitStack() as running:
        for name in ("rag", "notes", "documents"):
            if name == without:
                peers.urls[name] = "http://127.0.0.1:9"  # the discard port: nothing listens there
            else:
                peers.urls[name] = running.enter_context(served(peers.app(name)))
        config = KitConfig(name="web", data_dir=data_dir, **{"max_body_bytes": 9_000_000, **kit})
        web = WebConfig(
            config,
            peers.urls["rag"],
            peers.urls["notes"],
            peers.urls["documents"],
            patience=Patience(health_s=5, query_s=10, convert_s=10, process_s=10),
            max_file_bytes=8 * 1024 * 1024,
        )
        yield running.enter_context(served(create_app(web))), peers
