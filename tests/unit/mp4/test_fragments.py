"""Fragments hold the part's samples and times; what is spoiled in them is found."""

import re
import struct
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import av
import pytest

from functions.shared.errors import PartMismatch
from functions.shared.mp4.fragmenting import fragmented, lay_out_audio, lay_out_video
from functions.shared.mp4.fragments import Fragmented, check_segments, read_fragmented
from functions.shared.mp4.inspection import only_track
from functions.shared.mp4.source import FileBytes, MemoryBytes
from functions.shared.mp4.stitch import read_media
from functions.shared.mp4.track import read_movie
from tests.unit.mp4.making import (
    NTSC,
    decoded_frames,
    decoded_samples,
    make_audio,
    make_chunks,
    pixels,
    run_ffmpeg,
    strict_decode_log,
)

SEGMENT_FRAMES = 12
LENGTHS = (24, 24, 17)


@pytest.fixture(scope="module")
def parts(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Parts as render_chunk encodes them, with B-frames and a key frame each 12 frames."""
    assert ffmpeg.exists()
    gop = ("keyint=12", "scenecut=0")
    return make_chunks(tmp_path_factory.mktemp("parts"), NTSC, LENGTHS, *gop)


def in_segments(part: Path, start_frame: int) -> bytes:
    file = FileBytes(part)
    track = only_track(read_movie(file), "vide")
    layout = lay_out_video(
        track, start_frame=start_frame, segment_frames=SEGMENT_FRAMES, frame_ticks=NTSC.ticks
    )
    made = b"".join(fragmented(layout, read_media(file, track)))
    assert len(made) == layout.size_bytes
    assert read_fragmented(MemoryBytes(made)).fragments == layout.fragments
    return made


def check(part: Fragmented, start_frame: int = 0) -> None:
    check_segments(
        part,
        start_frame=start_frame,
        segment_frames=SEGMENT_FRAMES,
        timescale=NTSC.timescale,
        frame_ticks=NTSC.ticks,
    )


def since_first(frames: list[tuple[Fraction, str]]) -> list[Fraction]:
    """FFmpeg moves all times of a track by its most negative offset from decoding to showing; the
    true ones are checked by `check_segments`, and in Chromium."""
    return [at - frames[0][0] for at, _ in frames]


def test_parts_have_one_init_and_follow_each_other(parts: list[Path], tmp_path: Path) -> None:
    starts = accumulate(LENGTHS[:-1], initial=0)
    made = [in_segments(part, start) for part, start in zip(parts, starts, strict=True)]

    read = [read_fragmented(MemoryBytes(data)) for data in made]
    for part, start in zip(read, (0, 24, 48), strict=True):
        check(part, start)
    assert len({part.init for part in read}) == 1
    assert [part.frames for part in read] == list(LENGTHS)
    assert [len(part.fragments) for part in read] == [2, 2, 2]
    whole = tmp_path / "whole.mp4"
    bodies = (data[len(part.init) :] for data, part in zip(made, read, strict=True))
    whole.write_bytes(read[0].init + b"".join(bodies))
    frames = decoded_frames(whole)
    assert since_first(frames) == [n / NTSC.rate for n in range(sum(LENGTHS))]
    assert [p for _, p in frames] == [p for part in parts for _, p in decoded_frames(part)]
    assert strict_decode_log(whole) == ""


def test_each_segment_plays_by_itself(parts: list[Path], tmp_path: Path) -> None:
    data = in_segments(parts[1], 24)
    part = read_fragmented(MemoryBytes(data))
    alone = tmp_path / "alone.mp4"

    second = part.fragments[1]
    alone.write_bytes(part.init + data[second.offset : second.offset + second.length])

    frames = decoded_frames(alone)
    assert since_first(frames) == [n / NTSC.rate for n in range(12)]
    assert [p for _, p in frames] == [p for _, p in decoded_frames(parts[1])][12:]


def test_the_first_sample_of_a_segment_is_a_whole_picture(
    parts: list[Path], tmp_path: Path
) -> None:
    """What an I-frame playlist names: the bytes to the first sample's end."""
    data = in_segments(parts[0], 0)
    part = read_fragmented(MemoryBytes(data))
    alone = tmp_path / "key.mp4"

    second = part.fragments[1]
    ends = second.offset + second.first_sample_end
    alone.write_bytes(part.init + data[second.offset : ends] + bytes(second.length))

    with av.open(str(alone)) as container:
        [video] = container.streams.video
        packet = next(container.demux(video))
        decoder = av.CodecContext.create("h264", "r")
        decoder.extradata = video.codec_context.extradata
        [frame] = [*decoder.decode(packet), *decoder.decode(None)]
    assert pixels(frame) == decoded_frames(parts[0])[12][1]


def test_ffmpegs_own_fragments_are_read(parts: list[Path], tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.mp4"
    movflags = "+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+skip_trailer"
    run_ffmpeg(
        *("-i", str(parts[0]), "-c", "copy", "-use_editlist", "0", "-movflags", movflags),
        *("-video_track_timescale", str(NTSC.timescale), str(theirs)),
    )
    assert theirs.stat().st_size

    part = read_fragmented(FileBytes(theirs))

    ours = read_fragmented(MemoryBytes(in_segments(parts[0], 0)))
    assert [list(f.sizes) for f in part.fragments] == [list(f.sizes) for f in ours.fragments]
    assert [f.sync for f in part.fragments] == [f.sync for f in ours.fragments]


def test_sound_keeps_its_samples_and_begins_at_zero(ffmpeg: Path, tmp_path: Path) -> None:
    assert ffmpeg.exists()
    sound = make_audio(tmp_path / "a.m4a", 5.0)
    file = FileBytes(sound)
    movie = read_movie(file)
    track = only_track(movie, "soun")

    layout = lay_out_audio(movie, track, segment_s=2)

    made = tmp_path / "made.mp4"
    made.write_bytes(b"".join(fragmented(layout, read_media(file, track))))
    assert decoded_samples(made) == decoded_samples(sound)
    packets = [len(fragment.sizes) for fragment in layout.fragments]
    assert packets == [87, 86, len(track.sizes) - 173]
    assert read_fragmented(FileBytes(made)).fragments == layout.fragments


def test_sound_that_begins_late_needs_no_edit_list(ffmpeg: Path, tmp_path: Path) -> None:
    assert ffmpeg.exists()
    first, late = make_audio(tmp_path / "a.m4a", 2.0), tmp_path / "late.m4a"
    run_ffmpeg("-itsoffset", "1.5", "-i", str(first), "-c", "copy", str(late))
    movie = read_movie(FileBytes(late))

    track = only_track(movie, "soun")

    layout = lay_out_audio(movie, track, segment_s=2)

    made = tmp_path / "made.mp4"
    made.write_bytes(b"".join(fragmented(layout, read_media(FileBytes(late), track))))
    part = read_fragmented(FileBytes(made))
    assert part.track.edits == ()
    assert part.fragments[0].base_time == round(1.5 * 44_100) - 1024


def spoil_first(fragments: Fragmented, **changes: object) -> Fragmented:
    first = replace(fragments.fragments[0], **changes)  # type: ignore[arg-type]
    return replace(fragments, fragments=(first, *fragments.fragments[1:]))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda part: spoil_first(part, base_time=1001), "segment 0 at tick 1001, not 0"),
        (lambda part: spoil_first(part, sync=(False,) * 12), "segment 0 with a key frame"),
        (
            lambda part: spoil_first(part, composition=part.fragments[0].composition[::-1]),
            "does not show frames 0 to 12 in segment 0",
        ),
        (
            lambda part: replace(part, fragments=part.fragments[1:]),
            "segment 0 at tick 12012, not 0",
        ),
        (
            lambda part: spoil_first(part, sizes=part.fragments[0].sizes[:11]),
            "11 frames in segment 0, not 12",
        ),
    ],
)
def test_segments_that_are_not_as_planned(
    parts: list[Path], spoil: Callable[[Fragmented], Fragmented], says: str
) -> None:
    part = read_fragmented(MemoryBytes(in_segments(parts[0], 0)))
    check(part)

    with pytest.raises(PartMismatch, match=re.escape(says)):
        check(spoil(part))


