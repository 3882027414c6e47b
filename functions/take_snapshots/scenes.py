"""Finds scene changes in one part of the timeline, and takes the clearest ones' pictures."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from functions.shared.cut import Cut, grid_graph, prerolls_s, read_options, reads_from_start
from functions.shared.errors import InvalidRequest
from functions.shared.media_store import Keys, snapshot_name
from functions.shared.plan import ScenePart, SceneSearch
from functions.shared.scenes import Scene, SceneList, clearest
from functions.take_snapshots.pictures import take_picture
from functions.take_snapshots.shooting import Shoot, at_once

_LOOK = "scale=160:90:flags=fast_bilinear,format=yuv420p"
"""What differs at a cut differs in the small, too, and noise does not."""
_BEFORE = 2
"""Frames before the part: scdet holds a frame's change against that of the one before it."""


def take_scenes(by: Shoot, part: ScenePart) -> int:
    """Take the pictures, then keep the list of them; returns how many files there are."""
    keys, search = Keys(by.plan.job_id), by.wanted.scenes
    if search is None:
        raise InvalidRequest(f"Job {by.plan.job_id} looks for no scene changes.")
    if by.is_made([keys.scene_list(part.index)]):
        return 1
    with tempfile.TemporaryDirectory(prefix="scenes-") as folder:
        found = find_scenes(by, part, search, Path(folder) / "scores")
        scenes = clearest(found, search.most, search.min_gap_frames)

        def take(scene: Scene) -> None:
            take_picture(
                by,
                scene.frame,
                lambda width: keys.scene_part(snapshot_name(scene.frame, width, by.wanted.format)),
                accuracy="frame",
                what=f"the scene change at frame {scene.frame}",
            )

        with at_once() as threads:
            for job in [threads.submit(take, scene) for scene in scenes]:
                job.result()
        listed = Path(folder) / "scenes.json"
        listed.write_text(SceneList(scenes=tuple(scenes)).model_dump_json())
        by.store.upload(
            keys.scene_list(part.index), listed, "application/json", {"plan": by.plan.hash}
        )
    return 1 + len(scenes) * len(by.wanted.sizes)


def find_scenes(by: Shoot, part: ScenePart, search: SceneSearch, scores: Path) -> list[Scene]:
    """Cuts over the threshold, whatever their distance."""
    first = max(0, part.start_frame - _BEFORE)
    for preroll_s in prerolls_s(by.plan.source.container):
        cut = Cut(first, part.end_frame, preroll_s)
        scores.unlink(missing_ok=True)
        by.run(_options(by, cut, search, scores))
        # A seek that landed too late shows as frames that are not there.
        if next(_scored(scores), (None, 0.0))[0] == first or reads_from_start(by.plan, cut):
            break
    return [
        Scene(frame=frame, score=score)
        for frame, score in _scored(scores)
        if frame >= part.start_frame and score >= search.threshold
    ]


def _options(by: Shoot, cut: Cut, search: SceneSearch, scores: Path) -> list[str]:
    told = f"metadata=mode=print:key=lavfi.scd.score:file={scores}"
    graph = f"{grid_graph(by.plan, cut)},{_LOOK},scdet=threshold={search.threshold},{told}[o]"
    reading = read_options(by.plan, by.source.url, cut, keys_only=search.keys_only)
    return [*reading, "-filter_complex", graph, "-map", "[o]", "-f", "null", "-"]


def _scored(scores: Path) -> Iterator[tuple[int, float]]:
    """(frame of the grid, score) as ffmpeg's filter prints them: on two lines."""
    if not scores.exists():
        return
    frame = 0
    with scores.open() as lines:
        for line in lines:
            if line.startswith("frame:"):
                frame = int(line.split("pts:", 1)[1].split(maxsplit=1)[0])
            else:
                yield frame, float(line.rpartition("=")[2])
