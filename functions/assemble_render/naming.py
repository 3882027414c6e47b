"""Messages on their way out of this function."""

from collections.abc import Iterator
from contextlib import contextmanager

from functions.shared.errors import PartForeign, PartMismatch, PartMissing, RenderMismatch


@contextmanager
def in_sentences() -> Iterator[None]:
    """End the messages on parts and files as sentences; inside, more is still put around them."""
    try:
        yield
    except (PartForeign, PartMismatch, PartMissing, RenderMismatch) as error:
        raise type(error)(f"{str(error).removesuffix('.')}.") from error
