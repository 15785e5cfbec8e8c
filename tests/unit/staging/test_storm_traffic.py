"""What is concluded from the requests that were under way while something was broken."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from casewright.api.staging import Exchange
from casewright.staging.acknowledged import Book
from casewright.staging.ask import Answer, Client
from casewright.staging.steps_break import Turn
from casewright.staging.storm_traffic import Sample, graceful, in_time, none_failed, summary
from unit.staging.stack import StandInStack


def sample(
    status: int | None,
    body: object = None,
    sent: float = 0.0,
    seconds: float = 0.1,
    problem: str | None = None,
) -> Sample:
    text = json.dumps(body or {})
    exchange = Exchange(at="", method="POST", url="", sent="", status=status, body=text, problem=problem)
    return Sample("rag", "a question", sent, sent + seconds, Answer(status, {}, text.encode(), exchange))


def test_a_failure_fails_and_no_request_at_all_proves_nothing() -> None:
    assert none_failed("x", [sample(200)]).ok is True
    assert none_failed("x", [sample(200), sample(None, problem="refused")]).ok is False
    assert none_failed("x", []).ok is None
    assert in_time("x", []).ok is None


def test_a_request_that_its_client_gave_up_is_a_hang() -> None:
    assert in_time("x", [sample(200, seconds=14.9)], 15.0).ok is True
    assert in_time("x", [sample(200, seconds=16.5)], 15.0).ok is False
    assert in_time("x", [sample(None, problem="no answer within 3 s", seconds=3.0)], 15.0).ok is False


def test_an_error_without_the_shape_or_with_a_trace_is_not_graceful() -> None:
    detail = {"type": "x", "message": "no", "hint": "do", "request_id": "r"}
    assert graceful("x", [sample(503, {"error": detail}), sample(None, problem="refused")]).ok is True
    assert graceful("x", [sample(500, {"detail": "no"})]).ok is False
    assert graceful("x", [sample(500, {"error": {**detail, "message": "Traceback"}})]).ok is False


def test_a_turn_tells_old_names_from_new_ones_by_when_they_were_sent() -> None:
    turn = Turn(("resilience.switch-vllm",), "ollama", "vllm", asked=10.0, done=12.0, ended=20.0)
    early, late = {"provider": "ollama"}, {"provider": "vllm"}
    right = [sample(200, early, 11.0), sample(200, late, 11.5), sample(200, late, 13.0)]
    assert [each.ok for each in turn.findings(turn.samples(right))] == [True, True, True]
    wrong = [*right, sample(200, early, 12.5), sample(200, {"provider": "embedded"}, 11.0)]
    assert [each.ok for each in turn.findings(turn.samples(wrong))] == [True, False, False]
    assert turn.samples([sample(200, early, 9.0), sample(200, early, 20.5)]) == []


def test_the_summary_has_no_figure_without_a_request() -> None:
    assert summary([])["slowest_s"] is None
    assert summary([sample(500)])["failed"] == {"rag": 1}


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_everything_that_is_put_in_is_acknowledged_and_found(tmp_path: Path, number: int) -> None:
    stack = StandInStack(tmp_path)

    async def put() -> None:
        await stack.up()
        async with Client(3.0) as client:
            book = Book(client, stack.services, 1)
            assert (await book.write(number)).status in (200, 202)
            assert book.total == 1
            findings, _ = await book.check("now")
            assert [each.ok for each in findings if each.ok is not None]
            assert all(each.ok for each in findings if each.ok is not None)
            assert await book.clear() == []

    try:
        asyncio.run(put())
    finally:
        stack.close()
