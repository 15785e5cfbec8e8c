"""What nvidia-smi tells of the GPUs and of who holds them; one seam for everything it can answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]

from casewright.api.staging import CommandRun, Finding
from casewright.staging.judge import finding
from casewright.staging.samples import GpuSample
from casewright.staging.stack import run_command

LOOK_S = 10.0
_FORMAT = "--format=csv,noheader,nounits"
_DEVICES = ("nvidia-smi", "--query-gpu=index,uuid,name,utilization.gpu,memory.used,memory.total", _FORMAT)
_APPS = ("nvidia-smi", "--query-compute-apps=gpu_uuid,pid,process_name,used_memory", _FORMAT)
_LIST = ("nvidia-smi", "-L")
_GPU = re.compile(r"^GPU (\d+): .*\(UUID: (GPU-[^)]+)\)")
_MIG = re.compile(r"^\s+MIG .*\(UUID: (MIG-[^)]+)\)")
# A script like benchmark_vllm.py is no engine; "python -m vllm" and "VLLM::EngineCore" are.
ENGINES = {"ollama": re.compile(r"\bollama\b", re.I), "vllm": re.compile(r"\bvllm\b", re.I)}
NAMES = {"ollama": "Ollama", "vllm": "vLLM"}
EXPECTED_GPU = {"ollama": 0, "vllm": 1}
# The plan's figures; "about" 8 and 15 GB is read as a quarter more or less.
BUSY = {0: (50.0, 70.0), 1: (70.0, 90.0)}
MEMORY_GB = {"vllm": (6.0, 10.0), "ollama": (11.25, 18.75)}
CPU = (60.0, 80.0)
NO_TOOL = "no nvidia-smi on this machine, so no GPU is known; run the stage on the machine that has the GPUs"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds memory of a GPU. ``index`` None: nvidia-smi names a device that it does not list.

    ``used`` is in MiB; ``mig``: it holds a part of the GPU that nvidia-smi reports no utilisation of.
    """

    index: int | None
    pid: int
    name: str
    used: float | None
    mig: bool = False


@dataclass(frozen=True, slots=True)
class GpuLook:
    """The GPUs at one moment. ``problem`` says why there are none; ``absent``: there is nothing to ask."""

    devices: tuple[GpuSample, ...] = ()
    holders: tuple[Holder, ...] = ()
    problem: str | None = None
    absent: bool = False
    runs: tuple[CommandRun, ...] = ()


async def devices_now(environment: Mapping[str, str], timeout_s: float = LOOK_S) -> GpuLook:
    """Utilisation and memory of every GPU."""
    run = await run_command(_DEVICES, environment, timeout_s)
    if run.exit_code is None and (run.problem or "").startswith("cannot run"):
        return GpuLook(problem=NO_TOOL, absent=True, runs=(run,))
    if run.exit_code != 0:
        return GpuLook(problem=_refusal(run), runs=(run,))
    rows = [line for line in run.stdout.splitlines() if line.strip()]
    devices = [parse_device(line) for line in rows]
    found = tuple(each for each in devices if each is not None)
    if not rows:
        return GpuLook(problem="nvidia-smi lists no GPU", absent=True, runs=(run,))
    if len(found) != len(rows):
        return GpuLook(found, problem=f"nvidia-smi said what cannot be read: {rows[0][:120]}", runs=(run,))
    return GpuLook(found, runs=(run,))


async def gpus_now(environment: Mapping[str, str], timeout_s: float = LOOK_S) -> GpuLook:
    """The same, and the processes that hold memory of each."""
    look = await devices_now(environment, timeout_s)
    if look.problem is not None:
        return look
    apps = await run_command(_APPS, environment, timeout_s)
    runs = (*look.runs, apps)
    if apps.exit_code != 0:
        return GpuLook(look.devices, problem=_refusal(apps), runs=runs)
    places = {cells[1]: look.devices[n].index for n, cells in enumerate(_rows(look.runs[0].stdout))}
    rows = _rows(apps.stdout)
    if any(cells[0].startswith("MIG-") for cells in rows):
        listed = await run_command(_LIST, environment, timeout_s)
        runs = (*runs, listed)
        places |= mig_places(listed.stdout)
    holders = [parse_holder(cells, places) for cells in rows]
    if any(each is None for each in holders):
        seen = next(line for line in apps.stdout.splitlines() if line.strip())
        problem = f"nvidia-smi said what cannot be read: {seen[:120]}"
        return GpuLook(look.devices, problem=problem, runs=runs)
    return GpuLook(look.devices, tuple(each for each in holders if each is not None), runs=runs)


def parse_device(line: str) -> GpuSample | None:
    """One row of --query-gpu; None where it is none. What reads [N/A] is not told: None, never 0."""
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != 6 or not cells[0].isdigit() or not cells[1].startswith("GPU-"):
        return None
    busy, used, total = (_number(cell) for cell in cells[3:])
    return GpuSample(index=int(cells[0]), name=cells[2], busy=busy, used=used, total=total)


