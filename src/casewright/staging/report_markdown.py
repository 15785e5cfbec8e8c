"""A stage as Markdown: the checklist with its ticks, for a ticket or a repository."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

from casewright.api.bench import Status
from casewright.api.staging import BoxResult, StageResult
from casewright.staging.checklist import GROUPS
from casewright.staging.words import headline, origin_words

_TICKS: dict[Status, str] = {"PASS": "[x]", "FAIL": "[ ]", "NOT PROVEN": "[ ]", "NOT MEASURED": "[ ]"}


def stage_markdown(result: StageResult) -> str:
    """The document of a stage."""
    badge, words = headline(result)
    lines = ["# Staging checklist", "", f"**{badge}** {_words(words)}", ""]
    lines += [f"- {name}: {_words(value)}" for name, value in facts(result)]
    lines += [f"- note: {_words(note)}" for note in result.notes]
    for group, title in GROUPS.items():
        lines += ["", f"## {title}", ""]
        lines += [_box(box) for box in result.boxes if box.group == group]
    if result.parts:
        lines += [
            "",
            "## What ran as what",
            "",
            "| part | in the compose files | here |",
            "| --- | --- | --- |",
        ]
        lines += [_row(each.part, each.container, each.here) for each in result.parts]
    lines += ["", "## Steps", "", "| step | status | seconds | what |", "| --- | --- | ---: | --- |"]
    for step in result.steps:
        seconds = "" if step.seconds is None else f"{step.seconds:.1f}"
        lines.append(_row(step.name, step.status, seconds, step.detail))
    return "\n".join(lines) + "\n"


def facts(result: StageResult) -> tuple[tuple[str, str], ...]:
    """What was tested where and when, for every report."""
    machine = result.machine
    memory = "unknown memory" if machine.memory_gb is None else f"{machine.memory_gb:g} GB"
    cores = "unknown cores" if machine.cores is None else f"{machine.cores} cores"
    where = (machine.cpu or "unknown processor", cores, memory, machine.os)
    return (
        ("target", result.target + (", attached to a stack that ran already" if result.attached else "")),
        ("engine", result.engine or "not seen"),
        ("model", result.model or "not seen"),
        ("provider", result.provider or "not seen"),
        ("machine", ", ".join(each for each in where if each)),
        ("casewright", f"{machine.casewright}, Python {machine.python}"),
        ("begun", f"{moment(result.started_at)}, ended {moment(result.finished_at)}"),
        ("took", duration(result.seconds)),
    )


def moment(text: str) -> str:
    """A time of day in UTC as a reader writes it; as it is where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if found.tzinfo else text


def duration(seconds: float) -> str:
    """Seconds as a reader says them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _box(box: BoxResult) -> str:
    origin = origin_words(box.origin)
    told = f"- {_TICKS[box.status]} **{_words(box.words)}**" + (f" ({origin})" if origin else "")
    if not box.asked:
        return f"{told}: not asked"
    evidence = f" ([{_words(box.evidence)}]({quote(box.evidence)}))" if box.evidence else ""
    return f"{told}: {box.status}. {_words(box.reason)}{evidence}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(_words(cell) for cell in cells) + " |"


def _words(text: str) -> str:
    """A text of any origin in one line, with nothing in it that Markdown or HTML reads as markup."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~&$@])", r"\\\1", line)
    # the beginning of a list would be read as one; a bare address would become a link
    escaped = re.sub(r"^([-+=])", r"\\\1", escaped)
    return escaped.replace("://", ":\u200b//").replace("www.", "www\u200b.")
