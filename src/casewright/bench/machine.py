"""Where a measurement was made."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from casewright import __version__
from casewright.api.bench import Machine


def describe_machine() -> Machine:
    """CPU, cores this process may use, memory, system and versions; None where the system does not say."""
    return Machine(
        hostname=platform.node() or None,
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        memory_gb=_memory_gb(),
        os=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        casewright=__version__,
    )


def _cpu_name() -> str | None:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
        if found:
            return found.group(1)
    return platform.processor() or None


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError):
        return None  # the system has no such figure; the field says so
