"""A full disk under a small stack: refused in words, nothing lost, well again when there is space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from casewright.api.staging import Finding
from casewright.staging.acknowledged import Book
from casewright.staging.ask import Answer
from casewright.staging.checks_errors import refused
from casewright.staging.context import CannotGoOn, Context, mapping
from casewright.staging.full_disk import NoVolume, fill, free, small_volume
from casewright.staging.golden import PLAN_NOTES
from casewright.staging.judge import finding
from casewright.staging.storm import within
from casewright.staging.storm_beside import free_ports, own_folder, small_stack
from casewright.staging.storm_bounds import RECOVERY_BOUND_S

DISK = "resilience.disk"
SEED = 22
WRITES = 6
# Which of them is a letter that is confirmed.
CONFIRMING = 2
READ_S = 60.0
TELLS_S = 15.0
# The services that keep documents; the others have nothing that could be lost there.
KEEPERS = ("rag", "documents")
# What notes calls the one thing that it keeps: who confirmed which letter.
CONFIRMATIONS = "confirmations"
_REFUSALS = {503, 507}
# Why there is no volume ends with what to do about it.
SHOWN = 700


async def disk(context: Context) -> str:
    """Fill the data volume of a small stack, write and read there, free it again."""
    if context.config.attach:
        raise CannotGoOn("no second stack is started beside one that was running already (--attach)")
    async with own_folder() as folder:
        try:
            async with small_volume(folder) as volume:
                return await _on(context, volume)
        except NoVolume as no:
            what = "a small volume to fill"
            context.ledger.add(DISK, [finding(what, "mounted", no.why, None, tried=False, shown=SHOWN)])
            return no.why


async def _on(context: Context, volume: Path) -> str:
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    environment = {
        "CASEWRIGHT_EMBEDDED_URL": nobody,
        "LLM_PROVIDER": "embedded",
        "CASEWRIGHT_FALLBACK": "off",
    }
    async with small_stack(context, volume, environment, DISK) as side:
        book = Book(side.client, side.config.services, SEED, limit_s=side.config.deadlines.request_s)
        before = await _states(side)
        side.tell("things are put in while there is space")
        for number in range(2 * WRITES):
            await book.write(number)
        await _settled(side, book)
        await _check(side, book, "before the disk is full")
        try:
            written = await fill(volume)
            side.tell(f"the disk is full ({written // 2**20} MB written)")
            await _while_full(side, book)
        finally:
            await free(volume)
        side.tell(f"there is space again; at most {RECOVERY_BOUND_S:g} s until everything works")
        await _well_again(side, book, before)
        run = await side.stack.doctor()
        seen = run.problem or f"exit {run.exit_code} {(run.stdout + run.stderr)[-300:]}"
        side.ledger.command(DISK, run)
        side.ledger.add(DISK, [finding("casewright doctor", "exit 0", seen, run.exit_code == 0)])
        side.ledger.seen(DISK, answers=book.answers, acknowledged=book.total, filled_bytes=written)
    said = f"{book.total} things acknowledged, {len(book.refused)} refused while the disk was full"
    side.ledger.say(DISK, said)
    return said


async def _states(side: Context) -> dict[str, str]:
    answers = await side.healths()
    return {name: str(mapping(answer.json).get("status")) for name, answer in answers.items()}


async def _settled(side: Context, book: Book) -> None:
    limit_s = min(READ_S, side.config.deadlines.answer_s)
    took = await side.until(book.settled, limit_s)
    side.ledger.add(DISK, [within("everything is read", took, READ_S, limit_s)])


async def _check(side: Context, book: Book, when: str) -> None:
    findings, exchanges = await book.check(when)
    side.ledger.add(DISK, findings)
    side.ledger.exchange(DISK, *exchanges)


async def _while_full(side: Context, book: Book) -> None:
    """Writes are refused in words (or kept all the same), reads go on, health says it."""
    names = ("a text for a case", "a file for a case", "a confirmation", "a text again", "an original")
    answers: list[Answer] = []
    for number, name in enumerate(names):
        answer = await book.write(number)
        answers.append(answer)
        side.ledger.exchange(DISK, answer.exchange)
        side.ledger.add(DISK, _turned_away(f"full disk: {name}", answer))
        if number == CONFIRMING:
            side.ledger.add(DISK, [_as_full(f"full disk: {name} is refused as such", answer)])
    kinds = [mapping(mapping(answer.json).get("error")).get("type") for answer in answers]
    seen = ", ".join(str(kind) for kind in kinds)
    side.ledger.add(DISK, [finding("full disk: refused as such", "disk_full", seen, "disk_full" in kinds)])
    url, limit_s = f"{side.url('notes')}/convert", side.config.deadlines.request_s
    letter = await side.client.post_json(url, PLAN_NOTES.body, timeout_s=limit_s)
    held = letter.status == 200
    side.ledger.add(DISK, [finding("full disk: notes to a letter", "200", letter.said, held)])
    await _check(side, book, "while the disk is full")
    await _told_of_it(side)


async def _told_of_it(side: Context) -> None:
    """/health says it: of those that keep documents, and of notes, which goes on writing letters."""

    async def all_say_it() -> bool:
        answers = await side.healths()
        return _keepers_say_it(answers) and _notes_says_it(answers)

    took = await side.until(all_say_it, min(TELLS_S, side.config.deadlines.recovery_s))
    answers = await side.healths()
    in_time = took is None or took <= TELLS_S  # where one of them says nothing, the other may have
    states = ", ".join(f"{name} {mapping(each.json).get('status')}" for name, each in answers.items())
    expected = f"{' and '.join(KEEPERS)} unhealthy within {TELLS_S:g} s"
    held = in_time and _keepers_say_it(answers)
    side.ledger.add(DISK, [finding("full disk: /health", expected, states, held)])
    body = mapping(answers["notes"].json)
    seen = f"{body.get('status')}, {CONFIRMATIONS} {mapping(body.get('checks')).get(CONFIRMATIONS)}"
    seen += f", reasons {body.get('reasons')}"
    expected = f"{CONFIRMATIONS} false, with the reason, within {TELLS_S:g} s"
    held = in_time and _notes_says_it(answers)
    side.ledger.add(DISK, [finding("full disk: /health of notes", expected, seen, held)])
    side.ledger.exchange(DISK, *(answer.exchange for answer in answers.values()))


def _keepers_say_it(answers: Mapping[str, Answer]) -> bool:
    return all(mapping(answers[name].json).get("status") == "unhealthy" for name in KEEPERS)


def _notes_says_it(answers: Mapping[str, Answer]) -> bool:
    """No confirmation can be kept, and it says why; letters need no disk, so that it is not unhealthy."""
    body = mapping(answers["notes"].json)
    reasons = body.get("reasons")
    why = isinstance(reasons, list) and any(str(each).startswith(f"{CONFIRMATIONS}: ") for each in reasons)
    return why and mapping(body.get("checks")).get(CONFIRMATIONS) is False


def _as_full(what: str, answer: Answer) -> Finding:
    """Refused for want of space, by that name; or kept."""
    kind = mapping(mapping(answer.json).get("error")).get("type")
    kept = answer.status in (200, 202)
    return finding(what, "disk_full, or kept", "kept" if kept else kind, kept or kind == "disk_full")


def _turned_away(what: str, answer: Answer) -> list[Finding]:
    """Refused with a typed error; or taken, in which case it has to be there afterwards like all else."""
    if answer.status in (200, 202):
        return [finding(what, "refused in words, or kept", f"HTTP {answer.status}: taken", True)]
    return refused(what, answer, _REFUSALS)


async def _well_again(side: Context, book: Book, before: dict[str, str]) -> None:
    async def as_before() -> bool:
        return await _states(side) == before

    took = await side.until(as_before, side.config.deadlines.recovery_s)
    held = took is not None and took <= RECOVERY_BOUND_S
    seen = f"after {took:.1f} s" if took is not None else str(await _states(side))
    what = "space again: /health as before"
    side.ledger.add(DISK, [finding(what, f"within {RECOVERY_BOUND_S:g} s", seen, held)])
    for number in range(WRITES):
        answer = await book.write(number)
        good = answer.status in (200, 202)
        side.ledger.add(DISK, [finding("space again: a write", "taken", answer.said, good)])
    await _settled(side, book)
    await _check(side, book, "after there was space again")
