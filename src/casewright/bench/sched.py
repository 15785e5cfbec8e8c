"""Asks the kernel to let this process run soon after it wakes up, without asking for more of the CPU.

Under Linux's EEVDF scheduler (6.12 and later) a task may choose the length of its time slice
(sched_setattr(2), ``sched_runtime`` of a SCHED_OTHER task; Documentation/scheduler/sched-eevdf.rst). A task
with a short slice gets earlier deadlines: it is run sooner when it wakes, gets no larger share, and is
preempted more often. That is what sending on time, and reading when the bytes come, needs on a busy machine.
"""

from __future__ import annotations

import ctypes
import platform
import sys

_SYSCALLS = {"x86_64": (314, 315), "aarch64": (274, 275)}  # sched_setattr, sched_getattr
_SLICE_NS = 100_000  # the shortest that the kernel grants


class _SchedAttr(ctypes.Structure):
    """``struct sched_attr`` up to its first version's end."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("sched_policy", ctypes.c_uint32),
        ("sched_flags", ctypes.c_uint64),
        ("sched_nice", ctypes.c_int32),
        ("sched_priority", ctypes.c_uint32),
        ("sched_runtime", ctypes.c_uint64),
        ("sched_deadline", ctypes.c_uint64),
        ("sched_period", ctypes.c_uint64),
    )


def prefer_prompt_wakeups() -> bool:
    """Choose the shortest time slice for this thread; False where the system knows no such thing.

    Policy and nice value stay as they are. Older kernels accept the call and ignore it.
    """
    numbers = _SYSCALLS.get(platform.machine())
    if not sys.platform.startswith("linux") or numbers is None:
        return False
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    attributes = _SchedAttr()
    attributes.size = ctypes.sizeof(_SchedAttr)
    if syscall(numbers[1], 0, ctypes.byref(attributes), attributes.size, 0) != 0:
        return False
    attributes.sched_runtime = _SLICE_NS
    return int(syscall(numbers[0], 0, ctypes.byref(attributes), 0)) == 0
