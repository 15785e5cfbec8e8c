"""The reports' charts as inline SVG: no script, no style from outside, every text escaped, readable in print.

Colours come from the page's custom properties, so that a chart follows its light or dark scheme.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from casewright.api.bench import Run
from casewright.api.compare import Comparison
from casewright.bench.report_view import number

WIDTH, LEFT, RIGHT = 760, 150, 24


def _log_ticks(low: float, high: float) -> list[float]:
    """1-2-5 ticks from the one below ``low`` to the one above ``high``."""
    steps = (1.0, 2.0, 5.0)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    start = max((i for i, tick in enumerate(ticks) if tick <= low), default=0)
    end = min((i for i, tick in enumerate(ticks) if tick >= high), default=len(ticks) - 1)
    chosen = ticks[start : max(end, start + 1) + 1]
    return chosen if len(chosen) <= 10 else [t for t in chosen if f"{t:e}"[0] == "1"]


class _Axis:
    """A horizontal logarithmic axis over ``low`` to ``high`` (both positive)."""

    def __init__(self, low: float, high: float) -> None:
        self.ticks = _log_ticks(low, high)
        self._low = math.log(min(self.ticks[0], low))
        self._high = math.log(max(self.ticks[-1], high))

    def x(self, value: float) -> float:
        """The value's place in pixels."""
        share = (math.log(value) - self._low) / (self._high - self._low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def draw(self, top: float, bottom: float, unit: str) -> str:
        """Grid lines with their labels below."""
        parts = []
        for tick in self.ticks:
            x = self.x(tick)
            parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>')
            parts.append(_text(x, bottom + 16, f"{tick:g}{unit}", "middle"))
        return "".join(parts)


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "label") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(height: float, body: str, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title, quote=True)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def latency_ranges(run: Run) -> str:
    """Each latency as a line from its least to its greatest, a bar from p50 to p90, a mark at p99."""
    rows = [
        ("first token", run.ttft_user_ms if run.load.mode == "open" else run.ttft_ms),
        ("whole answer", run.e2e_user_ms if run.load.mode == "open" else run.e2e_ms),
        ("per output token", run.tpot_ms),
    ]
    shown = [(name, d) for name, d in rows if d.min is not None and d.max is not None and d.min > 0]
    if not shown:
        return ""
    axis = _Axis(min(d.min or 1 for _, d in shown), max(d.max or 1 for _, d in shown) * 1.001)
    top, step = 14, 40
    bottom = top + step * len(shown)
    body = [axis.draw(top, bottom, " ms")]
    for row, (name, dist) in enumerate(shown):
        y = top + step * row + step / 2
        body.append(_text(LEFT - 12, y + 4, name, "end"))
        low, high = axis.x(dist.min or 1), axis.x(dist.max or 1)
        body.append(f'<line class="whisker" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>')
        if dist.p50 is not None and dist.p90 is not None:
            x1, x2 = axis.x(dist.p50), axis.x(dist.p90)
            body.append(
                f'<rect class="a" x="{x1}" y="{y - 8}" width="{max(x2 - x1, 2):.1f}" height="16" rx="2"/>'
            )
        if dist.p50 is not None:
            body.append(_text(axis.x(dist.p50), y - 11, f"p50 {number(dist.p50)}", "middle", "small"))
        if dist.p99 is not None:
            x = axis.x(dist.p99)
            body.append(f'<line class="mark" x1="{x}" x2="{x}" y1="{y - 10}" y2="{y + 10}"/>')
    return _svg(
        bottom + 28, "".join(body), "Latencies: least to greatest, p50 to p90 as a bar, p99 as a mark"
    )


def histogram(values_ms: Sequence[float], title: str, bins: int = 40) -> str:
    """How many requests took how long, over a logarithmic axis; "" with fewer than 10."""
    values = [v for v in values_ms if v > 0 and math.isfinite(v)]
    if len(values) < 10:
        return ""
    low, high = min(values), max(values)
    if high / low < 1.02:
        low, high = low / 1.05, high * 1.05
    axis = _Axis(low, high * 1.0001)
    scale = bins / math.log(high / low)
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(math.log(value / low) * scale))] += 1
    top, tall = 14, 150
    body = [axis.draw(top, top + tall, " ms")]
    for index, count in enumerate(counts):
        if count:
            x1, x2 = (axis.x(low * math.exp(edge / scale)) for edge in (index, index + 1))
            height = round(count / max(counts) * (tall - 10), 1)
            body.append(
                f'<rect class="a" x="{x1}" y="{top + tall - height}" width="{max(x2 - x1 - 1, 1):.1f}" '
                f'height="{height}"/>'
            )
    body.append(_text(LEFT - 12, top + 10, f"{max(counts)} requests", "end"))
    body.append(_text(LEFT - 12, top + tall, "0", "end"))
    return _svg(top + tall + 28, "".join(body), title)


