"""Pictures that are rendered in one piece: a GIF's palette is of all its frames."""

from fractions import Fraction

from functions.shared.frozen import Frozen
from functions.shared.plan.output import Output


class WholePicture(Frozen):
    """A moving picture, or a still, to be made by one worker."""

    output: Output
    start_frame: int
    end_frame: int
    """On the timeline; a still is one frame."""
    rate: Fraction | None = None
    """Frames per second of a moving one; None: a still."""
    loop: int = 0
    """Times it plays; 0: forever."""
    quality: int = 80
    """1 to 100, of those that lose something."""

    def frames(self, grid_rate: Fraction) -> int:
        """How many pictures it has."""
        if self.rate is None:
            return 1
        return max(1, round((self.end_frame - self.start_frame) / grid_rate * self.rate))
