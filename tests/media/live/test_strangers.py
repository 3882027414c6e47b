"""Other kinds of stream, and servers that mean harm."""

import re
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from functions.shared.errors import (
    FfmpegFailed,
    SourceEncrypted,
    SourceNotAllowed,
    SourceTooLarge,
    StreamEnded,
    StreamNotUp,
    StreamStalled,
)
from functions.shared.images import image_size
from functions.take_live_snapshots import take
from functions.take_live_snapshots.picture import Piece, picture_options, take_picture
from tests.media.live.site import (
    WINDOW,
    X264,
    Site,
    broadcasting,
    dripping,
    endless,
    picture,
    serving,
)
from tests.media.live.watching import PIXELS, VP9, LiveStore, Look, plan, watched
from tests.media.support import run_ffmpeg
from tests.polling import until


def test_variants_and_fragmented_mp4(
    ffmpeg: Path, authority: trustme.CA, tmp_path: Path, store: LiveStore, look: Look
) -> None:
    """Of two sizes the smaller is read, as it is wide enough; its segments need what is before."""
    folder = tmp_path / "air"
    folder.mkdir()
    sizes = ["-filter_complex", "[0:v]split[a][b];[b]scale=128:72[c]", "-map", "[a]", "-map", "[c]"]
    shape = "-hls_segment_type fmp4 -hls_fmp4_init_filename init-%v.mp4 -b:v:0 50k -b:v:1 90k"
    names = ["-var_stream_map", "v:0 v:1", "-master_pl_name", "master.m3u8", "live-%v.m3u8"]
    options = [*picture(), *sizes, *X264.split(), *shape.split(), *WINDOW.split(), *names]
    with broadcasting(ffmpeg, options, folder), serving(folder, authority) as site:
        until((folder / "master.m3u8").exists, "the stream to be up", 20)
        plan(store, site.url("/master.m3u8"), at_s=[0], widths=[50])
        watched(look)
    assert store.facts("00000-50.jpg")["height"] == "28"
    assert {path for path in site.asked if path.startswith("/init")} == {"/init-0.mp4"}


@pytest.mark.parametrize(
    "container",
    [
        f"{X264} -f mpegts",
        f"{X264} -f mp4 -movflags frag_keyframe+empty_moov",
        f"{VP9} -f webm -live 1 -cluster_time_limit 300",
    ],
    ids=["mpegts", "mp4", "webm"],
)
def test_a_stream_without_a_playlist(
    air: Site,
    ffmpeg: Path,
    store: LiveStore,
    look: Look,
    container: str,
) -> None:
    air.bodies["/endless"] = endless(ffmpeg, container.split())
    plan(store, air.url("/endless"), at_s=[0, 0.2], widths=[64])

    answer = watched(look)

    assert answer.watch.taken == (0, 1)
    assert store.facts("00001-64.jpg")["height"] == "36"


def test_a_file_is_no_stream(air: Site, store: LiveStore, look: Look) -> None:
    (air.folder / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(1000))
    plan(store, air.url("/film.mp4"), at_s=[0])

    with pytest.raises(StreamEnded, match="is a file of 1012 bytes and no live stream"):
        look()


def test_a_server_that_drips_holds_nobody(air: Site, store: LiveStore, look: Look) -> None:
    stopped = threading.Event()
    air.bodies["/drip"] = dripping(stopped)
    plan(store, air.url("/drip"), at_s=[0])
    began = datetime.now(UTC)
    try:
        with pytest.raises((StreamNotUp, StreamStalled)):
            look(remaining_s=47)  # two seconds for reading
    finally:
        stopped.set()
    assert (datetime.now(UTC) - began).total_seconds() < 5


def test_encrypted_segments_are_named(air: Site, store: LiveStore, look: Look) -> None:
    key = '#EXT-X-KEY:METHOD=AES-128,URI="https://live.test/key"\n#EXTINF'
    air.edited = lambda text: text.replace("#EXTINF", key, 1)
    plan(store, air.url(), at_s=[0], wait_s=60)

    with pytest.raises(SourceEncrypted, match="EXT-X-KEY"):
        look()


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "http://127.0.0.1/a.ts", "concat:/etc/passwd|a.ts"]
)
def test_segments_elsewhere_are_not_read(
    air: Site, store: LiveStore, look: Look, target: str
) -> None:
    air.edited = lambda text: re.sub(r"live(\d+)\.ts", rf"{target}?\1", text)
    plan(store, air.url(), at_s=[0])

    with pytest.raises(SourceNotAllowed, match="only https"):
        watched(look)


