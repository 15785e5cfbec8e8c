"""The scripted engine behaves as real engines must."""

from __future__ import annotations

import pytest

from casewright.engines.scripted import ScriptedEngine
from conformance.behaviour import EVERY_ENGINE, SERVERS_WITH_MODEL_NAMES, Behaviour

BEHAVIOURS = {**EVERY_ENGINE, **SERVERS_WITH_MODEL_NAMES}


@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS)
async def test_the_scripted_engine(behaviour: Behaviour) -> None:
    async with ScriptedEngine() as engine:
        await behaviour(engine)
