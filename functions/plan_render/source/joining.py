"""Makes one file of an HLS film whose sound is apart or whose timestamps start anew.

The runs are kept on the function's disk and copied together, without decoding, by a child process
without credentials (`join`).
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from functions.plan_render.source.playlists import Film, Run
from functions.shared.errors import (
    RenderTimedOut,
    SourceNotMedia,
    SourceTooLarge,
    TransientError,
)
from functions.shared.process import CRASHES, Ended, run_module
from functions.shared.web import bare
from functions.shared.web_reading import Reader, too_large

_MEMORY_BYTES = 1 << 30
"""Address space; packets are copied, not decoded."""
_SPARE_BYTES = 32 << 20
_JOIN_TIMEOUT_S = 120.0
"""Copying a film as large as the disk lets it be takes far less."""


@contextmanager
def joined(reader: Reader, film: Film, source: str, most_bytes: int) -> Iterator[BinaryIO]:
    """The film as one MP4 file, which is there as long as the context lasts.

    Raises SourceNotMedia, SourceTooLarge, RenderTimedOut, TransientError, and what reading raises.
    """
    with tempfile.TemporaryDirectory(prefix="film-") as name:
        folder = Path(name)
        room = (shutil.disk_usage(folder).free - _SPARE_BYTES) // 2
        kept = _Kept(reader, source, most_bytes, room)
        sounds = film.sound or (None,) * len(film.main)
        runs = [
            [
                str(kept.keep(main, folder / f"main-{number}")),
                str(kept.keep(sound, folder / f"sound-{number}")) if sound else None,
            ]
            for number, (main, sound) in enumerate(zip(film.main, sounds, strict=True))
        ]
        result = folder / "film.mp4"
        _check(_join(runs, result, folder), source)
        with result.open("rb") as file:
            yield file


class _Kept:
    """Runs on disk, all together within bounds."""

    def __init__(self, reader: Reader, source: str, most_bytes: int, room_bytes: int) -> None:
        self.reader = reader
        self.source = source
        self.most_bytes = most_bytes
        self.room_bytes = room_bytes
        self.got = 0

    def keep(self, run: Run, file: Path) -> Path:
        with file.open("wb") as to:
            for piece in run.pieces:
                for data in self.reader.stream(piece, self.most_bytes):
                    self.got += len(data)
                    self._check()
                    to.write(data)
        return file

    def _check(self) -> None:
        if self.got > self.most_bytes:
            raise too_large(self.source, self.got, self.most_bytes)
        if self.got > self.room_bytes:
            raise SourceTooLarge(
                f"The source {bare(self.source)} must be joined (its sound is apart, or it has"
                f" discontinuities) and has over {self.room_bytes:,} bytes, for which there is no"
                " room; deploy with a larger plan_storage_mb, or send one file."
            )


def _join(runs: list[list[str | None]], result: Path, folder: Path) -> Ended:
    arguments = [json.dumps(runs), str(result), str(_MEMORY_BYTES)]
    return run_module(
        "functions.plan_render.source.join",
        arguments,
        folder=folder,
        timeout_s=_JOIN_TIMEOUT_S,
    )


def _check(ended: Ended, source: str) -> None:
    name = f"The source {bare(source)}"
    if ended.stopped:
        raise RenderTimedOut(f"{name} was not joined in {_JOIN_TIMEOUT_S:.0f} s.")
    if ended.returncode in CRASHES:
        raise SourceNotMedia(
            f"{name} crashes the media reader (signal {-ended.returncode}): it is damaged."
        )
    if ended.returncode < 0:
        raise TransientError(f"Joining {name} was killed (signal {-ended.returncode}).")
    if ended.returncode > 0:
        lines = ended.stderr.strip().splitlines()
        raise SourceNotMedia(f"{name} can't be joined: {(lines or ['no reason given'])[-1]:.300}.")
