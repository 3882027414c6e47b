"""MKV and WebM files, made of a stitched file by ffmpeg, and held against what went in.

Both containers count milliseconds, so a frame's time is off by half of one at most.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import file_digest
from pathlib import Path

from functions.assemble_render.captions import CaptionFile
from functions.shared.errors import OutputTooLarge, RenderMismatch
from functions.shared.ffmpeg import Input, run_ffmpeg
from functions.shared.plan import Output

_MUXERS = {"mkv": "matroska", "webm": "webm"}
_KEY = 1
_ADDED = "Matroska BlockAdditional"
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
    added: tuple[str, ...] = ()
    """Size and CRC of what belongs to it: its alpha."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a track must hold; None where that is not known before."""

    packets: int | None
    """Not of PCM, whose tables count samples."""
    size_bytes: int | None
    """Of all its packets; not of captions."""


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
    output: Output,
    pieces: Iterable[bytes],
    tracks: list[Planned],
    beside: Sequence[Path],
    captions: Sequence[CaptionFile],
    folder: Path,
    timeout_s: float,
) -> Remuxed:
    """Make the output's file of the stitched file's bytes, or of pictures with their alpha and the
    sound `beside` them. `tracks` are those of all.

    Raises RenderMismatch where a packet is missing, added or changed; and what `pieces` raises.
    """
    path = folder / f"{output.name}.{output.suffix}"
    read, made = folder / f"{output.name}.read", folder / f"{output.name}.made"
    tags = [part for tag in output.metadata.items() for part in ("-metadata", "=".join(tag))]
    words = [folder / f"{number}.captions" for number in range(len(captions))]
    inputs, all_of_them = ["-i", "pipe:0"], ["-map", "0"]
    for number, file in enumerate(beside, start=1):
        inputs += ["-i", str(file)]
        all_of_them += ["-map", str(number)]
    tags += ["-metadata:s:v:0", "alpha_mode=1"] if output.coding.has_alpha else []
    for number, (one, file) in enumerate(zip(captions, words, strict=True)):
        file.write_bytes(one.text)
        inputs += ["-protocol_whitelist", "file", "-f", one.demuxer, "-i", str(file)]
        all_of_them += ["-map", str(number + 1 + len(beside))]
        tags += [f"-metadata:s:s:{number}", f"language={one.language}"]
        tags += [f"-metadata:s:s:{number}", f"title={one.label}"] if one.label else []
    tracks = [*tracks, *(Planned(one.cues, None) for one in captions)]
    listing = ["-c", "copy", "-f", "framecrc"]
    name = f"output {output.name}"
    options = [
        *(*inputs, *all_of_them, "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1"),
        *(*tags, "-fflags", "+bitexact", "-cues_to_front", "1"),
        # Captions are for who switches them on.
        *("-disposition:s", "0", "-default_mode", "infer_no_subs"),
        *("-f", _MUXERS[output.container], str(path), *all_of_them, *listing, str(read)),
    ]
    run_ffmpeg(options, Input("pipe:0", name), timeout_s=timeout_s, feed=pieces)
    again = ["-i", str(path), "-map", "0", *listing, str(made)]
    run_ffmpeg(again, Input(str(path), name), timeout_s=timeout_s)
    compare(listed(read), listed(made), tracks, name)
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
            flags = next(
                (int(one.removeprefix("F="), 0) for one in more if one.startswith("F=")), _KEY
            )
            added = tuple(more[more.index(_ADDED) + 1 :][:2]) if _ADDED in more else ()
            at_s = int(pts) * ticks_s[int(stream)]
            packet = Packet(at_s, int(size), crc, is_key=bool(flags & _KEY), added=added)
            streams[int(stream)].append(packet)
    return streams


def compare(
    read: list[list[Packet]], made: list[list[Packet]], tracks: list[Planned], name: str
) -> None:
    """RenderMismatch unless `made` holds every packet that was `read`, and no other."""
    for streams, what in ((read, "what was stitched"), (made, "the file made of it")):
        held = [Planned(len(one), sum(packet.size_bytes for packet in one)) for one in streams]
        if len(held) != len(tracks) or any(map(_differ, held, tracks)):
            raise RenderMismatch(f"{name} is planned to hold {tracks}; {what} holds {held}")
    for number, (before, after) in enumerate(zip(read, made, strict=True)):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            content = (one.size_bytes, one.crc, one.is_key, one.added)
            if content != (other.size_bytes, other.crc, other.is_key, other.added):
                raise RenderMismatch(f"{name} has another packet {index} in track {number}")
            if abs(one.at_s - other.at_s) > _ROUNDED_S:
                raise RenderMismatch(
                    f"{name} has packet {index} of track {number} at {float(other.at_s):.4f} s,"
                    f" not {float(one.at_s):.4f} s"
                )


def _differ(held: Planned, planned: Planned) -> bool:
    return (planned.packets not in {None, held.packets}) or (
        planned.size_bytes not in {None, held.size_bytes}
    )
