"""Reading tables: a damaged or hostile file ends in PartMismatch and in nothing else."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import FIRST_READ_BYTES, box, full_box
from functions.shared.mp4.inspection import inspect_audio, inspect_part, only_track
from functions.shared.mp4.sample_tables import MAX_SAMPLES
from functions.shared.mp4.source import ByteSource, FileBytes, MemoryBytes
from functions.shared.mp4.stitch import media_extents, plan_stitch
from functions.shared.mp4.track import read_movie
from tests.unit.mp4.making import NTSC, Grid, make_audio, make_chunk, run_ffmpeg


@pytest.fixture(scope="module")
def video(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    _ = ffmpeg
    return make_chunk(tmp_path_factory.mktemp("v") / "v.mp4", NTSC, 0, 40).read_bytes()


@pytest.fixture(scope="module")
def audio(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    _ = ffmpeg
    return make_audio(tmp_path_factory.mktemp("a") / "a.m4a", 1.5).read_bytes()


class Counted:
    """A source that notes what was read of it."""

    def __init__(self, behind: ByteSource) -> None:
        self.behind = behind
        self.reads: list[int] = []

    @property
    def size_bytes(self) -> int:
        return self.behind.size_bytes

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append(length)
        return self.behind.read(offset, length)


def inspect(data: bytes, grid: Grid = NTSC) -> int:
    part = inspect_part(MemoryBytes(data), timescale=grid.timescale, frame_ticks=grid.ticks)
    return part.frames


def use_everything(data: bytes) -> None:
    """Whatever a part goes through in a job, on bytes that may be anything."""
    try:
        inspect(data)
    except PartMismatch:
        pass
    else:
        track = only_track(read_movie(MemoryBytes(data)), "vide")
        media_extents(track)
        plan_stitch([track, track], NTSC.ticks)


def test_a_part_is_described(video: bytes, audio: bytes) -> None:
    part = inspect_part(MemoryBytes(video), timescale=30_000, frame_ticks=1001)
    assert (part.frames, part.width, part.height) == (40, 160, 90)
    assert part.size_bytes == len(video)
    sound = inspect_audio(MemoryBytes(audio))
    assert (sound.sample_rate, sound.channels, float(sound.duration_s)) == (44_100, 1, 1.5)


def test_a_faststart_part_is_read_in_one_piece(video: bytes) -> None:
    big = video + box("free", bytes(FIRST_READ_BYTES))
    source = Counted(MemoryBytes(big))
    read_movie(source)
    assert source.reads == [FIRST_READ_BYTES]


def test_tables_at_the_end_are_found(tmp_path: Path, video: bytes) -> None:
    (tmp_path / "front.mp4").write_bytes(video)
    run_ffmpeg("-i", str(tmp_path / "front.mp4"), "-c", "copy", str(tmp_path / "end.mp4"))
    end = read_movie(FileBytes(tmp_path / "end.mp4"))
    front = read_movie(MemoryBytes(video))
    assert front.tables_first
    assert not end.tables_first
    assert end.tracks[0].sizes == front.tracks[0].sizes


def test_boxes_with_64_bit_and_open_sizes_are_read(video: bytes) -> None:
    at = video.index(b"mdat") - 4
    head, media = video[:at], video[at + 8 :]
    shifted = _shift_offsets(head, 8)
    assert inspect(shifted + struct.pack(">I4sQ", 1, b"mdat", len(media) + 16) + media) == 40
    assert inspect(head + struct.pack(">I4s", 0, b"mdat") + media) == 40


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no moov box"),
        (b"\0\0\0", "no moov box"),
        (b"not a film, but text of some length", "damaged box"),
        (box("ftyp", b"isom"), "no moov box"),
        (box("free") * 1000 + box("moov"), "no moov box"),
        (box("moov"), "no moov/mvhd box"),
        (struct.pack(">I4s", 7, b"moov"), "claims 7 bytes"),
        (struct.pack(">I4sQ", 1, b"moov", 8), "claims 8 bytes"),
        (struct.pack(">I4sQ", 1, b"moov", 1 << 63), "claims 9223372036854775808 bytes"),
        (struct.pack(">I4s", 1, b"moov"), "ends inside the header"),
        (box("moov", full_box("mvhd", 0, 0, bytes(16))), "movie timescale of 0"),
    ],
)
def test_what_is_no_mp4_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(PartMismatch, match=words):
        inspect(data)


@pytest.mark.parametrize("kind", ["stsz", "stts", "ctts", "stss", "stsc", "stco", "elst", "stsd"])
@pytest.mark.parametrize("change", [-1, 1, MAX_SAMPLES, 0xF0000000])
def test_a_table_with_a_wrong_count_is_refused(video: bytes, kind: str, change: int) -> None:
    at = video.index(kind.encode()) + (12 if kind == "stsz" else 8)
    count = int.from_bytes(video[at : at + 4], "big") + change
    damaged = video[:at] + struct.pack(">I", count) + video[at + 4 :]
    with pytest.raises(PartMismatch, match=f"{kind}|configurations"):
        inspect(damaged)


def test_a_uniform_sample_size_cannot_ask_for_memory(video: bytes) -> None:
    at = video.index(b"stsz") + 8
    damaged = video[:at] + struct.pack(">II", 1, 0xFFFFFFFF) + video[at + 8 :]
    with pytest.raises(PartMismatch, match="claims 4294967295 samples"):
        inspect(damaged)


def test_a_truncated_part_is_refused_wherever_it_ends(video: bytes) -> None:
    for end in [*range(0, min(len(video), 3000), 7), len(video) - 1]:
        with pytest.raises(PartMismatch):
            inspect(video[:end])


def test_the_part_is_named(video: bytes) -> None:
    with pytest.raises(PartMismatch, match=r"^chunk 3 is cut short: its last sample ends at byte"):
        inspect_part(MemoryBytes(video[:-1]), timescale=30_000, frame_ticks=1001, name="chunk 3")


def test_another_timescale_is_refused(video: bytes) -> None:
    with pytest.raises(PartMismatch, match="timescale of 30000, the plan says 60000"):
        inspect(video, Grid(NTSC.rate * 2))


def test_frames_off_the_grid_are_refused(video: bytes) -> None:
    with pytest.raises(PartMismatch, match="has frame 1 at tick 1001, not 1002"):
        inspect_part(MemoryBytes(video), timescale=30_000, frame_ticks=1002)


def test_sound_is_no_video_part_and_the_other_way_round(video: bytes, audio: bytes) -> None:
    with pytest.raises(PartMismatch, match="not one 'vide'"):
        inspect(audio)
    with pytest.raises(PartMismatch, match="not one 'soun'"):
        inspect_audio(MemoryBytes(video))


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_damage_gets_past_part_mismatch(video: bytes, audio: bytes, data: st.DataObject) -> None:
    """Numbers anywhere in the tables are overwritten, cut out or doubled."""
    whole = bytearray(video)
    tables_end = whole.index(b"mdat") + 4
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, tables_end))
        junk = data.draw(
            st.sampled_from([0, 1, 2, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]).map(
                lambda number: struct.pack(">I", number)
            )
            | st.binary(max_size=9)
        )
        whole[at : at + data.draw(st.integers(0, 9))] = junk
    use_everything(bytes(whole))
    sound = bytearray(audio)
    at = data.draw(st.integers(0, sound.index(b"mdat") + 4))
    sound[at : at + 4] = data.draw(st.binary(min_size=4, max_size=4))
    try:
        movie = read_movie(MemoryBytes(bytes(sound)))
        track = only_track(movie, "soun")
        inspect_audio(MemoryBytes(bytes(sound)))
        media_extents(track)
        clean = only_track(read_movie(MemoryBytes(video)), "vide")
        plan_stitch([clean], NTSC.ticks, (movie, track))
    except PartMismatch:
        pass


def test_every_single_number_may_be_damaged(video: bytes) -> None:
    tables_end = video.index(b"mdat") + 4
    for at in range(tables_end):
        for junk in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x80\0\0\0"):
            use_everything(video[:at] + junk + video[at + 4 :])


def _shift_offsets(head: bytes, by: int) -> bytes:
    """The tables with every chunk offset moved."""
    at = head.index(b"stco") + 8
    count = int.from_bytes(head[at : at + 4], "big")
    offsets = struct.unpack_from(f">{count}I", head, at + 4)
    moved = struct.pack(f">{count}I", *(offset + by for offset in offsets))
    return head[: at + 4] + moved + head[at + 4 + len(moved) :]
