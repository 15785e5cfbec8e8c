"""How requests are taken: parameters that there are not are refused, and files lie in the spool meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from casewright.errors import UnprocessableRequest
from casewright.services.documents.upload import FIELDS, shown_name
from casewright.services.kit.uploads import read_form

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """A route whose query has no parameters but its own: one that is misspelt is no silence."""

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        answer = super().get_route_handler()
        known = {field.alias for field in self.dependant.query_params}

        async def handle(request: Request) -> Response:
            unknown = sorted(set(request.query_params) - known)
            if unknown:
                hint = f"there are {', '.join(sorted(known))}" if known else "this route takes none"
                raise UnprocessableRequest(
                    f"{shown_name(unknown[0])[:60]}: there is no such parameter", hint=hint
                )
            return await answer(request)

        return handle


class FormRoute(Route):
    """A route that takes a form with one file."""

    def get_route_handler(self) -> Handler:
        """What answers a request."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            form = await read_form(request, request.app.state.spool)
            try:
                look_at(form)
            except UnprocessableRequest:
                await form.close()
                raise
            return await answer(request)

        return handle


def look_at(form: FormData) -> None:
    """Refuse a form that says something which would not be heard.

    Raises:
        UnprocessableRequest: no file, words in its place, fields that there are not, or one twice.
    """
    given = form.multi_items()
    unknown = sorted({name for name, _ in given} - set(FIELDS))
    if "file" not in form:
        raise UnprocessableRequest("file: it is missing", hint="send the file as the form's field file")
    if unknown:
        raise UnprocessableRequest(
            f"{shown_name(unknown[0])[:60]}: there is no such field",
            hint=f"the fields are {', '.join(FIELDS)}",
        )
    for name in FIELDS:
        found = form.getlist(name)
        if len(found) > 1:
            what = "more than one was sent" if name == "file" else "it was sent twice"
            hint = "send one file a request" if name == "file" else "send it once"
            raise UnprocessableRequest(f"{name}: {what}", hint=hint)
        if any(isinstance(value, UploadFile) != (name == "file") for value in found):
            if name == "file":
                hint = "send a file with a name: curl -F file=@NAME, not file=NAME"
                raise UnprocessableRequest("file: words were sent in the place of a file", hint=hint)
            raise UnprocessableRequest(f"{name}: a file was sent in its place", hint="send words")
