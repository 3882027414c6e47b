"""Files made to do harm or to lie: each is refused by name, or read as what it is, soon."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from functions.plan_render.source.facts import need_video
from functions.render_chunk.render import render_chunk
from functions.shared.errors import (
    ReelwrightError,
    SourceHasNoVideo,
    SourceNotMedia,
    SourceTooLarge,
    SourceTruncated,
)
from tests.media.ends import check_end, probe
from tests.media.hostile import making
from tests.media.serving import Faults
from tests.media.sources import AAC, H264
from tests.media.support import (
    JOB,
    LIMITS,
    PLENTY_S,
    FolderStore,
    plan_job,
    request,
    run_ffmpeg,
)

SOON_S = 20
LIMITED = replace(LIMITS, duration_s=6 * 3600, streams=64)


@contextmanager
def soon() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SOON_S


@pytest.fixture(scope="module")
def large(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """144 megapixels in a few kilobytes."""
    return making.picture(ffmpeg, tmp_path_factory.mktemp("large") / "large.mov", "12000x12000")


@pytest.mark.parametrize(
    ("name", "size", "says"),
    [
        ("tall.mov", "1x60000", "is 1x60,000 pixels; 16,384 a side are allowed"),
        ("wide.mkv", "60000x1", "is 60,000x1 pixels; 16,384 a side are allowed"),
    ],
)
def test_pictures_of_absurd_size(
    name: str, size: str, says: str, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = making.picture(ffmpeg, tmp_path / name, size)
    assert file.stat().st_size < 1_000_000
    check_end(store, file.read_bytes(), SourceTooLarge, says)


@pytest.mark.parametrize("container", ["mov", "mkv"])
def test_a_picture_of_144_megapixels(
    container: str, store: FolderStore, ffmpeg: Path, large: Path, tmp_path: Path
) -> None:
    file = tmp_path / f"large.{container}"
    run_ffmpeg([ffmpeg, "-i", large, "-c", "copy", file])
    says = "has 144,000,000 pixels a frame; 35,389,440 are allowed"
    check_end(store, file.read_bytes(), SourceTooLarge, says)


def test_a_picture_larger_than_its_header_says(store: FolderStore, large: Path) -> None:
    content = making.patched(large.read_bytes(), [(b"png \0\0\0\0", 28, b"\0\x40\0\x40")])
    check_end(store, content, SourceTooLarge, "144,000,000 pixels a frame")


def test_a_picture_that_no_memory_holds(store: FolderStore, large: Path) -> None:
    """Sixty thousand pixels a side, by its own header; the reader's memory is bounded besides."""
    sides = (60_000).to_bytes(4, "big") * 2
    content = making.patched(
        large.read_bytes(), [(b"IHDR", 4, sides), (b"png \0\0\0\0", 28, b"\0\x40\0\x40")]
    )
    check_end(store, content, SourceHasNoVideo, "cannot be decoded (png)")
    small = replace(LIMITS, memory_bytes=400 << 20)
    check_end(store, large.read_bytes(), SourceTooLarge, "144,000,000 pixels a frame", small)


