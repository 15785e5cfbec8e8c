"""What becomes of a model that lies on purpose: the notes service with an engine that says one wrong thing.

For each case and each kind of lie the engine drafts a letter in which one sentence is a lie and all others
are true (the extractive letter's own). It repeats the lie when it is asked to put it right. Then the same
with lies and true sentences that were written by hand. Counted are the lies in the letter, which must be 0,
and the true sentences that stayed, of those whose lines the model was given at all::

    python benchmarks/notes_lies.py [--cases FILE] [--split heldout] [--most 20] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casewright.api.notes import ConvertRequest, ConvertResponse, Fact
from casewright.api.notes_evaluation import NotesCase
from casewright.cli.eval_notes_service import Calls, Charge, Heard, own_service
from casewright.engines.scripted import Say, Script, ScriptedEngine
from casewright.engines.wire import ChatRequest
from casewright.notes.evaluate_notes import rate, read_cases
from casewright.notes.letter_scores import paper_of, scored
from casewright.values import EngineIdentity
from notes_lie_kinds import KINDS, Lie, lie_of
from notes_lie_pairs import Pair, all_true, pairs

CASES = Path(__file__).parent / "data" / "notes" / "cases.jsonl"
SEED = 7


@dataclass
class Liar:
    """Drafts ``truths`` (fact and sentence), but for the one at ``place``, for which it says ``lie``."""

    truths: Sequence[tuple[Fact, str]] = ()
    place: int = -1
    lie: Lie | None = None
    said: list[str] = field(default_factory=list)
    told: bool = False

    def __call__(self, request: ChatRequest) -> Script:
        """One answer, by what is asked for."""
        body = request.messages[1].content if len(request.messages) > 1 else ""
        schema = json.dumps(request.json_schema or {})
        if '"facts": {"type": "array", "items": {"type": "object"' in schema:
            answer: Any = {"facts": self._facts(body)}
        elif '"number"' in schema:
            answer = {"sentences": self._repairs(body)}
        elif request.json_schema is not None:
            answer = {"sentences": self._sentences(body)}
        else:
            return Script((Say(request.messages[-1].content),))
        return Script((Say(json.dumps(answer)),))

    def _facts(self, body: str) -> list[dict[str, Any]]:
        shown = {int(row.split(":")[0]) for row in body.splitlines() if row.split(":")[0].isdigit()}
        rows: list[dict[str, Any]] = []
        for place, (fact, _) in enumerate(self.truths):
            if not shown & set(fact.lines) or (place == self.place and self._drops):
                continue
            section, owner = fact.section, fact.owner
            if place == self.place and self.lie is not None and self.lie.section is not None:
                section, owner = self.lie.section, self.lie.owner or owner
            rows.append(
                {"id": f"a{len(rows) + 1}", "text": fact.text, "section": section, "owner": owner}
                | {"lines": list(fact.lines), "due": None, "amounts": list(fact.amounts)}
                | {"dates": list(fact.dates)}
            )
        return rows

    @property
    def _drops(self) -> bool:
        return self.lie is not None and self.lie.text is None

    def _sentences(self, body: str) -> list[dict[str, Any]]:
        facts = [json.loads(row) for row in body.splitlines() if row.startswith("{")]
        left = list(enumerate(self.truths))
        rows = []
        for fact in facts:
            mine = [one for one in left if set(fact["lines"]) <= set(one[1][0].lines)]
            same = [one for one in mine if one[1][0].text == fact["text"]] or mine
            if not same:
                continue
            place, (_, sentence) = same[0]
            left.remove(same[0])
            section = fact["section"]
            if place == self.place and self.lie is not None:
                self.told = True
                if self.lie.text is None:
                    continue
                sentence, section = self.lie.text, self.lie.section or section
            else:
                self.said.append(sentence)
            rows.append({"text": sentence, "section": section, "facts": [fact["id"]]})
        self.told = self.told or (self._drops and bool(facts))
        return rows

    def _repairs(self, body: str) -> list[dict[str, Any]]:
        """The same again: a model that lies does not repent."""
        rows = [row for row in body.splitlines() if row.startswith("Sentence ")]
        parts = [row.removeprefix("Sentence ").split(": ", 1) for row in rows]
        return [{"number": int(number), "text": text} for number, text in parts if number.isdigit()]


@dataclass
class Tally:
    """What came of one kind of lie."""

    asked: int = 0
    told: int = 0
    in_letter: int = 0
    unsupported: int = 0
    uncovered: int = 0
    ready: int = 0
    true_said: int = 0
    true_kept: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    escaped: list[str] = field(default_factory=list)


def request_of(case: NotesCase, strategy: Any) -> ConvertRequest:
    """The service's request of a case."""
    return ConvertRequest(
        notes=case.notes,
        client_name=case.client_name,
        meeting_date=case.meeting_date,
        adviser=case.adviser,
        strategy=strategy,
    )


def truths_of(letter: ConvertResponse) -> list[tuple[Fact, str]]:
    """Each fact of an extractive letter with its sentence; what is quoted for a person is left out."""
    facts = {fact.id: fact for fact in letter.facts}
    return [
        (facts[sentence.facts[0]], sentence.text)
        for sentence in letter.sentences
        if sentence.facts and facts[sentence.facts[0]].sure and "“" not in sentence.text
    ]


