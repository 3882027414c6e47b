"""The pictures to take."""

from collections.abc import Iterator
from typing import Literal

from functions.shared.plan.base import Frozen


class Snapshots(Frozen):
    """Pictures of single output frames, each in every size."""

    frames: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    """(width, height) in pixels."""
    format: Literal["jpeg", "png"]
    batch_size: int
    """Pictures one worker takes."""

    @property
    def batch_count(self) -> int:
        return -(-len(self.frames) // self.batch_size)

    def batch(self, number: int) -> Iterator[tuple[int, int]]:
        """(index, frame) of the pictures in one batch."""
        first = number * self.batch_size
        yield from enumerate(self.frames[first : first + self.batch_size], start=first)
