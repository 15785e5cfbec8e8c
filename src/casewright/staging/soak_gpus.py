"""What a soak saw of the GPUs: whether each stayed, how its memory went, how busy it was."""

from __future__ import annotations

from collections.abc import Sequence

from casewright.api.staging import Finding
from casewright.staging.judge import finding
from casewright.staging.samples import Recording, Sample

MIB = 2**20
# nvidia-smi may miss a look while the machine is busy; with more missed, nobody knows of the GPUs.
MISSED_SHARE = 0.1


def indices(recording: Recording) -> list[int]:
    """Every GPU that was ever seen."""
    return sorted({gpu.index for sample in recording.samples for gpu in sample.gpus})


def memory_of(samples: Sequence[Sample], index: int) -> tuple[list[float], list[float]]:
    """Times and used bytes of one GPU, where nvidia-smi told them."""
    found = [(s.t, gpu.used) for s in samples for gpu in s.gpus if gpu.index == index]
    kept = [(t, used * MIB) for t, used in found if used is not None]
    return [t for t, _ in kept], [used for _, used in kept]


def stayed(recording: Recording) -> list[Finding]:
    """Whether each GPU is in every list that nvidia-smi gave; nothing where it never gave one."""
    looks = [sample for sample in recording.samples if sample.gpus]
    missed = len(recording.samples) - len(looks)
    findings = []
    for index in indices(recording):
        gone = [s for s in looks if all(gpu.index != index for gpu in s.gpus)]
        seen = f"in {len(looks) - len(gone)} of {len(looks)} lists"
        if gone:
            seen += f", not after {gone[0].t:.0f} s"
        if missed:
            seen += f"; no list in {missed} of {len(recording.samples)} looks"
        known = missed <= MISSED_SHARE * len(recording.samples) and bool(recording.samples[-1].gpus)
        ok = False if gone else True if known else None
        findings.append(finding(f"GPU {index}", "in every list of nvidia-smi", seen, ok))
    return findings


def ranges(recording: Recording) -> list[dict[str, object]]:
    """How busy each GPU was and its used memory, from the least to the most; None: not told."""
    rows: list[dict[str, object]] = []
    for index in indices(recording):
        seen = [gpu for sample in recording.samples for gpu in sample.gpus if gpu.index == index]
        busy = [gpu.busy for gpu in seen if gpu.busy is not None]
        used = [gpu.used for gpu in seen if gpu.used is not None]
        rows.append(
            {
                "index": index,
                "busy_percent": [min(busy), max(busy)] if busy else None,
                "used_mib": [min(used), max(used)] if used else None,
            }
        )
    return rows
