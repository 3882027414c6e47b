"""Makes the benchmarks' source: 1080p30 of varied real content with sound.

Shots of files in ../shared/corpus where that folder is, else of the bundled clip. They are taken in
turn; every time round each is mirrored or cropped otherwise, so that no encoder profits from the
repetition.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from local.home import PROJECT

CLIP = PROJECT / "examples" / "clip.mp4"
CORPUS = PROJECT.parent / "shared" / "corpus"
RATE = 30
_GRAIN = "noise=alls=4:allf=t"
"""What enlarging took away: without it a small picture would cost too little to encode."""
_INTO_BT709 = "out_range=tv:out_color_matrix=bt709"
_COLOUR = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"


@dataclass(frozen=True)
class Shot:
    """Seconds of a file, from its start."""

    file: Path
    seconds: float
    grain: bool = False

    @property
    def frames(self) -> int:
        return round(self.seconds * RATE)


_FROM_CORPUS = (
    Shot(CORPUS / "hevc.ts", 4.8),
    Shot(CORPUS / "max-heromode.mp4", 10, grain=True),
    Shot(CORPUS / "bbb_2500ms.ts", 2.4),
    Shot(CORPUS / "sowt-with-video.mov", 1.9),
    Shot(CORPUS / "pixel7_videoOnly_cleaned.mp4", 1.1),
    Shot(CORPUS / "chaplin.mp4", 5, grain=True),
)
_BUNDLED = Shot(CLIP, 6, grain=True)


def shots() -> tuple[Shot, ...]:
    """Those whose files are there."""
    return (*(shot for shot in _FROM_CORPUS if shot.file.exists()), _BUNDLED)


def content() -> str:
    """What the sources are made of, to tell beside the figures."""
    return ", ".join(shot.file.name for shot in shots())


def make_source(ffmpeg: Path, folder: Path, seconds: int, *, height: int = 1080) -> Path:
    """`seconds` of 16:9 at 30 frames a second (a key frame every two), made once and kept in
    `folder`."""
    taken = shots()
    file = folder / f"reel{len(taken)}-{height}p-{seconds}s.mp4"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reel-", dir=folder) as name:
        parts = Path(name)
        listing = parts / "list.txt"
        with listing.open("w", encoding="utf-8") as lines:
            for number, (shot, frames) in enumerate(cut_list(taken, seconds * RATE)):
                part = parts / f"{number:04}.mp4"
                _shoot(ffmpeg, shot, frames, number // len(taken), height, part)
                lines.write(f"file {part.name}\n")
        unfinished = parts / file.name
        _run(
            [ffmpeg, "-f", "concat", "-safe", "0", "-i", listing, "-stream_loop", "-1", "-i", CLIP],
            ["-map", "0:v", "-map", "1:a:0", "-t", seconds, "-c:v", "copy"],
            ["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-movflags", "+faststart", unfinished],
        )
        return unfinished.rename(file)


def cut_list(taken: tuple[Shot, ...], frames: int) -> Iterator[tuple[Shot, int]]:
    """(shot, its frames) in turn until there are `frames`; the last one is cut short."""
    left = frames
    for shot in cycle(taken):
        if left <= 0:
            return
        yield shot, min(shot.frames, left)
        left -= shot.frames


def look(times_round: int, height: int) -> str:
    """Filters that make a shot another picture each time it comes round again."""
    zoom = 100 + 7 * (times_round % 5)
    wide, tall = height * 16 // 9 * zoom // 100 & ~1, height * zoom // 100 & ~1
    filters = [
        f"scale={wide}:{tall}:force_original_aspect_ratio=increase:{_INTO_BT709}",
        f"crop={height * 16 // 9 & ~1}:{height}",
        *(["hflip"] if times_round % 2 else []),
        *([f"hue=h={40 * (times_round // 2 % 9)}"] if times_round > 1 else []),
    ]
    return ",".join(filters)


def _shoot(ffmpeg: Path, shot: Shot, frames: int, times_round: int, height: int, to: Path) -> None:
    filters = [f"fps={RATE}", look(times_round, height)]
    filters += [_GRAIN] if shot.grain else []
    # A file may be a little shorter than its shot: the last picture stands.
    filters += ["tpad=stop=-1:stop_mode=clone", "setsar=1", "format=yuv420p", _COLOUR]
    _run(
        [ffmpeg, "-i", shot.file, "-map", "0:v:0", "-an", "-sn", "-dn"],
        ["-vf", ",".join(filters), "-frames:v", frames],
        ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "60"],
        ["-video_track_timescale", "15360", to],
    )


def _run(head: list[object], *rest: list[object]) -> None:
    program, *options = (str(word) for part in (head, *rest) for word in part)
    subprocess.run(
        [program, "-nostdin", "-v", "error", "-y", *options], check=True, stdin=subprocess.DEVNULL
    )