MANIFEST = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
 minBufferTime="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
<Period><AdaptationSet mimeType="video/mp4" contentType="video">
<Representation id="1" bandwidth="1000" codecs="avc1.64000a" width="64" height="36">
<BaseURL>file://{file}</BaseURL></Representation></AdaptationSet></Period></MPD>
"""


def test_a_segment_that_names_files_shows_none(
    air: Site, ffmpeg: Path, store: LiveStore, look: Look, tmp_path: Path
) -> None:
    """A manifest in a segment's place, which names one of our files: ffmpeg would open it."""
    ours = tmp_path / "ours.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=size=64x36:rate=24:duration=1"]
    fragments = ["-movflags", "frag_keyframe+empty_moov"]
    run_ffmpeg([ffmpeg, *source, "-c:v", "libx264", *fragments, ours])
    (air.folder / "evil.ts").write_text(MANIFEST.format(file=ours))
    air.edited = lambda text: re.sub(r"live(\d+)\.ts", "evil.ts", text)
    plan(store, air.url(), at_s=[0])

    with pytest.raises(FfmpegFailed, match="could not process the segment"):
        watched(look)


def test_a_segment_without_an_end_is_given_up(
    air: Site, store: LiveStore, look: Look, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And nothing of it stays on disk."""
    monkeypatch.setattr(take, "MOST_SEGMENT_BYTES", 1 << 20)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    sent: list[int] = []

    def pour(request: Any) -> None:
        request.send_response(200)
        request.send_header("connection", "close")
        request.end_headers()
        while sum(sent) < 64 << 20:
            sent.append(request.wfile.write(bytes(1 << 16)))

    air.bodies["/endless.ts"] = pour
    air.edited = lambda text: re.sub(r"live(\d+)\.ts", "endless.ts", text)
    plan(store, air.url(), at_s=[0])

    with pytest.raises(SourceTooLarge, match="this stack takes 1048576"):
        watched(look)

    assert sum(sent) < 32 << 20
    assert list((tmp_path / "temporary").iterdir()) == []


def test_memory_is_bounded_at_4k(ffmpeg: Path, store: LiveStore, tmp_path: Path) -> None:
    """Of ffmpeg, for a segment in 4K and pictures in four sizes."""
    segment = tmp_path / "segment"
    source = ["-f", "lavfi", "-i", "testsrc2=size=3840x2160:rate=8:duration=1"]
    shape = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "mpegts"]
    run_ffmpeg([ffmpeg, *source, *shape, segment])
    made = plan(store, "https://live.test/a", at_s=[0], widths=[320, 640, 1920, 3840])
    files = {width: tmp_path / f"{width}.jpeg" for width in made.widths}
    options = picture_options(segment, None, made, files, PIXELS)

    assert peak_kb([str(ffmpeg), "-v", "error", "-y", *options]) < 600 * 1024
    assert image_size(files[3840]) == ("jpeg", 3840, 2160)


def peak_kb(command: list[str]) -> int:
    """A child's peak counts the memory of whoever starts it: so by a small process."""
    told = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", told, *command], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_a_picture_of_too_many_pixels_is_not_decoded(
    ffmpeg: Path, store: LiveStore, tmp_path: Path
) -> None:
    segment = tmp_path / "segment"
    source = ["-f", "lavfi", "-i", "color=size=640x360:duration=0.1"]
    run_ffmpeg([ffmpeg, *source, "-c:v", "libx264", "-f", "mpegts", segment])
    made = plan(store, "https://live.test/a", at_s=[0])
    piece = Piece(segment, "the segment")

    assert take_picture(piece, None, made, tmp_path, 640 * 368)
    with pytest.raises(SourceTooLarge, match="the segment has pictures of 640x3"):
        take_picture(piece, None, made, tmp_path, 640 * 300)
