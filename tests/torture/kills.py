"""kill -9 of a real service at random moments while a client sends; ends with 1 where anything is wrong.

``python -m torture.kills [KILLS [SEED]]``: after each kill the service is started again, and then no
acknowledged document may be lost, none half visible, none that was erased back; the doctor finds nothing.
Most kills are with the static embedder, a fifth with the other one, each in a data directory of its own.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from torture.load import Load
from torture.look import Faults, Looking
from torture.papers import Papers
from torture.process import victim
from torture.victim import PHASES

# Every other kill falls anywhere.
AIMS = tuple(phase for phase in PHASES if phase != "idle")


@dataclass
class Told:
    """What came of so many kills."""

    kills: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    erased: int = 0
    seconds: float = 0.0
    faults: Faults = field(default_factory=Faults)

    def lines(self) -> Iterator[str]:
        """For whoever reads it."""
        told = ", ".join(f"{phase} {self.phases[phase]}" for phase in PHASES if self.phases[phase])
        yield f"in the midst of (often of several at once): {told}"
        yield from self.faults.all
        yield (
            f"{self.kills} kills, {self.acknowledged} acknowledged contents, {self.erased} erased documents: "
            f"{len(self.faults.lost)} lost, {len(self.faults.half)} half visible, "
            f"{len(self.faults.back)} back, {len(self.faults.doctor)} findings of the doctor, "
            f"{len(self.faults.other)} other faults; "
            f"{self.seconds:.0f} s"
        )


class Torture:
    """One data directory, and the client that knows what must be in it."""

    def __init__(self, data: Path, embedder: str, seed: int) -> None:
        self.told = Told()
        self._data = data
        self._embedder = embedder
        self._chance = random.Random(seed)
        self._papers = Papers(seed)
        self._looking = Looking(self._papers, seed)
        self.told.faults = self._looking.faults
        self._look_due = False

    def run(self, kills: int, *, loud: bool = False) -> Told:
        """So many kills, and a last look."""
        began = time.monotonic()
        aims = [AIMS[number // 2 % len(AIMS)] if number % 2 else "any" for number in range(kills)]
        self._chance.shuffle(aims)
        for number, aim in enumerate(aims):
            phases = self._life(aim)
            self.told.kills += 1
            self.told.phases.update(phases)
            if loud:
                said = f"{self._embedder} {number + 1}/{kills}: aimed at {aim}, killed in {' '.join(phases)}"
                say(f"{said} ({time.monotonic() - began:.0f} s)")
        with self._process("none") as (process, url):
            self._looking.look(url, self._data, whole=True)
            self._looking.erased(url)
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        self._looking.traces(self._data)
        self.told.acknowledged = sum(paper.acknowledged + 1 for paper in self._papers.all)
        self.told.erased = sum(paper.gone for paper in self._papers.all)
        self.told.seconds = time.monotonic() - began
        return self.told

    def _process(self, aim: str) -> contextlib.AbstractContextManager[tuple[subprocess.Popen[str], str]]:
        seed = self._chance.randrange(10**6)
        return victim(self._data, self._embedder, aim, seed, self._looking.faults.other)

    def _life(self, aim: str) -> list[str]:
        """One service from its start to its end; the phases that it was in then."""
        with self._process(aim) as (process, url):
            assert process.stdin is not None and process.stdout is not None
            if aim == "recovering" and url.startswith("killed"):
                return url.split()[1:]
            # sometimes what was interrupted is interrupted again: then both are looked at together
            if self._look_due or self._chance.random() < 0.7:
                self._looking.look(url, self._data)
            self._look_due = not self._look_due
            load = Load(url, self._papers, aim, self._chance.randrange(10**6))
            load.start()
            process.stdin.write("go\n")
            process.stdin.flush()
            said = process.stdout.readline().split()
            load.wait()
            self._looking.faults.other += load.wrong
            if said[:1] != ["killed"]:
                self._looking.faults.other.append(f"it ended by itself: {said}")
            return said[1:] or ["idle"]


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(kills: int = 100, seed: int = 1) -> int:
    """Most of them in one data directory, the others in another."""
    exact = kills // 5
    total = Told()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        for embedder, count in (("wordllama", kills - exact), ("minilm", exact)):
            if not count:
                continue
            data = Path(folder) / embedder
            data.mkdir()
            told = Torture(data, embedder, seed).run(count, loud=True)
            total.kills += told.kills
            total.phases += told.phases
            total.acknowledged += told.acknowledged
            total.erased += told.erased
            total.seconds += told.seconds
            for name in vars(total.faults):
                getattr(total.faults, name).extend(getattr(told.faults, name))
            if told.faults.all:
                sys.stderr.write((Path(folder) / f"{embedder}.log").read_text()[-4000:])
    for line in total.lines():
        say(line)
    return 1 if total.faults.all else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
