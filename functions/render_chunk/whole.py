"""Renders a picture that is made in one piece: gif, webp, and stills."""

import tempfile
from pathlib import Path

from functions.render_chunk.colour import source_filters, tone_filters
from functions.shared.containers import content_type
from functions.shared.cut import (
    Cut,
    clean_options,
    grid_graph,
    prerolls_s,
    read_options,
    reads_from_start,
    rebase,
)
from functions.shared.errors import ChunkIncomplete, TransientError
from functions.shared.ffmpeg import Input, lost_connection, run_ffmpeg
from functions.shared.images import image_size
from functions.shared.media_store import Keys
from functions.shared.moving import moving_picture
from functions.shared.overlay_filters import Layers, prepare
from functions.shared.parts import Deadline, Store, check_source, made, open_source
from functions.shared.picture_filters import edit_filters, frame_filters
from functions.shared.plan import Plan, WholePicture

_FULL_RANGE = "scale=out_range=full:out_color_matrix=bt601"
"""As JPEG files are read, which say neither."""
_WORST_JPEG, _BEST_JPEG = 31, 2
_WORST_AV1 = 63
_COUNTED = ("-fps_mode", "passthrough", "-c:v", "wrapped_avframe", "-f", "framecrc")
"""A line for each picture that the encoder was given."""


def render_whole(store: Store, plan: Plan, picture: WholePicture, deadline: Deadline) -> int:
    """Make the picture's part unless it is there; returns the number of its frames.

    Raises SourceChanged, ChunkIncomplete, FfmpegFailed, RenderTimedOut, TransientError.
    """
    output = picture.output
    key = Keys(plan.job_id).chunk(output.name, 0, output.suffix)
    done = made(store, key, plan.hash)
    if done is not None:
        return int(done.metadata["frames"])
    source = open_source(store, plan.source)
    with tempfile.TemporaryDirectory(prefix="whole-") as folder:
        file = Path(folder) / f"{output.name}.{output.suffix}"
        layers = prepare(store, plan, Path(folder))
        frames = _render(plan, picture, source, file, layers, deadline)
        check_source(store, plan.source)
        facts = {"plan": plan.hash, "frames": str(frames)}
        store.upload(key, file, content_type(output.container), facts)
    return frames


def _render(
    plan: Plan,
    picture: WholePicture,
    source: Input,
    file: Path,
    layers: Layers,
    deadline: Deadline,
) -> int:
    """Try larger and larger prerolls until its frames are there."""
    doing = f"rendering output {picture.output.name} of {source.name}"
    problem, lost = "", False
    for preroll_s in prerolls_s(plan.source.container):
        cut = Cut(picture.start_frame, picture.end_frame, preroll_s)
        file.unlink(missing_ok=True)
        for options in whole_options(plan, picture, cut, source.url, file, layers):
            stderr = run_ffmpeg(options, source, timeout_s=deadline.left_s(doing))
            lost = lost_connection(stderr)
        frames, problem = _inspect(plan, picture, file)
        if not problem and not lost:
            return frames
        if reads_from_start(plan, cut):
            break
    where = f"Output {picture.output.name} of {source.name}"
    if lost:
        raise TransientError(
            f"{where} lost its connection to the source: {problem or 'at its end'}."
        )
    raise ChunkIncomplete(f"{where} could not be cut at any preroll: {problem}.")


def whole_options(
    plan: Plan, picture: WholePicture, cut: Cut, url: str, file: Path, layers: Layers
) -> list[list[str]]:
    """ffmpeg's options of each run; a gif's first finds its palette, so no run holds frames."""
    if picture.output.container != "gif":
        return [_one_run(plan, picture, cut, url, file, layers)]
    palette = file.with_suffix(".png")
    graph = _graph(plan, picture, cut, layers)
    reading = [*read_options(plan, url, cut), *layers.inputs()]
    finding = ["-filter_complex", f"{graph},format=rgb24,palettegen=stats_mode=diff[o]"]
    mapping = ["-map", "[o]", *clean_options()]
    first = [*reading, *finding, *mapping, "-frames:v", "1", "-update", "1", str(palette)]
    number = reading.count("-i")
    using = f"{graph},format=rgb24[p];[p][{number}:0]paletteuse=diff_mode=rectangle[o]"
    loop = {0: 0, 1: -1}.get(picture.loop, picture.loop - 1)
    second = [*reading, "-i", str(palette), "-filter_complex", using, *mapping]
    return [first, [*second, "-loop", str(loop), "-f", "gif", str(file)]]


