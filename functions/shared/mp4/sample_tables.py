"""A track's sample tables, read and expanded."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import Box
from functions.shared.mp4.plain import Plain, is_plain, read_groups

MAX_SAMPLES = 1 << 22
"""19 hours at 60 fps; a damaged count can't ask for more memory than this needs."""


@dataclass(frozen=True, slots=True)
class Samples:
    """One entry a sample, or a group of PCM."""

    sizes: "array[int]"
    offsets: "array[int]"
    runs: tuple[tuple[int, int], ...]
    dts: "array[int]"
    plain: Plain | None


def read_samples(table: Box, description: Box, kind: str) -> Samples:
    stsz = table.require("stsz")
    sample_bytes, count = stsz.number(4, 4), stsz.number(8, 4)
    entry = next(description.children(8), None)
    if kind != "soun" or entry is None or not is_plain(entry, sample_bytes):
        sizes = _sizes(stsz)
        runs = _runs(table.require("stts"), len(sizes))
        return Samples(sizes, _offsets(table, sizes), runs, _decode_times(runs), None)
    runs = _runs(table.require("stts"), count)
    if runs != ((count, 1),):
        raise PartMismatch("has PCM whose samples are not one tick each")
    chunks = _chunk_offsets(table)
    plain, offsets = read_groups(
        sample_bytes, count, chunks, _chunk_runs(table.require("stsc"), len(chunks))
    )
    sizes = array("I", (number * sample_bytes for number in plain.counts))
    dts = array("q", accumulate(plain.counts[:-1], initial=0))
    return Samples(sizes, offsets, runs, dts, plain)


def _sizes(box: Box) -> "array[int]":
    uniform, count = box.number(4, 4), box.number(8, 4)
    if count > MAX_SAMPLES:
        raise PartMismatch(f"has a damaged stsz box: it claims {count} samples")
    if uniform:
        return array("I", [uniform]) * count
    return box.numbers(12, box.entry_count(8, 4), "I")


def _runs(box: Box, samples: int) -> tuple[tuple[int, int], ...]:
    """(samples, value) pairs of an stts or ctts box, which together cover every sample."""
    flat = box.numbers(8, 2 * box.entry_count(4, 8), "I")
    covered = sum(flat[::2])
    if covered != samples:
        raise PartMismatch(
            f"has a damaged {box.kind} box: it covers {covered} samples of {samples}"
        )
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _decode_times(runs: tuple[tuple[int, int], ...]) -> "array[int]":
    times, now = array("q"), 0
    for count, delta in runs:
        end = now + count * delta
        times.extend(range(now, end, delta) if delta else [now] * count)
        now = end
    return times


def composition(box: Box | None, samples: int) -> "array[int]":
    if box is None:
        return array("i", bytes(4 * samples))
    offsets = array("i")
    for count, value in _runs(box, samples):
        # Written as two's complement even in version 0, as every reader takes it.
        offsets.extend([value - (value >> 31 << 32)] * count)
    return offsets


def sync(box: Box | None, samples: int) -> "array[int] | None":
    if box is None:
        return None
    numbers = box.numbers(8, box.entry_count(4, 4), "I")
    if any(not 1 <= number <= samples for number in numbers):
        raise PartMismatch("has a damaged stss box: a key frame's number is no sample's")
    return numbers


def _offsets(table: Box, sizes: "array[int]") -> "array[int]":
    """Every sample's place in the file: chunks of samples lie together."""
    chunks = _chunk_offsets(table)
    runs = _chunk_runs(table.require("stsc"), len(chunks))
    offsets, done = array("Q"), 0
    for first, last, per_chunk in runs:
        if per_chunk * (last - first) > len(sizes) - done:
            raise PartMismatch("has a damaged stsc box: its chunks hold more samples than exist")
        for chunk in chunks[first:last]:
            held = sizes[done : done + per_chunk]
            offsets.extend(accumulate(held[:-1], initial=min(chunk, 1 << 62)))
            done += per_chunk
    if done != len(sizes):
        raise PartMismatch(f"has a damaged stsc box: it places {done} of {len(sizes)} samples")
    return offsets


def _chunk_offsets(table: Box) -> "array[int]":
    short = table.find("stco")
    if short is not None:
        return short.numbers(8, short.entry_count(4, 4), "I")
    wide = table.require("co64")
    return wide.numbers(8, wide.entry_count(4, 8), "Q")


def _chunk_runs(box: Box, chunks: int) -> Iterator[tuple[int, int, int]]:
    """(first chunk, chunk after the last, samples in each), chunks counted from 0."""
    flat = box.numbers(8, 3 * box.entry_count(4, 12), "I")
    firsts = [first - 1 for first in flat[::3]]
    for first, after, per_chunk in zip(firsts, [*firsts[1:], chunks], flat[1::3], strict=False):
        if not 0 <= first <= after <= chunks or per_chunk == 0:
            raise PartMismatch("has a damaged stsc box: its chunks are not in order")
        yield first, after, per_chunk
