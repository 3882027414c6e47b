"""Any request on any of some tiny sources: a whole job of it, and what is wrong with its end."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from functions.assemble_render.result import OutputResult, Result
from functions.render_audio.render import render_audio
from functions.render_chunk.items import render_item
from functions.render_chunk.render import render_chunk
from functions.shared.containers import CODECS
from functions.shared.errors import (
    ClipOutsideSource,
    InvalidRequest,
    ReelwrightError,
    SnapshotOutsideSource,
    SourceHasNoSound,
    SourceHasNoVideo,
)
from functions.shared.images import image_size
from functions.shared.media_store import MediaStore
from functions.shared.plan import Output, Plan
from functions.take_snapshots.take import take_batch
from tests.media.any.sources import make_assets, make_sources
from tests.media.assembling import assembled, fetch, media_store
from tests.media.serving import Faults, serve
from tests.media.support import (
    JOB,
    FolderStore,
    decode,
    plan_job,
    request,
    run_ffmpeg,
    stitch_job,
)

REFUSALS = (
    InvalidRequest,
    ClipOutsideSource,
    SnapshotOutsideSource,
    SourceHasNoVideo,
    SourceHasNoSound,
)
"""What a request may be told that does not fit its source; of good sources, nothing else."""
_SENTENCE = re.compile(r"[A-Za-z\"'{].{10,600}\.")
_MOST_S = 120.0


class UnfitError(AssertionError):
    """A job that did not end as a job must."""


@dataclass
class Ground:
    """Sources and assets in one folder."""

    ffmpeg: Path
    sources: dict[str, Path]
    assets: Path

    def run(self, name: str, fields: Mapping[str, Any]) -> str:
        """How the job ended: `complete`, or the name of its refusal. Anything else is raised."""
        with TemporaryDirectory(prefix="any-") as folder, ExitStack() as stack:
            address = stack.enter_context(serve(Path(folder), Faults()))
            store = FolderStore(Path(folder), address)
            for asset in self.assets.iterdir():
                store.put_source(asset, asset.name)
            try:
                plan = plan_job(store, request(**fields), self.sources[name])
            except REFUSALS as refusal:
                return _refused(refusal)
            result, published = _whole_job(store, plan, stack)
            self._check_files(store, plan, result, published)
            self._check_seams(store, plan)
        return "complete"

    def _check_files(
        self, store: FolderStore, plan: Plan, result: Result, published: MediaStore
    ) -> None:
        for output in result.outputs:
            self._check_output(plan, output, fetch(published, output.key, store.folder))
        for picture in result.snapshots:
            file = fetch(published, picture.key, store.folder)
            found = (
                image_size(file) if file.suffix != ".vtt" else ("", picture.width, picture.height)
            )
            if found is None or found[1:] != (picture.width, picture.height):
                raise UnfitError(f"{picture.key} is {found}, not {picture.width}x{picture.height}")
        for playlist in (one for stream in result.streams for one in stream.playlists):
            if published.head(playlist.key) is None:
                raise UnfitError(f"{playlist.key} is missing")

    def _check_output(self, plan: Plan, output: OutputResult, file: Path) -> None:
        if not _is_film(output):
            run_ffmpeg([self.ffmpeg, "-xerror", "-i", file, "-f", "null", "-"])
            return
        found = len(decode(self.ffmpeg, file, "0:v", "0:a?").pictures)
        last = plan.chunks[-1]
        off = abs(found - plan.video.total_frames)
        if found != output.frames or off > plan.frame_slack(last):
            raise UnfitError(
                f"{output.name} has {found} frames, its result {output.frames}, its plan"
                f" {plan.video.total_frames}"
            )

    def _check_seams(self, store: FolderStore, plan: Plan) -> None:
        """Lossless outputs in chunks against the same as one chunk."""
        kept = tuple(output for output in plan.files if _is_lossless(output))
        if len(plan.chunks) < 2 or not kept:
            return
        silent = tuple(output.model_copy(update={"audio_track": None}) for output in kept)
        chunked = {out.name: decode(self.ffmpeg, stitch_job(store, plan, out.name)) for out in kept}
        ours = plan.model_copy(
            update={
                "outputs": silent,
                "chunk_frames": plan.video.total_frames,
                "audio": None,
                "sound_files": (),
                "whole_pictures": (),
                "snapshots": None,
                "streams": (),
            }
        )
        store.write_plan(ours)
        [chunk] = ours.chunks
        render_chunk(store, JOB, chunk, remaining_s=_MOST_S)
        for output in silent:
            whole = decode(self.ffmpeg, stitch_job(store, ours, output.name))
            is_, should_be = chunked[output.name].pictures, whole.pictures
            wrong = [
                i for i, pair in enumerate(zip(is_, should_be, strict=False)) if len(set(pair)) > 1
            ]
            if wrong or len(is_) != len(should_be):
                seams = [chunk.start_frame for chunk in plan.chunks]
                raise UnfitError(
                    f"{output.name}: frames {wrong} differ, chunks start at {seams};"
                    f" {len(is_)} frames, {len(should_be)} in one piece"
                )


def _is_film(output: OutputResult) -> bool:
    return Path(output.key).suffix[1:] in CODECS


def _is_lossless(output: Output) -> bool:
    return output.coding.codec in {"h264", "hevc", "vp9"} and output.coding.lossless


def _refused(refusal: ReelwrightError) -> str:
    if not _SENTENCE.fullmatch(str(refusal)):
        raise UnfitError(f"{type(refusal).__name__} says no sentence: {refusal}") from refusal
    return type(refusal).__name__


def _whole_job(store: FolderStore, plan: Plan, stack: ExitStack) -> tuple[Result, MediaStore]:
    for item in plan.items:
        render_item(store, JOB, item, remaining_s=_MOST_S)
    render_audio(store, JOB, remaining_s=_MOST_S)
    for batch in range(plan.snapshots.batch_count if plan.snapshots else 0):
        take_batch(store, JOB, batch, remaining_s=_MOST_S)
    published = stack.enter_context(media_store())
    return assembled(store, plan, published), published


def lay_ground(ffmpeg: Path, folder: Path) -> Ground:
    return Ground(ffmpeg, make_sources(ffmpeg, folder), make_assets(ffmpeg, folder))
