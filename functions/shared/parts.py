"""What every worker does around its ffmpeg: reuse, pinning of the source, time, temporary files."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from functions.shared.errors import RenderTimedOut, SourceChanged
from functions.shared.ffmpeg import Input
from functions.shared.media_store import Part
from functions.shared.plan import Asset, Plan, Source

MARGIN_S = 5.0
"""Left of the function's time for checking and uploading after ffmpeg is stopped."""


class Presigner(Protocol):
    """What gives addresses that ffmpeg can read."""

    def presigned(self, key: str, *, bucket: str | None = None) -> str: ...


class Store(Presigner, Protocol):
    """What workers need of the media store."""

    def head(self, key: str, *, bucket: str | None = None) -> Part | None: ...

    def download(self, key: str, file: Path, *, bucket: str | None, etag: str) -> None: ...

    def upload(
        self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]
    ) -> None: ...

    def read_plan(self, job_id: str) -> Plan: ...


class Deadline:
    """The function's own end, as a moment; asked for what is left of it."""

    def __init__(self, remaining_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.at = clock() + remaining_s - MARGIN_S

    def left_s(self, doing: str) -> float:
        """Seconds left; RenderTimedOut when there are none."""
        left = self.at - self.clock()
        if left <= 0:
            raise RenderTimedOut(f"No time was left while {doing}.")
        return left


def made(store: Store, key: str, plan_hash: str) -> Part | None:
    """The part where it is there already, made for the same plan."""
    part = store.head(key)
    return part if part is not None and part.metadata.get("plan") == plan_hash else None


def check_source(store: Store, source: Source | Asset) -> None:
    """SourceChanged unless the source, or an asset, still is what was planned.

    Checked before a part is made and again before it is kept: then the bytes between were the same.
    """
    found = store.head(source.key, bucket=source.bucket)
    if found is None:
        raise SourceChanged(f"s3://{source.bucket}/{source.key} was removed while it was rendered.")
    if found.etag != source.etag:
        raise SourceChanged(
            f"s3://{source.bucket}/{source.key} was replaced while it was rendered (ETag"
            f" {found.etag} instead of {source.etag}); send a new job."
        )


def open_source(store: Store, source: Source | Asset) -> Input:
    """A readable address of the source or an asset, after `check_source`."""
    check_source(store, source)
    url = store.presigned(source.key, bucket=source.bucket)
    return Input(url, f"s3://{source.bucket}/{source.key}")
