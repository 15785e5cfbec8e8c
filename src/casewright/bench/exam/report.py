"""A qualification as a table: for the terminal (rich) and for a document (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from casewright.api.qualification import ItemResult, Qualification, QualityComparison, RuleResult, SkillScore

_COLUMNS = (
    "skill",
    "right",
    "share (95 % interval)",
    "chance",
    "needed",
    "allowed",
    "s an item",
    "tokens out",
)
_SHOWN = 90


def terminal_report(result: Qualification, examples: int = 1) -> RenderableType:
    """The scores, the strategy with its reasons, and ``examples`` wrong answers a skill."""
    table = Table(title=_title(result), title_justify="left")
    for index, column in enumerate(_COLUMNS):
        table.add_column(column, justify="left" if index == 0 else "right")
    for score in result.skills:
        table.add_row(*map(escape, _row(score)))
    parts: list[RenderableType] = [table, *map(Text, _conclusion(result))]
    wrong = wrong_examples(result, examples)
    if wrong:
        parts.append(_wrong_table(wrong))
    return Group(*parts)


def markdown_report(result: Qualification, examples: int = 2) -> str:
    """The same in Markdown."""
    lines = [f"**{_title(result)}**", "", _md_row(_COLUMNS), _md_row(["---"] * len(_COLUMNS))]
    lines += [_md_row(_row(score)) for score in result.skills]
    lines += ["", *[f"- {line}" for line in _conclusion(result)]]
    wrong = wrong_examples(result, examples)
    if wrong:
        lines += [
            "",
            "Some wrong answers:",
            "",
            _md_row(("item", "answer", "why wrong")),
            _md_row(["---"] * 3),
        ]
        lines += [_md_row((item.id, f"`{_short(item.answer)}`", item.reason)) for item in wrong]
    return "\n".join(lines) + "\n"


def wrong_examples(result: Qualification, each: int) -> tuple[ItemResult, ...]:
    """The first ``each`` wrong answers of every skill."""
    return tuple(
        item
        for score in result.skills
        for item in [i for i in result.items if i.skill == score.skill and not i.correct][:each]
    )


def comparison_lines(result: QualityComparison) -> tuple[str, ...]:
    """A quality comparison in plain lines."""
    a, b = result.both_right + result.only_a_right, result.both_right + result.only_b_right
    lines = [
        f"answers: A {a}/{result.items} right, B {b}/{result.items} right; only A {result.only_a_right}, "
        f"only B {result.only_b_right} (McNemar exact p = {result.p_value:.3f}): {result.verdict}",
        f"the same text in {result.same_text} of {result.items} answers",
    ]
    moved = [
        f"{skill.skill} {skill.a_correct} to {skill.b_correct} of {skill.items}"
        for skill in result.skills
        if skill.a_correct != skill.b_correct
    ]
    if moved:
        lines.append(f"from A to B: {'; '.join(moved)}")
    return (*lines, *result.notes)


def _title(result: Qualification) -> str:
    engine = result.engine
    model = " ".join(filter(None, (engine.model, engine.quantization)))
    right = sum(score.correct for score in result.skills)
    name = " ".join(filter(None, (engine.name, engine.version)))
    return (
        f"{model or 'model not named'} on {name}: {right} of {result.exam.items} right in "
        f"{result.seconds:.0f} s ({result.exam.form} exam, version {result.exam.version})"
    )


def _row(score: SkillScore) -> tuple[str, ...]:
    share = score.share
    return (
        score.skill,
        f"{score.correct}/{score.items}" + (f" ({score.errors} errors)" if score.errors else ""),
        f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})",
        f"{score.chance:.2f}",
        f"{score.needed:.2f}",
        "yes" if score.allowed else "no",
        "-" if score.median_seconds is None else f"{score.median_seconds:.2f}",
        "-" if score.output_tokens is None else str(score.output_tokens),
    )


def _conclusion(result: Qualification) -> list[str]:
    if result.strategy is None or result.uses is None:
        return list(result.notes)
    uses = ", ".join(f"{use}: {strategy}" for use, strategy in result.uses.items())
    lines = [f"strategy: {result.strategy} ({uses})"]
    lines += [line for rule in result.rules if (line := _unmet(rule))]
    guessing = [score.skill for score in result.skills if score.chance and not score.above_chance]
    lines += [f"{skill} is not told from guessing" for skill in guessing]
    return [*lines, *result.notes]


def _unmet(rule: RuleResult) -> str | None:
    reasons = [need.reason for need in rule.requirements if not need.met]
    if not reasons:
        return None
    return f"not {rule.strategy} {f'for {rule.use}' if rule.use else 'overall'}: {'; '.join(reasons)}"


def _wrong_table(wrong: Sequence[ItemResult]) -> Table:
    table = Table(title="some wrong answers", title_justify="left")
    for column in ("item", "answer", "why wrong"):
        table.add_column(column, overflow="fold")
    for item in wrong:
        table.add_row(item.id, escape(_short(item.answer)), escape(item.reason))
    return table


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def _md_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