def test_a_key_frame_in_the_wrong_place_is_found(parts: list[Path]) -> None:
    """Segments of 10 frames of a part that has its key frames each 12."""
    file = FileBytes(parts[0])
    track = only_track(read_movie(file), "vide")
    layout = lay_out_video(track, start_frame=0, segment_frames=10, frame_ticks=NTSC.ticks)
    part = Fragmented(layout.init, track, layout.fragments)

    with pytest.raises(PartMismatch, match=r"segment [01]"):
        check_segments(
            replace(part, track=replace(track, edits=())),
            start_frame=0,
            segment_frames=10,
            timescale=NTSC.timescale,
            frame_ticks=NTSC.ticks,
        )


def test_every_damaged_byte_is_a_mismatch_or_harmless(parts: list[Path]) -> None:
    """No damage to the boxes makes another error than PartMismatch."""
    data = in_segments(parts[2], 0)
    heads = [0, *(f.offset for f in read_fragmented(MemoryBytes(data)).fragments)]
    for head in heads:
        for at in range(head, head + 160):
            for value in (0, 0x7F, 0xFF):
                spoiled = data[:at] + bytes([value]) + data[at + 1 :]
                try:
                    check(read_fragmented(MemoryBytes(spoiled)))
                except PartMismatch:
                    continue


def test_a_file_cut_short_is_found(parts: list[Path]) -> None:
    data = in_segments(parts[0], 0)

    for length in (0, 7, 100, len(data) // 2, len(data) - 1):
        with pytest.raises(PartMismatch):
            read_fragmented(MemoryBytes(data[:length]))


def test_a_huge_count_of_samples_asks_for_no_memory(parts: list[Path]) -> None:
    data = bytearray(in_segments(parts[0], 0))
    at = data.index(b"trun") + 8
    data[at : at + 4] = struct.pack(">I", 0x7FFF_FFFF)

    with pytest.raises(PartMismatch, match="trun box"):
        read_fragmented(MemoryBytes(bytes(data)))
