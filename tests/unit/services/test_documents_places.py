"""Who reads next: neither callers nor jobs starve the other, and nobody who left holds a place."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from casewright.errors import ServiceBusy
from casewright.services.documents.places import Places


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_jobs_leave_a_place_to_callers() -> None:
    places = Places(2, queue=8, queue_s=5)
    await places.take_job()
    second = asyncio.ensure_future(places.take_job())
    await settle()
    assert not second.done()
    async with places.caller():
        assert (places.callers, places.jobs) == (1, 1)
    places.job_done()
    await second
    assert (places.callers, places.jobs) == (0, 1)


async def test_a_flood_of_callers_does_not_keep_jobs_out() -> None:
    places = Places(2, queue=100, queue_s=5)
    order: list[str] = []
    async with AsyncExitStack() as held:
        await held.enter_async_context(places.caller())
        await held.enter_async_context(places.caller())

        async def caller(number: int) -> None:
            async with places.caller():
                order.append(f"caller {number}")

        async def job() -> None:
            await places.take_job()
            order.append("job")
            places.job_done()

        waiting = [asyncio.ensure_future(caller(number)) for number in range(6)]
        await settle()
        waiting += [asyncio.ensure_future(job())]
        await settle()
    await asyncio.gather(*waiting)
    assert order.index("job") <= 1
    assert (places.callers, places.jobs, places.waiting) == (0, 0, 0)


async def test_a_flood_of_jobs_does_not_keep_callers_out_of_a_single_place() -> None:
    places = Places(1, queue=8, queue_s=5)
    order: list[str] = []

    async def job(number: int) -> None:
        await places.take_job()
        order.append(f"job {number}")
        await asyncio.sleep(0)
        places.job_done()

    async def caller(number: int) -> None:
        async with places.caller():
            order.append(f"caller {number}")
            await asyncio.sleep(0)

    await asyncio.gather(*(job(number) for number in range(20)), *(caller(number) for number in range(3)))
    assert order.index("caller 2") <= 6, order


async def test_who_leaves_while_waiting_takes_no_place() -> None:
    places = Places(1, queue=8, queue_s=5)
    async with places.caller():
        leaving = [asyncio.ensure_future(places.take_job()), asyncio.ensure_future(_hold(places))]
        await settle()
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
    async with places.caller():
        assert (places.callers, places.jobs, places.waiting) == (1, 0, 0)


async def test_who_leaves_as_a_place_comes_gives_it_back() -> None:
    places = Places(1, queue=8, queue_s=5)
    await places.take_job()
    leaving = asyncio.ensure_future(_hold(places))
    await settle()
    places.job_done()  # the place is granted to a task that is cancelled before it runs
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert (places.callers, places.jobs) == (0, 0)


async def test_who_looks_takes_none_of_the_places_of_those_who_send() -> None:
    places = Places(1, queue=1, queue_s=5)
    await places.take_job()

    async def look() -> None:
        async with places.image():
            pass

    looking = [asyncio.ensure_future(look()) for _ in range(3)]
    await settle()
    assert places.waiting == 0
    places.check()
    sending = asyncio.ensure_future(_hold(places))
    await settle()
    assert places.waiting == 1
    places.job_done()
    await asyncio.gather(sending, *looking)
    assert (places.callers, places.jobs, places.waiting) == (0, 0, 0)


async def test_the_queue_is_bounded_in_length_and_time() -> None:
    places = Places(1, queue=1, queue_s=0.05)
    await places.take_job()
    waiting = asyncio.ensure_future(_hold(places))
    await settle()
    with pytest.raises(ServiceBusy) as full:
        places.check()
    assert full.value.retry_after_s >= 1
    assert "POST /jobs" in full.value.hint
    with pytest.raises(ServiceBusy, match="no worker came free"):
        await waiting


async def _hold(places: Places) -> None:
    async with places.caller():
        pass
