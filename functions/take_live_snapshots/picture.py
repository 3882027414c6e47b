"""One frame of a piece of a stream that lies on disk, in every width. ffmpeg reads nothing else."""

from dataclasses import dataclass
from pathlib import Path

from functions.shared.errors import FfmpegFailed, RenderTimedOut
from functions.shared.ffmpeg import VIDEO_FORMATS, Input, run_ffmpeg
from functions.shared.images import image_size
from functions.shared.picture_filters import SCALING
from functions.shared.plan import LivePlan

_LONGEST_S = 30.0
"""A segment of ten seconds in 4K is decoded in that."""
_TS_PACKET_BYTES = 188
_TS_SYNC = 0x47


@dataclass(frozen=True)
class Picture:
    """A picture file."""

    file: Path
    wanted_width: int
    width: int
    height: int


@dataclass(frozen=True)
class Piece:
    """Some media, as it was downloaded."""

    file: Path
    name: str
    """What messages call it."""


def take_picture(
    piece: Piece, position_s: float | None, plan: LivePlan, folder: Path, max_pixels: int
) -> list[Picture]:
    """The frame at a position, or the last that can be decoded. Raises FfmpegFailed, or
    TransientError where ffmpeg was killed."""
    why: Exception = FfmpegFailed(f"{piece.name} holds no picture.")
    for start_s in dict.fromkeys((position_s, None)):
        files = {width: folder / f"{width}.{plan.format}" for width in plan.widths}
        for file in files.values():
            file.unlink(missing_ok=True)
        options = picture_options(piece.file, start_s, plan, files, max_pixels)
        try:
            run_ffmpeg(options, Input(str(piece.file), piece.name), timeout_s=_LONGEST_S)
        except (FfmpegFailed, RenderTimedOut) as error:
            why = error
        pictures = [_checked(file, width, plan) for width, file in files.items()]
        whole = [picture for picture in pictures if picture is not None]
        if len(whole) == len(files):
            return whole
    raise FfmpegFailed(str(why))


def _checked(file: Path, wanted: int, plan: LivePlan) -> Picture | None:
    found = image_size(file)
    if found is None or found[0] != plan.format or not 0 < found[1] <= wanted:
        return None
    return Picture(file, wanted, found[1], found[2])


def picture_options(
    piece: Path, start_s: float | None, plan: LivePlan, files: dict[int, Path], max_pixels: int
) -> list[str]:
    """ffmpeg's options. Without a start, each frame's picture replaces that of the one before.

    The piece is decoded from its start: there is no index to seek by, and it is short.
    """
    cut = "" if start_s is None else f"trim=start={start_s:.3f},"
    pads = "".join(f"[s{number}]" for number in range(len(files)))
    graph = [f"[0:v:0]setpts=PTS-STARTPTS,{cut}split={len(files)}{pads}"]
    options: list[str] = []
    for number, (width, file) in enumerate(files.items()):
        graph.append(f"[s{number}]{_scaled(width, plan)},setsar=1[o{number}]")
        options += ["-map", f"[o{number}]", "-map_metadata", "-1", "-fps_mode", "passthrough"]
        options += [] if start_s is None else ["-frames:v", "1"]
        options += [*_encoder(plan), "-update", "1", "-f", "image2", f"file:{file}"]
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", ",".join(VIDEO_FORMATS)),
        *("-threads", "1", "-max_pixels", str(max_pixels)),
        *(*_format(piece), "-i", f"file:{piece}"),
        *("-filter_complex_threads", "1", "-filter_complex", ";".join(graph), *options),
    ]


def _format(piece: Path) -> list[str]:
    """A transport stream of a few packets is taken for something else unless it is named."""
    with piece.open("rb") as file:
        head = file.read(_TS_PACKET_BYTES + 1)
    packets = len(head) > _TS_PACKET_BYTES and head[0] == head[_TS_PACKET_BYTES] == _TS_SYNC
    return ["-f", "mpegts"] if packets else []


def _scaled(width: int, plan: LivePlan) -> str:
    """Square pixels, never made larger. JPEG means full range and BT.601, PNG means RGB."""
    size = f"w='min({width},max(1,round(iw*sar)))':h='max(1,round(ow/dar))'"
    if plan.format == "png":
        return f"scale={size}:{SCALING},format=rgb24"
    return f"scale={size}:out_range=full:out_color_matrix=bt601,format=yuvj420p"


def _encoder(plan: LivePlan) -> list[str]:
    if plan.format == "png":
        return ["-c:v", "png", "-threads", "1"]
    return ["-c:v", "mjpeg", "-q:v", "3", "-threads", "1"]
