"""The files to make of pictures."""

from pydantic import Field

from functions.shared.containers import suffix
from functions.shared.frozen import Frozen
from functions.shared.plan.coding import Coding


class Output(Frozen):
    """One file to make."""

    name: str
    width: int
    height: int
    """Of the file."""
    scaled: tuple[int, int] | None = None
    """(width, height) of the picture before it is padded or cropped to that; None: the same."""
    container: str = "mp4"
    coding: Coding = Field(default_factory=Coding)
    keyint: int
    """Frames between forced key frames; a chunk is a whole number of these, but beside streams."""
    segment_frames: int | None = None
    """Frames of a segment, where it is the rung of a stream: its parts are fragmented, and no key
    frame is within a segment. None: a file of its own."""
    alpha_of: str | None = None
    """The output whose alpha this is: its parts go into that one's file."""
    audio_track: str | None
    """The name of the encoding of the sound it has; None: no audio track."""
    metadata: dict[str, str] = Field(default_factory=dict)
    """Tags of the file."""
    filename: str | None = None
    """What a browser calls it, without its ending."""

    @property
    def suffix(self) -> str:
        """Of the file's name, without the dot."""
        return suffix(self.container)

    @property
    def part_suffix(self) -> str:
        """Of its parts' names: parts are MP4, or MOV where only that can hold them."""
        return "mov" if self.coding.codec == "prores" else "mp4"
