"""A report as one HTML file: self-contained, nothing loaded from anywhere, no script, everything escaped.

The policy in its head lets a browser use the inline style and nothing else, so that text from an engine
(a model's name, an error message) can do nothing even if an escape were missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from casewright.api.bench import Run
from casewright.api.compare import Comparison
from casewright.bench import report_svg as svg
from casewright.bench.report_compare import METRIC_WORDS, comparison_view
from casewright.bench.report_view import TableView, View, run_view
from casewright.bench.warn import Warn

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6878;--paper:#fff;--line:#dde2e9;--a:#2563a8;
  --b:#c2571a;--good:#1a7f47;--bad:#b3261e;--open:#946200;--band:#f0e6c8}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa6b5;--paper:#14181e;--line:#303843;
  --a:#6ea8e6;--b:#eb9562;--good:#5fc98d;--bad:#f2817a;--open:#e0b04a;--band:#3b351f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
  font:16px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:860px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:1rem;font-weight:600;color:var(--soft);margin:0 0 12px}
h2{font-size:1.1rem;margin:36px 0 8px}
.verdict{font-size:1.3rem;line-height:1.4;margin:0 0 12px}
.badge{display:inline-block;padding:2px 12px;margin-right:10px;border-radius:5px;color:var(--paper);
  font-weight:700;font-size:1rem;vertical-align:2px}
.good{background:var(--good)}
.bad{background:var(--bad)}
.open{background:var(--open)}
.valid{color:var(--good)}
.invalid{color:var(--bad)}
p{margin:6px 0}
ul{margin:6px 0;padding-left:22px}
.note,dt{color:var(--soft);font-size:.9rem}
code{color:var(--a)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:20px 0}
dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--soft)}
th,td{padding:6px 8px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child,td.words,th.words{text-align:left;white-space:normal}
svg{display:block;width:100%;height:auto;margin:8px 0}
svg text{fill:var(--soft);font-size:12px}
svg .small{font-size:11px}
svg .strong{fill:var(--ink);font-weight:600}
svg .grid{stroke:var(--line)}
svg .whisker{stroke:var(--soft);stroke-width:1.5}
svg .mark{stroke:var(--bad);stroke-width:2.5}
svg .one{stroke:var(--soft);stroke-dasharray:4 3}
svg .band{fill:var(--band)}
svg .interval{stroke:var(--ink);stroke-width:3}
svg .dot{fill:var(--ink)}
svg .a{fill:var(--a)}
svg .b{fill:var(--b)}
svg .line{fill:none;stroke-width:1.5}
svg .line.a{stroke:var(--a)}
svg .line.b{stroke:var(--b)}
@media print{main{padding:0}}
"""


def run_html(run: Run, latencies_ms: Sequence[float] = ()) -> str:
    """The page of a run; ``latencies_ms`` are the completed requests' (E2E), for the histogram."""
    charts = (
        ("Latencies", svg.latency_ranges(run)),
        (
            "How long whole answers took",
            svg.histogram(latencies_ms, "Requests by the time of their whole answer"),
        ),
    )
    return page(run_view(run), charts, f"Run {run.id}, {run.started_at}")


def comparison_html(found: Comparison) -> str:
    """The page of a comparison."""
    metric = METRIC_WORDS.get(found.primary, found.primary)
    charts = (
        (f"Ratio of every pair of blocks: {metric}", svg.pair_ratios(found)),
        (f"Every block over the run: {metric}", svg.blocks_in_time(found)),
    )
    return page(comparison_view(found), charts, f"Comparison {found.id}, {found.started_at}")


def page(view: View, charts: Sequence[tuple[str, str]], footer: str) -> str:
    """A whole document; ``charts`` are (heading, SVG made by `report_svg`), empty ones left out."""
    body = [
        f"<h1>{escape(view.title)}</h1>",
        f'<p class="verdict"><span class="badge {view.tone}">{escape(view.badge)}</span>'
        f"{escape(view.verdict)}</p>",
        *(f"<p>{escape(line)}</p>" for line in view.meaning),
        _validity(view),
        _facts(view.facts),
        *(f"<h2>{escape(heading)}</h2>{chart}" for heading, chart in charts if chart),
        *(_table(table) for table in view.tables),
        _warnings(view.warnings),
        f'<p class="note">{escape(footer)}</p>',
    ]
    return document(view.title, "\n".join(part for part in body if part))


def document(title: str, body: str) -> str:
    """The frame of a page: its policy, its style and its escaped title around ``body`` (already HTML)."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY, quote=True)}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _validity(view: View) -> str:
    if view.valid:
        return '<p class="valid"><strong>VALID</strong>: nothing found that forbids believing this.</p>'
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in view.validity)
    return f'<p class="invalid"><strong>INVALID</strong>: do not use these figures.</p><ul>{reasons}</ul>'


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f"<dl>{rows}</dl>"


def _table(view: TableView) -> str:
    kinds = [' class="words"' if column == "why" else "" for column in view.columns]
    head = "".join(f"<th{kind}>{escape(c)}</th>" for c, kind in zip(view.columns, kinds, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(c)}</td>" for c, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in view.rows
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in view.notes)
    return (
        f'<h2>{escape(view.title)}</h2><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{notes}"
    )


def _warnings(warnings: Sequence[Warn]) -> str:
    if not warnings:
        return ""
    items = "".join(
        f"<li>{escape(w.cause)}" + (f"<br>try <code>{escape(w.next)}</code>" if w.next else "") + "</li>"
        for w in warnings
    )
    return f"<h2>Warnings</h2><ul>{items}</ul>"
