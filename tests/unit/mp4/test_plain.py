"""PCM in QuickTime files: grouped when it is read, listed sample by sample when it is written."""

from array import array
from pathlib import Path

import pytest

from functions.shared.errors import PartMismatch
from functions.shared.mp4.about import About
from functions.shared.mp4.inspection import describe_audio, inspect_audio, only_track
from functions.shared.mp4.plain import GROUP, read_groups
from functions.shared.mp4.source import FileBytes, MemoryBytes
from functions.shared.mp4.stitch import plan_stitch, read_media, stitched
from functions.shared.mp4.track import read_movie
from functions.shared.mp4.verification import verify_file
from tests.unit.mp4.making import (
    NTSC,
    expected_of,
    load_chunk,
    make_chunks,
    run_ffmpeg,
    strict_decode_log,
)

pytestmark = pytest.mark.usefixtures("ffmpeg")


def make_pcm(file: Path, codec: str, layout: str, rate: int = 48_000) -> Path:
    noise = f"anoisesrc=d=2.1:r={rate}:seed=1,aformat=channel_layouts={layout}"
    run_ffmpeg("-f", "lavfi", "-i", noise, "-c:a", codec, "-f", "mov", str(file))
    return file


def decoded_md5(file: Path) -> str:
    to = file.with_suffix(".md5")
    run_ffmpeg("-i", str(file), "-map", "0:a", "-c:a", "pcm_s32le", "-f", "md5", str(to))
    return to.read_text()


@pytest.mark.parametrize(
    ("codec", "layout", "rate", "channels"),
    [
        ("pcm_s16le", "mono", 48_000, 1),
        ("pcm_s24le", "stereo", 44_100, 2),
        ("pcm_s16le", "5.1", 48_000, 6),
        ("pcm_s24le", "stereo", 96_000, 2),
    ],
)
def test_pcm_beside_pictures_is_the_parts(
    tmp_path: Path, codec: str, layout: str, rate: int, channels: int
) -> None:
    part = make_pcm(tmp_path / "a.mov", codec, layout, rate)
    source = FileBytes(part)
    movie = read_movie(source)
    track = only_track(movie, "soun")
    found = describe_audio(movie, track, source.size_bytes)
    assert (found.packets, found.sample_rate, found.channels) == (rate * 21 // 10, rate, channels)
    assert len(track.sizes) < found.packets / GROUP + 20

    chunks = make_chunks(tmp_path, NTSC, (30, 33))
    tracks = [load_chunk(chunk, NTSC) for chunk in chunks]
    stitch = plan_stitch(tracks, NTSC.ticks, (movie, track), About(is_quicktime=True))
    out = tmp_path / "out.mov"
    pictures = (
        piece
        for chunk, one in zip(chunks, tracks, strict=True)
        for piece in read_media(FileBytes(chunk), one)
    )
    out.write_bytes(b"".join(stitched(stitch, pictures, read_media(source, track))))

    verify_file(
        FileBytes(out),
        expected_of(tracks, NTSC, inspect_audio(source), stitch.size_bytes),
        name="out",
    )
    assert decoded_md5(out) == decoded_md5(part)
    assert strict_decode_log(out) == ""


def test_an_hour_is_few_groups_and_a_lie_is_none() -> None:
    count, chunks = 48_000 * 3600, array("I", range(0, 1 << 20, 1 << 10))
    per_chunk = count // len(chunks)
    plain, offsets = read_groups(4, per_chunk * 1024, chunks, [(0, 1024, per_chunk)])
    assert len(offsets) == len(plain.counts) == 1024 * -(-per_chunk // GROUP)
    assert plain.samples == per_chunk * 1024
    assert plain.chunks([1, 2]) == [GROUP, 2 * GROUP]
    with pytest.raises(PartMismatch, match="claims 4294967295 samples"):
        read_groups(4, 0xFFFF_FFFF, array("I", [0] * (1 << 22)), [])
    with pytest.raises(PartMismatch, match="hold more samples than exist"):
        read_groups(4, 100, chunks, [(0, 1024, 1)])
    with pytest.raises(PartMismatch, match="places 0 of 100"):
        read_groups(4, 100, chunks, [])


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    data = bytearray(make_pcm(tmp_path / "a.mov", "pcm_s16le", "mono").read_bytes())
    at = data.index(b"stts") + 12
    data[at : at + 4] = (5).to_bytes(4, "big")
    with pytest.raises(PartMismatch, match="has a damaged stts box"):
        read_movie(MemoryBytes(bytes(data)))
