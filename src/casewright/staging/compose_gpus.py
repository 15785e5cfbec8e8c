"""Which GPU each engine's container reserves, as docker holds it: the plan's places, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casewright.api.staging import Finding
from casewright.staging.compose import ComposeStack
from casewright.staging.context import Context
from casewright.staging.gpu import EXPECTED_GPU, NAMES
from casewright.staging.judge import finding

ALLOCATION = "startup.gpu"


async def reservations(context: Context) -> None:
    """Enter the reserved devices of the engines that the compose file has; elsewhere nothing is reserved."""
    stack = context.stack
    if not isinstance(stack, ComposeStack):
        return
    held, problem = await stack.gpu_requests()
    context.ledger.seen(ALLOCATION, reserved={name: list(ids) for name, ids in held.items()})
    kinds = [kind for kind in EXPECTED_GPU if kind in stack.compose.parts]
    context.ledger.add(ALLOCATION, [reserved(kind, held, problem) for kind in kinds])


def reserved(kind: str, held: Mapping[str, Sequence[str]], problem: str | None) -> Finding:
    """Whether an engine's container reserves the one GPU that the plan gives it."""
    what, expected = f"{NAMES[kind]}'s container reserves", f"GPU {EXPECTED_GPU[kind]}"
    ids = held.get(kind, ())
    if problem is not None:
        return finding(what, expected, problem, None)
    if not ids:
        return finding(what, expected, "no GPU", None, tried=False)
    seen = ", ".join(f"GPU {each}" if each.isdigit() else each for each in ids)
    if len(ids) == 1 and ids[0].startswith(("GPU-", "MIG-")):
        return finding(what, expected, f"{seen}, by its id and not by its number", None)
    return finding(what, expected, seen, list(ids) == [str(EXPECTED_GPU[kind])])
