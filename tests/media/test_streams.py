"""HLS and DASH of the same segments: bit by bit as in one piece, and as players show them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from functions.assemble_render.result import Result
from functions.shared.media_store import Keys
from functions.shared.mp4.fragments import read_fragmented
from functions.shared.mp4.source import FileBytes
from functions.shared.plan import Plan
from tests.media.assembling import assembled, media_store
from tests.media.playing import Browser, browser
from tests.media.serving import serve
from tests.media.sources import Kind, make
from tests.media.streaming import COUNTER_BITS, counted_source, laid_out
from tests.media.support import (
    JOB,
    FolderStore,
    decode,
    plan_job,
    render_in_one_piece,
    render_job,
    request,
    run_ffmpeg,
)

RATE = Fraction(30000, 1001)
FRAMES = 330
SEAMS = (120, 240)
"""Chunks of two segments of 60 frames; the last segment has 30."""
SEGMENT_STARTS = range(0, FRAMES, 60)
QUICK = {"crf": 22, "preset": "superfast"}


@dataclass(frozen=True)
class Film:
    """A published job and what it was made of."""

    folder: Path
    """Holds what lies under `out/`."""
    plan: Plan
    result: Result

    def segments(self, track: str, name: str = "playlist.m3u8") -> list[tuple[Path, int, int]]:
        """(file, offset, length) of the init and of each segment, as an HLS playlist says."""
        playlist = self.folder / "film" / track / name
        text = playlist.read_text()
        [(uri, length, offset)] = re.findall(r'EXT-X-MAP:URI="(.+)",BYTERANGE="(\d+)@(\d+)"', text)
        found = [(playlist.with_name(uri), int(offset), int(length))]
        for length, offset, uri in re.findall(r"BYTERANGE:(\d+)@(\d+)\n(.+)", text):
            found.append((playlist.with_name(uri), int(offset), int(length)))
        return found

    def joined(self, track: str, to: Path) -> Path:
        """What a player that fetches all of a track has."""
        pieces = (file.read_bytes()[at : at + n] for file, at, n in self.segments(track))
        to.write_bytes(b"".join(pieces))
        return to

    def durations(self, track: str) -> list[float]:
        text = (self.folder / "film" / track / "playlist.m3u8").read_text()
        return [float(each) for each in re.findall(r"#EXTINF:([\d.]+),", text)]


@pytest.fixture(scope="module")
def store(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderStore]:
    assert ffmpeg.exists()
    folder = tmp_path_factory.mktemp("streams")
    with serve(folder) as address:
        yield FolderStore(folder, address)


def published(
    store: FolderStore,
    source: Path,
    folder: Path,
    render: dict[str, Any],
    edit: dict[str, Any] | None = None,
) -> Film:
    streams = [{"name": "film", "segment_s": 2, **one} for one in render["streams"]]
    more = {"edit": edit} if edit else {}
    wanted = request(render={**render, "streams": streams}, chunk_s=4, **more)
    plan = plan_job(store, wanted, source)
    assert render_job(store, plan) == plan.video.total_frames
    with media_store() as media:
        result = assembled(store, plan, media)
        return Film(laid_out(media, folder), plan, result)


@pytest.fixture(scope="module")
def film(ffmpeg: Path, store: FolderStore) -> Film:
    """Two rungs, sound, captions, and a file beside, of a source that counts its frames."""
    source = counted_source(ffmpeg, store.folder / "counted.mp4", frames=FRAMES, rate=str(RATE))
    rungs = [{"height": 180, "video": QUICK}, {"height": 90, "video": QUICK}]
    file = {"name": "whole", "height": 90, "video": QUICK}
    words = store.path("words.vtt")
    words.parent.mkdir(parents=True, exist_ok=True)
    words.write_text("WEBVTT\n\n00:01.000 --> 00:03.000\nSaid\n")
    captions = {"captions": [{"source": "s3://media/words.vtt", "language": "en"}]}
    render = {"streams": [{"renditions": rungs}], "outputs": [file]}
    return published(store, source, store.folder / "out", render, captions)


def test_segments_begin_at_the_same_frames_in_every_rung(film: Film) -> None:
    assert [chunk.start_frame for chunk in film.plan.chunks] == [0, *SEAMS]
    for rung in ("180p", "90p"):
        files = sorted((film.folder / "film" / rung).glob("*.mp4"))
        parts = [read_fragmented(FileBytes(file)) for file in files]
        fragments = [fragment for part in parts for fragment in part.fragments]
        assert len({part.init for part in parts}) == 1
        assert [f.base_time // 1001 for f in fragments] == list(SEGMENT_STARTS)
        assert [[*f.sync].count(True) for f in fragments] == [1] * len(fragments)
        listed = film.segments(rung)[1:]
        assert [(at, n) for _, at, n in listed] == [(f.offset, f.length) for f in fragments]
        exact = [float(each * 1001 / Fraction(30000)) for each in (60, 60, 60, 60, 60, 30)]
        assert film.durations(rung) == pytest.approx(exact, abs=1e-6)


def test_dash_names_the_bytes_that_hls_names(film: Film) -> None:
    tree = ET.parse(film.folder / "film" / "manifest.mpd")  # noqa: S314 - our own
    space = {"d": "urn:mpeg:dash:schema:mpd:2011"}
    tracks = tree.findall(".//d:Representation", space)
    assert [track.get("id") for track in tracks] == ["180p", "90p", "audio", "00"]
    for track in tracks[:3]:
        [init] = track.findall(".//d:Initialization", space)
        urls = track.findall(".//d:SegmentURL", space)
        ranges = [(init.get("sourceURL"), init.get("range"))]
        ranges += [(url.get("media"), url.get("mediaRange")) for url in urls]
        hls = film.segments(str(track.get("id")))
        root = film.folder / "film"
        assert ranges == [
            (file.relative_to(root).as_posix(), f"{at}-{at + length - 1}")
            for file, at, length in hls
        ]


def test_i_frame_playlists_name_one_whole_picture_each(
    film: Film, ffmpeg: Path, tmp_path: Path
) -> None:
    init, *keys = film.segments("90p", "iframes.m3u8")
    whole = decode(ffmpeg, film.joined("90p", tmp_path / "90p.mp4"))
    shown = []
    for file, at, length in keys:
        data = init[0].read_bytes()[: init[2]] + file.read_bytes()[at : at + length]
        alone = tmp_path / "key.mp4"
        alone.write_bytes(data)
        picture = ["-frames:v", "1", "-f", "framemd5", tmp_path / "key.txt"]
        # The mdat box says that more follows, as it does where this is read from.
        run_ffmpeg([ffmpeg, "-v", "fatal", "-i", alone, "-fps_mode", "passthrough", *picture])
        shown.append((tmp_path / "key.txt").read_text().split()[-1])
    assert shown == [whole.pictures[frame] for frame in SEGMENT_STARTS]


def test_sound_in_segments_is_the_sound_of_a_file(film: Film, ffmpeg: Path, tmp_path: Path) -> None:
    ours = decode(ffmpeg, film.joined("audio", tmp_path / "sound.mp4")).sound
    heard = tmp_path / "heard.m4a"
    run_ffmpeg([ffmpeg, "-i", film.folder / "whole.mp4", "-map", "0:a", "-c", "copy", heard])
    whole = decode(ffmpeg, heard).sound

    # What the file's tables cut off the last packet, a stream's player has in its buffer.
    assert ours[:-1] == whole[:-1]
    assert len(ours) == len(whole)
    assert sum(film.durations("audio")) == pytest.approx(FRAMES / RATE, abs=0.03)


@pytest.fixture(scope="module")
def site(film: Film, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(film.folder / "film", tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.mark.parametrize(("player", "playlist"), [("hls", "master.m3u8"), ("dash", "manifest.mpd")])
def test_players_show_every_frame_at_its_time(site: Browser, player: str, playlist: str) -> None:
    edges = [frame for seam in SEAMS for frame in (seam - 1, seam)]
    seen = site.play(
        player=player,
        address=f"/film/{playlist}",
        rate=float(RATE),
        frames=FRAMES,
        bits=COUNTER_BITS,
        seams=SEAMS,
        around=10,
        seeks=[0, 59, 60, *edges, FRAMES - 1],
    )

    assert seen["errors"] == []
    assert sorted(seen["heights"]) == [90, 180]
    assert seen["said"] == ["Said"]
    frame_s = float(1 / RATE)
    for rung in seen["rungs"]:
        assert rung["videoHeight"] == rung["height"]
        assert rung["duration"] == pytest.approx(FRAMES * frame_s, abs=0.001)
        assert rung["ended"] == pytest.approx(rung["duration"], abs=frame_s)
        assert [each["shown"] for each in rung["seeks"]] == [e["frame"] for e in rung["seeks"]]
        for kind in ("video", "audio"):
            [(start, end)] = rung["held"][kind]
            assert start == 0
            assert end == pytest.approx(FRAMES * frame_s, abs=frame_s)
        for each in rung["played"]:
            check_shown(each["frames"])
            numbers = [number for _, number, _ in each["frames"]]
            assert min(numbers) < each["seam"] <= max(numbers)
    check_shown(seen["switched"])
    heights = [height for _, _, height in seen["switched"]]
    assert (heights[0], heights[-1]) == (180, 90)
    changes = [number for (_, _, a), (_, number, b) in pairwise(seen["switched"]) if a != b]
    assert len(changes) == 1


def check_shown(frames: list[tuple[float, int, int]]) -> None:
    """Time goes on, and each picture is the one of its time, or, where the page was slow to look,
    one of the next."""
    late = [number - round(at * RATE) for at, number, _ in frames]
    assert set(late) <= {0, 1, 2}
    assert late.count(0) > len(late) / 2
    assert all(a < b for (a, _, _), (b, _, _) in pairwise(frames))


LOSSLESS = {"lossless": True, "preset": "superfast"}
CODECS = {
    "h264": {"codec": "h264", "crf": 0, "preset": "superfast"},
    "hevc": {"codec": "hevc", **LOSSLESS},
    "av1": {"codec": "av1", "crf": 20, "preset": "ultrafast"},
}
CUTS = "-vf hue=h='90*floor(t/0.7)',negate=enable='lt(mod(t,1.4),0.7)'"
"""A new scene each 0.7 s, where encoders would place key frames of their own."""


def test_joined_segments_decode_as_one_piece(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    kind = Kind("cuts", ".mp4", f"{CUTS} -c:v libx264 -preset ultrafast -bf 3 -g 75 -c:a aac")
    source = make(ffmpeg, kind, tmp_path)
    rungs = [{"name": name, "height": 90, "video": video} for name, video in CODECS.items()]
    film = published(store, source, tmp_path / "out", {"streams": [{"renditions": rungs}]})

    for output in film.plan.outputs:
        name = output.name.partition(".")[2]
        joined = film.joined(name, tmp_path / f"{name}.mp4")
        parts = [read_fragmented(FileBytes(file)) for file in sorted(_parts(store, output.name))]
        keys = [[*f.sync].count(True) for part in parts for f in part.fragments]
        assert keys == [1] * len(keys), name
        ours = decode(ffmpeg, joined)
        whole = tmp_path / f"{name}-whole.mp4"
        alone = film.plan.model_copy(update={"outputs": (output,), "audio": None})
        render_in_one_piece(ffmpeg, alone, source, whole)
        theirs = decode(ffmpeg, whole)
        assert len(ours.pictures) == len(theirs.pictures) == film.plan.video.total_frames
        first = partial(map, lambda at: at - ours.times[0])  # noqa: B023 - used at once
        assert list(first(ours.times)) == theirs.times
        if name != "av1":
            assert ours.pictures == theirs.pictures, name


def _parts(store: FolderStore, output: str) -> Iterator[Path]:
    return store.path(f"{Keys(JOB).parts}{output}").glob("*.mp4")
