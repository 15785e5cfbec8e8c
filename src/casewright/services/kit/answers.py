"""An answer on its way out: its origin in the headers and in the metrics."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from casewright.api.contract import Answered
from casewright.observability.metrics import ServiceMetrics


def send(request: Request, answer: Answered, *, counted: bool = False) -> Response:
    """The HTTP answer, with ``X-Casewright-Provider``, ``-Model`` and ``-Answered-By``; counted once.

    ``counted``: its service did that itself.
    """
    if not counted:
        count(request, answer)
    headers = {
        "X-Casewright-Provider": answer.provider or "none",
        "X-Casewright-Model": (answer.model or "none").encode("ascii", "replace").decode(),
        "X-Casewright-Answered-By": answer.answered_by,
        "X-Casewright-Attempts": str(len(answer.attempts)),
        "X-Casewright-Fallback": "true" if answer.fallback else "false",
    }
    return Response(answer.model_dump_json(), headers=headers, media_type="application/json")


def count(request: Request, answer: Answered) -> None:
    """Count an answer in the metrics; ``send`` does it."""
    metrics: ServiceMetrics = request.app.state.metrics
    provider = answer.provider or "none"
    metrics.answers.labels(answer.answered_by, provider).inc()
    if answer.usage is not None:
        for direction, tokens in (("in", answer.usage.prompt_tokens), ("out", answer.usage.output_tokens)):
            if tokens is not None:
                metrics.tokens.labels(provider, direction).inc(tokens)
