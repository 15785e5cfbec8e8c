"""A client that sends, replaces, erases and reindexes from several threads until nobody answers any more."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import httpx

from torture.papers import Paper, Papers

THREADS = 3
WAITS_S = 20.0
# How often each is done, and more often where a kill is to fall into it.
WEIGHTS = {"text": 6, "file": 3, "replace": 4, "erase": 3, "erase_case": 0.15, "reindex": 0.5, "search": 1}
BOOSTED = {
    "uploading": ("text", "file"),
    "reading": ("file",),
    "cutting": ("text",),
    "embedding": ("text",),
    "writing": ("text",),
    "publishing": ("text",),
    "recording": ("text",),
    "replacing": ("replace",),
    "deleting": ("erase", "erase_case"),
    "reindexing": ("reindex",),
}


class Wrong(Exception):
    """An answer that no kill explains."""


class Load:
    """Runs until the service is gone; ``wrong`` are answers that should not have been."""

    def __init__(self, url: str, papers: Papers, phase: str, seed: int) -> None:
        self.wrong: list[str] = []
        self.searches = 0
        self._url = url
        self._papers = papers
        self._doing: dict[str, Callable[[httpx.Client, random.Random], None]] = {
            "text": self._text,
            "file": self._file,
            "replace": self._replace,
            "erase": self._erase,
            "erase_case": self._erase_case,
            "reindex": self._reindex,
            "search": self._search,
        }
        boosted = BOOSTED.get(phase, ())
        self._weights = [WEIGHTS[name] * (6 if name in boosted else 1) for name in self._doing]
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(seed * 100 + number),), daemon=True)
            for number in range(THREADS)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Until every thread has seen that nobody answers."""
        for thread in self._threads:
            thread.join(WAITS_S + 10)
            if thread.is_alive():
                self.wrong.append("a request had no end")
        self._papers.free()

    def _run(self, chance: random.Random) -> None:
        with httpx.Client(base_url=self._url, timeout=WAITS_S) as client:
            while True:
                (doing,) = chance.choices(list(self._doing.values()), self._weights)
                try:
                    doing(client, chance)
                except Wrong as error:
                    self.wrong.append(str(error))
                except httpx.HTTPError:
                    return

    def _text(self, client: httpx.Client, chance: random.Random) -> None:
        self._sent(client, *self._papers.fresh(as_file=False))

    def _file(self, client: httpx.Client, chance: random.Random) -> None:
        self._sent(client, *self._papers.fresh(as_file=True))

    def _replace(self, client: httpx.Client, chance: random.Random) -> None:
        paper = self._papers.known(chance)
        if paper is not None:
            self._sent(client, paper, self._papers.rewritten(paper))

    def _sent(self, client: httpx.Client, paper: Paper, content: str) -> None:
        number = len(paper.contents) - 1
        try:
            if paper.as_file:
                files = [("files", (paper.name, content.encode()))]
                answer = client.post("/ingest", data={"case_id": paper.case}, files=files)
            else:
                texts = [{"name": paper.name, "text": content}]
                answer = client.post("/ingest", json={"case_id": paper.case, "texts": texts})
            if answer.status_code == 202:
                paper.acknowledged = number
                paper.identity = answer.json()["job"]["documents"][0]["document_id"]
            elif answer.status_code != 503:
                raise Wrong(f"ingest: {answer.status_code} {answer.text[:200]}")
        finally:
            self._papers.give_back(paper)

    def _erase(self, client: httpx.Client, chance: random.Random) -> None:
        paper = self._papers.known(chance)
        if paper is None:
            return
        paper.leaving = True
        try:
            answer = client.delete(f"/documents/{paper.identity}", params={"case_id": paper.case})
            if answer.status_code != 200:
                raise Wrong(f"erase: {answer.status_code} {answer.text[:200]}")
            paper.gone = True
        finally:
            self._papers.give_back(paper)

    def _erase_case(self, client: httpx.Client, chance: random.Random) -> None:
        found = self._papers.close_case(chance)
        if found is None:
            return
        case, papers = found
        answer = client.delete(f"/cases/{case}")
        if answer.status_code == 200:
            self._papers.erased_cases.add(case)
            for paper in papers:
                paper.gone = True
        elif answer.status_code != 404 or any(paper.acknowledged >= 0 for paper in papers):
            raise Wrong(f"erase case: {answer.status_code} {answer.text[:200]}")

    def _reindex(self, client: httpx.Client, chance: random.Random) -> None:
        answer = client.post(f"/cases/{chance.choice(self._papers.cases)}/reindex")
        # 409: another thread's is under way; 404: nothing was put into it yet
        if answer.status_code not in (200, 404, 409):
            raise Wrong(f"reindex: {answer.status_code} {answer.text[:200]}")

    def _search(self, client: httpx.Client, chance: random.Random) -> None:
        asked = {"case_id": chance.choice(self._papers.cases), "q": "arrears of the tenant"}
        answer = client.get("/search", params=asked)
        self.searches += 1
        if answer.status_code not in (200, 404, 503):
            raise Wrong(f"search: {answer.status_code} {answer.text[:200]}")
