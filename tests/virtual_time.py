"""An event loop whose time passes at once, and which tells when everybody waits for nobody."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: the time of the next timer is now. Without a timer, nobody would ever wake."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        assert events or timeout is not None, "a wake-up was lost: everybody waits and nothing will happen"
        self.now_s += timeout or 0.0
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes at once."""

    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.now_s

    def turn(self) -> None:
        """Exactly one iteration: what is ready now, and nothing that becomes ready by it."""
        self.call_soon(self.stop)
        self.run_forever()


def run(main: Callable[[VirtualLoop], Awaitable[None]]) -> None:
    """Run to the end in virtual time."""
    loop = VirtualLoop()

    async def body() -> None:
        await main(loop)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(body())
