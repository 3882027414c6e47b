"""A job's pictures: is each there and whole; then they are made visible."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from pydantic import ValidationError

from functions.assemble_render.checks import open_part
from functions.assemble_render.publish import is_ours
from functions.assemble_render.result import SnapshotResult
from functions.assemble_render.stored import StoredFile, check_bytes, copy_pinned
from functions.assemble_render.thumbnails import webvtt
from functions.shared.errors import PartMismatch
from functions.shared.media_store import (
    Keys,
    MediaStore,
    poster_name,
    sheet_name,
    snapshot_name,
)
from functions.shared.mp4.inspection import named
from functions.shared.mp4.source import read_exactly
from functions.shared.plan import Plan, SceneSearch, Snapshots
from functions.shared.scenes import Scene, SceneList, clearest
from functions.shared.snapshot_kind import SnapshotKind

_LIST_NAME = "sprite.vtt"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture there must be."""

    kind: SnapshotKind
    called: str
    """By messages."""
    part_key: str
    name: str
    """Of the published file."""
    size: tuple[int, int]
    last_frame: int
    """It may show an earlier one: where the source ended early, and where key frames do."""


@dataclass(frozen=True, slots=True)
class CheckedPicture:
    """A picture that holds the bytes its worker made."""

    wanted: Wanted
    file: StoredFile
    frame: int
    """The frame it shows."""


def check_pictures(
    store: MediaStore, job_id: str, plan: Plan, threads: Executor
) -> list[CheckedPicture]:
    """Raises PartMissing, PartForeign or PartMismatch, naming the picture."""
    if plan.snapshots is None:
        return []
    wanted = list(_wanted(store, Keys(job_id), plan, plan.snapshots))
    return list(threads.map(lambda one: _check(store, plan.hash, one), wanted))


def publish_pictures(
    store: MediaStore, job_id: str, plan: Plan, pictures: list[CheckedPicture], threads: Executor
) -> list[SnapshotResult]:
    """Copy the pictures to their final keys; behind a sprite's sheets comes their list."""
    keys = Keys(job_id)

    def publish(picture: CheckedPicture) -> SnapshotResult:
        key = keys.snapshot(picture.wanted.name)
        if not is_ours(store, key, plan.hash):
            copy_pinned(picture.file, key)
        width, height = picture.wanted.size
        return SnapshotResult(
            key=key,
            kind=picture.wanted.kind,
            time_s=float(picture.frame / plan.video.rate),
            frame=picture.frame,
            width=width,
            height=height,
            size_bytes=picture.file.size_bytes,
            blurhash=picture.file.metadata.get("blurhash"),
        )

    return [*threads.map(publish, pictures), *_publish_list(store, keys, plan)]


def picture_notes(plan: Plan, pictures: list[CheckedPicture]) -> Iterator[str]:
    """Where there are fewer pictures than were asked for."""
    if plan.snapshots is None or plan.snapshots.scenes is None:
        return
    most = plan.snapshots.scenes.most
    found = sum(one.wanted.kind == "picture" for one in pictures) // len(plan.snapshots.sizes)
    if found < most:
        yield f"The video has {found} scene changes, and so many pictures; {most} were allowed."


def _wanted(store: MediaStore, keys: Keys, plan: Plan, asked: Snapshots) -> Iterator[Wanted]:
    frames = dict(enumerate(asked.frames))
    part = keys.snapshot_part
    for index, frame in frames.items():
        for size in asked.sizes:
            name = snapshot_name(index, size[0], asked.format)
            called = f"snapshot {index} of width {size[0]}"
            yield Wanted("picture", called, part(name), name, size, frame)
    if asked.scenes is not None:
        for index, scene in enumerate(_scenes(store, keys, plan.hash, asked.scenes)):
            for size in asked.sizes:
                name = snapshot_name(index, size[0], asked.format)
                key = keys.scene_part(snapshot_name(scene.frame, size[0], asked.format))
                called = f"the scene change at frame {scene.frame} of width {size[0]}"
                yield Wanted("picture", called, key, name, size, scene.frame)
    for sheet in asked.sheets:
        name = sheet_name(sheet.name, asked.format)
        yield Wanted(sheet.kind, sheet.name, part(name), name, sheet.size, sheet.frames[0])
    if asked.poster is not None:
        for size in asked.sizes:
            name = poster_name(size[0], asked.format)
            called = f"the poster of width {size[0]}"
            yield Wanted("poster", called, part(name), name, size, asked.poster.frames[-1])


def _scenes(store: MediaStore, keys: Keys, plan_hash: str, search: SceneSearch) -> list[Scene]:
    """The clearest of all parts' scene changes."""
    found: list[Scene] = []
    for part in search.parts:
        name, key = f"the list of scene changes {part.index}", keys.scene_list(part.index)
        file, source = open_part(store, key, name, plan_hash)
        with named(name):
            check_bytes(source, file)
        try:
            listed = SceneList.model_validate_json(read_exactly(source, 0, file.size_bytes))
        except ValidationError as error:
            raise PartMismatch(f"{name} is damaged ({key})") from error
        found += listed.scenes
    return clearest(found, search.most, search.min_gap_frames)


def _check(store: MediaStore, plan_hash: str, wanted: Wanted) -> CheckedPicture:
    file, source = open_part(store, wanted.part_key, wanted.called, plan_hash)
    frame = file.metadata.get("frame", "")
    if not frame.isdecimal() or int(frame) > wanted.last_frame:
        raise PartMismatch(
            f"{wanted.called} shows frame {frame!r}, the plan says {wanted.last_frame}"
        )
    with named(wanted.called):
        check_bytes(source, file)
    return CheckedPicture(wanted, file, int(frame))


def _publish_list(store: MediaStore, keys: Keys, plan: Plan) -> Iterator[SnapshotResult]:
    asked = plan.snapshots
    sheets = [sheet for sheet in asked.sheets if sheet.kind == "sprite"] if asked else []
    if not sheets:
        return
    key, body = keys.snapshot(_LIST_NAME), webvtt(plan, sheets).encode()
    if not is_ours(store, key, plan.hash):
        store.write(key, body, "text/vtt", {"plan": plan.hash})
    width, height = sheets[0].tile
    yield SnapshotResult(
        key=key,
        kind="thumbnails",
        time_s=0,
        frame=0,
        width=width,
        height=height,
        size_bytes=len(body),
    )
