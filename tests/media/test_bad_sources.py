"""Each bad source ends soon, in one named error whose sentence says what is wrong."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from functions.plan_render.source.facts import need_video
from functions.shared.errors import (
    ReelwrightError,
    SourceEmpty,
    SourceEncrypted,
    SourceHasNoVideo,
    SourceNotMedia,
    SourceTooLarge,
    SourceTruncated,
    SourceUnreachable,
    TransientError,
)
from tests.media.ends import check_end, probe
from tests.media.serving import Faults
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import LIMITS, SECRET, FolderStore, run_ffmpeg

CORPUS_ENDS = (
    ("broken.mp4", SourceTruncated, "no index"),
    ("annex-b.mp4", SourceTruncated, "up to 1,313,021 and it has 100,000"),
    ("bear-640x360-v_frag-cenc-senc.mp4", SourceEncrypted, "is encrypted"),
    ("av1-clearkey-cbcs-video.mp4", SourceEncrypted, "is encrypted"),
    ("sample_ac4.mp4", SourceHasNoVideo, "only audio"),
    ("invalid-bitstream.webm", SourceHasNoVideo, "cannot be decoded (vp9)"),
    ("zero_empty_stsc.mp4", SourceTruncated, "names bytes up to 8,822,197 and it has 48,618"),
    ("hls_cmaf_multi_segment/video_init.mp4", SourceHasNoVideo, "cannot be decoded"),
    ("avc.mp4", SourceNotMedia, "Git LFS pointer"),
    ("tokyo.jpg", SourceNotMedia, "JPEG image"),
    ("media3test.png", SourceNotMedia, "PNG image"),
    ("Animation Lossy.webp", SourceNotMedia, "WebP image"),
    ("hls_cmaf_multi_segment/playlist.m3u8", SourceNotMedia, "playlist (HLS)"),
    ("hls_cea608_ts/manifest.m3u8", SourceNotMedia, "playlist (HLS)"),
)


@pytest.mark.parametrize(("name", "error", "says"), CORPUS_ENDS, ids=lambda value: str(value)[:20])
def test_corpus(
    name: str, error: type[ReelwrightError], says: str, store: FolderStore, corpus: Path
) -> None:
    check_end(store, (corpus / name).read_bytes(), error, says)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", SourceEmpty, "is empty (0 bytes)"),
        (b"hello, this is not a film\n" * 40, SourceNotMedia, "text that begins 'hello"),
        (b"<!DOCTYPE html><title>403</title>", SourceNotMedia, "HTML page"),
        (b"<svg xmlns='x'><image href='file:///etc/passwd'/></svg>", SourceNotMedia, "XML or SVG"),
        (b"<MPD></MPD>", SourceNotMedia, "DASH"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", SourceNotMedia, "text that begins"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", SourceNotMedia, "playlist"),
        (bytes(range(256)) * 16, SourceNotMedia, "not a media file"),
        (b"\0" * 4096, SourceNotMedia, "not a media file"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41\0\0\0\x10mdat12345678", SourceTruncated, "no index"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_not_media(
    content: bytes, error: type[ReelwrightError], says: str, store: FolderStore
) -> None:
    check_end(store, content, error, says)


@pytest.mark.parametrize(
    ("suffix", "options", "says"),
    [
        (".mp4", f"{H264} {AAC}", "no index"),
        (".mp4", f"{H264} {AAC} -movflags +faststart", "its index names bytes up to"),
        (
            ".mp4",
            f"{H264} {AAC} -movflags +frag_keyframe+empty_moov",
            "its index names bytes up to",
        ),
        (".mkv", f"{H264} {AAC}", "its header says 6.0"),
    ],
    ids=["moov at the end", "faststart", "fragmented", "matroska"],
)
def test_truncated(
    suffix: str, options: str, says: str, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    whole = make(ffmpeg, Kind("clip", suffix, options, length_s=6, sound_s=6), tmp_path)
    content = whole.read_bytes()
    check_end(store, content[: len(content) * 6 // 10], SourceTruncated, says)


def test_cover_picture_is_no_video(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    song = tmp_path / "song.m4a"
    cover = ["-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "1", "-c:v", "mjpeg"]
    sine = ["-f", "lavfi", "-i", "sine=duration=2"]
    shape = ["-map", "0", "-map", "1", "-c:a", "aac", "-disposition:v", "attached_pic"]
    run_ffmpeg([ffmpeg, *cover[:4], *sine, *shape, *cover[4:], "-f", "mp4", song])
    found = probe(store, song.read_bytes())
    assert found.audio is not None
    with pytest.raises(SourceHasNoVideo, match=r"^media/source has .* only a cover picture, audio"):
        need_video(found)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"size_bytes": 1000}, "bytes; 1,000 are allowed"),
        ({"pixels": 57_599}, "57,600 pixels a frame; 57,599 are allowed"),
        ({"duration_s": 2}, "is 3 s long; 2 s are allowed"),
        ({"streams": 1}, "has more than the 1 streams that are allowed"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_too_large(
    limits: dict[str, int], says: str, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    kind = Kind("clip", ".mp4", f"{H264} {AAC}", length_s=3, sound_s=3)
    content = make(ffmpeg, kind, tmp_path).read_bytes()
    with pytest.raises(SourceTooLarge) as caught:
        probe(store, content, replace(LIMITS, **limits))
    assert says in str(caught.value)


def test_too_large_to_find_the_end_of(store: FolderStore, corpus: Path) -> None:
    content = (corpus / "no_duration.webm").read_bytes()
    with pytest.raises(SourceTooLarge, match="does not say how long it is"):
        probe(store, content, replace(LIMITS, scan_bytes=50_000))


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, SourceUnreachable), (403, SourceUnreachable), (500, TransientError)],
)
def test_store_that_refuses(
    status: int, error: type[ReelwrightError], store: FolderStore, faults: Faults
) -> None:
    faults.status = status
    with pytest.raises(error) as caught:
        probe(store, b"x" * 1000)
    assert SECRET not in str(caught.value)


def test_redirect_is_not_followed(store: FolderStore, faults: Faults) -> None:
    """A store that sends the reader elsewhere (an internal address, say) is refused."""
    faults.redirect_to = f"{store.address}/elsewhere"
    with pytest.raises(ReelwrightError):
        probe(store, b"x" * 1000)
    assert not any("elsewhere" in path for path in faults.paths)


def test_wanted_facts_of_a_good_source(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    kind = Kind("ntsc", ".mov", f"{H264} -aspect 2:1 {AAC}", rate="30000/1001", length_s=4)
    content = make(ffmpeg, kind, tmp_path).read_bytes()
    found = probe(store, content)
    video = need_video(found)
    assert video.rate == Fraction(30000, 1001)
    assert (video.width, video.height) == (360, 180)
