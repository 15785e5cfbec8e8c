"""Whether anything of one case is in an answer to another: a real service, five cases, guessed ids.

    python benchmarks/isolation.py [--requests 1000] [--seed 7] [--url URL] [--out FILE]

Without --url it starts ``casewright serve rag`` on a data directory of its own. Each case gets the same file
names, references and sentences, with two words of its own in each document: one that is asked for from every
other case (a canary), and a secret beside it that no request ever holds. A leak is a secret, or the id of a
document or job, of another case than the one that a request names. A guess is a request with an id that is
there, under another case: its answer must be, byte for byte but for the request's id, that of an id that
never was. Exits with 1 if there is a leak or a difference, or if a case does not find its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

CASES = ("smith-2026", "Smith-2026", "smith_2026", "smith.2026", "jones-1")
NAMES = ("letter", "notice", "statement", "note of the call")
REFERENCE = "PPR-9087"
MODES = ("hybrid", "dense", "bm25")
# None of them is a case; some look like one to what compares loosely, or decodes twice.
ODD = (
    "smith", "smith-202", "smith-2026.", "SMITH-2026", "smith%202026", "smith-2026%20", "%20smith-2026",
    "smith-2026%00", "smith-2026%0A", "smith%252D2026", "smith-2026%2F..%2Fjones-1",
    "smith-2026/../jones-1", "..%2Fjones-1", "%2E%2E", "%2E", "*", "%25", "smith%25", "_mith_2026",
    "smith-2026%27%20OR%20%271%27=%271", "smith-2026%3Fcase_id=jones-1", "smith-2026;jones-1",
    "smith-2026,jones-1", "sm%C4%B1th-2026", "%EF%BD%93mith-2026", "jones-1%E2%80%8B", "null", "None",
    "undefined", "0", "-1", "a" * 100, "a" * 3000,
)  # fmt: skip
START_S = 60.0
_UUID_CHARS = 36


@dataclass
class Case:
    """What a case holds, and what must stay there."""

    id: str
    canary: str
    secrets: list[str]
    documents: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    @property
    def own(self) -> list[str]:
        """What no answer to another case may hold."""
        return [*self.secrets, *self.documents, *self.jobs]


@dataclass
class Tally:
    """What was counted."""

    by_kind: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    own_found: int = 0
    own_asked: int = 0
    guesses: int = 0
    leaks: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class Prober:
    """Asks one service, and looks at every answer."""

    def __init__(self, client: httpx.Client, cases: list[Case], rng: random.Random) -> None:
        self.client = client
        self.cases = cases
        self.rng = rng
        self.tally = Tally()

    def ask(
        self, kind: str, named: Case | None, method: str, path: str, *, counted: bool = True, **more: Any
    ) -> httpx.Response:
        """One request that names a case (or none that there is)."""
        answer = self.client.request(method, path, **more)
        self.tally.by_kind[kind] += counted
        self.tally.by_status[answer.status_code] += counted
        if answer.status_code >= 500:
            self.tally.broken.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
        sent = f"{path} {json.dumps(more, default=str)}"
        for case in self.cases:
            for word in case.own if case is not named else ():
                if word in answer.text and word not in sent:
                    self.tally.leaks.append(f"{kind} {path}: {word} of {case.id}")
        return answer

    def guess(self, kind: str, named: Case, method: str, path: str, there: str) -> None:
        """A request with an id of another case, beside one with an id that never was."""
        never = str(uuid.uuid4()) if len(there) == _UUID_CHARS else f"never-{uuid.uuid4().hex[:8]}"
        found = self.ask(kind, named, method, path.format(there))
        other = self.ask(kind, named, method, path.format(never), counted=False)
        self.tally.guesses += 1
        bodies = []
        for answer, identity in ((found, there), (other, never)):
            body = answer.json()
            body.get("error", {}).pop("request_id", None)
            bodies.append(json.dumps(body).replace(identity, "ID"))
        if (found.status_code, bodies[0]) != (other.status_code, bodies[1]) or found.status_code != 404:
            self.tally.differences.append(
                f"{kind} {path}: {found.status_code} {bodies[0]} | {other.status_code} {bodies[1]}"
            )

    def two(self) -> tuple[Case, Case]:
        """A case that is named, and one that is not."""
        named, other = self.rng.sample(self.cases, 2)
        return named, other

    def question(self, case: Case) -> str:
        """A question whose words lead to a document of this case."""
        return self.rng.choice(
            (
                f"What is the code beside {case.canary}?",
                f"{case.canary} {REFERENCE}",
                f"What does {REFERENCE} say of {case.canary}?",
                "What is the code of the account?",
                case.canary,
            )
        )


def search(prober: Prober) -> None:
    """A search for another case's words, in each mode."""
    named, other = prober.two()
    mode = prober.rng.choice(MODES)
    asked = {"case_id": named.id, "q": prober.question(other), "mode": mode, "limit": "50"}
    prober.ask(f"search, {mode}", named, "GET", "/search", params=asked)


