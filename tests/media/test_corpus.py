"""Each file of the corpus comes to its right end: planned as what it is, or refused by name.

What is true of a file is said by the corpus' own index, which was made by decoding all of it.
"""

import json
import os
import re
import struct
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from functions.plan_render.source.facts import Probe, need_video
from functions.plan_render.source.probing import probe_source
from functions.shared.colour import Colour
from functions.shared.errors import (
    ReelwrightError,
    SourceEncrypted,
    SourceHasNoVideo,
    SourceNotMedia,
    SourceTruncated,
)
from functions.shared.ffmpeg import Input
from tests.conftest import CORPUS
from tests.media.ends import check_end
from tests.media.support import BUCKET, LIMITS, FolderStore, lossless, plan_job, run_ffmpeg

SOON_S = 20
REFUSED: dict[str, tuple[type[ReelwrightError], str]] = {
    "broken.mp4": (SourceTruncated, "no index"),
    "annex-b.mp4": (SourceTruncated, "up to 1,313,021 and it has 100,000"),
    "zero_empty_stsc.mp4": (SourceTruncated, "up to 8,822,197 and it has 48,618"),
    "bear-640x360-v_frag-cenc-senc.mp4": (SourceEncrypted, "is encrypted"),
    "av1-clearkey-cbcs-video.mp4": (SourceEncrypted, "is encrypted"),
    "sample_ac4.mp4": (SourceHasNoVideo, "only audio"),
    "invalid-bitstream.webm": (SourceHasNoVideo, "cannot be decoded (vp9)"),
    "avc.mp4": (SourceNotMedia, "Git LFS pointer"),
    "tokyo.jpg": (SourceNotMedia, "JPEG image"),
    "media3test.png": (SourceNotMedia, "PNG image"),
    "Animation Lossy.webp": (SourceNotMedia, "WebP image"),
    # As objects; by their https addresses they are read (test_playlists.py).
    "hls_cmaf_multi_segment/playlist.m3u8": (SourceNotMedia, "playlist (HLS)"),
    "hls_cea608_ts/manifest.m3u8": (SourceNotMedia, "playlist (HLS)"),
}
SOUND_ONLY = ("bbb_1ch_8kHz_aac_lc.m4a", "rain.mp3", "bear_with_picture.flac")
PQ, HLG = 16, 18
SUBTITLED = {
    "nasa_13013.mp4": [("mov_text", "eng", True), ("mov_text", "eng", True)],
    "sample_with_srt.mkv": [("subrip", "eng", True)],
    "Sony ILCE-7M3 (A7M3).mts": [("hdmv_pgs_subtitle", None, False)],
}
ALPHA = {"transparent.webm", "circle.gif"}


def index() -> dict[str, Any]:
    """File → what the index says; empty where there is no corpus."""
    if not CORPUS.is_dir():
        return {}
    entries = json.loads((CORPUS / "index.json").read_text())["files"]
    return {entry["file"].removeprefix("dev/"): entry for entry in entries}


INDEX = index()
FILMS = [name for name in INDEX if name not in REFUSED and name not in SOUND_ONLY]


@pytest.fixture(autouse=True)
def _nothing_is_left(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """No temporary file, no process, however it ended."""
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = children()
    yield
    assert list(scratch.iterdir()) == []
    assert children() <= before


def children() -> set[str]:
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


def probed(store: FolderStore, file: Path) -> Probe:
    path = store.path("source")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.read_bytes())
    source = Input(store.presigned("source"), f"{BUCKET}/source")
    started = time.monotonic()
    found = probe_source(source, path.stat().st_size, LIMITS, timeout_s=30)
    assert time.monotonic() - started < SOON_S
    return found


def test_the_table_names_files_of_the_corpus(corpus: Path) -> None:
    assert {*REFUSED, *SOUND_ONLY} <= set(INDEX)
    assert len(INDEX) == len(FILMS) + len(REFUSED) + len(SOUND_ONLY)
    assert (corpus / "index.json").exists()


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name: str, store: FolderStore, corpus: Path) -> None:
    error, says = REFUSED[name]
    check_end(store, (corpus / name).read_bytes(), error, says)
    assert [path.name for path in store.path("").rglob("*") if path.is_file()] == ["source"]


@pytest.mark.parametrize("name", SOUND_ONLY)
def test_sound_alone(name: str, store: FolderStore, corpus: Path) -> None:
    [said] = INDEX[name]["audio"]
    found = probed(store, corpus / name)
    assert found.video is None
    assert found.audio is not None
    assert (found.audio.channels, found.audio.sample_rate) == (said["channels"], said["rate"])
    assert found.audio.end_s == pytest.approx(said["end_s"], abs=0.03)
    heard_s = found.audio.end_s - found.audio.start_s
    assert heard_s == pytest.approx(said["decoded_seconds"], abs=0.03)


def film(name: str) -> dict[str, Any]:
    """What the index says of the largest video that is no cover."""
    films = [each for each in INDEX[name]["video"] if not each["attached_picture"]]
    found: dict[str, Any] = max(films, key=lambda each: each["width"] * each["height"])
    return found


