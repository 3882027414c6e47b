"""Files that a stranger could send to do harm. Small, and made by the layer's own ffmpeg."""

import struct
from collections.abc import Sequence
from pathlib import Path

import av

from tests.media.sources import AAC, H264
from tests.media.support import run_ffmpeg

TEN_HOURS_S = 36_000
LENGTH_S = 8


def clip(ffmpeg: Path, file: Path, options: str = f"{H264} {AAC}", *, size: str = "160x90") -> Path:
    """Eight seconds, 25 frames each, with a tone."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration={LENGTH_S}"]
    tone = ["-f", "lavfi", "-i", f"sine=duration={LENGTH_S}:sample_rate=44100"]
    run_ffmpeg([ffmpeg, *picture, *tone, "-pix_fmt", "yuv420p", *options.split(), file])
    return file


def picture(ffmpeg: Path, file: Path, size: str, frames: int = 1) -> Path:
    """Frames of one colour, which compress to almost nothing."""
    source = ["-f", "lavfi", "-i", f"color=size={size}:rate=25"]
    codec = ["-c:v", "gif"] if file.suffix == ".gif" else ["-c:v", "png", "-pred", "up"]
    run_ffmpeg([ffmpeg, *source, "-frames:v", str(frames), *codec, file])
    return file


def patched(data: bytes, changes: Sequence[tuple[bytes, int, bytes]]) -> bytes:
    """Bytes written over, at an offset behind each place a mark is found."""
    made = bytearray(data)
    for mark, offset, new in changes:
        at = data.find(mark)
        assert at >= 0, mark
        while at >= 0:
            made[at + offset : at + offset + len(new)] = new
            at = data.find(mark, at + 1)
    return bytes(made)


def mp4_of_ten_hours(data: bytes) -> bytes:
    """The movie's, the tracks' and the media's headers say ten hours; the sample tables don't."""
    movie = data.find(b"mvhd")
    [scale] = struct.unpack_from(">I", data, movie + 16)
    length = struct.pack(">I", TEN_HOURS_S * scale)
    lied = patched(data, [(b"mvhd", 20, length), (b"tkhd", 24, length), (b"elst", 12, length)])
    return mp4_media_of(lied, TEN_HOURS_S)


def mp4_media_of(data: bytes, seconds: int) -> bytes:
    """Each track's media header (mdhd) says so many seconds."""
    found = data.find(b"mdhd")
    while found >= 0:
        [scale] = struct.unpack_from(">I", data, found + 16)
        new = struct.pack(">I", min(seconds * scale, 2**32 - 1))
        data = data[: found + 20] + new + data[found + 24 :]
        found = data.find(b"mdhd", found + 1)
    return data


def matroska_of_ten_hours(data: bytes) -> bytes:
    """Its Info has a Duration (0x4489) as a float of 8 bytes, in milliseconds."""
    return patched(data, [(b"\x44\x89\x88", 3, struct.pack(">d", TEN_HOURS_S * 1000))])


def avi_of_ten_hours(data: bytes) -> bytes:
    """dwTotalFrames of the main header, dwLength of each stream's."""
    frames = struct.pack("<I", TEN_HOURS_S * 25)
    return patched(data, [(b"avih", 8 + 16, frames), (b"strh", 8 + 32, frames)])


def flv_of_ten_hours(data: bytes) -> bytes:
    return patched(data, [(b"\x00\x08duration\x00", 11, struct.pack(">d", TEN_HOURS_S))])


def matroska_at_1000_fps(data: bytes) -> bytes:
    """The track's DefaultDuration (0x23E383), in nanoseconds."""
    at = data.index(b"\x23\xe3\x83")
    size = data[at + 3] & 0x7F
    return patched(data, [(b"\x23\xe3\x83", 4, (1_000_000).to_bytes(size, "big"))])


def avi_at_1000_fps(data: bytes) -> bytes:
    """dwMicroSecPerFrame of the main header; rate and scale of the streams."""
    at = data.index(b"vids") + 4 + 16
    assert struct.unpack_from("<I", data, at + 4) == (25,)
    made = data[:at] + struct.pack("<II", 1, 1000) + data[at + 8 :]
    return patched(made, [(b"avih", 8, struct.pack("<I", 1000))])


def matroska_of_streams(file: Path, count: int) -> Path:
    """One picture, and silent tracks of sound."""
    with av.open(str(file), "w") as film:
        video = film.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        for _ in range(count - 1):
            film.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.VideoFrame(64, 64, "yuv420p")
        frame.pts = 0
        film.mux(video.encode(frame))
        film.mux(video.encode())
    return file


def mp4_of_streams(data: bytes, count: int) -> bytes:
    """The first track, named again and again. The moov box must be the last."""
    movie, first = data.index(b"moov") - 4, data.index(b"trak") - 4
    [size] = struct.unpack_from(">I", data, first)
    track = data[first : first + size]
    number = track.index(b"tkhd") + 16
    more = b"".join(
        track[:number] + struct.pack(">I", 10 + copy) + track[number + 4 :]
        for copy in range(count - data.count(b"trak"))
    )
    whole = struct.pack(">I", len(data) - movie + len(more)) + data[movie + 4 :]
    return data[:movie] + whole + more


def elsewhere(data: bytes, kind: bytes, target: str) -> bytes:
    """An MP4 whose samples are said to be in another file: its first track's data reference."""
    at = data.index(b"url \x00\x00\x00\x01") - 4
    entry = kind + b"\0\0\0\0" + target.encode() + b"\0"
    made = struct.pack(">I", len(entry) + 4) + entry
    more = len(made) - 12
    grown = bytearray(data[:at] + made + data[at + 12 :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = data.index(box) - 4
        [size] = struct.unpack_from(">I", data, start)
        grown[start : start + 4] = struct.pack(">I", size + more)
    return bytes(grown)
