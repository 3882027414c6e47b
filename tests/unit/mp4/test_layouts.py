"""The stitcher on layouts that no encoder makes in a test's time: random, long, and over 4 GB."""

from array import array
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.mp4.inspection import check_grid, describe_audio, only_track
from functions.shared.mp4.source import FileBytes, MemoryBytes
from functions.shared.mp4.stitch import media_extents, plan_stitch, read_media, stitched
from functions.shared.mp4.track import Edit, Movie, Track, read_movie
from functions.shared.mp4.verification import verify_file
from tests.unit.mp4.making import NTSC, expected_of, load_chunk, make_audio, make_chunk

TICKS = NTSC.ticks


@pytest.fixture(scope="module")
def model(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Track:
    """A real part, whose headers the made-up ones carry."""
    _ = ffmpeg
    return load_chunk(make_chunk(tmp_path_factory.mktemp("v") / "v.mp4", NTSC, 0, 8), NTSC)


@pytest.fixture(scope="module")
def sound(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Movie, Track, bytes]:
    _ = ffmpeg
    file = make_audio(tmp_path_factory.mktemp("a") / "a.m4a", 2.5)
    movie = read_movie(FileBytes(file))
    return movie, only_track(movie, "soun"), file.read_bytes()


def synthetic(model: Track, sizes: list[int], order: list[int], first_byte: int) -> Track:
    """A part whose n-th sample in decoding order is shown as frame `order[n]`."""
    delay = max(0, *(n - shown for n, shown in enumerate(order))) * TICKS
    dts = array("q", range(0, len(sizes) * TICKS, TICKS))
    shown = zip(dts, order, strict=True)
    return replace(
        model,
        sizes=array("I", sizes),
        offsets=array("Q", accumulate(sizes[:-1], initial=first_byte)),
        dts=dts,
        composition=array("i", [frame * TICKS + delay - at for at, frame in shown]),
        sync=array("I", [1]),
        edits=(Edit(len(sizes) * TICKS, delay),),
        delta_runs=((len(sizes), TICKS),),
        duration=len(sizes) * TICKS,
    )


@st.composite
def part_shapes(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Sample sizes, and a decoding order that begins with the first frame."""
    count = draw(st.integers(1, 40))
    sizes = draw(st.lists(st.integers(1, 300), min_size=count, max_size=count))
    order = [0, *draw(st.permutations(range(1, count)))] if count > 1 else [0]
    return sizes, order


@settings(max_examples=150, deadline=None)
@given(shapes=st.lists(part_shapes(), min_size=1, max_size=8), gap=st.integers(0, 50))
def test_any_layout_keeps_every_sample(
    model: Track,
    sound: tuple[Movie, Track, bytes],
    shapes: list[tuple[list[int], list[int]]],
    gap: int,
) -> None:
    parts = [synthetic(model, sizes, order, gap) for sizes, order in shapes]
    for part in parts:
        check_grid(part, NTSC.timescale, TICKS)
    files = [
        bytes(gap) + bytes((37 * number + n) % 256 for n in range(sum(part.sizes)))
        for number, part in enumerate(parts)
    ]
    movie, audio, audio_file = sound
    plan = plan_stitch(parts, TICKS, (movie, audio))

    video = chain.from_iterable(
        read_media(MemoryBytes(file), part) for file, part in zip(files, parts, strict=True)
    )
    out = b"".join(stitched(plan, video, read_media(MemoryBytes(audio_file), audio)))

    assert len(out) == plan.size_bytes
    audio_part = describe_audio(movie, audio, len(audio_file))
    expected = expected_of(parts, NTSC, audio_part, len(out))
    verify_file(MemoryBytes(out), expected, name="out")
    joined, kept = read_movie(MemoryBytes(out)).tracks
    wanted = [s for f, p in zip(files, parts, strict=True) for s in samples(f, p)]
    assert list(samples(out, joined)) == wanted
    assert list(samples(out, kept)) == list(samples(audio_file, audio))
    shown = [t + c - joined.media_time for t, c in zip(joined.dts, joined.composition, strict=True)]
    starts = accumulate((len(order) for _, order in shapes), initial=0)
    planned = [
        (start + n) * TICKS
        for start, (_, order) in zip(starts, shapes, strict=False)
        for n in order
    ]
    assert shown == planned
    assert min(joined.composition) >= 0


@pytest.mark.parametrize("sample_bytes", [2_000_000, 4_000_000])
def test_offsets_beyond_4_gb(model: Track, sample_bytes: int) -> None:
    """Only the tables are made: 2,000 samples of several MB, a file just under and one over."""
    parts = [synthetic(model, [sample_bytes] * 500, list(range(500)), 0) for _ in range(4)]
    plan = plan_stitch(parts, TICKS)
    source = MemoryBytes(plan.head, plan.size_bytes)

    verify_file(source, expected_of(parts, NTSC, None, plan.size_bytes), name="out")

    track = only_track(read_movie(source), "vide")
    assert track.offsets[0] == len(plan.head)
    assert track.offsets[-1] == plan.size_bytes - sample_bytes
    assert (b"co64" in plan.head) == (plan.size_bytes > 0xFFFFFFFF)
    assert plan.size_bytes == len(plan.head) + 2000 * sample_bytes


def test_neighbouring_samples_are_read_together(model: Track) -> None:
    part = synthetic(model, [100] * 1000, list(range(1000)), 48)
    [extent] = media_extents(part)
    assert (extent.offset, extent.length) == (48, 100_000)


def samples(file: bytes, track: Track) -> Iterator[bytes]:
    for offset, size in zip(track.offsets, track.sizes, strict=True):
        yield file[offset : offset + size]
