"""Time: the source's clock, and the grid of output frames that is laid over it."""

from fractions import Fraction

from functions.shared.colour import Colour, Quarters
from functions.shared.frozen import Frozen

_FINE_ENOUGH = 10_000
"""Ticks per second below which players round times visibly."""


class Chunk(Frozen):
    """A half-open range of output frame numbers."""

    index: int
    start_frame: int
    end_frame: int

    @property
    def frames(self) -> int:
        return self.end_frame - self.start_frame


class Clock(Frozen):
    """Seconds on the source's own timestamps; all output times count from `zero_s`."""

    zero_s: Fraction
    """Earliest start of the streams used."""
    container_start_s: Fraction
    """What ffmpeg's input `-ss` counts from."""


class Clip(Frozen):
    """A part of the source, as a run of output frames."""

    first_frame: int
    """On the output grid."""
    frames: int
    start_s: Fraction = Fraction(0)
    """What its first frame shows, on the job's clock."""
    speed: Fraction = Fraction(1)
    """Seconds of the source that pass in one of the output."""
    open_ended: bool = True
    """Whether it runs to the source's end, which may lie a little off what was planned."""

    @property
    def end_frame(self) -> int:
        return self.first_frame + self.frames


class Span(Frozen):
    """Frames `[start_frame, end_frame)` of one clip, counted from the clip's first."""

    clip: Clip
    start_frame: int
    end_frame: int


class Video(Frozen):
    """The source's video stream and the output frame grid laid over it."""

    stream_index: int | None
    """None: the source has no pictures, and the grid only counts time."""
    rate: Fraction
    """Output frames per second."""
    total_frames: int
    """Planned; the last chunk, which is rendered open-ended, settles the true total."""
    colours_valid: bool = True
    """False where the source's colour tags are values that no standard defines, which ffmpeg
    refuses to scale; they are then taken as unknown."""
    decoder: str | None = None
    """FFmpeg's name, where it is not the usual one."""
    most_pixels: int | None = None
    """Of a picture; one that grows beyond this in mid-stream is not decoded. None: any."""
    steady_size: tuple[int, int] | None = None
    """What pictures that change their size in mid-stream are scaled to, before they are turned.
    None: the plan is of a version that left all turning to ffmpeg."""
    steady_colour: Colour | None = None
    """What pictures that change their colours in mid-stream are converted to; what it does not say
    is said of none, and no number is changed for it. None: nothing is done."""
    steady_pixels: str | None = None
    """FFmpeg's name of the samples that the source's first pictures have. None: any are left."""
    light_kept: bool = False
    """Whether an output tells what the source's first pictures were graded on."""
    mastering: str | None = None
    """What `light_kept` keeps, as x265's `master-display` takes it. None: it is not told."""
    content_light: str | None = None
    """The same as x265's `max-cll` takes it."""
    deinterlaced: bool = False
    """Whether two fields are made one frame before pictures are turned."""
    turned_deg: Quarters = 0
    """How far the source's pictures are turned, clockwise, for showing."""
    mirrored: bool = False
    """Whether they are then mirrored left to right."""

    @property
    def timescale(self) -> int:
        """Ticks per second of the rendered track: a frame is always a whole number of ticks."""
        return self.rate.numerator * (1 if self.rate.numerator >= _FINE_ENOUGH else 512)

    @property
    def frame_ticks(self) -> int:
        return int(self.timescale / self.rate)


def frame_slack(rate: Fraction) -> int:
    """How many frames off a source's real end may be: containers lie about their length."""
    return max(2, round(rate / 2))
