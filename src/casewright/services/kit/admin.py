"""The one route that changes a running service: which provider is asked for. It always wants a key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from casewright.api.contract import Contract
from casewright.services.kit.guard import Guard
from casewright.services.provider import Choice, ProviderFile
from casewright.settings import Asked


class ProviderBody(Contract):
    """The provider to ask for from now on; None gives the word back to the environment."""

    provider: Asked | None


def admin_routes(
    guard: Guard, file: ProviderFile, from_environment: Asked | None, responses: dict[int | str, Any]
) -> APIRouter:
    """``PUT /admin/provider``: for the data directory's whole stack, as ``casewright provider set`` does."""
    router = APIRouter(tags=["admin"])

    @router.put("/admin/provider", response_model=Choice, responses=responses)
    async def choose(body: ProviderBody, request: Request) -> Choice:
        """Ask for another provider; requests under way finish where they began. Wants scope admin."""
        guard.check_admin(request.headers)
        if body.provider is None:
            file.clear()
        else:
            file.write(body.provider)
        return file.choose(from_environment)

    return router
