"""What the parts of the client share: an id in a path, and events read by their contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from casewright.engines.wire.framing import EventFramer, TooLong
from casewright.errors import ServiceFailure

Event = TypeVar("Event", bound=BaseModel)


def part(text: str) -> str:
    """An id as one part of a path, whatever is in it."""
    return quote(text, safe="") or "-"


async def event_data(pieces: AsyncGenerator[bytes], what: str, most: int) -> AsyncGenerator[bytes]:
    """The data of each event of a stream, which is closed when the caller is done; ``what`` names it.

    Raises:
        ServiceFailure: an event is longer than ``most`` bytes.
    """
    framer = EventFramer(most)
    async with aclosing(pieces):
        async for piece in pieces:
            try:
                found = framer.feed(piece)
            except TooLong as error:
                raise ServiceFailure(
                    f"an event of {what} is longer than {most} bytes", hint="run all services in one version"
                ) from error
            for payload in found:
                yield payload.data


def event_of(contract: type[Event], data: bytes, service: str) -> Event:
    """An event as its contract has it.

    Raises:
        ServiceFailure: it does not follow it.
    """
    try:
        return contract.model_validate_json(data)
    except ValidationError as error:
        raise ServiceFailure(
            f"an event of the {service} service does not follow the contract",
            hint="run all services in one version",
        ) from error
