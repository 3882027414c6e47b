"""The pictures to take, as batches of work: each is one item of the state machine's map."""

from collections.abc import Iterator
from typing import Literal

from functions.shared.frozen import Frozen
from functions.shared.plan.coding import ToneMap

ImageFormat = Literal["jpeg", "png", "webp", "avif"]
Accuracy = Literal["frame", "keyframe"]
Size = tuple[int, int]
"""(width, height) in pixels."""


class ScenePart(Frozen):
    """A run of frames in which one worker looks for scene changes."""

    index: int
    start_frame: int
    end_frame: int


class SceneSearch(Frozen):
    """How scene changes are found."""

    most: int
    threshold: float
    """Of FFmpeg's scdet, 0 to 100."""
    min_gap_frames: int
    keys_only: bool
    """Whether only key frames are decoded, as all frames would take too long."""
    parts: tuple[ScenePart, ...]
    """Side by side, so that a long source is looked through in little time."""


class Sheet(Frozen):
    """Frames as tiles of one picture, row by row."""

    name: str
    """Of the file, without its suffix."""
    kind: Literal["sprite", "contact_sheet"]
    frames: tuple[int, ...]
    starts: tuple[int, ...] = ()
    """The frame from which on each thumbnail of a sprite stands for the video."""
    columns: int
    rows: int
    tile: Size
    label_height: int = 0
    """Pixels under each tile for its time; 0: none."""
    accuracy: Accuracy

    @property
    def size(self) -> Size:
        width, height = self.tile
        return self.columns * width, self.rows * (height + self.label_height)


class PosterChoice(Frozen):
    """The frames of which the best is taken."""

    frames: tuple[int, ...]


class PictureBatch(Frozen):
    """Pictures one worker takes: (index, frame) of each."""

    pictures: tuple[tuple[int, int], ...]


Task = PictureBatch | ScenePart | Sheet | PosterChoice


class Snapshots(Frozen):
    """Pictures of single output frames, each in every size, and what is made of several."""

    frames: tuple[int, ...]
    sizes: tuple[Size, ...]
    format: ImageFormat
    batch_size: int
    """Pictures one worker takes."""
    accuracy: Accuracy = "frame"
    quality: int | None = None
    """1 to 100; None: the format's usual."""
    lossless: bool = False
    blurhash: bool = False
    tone_map: ToneMap | None = None
    """Of HDR sources: picture files are SDR."""
    scenes: SceneSearch | None = None
    sheets: tuple[Sheet, ...] = ()
    poster: PosterChoice | None = None

    @property
    def batch_count(self) -> int:
        return len(self.tasks)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What each batch is."""
        numbers = range(-(-len(self.frames) // self.batch_size))
        return (
            *(PictureBatch(pictures=tuple(self.batch(number))) for number in numbers),
            *(self.scenes.parts if self.scenes else ()),
            *self.sheets,
            *((self.poster,) if self.poster else ()),
        )

    @property
    def file_count(self) -> int:
        """Files that show how far the work is: of a part's scene changes, only their list."""
        pictures = len(self.frames) + (1 if self.poster else 0)
        searched = len(self.scenes.parts) if self.scenes else 0
        return pictures * len(self.sizes) + searched + len(self.sheets)

    def batch(self, number: int) -> Iterator[tuple[int, int]]:
        """(index, frame) of the pictures in one batch."""
        first = number * self.batch_size
        yield from enumerate(self.frames[first : first + self.batch_size], start=first)
