"""The stitched file holds exactly what its parts hold, at exactly the planned times."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from functions.shared.errors import PartMismatch, RenderMismatch
from functions.shared.mp4.boxes import read_moov
from functions.shared.mp4.inspection import inspect_audio
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.stitch import plan_stitch, stitched
from functions.shared.mp4.track import read_movie
from functions.shared.mp4.verification import verify_file
from tests.unit.mp4.making import (
    NTSC,
    Grid,
    decoded_frames,
    decoded_samples,
    load_chunk,
    make_audio,
    make_chunk,
    make_chunks,
    packets,
    run_ffmpeg,
    stitch_files,
    strict_decode_log,
)

pytestmark = pytest.mark.usefixtures("ffmpeg")

GRIDS = [NTSC, Grid(Fraction(25)), Grid(Fraction(24000, 1001)), Grid(Fraction(60))]


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: str(grid.rate))
@pytest.mark.parametrize(
    ("lengths", "x264"),
    [
        pytest.param((48, 48, 31), (), id="b-frames"),
        pytest.param((30, 1, 2, 3, 17), (), id="shorter than the b-frame depth"),
        pytest.param((1,), (), id="one frame"),
        pytest.param((24, 24), ("bframes=0",), id="no b-frames"),
        pytest.param((5, 5, 5), ("keyint=1",), id="all key frames"),
        pytest.param((40, 40), ("bframes=8", "b-pyramid=normal"), id="deep b-frames"),
    ],
)
def test_frames_are_those_of_the_parts_at_exact_times(
    tmp_path: Path, grid: Grid, lengths: tuple[int, ...], x264: tuple[str, ...]
) -> None:
    chunks = make_chunks(tmp_path, grid, lengths, *x264)
    out = tmp_path / "out.mp4"

    expected = stitch_files(out, grid, chunks, None)

    assert verify_file(FileBytes(out), expected, name="out") == out.stat().st_size
    frames = decoded_frames(out)
    assert [time for time, _ in frames] == [n / grid.rate for n in range(sum(lengths))]
    of_parts = [pixels for chunk in chunks for _, pixels in decoded_frames(chunk)]
    assert [pixels for _, pixels in frames] == of_parts
    assert strict_decode_log(out) == ""
    times = [dts for _, dts, _, _ in packets(out, "video")]
    assert times == sorted(set(times))
    keys = [key for chunk in chunks for _, _, key, _ in packets(chunk, "video")]
    assert [key for _, _, key, _ in packets(out, "video")] == keys


@pytest.mark.parametrize("sample_rate", [44_100, 48_000])
@pytest.mark.parametrize("seconds", [0.01, 3.337, 6.0], ids=lambda s: f"{s}s")
def test_sound_is_untouched(tmp_path: Path, seconds: float, sample_rate: int) -> None:
    chunks = make_chunks(tmp_path, NTSC, (48, 48))
    audio = make_audio(tmp_path / "a.m4a", seconds, sample_rate)
    out = tmp_path / "out.mp4"

    expected = stitch_files(out, NTSC, chunks, audio)

    verify_file(FileBytes(out), expected, name="out")
    assert packets(out, "audio") == packets(audio, "audio")
    assert decoded_samples(out) == decoded_samples(audio)
    assert strict_decode_log(out) == ""
    assert _pcm(out) == _pcm(audio)


def test_equals_a_render_in_one_piece(tmp_path: Path) -> None:
    """Same times for every frame and packet of sound as when one ffmpeg writes the whole file."""
    audio = make_audio(tmp_path / "a.m4a", 4.2)
    whole_video = make_chunk(tmp_path / "whole.mp4", NTSC, 0, 120)
    whole = tmp_path / "both.mp4"
    run_ffmpeg(
        *("-i", str(whole_video), "-i", str(audio), "-map", "0:v", "-map", "1:a", "-c", "copy"),
        *("-video_track_timescale", str(NTSC.timescale), "-movflags", "+faststart", str(whole)),
    )
    out = tmp_path / "out.mp4"

    stitch_files(out, NTSC, make_chunks(tmp_path, NTSC, (48, 48, 24)), audio)

    assert [t for t, _ in decoded_frames(out)] == [t for t, _ in decoded_frames(whole)]
    assert decoded_samples(out) == decoded_samples(whole)
    ours, theirs = read_movie(FileBytes(out)), read_movie(FileBytes(whole))
    assert ours.timescale == theirs.timescale
    for mine, other in zip(ours.tracks, theirs.tracks, strict=True):
        assert (mine.edits, mine.delta_runs) == (other.edits, other.delta_runs)


def test_late_sound_stays_late(tmp_path: Path) -> None:
    audio = tmp_path / "late.m4a"
    run_ffmpeg("-i", str(make_audio(tmp_path / "a.m4a", 2)), "-c", "copy", "-output_ts_offset",
               "0.75", "-movflags", "+faststart", str(audio))  # fmt: skip
    out = tmp_path / "out.mp4"

    expected = stitch_files(out, NTSC, make_chunks(tmp_path, NTSC, (90,)), audio)

    verify_file(FileBytes(out), expected, name="out")
    assert inspect_audio(FileBytes(audio)).start_s >= Fraction(7, 10)
    assert decoded_samples(out) == decoded_samples(audio)
    assert decoded_samples(out)[0][0] >= Fraction(7, 10)


def test_tables_come_first_and_media_is_interleaved(tmp_path: Path) -> None:
    audio = make_audio(tmp_path / "a.m4a", 4)
    out = tmp_path / "out.mp4"
    stitch_files(out, NTSC, make_chunks(tmp_path, NTSC, (60, 60)), audio)

    moov, tables_first = read_moov(FileBytes(out))

    assert tables_first
    assert {box.kind for box in moov.children()} == {"mvhd", "trak"}
    video, sound = read_movie(FileBytes(out)).tracks
    pairs = [(o, n / 29.97) for n, o in enumerate(video.offsets)]
    pairs += [(o, t / sound.timescale) for o, t in zip(sound.offsets, sound.dts, strict=True)]
    times = [time for _, time in sorted(pairs)]
    latest = 0.0
    for time in times:
        latest = max(latest, time)
        assert latest - time <= 0.51


def test_equal_parts_make_equal_bytes(tmp_path: Path) -> None:
    chunks = make_chunks(tmp_path, NTSC, (24, 24))
    for name in ("one.mp4", "two.mp4"):
        stitch_files(tmp_path / name, NTSC, chunks, None)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_another_codec_configuration_is_refused(tmp_path: Path) -> None:
    plain = load_chunk(make_chunk(tmp_path / "a.mp4", NTSC, 0, 24), NTSC)
    other = load_chunk(make_chunk(tmp_path / "b.mp4", NTSC, 24, 24, "cabac=0"), NTSC)
    with pytest.raises(PartMismatch, match="another codec configuration"):
        plan_stitch([plain, other], NTSC.ticks)


@pytest.mark.parametrize(("extra", "words"), [(-1, "fewer bytes"), (1, "more bytes")])
def test_media_that_is_not_as_long_as_its_tables_say_is_refused(
    tmp_path: Path, extra: int, words: str
) -> None:
    track = load_chunk(make_chunk(tmp_path / "a.mp4", NTSC, 0, 24), NTSC)
    plan = plan_stitch([track], NTSC.ticks)
    media = bytes(sum(track.sizes) + extra)
    with pytest.raises(PartMismatch, match=words):
        list(stitched(plan, [media]))


def test_a_damaged_result_is_not_accepted(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    expected = stitch_files(
        out, NTSC, make_chunks(tmp_path, NTSC, (24,)), make_audio(tmp_path / "a.m4a", 1)
    )
    whole = out.read_bytes()
    at = whole.index(b"stts") + 12
    damages = {
        "frame durations": whole[: at + 4] + (1002).to_bytes(4, "big") + whole[at + 8 :],
        "cut short": whole[:-1],
        "last sample's end": whole + b"\0",
        "no moov": whole.replace(b"moov", b"free", 1),
    }
    for words, damaged in damages.items():
        out.write_bytes(damaged)
        with pytest.raises(RenderMismatch, match=words):
            verify_file(FileBytes(out), expected, name="out")


def test_tables_after_the_media_are_not_accepted(tmp_path: Path) -> None:
    """A player would have to fetch the end of the file before it could show the beginning."""
    out = tmp_path / "out.mp4"
    expected = stitch_files(
        out, NTSC, make_chunks(tmp_path, NTSC, (24,)), make_audio(tmp_path / "a.m4a", 1)
    )
    frames, samples = decoded_frames(out), decoded_samples(out)
    out.write_bytes(_tables_last(out.read_bytes()))
    assert (decoded_frames(out), decoded_samples(out)) == (frames, samples)

    with pytest.raises(RenderMismatch, match="tables before the media data False"):
        verify_file(FileBytes(out), expected, name="out")


def _tables_last(data: bytes) -> bytes:
    """The same file with `moov` at its end, and its 32-bit chunk offsets that much lower."""
    boxes, at = {}, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        boxes[data[at + 4 : at + 8]] = data[at : at + size]
        at += size
    moov = bytearray(boxes[b"moov"])
    for table in re.finditer(b"stco", boxes[b"moov"]):
        count, first = table.end() + 4, table.end() + 8
        end = first + 4 * int.from_bytes(moov[count:first], "big")
        for offset in range(first, end, 4):
            moved = int.from_bytes(moov[offset : offset + 4], "big") - len(moov)
            moov[offset : offset + 4] = moved.to_bytes(4, "big")
    return b"".join([*(box for kind, box in boxes.items() if kind != b"moov"), moov])


def _pcm(file: Path) -> bytes:
    out = file.with_suffix(".pcm")
    run_ffmpeg("-i", str(file), "-map", "0:a", "-f", "s16le", str(out))
    return out.read_bytes()
