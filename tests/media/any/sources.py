"""Tiny sources of many kinds, and what a request may name beside one."""

from pathlib import Path
from typing import Any

from tests.media.sources import AAC, H264, HEVC, VP9, Kind, make
from tests.media.support import run_ffmpeg

_PQ = "color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
_FIELDS = "-vf tinterlace=interleave_top,fieldorder=tff -flags +ildct+ilme -x264-params tff=1"


def _rotate(ffmpeg: Path, first: Path, final: Path) -> None:
    run_ffmpeg([ffmpeg, "-display_rotation:v", "90", "-i", first, "-c", "copy", final])


def _unheard(ffmpeg: Path, first: Path, final: Path) -> None:
    run_ffmpeg([ffmpeg, "-i", first, "-map", "0:v", "-c", "copy", final])


def _unseen(ffmpeg: Path, first: Path, final: Path) -> None:
    run_ffmpeg([ffmpeg, "-i", first, "-map", "0:a", "-c", "copy", final])


def _kind(name: str, suffix: str, options: str, length_s: float = 3.2, **more: Any) -> Kind:
    usual: dict[str, Any] = {"size": "160x90", "sound_s": length_s}
    return Kind(name, suffix, options, length_s=length_s, **usual | more)


KINDS = (
    _kind("ntsc", ".mp4", f"{H264} {AAC}", rate="30000/1001"),
    _kind("rotated", ".mp4", f"{H264} {AAC}", rate="25", after=_rotate),
    _kind("interlaced", ".mp4", f"{_FIELDS} {H264} {AAC}", rate="50", size="160x96"),
    _kind(
        "hdr",
        ".mp4",
        f"-pix_fmt yuv420p10le -vf setparams={_PQ} {HEVC} -tag:v hvc1 {AAC}",
        rate="25",
        length_s=2.5,
    ),
    _kind(
        "alpha",
        ".webm",
        f"-pix_fmt yuva420p -vf format=yuva420p,geq=lum=p(X\\,Y):a=X {VP9} -c:a libopus",
        rate="20",
    ),
    _kind("mute", ".mp4", H264, rate="24", after=_unheard),
    _kind("sound", ".m4a", f"{H264} {AAC}", after=_unseen),
    _kind("vfr", ".mkv", f"-vf select='mod(n,7)*mod(n,5)' -fps_mode vfr {H264} {AAC}"),
    _kind("offset", ".ts", f"{H264} {AAC} -output_ts_offset 7", rate="25"),
    _kind("wide-pixels", ".mkv", f"-vf setsar=2 {H264} {AAC}", size="90x90"),
    _kind("one-frame", ".mp4", f"{H264} {AAC}", length_s=0.04, rate="25"),
    _kind("short", ".mp4", f"{H264} {AAC}", length_s=0.2),
    _kind(
        "odd",
        ".mp4",
        f"-pix_fmt yuv444p -c:v libx264 -preset ultrafast -g 50 {AAC}",
        size="161x91",
    ),
    _kind("surround", ".mkv", f"{H264} -ac 6 -c:a ac3", rate="25"),
    _kind("late-pictures", ".mkv", f"{H264} {AAC}", delay_video_s=0.7),
    _kind("soon-silent", ".mp4", f"{H264} {AAC}", rate="25", sound_s=0.9),
    _kind("still", ".mp4", f"-vf drawbox=color=teal:t=fill {H264} {AAC}", rate="25"),
    _kind("ps", ".mpg", "-c:v mpeg2video -bf 2 -g 15 -c:a mp2", rate="25"),
    _kind("moving", ".gif", "-filter_complex [0:v]format=rgb24[o] -map [o]", rate="10"),
)
_WORDS = {
    "words.srt": "1\n00:00:00,200 --> 00:00:01,400\nFirst <i>words</i>\n\n"
    "2\n00:00:01,000 --> 00:00:02,600\nAt once\n",
    "words.vtt": "WEBVTT\n\n00:00.000 --> 00:09.000\nLong & short\n",
    "words.ass": "[Script Info]\nPlayResX: 320\nPlayResY: 180\n\n[Events]\nFormat: Layer, Start,"
    " End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:00.50,0:00:02.10,"
    "Default,,0,0,0,,{\\fad(300,300)\\pos(160,90)}Drawn\n",
}


def make_assets(ffmpeg: Path, folder: Path) -> Path:
    """What drawn edits name, in a folder of their own."""
    assets = folder / "assets"
    assets.mkdir()
    for name, text in _WORDS.items():
        (assets / name).write_text(text)
    logo = "color=0x30C060@0.5:size=48x31,format=rgba"
    for name, drawn in (
        ("logo.png", logo),
        ("logo.webp", logo),
        ("photo.jpg", "rgbtestsrc=s=64x40"),
    ):
        picture = ["-f", "lavfi", "-i", drawn, "-frames:v", "1", "-update", "1"]
        run_ffmpeg([ffmpeg, *picture, assets / name])
    for name, length_s in (("music.wav", 1.1), ("speech.m4a", 4)):
        run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", f"sine=500:duration={length_s}", assets / name])
    return assets


def make_sources(ffmpeg: Path, folder: Path) -> dict[str, Path]:
    return {kind.name: make(ffmpeg, kind, folder) for kind in KINDS}
