"""What the services said is safe, and whether it still is: each thing has words that nothing else has."""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from casewright.api.staging import Exchange, Finding
from casewright.staging.ask import Answer, Client, Upload
from casewright.staging.context import mapping
from casewright.staging.judge import finding

_LETTERS = "bdfgklmnprstvz"
_UNREAD = ("queued", "reading", "embedding")
SHOWN = 3
# Each kind of thing is asked for one by one, all of them, and for this long at most.
CHECK_S = 120.0


@dataclass(slots=True)
class Paper:
    """One document of a case. ``gone`` None: its erasure was asked for and not answered.

    ``lost``: its erasure was answered with 404, though nobody else can have erased it.
    """

    word: str
    amount: str
    identity: str
    gone: bool | None = False
    lost: bool = False

    @property
    def text(self) -> str:
        """Its one sentence."""
        return sentence(self.word, self.amount)


def sentence(word: str, amount: str) -> str:
    """The words that a document carries: found by ``word``, and answering how much is owed."""
    return f"The {word} account owes {amount} to the harbour office."


@dataclass(slots=True)
class Original:
    """One file at the document service."""

    identity: str
    digest: str


@dataclass(slots=True)
class Book:
    """Puts things into the services and remembers what was acknowledged; ``seed`` fixes the words.

    ``case`` is a case of the stage's own, cleared away at the end by ``clear``.
    """

    client: Client
    services: Mapping[str, str]
    seed: int
    case: str = field(default_factory=lambda: f"stage-{secrets.token_hex(6)}")
    papers: list[Paper] = field(default_factory=list)
    originals: list[Original] = field(default_factory=list)
    seals: dict[str, str] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    refused: list[Answer] = field(default_factory=list)
    limit_s: float = 15.0
    check_s: float = CHECK_S
    _chance: random.Random = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    @property
    def total(self) -> int:
        """How many things were acknowledged, erasures included."""
        return (
            len(self.papers)
            + sum(p.gone is True for p in self.papers)
            + len(self.originals)
            + len(self.seals)
        )

    async def write(self, number: int) -> Answer:
        """Put the next thing in: mostly a text, and in turn a file, an erasure, a letter, an original."""
        kinds = (self.put_text, self.put_file, self.confirm, self.put_text, self.keep, self.erase)
        return await kinds[number % len(kinds)]()

    async def put_text(self) -> Answer:
        """Ingest a text."""
        word, amount = self._word(), self._amount()
        texts = [{"name": f"{word}.txt", "text": sentence(word, amount)}]
        body = {"case_id": self.case, "texts": texts}
        url = f"{self.services['rag']}/ingest"
        return self._ingested(word, amount, await self.client.post_json(url, body, timeout_s=self.limit_s))

    async def put_file(self) -> Answer:
        """Ingest a file, which the document service reads."""
        word, amount = self._word(), self._amount()
        upload = Upload(f"{word}.txt", sentence(word, amount).encode(), "text/plain")
        url = f"{self.services['rag']}/ingest"
        fields = {"case_id": self.case}
        answer = await self.client.post_file(
            url, upload, field="files", fields=fields, timeout_s=self.limit_s
        )
        return self._ingested(word, amount, answer)

    async def erase(self) -> Answer:
        """Erase a document that is there; puts one in where there is none."""
        there = [paper for paper in self.papers if paper.gone is False]
        if len(there) < 2:
            return await self.put_text()
        paper = self._chance.choice(there)
        paper.gone = None
        url = f"{self.services['rag']}/documents/{paper.identity}?case_id={self.case}"
        answer = self._counted(await self.client.delete(url, timeout_s=self.limit_s))
        if answer.status == 200:
            paper.gone = True
        elif answer.status == 404:
            paper.lost = True
        elif answer.status in (429, 503):  # refused before anything was done
            paper.gone = False
        return answer

    async def confirm(self) -> Answer:
        """Have a letter written by code, and confirm it."""
        word, url = self._word(), self.services["notes"]
        notes = f"We will ask the council about the {word} account by 6 June 2027\n"
        body = {"notes": notes, "client_name": "Maria Okafor", "strategy": "extractive"}
        letter = self._counted(await self.client.post_json(f"{url}/convert", body, timeout_s=self.limit_s))
        if letter.status != 200:
            return letter
        said = {"letter": letter.json, "confirmed_by": f"Casewright stage {word}", "note": self.case}
        answer = self._counted(await self.client.post_json(f"{url}/confirm", said, timeout_s=self.limit_s))
        seal = mapping(answer.json).get("seal")
        if answer.status == 200 and isinstance(seal, str):
            self.seals[seal] = f"Casewright stage {word}"
        return answer

    async def keep(self) -> Answer:
        """Send a file to the document service, which keeps the original."""
        content = f"{self._word()} {secrets.token_hex(32)}\n".encode()
        upload = Upload("kept.txt", content, "text/plain")
        url = f"{self.services['documents']}/process"
        answer = self._counted(await self.client.post_file(url, upload, timeout_s=self.limit_s))
        identity = mapping(answer.json).get("document_id")
        if answer.status == 200 and isinstance(identity, str):
            self.originals.append(Original(identity, hashlib.sha256(content).hexdigest()))
        return answer

    def _ingested(self, word: str, amount: str, answer: Answer) -> Answer:
        self._counted(answer)
        documents = mapping(mapping(answer.json).get("job")).get("documents")
        if answer.status == 202 and isinstance(documents, list) and documents:
            self.papers.append(Paper(word, amount, str(mapping(documents[0]).get("document_id"))))
        return answer

    def _counted(self, answer: Answer) -> Answer:
        key = str(answer.status) if answer.status is not None else "no answer"
        self.answers[key] = self.answers.get(key, 0) + 1
        if answer.status is not None and answer.status >= 400:
            self.refused.append(answer)
        return answer

    def _word(self) -> str:
        self._number += 1
        number, letters = self._number * 7919 + self.seed, []
        for _ in range(5):
            number, place = divmod(number, len(_LETTERS))
            letters.append(_LETTERS[place])
        return "q" + "a".join(letters) + "ak"

    def _amount(self) -> str:
        return f"£{self._chance.randint(100, 999)}.{self._chance.randint(10, 99)}"

    async def settled(self) -> bool:
        """Whether nothing of the case waits to be read any more."""
        answer = await self.client.get(f"{self.services['rag']}/cases/{self.case}", timeout_s=self.limit_s)
        states = mapping(mapping(answer.json).get("documents"))
        return answer.status == 200 and not any(states.get(state) for state in _UNREAD)

    async def check(self, when: str) -> tuple[list[Finding], list[Exchange]]:
        """Ask for everything that was acknowledged, by its content; the exchanges that went wrong with it."""
        gone = [paper for paper in self.papers if paper.gone is True]
        there = [paper for paper in self.papers if paper.gone is False]
        parts: tuple[tuple[str, Sequence[object], Callable[..., Awaitable[_Seen]]], ...] = (
            ("acknowledged documents that are not found", there, self._found),
            ("acknowledged documents that do not answer a question", there, self._answered),
            ("erased documents that came back", gone, self._erased),
            ("confirmations that are lost", list(self.seals), self._confirmed),
            ("originals that are lost", self.originals, self._kept),
        )
        lost = [paper.word for paper in self.papers if paper.lost]
        told = f"{len(lost)}: HTTP 404 for {', '.join(lost[:SHOWN])}" if lost else "0"
        findings = [
            finding(f"acknowledged documents that were gone before their erasure {when}", "0", told, not lost)
        ]
        exchanges: list[Exchange] = []
        for what, things, check in parts:
            seen = await self._each(things, check)
            wrong = [each for each in seen if each.wrong is not None]
            exchanges += [each.answer.exchange for each in (*wrong[:SHOWN], *seen[-1:])]
            findings.append(_told(f"{what} {when}", wrong, len(seen), len(things)))
        return findings, exchanges

    async def _each(self, things: Sequence[object], check: Callable[..., Awaitable[_Seen]]) -> list[_Seen]:
        """What came back for each thing, as far as the time reaches."""
        until, seen = time.monotonic() + self.check_s, list[_Seen]()
        for thing in things:
            if time.monotonic() > until:
                break
            seen.append(await check(thing))
        return seen

    async def _found(self, paper: Paper) -> _Seen:
        url = f"{self.services['rag']}/search?case_id={self.case}&q={quote(paper.word)}&mode=bm25"
        answer = await self.client.get(url, timeout_s=self.limit_s)
        hits = mapping(answer.json).get("hits") or []
        held = any(paper.text in str(mapping(hit).get("text")) for hit in hits)
        return _Seen(answer, None if held else f"{paper.word}: {answer.said}")

    async def _answered(self, paper: Paper) -> _Seen:
        question = f"How much does the {paper.word} account owe?"
        body = {"query": question, "case_id": self.case, "strategy": "extractive"}
        url = f"{self.services['rag']}/query"
        answer = await self.client.post_json(url, body, timeout_s=self.limit_s)
        held = paper.amount in str(mapping(answer.json).get("answer"))
        return _Seen(answer, None if held else f"{paper.word}: {answer.said}")

    async def _erased(self, paper: Paper) -> _Seen:
        url = f"{self.services['rag']}/search?case_id={self.case}&q={quote(paper.word)}&mode=bm25"
        answer = await self.client.get(url, timeout_s=self.limit_s)
        if answer.status == 200 and paper.text not in answer.text:
            url = f"{self.services['rag']}/documents/{paper.identity}?case_id={self.case}"
            answer = await self.client.get(url, timeout_s=self.limit_s)
            return _Seen(answer, None if answer.status == 404 else f"{paper.word}: {answer.said}")
        return _Seen(answer, f"{paper.word}: {answer.said}")

    async def _confirmed(self, seal: str) -> _Seen:
        url = f"{self.services['notes']}/confirmations/{quote(seal)}"
        answer = await self.client.get(url, timeout_s=self.limit_s)
        held = mapping(answer.json).get("confirmed_by") == self.seals[seal]
        return _Seen(answer, None if held else f"{seal[:12]}: {answer.said}")

    async def _kept(self, original: Original) -> _Seen:
        url = f"{self.services['documents']}/documents/{original.identity}/original"
        answer = await self.client.get(url, timeout_s=self.limit_s)
        held = answer.status == 200 and hashlib.sha256(answer.body).hexdigest() == original.digest
        return _Seen(answer, None if held else f"{original.identity}: {answer.said}")

    async def clear(self) -> list[str]:
        """Erase what is the stage's own; what could not be. Confirmations stay: a seal and a name."""
        left = []
        places = [(f"{self.services['rag']}/cases/{self.case}", f"case {self.case}")] if self.papers else []
        for each in self.originals:
            url = f"{self.services['documents']}/documents/{each.identity}"
            places.append((url, f"document {each.identity}"))
        for url, name in places:
            answer = await self.client.delete(url, timeout_s=self.limit_s)
            if answer.status not in (200, 204, 404):
                left.append(f"{name}: {answer.said}")
        return left


@dataclass(frozen=True, slots=True)
class _Seen:
    """One thing asked for: what came back, and in words what is wrong with it."""

    answer: Answer
    wrong: str | None


def _told(what: str, wrong: Sequence[_Seen], asked: int, total: int) -> Finding:
    """None is wrong, and all were asked for; without any it is not known."""
    words = f"{len(wrong)} of {asked}" + (f": {wrong[0].wrong}" if wrong else "")
    if asked < total:
        words += f"; {total - asked} more were not asked for in time"
    held = None if not wrong and (asked < total or not total) else not wrong
    return finding(what, "0", words, held)


async def keep_writing(book: Book, pause_s: float) -> None:
    """Put things in until cancelled, one after another; what fails is not repeated."""
    number = 0
    while True:
        await book.write(number)
        number += 1
        await asyncio.sleep(pause_s)
