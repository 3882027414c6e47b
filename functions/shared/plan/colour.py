"""What the numbers of pictures mean."""

from functions.shared.frozen import Frozen


class Colour(Frozen):
    """By FFmpeg's option names; None where nothing valid says."""

    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    range: str | None = None
    """tv or pc."""
