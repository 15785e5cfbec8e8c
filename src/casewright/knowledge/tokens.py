"""An embedding model's tokenizer: where in a text each of its tokens stands."""

from __future__ import annotations

from collections.abc import Sequence

from casewright.errors import InstallError


class ModelTokens:
    """``ports.Tokens`` of a model; ``tokenizer`` is the JSON that the model came with.

    Calls run outside the interpreter's lock, and may come from several threads.

    Raises:
        InstallError: the library that reads it is missing, or cannot read it.
    """

    def __init__(self, tokenizer: str) -> None:
        try:
            from tokenizers import Tokenizer  # noqa: PLC0415 - only those who embed have it
        except ImportError as error:
            raise InstallError(
                "the tokenizer cannot be loaded: the package tokenizers is missing",
                hint="install casewright[knowledge]",
            ) from error
        try:
            self._tokenizer = Tokenizer.from_str(tokenizer)
        except Exception as error:  # the library raises nothing more particular
            raise InstallError(
                f"the model's tokenizer cannot be read: {error}", hint="install the model's packages again"
            ) from error
        # what a package's file says of padding and cutting is for its own trainer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def spans(self, text: str) -> Sequence[tuple[int, int]]:
        """The characters of each token of a text, without special tokens, in order."""
        found: Sequence[tuple[int, int]] = self._encode([text], special=False)[0].offsets
        return found

    def ids(self, texts: Sequence[str], *, special: bool) -> list[list[int]]:
        """The tokens of each text; ``special`` with those that the model wants around it."""
        return [encoding.ids for encoding in self._encode(list(texts), special=special)]

    def _encode(self, texts: list[str], *, special: bool) -> list:  # type: ignore[type-arg]
        # one text too goes as a batch: that call leaves the interpreter to others
        clean = [sayable(text) for text in texts]
        found: list = self._tokenizer.encode_batch(clean, add_special_tokens=special)  # type: ignore[type-arg]
        return found


def sayable(text: str) -> str:
    """Text without halves of characters (which JSON may hold and a tokenizer refuses), as long as before."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("?" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
