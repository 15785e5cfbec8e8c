"""Files of JSON Lines whose rows are of one schema: what the evaluations are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from casewright.errors import UsageError

Row = TypeVar("Row", bound=BaseModel)


def read_json_lines(path: Path, row: type[Row], what: str, form: str) -> tuple[Row, ...]:
    """The rows of a file; what else a line has is not looked at, and an ``id`` may be a number.

    ``what`` names a row and ``form`` shows one, for messages.

    Raises:
        UsageError: the file cannot be read, holds no row, or a line is not one; the line is named.
    """
    try:
        # a string of JSON may hold other marks that end a line, so only this one does
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}", hint="name a file of JSON Lines in UTF-8") from error
    hint = f"a line is {form}"
    found = [
        _row(line, row, f"{path}:{number}", hint) for number, line in enumerate(lines, 1) if line.strip()
    ]
    if not found:
        raise UsageError(f"{path} holds no {what}", hint=hint)
    return tuple(found)


def _row(line: str, row: type[Row], where: str, hint: str) -> Row:
    try:
        given = json.loads(line)
        if not isinstance(given, dict):
            raise UsageError(f"{where}: not an object", hint=hint)
        known = {name: value for name, value in given.items() if name in row.model_fields}
        known["id"] = None if known.get("id") is None else str(known["id"])
        return row.model_validate(known)
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}: not JSON ({error.msg})", hint=hint) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        said = f"{field}: {first['msg']}" if field else first["msg"]
        raise UsageError(f"{where}: {said}", hint=hint) from error