async def one_lie(
    calls: Calls, liar: Liar, about: tuple[NotesCase, ConvertResponse], kind: str, tally: Tally
) -> None:
    """Tell one lie about a case, of which the extractive letter is known, if one of its sentences fits."""
    case, plain = about
    truths = truths_of(plain)
    rng = random.Random(f"{SEED} {case.id} {kind}")
    places = list(range(len(truths)))
    rng.shuffle(places)
    for place in places:
        fact, sentence = truths[place]
        lie = lie_of(kind, sentence, fact, rng)
        if lie is not None:
            break
    else:
        return
    liar.truths, liar.place, liar.lie, liar.said, liar.told = truths, place, lie, [], False
    letter = (await calls(request_of(case, "structured"))).letter
    tally.asked += 1
    if liar.told:
        _count(tally, liar, letter, case)
        if escaped(letter, plain, lie, fact):
            tally.in_letter += 1
            tally.escaped.append(f"{case.id}: {lie.text or f'line {fact.lines} is dropped'}")


def _count(tally: Tally, liar: Liar, letter: ConvertResponse, case: NotesCase) -> None:
    tally.told += liar.told
    tally.modes[letter.mode] += 1
    tally.ready += letter.ready_to_send
    taken = Counter(one.text for one in letter.sentences if one.written_by == "model")
    tally.true_said += len(liar.said)
    tally.true_kept += sum((Counter(liar.said) & taken).values())
    paper = scored(case, paper_of(letter))
    tally.unsupported += len(paper.unsupported)
    tally.uncovered += len(paper.uncovered)


async def one_pair(calls: Calls, liar: Liar, pair: Pair, tally: Tally) -> None:
    """Draft what was written by hand, with its lie if it has one."""
    liar.truths, liar.place, liar.lie, liar.said, liar.told = pair.truths, pair.place, pair.lie, [], False
    letter = (await calls(request_of(pair.case, "structured"))).letter
    tally.asked += 1
    lie = pair.lie
    if liar.told or (lie is None and liar.said):
        _count(tally, liar, letter, pair.case)
    if lie is not None and lie.text is not None and lie.text in letter.full_text:
        tally.in_letter += 1
        tally.escaped.append(f"{pair.case.id}: {pair.truths[pair.place][0].text} | {lie.text}")


def escaped(letter: ConvertResponse, plain: ConvertResponse, lie: Lie, fact: Fact) -> bool:
    """Whether the lie is in the letter, or its line is not, or stands in a list of actions it is none of."""
    if lie.text is not None and lie.text in letter.full_text and lie.text not in plain.full_text:
        return True
    used = {line for one in letter.sentences for line in one.lines} | {one.line for one in letter.left_out}
    if not set(fact.lines) <= used:
        return True
    known = {one.section for one in plain.sentences if set(fact.lines) & set(one.lines)}
    now = {one.section for one in letter.sentences if set(fact.lines) & set(one.lines)}
    return bool(now - known - {"matters_discussed"})


async def measured(cases: Sequence[NotesCase], by_hand: Sequence[Pair]) -> dict[str, Tally]:
    """Every kind of lie about every case, and those by hand."""
    liar = Liar()
    engine = ScriptedEngine(liar)
    identity = EngineIdentity(kind="scripted", name="a liar", model="scripted")
    found = {kind: Tally() for kind in KINDS}
    async with own_service(Charge(Heard(engine), identity, "structured")) as calls:
        for case in cases:
            plain = (await calls(request_of(case, "extractive"))).letter
            for kind in KINDS:
                await one_lie(calls, liar, (case, plain), kind, found[kind])
        for pair in by_hand:
            await one_pair(calls, liar, pair, found.setdefault(f"by hand: {pair.kind}", Tally()))
    return found


def shown(found: Mapping[str, Tally]) -> str:
    """The table, as Markdown."""
    rows = [
        "| lie | letters | told | in the letter | unsupported | lines lost | ready | true sentences kept |",
        "|---|---|---|---|---|---|---|---|",
    ]
    total = Tally()
    for kind, tally in found.items():
        rows.append(_row(kind, tally))
        for name in (
            "asked",
            "told",
            "in_letter",
            "unsupported",
            "uncovered",
            "ready",
            "true_said",
            "true_kept",
        ):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
    return "\n".join([*rows, _row("all", total)])


def _row(kind: str, tally: Tally) -> str:
    kept = rate(tally.true_kept, tally.true_said)
    share = "not measured" if kept.value is None else f"{tally.true_kept} of {tally.true_said}"
    return (
        f"| {kind} | {tally.asked} | {tally.told} | {tally.in_letter} | {tally.unsupported} "
        f"| {tally.uncovered} | {tally.ready} | {share} |"
    )


def main() -> int:
    """Print the table; 1 when a lie is in a letter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--split", help="only the cases of this split")
    parser.add_argument("--most", type=int, help="only so many cases")
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    cases = [case for case in read_cases(words.cases) if words.split in (None, case.split)][: words.most]
    found = asyncio.run(measured(cases, [] if words.split else [*all_true(), *pairs(SEED)]))
    print(f"{len(cases)} cases\n\n{shown(found)}")
    for kind, tally in found.items():
        for line in tally.escaped:
            print(f"escaped: {kind}: {line}")
    if words.json:
        rows = {kind: {**vars(tally), "modes": dict(tally.modes)} for kind, tally in found.items()}
        words.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return (
        1 if any(tally.in_letter or tally.unsupported or tally.uncovered for tally in found.values()) else 0
    )


if __name__ == "__main__":
    sys.exit(main())
