"""PCM: tens of thousands of samples a second, all of one size, kept in groups.

QuickTime files list each as a sample. Expanded one by one, an hour would take gigabytes.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import Box

GROUP = 1024
"""Samples of a group at most: as many as AAC has in a packet."""
_MOST_GROUPS = 1 << 22
_KINDS = {"sowt", "twos", "in24", "in32", "fl32", "fl64", "lpcm", "ipcm", "fpcm", "raw "}
_MORE_BYTES = {1: 16, 2: 36}
"""QuickTime's further fixed fields of a sample entry, by its version."""
_CHANNELS_AT = {2: 40}


@dataclass(frozen=True, slots=True)
class Plain:
    """Equal samples, grouped."""

    sample_bytes: int
    counts: "array[int]"
    """Of the samples in each group."""

    @property
    def samples(self) -> int:
        return sum(self.counts)

    def chunks(self, groups: Iterable[int]) -> list[int]:
        """Samples in each run of so many groups."""
        edges = list(accumulate(groups, initial=0))
        ends = list(accumulate(self.counts, initial=0))
        return [ends[b] - ends[a] for a, b in pairwise(edges)]


def is_plain(entry: Box, sample_bytes: int) -> bool:
    return sample_bytes > 0 and entry.kind in _KINDS


def more_entry_bytes(entry: Box) -> int:
    """Fixed fields of a sound's sample entry beyond ISO's."""
    return _MORE_BYTES.get(entry.number(8, 2), 0) if entry.kind in _KINDS else 0


def channels(entry: Box) -> int:
    at = _CHANNELS_AT.get(entry.number(8, 2)) if entry.kind in _KINDS else None
    return entry.number(16, 2) if at is None else entry.number(at, 4)


def read_groups(
    sample_bytes: int, count: int, chunks: "array[int]", runs: Iterable[tuple[int, int, int]]
) -> tuple[Plain, "array[int]"]:
    """(the groups, where each lies). `runs` are (first chunk, chunk after the last, samples)."""
    if count // GROUP + len(chunks) > _MOST_GROUPS:
        raise PartMismatch(f"has a damaged stsz box: it claims {count} samples")
    counts, offsets, done = array("I"), array("Q"), 0
    for first, last, per_chunk in runs:
        if per_chunk * (last - first) > count - done:
            raise PartMismatch("has a damaged stsc box: its chunks hold more samples than exist")
        for chunk in chunks[first:last]:
            for at in range(0, per_chunk, GROUP):
                counts.append(min(GROUP, per_chunk - at))
                offsets.append(min(chunk, 1 << 62) + at * sample_bytes)
        done += per_chunk * (last - first)
    if done != count:
        raise PartMismatch(f"has a damaged stsc box: it places {done} of {count} samples")
    return Plain(sample_bytes, counts), offsets
