"""Scene changes: found part by part by workers, chosen among when the job is assembled."""

from collections.abc import Iterable

from functions.shared.frozen import Frozen


class Scene(Frozen):
    """The first frame after a cut."""

    frame: int
    score: float
    """How clear the cut is, 0 to 100."""


class SceneList(Frozen):
    """What one part of the timeline has, in order of time."""

    scenes: tuple[Scene, ...]


def clearest(scenes: Iterable[Scene], most: int, min_gap_frames: int) -> list[Scene]:
    """The clearest ones that keep their distance, in order of time."""
    kept: list[Scene] = []
    for scene in sorted(scenes, key=lambda one: (-one.score, one.frame)):
        if len(kept) == most:
            break
        if all(abs(scene.frame - other.frame) >= min_gap_frames for other in kept):
            kept.append(scene)
    return sorted(kept, key=lambda one: one.frame)
