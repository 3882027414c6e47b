"""The plan of a job; `Plan` is the whole, the other modules hold its records."""

from functions.shared.plan.base import Frozen
from functions.shared.plan.grid import Chunk, Clip, Clock, Span, Video, frame_slack
from functions.shared.plan.output import Audio, Output
from functions.shared.plan.picture import CropBox, FadeEnds, PictureEdit
from functions.shared.plan.snapshots import Snapshots
from functions.shared.plan.whole import Plan, Source

__all__ = [
    "Audio",
    "Chunk",
    "Clip",
    "Clock",
    "CropBox",
    "FadeEnds",
    "Frozen",
    "Output",
    "PictureEdit",
    "Plan",
    "Snapshots",
    "Source",
    "Span",
    "Video",
    "frame_slack",
]
