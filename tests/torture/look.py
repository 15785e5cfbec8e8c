"""Whether everything is as it was acknowledged: looked at through the service, and in its files."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from torture.papers import Paper, Papers

WAIT_S = 90.0
SAMPLE = 25
_UNFINISHED = {"queued", "reading", "embedding"}


@dataclass
class Faults:
    """What is wrong, by kind, in words."""

    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    doctor: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        """Everything."""
        return [*self.lost, *self.half, *self.back, *self.doctor, *self.other]


class Looking:
    """Looks at a service after a kill. ``faults`` gathers over all kills."""

    def __init__(self, papers: Papers, seed: int) -> None:
        self.faults = Faults()
        self._papers = papers
        self._chance = random.Random(seed)

    def look(self, url: str, data: Path | None = None, *, whole: bool = False) -> None:
        """At everything that was touched since, and at some of the rest; ``whole``: at everything. In the
        files of ``data`` for what was erased.
        """
        with httpx.Client(base_url=url, timeout=60) as client:
            cases = sorted({paper.case for paper in self._papers.all})
            self._settled(client, cases)
            answer = client.post("/doctor")
            if answer.status_code != 200:
                self.faults.doctor.append(answer.text)
            else:
                self.faults.doctor += [str(one) for one in answer.json()["findings"]]
            for case in cases:
                listed = self._listed(client, case)
                mine = [paper for paper in self._papers.all if paper.case == case]
                old = [paper for paper in mine if not paper.touched]
                some = old if whole else self._chance.sample(old, min(SAMPLE, len(old)))
                for paper in mine:
                    self._there(client, paper, listed, read=paper.touched or paper in some)
                    paper.touched = False
            if data is not None and not self._pending(client):
                self.traces(data)

    def erased(self, url: str) -> None:
        """Wait until no erasure is pending."""
        until = time.monotonic() + WAIT_S
        with httpx.Client(base_url=url, timeout=60) as client:
            while self._pending(client):
                if time.monotonic() > until:
                    self.faults.back.append("erasures are pending for ever")
                    return
                time.sleep(0.2)

    def traces(self, data: Path) -> None:
        """Look for what was erased in every file; nobody may be writing."""
        gone = {paper.marker.encode() for paper in self._papers.all if paper.gone}
        words = re.compile(rb"q(?:[a-z]a){5}[a-z]ak")
        for path in data.rglob("*"):
            if path.is_file():
                for found in gone.intersection(words.findall(path.read_bytes())):
                    said = f"{found.decode()} is still in {path.relative_to(data)}"
                    if said not in self.faults.back:
                        self.faults.back.append(said)

    def _pending(self, client: httpx.Client) -> bool:
        return bool(client.get("/erasures?pending=true").json()["erasures"])

    def _settled(self, client: httpx.Client, cases: list[str]) -> None:
        until = time.monotonic() + WAIT_S
        for case in cases:
            while _UNFINISHED & set(client.get(f"/cases/{case}").json().get("documents", {})):
                if time.monotonic() > until:
                    self.faults.lost.append(f"{case}: something is never read")
                    return
                time.sleep(0.03)

    def _listed(self, client: httpx.Client, case: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            asked = {"limit": 200, "offset": len(found)}
            answer = client.get(f"/cases/{case}/documents", params=asked)
            page = answer.json().get("documents", [])
            for document in page:
                if document["name"] in found:
                    self.faults.half.append(f"{document['name']} is listed twice")
            found |= {document["name"]: document for document in page}
            if len(page) < 200:
                return found

    def _there(self, client: httpx.Client, paper: Paper, listed: dict[str, Any], *, read: bool) -> None:
        document = listed.get(paper.name)
        if paper.gone:
            if document is not None:
                self.faults.back.append(f"{paper.name} was erased, and is listed")
            return
        if document is None:
            if paper.leaving:
                paper.gone = True  # the answer did not come through, and it was done
            elif paper.acknowledged >= 0:
                self.faults.lost.append(f"{paper.name} is not listed")
            return
        if paper.leaving:  # it was not done: it is there as before
            paper.leaving = paper.case not in self._papers.cases
        paper.identity = document["document_id"]
        if paper.acknowledged >= 0 and document["version"] is None:
            self.faults.lost.append(f"{paper.name}: {document['status']} {document['error']}")
        elif read and document["version"] is not None:
            self._read(client, paper, document)

    def _read(self, client: httpx.Client, paper: Paper, document: dict[str, Any]) -> None:
        asked: dict[str, str | int] = {
            "case_id": paper.case,
            "q": paper.marker,
            "mode": "bm25",
            "limit": 50,
        }
        hits = client.get("/search", params=asked).json()["hits"]
        mine = [hit for hit in hits if hit["document_id"] == document["document_id"]]
        if not mine:
            self.faults.lost.append(f"{paper.name} is {document['status']}, and is not found")
            return
        if len(mine) < len(hits) or {hit["version"] for hit in mine} != {document["version"]}:
            self.faults.half.append(f"{paper.name}: several versions are found")
        whole = [
            number
            for number, content in enumerate(paper.contents)
            if all(hit["text"] in content for hit in mine)
            and all(any(part[:40] in hit["text"] for hit in mine) for part in content.split("\n\n"))
        ]
        if not whole:
            self.faults.half.append(f"{paper.name}: {len(mine)} passages are of no one content")
        elif whole[0] < paper.acknowledged:
            self.faults.lost.append(
                f"{paper.name}: content {whole[0]} is found where {paper.acknowledged} was acknowledged"
            )
