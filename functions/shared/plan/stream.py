"""Streams: which outputs are the rungs of one ladder, and which sound goes with them."""

from typing import Literal

from functions.shared.frozen import Frozen


class Stream(Frozen):
    """One film for adaptive players."""

    name: str
    formats: tuple[Literal["hls", "dash"], ...]
    segment_frames: int
    """Of every segment but the last; a chunk is a whole number of these."""
    rungs: tuple[str, ...]
    """Names of outputs, each of which is rendered in segments, in the order of playlists."""
    audio_track: str | None
    """The name of the encoding of the sound; None: it has none."""
    i_frames: bool

    def folder(self, output: str) -> str:
        """What a rung is called inside its stream."""
        return output.removeprefix(f"{self.name}.")


def rung_output(stream: str, rung: str) -> str:
    """The name of a rung's output; no name in a request has a dot."""
    return f"{stream}.{rung}"
