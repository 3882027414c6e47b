"""What is laid over every output's frame, and the captions beside it."""

from functions.shared.frozen import Frozen
from functions.shared.plan.asset import Asset
from functions.shared.request.overlay import Overlay, Text

Cue = tuple[int, int, str]
"""(start in ms, end in ms, text without marks)"""


class ImageOverlay(Frozen):
    """A picture, placed as it was asked for."""

    asked: Overlay
    asset: Asset
    demuxer: str
    """FFmpeg's, as which the asset's bytes are read, whatever else they may look like."""
    width: int
    """Of the picture as it is shown."""
    height: int


class TextOverlay(Frozen):
    """Words, placed and drawn as they were asked for."""

    asked: Text
    text: str
    """With the values in it."""


class CaptionTrack(Frozen):
    """Captions that go beside the pictures, as `plan_render` wrote them down."""

    language: str
    """BCP 47; `und` where nobody said."""
    label: str | None
    vtt: Asset
    srt: Asset
    cues: Asset
    """JSON: [[start_ms, end_ms, text without marks], …], by their starts."""


class BurntCaptions(Frozen):
    """Captions that are drawn."""

    ass: Asset
    cues: Asset
    """JSON, as in `CaptionTrack`."""


class Overlays(Frozen):
    """In the order they are drawn: pictures, texts, captions."""

    images: tuple[ImageOverlay, ...] = ()
    texts: tuple[TextOverlay, ...] = ()
    burnt: BurntCaptions | None = None

    @property
    def assets(self) -> tuple[Asset, ...]:
        burnt = (self.burnt.ass, self.burnt.cues) if self.burnt else ()
        return (*(image.asset for image in self.images), *burnt)
