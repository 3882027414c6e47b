"""A stream that is one answer without an end: enough of it is read to show a picture."""

from dataclasses import dataclass
from pathlib import Path

from functions.shared.errors import (
    FfmpegFailed,
    RenderTimedOut,
    SourceNotMedia,
    StreamStalled,
    TransientError,
)
from functions.shared.plan import LivePlan
from functions.shared.web import bare
from functions.shared.web_reading import Answer
from functions.take_live_snapshots.picture import Picture, Piece, take_picture
from functions.take_live_snapshots.stream import Clock

MOST_BYTES = 64 << 20
"""Ten seconds at 50 Mbit/s: there is a key frame in that."""
LONGEST_S = 30.0
_READ_BYTES = 64 << 10
_FIRST_TRY_S = 0.5


@dataclass(frozen=True)
class Shown:
    """The newest picture of what was read."""

    pictures: list[Picture]
    seen_at_s: float
    ended: bool


def read_picture(
    answer: Answer, plan: LivePlan, folder: Path, max_pixels: int, clock: Clock
) -> Shown:
    """Read until a picture can be decoded, which is tried after ever longer times.

    Raises StreamStalled (nothing comes), SourceNotMedia (what comes shows nothing).
    """
    name = bare(answer.url)
    piece = Piece(folder / "body", f"the stream {name}")
    began_s, got, next_try_s = clock.now_s(), 0, _FIRST_TRY_S
    ended = broken = False
    why: Exception = StreamStalled(f"The stream {name} stands still: nothing comes.")
    with piece.file.open("wb", buffering=0) as file:
        while not (ended or broken):
            data = b""
            try:
                data = answer.read_some(_READ_BYTES)
                ended = not data
            except (TransientError, RenderTimedOut) as error:
                broken, why = True, StreamStalled(f"The stream {name} stands still: {error}")
            file.write(data)
            got += len(data)
            for_s = clock.now_s() - began_s
            late = for_s > LONGEST_S or got > MOST_BYTES
            if got and (ended or broken or late or for_s >= next_try_s):
                next_try_s = 2 * for_s
                try:
                    found = take_picture(piece, None, plan, folder, max_pixels)
                    return Shown(found, clock.now_s(), ended)
                except FfmpegFailed as error:
                    if not broken:
                        why = SourceNotMedia(f"The stream {name} can't be shown: {error}")
            if late:
                break
    raise why
