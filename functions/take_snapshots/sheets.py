"""Sprites and contact sheets: tiles first, then all of them as one picture."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from functions.shared.cut import (
    Cut,
    clean_options,
    grid_graph,
    is_indexed,
    prerolls_s,
    read_options,
)
from functions.shared.errors import FfmpegFailed
from functions.shared.ffmpeg import SMALL_PIECE_BYTES, Input, run_ffmpeg
from functions.shared.image_coding import encoder, pixel_filters
from functions.shared.images import image_size
from functions.shared.media_store import Keys, sheet_name
from functions.shared.picture_filters import SCALING
from functions.shared.plan import Sheet
from functions.take_snapshots.coding import tile
from functions.take_snapshots.labels import clock, label
from functions.take_snapshots.shooting import Shoot, at_once, edited, framed, shoot

_NEAR_S = Fraction(4)
"""Frames so near each other cost less decoded in one go than sought one by one."""


def take_sheet(by: Shoot, sheet: Sheet) -> int:
    """Make one sheet, unless it is there; returns 1."""
    key = Keys(by.plan.job_id).snapshot_part(sheet_name(sheet.name, by.wanted.format))
    if by.is_made([key]):
        return 1
    with tempfile.TemporaryDirectory(prefix="sheet-") as name:
        folder = Path(name)
        with at_once() as threads:
            for job in [
                threads.submit(_take_run, by, sheet, run, folder) for run in runs(by, sheet)
            ]:
                job.result()
        made = folder / "sheet"
        _lay(by, sheet, folder, made)
        by.keep({key: made}, {"frame": str(sheet.frames[0])})
    return 1


def runs(by: Shoot, sheet: Sheet) -> Iterator[Sequence[int]]:
    """Numbers of tiles that are decoded together."""
    first_preroll_s = prerolls_s(by.plan.source.container)[0] or Fraction(0)
    near = (
        _NEAR_S if is_indexed(by.plan.source.container) else first_preroll_s
    ) * by.plan.video.rate
    run = [0]
    for number in range(1, len(sheet.frames)):
        if sheet.frames[number] - sheet.frames[number - 1] > near:
            yield run
            run = []
        run.append(number)
    yield run


def _take_run(by: Shoot, sheet: Sheet, run: Sequence[int], folder: Path) -> None:
    """What does not come out of the run is sought by itself."""
    if len(run) > 1:
        _decode_run(by, sheet, run, folder)
    for number in run:
        one = tile(sheet.tile, _tile_file(folder, number))
        if not one.is_whole():
            shoot(
                by,
                sheet.frames[number],
                [one],
                accuracy=sheet.accuracy,
                what=f"tile {number} of {sheet.name}",
            )


def _decode_run(by: Shoot, sheet: Sheet, run: Sequence[int], folder: Path) -> None:
    """From the first tile's frame to the last one's. Its files count only where all are there, as
    they are told apart by their order alone."""
    frames = [sheet.frames[number] for number in run]
    made = folder / f"run-{run[0]}"
    made.mkdir()
    width, height = sheet.tile
    keys_only = sheet.accuracy == "keyframe"
    cut = Cut(frames[0], frames[-1] + 1, prerolls_s(by.plan.source.container)[0])
    shown = "+".join(f"eq(pts,{frame})" for frame in frames)
    filters = [grid_graph(by.plan, cut), f"select='{shown}'", *edited(by.plan, sheet.tile)]
    chain = framed(by.layers, f"{','.join(filters)},", cut, sheet.tile, "tile")
    graph = f"{chain}scale={width}:{height}:{SCALING},setsar=1,format=rgb24[o]"
    single = by.plan.model_copy(update={"threads": 1})
    by.run(
        [
            *read_options(
                single, by.source.url, cut, piece_bytes=SMALL_PIECE_BYTES, keys_only=keys_only
            ),
            *by.layers.inputs(),
            *("-filter_complex", graph, "-map", "[o]", *clean_options()),
            *("-fps_mode", "passthrough", "-c:v", "png", "-threads", "1"),
            *("-f", "image2", "-start_number", "0", str(made / "%05d.png")),
        ]
    )
    files = sorted(made.iterdir())
    if len(files) == len(run):
        for number, file in zip(run, files, strict=True):
            shutil.move(file, _tile_file(folder, number))


def _tile_file(folder: Path, number: int) -> Path:
    return folder / f"tile-{number:05}.png"


def _lay(by: Shoot, sheet: Sheet, folder: Path, made: Path) -> None:
    """The tiles as one picture, encoded as the job wants it. Raises FfmpegFailed."""
    inputs = ["-f", "image2", "-framerate", "1", "-start_number", "0"]
    inputs += ["-i", str(folder / "tile-%05d.png")]
    above, graph = "[0:v]", ""
    if sheet.label_height:
        times = (float(frame / by.plan.video.rate) for frame in sheet.frames)
        labels = folder / "labels.raw"
        size = (sheet.tile[0], sheet.label_height)
        _write(labels, (label(clock(time_s), *size) for time_s in times))
        inputs += ["-f", "rawvideo", "-framerate", "1", "-pixel_format", "gray"]
        inputs += ["-video_size", f"{size[0]}x{size[1]}", "-i", str(labels)]
        graph = "[1:v]format=rgb24[labels];[0:v][labels]vstack[both];"
        above = "[both]"
    width, height = sheet.size
    graph += (
        f"{above}tile={sheet.columns}x{sheet.rows}:nb_frames={len(sheet.frames)},"
        f"scale={width}:{height}{pixel_filters(by.coding)}[o]"
    )
    output = ["-map", "[o]", *clean_options(), "-frames:v", "1", *encoder(by.coding), str(made)]
    left_s = by.deadline.left_s(f"laying out {sheet.name}")
    options = [*inputs, "-filter_complex", graph, *output]
    run_ffmpeg(options, Input(str(folder), sheet.name), timeout_s=left_s)
    if image_size(made) != (by.wanted.format, width, height):
        raise FfmpegFailed(f"{sheet.name} did not become a picture of {width}x{height}.")


def _write(file: Path, parts: Iterable[bytes]) -> None:
    with file.open("wb") as stream:
        stream.writelines(parts)
