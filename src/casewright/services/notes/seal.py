"""The seal of a letter: that it was made and checked here, and that nobody changed it since.

HMAC-SHA256 over the letter as JSON in the order of its model's fields, with a key derived from the data
directory's own secret. What only says how the answer came about (timings, tokens, the request's id) is not
part of it.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from casewright.api.notes import ConvertResponse
from casewright.errors import UnprocessableRequest
from casewright.services.kit.keys import service_token

# The label keeps this key apart from every other use of the same secret, and from later forms of the seal.
_LABEL = b"casewright.notes.seal/2"
_NOT_SEALED = {"seal", "timings", "usage", "attempts", "request_id"}


class Sealer:
    """Seals letters and knows them again.

    Raises:
        StorageError: the data directory's secret cannot be read or made.
    """

    def __init__(self, data_dir: Path) -> None:
        self._key = hmac.digest(service_token(data_dir).encode(), _LABEL, hashlib.sha256)

    def seal(self, letter: ConvertResponse) -> str:
        """The seal that this letter must carry, whatever it carries now."""
        content = letter.model_dump_json(exclude=_NOT_SEALED)
        return hmac.digest(self._key, content.encode(), hashlib.sha256).hex()

    def check(self, letter: ConvertResponse) -> None:
        """Refuse a letter that was not made here, or was changed.

        Raises:
            UnprocessableRequest: its seal is not that of its content.
        """
        if not hmac.compare_digest(self.seal(letter).encode(), letter.seal.encode("utf-8", "replace")):
            raise UnprocessableRequest(
                "letter: it is not as this service made it",
                hint="send the whole answer of /convert unchanged; changed notes need a new letter",
            )
