"""The table of source kinds, each made small by the layer's own ffmpeg."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.media.support import run_ffmpeg

H264 = "-c:v libx264 -preset ultrafast -bf 3 -g 75"
OPEN_GOP = "-c:v libx264 -preset veryfast -bf 3 -g 60 -x264-params open-gop=1"
HEVC = "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=60:bframes=3:pools=1"
VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 400k -g 90"
AAC = "-c:a aac -b:a 96k"


@dataclass(frozen=True)
class Kind:
    """How a source is made. `options` are ffmpeg's after the inputs."""

    name: str
    suffix: str
    options: str
    rate: str = "30"
    length_s: float = 9
    sound_s: float | None = 9
    sound: str = "sample_rate=48000"
    size: str = "320x180"
    delay_sound_s: float = 0
    delay_video_s: float = 0
    after: Callable[[Path, Path, Path], None] | None = None
    """A second step: (ffmpeg, made file, final file)."""


def make(ffmpeg: Path, kind: Kind, folder: Path) -> Path:
    final = folder / f"{kind.name}{kind.suffix}"
    first = final.with_stem(f"{final.stem}-first") if kind.after else final
    picture = f"testsrc2=size={kind.size}:rate={kind.rate}:duration={kind.length_s}"
    inputs = [*_offset(kind.delay_video_s), "-f", "lavfi", "-i", picture]
    if kind.sound_s is not None:
        tone = f"sine=frequency=330:beep_factor=3:duration={kind.sound_s}:{kind.sound}"
        inputs += [*_offset(kind.delay_sound_s), "-f", "lavfi", "-i", tone]
    shape = "-bitexact -threads 2 -pix_fmt yuv420p" if "-pix_fmt" not in kind.options else ""
    run_ffmpeg([ffmpeg, *inputs, *shape.split(), *kind.options.split(), first])
    if kind.after:
        kind.after(ffmpeg, first, final)
    return final


def _offset(delay_s: float) -> list[str]:
    return ["-itsoffset", str(delay_s)] if delay_s else []


def _rotate(ffmpeg: Path, first: Path, final: Path) -> None:
    run_ffmpeg([ffmpeg, "-display_rotation:v", "90", "-i", first, "-c", "copy", final])


def _cut_by_edit_list(ffmpeg: Path, first: Path, final: Path) -> None:
    """Copied from the middle of a GOP: the edit list hides the pictures before the cut."""
    run_ffmpeg([ffmpeg, "-ss", "1.3", "-i", first, "-c", "copy", final])


def _drop_index(ffmpeg: Path, first: Path, final: Path) -> None:
    """Written to a pipe: no duration, no cues, as browsers record."""
    run_ffmpeg([ffmpeg, "-i", first, "-c", "copy", "-f", "webm", "-live", "1", final])


KINDS = (
    Kind("cfr-25-mp4", ".mp4", f"{H264} {AAC}", rate="25"),
    Kind("ntsc-29.97-mp4", ".mp4", f"{H264} {AAC}", rate="30000/1001"),
    Kind("film-23.976-mkv", ".mkv", f"{H264} {AAC}", rate="24000/1001"),
    Kind("ntsc-59.94-mov", ".mov", f"{H264} {AAC}", rate="60000/1001", length_s=7),
    Kind("open-gop-mp4", ".mp4", f"{OPEN_GOP} {AAC}"),
    Kind("open-gop-mkv", ".mkv", f"{OPEN_GOP} {AAC}"),
    Kind(
        "open-gop-ts-offset",
        ".ts",
        f"{OPEN_GOP} {AAC} -output_ts_offset 7",
        length_s=18,
        sound_s=18,
    ),
    Kind("edit-list-mp4", ".mp4", f"{H264} {AAC}", after=_cut_by_edit_list),
    Kind("vfr-mp4", ".mp4", f"-vf select='mod(n,7)*mod(n,5)' -fps_mode vfr {H264} {AAC}"),
    Kind(
        "vfr-long-gap-mkv", ".mkv", f"-vf select='lt(t,2.1)+gt(t,5.4)' -fps_mode vfr {H264} {AAC}"
    ),
    Kind("rotated-mp4", ".mp4", f"{H264} {AAC}", after=_rotate),
    Kind("hevc-mp4", ".mp4", f"{HEVC} -tag:v hvc1 {AAC}"),
    Kind("hevc-ts", ".ts", f"{HEVC} {AAC}", length_s=15, sound_s=15),
    Kind("vp9-opus-webm", ".webm", f"{VP9} -c:a libopus -b:a 64k"),
    Kind("vp9-no-cues-webm", ".webm", f"{VP9} -c:a libopus -b:a 64k", after=_drop_index),
    Kind("no-audio-mp4", ".mp4", H264, sound_s=None),
    Kind("audio-longer-mp4", ".mp4", f"{H264} {AAC}", length_s=7, sound_s=9),
    Kind("audio-shorter-mp4", ".mp4", f"{H264} {AAC}", length_s=9, sound_s=4.5),
    Kind("audio-late-mp4", ".mp4", f"{H264} {AAC}", delay_sound_s=1.25, sound_s=7),
    Kind("audio-early-mkv", ".mkv", f"{H264} {AAC}", delay_video_s=2.6, length_s=7),
    Kind("audio-44.1k-mp4", ".mp4", f"{H264} {AAC}", sound="sample_rate=44100"),
    Kind("surround-5.1-mkv", ".mkv", f"{H264} -ac 6 -c:a ac3 -b:a 256k"),
    Kind("10-bit-mp4", ".mp4", f"-pix_fmt yuv420p10le -c:v libx264 -preset ultrafast -g 75 {AAC}"),
    Kind("fragmented-mp4", ".mp4", f"{H264} {AAC} -movflags +frag_keyframe+empty_moov"),
    Kind("mpeg2-ps", ".mpg", "-c:v mpeg2video -bf 2 -g 15 -b:v 2M -c:a mp2", rate="25"),
    Kind("mpeg2-ts", ".ts", "-c:v mpeg2video -bf 2 -g 15 -b:v 2M -c:a mp2", rate="25"),
    Kind(
        "odd-size-mp4",
        ".mp4",
        f"-pix_fmt yuv444p -c:v libx264 -preset ultrafast -g 75 {AAC}",
        size="321x181",
    ),
    Kind("mpeg4-avi", ".avi", "-c:v mpeg4 -bf 2 -g 60 -c:a libmp3lame", rate="25"),
    Kind("h264-flv", ".flv", f"{H264} {AAC}", sound="sample_rate=44100"),
    Kind("wmv-asf", ".wmv", "-c:v wmv2 -g 60 -c:a wmav2", rate="25"),
)
