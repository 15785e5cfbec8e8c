"""Checks of the RAG service's answers against golden cases."""

from __future__ import annotations

from casewright.api.rag import QueryResponse
from casewright.api.staging import Finding
from casewright.staging.ask import Answer
from casewright.staging.golden import QueryCase
from casewright.staging.judge import facts_present, finding, model_asked, nothing_invented, plain, read
from casewright.staging.load_asks import REFUSAL


def works(
    case: QueryCase, answer: Answer, provider: str | None
) -> tuple[QueryResponse | None, list[Finding]]:
    """Whether the call works: status, shape, and the engine in charge named as /health names it."""
    found, findings = read(case.name, answer, QueryResponse)
    if found is None:
        return None, findings
    findings.append(finding(f"{case.name}: answer", "words", found.answer, bool(found.answer.strip())))
    findings.append(
        finding(f"{case.name}: provider", str(provider), found.provider, found.provider == provider)
    )
    header = answer.headers.get("x-casewright-provider")
    findings.append(
        finding(f"{case.name}: X-Casewright-Provider", str(found.provider), header, header == found.provider)
    )
    if case.strategy == "plain":
        findings.append(model_asked(case.name, found))
    return found, findings


def correct(case: QueryCase, found: QueryResponse) -> list[Finding]:
    """Whether the answer is right: grounded or not, quotes verbatim, the facts, nothing invented.

    What the documents do not say is answered by just that: any other word would rest on nothing.
    """
    findings = [
        finding(f"{case.name}: grounded", str(case.grounded), found.grounded, found.grounded == case.grounded)
    ]
    findings += [_verbatim(case, number, found) for number in range(len(found.citations))]
    if case.grounded:
        cited = len(found.citations)
        findings.append(finding(f"{case.name}: citations", "at least one", cited, cited > 0))
        findings += facts_present(case.name, case.facts, found.answer)
        for fact in case.facts:
            quotes = [citation.quote for citation in found.citations]
            held = any(plain(fact) in plain(quote) for quote in quotes)
            findings.append(finding(f"{case.name}: {fact} is quoted", fact, quotes, held))
        for wrong in case.wrong:
            said = plain(wrong) in plain(found.answer)
            findings.append(finding(f"{case.name}: not {wrong}", f"no {wrong}", found.answer, not said))
    else:
        findings.append(finding(f"{case.name}: citations", "0", len(found.citations), not found.citations))
        refused = found.answer.strip() == REFUSAL
        findings.append(finding(f"{case.name}: nothing but that", REFUSAL, found.answer, refused))
    source = "\n".join((case.query, *case.documents))
    findings.append(nothing_invented(case.name, found.answer, source))
    return findings


def _verbatim(case: QueryCase, number: int, found: QueryResponse) -> Finding:
    cited = found.citations[number]
    what = f"{case.name}: quote {number + 1} at its span"
    if not 0 <= cited.document < len(case.documents):
        return finding(what, f"document 0 to {len(case.documents) - 1}", cited.document, False)
    there = case.documents[cited.document][max(0, cited.start) : max(0, cited.end)]
    return finding(what, there or "a span with words", cited.quote, bool(there) and there == cited.quote)
