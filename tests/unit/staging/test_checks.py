"""Each check against a server that is right, and against one that is wrong in just its way."""

from __future__ import annotations

from pathlib import Path

import pytest

from casewright.api.staging import Finding
from casewright.staging import checks_documents, checks_health, checks_notes, checks_rag
from casewright.staging.ask import Answer, Client
from casewright.staging.checks_errors import refused
from casewright.staging.golden import FILES, MODEL_NOTES, MODEL_QUERY, NOTES, PLAN_QUERY, QUERIES, FileCase
from casewright.staging.judge import figures, names
from casewright.staging.steps_ask import files
from unit.staging.standin import NAME, standing


def bad(findings: list[Finding]) -> list[str]:
    return [f"{found.what} -> {found.seen}" for found in findings if found.ok is not True]


async def rag_findings(*faults: str) -> list[Finding]:
    findings = []
    with standing("rag", *faults) as url:
        async with Client(5) as client:
            for case in (*QUERIES, MODEL_QUERY):
                answer = await client.post_json(f"{url}/query", case.body)
                found, works = checks_rag.works(case, answer, "embedded")
                findings += works
                if found is not None:
                    findings += checks_rag.correct(case, found)
    return findings


async def notes_findings(*faults: str) -> list[Finding]:
    findings = []
    with standing("notes", *faults) as url:
        async with Client(5) as client:
            for case in (*NOTES, MODEL_NOTES):
                answer = await client.post_json(f"{url}/convert", case.body)
                found, works = checks_notes.works(case, answer, "embedded")
                findings += works
                if found is not None:
                    findings += checks_notes.correct(case, found)
    return findings


async def documents_findings(*faults: str, cases: tuple[FileCase, ...] = FILES) -> list[Finding]:
    findings = []
    with standing("documents", *faults) as url:
        async with Client(5) as client:
            for case in cases:
                answer = await client.post_file(f"{url}/process", case.upload)
                found, works = checks_documents.works(case, answer)
                findings += works
                if found is not None:
                    findings += checks_documents.correct(case, found)
    return findings


async def test_right_answers_hold() -> None:
    assert bad(await rag_findings()) == []
    assert bad(await notes_findings()) == []
    assert bad(await documents_findings()) == []


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("wrong-quote", "quote 1 at its span"),
        ("always-grounded", f"{PLAN_QUERY.name}: grounded"),
        ("swapped-amount", "says £975.00"),
        ("swapped-amount", "not £845.50"),
        ("invented-figure", "names and figures -> 17"),
        ("invented-name", "names and figures -> Acme, Ltd"),
        ("made-up-name", "what the documents do not say: nothing but that -> Acme Ltd"),
        ("silent-model", "with the model asked: model"),
        ("wrong-provider", "the plan's query: provider"),
        ("ok-for-wrong-json", "shape"),
    ],
)
async def test_a_wrong_rag_service_is_found_out(fault: str, what: str) -> None:
    found = bad(await rag_findings(fault))
    assert any(what in line for line in found), found


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("lost-line", "every line"),
        ("lost-line", "sentences with a source"),
        ("no-name", "client's name"),
        ("silent-model", "with the model asked: model"),
        ("misplaced", "'payslips' in your_actions"),
        ("wrong-provider", "provider"),
        ("ok-for-wrong-json", "shape"),
    ],
)
async def test_a_wrong_notes_service_is_found_out(fault: str, what: str) -> None:
    found = bad(await notes_findings(fault))
    assert any(what in line for line in found), found


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("lost-page", "pages"),
        ("misread", "page 1 says 845.50"),
        ("wrong-digest", "digest and size"),
    ],
)
async def test_a_wrong_document_service_is_found_out(fault: str, what: str) -> None:
    found = bad(await documents_findings(fault))
    assert any(what in line for line in found), found


async def test_a_sample_of_the_users_is_uploaded_too(tmp_path: Path) -> None:
    sample = tmp_path / "own.pdf"
    sample.write_bytes(FILES[0].upload.content)
    own = files(sample)[-1]
    assert own.upload.name == "own.pdf"
    assert bad(await documents_findings(cases=(own,))) == []
    sample.write_bytes(b"no PDF")
    assert bad(await documents_findings("wrong-digest", cases=(files(sample)[-1],)))