def _one_run(
    plan: Plan, picture: WholePicture, cut: Cut, url: str, file: Path, layers: Layers
) -> list[str]:
    last, encoder = _encoder(picture)
    graph = f"{_graph(plan, picture, cut, layers)},{last}"
    counting: list[str] = []
    if picture.rate is not None:
        graph = f"{graph},split[o][counted]"
        counting = ["-map", "[counted]", *_COUNTED, str(_counts(file))]
    else:
        graph = f"{graph}[o]"
    return [
        *(*read_options(plan, url, cut), *layers.inputs()),
        *("-filter_complex", graph, "-map", "[o]", *clean_options()),
        *("-threads", str(plan.threads), *encoder, str(file)),
        *counting,
    ]


def _counts(file: Path) -> Path:
    return file.with_suffix(".counted")


def _graph(plan: Plan, picture: WholePicture, cut: Cut, layers: Layers) -> str:
    """From the source to the framed pictures at their own rate; its end is open."""
    output = picture.output
    coding = output.coding
    filters = [
        grid_graph(plan, cut),
        *edit_filters(plan.picture),
        *source_filters(coding),
        *frame_filters(output),
        *tone_filters(coding),
    ]
    size = (output.width, output.height)
    laid = layers.over(",".join(filters), cut, size, coding.pixel_format, "o")
    rate = picture.rate
    paced = f",fps={rate.numerator}/{rate.denominator}:start_time=0" if rate is not None else ""
    return f"{laid},{rebase(cut)}{paced}"


def _encoder(picture: WholePicture) -> tuple[str, list[str]]:
    """(the last filter, the encoder's and the muxer's options)."""
    pixels, quality = picture.output.coding.pixel_format, picture.quality
    one = ["-frames:v", "1", "-update", "1"]
    match picture.output.container:
        case "webp" if picture.rate is not None:
            moving = ["-c:v", "libwebp_anim", "-quality", str(quality), "-loop", str(picture.loop)]
            return f"format={pixels}", [*moving, "-f", "webp"]
        case "webp":
            return f"format={pixels}", ["-c:v", "libwebp", "-quality", str(quality), *one]
        case "png":
            return f"format={pixels}", ["-c:v", "png", *one]
        case "avif":
            crf = str(round((100 - quality) * _WORST_AV1 / 100))
            still = ["-c:v", "libaom-av1", "-still-picture", "1", "-crf", crf, "-cpu-used", "6"]
            return f"format={pixels}", [*still, "-frames:v", "1", "-f", "avif"]
        case _:
            scale = _WORST_JPEG - round(quality * (_WORST_JPEG - _BEST_JPEG) / 100)
            return f"{_FULL_RANGE},format=yuvj420p", ["-c:v", "mjpeg", "-q:v", str(scale), *one]


def _inspect(plan: Plan, picture: WholePicture, file: Path) -> tuple[int, str]:
    """(frames, what is wrong with the file or nothing)."""
    output = picture.output
    wanted = (output.container, output.width, output.height)
    if picture.rate is None:
        found = image_size(file)
        return 1, "" if found == wanted else f"it is {found}, not {wanted}"
    moving = moving_picture(file)
    if moving is None and output.container == "webp":
        still = image_size(file)  # All its pictures were alike.
        moving = still and (*still, 1)
    if moving is None:
        return 0, f"it is no whole {output.container} file"
    frames, planned = moving[3], picture.frames(plan.video.rate)
    if output.container == "webp":
        # Like pictures that follow each other are one in the file, shown for longer.
        lines = _counts(file).read_text().splitlines()
        frames = sum(not line.startswith("#") for line in lines)
    last = plan.chunk_of(picture)
    slack = 1 + round(plan.frame_slack(last) / plan.video.rate * picture.rate)
    if moving[:3] != wanted or abs(frames - planned) > slack:
        return frames, f"it is {(*moving[:3], frames)}, not {(*wanted, planned)}"
    return frames, ""
