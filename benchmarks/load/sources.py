"""The sources of a load: short clips of many shapes, and files that can't be rendered."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import av

CLIP = Path(__file__).resolve().parents[2] / "examples" / "clip.mp4"


@dataclass(frozen=True)
class Shape:
    """A clip cut from the bundled one: its start and length in seconds, its pictures, its sound."""

    name: str
    start_s: float
    seconds: float
    size: str
    rate: str
    has_sound: bool


SHAPES = (
    Shape("half-second", 1.0, 0.5, "160x90", "30", has_sound=True),
    Shape("silent-second", 2.0, 1.0, "128x72", "25", has_sound=False),
    Shape("square", 3.5, 1.5, "96x96", "24", has_sound=True),
    Shape("fast", 5.0, 2.0, "192x108", "60", has_sound=True),
    Shape("upright", 7.0, 2.5, "120x160", "15", has_sound=False),
    Shape("three-seconds", 9.0, 3.0, "240x134", "30000/1001", has_sound=True),
)


@dataclass(frozen=True)
class Clip:
    """A source that can be rendered. `frames` were counted by decoding it."""

    name: str
    frames: int
    url: str


@dataclass(frozen=True)
class Broken:
    """A source that can't be, and the error it must end with."""

    name: str
    error: str
    url: str


class Uploads(Protocol):
    """Where sources go; reelwright.direct.DirectClient is one."""

    def upload(self, file: Path) -> str:
        """Returns the file's s3:// URL."""


def upload_clips(files: list[Path], uploads: Uploads) -> list[Clip]:
    return [Clip(file.stem, count_frames(file), uploads.upload(file)) for file in files]


def upload_broken(whole: Path, uploads: Uploads) -> list[Broken]:
    """Files that were damaged, and one that was never there. `whole`: a clip that is good."""
    folder = whole.parent / "broken"
    folder.mkdir(exist_ok=True)
    content = whole.read_bytes()
    damaged = {
        "SourceEmpty": b"",
        "SourceNotMedia": b"These are words, and no film at all.\n" * 100,
        "SourceTruncated": content[: len(content) // 2],
    }
    found = []
    for error, kept in damaged.items():
        file = folder / f"{error}.mp4"
        file.write_bytes(kept)
        found.append(Broken(error, error, uploads.upload(file)))
    missing = replace(found[0], name="missing", error="SourceUnreachable")
    return [*found, replace(missing, url=f"{missing.url}-that-was-never-there")]


def make_clips(ffmpeg: Path, folder: Path) -> list[Path]:
    """One file for each of SHAPES, made once and kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_clip(ffmpeg, shape, folder / f"{shape.name}.mp4") for shape in SHAPES]


def count_frames(file: Path) -> int:
    """How many pictures come out of a file."""
    with av.open(str(file)) as opened:
        return sum(1 for _ in opened.decode(video=0))


def _clip(ffmpeg: Path, shape: Shape, file: Path) -> Path:
    if file.exists():
        return file
    unfinished = file.with_suffix(".part.mp4")
    sound = ("-c:a", "aac", "-b:a", "64k") if shape.has_sound else ("-an",)
    command = [
        *(str(ffmpeg), "-nostdin", "-v", "error", "-y"),
        *("-ss", str(shape.start_s), "-i", str(CLIP), "-t", str(shape.seconds)),
        *("-vf", f"fps={shape.rate},scale={shape.size.replace('x', ':')},setsar=1"),
        *("-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-pix_fmt", "yuv420p"),
        *(*sound, "-movflags", "+faststart", str(unfinished)),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return unfinished.rename(file)
