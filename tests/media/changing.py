"""Films of several cameras, one behind the other in one stream, and what a job makes of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame

from functions.shared.plan import Plan
from tests.media.support import (
    FolderStore,
    decode,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
    stitch_job,
)

PART_S = Fraction(24, 10)
"""So that a chunk and its run-up fit into one."""
RATE = 10
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lossless", "1"]


@dataclass(frozen=True)
class Part:
    """A film of its own: a box before a picture that moves."""

    tags: tuple[str, str, str, str]
    """Primaries, transfer, matrix, range."""
    size: str = "96x64"
    pixels: str = "yuv420p"
    box: str = "0x20B040"
    numbers: str = ""
    """The matrix that the box's numbers are made by, where the tags say none."""
    length_s: Fraction = PART_S

    @property
    def drawn(self) -> str:
        """In RGB."""
        return (
            f"testsrc2=size={self.size}:rate={RATE}:duration={float(self.length_s)},format=gbrp,"
            f"drawbox=color={self.box}:x=iw/4:y=ih/4:w=iw/2:h=ih/2:t=fill"
        )

    @property
    def graph(self) -> str:
        primaries, transfer, matrix, range_ = self.tags
        made_by = self.numbers or matrix
        full = "pc" if range_ == "pc" else "tv"
        return ",".join(
            (
                self.drawn,
                f"scale=out_color_matrix={made_by}:out_range={full},format={self.pixels}",
                f"setparams=color_primaries={primaries}:color_trc={transfer}",
                f"setparams=colorspace={matrix}:range={range_}",
            )
        )


def joined(
    ffmpeg: Path, folder: Path, *parts: Part, coding: list[str] = X264, suffix: str = "mkv"
) -> Path:
    """The films one behind the other, in one stream whose headers change with them."""
    listed, lines = folder / "films.txt", ""
    for number, part in enumerate(parts):
        film = folder / f"{number}.{suffix}"
        look = ["-f", "lavfi", "-i", part.graph]
        run_ffmpeg([ffmpeg, *look, *coding, "-g", RATE, "-bsf:v", "dump_extra", film])
        lines += f"file {film}\nduration {float(part.length_s)}\n"
    listed.write_text(lines)
    whole = folder / f"joined.{suffix}"
    run_ffmpeg([ffmpeg, "-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", whole])
    return whole


def planned(store: FolderStore, file: Path, chunk_s: float, height: int = 64) -> Plan:
    output = {"name": "video", "height": height, "video": {"crf": 0, "preset": "ultrafast"}}
    return plan_job(store, request(render={"outputs": [output]}, chunk_s=chunk_s), file)


def rendered(store: FolderStore, plan: Plan) -> Path:
    assert render_job(store, plan) == plan.video.total_frames
    return stitch_job(store, plan)


def chunks_of_a_second(ffmpeg: Path, store: FolderStore, file: Path, height: int = 64) -> Path:
    """The film of chunks that begin before, in and behind the changes: what one chunk shows."""
    plan = planned(store, file, 60, height)
    assert len(plan.chunks) == 1
    whole = rendered(store, plan).rename(store.folder / "whole.mp4")
    plan = planned(store, file, 1, height)
    assert len(plan.chunks) >= 3
    film = rendered(store, plan)
    assert decode(ffmpeg, film).pictures == decode(ffmpeg, whole).pictures
    return film


def frames(file: Path) -> Iterator[VideoFrame]:
    with av.open(str(file)) as opened:
        yield from opened.decode(video=0)


def colour_in_the_box(frame: VideoFrame) -> tuple[int, int, int]:
    return colour_at(frame, 1 / 2, 1 / 2)


def colour_at(frame: VideoFrame, x: float, y: float) -> tuple[int, int, int]:
    """At a place in parts of the width and of the height."""
    rgb = frame.reformat(format="rgb24")
    plane = rgb.planes[0]
    at = int(y * rgb.height) * plane.line_size + 3 * int(x * rgb.width)
    red, green, blue = bytes(plane)[at : at + 3]
    return red, green, blue


def tags(frame: VideoFrame) -> tuple[int, int, int, int]:
    return (
        int(frame.color_primaries),
        int(frame.color_trc),
        int(frame.colorspace),
        int(frame.color_range),
    )
