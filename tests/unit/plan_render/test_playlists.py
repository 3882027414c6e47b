"""HLS sources: a real TLS server on loopback, moto's S3, real media and a real joining child."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest

from functions.plan_render.source.fetch import Located, locate
from functions.shared.errors import (
    ReelwrightError,
    SourceEmpty,
    SourceEncrypted,
    SourceIsLive,
    SourceNotAllowed,
    SourceNotMedia,
    SourceTooLarge,
    SourceUnreachable,
    TransientError,
)
from functions.shared.media_store import Keys, MediaStore
from functions.shared.web import Web
from tests.unit.plan_render.conftest import ALLOWANCE, Site

END = "#EXT-X-ENDLIST\n"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
Fetch = Callable[[str], Located]


def text(content: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {"content-type": "application/vnd.apple.mpegurl"}, content.encode()


def segments(*names: str, between: str = "") -> str:
    return HEAD + between.join(f"#EXTINF:2,\n{name}\n" for name in names) + END


def encode(
    path: Path, seconds: int, *, start_s: float = 0, size: int = 64, **options: str
) -> bytes:
    """A picture that moves, at 25 frames a second, and a tone: MPEG-TS, or MP4 by its suffix."""
    with av.open(str(path), "w", options={"output_ts_offset": str(start_s), **options}) as film:
        video = film.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width = video.height = size
        video.pix_fmt = "yuv420p"
        audio = film.add_stream("aac", rate=48000, layout="mono")
        for number in range(25 * seconds):
            frame = av.VideoFrame(size, size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 5 % 256]) * plane.buffer_size)
            frame.pts = number
            film.mux(video.encode(frame))
        for number in range(48000 * seconds // 1024):
            samples = av.AudioFrame("fltp", "mono", 1024)
            samples.planes[0].update(bytes(samples.planes[0].buffer_size))
            samples.sample_rate, samples.pts = 48000, number * 1024
            film.mux(audio.encode(samples))
        film.mux(video.encode())
        film.mux(audio.encode())
    return path.read_bytes()


def times(store: MediaStore, folder: Path) -> list[float]:
    """When the pictures of the fetched source are shown, in seconds."""
    file = folder / "fetched"
    file.write_bytes(store.read(Keys("a").source))
    with av.open(str(file)) as film:
        frames = film.decode(film.streams.video[0])
        return [frame.time for frame in frames]


def test_segments_become_one_object(fetch: Fetch, site: Site, store: MediaStore) -> None:
    site["/one/index.m3u8"] = text(segments("a.ts", "/two/b.ts", "c.ts"))
    site |= {
        "/one/a.ts": (200, {}, b"first "),
        "/two/b.ts": (200, {}, b"second "),
        "/one/c.ts": (302, {"location": "/moved.ts"}, b""),
        "/moved.ts": (200, {}, b"third"),
    }
    found = fetch("/one/index.m3u8")
    assert store.read(found.key) == b"first second third"
    assert found.size_bytes == 18


def test_the_best_variant_is_read_and_what_stands_before_its_segments(
    fetch: Fetch, site: Site, store: MediaStore, asked: list[str]
) -> None:
    site["/index.m3u8"] = text(
        "#EXTM3U\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=64x64\nlow.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=128x128\nhigh.m3u8\n"
    )
    site["/high.m3u8"] = text(
        f'{HEAD}#EXT-X-MAP:URI="all",BYTERANGE="4@0"\n'
        f"#EXTINF:2,\n#EXT-X-BYTERANGE:3@4\nall\n#EXTINF:2,\n#EXT-X-BYTERANGE:2\nall\n{END}"
    )
    site["/all"] = (200, {}, b"initonetw.")
    assert store.read(fetch("/index.m3u8").key) == b"initonetw"
    assert asked == ["/index.m3u8", "/high.m3u8", "/all", "/all", "/all"]


def test_a_gap_is_passed_over(fetch: Fetch, site: Site, store: MediaStore) -> None:
    site["/i.m3u8"] = text(
        segments("a.mp4", "gone.ts", "a.mp4", between="#EXT-X-GAP\n").replace(
            "#EXT-X-GAP\n#EXTINF:2,\na.mp4", "#EXTINF:2,\na.mp4"
        )
    )
    assert store.read(fetch("/i.m3u8").key) == 2 * store_body(site)


def store_body(site: Site) -> bytes:
    found = site["/a.mp4"]
    assert not callable(found)
    return found[2]


KEY = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n'


@pytest.mark.parametrize(
    ("playlist", "error", "says"),
    [
        (segments("a.mp4").replace(END, ""), SourceIsLive, "live stream"),
        (segments("a.mp4").replace(HEAD, HEAD + KEY), SourceEncrypted, "EXT-X-KEY"),
        (segments("a.mp4").replace("#EXTINF:2,", "#EXTINF:61,"), SourceTooLarge, "61 s long"),
        (HEAD + END, SourceEmpty, "names no segment"),
        (HEAD + "#EXT-X-I-FRAMES-ONLY\n#EXTINF:1,\na.mp4\n" + END, SourceNotMedia, "key frames"),
        ("#EXTM3U\n", SourceNotMedia, "neither segments nor variants"),
        (segments("none.ts"), SourceUnreachable, "404"),
        (segments("file:///etc/passwd"), SourceNotAllowed, "only https"),
        (segments("http://media.test/a.mp4"), SourceNotAllowed, "only https"),
        (segments("data:video/mp4;base64,AAAA"), SourceNotAllowed, "only https"),
        (segments("concat:a.mp4|/etc/passwd"), SourceNotAllowed, "only https"),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nself.m3u8\n", SourceNotMedia, "itself"),
    ],
    ids=lambda value: None if isinstance(value, str) else value.__name__,
)
def test_what_is_not_read(
    fetch: Fetch,
    site: Site,
    store: MediaStore,
    playlist: str,
    error: type[ReelwrightError],
    says: str,
) -> None:
    site["/self.m3u8"] = text(playlist)
    with pytest.raises(error, match=says):
        fetch("/self.m3u8")
    assert store.head(Keys("a").source) is None


def test_a_segment_at_a_private_address_is_refused(
    site: Site, store: MediaStore, web: Web, port: int
) -> None:
    names = {"media.test": ["127.0.0.1"], "inside.test": ["169.254.169.254"]}
    careful = Web(
        resolve=lambda host, _: names[host], is_public=lambda at: at == "127.0.0.1", tls=web.tls
    )
    site["/i.m3u8"] = text(segments("a.mp4", "https://inside.test/latest/meta-data"))
    with pytest.raises(SourceNotAllowed, match=r"inside\.test has the address 169\.254"):
        locate(f"https://media.test:{port}/i.m3u8", "a", store, careful, ALLOWANCE)
    assert store.head(Keys("a").source) is None


def test_segments_together_have_the_limit_of_a_source(fetch: Fetch, site: Site) -> None:
    site["/i.m3u8"] = text(segments(*["a.mp4"] * 10))
    with pytest.raises(SourceTooLarge, match="this stack takes 10000000"):
        fetch("/i.m3u8")


def test_a_server_without_ranges_is_named(fetch: Fetch, site: Site) -> None:
    site["/i.m3u8"] = text(segments("all").replace("all", "#EXT-X-BYTERANGE:5@2\nall"))
    site["/all"] = lambda handler: handler.answer(299, {}, b"everything")
    with pytest.raises(SourceUnreachable, match="299"):
        fetch("/i.m3u8")


def test_a_range_that_comes_out_short_is_worth_another_attempt(fetch: Fetch, site: Site) -> None:
    site["/i.m3u8"] = text(segments("all").replace("all", "#EXT-X-BYTERANGE:5@2\nall"))
    site["/all"] = (200, {}, b"only5.")
    with pytest.raises(TransientError, match="4 bytes came instead of 5"):
        fetch("/i.m3u8")


def test_an_endless_playlist_is_cut_off(fetch: Fetch, site: Site) -> None:
    site["/i.m3u8"] = text(HEAD + "# more\n" * 1_300_000)
    with pytest.raises(SourceTooLarge, match="bytes; this stack takes 8388608"):
        fetch("/i.m3u8")


def test_runs_with_times_of_their_own_follow_each_other(
    fetch: Fetch, site: Site, store: MediaStore, tmp_path: Path
) -> None:
    site["/i.m3u8"] = text(segments("a.ts", "b.ts", "c.ts", between="#EXT-X-DISCONTINUITY\n"))
    for name, start_s in (("a", 5), ("b", 1), ("c", 900)):
        site[f"/{name}.ts"] = (200, {}, encode(tmp_path / f"{name}.ts", 2, start_s=start_s))
    fetch("/i.m3u8")
    shown = times(store, tmp_path)
    assert len(shown) == 150
    assert {round(b - a, 2) for a, b in pairwise(shown)} == {0.04}
    assert shown[0] < 0.1


def test_another_beginning_makes_a_run_of_its_own(
    fetch: Fetch, site: Site, store: MediaStore, tmp_path: Path
) -> None:
    listed = "".join(f'#EXT-X-MAP:URI="{n}.init"\n#EXTINF:2,\n{n}.m4s\n' for n in "ab")
    site["/i.m3u8"] = text(HEAD + listed + END)
    for name in "ab":
        flags = "frag_keyframe+empty_moov+default_base_moof"
        whole = encode(tmp_path / f"{name}.mp4", 2, movflags=flags)
        media = whole.index(b"moof") - 4
        # The second has one box more, as of another packager.
        more = b"\0\0\0\x0cfreemore" if name == "b" else b""
        site[f"/{name}.init"] = (200, {}, whole[:media] + more)
        site[f"/{name}.m4s"] = (200, {}, whole[media:])
    fetch("/i.m3u8")
    shown = times(store, tmp_path)
    assert len(shown) == 100
    assert shown[50] - shown[49] == pytest.approx(0.04, abs=0.001)


def test_another_size_after_a_discontinuity_is_refused(
    fetch: Fetch, site: Site, store: MediaStore, tmp_path: Path
) -> None:
    site["/i.m3u8"] = text(segments("a.ts", "b.ts", between="#EXT-X-DISCONTINUITY\n"))
    site["/a.ts"] = (200, {}, encode(tmp_path / "a.ts", 1))
    site["/b.ts"] = (200, {}, encode(tmp_path / "b.ts", 1, size=96))
    with pytest.raises(SourceNotMedia, match="another one after a discontinuity"):
        fetch("/i.m3u8")
    assert store.head(Keys("a").source) is None


def test_damaged_runs_are_refused(fetch: Fetch, site: Site) -> None:
    site["/i.m3u8"] = text(segments("a.mp4", "a.mp4", between="#EXT-X-DISCONTINUITY\n"))
    with pytest.raises(SourceNotMedia, match="can't be joined"):
        fetch("/i.m3u8")


def test_sound_that_is_a_rendition_of_its_own_is_joined_in(
    fetch: Fetch, site: Site, store: MediaStore, tmp_path: Path, corpus: Path
) -> None:
    for file in (corpus / "hls_cmaf_multi_segment").iterdir():
        site[f"/film/{file.name}"] = (200, {}, file.read_bytes())
    fetch("/film/playlist.m3u8")
    shown = times(store, tmp_path)
    assert len(shown) == 90
    assert (shown[0], round(shown[-1], 3)) == (0, 2.967)
    with av.open(str(tmp_path / "fetched")) as film:
        heard = list(film.decode(film.streams.audio[0]))
    assert sum(frame.samples for frame in heard) == 133_120
    assert heard[0].time == 0


def test_one_segment_with_captions_within(
    fetch: Fetch, site: Site, store: MediaStore, tmp_path: Path, corpus: Path
) -> None:
    for file in (corpus / "hls_cea608_ts").iterdir():
        site[f"/film/{file.name}"] = (200, {}, file.read_bytes())
    assert fetch("/film/manifest.m3u8").size_bytes == 284_820
    assert len(times(store, tmp_path)) == 58


def test_pictures_and_sound_with_different_discontinuities_are_refused(
    fetch: Fetch, site: Site
) -> None:
    site["/i.m3u8"] = text(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="sound.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nvideo.m3u8\n'
    )
    site["/video.m3u8"] = text(segments("a.mp4", "a.mp4", between="#EXT-X-DISCONTINUITY\n"))
    site["/sound.m3u8"] = text(segments("a.mp4", "a.mp4"))
    with pytest.raises(SourceNotMedia, match="1 discontinuities and its sound 0"):
        fetch("/i.m3u8")
