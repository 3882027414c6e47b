"""Playlists as values: addresses, ranges, choices; and nothing but its own error from any text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.hls import (
    Master,
    Media,
    Piece,
    PlaylistMalformed,
    Sound,
    is_playlist,
    parse_playlist,
)

HERE = "https://media.test/films/one/index.m3u8?token=s3cret"
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",LANGUAGE="de",URI="de.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",LANGUAGE="en",DEFAULT=YES,URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="own",NAME="within"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="subs.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS="avc1.64001e,mp4a.40.2",AUDIO="a"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=4000000,RESOLUTION=1920x1080,AUDIO="own"
/other/high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3000000,RESOLUTION=1920x1080
mid.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=1920x1080,URI="keys.m3u8"
"""
MEDIA = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:17
#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:00Z
#EXTINF:4.0,
#EXT-X-BYTERANGE:1000@700
all.mp4
#EXTINF:3.5,
#EXT-X-BYTERANGE:500
all.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="next.mp4"
#EXT-X-GAP
#EXTINF:2,
https://cdn.test/next.m4s
#EXT-X-ENDLIST
"""


def media(text: str) -> Media:
    found = parse_playlist(text, HERE)
    assert isinstance(found, Media)
    return found


def master(text: str) -> Master:
    found = parse_playlist(text, HERE)
    assert isinstance(found, Master)
    return found


def test_variants_and_their_sound() -> None:
    found = master(MASTER)
    assert [each.url.rpartition("/")[2] for each in found.variants] == [
        "low.m3u8",
        "high.m3u8",
        "mid.m3u8",
    ]
    assert found.best().url == "https://media.test/other/high.m3u8"
    assert found.sound_of(found.best()) == Sound("own", None, "within", None, is_default=False)
    english = found.sound_of(found.variants[0])
    assert english is not None
    assert english.url == "https://media.test/films/one/en.m3u8"
    assert found.sound_of(found.variants[2]) is None


@pytest.mark.parametrize(
    ("most_pixels", "bandwidth"),
    [(None, 4_000_000), (1920 * 1080, 4_000_000), (1280 * 720, 900_000), (100, 900_000)],
)
def test_the_best_variant_within_a_limit(most_pixels: int | None, bandwidth: int) -> None:
    assert master(MASTER).best(most_pixels).bandwidth == bandwidth


def test_segments_ranges_and_what_stands_before_them() -> None:
    found = media(MEDIA)
    first, second, third = found.segments
    here = "https://media.test/films/one/all.mp4"
    assert first.piece == Piece(here, 700, 1000)
    assert second.piece == Piece(here, 1700, 500)
    assert first.init == second.init == Piece(here, 0, 700)
    assert third.piece == Piece("https://cdn.test/next.m4s")
    assert third.init == Piece("https://media.test/films/one/next.mp4")
    assert [each.sequence for each in found.segments] == [17, 18, 19]
    assert [each.duration_s for each in found.segments] == [4, 3.5, 2]
    assert [each.discontinuity for each in found.segments] == [False, False, True]
    assert [each.is_gap for each in found.segments] == [False, False, True]
    assert second.program_date == datetime(2026, 11, 21, 12, 0, 4, tzinfo=UTC)
    assert (found.ended, found.target_s, found.encrypted) == (True, 4, False)


def test_without_an_end_it_is_live() -> None:
    assert not media(MEDIA.replace("#EXT-X-ENDLIST", "")).ended
    empty = media("#EXTM3U\n#EXT-X-TARGETDURATION:2\n")
    assert (empty.segments, empty.ended) == ((), False)


@pytest.mark.parametrize(
    ("key", "encrypted"),
    [("METHOD=NONE", False), ('METHOD=AES-128,URI="k"', True), ('METHOD=SAMPLE-AES,URI="k"', True)],
)
def test_encryption_is_seen(key: str, encrypted: bool) -> None:  # noqa: FBT001
    text = MEDIA.replace("#EXT-X-VERSION:6", f"#EXT-X-KEY:{key}")
    assert media(text).encrypted is encrypted
    assert master(MASTER + f"#EXT-X-SESSION-KEY:{key}\n").encrypted is encrypted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "#EXTM3U\n",
        "#EXTM3U\nfile:///etc/passwd\n",
        MEDIA.replace("4.0", "four"),
        MEDIA.replace("4.0", "nan"),
        MEDIA.replace("4.0", "-4"),
        MEDIA.replace("EXT-X-PROGRAM-DATE-TIME:2026", "EXT-X-X:").replace("4.0", "inf"),
        MASTER.replace("900000", "inf"),
        MEDIA.replace("1000@700", "1000"),
        MEDIA.replace("1000@700", "0@700"),
        MEDIA.replace("1000@700", "9@-1"),
        MEDIA.replace("#EXT-X-VERSION:6", '#EXT-X-DEFINE:NAME="x",VALUE="y"'),
        MEDIA.replace("all.mp4", "a" * 9000),
        MASTER.replace("640x360", "wide"),
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n",
    ],
    ids=range(16),
)
def test_malformed(text: str) -> None:
    with pytest.raises(PlaylistMalformed):
        parse_playlist(text, HERE)


lines = st.sampled_from([*MASTER.splitlines(), *MEDIA.splitlines()])
cuts = st.builds(lambda line, at: line[: len(line) - at], lines, st.integers(0, 30))


@given(st.lists(st.one_of(lines, cuts, st.text(max_size=40)), max_size=12))
def test_any_text_is_a_playlist_or_refused(found: list[str]) -> None:
    text = "\n".join(["#EXTM3U", *found])
    try:
        parsed = parse_playlist(text, HERE)
    except PlaylistMalformed:
        return
    assert isinstance(parsed, Master | Media)


@pytest.mark.parametrize(
    ("head", "expected"),
    [(b"#EXTM3U\n", True), (b"\xef\xbb\xbf#EXTM3U", True), (b"#EXTINF", False), (b"", False)],
)
def test_what_begins_like_a_playlist(head: bytes, expected: bool) -> None:  # noqa: FBT001
    assert is_playlist(head) is expected