async def ask_badly(*faults: str) -> Answer:
    with standing("rag", *faults) as url:
        async with Client(5) as client:
            return await client.post_raw(f"{url}/query", b'{"query": ')


async def test_a_refusal_in_the_one_shape_holds() -> None:
    assert bad(refused("broken JSON", await ask_badly(), {400})) == []


@pytest.mark.parametrize(
    ("fault", "what"),
    [("ok-for-wrong-json", "status"), ("trace", "no trace"), ("other-shape", "shape")],
)
async def test_a_wrong_refusal_is_found_out(fault: str, what: str) -> None:
    found = bad(refused("broken JSON", await ask_badly(fault), {400}))
    assert any(f"broken JSON: {what}" in line for line in found), found


@pytest.mark.parametrize(("fault", "status"), [("none", 413), ("takes-all", 400)])
async def test_a_body_beyond_the_limit_arrives_whole(fault: str, status: int) -> None:
    with standing("rag", fault) as url:
        async with Client(20) as client:
            answer = await client.post_zeros(f"{url}/query", 3_000_000)
    assert answer.status == status
    assert bool(bad(refused("large", answer, {413}))) == (status != 413)


async def health_findings(*faults: str) -> list[Finding]:
    with standing("rag", *faults) as url:
        async with Client(5) as client:
            found, findings = checks_health.healthy("rag", await client.get(f"{url}/health"))
            assert found is not None
            assert found.engine is not None
            truth = await checks_health.true_name(client, str(found.engine.url))
    named = checks_health.named_truly("engine's true name", found.engine.engine, truth)
    return [*findings, *checks_health.agreed({"rag": found}), named]


async def test_health_holds_and_names_the_engine_truly() -> None:
    assert bad(await health_findings()) == []


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("llm-down", "rag: status"),
        ("llm-down", "llm_available"),
        ("lying-name", "engine's true name -> Ollama"),
    ],
)
async def test_a_wrong_health_is_found_out(fault: str, what: str) -> None:
    found = bad(await health_findings(fault))
    assert any(what in line for line in found), found


async def test_two_services_with_two_providers_do_not_agree(tmp_path: Path) -> None:
    other = tmp_path / "provider"
    other.write_text("ollama")
    with standing("rag") as rag, standing("notes", provider_file=other) as notes:
        async with Client(5) as client:
            healths = {
                name: checks_health.healthy(name, await client.get(f"{url}/health"))[0]
                for name, url in (("rag", rag), ("notes", notes))
            }
    known = {name: found for name, found in healths.items() if found is not None}
    assert len(known) == 2
    assert bad(checks_health.agreed(known))


@pytest.mark.parametrize(
    ("faults", "ok", "tried"),
    [(("vision",), True, True), ((), None, False), (("silent-vision",), False, True)],
)
async def test_vision_is_open_only_where_its_absence_is_explained(
    faults: tuple[str, ...], ok: bool | None, tried: bool
) -> None:
    with standing("documents", *faults) as url:
        async with Client(5) as client:
            (found,) = checks_health.vision(await client.get(f"{url}/health"))
    assert found.ok is ok
    assert found.not_proven is tried


async def test_no_answer_is_a_finding_and_not_an_exception() -> None:
    with standing("rag") as url:
        pass
    async with Client(2) as client:
        answer = await client.post_json(f"{url}/query", PLAN_QUERY.body)
        truth = await checks_health.true_name(client, url)
    found, findings = checks_rag.works(PLAN_QUERY, answer, "embedded")
    assert found is None
    assert answer.exchange.problem
    assert bad(findings)
    assert bad(refused("anything", answer, {400}))
    assert checks_health.named_truly("name", NAME, truth).ok is None


def test_figures_are_whole_numbers_with_their_marks() -> None:
    assert figures("£1,691.00 by 30 May 2025, HL-20417.") == {"1,691.00", "30", "2025", "20417"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The employer is Acme Ltd.", {"Acme", "Ltd"}),
        ("Acme Ltd employs her. Nobody else does.", {"Acme", "Ltd"}),
        ("We will write.\nLandlord's letter of 12 May 2025, HL-20417", {"May", "HL"}),
        ("You told us that I asked the council.", set()),
    ],
)
def test_names_are_capitalised_words_that_begin_no_sentence(text: str, found: set[str]) -> None:
    assert names(text) == found
