"""A stage as one HTML page: self-contained, nothing loaded, no script, everything escaped."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from casewright.api.bench import Status
from casewright.api.staging import BoxResult, StageResult, StepResult
from casewright.bench.report_html import document
from casewright.staging.checklist import GROUPS
from casewright.staging.words import headline, origin_words

_TONES: dict[Status, str] = {
    "PASS": 'class="badge good"',
    "FAIL": 'class="badge bad"',
    "NOT PROVEN": 'class="badge open"',
    "NOT MEASURED": 'class="badge" style="background:var(--soft)"',
}
_TITLE = "Staging checklist"


def stage_html(result: StageResult) -> str:
    """The page of a stage."""
    badge, words = headline(result)
    tone = "bad" if result.counts.failed or not result.reachable else "good" if badge == "PASS" else "open"
    body = [
        f"<h1>{_TITLE}</h1>",
        f'<p class="verdict"><span class="badge {tone}">{escape(badge)}</span>{escape(words)}</p>',
        _worst(result.boxes),
        _facts(result),
        *(f"<p>{escape(note)}</p>" for note in result.notes),
        *(
            _group(title, [box for box in result.boxes if box.group == group])
            for group, title in GROUPS.items()
        ),
        _steps(result.steps),
        f'<p class="note">Stage {escape(result.id)}, {escape(result.started_at)}</p>',
    ]
    return document(_TITLE, "\n".join(body))


def _worst(boxes: tuple[BoxResult, ...]) -> str:
    """What a reader must know first: the boxes that failed or could not be decided, with their reasons."""
    items = "".join(
        f"<li><strong>{escape(box.status)}: {escape(box.words)}</strong><br>{escape(box.reason)}</li>"
        for box in boxes
        if box.asked and box.status in ("FAIL", "NOT PROVEN")
    )
    return f"<ul>{items}</ul>" if items else ""


def _facts(result: StageResult) -> str:
    machine = result.machine
    rows = (
        ("target", result.target + (" (attached)" if result.attached else "")),
        ("engine", result.engine or "not seen"),
        ("model", result.model or "not seen"),
        ("provider", result.provider or "not seen"),
        ("machine", f"{machine.cpu or 'unknown processor'}, {machine.cores} cores, {machine.memory_gb} GB"),
        ("took", f"{result.seconds:.0f} s"),
    )
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows) + "</dl>"


def _group(title: str, boxes: list[BoxResult]) -> str:
    return f"<h2>{escape(title)}</h2>" + "".join(_box(box) for box in boxes)


def _box(box: BoxResult) -> str:
    tone = _TONES[box.status]
    origin = origin_words(box.origin)
    evidence = f"<dt>evidence</dt><dd>{_link(box.evidence)}</dd>" if box.evidence else ""
    return (
        f"<p><span {tone}>{escape(box.status)}</span><strong>{escape(box.words)}</strong>"
        + (f' <span class="note">({escape(origin)})</span>' if origin else "")
        + f"<br>{escape(box.reason)}</p>"
        f'<dl><dt>looked at</dt><dd class="note">{escape(box.observable)}</dd>'
        f'<dt>threshold</dt><dd class="note">{escape(box.threshold)}</dd>{evidence}</dl>'
    )


def _link(name: str) -> str:
    return f'<a href="{escape(quote(name), quote=True)}">{escape(name)}</a>'


def _steps(steps: tuple[StepResult, ...]) -> str:
    rows = "".join(
        f"<tr><td>{escape(step.name)}</td><td>{escape(step.status)}</td>"
        f"<td>{'' if step.seconds is None else f'{step.seconds:.1f} s'}</td>"
        f'<td class="words">{escape(step.detail)}</td></tr>'
        for step in steps
    )
    return (
        '<h2>Steps</h2><div class="wide"><table><thead><tr><th>step</th><th>status</th><th>time</th>'
        f'<th class="words">what</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )
