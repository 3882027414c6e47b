"""MKV and WebM files, made of a stitched file by ffmpeg, and held against what went in.

Both containers count milliseconds, so a frame's time is off by half of one at most.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from hashlib import file_digest
from pathlib import Path

from functions.shared.errors import OutputTooLarge, RenderMismatch
from functions.shared.ffmpeg import Input, run_ffmpeg
from functions.shared.plan import Output

_MUXERS = {"mkv": "matroska", "webm": "webm"}
_KEY = 1
_ROUNDED_S = Fraction(1, 1000)
_BLOCK_BYTES = 2 << 20
_NEEDED = Fraction(21, 20)
"""Of the stitched file's size: the other container's own tables, and the lists of packets."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as ffmpeg's framecrc lists it."""

    at_s: Fraction
    size_bytes: int
    crc: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class Remuxed:
    """A file on disk that holds what was put into it."""

    path: Path
    size_bytes: int
    sha256: str

    def pieces(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            while piece := stream.read(_BLOCK_BYTES):
                yield piece


def check_room(output: Output, size_bytes: int, folder: Path) -> None:
    """OutputTooLarge where the file would not fit on the function's disk."""
    free = shutil.disk_usage(folder).free
    if size_bytes * _NEEDED > free:
        raise OutputTooLarge(
            f"Output {output.name} has {size_bytes:,} bytes and is to be an {output.container}"
            f" file, which is made on disk, where {free:,} bytes are free; ask for mp4 or for a"
            " smaller file, or deploy with a larger assemble_storage_mb."
        )


def remux(
    output: Output, pieces: Iterable[bytes], packets: list[int], folder: Path, timeout_s: float
) -> Remuxed:
    """Make the output's file of the stitched file's bytes. `packets` are those of each track.

    Raises RenderMismatch where a packet is missing, added or changed; and what `pieces` raises.
    """
    path = folder / f"{output.name}.{output.suffix}"
    read, made = folder / f"{output.name}.read", folder / f"{output.name}.made"
    tags = [part for tag in output.metadata.items() for part in ("-metadata", "=".join(tag))]
    listing = ["-map", "0", "-c", "copy", "-f", "framecrc"]
    name = f"output {output.name}"
    options = [
        *("-i", "pipe:0", "-map", "0", "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1"),
        *(*tags, "-fflags", "+bitexact", "-cues_to_front", "1"),
        *("-f", _MUXERS[output.container], str(path), *listing, str(read)),
    ]
    run_ffmpeg(options, Input("pipe:0", name), timeout_s=timeout_s, feed=pieces)
    again = ["-i", str(path), *listing, str(made)]
    run_ffmpeg(again, Input(str(path), name), timeout_s=timeout_s)
    compare(listed(read), listed(made), packets, name)
    with path.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    return Remuxed(path, path.stat().st_size, digest)


def listed(file: Path) -> list[list[Packet]]:
    """The packets of each stream, in their order."""
    ticks_s: list[Fraction] = []
    streams: list[list[Packet]] = []
    for line in file.read_text().splitlines():
        if line.startswith("#tb "):
            ticks_s.append(Fraction(line.partition(": ")[2]))
            streams.append([])
        elif not line.startswith("#"):
            stream, _, pts, _, size, crc, *more = (part.strip() for part in line.split(","))
            # Flags are told where they are not just the one of a key frame.
            flags = next((int(one[2:], 16) for one in more if one.startswith("F=")), _KEY)
            at_s = int(pts) * ticks_s[int(stream)]
            packet = Packet(at_s, int(size), crc, is_key=bool(flags & _KEY))
            streams[int(stream)].append(packet)
    return streams


def compare(
    read: list[list[Packet]], made: list[list[Packet]], packets: list[int], name: str
) -> None:
    """RenderMismatch unless `made` holds every packet that was `read`, and no other."""
    for counts, what in ((read, "what was stitched"), (made, "the file made of it")):
        if [len(stream) for stream in counts] != packets:
            raise RenderMismatch(
                f"{name} has {packets} packets; {what} has {[len(stream) for stream in counts]}"
            )
    for number, (before, after) in enumerate(zip(read, made, strict=True)):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            content = (one.size_bytes, one.crc, one.is_key)
            if content != (other.size_bytes, other.crc, other.is_key):
                raise RenderMismatch(f"{name} has another packet {index} in track {number}")
            if abs(one.at_s - other.at_s) > _ROUNDED_S:
                raise RenderMismatch(
                    f"{name} has packet {index} of track {number} at {float(other.at_s):.4f} s,"
                    f" not {float(one.at_s):.4f} s"
                )
