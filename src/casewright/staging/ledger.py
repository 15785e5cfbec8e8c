"""What was seen, by box, and what follows from it: only a box whose every check held may pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from casewright.api.bench import Record, Status
from casewright.api.staging import BoxResult, CommandRun, Counts, EvidenceFile, Exchange, Finding
from casewright.files import replace_file
from casewright.staging.checklist import BOXES, Box
from casewright.staging.config import StageConfig

SHOWN = 3


def _unheard(_box: str, _finding: Finding) -> None:
    """Nobody writes it down at once."""


class Entry(Record):
    """All that was entered for one box: what its evidence file shows, and the words beside it."""

    findings: tuple[Finding, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    commands: tuple[CommandRun, ...] = ()
    seen: dict[str, Any] = Field(default_factory=dict)
    said: tuple[str, ...] = ()
    unfinished: str | None = None


class Ledger:
    """Collects findings and evidence for the boxes of one stage; ``heard`` is told of every check that did
    not hold, at once.
    """

    def __init__(self) -> None:
        self.heard: Callable[[str, Finding], None] = _unheard
        self._findings: dict[str, list[Finding]] = {box.id: [] for box in BOXES}
        self._exchanges: dict[str, list[Exchange]] = {box.id: [] for box in BOXES}
        self._commands: dict[str, list[CommandRun]] = {box.id: [] for box in BOXES}
        self._seen: dict[str, dict[str, Any]] = {box.id: {} for box in BOXES}
        self._open: dict[str, str] = {}
        self._said: dict[str, list[str]] = {box.id: [] for box in BOXES}

    def add(self, box: str, findings: Iterable[Finding]) -> None:
        """Enter findings."""
        entered = list(findings)
        self._findings[box].extend(entered)
        for each in entered:
            if each.ok is False:
                self.heard(box, each)

    def exchange(self, box: str, *exchanges: Exchange) -> None:
        """Enter HTTP exchanges as evidence."""
        self._exchanges[box].extend(exchanges)

    def command(self, box: str, *commands: CommandRun) -> None:
        """Enter commands as evidence."""
        self._commands[box].extend(commands)

    def seen(self, box: str, **values: Any) -> None:
        """Enter other things that were seen; values are JSON."""
        self._seen[box].update(values)

    def say(self, box: str, words: str) -> None:
        """Enter words for the box's reason when it passes: its figures, or what stood in for what."""
        self._said[box].append(words)

    def unfinished(self, boxes: Iterable[str], why: str) -> None:
        """Say that a step for these boxes was not carried through: they cannot pass any more."""
        for box in boxes:
            self._open.setdefault(box, why)

    def judge(self, config: StageConfig) -> tuple[BoxResult, ...]:
        """Every box in the checklist's order."""
        return tuple(self._judge(box, config.asks(box.group)) for box in BOXES)

    def write(self, folder: Path) -> None:
        """Write the evidence file of every box that has any.

        Raises:
            StorageError: the folder refuses.
        """
        for box in BOXES:
            if self._has_evidence(box.id):
                text = self._file(box).model_dump_json(by_alias=True, indent=2) + "\n"
                replace_file(folder / box.evidence, text.encode("utf-8", "replace"))

    def failed(self, boxes: Iterable[str]) -> int:
        """How many checks of these boxes did not hold so far."""
        return sum(finding.ok is False for box in boxes for finding in self._findings[box])

    def entries(self) -> dict[str, Entry]:
        """Everything that was entered, by box, to be kept on disk; boxes without anything are left out."""
        found = {box.id: self._entry(box.id) for box in BOXES}
        return {box: entry for box, entry in found.items() if entry != Entry()}

    def restore(self, entries: Mapping[str, Entry]) -> None:
        """Enter what was kept of an earlier run; boxes that are no more are left out."""
        for box, entry in entries.items():
            if box in self._findings:
                self._findings[box].extend(entry.findings)
                self._exchanges[box].extend(entry.exchanges)
                self._commands[box].extend(entry.commands)
                self._seen[box].update(entry.seen)
                self._said[box].extend(entry.said)
                if entry.unfinished is not None:
                    self._open[box] = entry.unfinished

    def forget(self, boxes: Iterable[str]) -> None:
        """Leave out what was entered for these boxes: their step is taken again."""
        for box in boxes:
            for part in (self._findings, self._exchanges, self._commands, self._seen, self._said):
                part[box].clear()
            self._open.pop(box, None)

    def _entry(self, box: str) -> Entry:
        return Entry(
            findings=tuple(self._findings[box]),
            exchanges=tuple(self._exchanges[box]),
            commands=tuple(self._commands[box]),
            seen=self._seen[box],
            said=tuple(self._said[box]),
            unfinished=self._open.get(box),
        )

    def _judge(self, box: Box, asked: bool) -> BoxResult:
        status, reason = self._verdict(box, asked)
        findings = self._findings[box.id]
        return BoxResult(
            id=box.id,
            group=box.group,
            words=box.words,
            origin=box.origin,
            observable=box.observable,
            threshold=box.threshold,
            asked=asked,
            status=status,
            reason=reason,
            evidence=box.evidence if self._has_evidence(box.id) else None,
            checks=len(findings),
            failed=sum(finding.ok is False for finding in findings),
        )

    def _verdict(self, box: Box, asked: bool) -> tuple[Status, str]:
        if not asked:
            return "NOT MEASURED", "not asked for in this run (--only)"
        if box.not_built is not None:
            return "NOT MEASURED", box.not_built
        findings, why = self._findings[box.id], self._open.get(box.id)
        failed = [found for found in findings if found.ok is False]
        open_ones = [found for found in findings if found.ok is None]
        if failed:
            return "FAIL", _told(failed, len(findings))
        if why is not None:
            return ("NOT PROVEN" if findings else "NOT MEASURED"), why
        if not findings:
            return "NOT MEASURED", "nothing was looked at"
        if open_ones:
            tried = any(found.not_proven for found in open_ones)
            return ("NOT PROVEN" if tried else "NOT MEASURED"), _told(open_ones, len(findings))
        return "PASS", "; ".join([_passed(findings), *self._said[box.id]])

    def _has_evidence(self, box: str) -> bool:
        return bool(self._findings[box] or self._exchanges[box] or self._commands[box] or self._seen[box])

    def _file(self, box: Box) -> EvidenceFile:
        return EvidenceFile(
            box=box.id,
            words=box.words,
            threshold=box.threshold,
            findings=tuple(self._findings[box.id]),
            exchanges=tuple(self._exchanges[box.id]),
            commands=tuple(self._commands[box.id]),
            seen=self._seen[box.id],
        )


def _told(findings: list[Finding], total: int) -> str:
    said = "; ".join(f"{found.what}: {found.seen} (expected {found.expected})" for found in findings[:SHOWN])
    more = f"; and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    return f"{len(findings)} of {total} checks: {said}{more}" if total > 1 else said


def _passed(findings: list[Finding]) -> str:
    if len(findings) == 1:
        return f"{findings[0].what}: {findings[0].seen}"
    return f"{len(findings)} checks held"


def counts(boxes: Iterable[BoxResult]) -> Counts:
    """How the boxes ended."""
    found = list(boxes)
    asked = [box.status for box in found if box.asked]
    return Counts(
        passed=asked.count("PASS"),
        failed=asked.count("FAIL"),
        not_proven=asked.count("NOT PROVEN"),
        not_measured=asked.count("NOT MEASURED"),
        not_asked=len(found) - len(asked),
    )