def search_own(prober: Prober) -> None:
    """A search for the case's own words, which must find them: or nothing would be proved."""
    named, _ = prober.two()
    asked = {"case_id": named.id, "q": named.canary, "limit": "50"}
    answer = prober.ask("search for its own", named, "GET", "/search", params=asked)
    prober.tally.own_asked += 1
    prober.tally.own_found += all(secret in answer.text for secret in named.secrets)


def query(prober: Prober) -> None:
    """A question about another case's words."""
    named, other = prober.two()
    body = {"case_id": named.id, "query": prober.question(other)}
    prober.ask("query", named, "POST", "/query", json=body)


def query_stream(prober: Prober) -> None:
    """The same as a stream."""
    named, other = prober.two()
    body = {"case_id": named.id, "query": prober.question(other), "stream": True}
    prober.ask("query, streamed", named, "POST", "/query", json=body)


def listing(prober: Prober) -> None:
    """A case, and its documents."""
    named, _ = prober.two()
    path = prober.rng.choice((f"/cases/{named.id}", f"/cases/{named.id}/documents?limit=200"))
    prober.ask("case and its documents", named, "GET", path)


def guessed_document(prober: Prober) -> None:
    """A document of another case: looked at, retried, deleted."""
    named, other = prober.two()
    method, rest = prober.rng.choice((("GET", ""), ("DELETE", ""), ("POST", "/retry")))
    path = "/documents/{}" + rest + f"?case_id={named.id}"
    there = prober.rng.choice(other.documents)
    prober.guess(f"guessed document, {method}", named, method, path, there)


def guessed_job(prober: Prober) -> None:
    """A job of another case, and one that never was."""
    named, other = prober.two()
    path = "/jobs/{}" + prober.rng.choice(("", "/events")) + f"?case_id={named.id}"
    prober.guess("guessed job", named, "GET", path, prober.rng.choice(other.jobs))


def odd_case(prober: Prober) -> None:
    """An id that is no case's, wherever a case is named."""
    odd = prober.rng.choice(ODD)
    other = prober.rng.choice(prober.cases)
    document = prober.rng.choice(other.documents)
    method, path = prober.rng.choice(
        (
            ("GET", f"/search?q={quote(other.canary)}&case_id={odd}"),
            ("GET", f"/cases/{odd}"),
            ("GET", f"/cases/{odd}/documents"),
            ("DELETE", f"/cases/{odd}"),
            ("POST", f"/cases/{odd}/reindex"),
            ("GET", f"/documents/{document}?case_id={odd}"),
            ("DELETE", f"/documents/{document}?case_id={odd}"),
            ("POST", f"/documents/{document}/retry?case_id={odd}"),
            ("GET", f"/jobs/{other.jobs[0]}?case_id={odd}"),
        )
    )
    if "/../" in path:  # the client would make another path of it
        path = path.replace("/../", "/%2E%2E/")
    answer = prober.ask("odd case id", None, method, path)
    if answer.status_code not in (404, 405, 422):
        prober.tally.differences.append(f"{method} {path[:120]}: {answer.status_code} {answer.text[:200]}")


def odd_case_in_a_body(prober: Prober) -> None:
    """The same in the body of a question."""
    other = prober.rng.choice(prober.cases)
    odd: Any = prober.rng.choice(
        ("smith", "SMITH-2026", "*", "../jones-1", [other.id], {"$ne": ""}, None, 0, True)
    )
    body = {"case_id": odd, "query": prober.question(other), "stream": prober.rng.random() < 0.5}
    answer = prober.ask("odd case id in a body", None, "POST", "/query", json=body)
    if answer.status_code not in (404, 422):
        prober.tally.differences.append(f"POST /query {odd!r}: {answer.status_code} {answer.text[:200]}")


def named_twice(prober: Prober) -> None:
    """Two cases in one request: the answer is of one of them alone, and says which."""
    named, other = prober.two()
    path = f"/search?case_id={other.id}&q={quote(other.canary)}&case_id={named.id}"
    prober.ask("two cases named", named, "GET", path)


KINDS: tuple[tuple[Callable[[Prober], None], int], ...] = (
    (search, 30), (search_own, 5), (query, 12), (query_stream, 10), (listing, 5), (guessed_document, 15),
    (guessed_job, 8), (odd_case, 10), (odd_case_in_a_body, 3), (named_twice, 2),
)  # fmt: skip


def text_of(case: Case, place: int) -> str:
    """A document: the same as in every other case, but for two words."""
    return (
        f"Dear Sir or Madam,\n\nOur reference is {REFERENCE}. This is the {NAMES[place]} about the rent of "
        f"£725.00, due on 3 May 2026.\n\nThe code of the account {case.canary} is {case.secrets[place]}.\n\n"
        "Please keep the code of the account to yourself.\n"
    )


def fill(prober: Prober) -> None:
    """Every case with its documents, each as a job of its own."""
    for case in prober.cases:
        for place, name in enumerate(NAMES):
            body = {"case_id": case.id, "texts": [{"name": name, "text": text_of(case, place)}]}
            job = prober.client.post("/ingest", json=body).raise_for_status().json()["job"]
            case.jobs.append(job["job_id"])
            case.documents.append(job["documents"][0]["document_id"])
        for job_id in case.jobs:
            prober.client.get(f"/jobs/{job_id}/events").raise_for_status()
            assert prober.client.get(f"/jobs/{job_id}").json()["status"] == "done"


