"""The plan of a job; `Plan` is the whole, the other modules hold its records."""

from functions.shared.plan.asset import Asset
from functions.shared.plan.coding import Coding, ToneMap
from functions.shared.plan.grid import Chunk, Clip, Clock, Span, Video, frame_slack
from functions.shared.plan.live import LivePlan, LiveRecord
from functions.shared.plan.output import Output
from functions.shared.plan.picture import CropBox, FadeEnds, PictureEdit
from functions.shared.plan.snapshots import (
    Accuracy,
    ImageFormat,
    PictureBatch,
    PosterChoice,
    ScenePart,
    SceneSearch,
    Sheet,
    Size,
    Snapshots,
)
from functions.shared.plan.sound import (
    Audio,
    Loudness,
    Mix,
    OtherSound,
    SoundChange,
    SoundFile,
    SoundTrack,
)
from functions.shared.plan.stream import Stream
from functions.shared.plan.whole import Plan, Source
from functions.shared.plan.whole_picture import WholePicture

__all__ = [
    "Accuracy",
    "Asset",
    "Audio",
    "Chunk",
    "Clip",
    "Clock",
    "Coding",
    "CropBox",
    "FadeEnds",
    "ImageFormat",
    "LivePlan",
    "LiveRecord",
    "Loudness",
    "Mix",
    "OtherSound",
    "Output",
    "PictureBatch",
    "PictureEdit",
    "Plan",
    "PosterChoice",
    "ScenePart",
    "SceneSearch",
    "Sheet",
    "Size",
    "Snapshots",
    "SoundChange",
    "SoundFile",
    "SoundTrack",
    "Source",
    "Span",
    "Stream",
    "ToneMap",
    "Video",
    "WholePicture",
    "frame_slack",
]
