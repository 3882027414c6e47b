"""MKV and WebM files, made of a stitched file by ffmpeg, and held against what went in.

Both containers count milliseconds, so a frame's time is off by half of one at most.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import file_digest
from itertools import zip_longest
from pathlib import Path

from functions.assemble_render.captions import CaptionFile
from functions.assemble_render.packets import Packet, listening
from functions.shared.errors import OutputTooLarge, RenderMismatch
from functions.shared.ffmpeg import Input, run_ffmpeg
from functions.shared.mp4.stitch import Piece
from functions.shared.plan import Output

_MUXERS = {"mkv": "matroska", "webm": "webm"}
_ROUNDED_S = Fraction(1, 1000)
_BLOCK_BYTES = 2 << 20
_NEEDED = Fraction(21, 20)
"""Of the stitched file's size: the other container's own tables."""


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
    pieces: Iterable[Piece],
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
        *("-f", _MUXERS[output.container], str(path), *all_of_them, *listing),
    ]
    with listening(folder / "read") as (told, read):
        feed = map(bytes, pieces)
        run_ffmpeg([*options, told], Input("pipe:0", name), timeout_s=timeout_s, feed=feed)
    again = ["-i", str(path), "-map", "0", *listing]
    with listening(folder / "made") as (told, made):
        run_ffmpeg([*again, told], Input(str(path), name), timeout_s=timeout_s)
    compare(read, made, tracks, name)
    with path.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    return Remuxed(path, path.stat().st_size, digest)


def compare(
    read: Sequence[Iterable[Packet]],
    made: Sequence[Iterable[Packet]],
    tracks: Sequence[Planned],
    name: str,
) -> None:
    """RenderMismatch unless `made` holds every packet that was `read`, and no other."""
    held: tuple[list[Planned], list[Planned]] = ([], [])
    problems: list[str] = []
    for number, streams in enumerate(zip_longest(read, made, fillvalue=())):
        counts, sizes = [0, 0], [0, 0]
        for index, packets in enumerate(zip_longest(*streams)):
            for side, packet in enumerate(packets):
                counts[side] += packet is not None
                sizes[side] += packet.size_bytes if packet else 0
            if not problems:
                problems.extend(_differences(*packets, f"packet {index}", f"track {number}"))
        for side, streams_of in enumerate((read, made)):
            if number < len(streams_of):
                held[side].append(Planned(counts[side], sizes[side]))
    for found, what in zip(held, ("what was stitched", "the file made of it"), strict=True):
        if len(found) != len(tracks) or any(map(_differ, found, tracks)):
            raise RenderMismatch(f"{name} is planned to hold {tracks}; {what} holds {found}")
    if problems:
        raise RenderMismatch(f"{name} has {problems[0]}")


def _differences(
    one: Packet | None, other: Packet | None, packet: str, track: str
) -> Iterator[str]:
    """What `other` has otherwise than `one`; a missing one is told by the numbers of both."""
    if one is None or other is None:
        return
    content = (one.size_bytes, one.crc, one.is_key, one.added)
    if content != (other.size_bytes, other.crc, other.is_key, other.added):
        yield f"another {packet} in {track}"
    elif abs(one.at_s - other.at_s) > _ROUNDED_S:
        yield f"{packet} of {track} at {float(other.at_s):.4f} s, not {float(one.at_s):.4f} s"


def _differ(held: Planned, planned: Planned) -> bool:
    return (planned.packets not in {None, held.packets}) or (
        planned.size_bytes not in {None, held.size_bytes}
    )
