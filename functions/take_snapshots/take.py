"""Takes pictures: each is one frame of the same grid the chunks are cut on, in every size."""

from pathlib import Path
from tempfile import TemporaryDirectory

from functions.shared.errors import InvalidRequest
from functions.shared.media_store import Keys, snapshot_name
from functions.shared.overlay_filters import prepare
from functions.shared.parts import Deadline, Store, open_source
from functions.shared.plan import PictureBatch, PosterChoice, ScenePart, Sheet
from functions.take_snapshots.pictures import take_picture
from functions.take_snapshots.poster import take_poster
from functions.take_snapshots.scenes import take_scenes
from functions.take_snapshots.sheets import take_sheet
from functions.take_snapshots.shooting import Shoot, at_once


def take_batch(store: Store, job_id: str, batch: int, *, remaining_s: float) -> int:
    """Do one batch's work, unless it is done; returns how many files it stands for.

    Raises SourceChanged, SourceTruncated, FfmpegFailed, RenderTimedOut,
    TransientError.
    """
    deadline = Deadline(remaining_s)
    plan = store.read_plan(job_id)
    wanted = plan.snapshots
    if wanted is None or not 0 <= batch < wanted.batch_count:
        raise InvalidRequest(f"Job {job_id} has no batch {batch} of snapshots.")
    source = open_source(store, plan.source)
    with TemporaryDirectory(prefix="layers-") as folder:
        layers = prepare(store, plan, Path(folder))
        by = Shoot(store, plan, wanted, deadline, source, layers)
        match wanted.tasks[batch]:
            case PictureBatch() as pictures:
                return _take_pictures(by, pictures)
            case ScenePart() as part:
                return take_scenes(by, part)
            case Sheet() as sheet:
                return take_sheet(by, sheet)
            case PosterChoice() as choice:
                return take_poster(by, choice)


def _take_pictures(by: Shoot, batch: PictureBatch) -> int:
    keys = Keys(by.plan.job_id)

    def take(index: int, frame: int) -> None:
        take_picture(
            by,
            frame,
            lambda width: keys.snapshot_part(snapshot_name(index, width, by.wanted.format)),
            accuracy=by.wanted.accuracy,
            what=f"snapshot {index}",
        )

    with at_once() as threads:
        for job in [threads.submit(take, *picture) for picture in batch.pictures]:
            job.result()
    return len(batch.pictures) * len(by.wanted.sizes)