def pair_ratios(found: Comparison) -> str:
    """The ratio of each pair of blocks, the interval of all, and the band of the margin; "" without pairs."""
    ratios = [ratio for _, ratio in _ratios(found)]
    if not ratios:
        return ""
    edge, interval = 1 + found.verdict.margin, found.verdict.estimate.ratio
    span = [*ratios, 1 / edge, edge] + ([interval.low, interval.high] if interval else [])
    low, high = min(span) / 1.04, max(span) * 1.04
    axis = _LinearLog(low, high)
    top, step = 22, 18
    bottom = top + step * (len(ratios) + 2)
    band, wide = axis.x(1 / edge), axis.x(edge) - axis.x(1 / edge)
    body = [
        f'<rect class="band" x="{band}" y="{top}" width="{wide:.1f}" height="{bottom - top}"/>',
        axis.draw(top, bottom, "x"),
        f'<line class="one" x1="{axis.x(1)}" x2="{axis.x(1)}" y1="{top}" y2="{bottom}"/>',
        _text(axis.x(1), top - 8, f"margin {found.verdict.margin:.0%}", "middle", "small"),
    ]
    for row, (pair, ratio) in enumerate(_ratios(found)):
        y = top + step * (row + 0.7)
        body.append(_text(LEFT - 12, y + 4, f"pair {pair + 1}", "end"))
        body.append(f'<circle class="a" cx="{axis.x(ratio)}" cy="{y}" r="4.5"/>')
    y = bottom - step * 0.8
    body.append(_text(LEFT - 12, y + 4, "all pairs", "end", "strong"))
    if interval is not None:
        x1, x2, middle = (axis.x(v) for v in (interval.low, interval.high, interval.value))
        body.append(f'<line class="interval" x1="{x1}" x2="{x2}" y1="{y}" y2="{y}"/>')
        body.append(f'<rect class="dot" x="{middle - 5}" y="{y - 5}" width="10" height="10"/>')
    body.append(_text(LEFT, bottom + 34, "B better", "start", "small"))
    body.append(_text(WIDTH - RIGHT, bottom + 34, "A better", "end", "small"))
    return _svg(bottom + 42, "".join(body), "Ratio of every pair of blocks, with the interval and the margin")


class _LinearLog(_Axis):
    """A logarithmic axis over a short span, with evenly rounded ticks (ratios near 1)."""

    def __init__(self, low: float, high: float) -> None:
        if high / low > 8:
            super().__init__(low, high)
            return
        step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / s <= 9)
        first = math.ceil(low / step)
        self.ticks = [round(i * step, 4) for i in range(first, math.floor(high / step) + 1) if i > 0]
        self._low, self._high = math.log(low), math.log(high)


def _ratios(found: Comparison) -> list[tuple[int, float]]:
    """(pair, ratio) of every A/B pair with two usable blocks, A better above 1."""
    sides: dict[int, dict[str, float]] = {}
    for block in found.blocks:
        value = block.values.get(found.primary)
        if block.kind == "ab" and value is not None and value > 0:
            sides.setdefault(block.pair, {})[block.side] = value
    lower = found.verdict.estimate.direction == "lower_better"
    return [
        (pair, both["B"] / both["A"] if lower else both["A"] / both["B"])
        for pair, both in sorted(sides.items())
        if len(both) == 2
    ]


def blocks_in_time(found: Comparison) -> str:
    """Every A/B block's value where it lay in the run: what drifts is seen here; "" with fewer than 4."""
    points = [
        (b.at_s + b.duration_s / 2, value, b.side)
        for b in found.blocks
        if b.kind == "ab" and (value := b.values.get(found.primary)) is not None
    ]
    if len(points) < 4:
        return ""
    top, tall = 16, 170
    last = max(at for at, _, _ in points) * 1.03
    peak = max(value for _, value, _ in points) * 1.1

    def x(at: float) -> float:
        return round(LEFT + at / last * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(top + tall - value / peak * tall, 1)

    body = []
    for share in (0.0, 0.5, 1.0):
        level = y(peak * share)
        body.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level}" y2="{level}"/>')
        body.append(_text(LEFT - 12, level + 4, number(peak * share), "end"))
    for side in ("A", "B"):
        own = [(x(at), y(value)) for at, value, which in points if which == side]
        path = " ".join(f"{px},{py}" for px, py in own)
        body.append(f'<polyline class="line {side.lower()}" points="{path}"/>')
        body += [f'<circle class="{side.lower()}" cx="{px}" cy="{py}" r="4"/>' for px, py in own]
        if own:
            body.append(_text(own[-1][0] + 8, own[-1][1] + 4, side, "start", "strong"))
    body.append(_text(WIDTH - RIGHT, top + tall + 18, f"{last:.0f} s", "end"))
    body.append(_text(LEFT, top + tall + 18, "0 s", "start"))
    return _svg(top + tall + 28, "".join(body), f"{found.primary} of every block over the run")
