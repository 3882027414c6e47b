"""Real parts, made by the layer's ffmpeg the way the workers make them, and what PyAV sees in them.

Test material for `tests/unit/mp4` and `tests/unit/assemble_render`.
"""

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import accumulate, chain
from pathlib import Path

import av

from functions.shared.mp4.inspection import AudioPart, check_grid, inspect_audio, only_track
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.stitch import plan_stitch, read_media, stitched
from functions.shared.mp4.track import Track, read_movie
from functions.shared.mp4.verification import Expected


@dataclass(frozen=True)
class Grid:
    """A frame rate as the plan turns it into ticks."""

    rate: Fraction

    @property
    def timescale(self) -> int:
        numerator = self.rate.numerator
        return numerator if numerator >= 10_000 else numerator * 512

    @property
    def ticks(self) -> int:
        return int(self.timescale / self.rate)


NTSC = Grid(Fraction(30000, 1001))


def run_ffmpeg(*options: str) -> str:
    """Run to the end; the log, which is empty if all was well."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "warning", "-y", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def make_chunk(
    file: Path, grid: Grid, start_frame: int, frames: int, *x264: str, size: str = "160x90"
) -> Path:
    """Frames `[start_frame, start_frame + frames)` of a moving picture, as render_chunk encodes."""
    params = ":".join(["keyint=24", "open-gop=0", "stitchable=1", *x264])
    end = start_frame + frames
    run_ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=s={size}:r={grid.rate}"),
        *("-vf", f"trim=start_frame={start_frame}:end_frame={end},setpts=N,format=yuv420p"),
        *("-enc_time_base", f"{grid.rate.denominator}/{grid.rate.numerator}"),
        *("-fps_mode", "passthrough", "-map_metadata", "-1", "-threads", "2"),
        *("-c:v", "libx264", "-preset", "medium", "-crf", "28", "-x264-params", params),
        *("-video_track_timescale", str(grid.timescale), "-movflags", "+faststart", str(file)),
    )
    return file


def make_chunks(folder: Path, grid: Grid, lengths: Sequence[int], *x264: str) -> list[Path]:
    starts = accumulate(lengths, initial=0)
    return [
        make_chunk(folder / f"{i:05}.mp4", grid, start, length, *x264)
        for i, (start, length) in enumerate(zip(starts, lengths, strict=False))
    ]


def make_audio(file: Path, seconds: float, sample_rate: int = 44_100) -> Path:
    """AAC with priming and a short last packet."""
    run_ffmpeg(
        *("-f", "lavfi", "-i", f"sine=r={sample_rate}:d={seconds}:frequency=440:beep_factor=4"),
        *("-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart", "-map_metadata", "-1"),
        str(file),
    )
    return file


def load_chunk(file: Path, grid: Grid) -> Track:
    track = only_track(read_movie(FileBytes(file)), "vide")
    check_grid(track, grid.timescale, grid.ticks)
    return track


def stitch_files(out: Path, grid: Grid, chunks: Sequence[Path], audio: Path | None) -> Expected:
    """Join files on disk; what the result should then hold."""
    tracks = [load_chunk(chunk, grid) for chunk in chunks]
    media = [read_media(FileBytes(file), track) for file, track in zip(chunks, tracks, strict=True)]
    sound: Iterable[bytes] = ()
    with_audio = None
    if audio is not None:
        movie = read_movie(FileBytes(audio))
        with_audio = (movie, only_track(movie, "soun"))
        sound = read_media(FileBytes(audio), with_audio[1])
    plan = plan_stitch(tracks, grid.ticks, with_audio)
    with out.open("wb") as stream:
        for piece in stitched(plan, chain.from_iterable(media), sound):
            stream.write(piece)
    assert out.stat().st_size == plan.size_bytes
    part = inspect_audio(FileBytes(audio)) if audio else None
    return expected_of(tracks, grid, part, plan.size_bytes)


def expected_of(
    tracks: Sequence[Track], grid: Grid, audio: AudioPart | None, size_bytes: int
) -> Expected:
    return Expected(
        frames=sum(len(track.sizes) for track in tracks),
        width=tracks[0].width,
        height=tracks[0].height,
        timescale=grid.timescale,
        frame_ticks=grid.ticks,
        config_sha256=tracks[0].config_sha256,
        audio=audio,
        size_bytes=size_bytes,
    )


def decoded_frames(file: Path) -> list[tuple[Fraction, str]]:
    """(seconds, hash of the pixels) of every frame."""
    with av.open(str(file)) as container:
        return [
            (frame.pts * frame.time_base, pixels(frame))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def decoded_samples(file: Path) -> list[tuple[Fraction, int, str]]:
    """(seconds, samples, hash of the samples) of every audio frame."""
    with av.open(str(file)) as container:
        return [
            (frame.pts * frame.time_base, frame.samples, _sound(frame))
            for frame in container.decode(audio=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def pixels(frame: av.VideoFrame) -> str:
    """Hash of the visible pixels; rows are padded in memory."""
    digest = sha256()
    for plane in frame.planes:
        data = memoryview(plane)
        for row in range(plane.height):
            digest.update(data[row * plane.line_size : row * plane.line_size + plane.width])
    return digest.hexdigest()


def _sound(frame: av.AudioFrame) -> str:
    """Hash of the samples, which are planar 32-bit floats; planes are padded in memory."""
    assert frame.format.name == "fltp"
    digest = sha256()
    for plane in frame.planes:
        digest.update(memoryview(plane)[: 4 * frame.samples])
    return digest.hexdigest()


def packets(file: Path, kind: str) -> list[tuple[Fraction, Fraction, bool, bytes]]:
    """(pts and dts in seconds, key frame, bytes) of every packet."""
    with av.open(str(file)) as container:
        stream = (container.streams.video if kind == "video" else container.streams.audio)[0]
        return [
            (p.pts * p.time_base, p.dts * p.time_base, p.is_keyframe, bytes(p))
            for p in container.demux(stream)
            if p.size and p.pts is not None and p.dts is not None and p.time_base is not None
        ]


def strict_decode_log(file: Path) -> str:
    """What a decoder that forgives nothing has to say; raises where it gives up."""
    return run_ffmpeg("-xerror", "-err_detect", "explode", "-i", str(file), "-f", "null", "-")
