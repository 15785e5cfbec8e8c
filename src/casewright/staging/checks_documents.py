"""Checks of the document service's answers against golden files."""

from __future__ import annotations

import hashlib

from casewright.api.documents import PageOut, ProcessResponse
from casewright.api.staging import Finding
from casewright.staging.ask import Answer
from casewright.staging.golden import FileCase
from casewright.staging.judge import finding, plain, read


def works(case: FileCase, answer: Answer) -> tuple[ProcessResponse | None, list[Finding]]:
    """Whether the upload works: status, shape, and that it is this file which was read."""
    found, findings = read(case.name, answer, ProcessResponse)
    if found is None:
        return None, findings
    digest = hashlib.sha256(case.upload.content).hexdigest()
    same = found.sha256.removeprefix("sha256:") == digest and found.size_bytes == len(case.upload.content)
    findings.append(
        finding(
            f"{case.name}: digest and size",
            f"{digest[:12]}…, {len(case.upload.content)} bytes",
            f"{found.sha256[:12]}…, {found.size_bytes} bytes",
            same,
        )
    )
    expected = "at least 1" if case.pages is None else str(len(case.pages))
    right = found.page_count >= 1 if case.pages is None else found.page_count == len(case.pages)
    seen = f"page_count {found.page_count}, {len(found.pages)} pages"
    consistent = found.page_count == len(found.pages)
    findings.append(finding(f"{case.name}: pages", expected, seen, right and consistent))
    return found, findings


def correct(case: FileCase, found: ProcessResponse) -> list[Finding]:
    """Whether every page has its words, in the page and at the page's place in the whole."""
    findings = [_in_whole(case, found, page) for page in found.pages]
    if case.pages is None:
        said = bool(plain(found.markdown))
        findings.append(finding(f"{case.name}: text", "words", found.markdown, said))
    for number, words in enumerate(case.pages or ()):
        text = found.pages[number].markdown if number < len(found.pages) else ""
        for word in words:
            held = plain(word) in plain(text)
            what = f"{case.name}: page {number + 1} says {word}"
            findings.append(finding(what, word, word if held else text, held))
    return findings


def _in_whole(case: FileCase, found: ProcessResponse, page: PageOut) -> Finding:
    there = found.markdown[page.start : page.end]
    what = f"{case.name}: page {page.number} at its span"
    return finding(what, page.markdown, there, there == page.markdown)