def parse_holder(cells: list[str], places: Mapping[str, int]) -> Holder | None:
    """One row of --query-compute-apps; a process's name may hold commas. None where it is none."""
    if len(cells) < 4 or not cells[1].isdigit() or not cells[0].startswith(("GPU-", "MIG-")):
        return None
    name = ", ".join(cells[2:-1])
    mig = cells[0].startswith("MIG-")
    return Holder(places.get(cells[0]), int(cells[1]), name, _number(cells[-1]), mig)


def mig_places(listed: str) -> dict[str, int]:
    """Which GPU each MIG device is a part of, as ``nvidia-smi -L`` lists them under each other."""
    places: dict[str, int] = {}
    index: int | None = None
    for line in listed.splitlines():
        if whole := _GPU.match(line):
            index = int(whole[1])
        elif (part := _MIG.match(line)) and index is not None:
            places[part[1]] = index
    return places


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip()]


def _number(cell: str) -> float | None:
    try:
        found = float(cell)
    except ValueError:
        return None
    return found if 0 <= found < 1e9 else None


def _refusal(run: CommandRun) -> str:
    words = " ".join((run.stdout + " " + run.stderr).split())[-200:]
    return f"nvidia-smi: {run.problem or f'exit {run.exit_code}: {words}'}"


def kind_of(words: str) -> str | None:
    """Which engine a process's command line belongs to; a script that has the name within a word is none."""
    return next((name for name, pattern in ENGINES.items() if pattern.search(words)), None)


def engine_of(holder: Holder) -> str | None:
    """The engine that a holder of GPU memory is, or is a child of."""
    words = [holder.name]
    try:
        process = psutil.Process(holder.pid)
        for each in filter(None, (process, process.parent())):
            words.append(" ".join(each.cmdline()))
    except psutil.Error:
        pass  # it is gone, or in another container: then its name is all there is
    return next((kind for text in words if (kind := kind_of(text)) is not None), None)


def memory_of_engines() -> dict[str, int]:
    """Resident bytes of each engine's processes on this machine; an engine that does not run is missing."""
    found: dict[str, int] = {}
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        kind = kind_of(" ".join(process.info["cmdline"] or ()))
        if kind is not None and process.info["memory_info"] is not None:
            found[kind] = found.get(kind, 0) + int(process.info["memory_info"].rss)
    return found


def not_seen(what: str, expected: str, look: GpuLook) -> Finding:
    """The finding of a look that failed: nothing there to look at, or an answer that decides nothing."""
    return finding(what, expected, look.problem or "nothing", None, tried=not look.absent)


def allocation(look: GpuLook) -> list[Finding]:
    """Each engine's processes on the GPU that the plan gives it."""
    if look.problem is not None:
        return [not_seen("processes and their GPUs", "Ollama on GPU 0, vLLM on GPU 1", look)]
    held: dict[str, set[int | None]] = {}
    for holder in look.holders:
        kind = engine_of(holder)
        if kind is not None:
            held.setdefault(kind, set()).add(holder.index)
    findings = []
    for kind, index in EXPECTED_GPU.items():
        what, expected = f"{NAMES[kind]} holds", f"GPU {index}"
        places = held.get(kind)
        if places is None:
            seen = f"no process of it holds a GPU ({len(look.devices)} GPUs, {len(look.holders)} processes)"
            findings.append(finding(what, expected, seen, None, tried=False))
        elif None in places:
            seen = "a device that nvidia-smi does not list (MIG without a place in nvidia-smi -L)"
            findings.append(finding(what, expected, seen, None))
        else:
            seen = ", ".join(
                f"GPU {place}" for place in sorted(place for place in places if place is not None)
            )
            findings.append(finding(what, expected, seen, places == {index}))
    return findings


def utilisation(index: int, looks: Sequence[GpuLook], when: str) -> Finding:
    """The mean utilisation of one GPU over several looks, against the plan's range."""
    low, high = BUSY[index]
    what, expected = f"GPU {index} with {when}", f"{low:g} to {high:g} %"
    failed = next((look for look in looks if look.problem is not None), None)
    if failed is not None or not looks:
        return not_seen(what, expected, failed or GpuLook(problem="nobody looked"))
    told = [gpu.busy for look in looks for gpu in look.devices if gpu.index == index]
    if not told:
        return finding(what, expected, f"no GPU {index} on this machine", None, tried=False)
    known = [busy for busy in told if busy is not None]
    if len(known) < len(told):
        return finding(what, expected, "nvidia-smi tells no utilisation ([N/A], as under MIG)", None)
    mean = sum(known) / len(known)
    seen = f"{mean:.0f} % (of {len(known)} looks {min(known):.0f} to {max(known):.0f})"
    return finding(what, expected, seen, low <= mean <= high)


def within(what: str, unit: str, bounds: tuple[float, float], seen: float | None) -> Finding:
    """A figure against the plan's range; None: there was nothing to measure."""
    low, high = bounds
    expected = f"{low:g} to {high:g} {unit}"
    if seen is None:
        return finding(what, expected, "it does not run here", None, tried=False)
    return finding(what, expected, f"{seen:.1f} {unit}", low <= seen <= high)
