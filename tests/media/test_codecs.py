"""Every codec in chunks: what is stitched is what one ffmpeg makes in one piece."""

import re
from pathlib import Path
from typing import Any

import pytest

from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.track import read_movie
from functions.shared.plan import Plan
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import (
    FolderStore,
    decode,
    plan_job,
    render_in_one_piece,
    render_job,
    request,
    run_ffmpeg,
    stitch_job,
)

CLIP = Kind("clip", ".mp4", f"{H264} {AAC}", rate="30000/1001", length_s=4, sound_s=4)
LEAST_SSIM = 0.97
"""Of a stitched file's worst picture against the single process's: they differ by rate control."""


@pytest.fixture(scope="module")
def clip(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(ffmpeg, CLIP, tmp_path_factory.mktemp("codecs"))


def planned(store: FolderStore, file: Path, container: str = "mp4", **video: Any) -> Plan:
    output = {"container": container, "width": 192, "height": 108, "video": video}
    return plan_job(store, request(render={"outputs": [output]}, chunk_s=1.4), file)


def in_both_ways(ffmpeg: Path, store: FolderStore, plan: Plan, file: Path) -> tuple[Path, Path]:
    """(stitched, in one piece)."""
    assert len(plan.chunks) >= 2
    render_job(store, plan)
    whole = store.folder / f"whole.{plan.outputs[0].part_suffix}"
    render_in_one_piece(ffmpeg, plan, file, whole)
    return stitch_job(store, plan), whole


@pytest.mark.parametrize(
    ("container", "video"),
    [
        ("mp4", {"codec": "hevc", "lossless": True, "preset": "superfast"}),
        ("mp4", {"codec": "hevc", "lossless": True, "preset": "ultrafast",
                 "pixel_format": "yuv444p10"}),
        ("mp4", {"codec": "vp9", "lossless": True, "preset": "superfast"}),
        ("mp4", {"codec": "h264", "lossless": True, "preset": "superfast",
                 "pixel_format": "yuv422p10"}),
        ("mov", {"codec": "prores", "profile": "proxy"}),
        ("mov", {"codec": "prores", "profile": "4444"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)  # fmt: skip
def test_chunks_equal_one_piece_bit_by_bit(
    ffmpeg: Path, store: FolderStore, clip: Path, container: str, video: dict[str, Any]
) -> None:
    plan = planned(store, clip, container, **video)

    stitched, whole = in_both_ways(ffmpeg, store, plan, clip)

    ours, theirs = decode(ffmpeg, stitched), decode(ffmpeg, whole)
    assert ours.pictures == theirs.pictures
    assert ours.times == theirs.times == [i * 1001 for i in range(120)]
    assert ours.sound == theirs.sound


@pytest.mark.parametrize(
    "video",
    [
        {"codec": "h264", "bitrate_kbps": 300, "max_bitrate_kbps": 400, "preset": "fast"},
        {"codec": "hevc", "preset": "fast", "gop_s": 0.7},
        {"codec": "hevc", "preset": "fast", "bitrate_kbps": 300, "max_bitrate_kbps": 400},
        {"codec": "vp9", "preset": "fast"},
        {"codec": "vp9", "preset": "fast", "bitrate_kbps": 300, "max_bitrate_kbps": 400},
        {"codec": "av1", "preset": "superfast", "gop_s": 0.7},
        {"codec": "av1", "preset": "fast", "max_bitrate_kbps": 400, "pixel_format": "yuv420p10"},
    ],
    ids=lambda video: "-".join(map(str, video.values())),
)
def test_lossy_chunks_are_as_good_as_one_piece(
    ffmpeg: Path, store: FolderStore, clip: Path, video: dict[str, Any]
) -> None:
    plan = planned(store, clip, **video)

    stitched, whole = in_both_ways(ffmpeg, store, plan, clip)

    ours = decode(ffmpeg, stitched)
    assert len(ours.pictures) == 120
    assert ours.times == [i * 1001 for i in range(120)]
    assert worst_ssim(ffmpeg, stitched, whole) > LEAST_SSIM
    track = only_video(stitched)
    assert track.sync is not None
    assert {1, *(1 + chunk.start_frame for chunk in plan.chunks)} <= set(track.sync)
    gaps = [b - a for a, b in zip(track.sync, [*track.sync[1:], 121], strict=True)]
    assert max(gaps) <= plan.outputs[0].keyint


def only_video(file: Path) -> Any:
    return next(track for track in read_movie(FileBytes(file)).tracks if track.kind == "vide")


def worst_ssim(ffmpeg: Path, one: Path, other: Path) -> float:
    stats = one.with_suffix(".ssim")
    graph = f"[0:v]settb=1/30,setpts=N[a];[1:v]settb=1/30,setpts=N[b];[a][b]ssim=f={stats}"
    run_ffmpeg([ffmpeg, "-i", one, "-i", other, "-lavfi", graph, "-f", "null", "-"])
    return min(float(found) for found in re.findall(r"All:([0-9.]+)", stats.read_text()))
