"""Which piece of a live playlist shows what was live at a moment. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.shared.hls import Segment

_MOST_TRIED = 3


@dataclass(frozen=True)
class Place:
    """A frame of a segment."""

    segment: Segment
    position_s: float | None
    """From the segment's first frame; None: its last frame."""
    live_at_s: float
    """When the frame was the newest there was, in seconds since the epoch."""


@dataclass(frozen=True)
class Edge:
    """A live playlist at the moment when its newest segment was complete.

    A server publishes a segment when its last frame has come: so that frame was live then, and
    every frame before it as much earlier as it is nearer the segment's start.
    """

    segments: tuple[Segment, ...]
    seen_at_s: float
    """When the newest segment came, in seconds since the epoch."""
    ended: bool = False
    """No other will come."""

    def places(self, at_s: float) -> list[Place]:
        """Where to find what was live then, best first; gaps are left out."""
        timed = list(self._timed())
        inside = [place for place in timed if place.live_at_s - place.segment.duration_s <= at_s]
        earlier = [place for place in inside if not place.segment.is_gap]
        if not earlier:  # it has left the playlist: the oldest frame there is
            first = next((place for place in reversed(timed) if not place.segment.is_gap), None)
            return [self._at(first, 0.0)] if first else []
        best = earlier[0]
        if best is inside[0] and at_s < best.live_at_s:
            position_s = at_s - (best.live_at_s - best.segment.duration_s)
            earlier[0] = self._at(best, position_s)
        return earlier[:_MOST_TRIED]

    def _timed(self) -> Iterator[Place]:
        """The last frame of each segment, newest first."""
        end_s = self.seen_at_s
        for segment in reversed(self.segments):
            yield Place(segment, None, end_s)
            end_s -= segment.duration_s

    @staticmethod
    def _at(place: Place, position_s: float) -> Place:
        start_s = place.live_at_s - place.segment.duration_s
        return Place(place.segment, position_s, start_s + position_s)