def sees_a_leak(prober: Prober) -> bool:
    """Whether a leak would be seen: a case's own answer, judged as if another had been named."""
    asking, other = prober.cases[:2]
    judge = Prober(prober.client, prober.cases, prober.rng)
    seen = []
    for path in (f"/search?case_id={asking.id}&q={asking.canary}", f"/cases/{asking.id}/documents"):
        judge.ask("judged wrongly", other, "GET", path)
        seen.append(len(judge.tally.leaks))
    return 0 < seen[0] < seen[1]


def all_there(prober: Prober) -> bool:
    """Whether no guess took anything away."""
    return all(
        {
            found["document_id"]
            for found in prober.client.get(f"/cases/{case.id}/documents").json()["documents"]
        }
        == set(case.documents)
        for case in prober.cases
    )


def after_an_erasure(prober: Prober) -> None:
    """What was erased is as what never was, under its own case and under others."""
    gone, kept = prober.cases[-1], prober.cases[0]
    prober.ask("erasure", gone, "DELETE", f"/documents/{gone.documents[0]}?case_id={gone.id}")
    prober.guess(
        "erased document",
        gone,
        "GET",
        "/documents/{}?case_id=" + gone.id,
        gone.documents[0],
    )
    prober.ask("erasure", gone, "DELETE", f"/cases/{gone.id}")
    for path in ("/cases/{}", "/cases/{}/documents", "/search?q=rent&case_id={}"):
        prober.guess("erased case", kept, "GET", path, gone.id)
    prober.guess("job of an erased case", kept, "GET", "/jobs/{}", gone.jobs[0])
    for case in prober.cases[:-1]:
        asked = {"case_id": case.id, "q": f"{gone.canary} {REFERENCE}"}
        prober.ask("search for what was erased", case, "GET", "/search", params=asked)


@contextlib.contextmanager
def service(url: str | None) -> Iterator[str]:
    """Where the service is; started here where none is named."""
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="casewright-isolation-") as folder:
        environment = {**os.environ, "CASEWRIGHT_DATA": folder, "DOCUMENTS_URL": "http://127.0.0.1:9"}
        log = Path(folder) / "service.log"
        with log.open("wb") as out:
            command = [sys.executable, "-m", "casewright", "serve", "rag", "--port", "0"]
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=out, env=environment, text=True
            )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.search(r"http://[\w.]+:\d+", line)
            if found is None:
                raise SystemExit(f"the service did not start: {log.read_text()[-2000:]}")
            yield found[0]
        finally:
            process.terminate()
            process.wait(START_S)
            process.stdout.close()


def probe(url: str, requests: int, seed: int) -> Tally:
    """All of it against one service."""
    rng = random.Random(seed)
    cases = [
        Case(name, f"zq{rng.randrange(16**8):08x}", [f"{rng.randrange(10**11):011d}" for _ in NAMES])
        for name in CASES
    ]
    with httpx.Client(base_url=url, timeout=120) as client:
        prober = Prober(client, cases, rng)
        fill(prober)
        if not sees_a_leak(prober):
            raise SystemExit("a leak would not be seen: nothing is proved")
        kinds, weights = zip(*KINDS, strict=True)
        for one in rng.choices(kinds, weights, k=requests):
            one(prober)
        if not all_there(prober):
            prober.tally.differences.append("a document is gone that only a guess was made at")
        after_an_erasure(prober)
        return prober.tally


def told(tally: Tally, took_s: float) -> dict[str, Any]:
    """The counts."""
    return {
        "requests": tally.by_kind.total(),
        "by_kind": dict(sorted(tally.by_kind.items())),
        "by_status": {str(status): number for status, number in sorted(tally.by_status.items())},
        "own_asked": tally.own_asked,
        "own_found": tally.own_found,
        "guesses": tally.guesses,
        "leaks": len(tally.leaks),
        "differences": len(tally.differences),
        "broken": len(tally.broken),
        "seconds": round(took_s, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--url", help="a service that runs already; five cases are made there")
    parser.add_argument("--out", type=Path, help="the counts as JSON")
    asked = parser.parse_args()
    began = time.perf_counter()
    with service(asked.url) as url:
        tally = probe(url, asked.requests, asked.seed)
    found = told(tally, time.perf_counter() - began)
    print(json.dumps(found, indent=2))
    for wrong in (*tally.leaks, *tally.differences, *tally.broken):
        print(f"WRONG {wrong}", file=sys.stderr)
    if asked.out is not None:
        asked.out.write_text(json.dumps(found, indent=2) + "\n")
    proved = tally.own_asked > 0 and tally.own_found == tally.own_asked
    return 0 if proved and not (tally.leaks or tally.differences or tally.broken) else 1


if __name__ == "__main__":
    sys.exit(main())
