"""A letter drafted by a model: lines to facts, facts to sentences, and code that believes neither.

::

    parts       the sure lines, in parts that fit the model; unsure ones never reach it and stay quoted
    facts       the model's, put right or dropped: lines that are none, figures that its lines do not have,
                an owner or a section that the rules know better
    sentences   each is held against its lines; one that fails is asked for once more, its faults named
    settled     lines whose sentences do not hold keep the sentence that code made of them

An answer that was cut short is taken as far as it goes; the lines that it did not come to are asked for in
smaller parts, and then left. When more than half of the model's sentences fail, none of them is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from casewright.api.notes import Rejected
from casewright.engines.wire import Message
from casewright.errors import CasewrightError
from casewright.notes import json_read
from casewright.notes.claim import Draft, Said, Written
from casewright.notes.draft_ask import (
    Faulty,
    Shown,
    ask_facts,
    ask_repairs,
    ask_sentences,
    facts_schema,
    once_more,
    repairs_schema,
    sentences_schema,
)
from casewright.notes.draft_hold import Held, hold, settle
from casewright.notes.draft_read import MOST_SENTENCE, facts_of, sentences_of
from casewright.notes.read_once import Noting
from casewright.notes.shapes import Asked, DraftedFact, Grounds

# Tokens that what is asked has besides the lines, that a line costs as a fact whose JSON is indented (many
# models do), and spare ones.
_RULES_TOKENS = 550
_LINE_TOKENS = 150
_SPARE_TOKENS = 160
_FACT_TOKENS = 40  # a fact's form, where facts are shown beside their lines


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer; ``cut``: its tokens were spent before it had ended."""

    text: str
    cut: bool = False


