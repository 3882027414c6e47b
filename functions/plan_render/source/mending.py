"""Puts an even copy in the place of a source whose clock is set anew, or whose sound changes its
format, in mid-stream: every worker then reads a file like any other.

A child process without credentials copies it (`mend`); pictures are not decoded.
"""

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from functions.plan_render.source.facts import Limits, Probe
from functions.plan_render.source.probing import certificates, check_ended
from functions.shared import errors
from functions.shared.errors import (
    PartMissing,
    ReelwrightError,
    RenderTimedOut,
    SourceTooLarge,
)
from functions.shared.ffmpeg import STALL_S, Input
from functions.shared.media_store import Keys, Part
from functions.shared.parts import Store, check_source
from functions.shared.plan import Source
from functions.shared.process import Ended, run_module

_SPARE_BYTES = 32 << 20


class OwnStore(Store, Protocol):
    """The store whose bucket holds the job's parts."""

    @property
    def bucket(self) -> str: ...


def mended(
    source: Source, job_id: str, store: OwnStore, probe: Probe, limits: Limits, *, timeout_s: float
) -> Part:
    """The even copy of a source that was probed as uneven, made unless an earlier attempt did.

    Raises SourceNotMedia, SourceTooLarge, SourceChanged, RenderTimedOut, TransientError.
    """
    key, origin = Keys(job_id).even_source, source.etag
    found = store.head(key)
    if found is None or found.metadata.get("origin") != origin:
        with tempfile.TemporaryDirectory(prefix="even-") as name:
            folder = Path(name)
            _check_room(source, probe, shutil.disk_usage(folder).free - _SPARE_BYTES)
            url = store.presigned(source.key, bucket=source.bucket)
            result = folder / "film.mp4"
            ended = _mend(url, result, folder, limits, timeout_s)
            _check(ended, Input(url, probe.name), probe, timeout_s)
            check_source(store, source)
            store.upload(key, result, "video/mp4", {"origin": origin})
        found = store.head(key)
    if found is None:
        raise PartMissing(f"The even copy of {probe.name} is not in the store.")
    return found


def _check_room(source: Source, probe: Probe, room_bytes: int) -> None:
    if source.size_bytes > room_bytes:
        raise SourceTooLarge(
            f"{probe.name} {probe.uneven} and must be copied into one even file, and for its"
            f" {source.size_bytes:,} bytes there is no room; deploy with a larger plan_storage_mb,"
            " or send it as one MP4 or Matroska file."
        )


def _mend(url: str, result: Path, folder: Path, limits: Limits, timeout_s: float) -> Ended:
    facts = [url, str(result), json.dumps(asdict(limits)), str(limits.memory_bytes), certificates()]
    return run_module(
        "functions.plan_render.source.mend",
        facts,
        folder=folder,
        timeout_s=timeout_s,
        stall_s=STALL_S,
    )


def _check(ended: Ended, source: Input, probe: Probe, timeout_s: float) -> None:
    if ended.stopped == "timeout":
        raise RenderTimedOut(
            f"{source.name} {probe.uneven}, and copying it into one even file took over"
            f" {timeout_s:.0f} s."
        )
    check_ended(ended, source, "Copying")
    answer = json.loads(ended.stdout)
    if "error" in answer:
        kind: type[ReelwrightError] = getattr(errors, answer["error"])
        raise kind(f"{source.name} {probe.uneven} and {answer['message']}.")
