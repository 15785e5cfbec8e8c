"""A stage as one HTML page: self-contained, nothing loaded, no script, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from casewright.api.bench import Status
from casewright.api.staging import BoxResult, PartSeen, StageResult, StepResult, StepStatus
from casewright.bench.report_html import document
from casewright.staging.checklist import GROUPS
from casewright.staging.report_markdown import duration, facts, moment
from casewright.staging.words import headline, origin_words

_TITLE = "Staging checklist"
_TONES: dict[Status, str] = {"PASS": "good", "FAIL": "bad", "NOT PROVEN": "open", "NOT MEASURED": "none"}
_STEP_TONES: dict[StepStatus, str] = {
    "done": "good",
    "failed": "bad",
    "skipped": "none",
    "interrupted": "open",
}
_STYLE = """<style>
.none{background:var(--soft)}
.counts{display:flex;gap:2px;margin:16px 0 6px;height:12px;border-radius:6px;overflow:hidden}
.counts i{display:block}
.skip{background:var(--line)}
.key{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 20px;font-size:.9rem;color:var(--soft)}
.key i,.legend i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}
.card{border:1px solid var(--line);border-left-width:5px;border-radius:6px;padding:10px 14px;margin:8px 0}
.card.c-good{border-left-color:var(--good)}
.card.c-bad{border-left-color:var(--bad)}
.card.c-open{border-left-color:var(--open)}
.card.c-none{border-left-color:var(--soft)}
.card header{display:flex;gap:4px 12px;flex-wrap:wrap;align-items:baseline;justify-content:space-between}
.card header strong{flex:1 1 60%}
.card .badge{font-size:.75rem;margin:0;padding:1px 10px;white-space:nowrap}
.card p{overflow-wrap:anywhere}
.card dl{margin:6px 0 0;gap:2px 14px}
.card dd{font-size:.9rem;color:var(--soft)}
a{color:var(--a)}
.group{display:flex;justify-content:space-between;align-items:baseline;gap:12px}
.group span{font-size:.9rem;font-weight:400;color:var(--soft)}
.line td{vertical-align:top}
.line td:nth-child(2){width:34%;padding-top:11px}
.track{position:relative;height:10px;border-radius:3px;background:var(--line)}
.track i{position:absolute;top:0;height:10px;min-width:3px;border-radius:3px}
.line .words{color:var(--soft);overflow-wrap:anywhere}
@media(max-width:640px){.line th:last-child,.line td:last-child{display:none}}
@media print{.card{break-inside:avoid}}
</style>"""


def stage_html(result: StageResult) -> str:
    """The page of a stage."""
    badge, words = headline(result)
    tone = "bad" if result.counts.failed or not result.reachable else "good" if badge == "PASS" else "open"
    body = [
        _STYLE,
        f"<h1>{_TITLE}</h1>",
        f'<p class="verdict"><span class="badge {tone}">{escape(badge)}</span>{escape(words)}</p>',
        _counts(result),
        _worst(result.boxes),
        _facts(result),
        *(f'<p class="note">{escape(note)}</p>' for note in result.notes),
        *(
            _group(title, [box for box in result.boxes if box.group == group])
            for group, title in GROUPS.items()
        ),
        _parts(result.parts),
        _steps(result.steps),
        f'<p class="note">Stage {escape(result.id)}, {escape(moment(result.started_at))}. '
        'Everything as data: <a href="results.json">results.json</a></p>',
    ]
    return document(_TITLE, "\n".join(body))


def _counts(result: StageResult) -> str:
    """A bar of how the boxes ended, each as wide as its number, and what each colour means."""
    found = result.counts
    parts = (
        ("good", "passed", found.passed),
        ("bad", "failed", found.failed),
        ("open", "not proven", found.not_proven),
        ("none", "not measured", found.not_measured),
        ("skip", "not asked", found.not_asked),
    )
    bar = "".join(f'<i class="{tone}" style="flex:{number}"></i>' for tone, _, number in parts if number)
    key = "".join(
        f'<span><i class="{tone}"></i>{number} {word}</span>' for tone, word, number in parts if number
    )
    return f'<div class="counts">{bar}</div><div class="key">{key}</div>'


def _worst(boxes: tuple[BoxResult, ...]) -> str:
    """What a reader must know first: the boxes that failed or could not be decided."""
    items = "".join(
        f'<li><a href="#{escape(box.id, quote=True)}">{escape(box.words)}</a>: {escape(box.status)}'
        f'<br><span class="note">{escape(box.reason)}</span></li>'
        for box in boxes
        if box.asked and box.status in ("FAIL", "NOT PROVEN")
    )
    return f"<ul>{items}</ul>" if items else ""


def _facts(result: StageResult) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts(result))
    return f"<dl>{rows}</dl>"


def _group(title: str, boxes: Sequence[BoxResult]) -> str:
    asked = [box for box in boxes if box.asked]
    passed = sum(box.status == "PASS" for box in asked)
    told = f"{passed} of {len(asked)} passed" if asked else "not asked"
    left_out = "; ".join(box.words for box in boxes if not box.asked)
    return (
        f'<h2 class="group">{escape(title)}<span>{told}</span></h2>'
        + "".join(_box(box) for box in asked)
        + (f'<p class="note">Not asked: {escape(left_out)}</p>' if left_out else "")
    )


def _box(box: BoxResult) -> str:
    tone = _TONES[box.status]
    origin = origin_words(box.origin)
    where = f' <span class="note">({escape(origin)})</span>' if origin else ""
    evidence = f"<dt>evidence</dt><dd>{_link(box.evidence)}</dd>" if box.evidence else ""
    return (
        f'<section class="card c-{tone}" id="{escape(box.id, quote=True)}">'
        f"<header><strong>{escape(box.words)}{where}</strong>"
        f'<span class="badge {tone}">{escape(box.status)}</span></header><p>{escape(box.reason)}</p>'
        f"<dl><dt>looked at</dt><dd>{escape(box.observable)}</dd>"
        f"<dt>threshold</dt><dd>{escape(box.threshold)}</dd>{evidence}</dl></section>"
    )


def _link(name: str) -> str:
    return f'<a href="{escape(quote(name), quote=True)}">{escape(name)}</a>'


def _parts(parts: tuple[PartSeen, ...]) -> str:
    rows = "".join(
        f'<tr><td>{escape(each.part)}</td><td class="words">{escape(each.container)}</td>'
        f'<td class="words">{escape(each.here)}</td></tr>'
        for each in parts
    )
    head = '<tr><th>part</th><th class="words">in containers</th><th class="words">here</th></tr>'
    table = f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
    return f"<h2>What ran as what</h2>{table}" if parts else ""


def _steps(steps: Sequence[StepResult]) -> str:
    """The steps one under the other, each a bar from when it began to when it ended."""
    whole = sum(step.seconds or 0.0 for step in steps) or 1.0
    rows, began = [], 0.0
    for step in steps:
        rows.append(_step(step, began / whole, (step.seconds or 0.0) / whole))
        began += step.seconds or 0.0
    head = '<tr><th>step</th><th class="words">when</th><th>time</th><th class="words">what</th></tr>'
    return (
        f'<h2 class="group">Steps<span>{duration(whole)} in all</span></h2>'
        f'<table class="line"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _step(step: StepResult, left: float, width: float) -> str:
    bar = ""
    if step.seconds is not None:
        place = f"left:{left:.2%};width:{min(width, 1 - left):.2%}"
        bar = f'<i class="{_STEP_TONES[step.status]}" style="{place}"></i>'
    took = "" if step.seconds is None else f"{step.seconds:.1f} s"
    said = step.detail if step.status == "done" else f"{step.status}: {step.detail}"
    return (
        f'<tr><td>{escape(step.name)}</td><td><div class="track">{bar}</div></td><td>{took}</td>'
        f'<td class="words">{escape(said)}</td></tr>'
    )
