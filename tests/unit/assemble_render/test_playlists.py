"""What playlists say, word for word where players depend on it."""

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from functions.assemble_render.codec_strings import codec_string, transfer, video_range
from functions.assemble_render.listing import ListedAudio, ListedCaptions, ListedVideo, Segment
from functions.assemble_render.manifest import dash_manifest
from functions.assemble_render.playlists import (
    caption_playlist,
    i_frame_playlist,
    master_playlist,
    media_playlist,
)
from functions.shared.errors import PartMismatch
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.track import Track, read_movie

SPACE = {"d": "urn:mpeg:dash:schema:mpd:2011"}


def segments(*sizes: int, last_s: Fraction = Fraction(2)) -> tuple[Segment, ...]:
    """Two to a file; each 2.002 s but the last, with a first picture of 100 bytes."""
    length_s = Fraction(60 * 1001, 30000)
    return tuple(
        Segment(
            file=f"{i // 2:05}.mp4",
            offset=700 if i % 2 == 0 else 700 + sizes[i - 1],
            length=size,
            duration_s=length_s if i < len(sizes) - 1 else last_s,
            key_bytes=100,
        )
        for i, size in enumerate(sizes)
    )


RUNG = ListedVideo(
    folder="720p",
    codec="avc1.64001f",
    init_bytes=700,
    segments=segments(1000, 3000, 2000),
    timescale=30000,
    segment_ticks=60060,
    width=1280,
    height=720,
    rate=Fraction(30000, 1001),
    video_range="SDR",
    transfer=None,
)
SOUND = ListedAudio(
    folder="audio",
    codec="mp4a.40.2",
    init_bytes=600,
    segments=segments(500, 500, 500),
    timescale=48000,
    segment_ticks=96256,
    channels=2,
    sample_rate=48000,
)
WORDS = ListedCaptions(
    folder="captions",
    file="00.vtt",
    playlist="00.m3u8",
    language="en",
    label="English",
    size_bytes=300,
    duration_s=Fraction(6),
)


def test_media_playlist() -> None:
    assert media_playlist(RUNG) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="00000.mp4",BYTERANGE="700@0"\n'
        "#EXTINF:2.002000,\n"
        "#EXT-X-BYTERANGE:1000@700\n"
        "00000.mp4\n"
        "#EXTINF:2.002000,\n"
        "#EXT-X-BYTERANGE:3000@1700\n"
        "00000.mp4\n"
        "#EXTINF:2.000000,\n"
        "#EXT-X-BYTERANGE:2000@700\n"
        "00001.mp4\n"
        "#EXT-X-ENDLIST\n"
    )


def test_i_frame_playlist_has_the_first_picture_of_each_segment() -> None:
    lines = i_frame_playlist(RUNG).splitlines()

    assert "#EXT-X-I-FRAMES-ONLY" in lines
    ranges = [line for line in lines if line.startswith("#EXT-X-BYTERANGE")]
    assert ranges == [f"#EXT-X-BYTERANGE:{at}" for at in ("100@700", "100@1700", "100@700")]


def test_master_playlist() -> None:
    lines = master_playlist([RUNG], SOUND, [WORDS], i_frames=True).splitlines()

    assert lines[:3] == ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    assert lines[3] == (
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,'
        'CHANNELS="2",URI="audio/playlist.m3u8"'
    )
    assert lines[4] == (
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="English",LANGUAGE="en",DEFAULT=NO,'
        'AUTOSELECT=YES,FORCED=NO,URI="captions/00.m3u8"'
    )
    # The peak of the pictures is 3000 bytes in 2.002 s, of the sound 500 in 2.
    assert lines[5] == (
        "#EXT-X-STREAM-INF:BANDWIDTH=13989,AVERAGE-BANDWIDTH=9994,"
        'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=SDR,'
        'AUDIO="sound",SUBTITLES="captions"'
    )
    assert lines[6] == "720p/playlist.m3u8"
    assert lines[7] == (
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=400,AVERAGE-BANDWIDTH=400,"
        'CODECS="avc1.64001f",RESOLUTION=1280x720,VIDEO-RANGE=SDR,URI="720p/iframes.m3u8"'
    )
    assert len(lines) == 8


def test_a_stream_without_sound_names_none() -> None:
    text = master_playlist([RUNG], None, i_frames=False)

    assert "AUDIO" not in text
    assert "mp4a" not in text
    assert "I-FRAME" not in text


def test_a_short_last_segment_is_no_peak_of_its_own() -> None:
    """0.1 s with a whole key frame would say 20 times the rate that players must have."""
    rung = replace(RUNG, segments=segments(1000, 1000, 1000, last_s=Fraction(1, 10)))

    # The last two together, which is about as long as one: 2000 bytes in 2.102 s.
    assert rung.peak == 7612


def test_one_short_segment_has_its_mean_for_a_peak() -> None:
    rung = replace(RUNG, segments=segments(1000, last_s=Fraction(1, 4)))

    assert rung.peak == rung.mean == 32_000
    assert rung.target_s == 1


def test_captions_are_one_segment() -> None:
    assert caption_playlist(WORDS).splitlines()[-3:] == [
        "#EXTINF:6.000000,",
        "00.vtt",
        "#EXT-X-ENDLIST",
    ]


