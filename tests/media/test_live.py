"""Pictures of a stream that ffmpeg keeps producing, served over https on loopback."""

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
import trustme

from functions.plan_render.live import plan_live
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
from functions.shared.job import parse_input
from functions.shared.media_store import Keys
from functions.shared.plan import LivePlan, LiveRecord
from functions.take_live_snapshots import stream, take
from functions.take_live_snapshots.picture import Piece, picture_options, take_picture
from functions.take_live_snapshots.take import Surroundings, watch_stream
from functions.take_live_snapshots.watch import Answer, Watch
from tests.media.live_site import (
    LUMA_FRAMES,
    RATE,
    WINDOW,
    X264,
    Site,
    broadcasting,
    dripping,
    endless,
    picture,
    serving,
    trusting,
)
from tests.media.support import JOB, FolderStore, run_ffmpeg
from tests.polling import until

PIXELS = 8192 * 4320
VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12"
PLENTY_S = 180.0


class LiveStore(FolderStore):
    """With what a live job reads and writes besides."""

    def read_any_plan(self, job_id: str) -> LivePlan:
        return LivePlan.model_validate_json(self.path(Keys(job_id).plan).read_text())

    def write(
        self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        assert content_type == "application/json"
        assert (metadata or {})["sha256"] == hashlib.sha256(body).hexdigest()
        self.path(key).write_bytes(body)

    @property
    def record(self) -> LiveRecord:
        return LiveRecord.model_validate_json(self.path(Keys(JOB).live_record).read_text())

    def facts(self, name: str) -> dict[str, Any]:
        part = self.head(Keys(JOB).snapshot_part(name))
        assert part is not None, name
        return dict(part.metadata)

    def brightness(self, name: str) -> int:
        """The frame a picture shows, by its brightness; counted anew after LUMA_FRAMES."""
        with av.open(str(self.path(Keys(JOB).snapshot_part(name)))) as container:
            [frame] = container.decode(video=0)
            plane = bytes(frame.reformat(format="rgb24").planes[0])
        full = sorted(plane)[len(plane) // 2]
        return round(full * 219 / 255 + 16 - 20)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def on_air(
    ffmpeg: Path, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A stream in a sliding window of segments, without an end."""
    folder = tmp_path_factory.mktemp("air")
    options = [*picture(), *X264.split(), *f"{WINDOW}+omit_endlist live.m3u8".split()]
    with broadcasting(ffmpeg, options, folder), serving(folder, authority) as site:
        until((folder / "live2.ts").exists, "the stream to be up", 20)
        yield site


@pytest.fixture
def air(on_air: Site) -> Iterator[Site]:
    yield on_air
    on_air.status, on_air.edited = None, None
    on_air.bodies.clear()


@pytest.fixture
def store(tmp_path: Path) -> LiveStore:
    return LiveStore(tmp_path, "")


@pytest.fixture
def around(store: LiveStore, authority: trustme.CA) -> Surroundings:
    return Surroundings(store, trusting(authority), PIXELS)


Look = Callable[..., Answer]


@pytest.fixture
def look(around: Surroundings) -> Look:
    """One call, at the time the call before it said."""

    def call(after: Answer | Watch | None = None, remaining_s: float = PLENTY_S) -> Answer:
        watch = after.watch if isinstance(after, Answer) else after
        if isinstance(after, Answer) and after.again_at:
            moment = datetime.fromisoformat(after.again_at)
            until(lambda: datetime.now(UTC) >= moment, "the next moment", 20)
        return watch_stream(JOB, watch, around, remaining_s)

    return call


def plan(store: LiveStore, source: str, **live: Any) -> LivePlan:
    request = parse_input({"source": source, "live": {"wait_s": 0, **live}})
    assert request.live is not None
    made = plan_live(JOB, request, request.live, 21_600)
    path = store.path(Keys(JOB).plan)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made.model_dump_json())
    return made


def watched(look: Look) -> Answer:
    """All calls to the end."""
    answer = look()
    while not answer.over:
        answer = look(answer)
    return answer


def test_pictures_over_a_period_show_the_stream_at_their_moments(
    air: Site, store: LiveStore, look: Look
) -> None:
    made = plan(store, air.url(), count=3, period_s=3, widths=[64, 32, 640], format="png")

    answer = watched(look)

    assert answer.watch.taken == (0, 1, 2)
    assert store.record.notes == ()
    shown = [store.brightness(f"{index:05}-64.png") for index in range(3)]
    for earlier, later in pairwise(shown):
        assert (later - earlier) % LUMA_FRAMES == pytest.approx(RATE, abs=RATE / 3)
    for width, size in ((32, (32, 18)), (64, (64, 36)), (640, (64, 36))):
        name = f"00001-{width}.png"
        assert image_size(store.path(Keys(JOB).snapshot_part(name))) == ("png", *size)
        facts = store.facts(name)
        assert (facts["plan"], facts["width"]) == (made.hash, str(size[0]))
        assert facts["started"] == store.record.started_at


def test_moments_nearer_than_a_segment_are_different_frames_of_it(
    air: Site, store: LiveStore, look: Look
) -> None:
    plan(store, air.url(), at_s=[0, 0.1, 0.2, 0.3], widths=[32], format="png")

    watched(look)

    shown = [store.brightness(f"{index:05}-32.png") for index in range(4)]
    steps = [(b - a) % LUMA_FRAMES for a, b in pairwise(shown)]
    assert all(1 <= step <= 4 for step in steps), shown


def test_a_gap_is_passed_over(air: Site, store: LiveStore, look: Look) -> None:
    """The server says that it doesn't have its two newest segments."""

    def missing(text: str) -> str:
        head, *segments = text.split("#EXTINF")
        for number in (-2, -1):
            name = segments[number].split("\n")[1]
            segments[number] = segments[number].replace(name, f"#EXT-X-GAP\nno-{name}")
        return "#EXTINF".join([head, *segments])

    air.edited = missing
    plan(store, air.url(), at_s=[0], format="png")

    assert watched(look).watch.taken == (0,)

    assert not [path for path in air.asked if path.startswith("/no-")]


def test_segments_that_left_the_server_are_passed_over(
    air: Site, store: LiveStore, look: Look
) -> None:
    def two_renamed(text: str) -> str:
        head, *segments = text.split("#EXTINF")
        segments[-2:] = [each.replace("live", "left") for each in segments[-2:]]
        return "#EXTINF".join([head, *segments])

    air.edited = two_renamed
    plan(store, air.url(), at_s=[0], format="png")

    assert watched(look).watch.taken == (0,)

    assert [path for path in air.asked if path.startswith("/left")]


def test_a_stream_that_changes_its_size_at_a_discontinuity(
    ffmpeg: Path, authority: trustme.CA, tmp_path: Path, store: LiveStore, look: Look
) -> None:
    folder = tmp_path / "air"
    folder.mkdir()
    window = WINDOW.replace("delete_segments", "append_list+discont_start+omit_endlist")
    segments = [*X264.split(), *window.split(), "live.m3u8"]
    with broadcasting(ffmpeg, [*picture(length_s=1), *segments], folder) as first:
        first.wait(20)
    with (
        broadcasting(ffmpeg, [*picture("80x60"), *segments], folder),
        serving(folder, authority) as site,
    ):
        playlist = folder / "live.m3u8"
        until(lambda: "#EXT-X-DISCONTINUITY\n" in playlist.read_text(), "the change", 20)
        plan(store, site.url(), at_s=[0], widths=[64])
        watched(look)
    assert (store.facts("00000-64.jpg")["width"], store.facts("00000-64.jpg")["height"]) == (
        "64",
        "48",
    )


def test_a_stalled_stream_is_named(air: Site, store: LiveStore, look: Look) -> None:
    air.freeze()
    plan(store, air.url(), at_s=[0])

    with pytest.raises(StreamStalled, match="no new segment came in 3 s"):
        look()


def test_a_stream_that_stalls_between_moments_keeps_what_was_taken(
    air: Site, store: LiveStore, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_STALLED_TARGETS", 1)
    monkeypatch.setattr(take, "SILENCE_S", 1.0)
    plan(store, air.url(), at_s=[0, 1.5, 600])
    answer = look()
    air.freeze()

    answer = look(answer)

    assert not answer.over  # it may go on
    assert answer.watch.missed == (1,)
    air.freeze()
    answer = look(answer.watch)
    assert answer.over
    assert store.record.taken == (0,)
    [note] = store.record.notes
    assert note.startswith("2 of 3 pictures are missing: The stream https://live.test")
    assert note.endswith("(StreamStalled)")


def test_a_stream_that_is_not_up_is_waited_for(air: Site, store: LiveStore, look: Look) -> None:
    air.status = 404
    plan(store, air.url(), at_s=[0], wait_s=60)
    answer = look()
    assert (answer.over, answer.watch.started_s) == (False, None)
    assert answer.again_at is not None
    in_s = (datetime.fromisoformat(answer.again_at) - datetime.now(UTC)).total_seconds()
    assert 8 < in_s <= 11
    air.status = None

    answer = look(answer.watch)

    assert answer.over
    assert store.record.taken == (0,)


def test_it_is_not_waited_for_longer_than_asked(air: Site, store: LiveStore, look: Look) -> None:
    air.status = 503
    plan(store, air.url(), at_s=[0], wait_s=0)

    with pytest.raises(StreamNotUp, match="waited for 0 s: The source's server answered 503"):
        look()


def test_a_stream_that_ends_early_gives_what_was_taken(
    ffmpeg: Path, authority: trustme.CA, tmp_path: Path, store: LiveStore, look: Look
) -> None:
    folder = tmp_path / "air"
    folder.mkdir()
    options = [*picture(length_s=3), *X264.split(), *WINDOW.split(), "live.m3u8"]
    with broadcasting(ffmpeg, options, folder), serving(folder, authority) as site:
        until((folder / "live.m3u8").exists, "the stream to be up", 20)
        plan(store, site.url(), at_s=[0, 1, 3600])
        answer = look(look(look()).watch)
        while not answer.over:
            answer = look(answer.watch)
        taken = store.record.taken
        assert taken in {(0,), (0, 1)}
        [note] = store.record.notes
        assert note.startswith(f"{3 - len(taken)} of 3 pictures are missing")
        assert note.endswith("(StreamEnded)")
        with pytest.raises(StreamEnded, match="EXT-X-ENDLIST"):
            look()


def test_the_last_frames_of_a_stream_that_ends_meanwhile(
    air: Site, store: LiveStore, look: Look
) -> None:
    """Its end comes between two readings of one call."""
    texts: list[str] = []

    def ending(text: str) -> str:
        texts.append(text)
        return texts[0] + ("#EXT-X-ENDLIST\n" if len(texts) > 2 else "")

    air.edited = ending
    plan(store, air.url(), at_s=[0, 60])

    answer = look()

    assert answer.over
    assert store.record.taken == (0,)


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

    pid = os.posix_spawn(ffmpeg, [str(ffmpeg), "-v", "error", "-y", *options], os.environ)
    _, status, used = os.wait4(pid, 0)

    assert status == 0
    assert image_size(files[3840]) == ("jpeg", 3840, 2160)
    assert used.ru_maxrss < 600 * 1024  # kB


def test_a_picture_of_too_many_pixels_is_not_decoded(
    ffmpeg: Path, store: LiveStore, tmp_path: Path
) -> None:
    segment = tmp_path / "segment"
    source = ["-f", "lavfi", "-i", "color=size=640x360:duration=0.1"]
    run_ffmpeg([ffmpeg, *source, "-c:v", "libx264", "-f", "mpegts", segment])
    made = plan(store, "https://live.test/a", at_s=[0])
    piece = Piece(segment, "the segment")

    assert take_picture(piece, None, made, tmp_path, 640 * 368)
    with pytest.raises(FfmpegFailed, match="could not process the segment"):
        take_picture(piece, None, made, tmp_path, 640 * 300)
