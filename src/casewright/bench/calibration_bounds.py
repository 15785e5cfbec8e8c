"""What a calibration must show, and when it cannot show it; pure."""

from __future__ import annotations

from collections.abc import Sequence

from casewright.api.calibration import Bound, BoundStatus, ClientFacts, SimulatorFacts

ERROR_P50_MS = 1.0
ERROR_P99_MS = 3.0
ON_TIME_SHARE = 0.99
DISPERSION = (0.9, 1.1)
CONSTANT_GAP_CV = 0.5
POSSIBLE_SHARE = 0.98
BYTES_PER_REQUEST = 2048.0
MEMORY_REQUESTS = 10_000
"""Fewer requests than this say nothing about growth: buffers and caches fill once, whatever the number."""
LATENESS_P99_MS = 1.0
CPU_LIMIT = 0.95
OTHERS_CPU = 0.25


def overall(statuses: Sequence[BoundStatus]) -> BoundStatus:
    """FAIL if any failed, else NOT MEASURABLE if any was, else PASS."""
    if "FAIL" in statuses:
        return "FAIL"
    return "NOT MEASURABLE" if "NOT MEASURABLE" in statuses or not statuses else "PASS"


def simulator_limit(simulator: SimulatorFacts, client_cpu: float | None) -> str | None:
    """Why the simulator, and not the client, may have been the limit; None when it had room."""
    late = simulator.lateness_ms.p99
    if late is not None and late > LATENESS_P99_MS:
        return f"the simulator wrote {late:.1f} ms late at p99 (bound {LATENESS_P99_MS:g} ms)"
    share = simulator.cpu_share
    if share is not None and share >= CPU_LIMIT and (client_cpu is None or client_cpu < share):
        return f"the simulator used {share:.0%} of a core"
    return None


def bounds_of(
    client: ClientFacts,
    simulator: SimulatorFacts,
    errors: tuple[float | None, float | None],
    *,
    ceiling: bool,
    others_cpu: float | None,
) -> tuple[Bound, ...]:
    """Every bound that applies to a case.

    ``errors`` are the client's error at p50 and p99 (ms). At the ceiling, latency is the queue at the
    slower side and not an error, so only counts and memory are judged. Times and throughput are NOT
    MEASURABLE whenever the simulator was at its limit; what the client sends is its own doing, and only a
    bound it missed is excused by that. A busy machine excuses missed bounds of time likewise, never counts
    or memory.
    """
    limit = simulator.limit
    missed = limit or _busy(others_cpu)
    answered, true = client.requests - client.failed, simulator.completed
    found = [
        _bound("requests answered", answered, true, true, "requests"),
        _bound("failures", client.failed, 0, 0, "requests"),
    ]
    if not ceiling:
        for name, error, most in zip(
            ("ttft p50 error", "ttft p99 error"), errors, (ERROR_P50_MS, ERROR_P99_MS), strict=True
        ):
            found.append(_missed(_excused(_bound(name, error, -most, most, "ms"), limit), missed))
    if client.possible_per_s is not None:
        least = POSSIBLE_SHARE * client.possible_per_s
        speed = _bound("throughput", client.requests_per_s, least, None, "req/s")
        found.append(_missed(_excused(speed, limit), missed))
    if client.requested_per_s is not None:
        found.append(
            _missed(_bound("sent on time", client.share_on_time, ON_TIME_SHARE, None, "share"), missed)
        )
        if client.dispersion is not None:
            found.append(_missed(_bound("dispersion", client.dispersion, *DISPERSION, "index"), missed))
        else:
            found.append(_missed(_bound("gap variation", client.gap_cv, None, CONSTANT_GAP_CV, "cv"), missed))
    if client.requests >= MEMORY_REQUESTS:
        found.append(
            _bound("memory growth", client.bytes_per_request, None, BYTES_PER_REQUEST, "bytes/request")
        )
    return tuple(found)


def _bound(name: str, observed: float | None, low: float | None, high: float | None, unit: str) -> Bound:
    if observed is None:
        status: BoundStatus = "NOT MEASURABLE"
        return Bound(
            name=name, status=status, observed=None, low=low, high=high, unit=unit, reason="too few requests"
        )
    inside = (low is None or observed >= low) and (high is None or observed <= high)
    return Bound(
        name=name, status="PASS" if inside else "FAIL", observed=observed, low=low, high=high, unit=unit
    )


def _excused(bound: Bound, limit: str | None) -> Bound:
    """Not measurable whenever the simulator was at its limit."""
    if limit is None:
        return bound
    return bound.model_copy(update={"status": "NOT MEASURABLE", "reason": limit})


def _missed(bound: Bound, limit: str | None) -> Bound:
    """Not measurable when missed while the simulator or the machine was at its limit."""
    return _excused(bound, limit) if bound.status == "FAIL" else bound


def _busy(others_cpu: float | None) -> str | None:
    if others_cpu is None or others_cpu <= OTHERS_CPU:
        return None
    return f"other processes used {others_cpu:.1f} cores meanwhile: calibrate on the idle machine"