def test_dash_sets_hold_rungs_that_players_may_switch_between() -> None:
    small = replace(RUNG, folder="360p", width=640, height=360)
    hevc = replace(RUNG, folder="hevc", codec="hvc1.2.4.L93.90", transfer=16)

    root = ET.fromstring(dash_manifest([RUNG, hevc, small], SOUND, [WORDS]))  # noqa: S314 - our own

    assert root.get("type") == "static"
    assert root.get("mediaPresentationDuration") == "PT6.004000S"
    sets = root.findall("d:Period/d:AdaptationSet", SPACE)
    assert [each.get("contentType") for each in sets] == ["video", "video", "audio", "text"]
    assert len({each.get("id") for each in sets}) == 4
    listed = [[r.get("id") for r in each.findall("d:Representation", SPACE)] for each in sets]
    assert listed == [["720p", "360p"], ["hevc"], ["audio"], ["00"]]
    assert sets[0].get("segmentAlignment") == "true"
    assert sets[0].get("startWithSAP") == "1"
    assert sets[0].get("maxHeight") == "720"
    [property_] = sets[1].findall("d:SupplementalProperty", SPACE)
    assert property_.get("value") == "16"
    [first, *_] = sets[0].findall("d:Representation", SPACE)
    assert (first.get("frameRate"), first.get("bandwidth")) == ("30000/1001", "11989")
    [found] = first.findall("d:SegmentList", SPACE)
    assert (found.get("timescale"), found.get("duration")) == ("30000", "60060")
    urls = found.findall("d:SegmentURL", SPACE)
    assert [(url.get("media"), url.get("mediaRange")) for url in urls] == [
        ("720p/00000.mp4", "700-1699"),
        ("720p/00000.mp4", "1700-4699"),
        ("720p/00001.mp4", "700-2699"),
    ]
    [text] = sets[3].findall("d:Representation/d:BaseURL", SPACE)
    assert text.text == "captions/00.vtt"


X265 = "-c:v libx265 -tag:v hvc1 -preset ultrafast -x265-params log-level=error"
CODECS = {
    "h264": "-c:v libx264 -preset medium",
    "h264-baseline": "-c:v libx264 -preset ultrafast",
    "av1": "-c:v libsvtav1 -preset 12",
    "av1-10": "-pix_fmt yuv420p10le -c:v libsvtav1 -preset 12",
    "aac": "-c:a aac -b:a 96k",
}


def encoded(options: str, folder: Path) -> tuple[Track, str]:
    """A short file's track, and the codec's name by ffmpeg's own DASH muxer."""
    is_sound = "-c:a" in options
    source = "sine=duration=0.3" if is_sound else "testsrc2=size=192x108:rate=10:duration=0.5"
    quiet = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    made = folder / "made.mp4"
    encode = [*quiet, "-f", "lavfi", "-i", source, *["-pix_fmt", "yuv420p"] * (not is_sound)]
    subprocess.run([*encode, *options.split(), str(made)], check=True, timeout=60)
    listed = [*quiet, "-i", str(made), "-c", "copy", "-f", "dash", str(folder / "made.mpd")]
    subprocess.run(listed, check=True, timeout=60)
    root = ET.parse(folder / "made.mpd")  # noqa: S314 - ffmpeg's
    [theirs] = root.findall(".//d:Representation", SPACE)
    return read_movie(FileBytes(made)).tracks[0], str(theirs.get("codecs"))


@pytest.mark.parametrize("codec", CODECS)
def test_codecs_are_named_as_ffmpeg_names_them(codec: str, ffmpeg: Path, tmp_path: Path) -> None:
    assert ffmpeg.exists()
    track, theirs = encoded(CODECS[codec], tmp_path)

    assert codec_string(track) == theirs
    assert video_range(track) == "SDR"


@pytest.mark.parametrize(
    ("pixels", "named"), [("yuv420p", "hvc1.1.6.L30.90"), ("yuv420p10le", "hvc1.2.4.L30.90")]
)
def test_hevc_is_named_by_profile_tier_level_and_constraints(
    pixels: str, named: str, ffmpeg: Path, tmp_path: Path
) -> None:
    """FFmpeg's DASH muxer leaves it out."""
    assert ffmpeg.exists()

    assert codec_string(encoded(f"-pix_fmt {pixels} {X265}", tmp_path)[0]) == named


def test_hdr_is_named(ffmpeg: Path, tmp_path: Path) -> None:
    assert ffmpeg.exists()
    colours = "-vf setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    track, _ = encoded(f"-pix_fmt yuv420p10le {colours} {X265}", tmp_path)

    assert transfer(track) == 16
    assert video_range(track) == "PQ"


def test_what_no_playlist_names_is_refused(ffmpeg: Path, tmp_path: Path) -> None:
    assert ffmpeg.exists()
    made = tmp_path / "made.mp4"
    source = ["-f", "lavfi", "-i", "sine=duration=0.3", "-c:a", "flac", "-strict", "-2"]
    subprocess.run(["ffmpeg", "-v", "error", *source, str(made)], check=True, timeout=60)

    with pytest.raises(PartMismatch, match="is 'fLaC', which is not for streams"):
        codec_string(read_movie(FileBytes(made)).tracks[0])