class Ask(Protocol):
    """The way to the model: one answer. What the engine raises goes through."""

    def __call__(
        self, messages: Sequence[Message], max_tokens: int, schema: Mapping[str, Any]
    ) -> Awaitable[Reply]:
        """Ask once."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """``part_tokens`` (estimated) of notes and ``part_lines`` claims at most go into one part; an answer in
    another form is asked for ``retries`` more times, and what an answer cut short did not come to in smaller
    parts, ``splits`` times; ``at_once`` calls are made together, for ``total_s`` seconds in all. After
    ``hopeless`` parts without a sentence that holds no more are asked for. What is not drafted by then stays
    as code has it.
    """

    part_tokens: int = 700
    part_lines: int = 14
    retries: int = 2
    splits: int = 1
    at_once: int = 3
    hopeless: int = 2
    total_s: float = 150.0
    answer_tokens: int = 2_400

    def within(self, context: int | None) -> Bounds:
        """The same for a model that takes so many tokens, if that is known: question and answer fit it."""
        if context is None:
            return self
        free = max(0, context - _RULES_TOKENS - _SPARE_TOKENS)
        # a line of 15 tokens is shown twice, in the notes and in its fact
        lines = max(1, min(self.part_lines, free // (_LINE_TOKENS + _FACT_TOKENS + 2 * 15)))
        left = (free - lines * (_LINE_TOKENS + _FACT_TOKENS)) // 2
        return replace(self, part_lines=lines, part_tokens=max(1, min(self.part_tokens, left)))


@dataclass(frozen=True, slots=True)
class About:
    """What a sentence may name besides its lines, and how it is to read."""

    client_name: str
    adviser: str | None = None
    meeting: date | None = None
    reading_age: int | None = None


@dataclass(slots=True)
class Drafted:
    """What became of the model's draft.

    ``given`` and ``failed`` count the sentences that were judged and those that did not hold in the end.
    ``error`` is the first of a call; ``given_up``: the model had nothing that holds, and was left.
    """

    written: list[Written] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    parts: int = 0
    done: int = 0
    given: int = 0
    failed: int = 0
    given_up: bool = False
    error: CasewrightError | None = None
    warnings: list[str] = field(default_factory=list)


Told = Callable[[int, int], None]
# Has the judge know what is wrong with these sentences before it is asked about each.
Ahead = Callable[[Sequence[Asked]], Awaitable[None]]


def _nobody(_done: int, _parts: int) -> None:
    """Nobody listens."""


def parts_of(made: Draft, bounds: Bounds) -> list[list[Said]]:
    """The claims that a model may write about, in parts; those of one line stay together.

    A line of which something is not beyond doubt is left to code whole.
    """
    parts: list[list[Said]] = [[]]
    size = 0
    for group in (group for group in _groups(made.said) if all(_firm(one) for one in group)):
        tokens = sum(len(said.claim.text) for said in group) // 3 + 6
        full = size + tokens > bounds.part_tokens or len(parts[-1]) + len(group) > bounds.part_lines
        if parts[-1] and full:
            parts.append([])
            size = 0
        parts[-1] += group
        size += tokens
    return parts if parts[-1] else []


def _groups(claims: Sequence[Said]) -> list[list[Said]]:
    """Claims in groups that share lines."""
    groups: list[list[Said]] = []
    for said in claims:
        if groups and groups[-1][0].claim.lines == said.claim.lines:
            groups[-1].append(said)
        else:
            groups.append([said])
    return groups


def _firm(said: Said) -> bool:
    """Whether a rule said who acts: a likelihood is enough to place a quotation, not to say who is to act."""
    decision = said.claim.decision
    return decision.sure and (decision.opening is not None or decision.section == "matters_discussed")


def _rows(part: Sequence[Said]) -> list[Shown]:
    return [Shown(said.claim.lines[0], said.claim.text) for said in part]


class Drafter:
    """Has a model draft what may be drafted, within bounds; only what holds comes back."""

    def __init__(
        self,
        ask: Ask,
        grounds: Grounds,
        about: About,
        bounds: Bounds | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        self._ask = ask
        self._ahead = ahead
        self._grounds = grounds
        self._about = about
        self._bounds = bounds or Bounds()
        self._free = asyncio.Semaphore(self._bounds.at_once)

    async def draft(self, made: Draft, told: Told = _nobody) -> Drafted:
        """The letter's sentences. ``told`` hears how many parts are done of how many.

        The first error of a call ends the drafting; what was drafted by then is kept.
        """
        parts = parts_of(made, self._bounds)
        found = Drafted(parts=len(parts))
        if not parts:
            return found
        waiting = iter(parts)

        async def work() -> None:
            for part in waiting:
                if found.error is not None or self._hopeless(found):
                    return
                told(found.done, found.parts)
                try:
                    await self._part(part, found)
                except CasewrightError as error:
                    found.error = found.error or error
                    return
                found.done += 1

        # one part more than may ask: while a part is held against its lines, the model is not idle
        tasks = [asyncio.ensure_future(work()) for _ in range(min(self._bounds.at_once + 1, len(parts)))]
        try:
            await asyncio.wait(tasks, timeout=self._bounds.total_s)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for result in ended:
            if isinstance(result, Exception):
                raise result  # a defect of ours is not kept silent
        told(found.done, found.parts)
        _conclude(found, self._bounds)
        return found

    def _hopeless(self, found: Drafted) -> bool:
        found.given_up = found.done >= self._bounds.hopeless and not found.written
        return found.given_up

    async def _part(self, part: Sequence[Said], found: Drafted, splits: int = 0) -> None:
        """One part: facts, sentences, the faulty ones once more; then what a cut answer did not come to."""
        rows = _rows(part)
        tokens = min(self._bounds.answer_tokens, _SPARE_TOKENS + _LINE_TOKENS * len(part))
        given, cut = await self._objects(ask_facts(rows), facts_schema(rows), tokens)
        facts, held = facts_of(given, part), list[Held]()
        if facts:
            held, short = await self._sentences(facts, part, tokens)
            cut = cut or short
            settled = await asyncio.to_thread(settle, held, part, self._grounds, self._about)
            found.written += settled.written
            found.rejected += settled.rejected
            found.given += len(held)
            found.failed += len(settled.rejected)
        elif not cut:
            found.warnings.append("the model gave no fact that could be used for some of the lines")
        if cut:
            told = {claim.id for one in held for claim in one.claims}
            rest = [g for g in _groups(part) if not any(said.claim.id in told for said in g)]
            await self._smaller(rest, len(rest) < len(_groups(part)), found, splits)

    async def _smaller(self, rest: list[list[Said]], fewer: bool, found: Drafted, splits: int) -> None:
        """The lines that an answer cut short did not come to: the same request is never made again."""
        if splits >= self._bounds.splits or (len(rest) == 1 and not fewer):
            found.warnings.append("the model's answer had no end for some of the lines")
            return
        half = (len(rest) + 1) // 2
        for groups in [rest] if fewer else [rest[:half], rest[half:]]:
            if groups:
                await self._part([said for group in groups for said in group], found, splits + 1)

    async def _sentences(
        self, facts: Sequence[DraftedFact], part: Sequence[Said], tokens: int
    ) -> tuple[list[Held], bool]:
        """Sentences for the facts, each judged; and whether the answer was cut short."""
        cited = {number for fact in facts for number in fact.lines}
        rows = _rows([said for said in part if not cited.isdisjoint(said.claim.lines)])
        asked = ask_sentences(rows, facts, self._about.reading_age)
        given, cut = await self._objects(asked, sentences_schema([fact.id for fact in facts], rows), tokens)
        sentences = sentences_of(given, facts)
        if self._ahead is not None:
            noting = Noting()
            await asyncio.to_thread(hold, sentences, facts, part, noting, self._about)
            await self._ahead(noting.asked)
        held = await asyncio.to_thread(hold, sentences, facts, part, self._grounds, self._about)
        if any(one.faults for one in held):
            held = await self._repaired(held, tokens)
        return held, cut

    async def _repaired(self, held: Sequence[Held], tokens: int) -> list[Held]:
        """The faulty sentences asked for once more; what does not come back keeps its faults."""
        better = list(held)
        bad = {place: one for place, one in enumerate(held, 1) if one.faults and one.claims}
        if not bad:
            return better
        faulty = [
            Faulty(place, one.text, one.faults, tuple(claim.text for claim in one.claims))
            for place, one in bad.items()
        ]
        given, _ = await self._objects(ask_repairs(faulty), repairs_schema(list(bad)), tokens, retries=0)
        for answer in given:
            text = json_read.words(answer.get("text"))
            place = next(iter(json_read.numbers(answer.get("number"))), 0)
            if place in bad and text and len(text) <= MOST_SENTENCE:
                better[place - 1] = await asyncio.to_thread(
                    bad[place].again, text, self._grounds, self._about
                )
        return better

    async def _objects(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        max_tokens: int,
        retries: int | None = None,
    ) -> tuple[list[dict[str, Any]], bool]:
        """The objects of the model's answer, and whether it was cut short; one in another form is asked for
        again.
        """
        key = next(iter(schema["properties"]))
        asked = tuple(messages)
        for left in range(self._bounds.retries if retries is None else retries, -1, -1):
            async with self._free:
                answer = await self._ask(asked, max_tokens, schema)
            found = json_read.objects(answer.text, key)
            if found or answer.cut or not left:
                return found or [], answer.cut
            asked = once_more(messages, answer.text)
        return [], False


def _conclude(found: Drafted, bounds: Bounds) -> None:
    """Decide over the draft as a whole, and say what became of it."""
    found.warnings[:] = dict.fromkeys(found.warnings)
    if found.given_up and found.done < found.parts:
        found.warnings.append(
            f"no sentence of the model's held in {found.done} of {found.parts} parts; it was not asked for "
            "the others: their lines stand as code has them"
        )
    elif found.done < found.parts and found.error is None:
        found.warnings.append(
            f"total_timeout: the model drafted {found.done} of {found.parts} parts within "
            f"{bounds.total_s:g} s; the lines of the others stand as code has them"
        )
    if found.failed * 2 > found.given:
        found.rejected += [
            Rejected(text=one.text, reasons=("most of the draft did not hold, so none of it was taken",))
            for one in found.written
        ]
        found.written.clear()
        found.warnings.append(
            f"{found.failed} of the model's {found.given} sentences did not hold: the letter is made of the "
            "lines; see rejected"
        )
    elif found.failed:
        found.warnings.append(
            f"{found.failed} of the model's {found.given} sentences did not hold; see rejected"
        )
