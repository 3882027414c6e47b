"""Chunked equals whole: pictures bit by bit, times tick by tick, sound sample by sample."""

from pathlib import Path

import pytest

from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.track import read_movie
from functions.shared.plan import Plan
from tests.media.sources import KINDS, Kind, make
from tests.media.support import (
    FolderStore,
    decode,
    lossless,
    plan_job,
    render_in_one_piece,
    render_job,
    stitch_job,
)


def check_equal(ffmpeg: Path, store: FolderStore, plan: Plan, file: Path) -> None:
    """Render in parts and in one piece; compare everything a player would show."""
    frames = render_job(store, plan)
    joined = stitch_job(store, plan)
    render_in_one_piece(ffmpeg, plan, file, store.folder / "whole.mp4")
    whole = decode(ffmpeg, store.folder / "whole.mp4")
    ours = decode(ffmpeg, joined)
    assert frames == len(ours.pictures) == len(whole.pictures)
    assert ours.times == whole.times == [i * plan.video.frame_ticks for i in range(frames)]
    assert ours.pictures == whole.pictures
    assert ours.sound == whole.sound
    assert read_movie(FileBytes(joined)).tables_first


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_chunked_render_equals_one_in_one_piece(
    kind: Kind, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = make(ffmpeg, kind, tmp_path)
    plan = plan_job(store, lossless(), file)
    assert len(plan.chunks) >= 3
    check_equal(ffmpeg, store, plan, file)


CORPUS_VIDEOS = (
    "-video-with-dash-.mp4",
    "100_0306.AVI",
    "ALRadialMenu-demo.mov",
    "Sony ILCE-7M3 (A7M3).mts",
    "av1_video.mkv",
    "awesome movie.mov",
    "bbb_2500ms.ts",
    "bear-vp9-odd-dimensions.webm",
    "bt2020_10bit.mp4",
    "chaplin.mp4",
    "chrome57.webm",
    "circle.gif",
    "cursed-vfr.mp4",
    "discard_first_keyframe.mp4",
    "edit_list_positive_shift.mp4",
    "h264_10bits.mp4",
    "h265_video.mp4",
    "hevc.ts",
    "hevc_white_frame.mp4",
    "hlg10-color-test.mp4",
    "hls_cea608_ts/sd-hls0000000000.ts",
    "ios9.mov",
    "max-heromode.mp4",
    "metadata.mp4",
    "nasa_13013.mp4",
    "nasa_13013_rotated.mp4",
    "no_duration.webm",
    "pixel7_videoOnly_cleaned.mp4",
    "portrait_4k60.mp4",
    "prores_frame.mov",
    "sample-with-key-frame-index.flv",
    "sample.avi",
    "sample_missing_stsd.mp4",
    "sample_mpeg2.m2v",
    "sample_shorter_audio.mp4",
    "sample_with_colr_mdcv_and_clli.mp4",
    "sample_with_increasing_timestamps_320w_240h_fragmented.mp4",
    "sample_with_srt.mkv",
    "sar_2x1.mp4",
    "sintel-captions.ts",
    "sowt-with-video.mov",
    "testWMV_WMV2.wmv",
    "test_non_zero_start.mp4",
    "testsrc2_odd_height_and_width_444.mp4",
    "transparent.webm",
    "video_colr_nclx_hlg.mp4",
)


@pytest.mark.parametrize("name", CORPUS_VIDEOS)
def test_corpus_chunked_equals_one_in_one_piece(
    name: str, store: FolderStore, ffmpeg: Path, corpus: Path
) -> None:
    wanted = lossless(height=90).model_copy(update={"chunk_s": 1.0})
    plan = plan_job(store, wanted, corpus / name)
    check_equal(ffmpeg, store, plan, corpus / name)


@pytest.mark.slow
def test_six_minutes_at_the_default_chunk_length(
    store: FolderStore, ffmpeg: Path, corpus: Path
) -> None:
    wanted = lossless(height=90).model_copy(update={"chunk_s": None})
    plan = plan_job(store, wanted, corpus / "long_180p_av1.mp4")
    assert len(plan.chunks) == 18
    check_equal(ffmpeg, store, plan, corpus / "long_180p_av1.mp4")
