"""Bounded admission."""

from __future__ import annotations

import asyncio

import pytest

from casewright.errors import ServiceBusy
from casewright.services.kit.gate import Gate


async def hold(gate: Gate, until: asyncio.Event) -> None:
    async with gate.admitted():
        await until.wait()


async def turns(gate: Gate, inside: int, waiting: int) -> None:
    async with asyncio.timeout(5):
        while (gate.inside, gate.waiting) != (inside, waiting):  # noqa: ASYNC110 - other tasks' turns
            await asyncio.sleep(0)


async def test_a_full_queue_is_said_at_once_with_a_time_to_come_back() -> None:
    gate, until = Gate(2, 1, 30.0), asyncio.Event()
    tasks = [asyncio.ensure_future(hold(gate, until)) for _ in range(3)]
    await turns(gate, 2, 1)
    with pytest.raises(ServiceBusy, match="2 requests are served and 1 wait") as caught:
        async with gate.admitted():
            pass
    assert 1 <= caught.value.retry_after_s <= 30
    until.set()
    await asyncio.gather(*tasks)
    assert (gate.inside, gate.waiting) == (0, 0)


async def test_nobody_waits_for_ever() -> None:
    gate, until = Gate(1, 5, 0.02), asyncio.Event()
    first = asyncio.ensure_future(hold(gate, until))
    await turns(gate, 1, 0)
    with pytest.raises(ServiceBusy, match="no place came free"):
        async with gate.admitted():
            pass
    until.set()
    await first
    async with gate.admitted():
        assert gate.inside == 1


async def test_who_leaves_while_waiting_frees_the_place_in_the_queue() -> None:
    gate, until = Gate(1, 1, 30.0), asyncio.Event()
    first = asyncio.ensure_future(hold(gate, until))
    await turns(gate, 1, 0)
    second = asyncio.ensure_future(hold(gate, until))
    await turns(gate, 1, 1)
    second.cancel()
    await turns(gate, 1, 0)
    third = asyncio.ensure_future(hold(gate, until))
    until.set()
    await asyncio.gather(first, third)
    assert (gate.inside, gate.waiting) == (0, 0)