def test_a_shape_of_pixels_that_makes_it_huge(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    flat = making.clip(ffmpeg, tmp_path / "flat.mov", f"-vf setsar=4 {H264} {AAC}").read_bytes()
    content = making.patched(flat, [(b"pasp", 4, (1000).to_bytes(4, "big"))])
    check_end(store, content, SourceTooLarge, "a side are allowed")


def test_a_bomb_of_large_frames_costs_only_its_head(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    """Five gigabytes of pictures in some ten kilobytes."""
    file = making.picture(ffmpeg, tmp_path / "bomb.gif", "8000x4000", frames=40)
    assert file.stat().st_size < 40_000
    with soon():
        found = need_video(probe(store, file.read_bytes()))
    assert (found.width, found.height) == (8000, 4000)


@pytest.mark.parametrize(
    ("name", "options", "lie"),
    [
        ("clip.mp4", f"{H264} {AAC}", making.mp4_of_ten_hours),
        ("clip.mkv", f"{H264} {AAC}", making.matroska_of_ten_hours),
        ("clip.avi", "-c:v mpeg4 -c:a libmp3lame", making.avi_of_ten_hours),
        ("clip.flv", f"{H264} {AAC}", making.flv_of_ten_hours),
    ],
    ids=["mp4", "matroska", "avi", "flv"],
)
def test_ten_hours_by_the_header_and_eight_seconds_in_fact(
    name: str,
    options: str,
    lie: Callable[[bytes], bytes],
    store: FolderStore,
    ffmpeg: Path,
    tmp_path: Path,
) -> None:
    honest = making.clip(ffmpeg, tmp_path / name, options).read_bytes()
    content = lie(honest)
    assert content != honest
    with soon():
        found, true = probe(store, content, LIMITED), probe(store, honest, LIMITED)
    assert need_video(found).end_s == need_video(true).end_s
    assert abs(need_video(found).end_s - making.LENGTH_S) < Fraction(1, 10)
    assert found.audio is not None
    assert true.audio is not None
    assert found.audio.end_s is not None
    assert abs(found.audio.end_s - (true.audio.end_s or 0)) < Fraction(1, 20)
    if name != "clip.mp4":
        check_end(store, content[: len(content) // 2], SourceTruncated, "is cut short", LIMITED)


def test_two_seconds_by_the_header_and_eight_in_fact(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    options = f"{H264} {AAC} -use_editlist 0"
    honest = making.clip(ffmpeg, tmp_path / "clip.mp4", options).read_bytes()
    with soon():
        found = need_video(probe(store, making.mp4_media_of(honest, 2)))
    assert abs(found.end_s - making.LENGTH_S) < Fraction(1, 4)
    with pytest.raises(SourceTooLarge, match="8 s long; 4 s are allowed"):
        probe(store, making.mp4_media_of(honest, 2), replace(LIMITS, duration_s=4))


@pytest.mark.parametrize(
    ("name", "options", "lie", "rate"),
    [
        ("clip.mkv", f"{H264} {AAC}", making.matroska_at_1000_fps, 25),
        ("clip.avi", "-c:v mpeg4 -c:a libmp3lame", making.avi_at_1000_fps, 120),
    ],
    ids=["matroska", "avi"],
)
def test_a_thousand_frames_a_second_by_the_header(
    name: str,
    options: str,
    lie: Callable[[bytes], bytes],
    rate: int,
    store: FolderStore,
    ffmpeg: Path,
    tmp_path: Path,
) -> None:
    """Matroska has a time for each packet. AVI has none but the rate: it is taken, to a limit."""
    content = lie(making.clip(ffmpeg, tmp_path / name, options).read_bytes())
    with soon():
        assert need_video(probe(store, content)).rate == rate


def test_a_thousand_streams_in_matroska(store: FolderStore, tmp_path: Path) -> None:
    file = making.matroska_of_streams(tmp_path / "many.mkv", 1000)
    check_end(store, file.read_bytes(), SourceTooLarge, "has more than the 64 streams", LIMITED)


@pytest.mark.parametrize("count", [65, 1000, 5000])
def test_very_many_streams_in_an_mp4(
    count: int, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    clip = making.clip(ffmpeg, tmp_path / "clip.mp4").read_bytes()
    content = making.mp4_of_streams(clip, count)
    check_end(store, content, SourceTooLarge, "has more than the 64 streams", LIMITED)


def test_as_many_streams_as_are_allowed(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    content = making.clip(ffmpeg, tmp_path / "clip.mp4").read_bytes()
    with soon():
        assert probe(store, making.mp4_of_streams(content, 64), LIMITED).video


@pytest.mark.parametrize("kind", [b"url ", b"alis"])
@pytest.mark.parametrize("target", ["{server}/secret", "file:///etc/passwd", "/etc/passwd"])
def test_samples_that_are_said_to_be_in_another_file(
    kind: bytes, target: str, store: FolderStore, faults: Faults, ffmpeg: Path, tmp_path: Path
) -> None:
    content = making.clip(ffmpeg, tmp_path / "clip.mp4").read_bytes()
    named = target.format(server=store.address)
    with soon():
        found = probe(store, making.elsewhere(content, kind, named))
    assert need_video(found).end_s == making.LENGTH_S
    assert faults.paths
    assert not [path for path in faults.paths if "/media/source?" not in path]


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{target}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile '{target}'\nduration 4\n"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='{target}'/></svg>"
DASH = (
    "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'"
    " mediaPresentationDuration='PT4S'><Period><AdaptationSet mimeType='video/mp4'>"
    "<Representation id='1' bandwidth='1'><BaseURL>{target}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>"
)
SDP = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n{target}"
)
LIST = "{target}\n{target}\n"


@pytest.mark.parametrize(
    "text",
    [PLAYLIST, CONCAT, SVG, DASH, SDP, LIST, "\ufeff" + PLAYLIST, "concat:{target}|{target}"],
    ids=["hls", "concat", "svg", "dash", "sdp", "list", "hls with a mark", "concat address"],
)
@pytest.mark.parametrize("target", ["{server}/media/other", "file:///etc/passwd"])
def test_text_that_names_another_file(
    text: str, target: str, store: FolderStore, faults: Faults
) -> None:
    """Whatever the object is called: the probe goes by what is in it, and reads nothing else."""
    content = text.format(target=target.format(server=store.address)).encode()
    check_end(store, content, SourceNotMedia, "cannot be read as media")
    assert not [path for path in faults.paths if "other" in path]


@pytest.mark.parametrize("suffix", ["mkv", "ts", "avi", "flv", "mp4"])
def test_noise_behind_a_good_beginning(
    suffix: str, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    """Whatever comes out of it has a name, or is a probe of what could be read; and it is soon."""
    options = "-c:v mpeg4 -c:a libmp3lame" if suffix == "avi" else f"{H264} {AAC}"
    head = making.clip(ffmpeg, tmp_path / f"clip.{suffix}", options).read_bytes()[:20_000]
    noise = bytes(number * number * 7919 % 251 for number in range(200_000))
    with soon():
        try:
            probe(store, head + noise)
        except ReelwrightError as ended:
            said = str(ended)
        else:
            said = "media/source has a beginning"
    assert said.startswith("media/source ")


def test_pictures_that_grow_in_mid_stream(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    """A bound on the first pictures would be none."""
    small = making.clip(ffmpeg, tmp_path / "small.ts")
    options = f"-output_ts_offset 8 {H264} {AAC}"
    large = making.clip(ffmpeg, tmp_path / "large.ts", options, size="640x360")
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    plan = plan_job(store, request(render={"outputs": [{"video": {"preset": "ultrafast"}}]}), both)
    assert plan.video.most_pixels is None
    render_chunk(store, JOB, plan.items[-1], remaining_s=PLENTY_S)

    video = plan.video.model_copy(update={"most_pixels": 160 * 90})
    store.write_plan(plan.model_copy(update={"video": video}))
    with pytest.raises(SourceTooLarge, match="has pictures of 640x3"):
        render_chunk(store, JOB, plan.items[-1], remaining_s=PLENTY_S)
