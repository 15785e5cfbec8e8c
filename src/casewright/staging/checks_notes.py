"""Checks of the notes service's letters against golden cases."""

from __future__ import annotations

import re

from casewright.api.notes import ConvertResponse, Section
from casewright.api.staging import Finding
from casewright.staging.ask import Answer
from casewright.staging.golden import NotesCase
from casewright.staging.judge import facts_present, finding, model_asked, nothing_invented, plain, read

# These ask for a person's look; the letter is right all the same.
_FOR_A_PERSON = ("no_unsure_lines", "no_contradictions", "reading_age")
SECTIONS: tuple[Section, ...] = ("matters_discussed", "our_actions", "your_actions")


def works(
    case: NotesCase, answer: Answer, provider: str | None
) -> tuple[ConvertResponse | None, list[Finding]]:
    """Whether the call works: status, shape, sections of which one says something, the name."""
    found, findings = read(case.name, answer, ConvertResponse)
    if found is None:
        return None, findings
    sections = {name: len(getattr(found, name)) for name in SECTIONS}
    findings.append(
        finding(f"{case.name}: sections", "words in at least one of three", sections, any(sections.values()))
    )
    named = case.client_name in found.full_text
    findings.append(
        finding(
            f"{case.name}: client's name",
            case.client_name,
            case.client_name if named else found.full_text,
            named,
        )
    )
    findings.append(
        finding(f"{case.name}: provider", str(provider), found.provider, found.provider == provider)
    )
    if case.strategy == "plain":
        findings.append(model_asked(case.name, found, [said.text for said in found.rejected], may_agree=True))
    return found, findings


def correct(case: NotesCase, found: ConvertResponse) -> list[Finding]:
    """Whether the letter is right: every line accounted for, every sentence with its source, the facts."""
    findings = [_lines(case, found), *_sentences(case, found)]
    failed = [f"{check.name}: {', '.join(check.where)}" for check in found.checks if not check.passed]
    harmful = [said for said in failed if not said.startswith(_FOR_A_PERSON)]
    findings.append(
        finding(
            f"{case.name}: its own checks", "passed", failed or "passed", bool(found.checks) and not harmful
        )
    )
    findings += facts_present(case.name, case.facts, found.full_text)
    for words, section in case.placed:
        sentences = " ".join(getattr(found, section))
        held = plain(words) in plain(sentences)
        findings.append(finding(f"{case.name}: {words!r} in {section}", words, sentences, held))
    body = "\n".join(sentence for name in SECTIONS for sentence in getattr(found, name))
    findings.append(nothing_invented(case.name, body, f"{case.notes}\n{case.client_name}"))
    return findings


def _lines(case: NotesCase, found: ConvertResponse) -> Finding:
    """Lines with words must each be in a sentence of the letter or be left out with a reason."""
    wanted = {number for number, line in enumerate(case.notes.splitlines(), 1) if re.search(r"\w", line)}
    used = {line for sentence in found.sentences for line in sentence.lines}
    left = {out.line for out in found.left_out if out.reason.strip()}
    lost, foreign = sorted(wanted - used - left), sorted((used | left) - wanted)
    counted = found.lines_total == len(wanted)
    seen = f"lost {lost}, not in the notes {foreign}, lines_total {found.lines_total}"
    ok = not lost and not foreign and counted
    return finding(
        f"{case.name}: every line", f"{len(wanted)} lines used or left out", "all of them" if ok else seen, ok
    )


def _sentences(case: NotesCase, found: ConvertResponse) -> list[Finding]:
    """Every sentence of the three sections stands in the letter and rests on facts that exist."""
    letter, facts = plain(found.full_text), {fact.id for fact in found.facts}
    sourced = {plain(sentence.text) for sentence in found.sentences if sentence.facts and sentence.lines}
    listed = [sentence for name in SECTIONS for sentence in getattr(found, name)]
    absent = [sentence for sentence in listed if plain(sentence) not in letter]
    sourceless = [sentence for sentence in listed if plain(sentence) not in sourced]
    unknown = sorted({fact for sentence in found.sentences for fact in sentence.facts} - facts)
    return [
        finding(f"{case.name}: sentences in the letter", "all", absent or "all", not absent),
        finding(f"{case.name}: sentences with a source", "all", sourceless or "all", not sourceless),
        finding(f"{case.name}: facts they rest on", "listed", unknown or "listed", not unknown),
    ]
