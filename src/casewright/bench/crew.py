"""The worker processes as the parent sees them: start, orders, words, and every way they can go silent."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from casewright.bench.clock import NS_PER_MS, now_ns
from casewright.bench.outcome import Finding, FindingKind, WorkerReport
from casewright.bench.worker import LENGTH, Job
from casewright.errors import CasewrightError, MeasurementError, UsageError, every_error

_READY_S = 60.0
_SILENT_S = 20.0
_EXIT_S = 10.0
_POLL_S = 0.05
_LEAD_NS = 150 * NS_PER_MS
_STORAGE_KINDS: dict[str, FindingKind] = {"disk_full": "disk_full", "storage": "storage"}
_BOOT = "from casewright.bench.worker import main; main()"


class Worker:
    """One worker process. ``progress`` is its last word; ``report`` its account; ``closed``: it said all."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.ready = False
        self.closed = False
        self.progress: dict[str, Any] = {}
        self.report: WorkerReport | None = None
        self.error: dict[str, str] | None = None
        self.heard = time.monotonic()
        self._buffer = b""
        self._errors = job.run_dir / f"session-{job.session:03d}-worker-{job.process:02d}.stderr"
        with self._errors.open("wb") as stderr:
            # A session of its own: Ctrl-C in the terminal goes to the parent alone, which then says stop.
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                bufsize=0,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        self.output = self._process.stdout
        os.set_blocking(self.output.fileno(), False)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def brief(self, pickled: bytes) -> None:
        """Hand over import path and job."""
        path = pickle.dumps(sys.path)
        self._write(LENGTH.pack(len(path)) + path + LENGTH.pack(len(pickled)) + pickled)

    def order(self, words: str) -> None:
        """Send one line."""
        self._write(words.encode() + b"\n")

    def listen(self) -> None:
        """Take in what the worker has written."""
        try:
            data = os.read(self.output.fileno(), 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self.closed = True
            return
        self.heard = time.monotonic()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            self.ready = self.ready or "ready" in said
            self.progress = said.get("progress", self.progress)
            self.error = said.get("error", self.error)
            if "report" in said:
                self.report = WorkerReport.from_json(said["report"])

    def end(self) -> int:
        """Wait for the process, kill it when it does not go; its exit status (negative: signal)."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            status = self._process.wait(_EXIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self.output.close()
        with contextlib.suppress(OSError):
            if not self._errors.stat().st_size:
                self._errors.unlink()
        return status

    def kill(self) -> None:
        """End it now; its spool stays readable up to its last flush."""
        self._process.kill()

    def last_words(self) -> str:
        """The end of its standard error."""
        try:
            return self._errors.read_text(encoding="utf-8", errors="replace").strip()[-400:]
        except OSError:
            return ""

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died: seen as the end of its output
            view = memoryview(data)
            while view:
                view = view[self._process.stdin.write(view) or 0 :]


class Crew:
    """All workers of one session; ``findings`` gathers what went wrong with them."""

    def __init__(self, jobs: list[Job]) -> None:
        self.findings: list[Finding] = []
        self.start_ns = 0
        self.workers: list[Worker] = []
        self._selector = selectors.DefaultSelector()
        self._stopped = False
        pickled = [_pickled(job) for job in jobs]
        try:
            for job in jobs:
                self.workers.append(Worker(job))
            for worker, words in zip(self.workers, pickled, strict=True):
                self._selector.register(worker.output, selectors.EVENT_READ, worker)
                worker.brief(words)
        except BaseException:
            self.close()
            raise

    def begin(self, stop: threading.Event) -> bool:
        """Wait until all are ready, then name the common start; False when stopped before that."""
        until = time.monotonic() + _READY_S
        while not all(worker.ready for worker in self.workers):
            self._poll()
            for worker in self.workers:
                if worker.closed and not worker.ready:
                    raise self._failed_start(worker)
            if stop.is_set():
                return False
            if time.monotonic() > until:
                raise MeasurementError(
                    f"a worker process was not ready after {_READY_S:g} s",
                    hint="the machine is overloaded, or the workload is slow to make its prompts",
                )
        self.start_ns = now_ns() + _LEAD_NS
        for worker in self.workers:
            worker.heard = time.monotonic()
            worker.order(f"start {self.start_ns}")
        return True

    def run(self, stop: threading.Event, changed: Callable[[], None]) -> None:
        """Until every worker has reported or is gone; ``changed`` is called after each round of news."""
        while not all(worker.closed for worker in self.workers):
            if stop.is_set():
                self.stop()
            if self._poll():
                changed()
            for worker in self.workers:
                if not worker.closed and time.monotonic() - worker.heard > _SILENT_S:
                    self._hung(worker)

    def stop(self) -> None:
        """Ask all to stop (once)."""
        if not self._stopped:
            self._stopped = True
            for worker in self.workers:
                worker.order("stop")

    def close(self) -> None:
        """Leave no process behind; a finding for each that ended without its report."""
        for worker in self.workers:
            if not worker.closed:
                worker.kill()
            status = worker.end()
            if self.start_ns and worker.report is None and not self._told(worker):
                self.findings.append(_obituary(worker, status))
        self._selector.close()

    def _poll(self) -> bool:
        news = self._selector.select(_POLL_S)
        for key, _ in news:
            worker: Worker = key.data
            worker.listen()
            if worker.closed:
                self._selector.unregister(worker.output)
        return bool(news)

    def _hung(self, worker: Worker) -> None:
        message = f"worker {worker.job.process} said nothing for {_SILENT_S:g} s and was killed"
        self.findings.append(Finding("worker_hung", worker.job.process, message))
        self._selector.unregister(worker.output)
        worker.kill()
        worker.closed = True

    def _told(self, worker: Worker) -> bool:
        return any(finding.process == worker.job.process for finding in self.findings)

    def _failed_start(self, worker: Worker) -> CasewrightError:
        """The worker's own error as the exception it was, or what little is known."""
        if worker.error is not None:
            cls = every_error().get(worker.error["kind"], CasewrightError)
            known = cls is not CasewrightError and cls.__init__ is CasewrightError.__init__
            return (cls if known else MeasurementError)(worker.error["message"], hint=worker.error["hint"])
        return MeasurementError(
            f"a worker process died before the start: {worker.last_words() or 'it left no word'}",
            hint="check memory and the Python installation",
        )


def _obituary(worker: Worker, status: int) -> Finding:
    if worker.error is not None:
        kind = _STORAGE_KINDS.get(worker.error["kind"], "worker_died")
        return Finding(kind, worker.job.process, worker.error["message"])
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    words = worker.last_words()
    return Finding(
        "worker_died",
        worker.job.process,
        f"worker {worker.job.process} {how}" + (f": {words}" if words else ""),
    )


def _pickled(job: Job) -> bytes:
    hint = "define its class at the top level of an importable module"
    if type(job.workload).__module__ == "__main__":
        raise UsageError("a workload of the main script cannot be handed to another process", hint=hint)
    try:
        return pickle.dumps(job)
    except (pickle.PicklingError, TypeError, AttributeError) as exc:
        raise UsageError(
            f"the workload cannot be handed to another process: {exc}",
            hint=hint,
        ) from exc