@pytest.mark.parametrize("name", FILMS)
def test_pictures_are_what_decoding_says(name: str, store: FolderStore, corpus: Path) -> None:
    said, found = film(name), probed(store, corpus / name).video
    assert found is not None
    assert (found.width, found.height) == shown_size(said)
    assert found.turned_deg == said["rotate_clockwise_to_display"] % 360
    assert found.coded_pixels == said["width"] * said["height"]
    deep = next((bits for bits in (10, 12) if str(bits) in said["pix_fmt"][4:]), 8)
    assert (found.bit_depth, found.has_alpha) == (deep, name in ALPHA)
    assert found.interlaced == (2 * said["interlaced_frames"] > said["frames_decoded"])
    assert found.is_hdr == (said["color_primaries_trc_matrix_range"][1] in {PQ, HLG})
    assert found.start_s == pytest.approx(said["first_pts_s"], abs=0.002)
    assert said["last_pts_s"] < found.end_s <= last_end_s(said) + 0.002


def last_end_s(said: dict[str, Any]) -> float:
    """Until when the last picture may be shown: as long as the longest; headers may say longer."""
    interval_s = said["interval_max_s"] or 0.04
    declared_s = said["first_pts_s"] + (said["stream_duration_s"] or 0)
    return float(max(said["last_pts_s"] + interval_s, declared_s))


def shown_size(said: dict[str, Any]) -> tuple[int, int]:
    wide = round(said["width"] * Fraction(said["sar"] or 1))
    sides = (wide, said["height"])
    return sides if said["rotate_clockwise_to_display"] % 180 == 0 else sides[::-1]


@pytest.mark.parametrize("name", FILMS)
def test_planned_frames_are_those_that_decoding_gives(
    name: str, store: FolderStore, corpus: Path
) -> None:
    """Pictures at a constant rate come out one by one, after a lead where sound begins earlier."""
    said, plan = film(name), plan_job(store, lossless(), corpus / name)
    frames, rate = plan.video.total_frames, plan.video.rate
    first_s = min([said["first_pts_s"], *(each["first_pts_s"] for each in heard(name))])
    lead = round((said["first_pts_s"] - first_s) * rate)
    if said["frame_timing"] == "cfr":
        assert frames == lead + said["frames_decoded"]
        assert said["fps_measured"] is None or rate == pytest.approx(
            said["fps_measured"], rel=0.005
        )
    else:
        between_s = said["last_pts_s"] - said["first_pts_s"]
        assert lead + round(between_s * rate) < frames <= 1 + (last_end_s(said) - first_s) * rate
    [output] = plan.outputs
    assert (output.width, output.height) == tuple(
        length + length % 2 for length in shown_size(said)
    )


@pytest.mark.parametrize("name", FILMS)
def test_sound_is_what_decoding_says(name: str, store: FolderStore, corpus: Path) -> None:
    found = probed(store, corpus / name).audio
    if not heard(name):
        assert found is None
        return
    said = max(heard(name), key=lambda each: int(each["channels"]))
    assert found is not None
    assert (found.channels, found.sample_rate) == (said["channels"], said["rate"])
    assert found.start_s == pytest.approx(said["first_pts_s"], abs=0.1)
    assert found.end_s == pytest.approx(said["end_s"], abs=0.05)


def test_light_and_colours_as_encoders_take_them(store: FolderStore, corpus: Path) -> None:
    """The file's boxes, read by hand: mdcv in 0.00002 and 0.0001 cd/m², clli in cd/m²."""
    name = "sample_with_colr_mdcv_and_clli.mp4"
    content = (corpus / name).read_bytes()
    mdcv, clli = content.index(b"mdcv") + 4, content.index(b"clli") + 4
    gx, gy, bx, by, rx, ry, wx, wy, brightest, darkest = struct.unpack_from(">8H2I", content, mdcv)
    found = need_video(probed(store, corpus / name))
    assert found.mastering is not None
    told = [int(number) for number in re.findall(r"\d+", found.mastering)]
    assert re.sub(r"\d+", "", found.mastering) == "G(,)B(,)R(,)WP(,)L(,)"
    said = [gx, gy, bx, by, rx, ry, wx, wy, brightest, darkest]
    assert told == pytest.approx(said, abs=1)
    assert found.content_light == "{},{}".format(*struct.unpack_from(">2H", content, clli))
    assert found.colour == Colour(
        primaries="bt2020", transfer="smpte2084", matrix="bt2020nc", range="tv"
    )


def test_subtitles(store: FolderStore, corpus: Path) -> None:
    found = {name: probed(store, corpus / name).subtitles for name in SUBTITLED}
    told = {name: [(s.codec, s.language, s.is_text) for s in each] for name, each in found.items()}
    assert told == SUBTITLED


def heard(name: str) -> list[dict[str, Any]]:
    return [each for each in INDEX[name]["audio"] if each["samples_decoded"]]


def test_a_video_that_begins_before_its_start_keeps_its_first_pictures(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, corpus: Path
) -> None:
    """Fields, of which FFmpeg takes the second pair's time for the stream's start."""
    silent = tmp_path / "silent.ts"
    source = corpus / "Sony ILCE-7M3 (A7M3).mts"
    run_ffmpeg([ffmpeg, "-i", source, "-map", "0:v", "-c", "copy", "-copyts", silent])
    assert plan_job(store, lossless(), silent).video.total_frames == 13
