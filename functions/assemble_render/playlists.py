"""HLS playlists (RFC 8216bis) of a stream in fragmented MP4.

Addresses in them are relative, so the folder may be served from anywhere.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from functions.assemble_render.listing import (
    Listed,
    ListedAudio,
    ListedCaptions,
    ListedVideo,
    Segment,
)

MASTER = "master.m3u8"
MEDIA = "playlist.m3u8"
I_FRAMES = "iframes.m3u8"
CONTENT_TYPE = "application/vnd.apple.mpegurl"
_VERSION = 7
_SOUND, _CAPTIONS = "sound", "captions"
_UNKNOWN = "und"


def media_playlist(track: Listed) -> str:
    """All segments of a track, as byte ranges of its files."""
    lines = [*_head(track), *_media_lines(track.segments)]
    return _text([*lines, "#EXT-X-ENDLIST"])


def i_frame_playlist(track: Listed) -> str:
    """The first picture of each segment, by the bytes up to its end."""
    lines = [*_head(track, "#EXT-X-I-FRAMES-ONLY")]
    for segment in track.segments:
        lines += [
            _extinf(segment.duration_s),
            f"#EXT-X-BYTERANGE:{segment.key_bytes}@{segment.offset}",
            segment.file,
        ]
    return _text([*lines, "#EXT-X-ENDLIST"])


def caption_playlist(captions: ListedCaptions) -> str:
    """The whole file as one segment."""
    lines = [
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{-(-captions.duration_s // 1)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        _extinf(captions.duration_s),
        captions.file,
        "#EXT-X-ENDLIST",
    ]
    return _text(lines)


def master_playlist(
    rungs: Sequence[ListedVideo],
    sound: ListedAudio | None,
    captions: Sequence[ListedCaptions] = (),
    *,
    i_frames: bool,
) -> str:
    """The rungs in their order; players choose by bandwidth."""
    lines = [f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if sound is not None:
        lines.append(
            _tag(
                "EXT-X-MEDIA",
                TYPE="AUDIO",
                GROUP_ID=f'"{_SOUND}"',
                NAME='"Sound"',
                DEFAULT="YES",
                AUTOSELECT="YES",
                CHANNELS=f'"{sound.channels}"',
                URI=f'"{sound.folder}/{MEDIA}"',
            )
        )
    lines += map(_captions, captions)
    for rung in rungs:
        lines += _variant(rung, sound, has_captions=bool(captions))
    if i_frames:
        lines += [_i_frame_variant(rung) for rung in rungs]
    return _text(lines)


def _captions(captions: ListedCaptions) -> str:
    known = captions.language != _UNKNOWN
    language = {"LANGUAGE": f'"{captions.language}"'} if known else {}
    return _tag(
        "EXT-X-MEDIA",
        TYPE="SUBTITLES",
        GROUP_ID=f'"{_CAPTIONS}"',
        NAME=f'"{captions.label}"',
        **language,
        DEFAULT="NO",
        AUTOSELECT="YES",
        FORCED="NO",
        URI=f'"{captions.folder}/{captions.playlist}"',
    )


def _variant(rung: ListedVideo, sound: ListedAudio | None, *, has_captions: bool) -> list[str]:
    codecs, more = rung.codec, {}
    peak, mean = rung.peak, rung.mean
    if sound is not None:
        codecs, more = f"{codecs},{sound.codec}", {"AUDIO": f'"{_SOUND}"'}
        peak, mean = peak + sound.peak, mean + sound.mean
    if has_captions:
        more["SUBTITLES"] = f'"{_CAPTIONS}"'
    tag = _tag(
        "EXT-X-STREAM-INF",
        BANDWIDTH=str(peak),
        AVERAGE_BANDWIDTH=str(mean),
        CODECS=f'"{codecs}"',
        RESOLUTION=f"{rung.width}x{rung.height}",
        FRAME_RATE=f"{float(rung.rate):.3f}",
        VIDEO_RANGE=rung.video_range,
        **more,
    )
    return [tag, f"{rung.folder}/{MEDIA}"]


def _i_frame_variant(rung: ListedVideo) -> str:
    return _tag(
        "EXT-X-I-FRAME-STREAM-INF",
        BANDWIDTH=str(rung.key_peak),
        AVERAGE_BANDWIDTH=str(rung.key_mean),
        CODECS=f'"{rung.codec}"',
        RESOLUTION=f"{rung.width}x{rung.height}",
        VIDEO_RANGE=rung.video_range,
        URI=f'"{rung.folder}/{I_FRAMES}"',
    )


def _head(track: Listed, *more: str) -> list[str]:
    first = track.segments[0].file
    return [
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{track.target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        *more,
        f'#EXT-X-MAP:URI="{first}",BYTERANGE="{track.init_bytes}@0"',
    ]


def _media_lines(segments: Sequence[Segment]) -> Iterator[str]:
    for segment in segments:
        yield _extinf(segment.duration_s)
        yield f"#EXT-X-BYTERANGE:{segment.length}@{segment.offset}"
        yield segment.file


def _extinf(duration_s: Fraction) -> str:
    return f"#EXTINF:{float(duration_s):.6f},"


def _tag(name: str, **attributes: str) -> str:
    listed = ",".join(f"{key.replace('_', '-')}={value}" for key, value in attributes.items())
    return f"#{name}:{listed}"


def _text(lines: Sequence[str]) -> str:
    return "\n".join(["#EXTM3U", *lines, ""])
