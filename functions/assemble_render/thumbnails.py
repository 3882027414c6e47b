"""The WebVTT file by which players find a sprite's thumbnails."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from functions.shared.media_store import sheet_name
from functions.shared.plan import Plan, Sheet


def webvtt(plan: Plan, sheets: Sequence[Sheet]) -> str:
    """A cue for each thumbnail, from its start to the next one's; the last to the end."""
    return "WEBVTT\n\n" + "\n".join(_cues(plan, sheets))


def _cues(plan: Plan, sheets: Sequence[Sheet]) -> Iterator[str]:
    starts = [start for sheet in sheets for start in sheet.starts]
    ends = iter([*starts[1:], plan.video.total_frames])
    image_format = plan.snapshots.format if plan.snapshots else "jpeg"
    for sheet in sheets:
        width, height = sheet.tile
        name = sheet_name(sheet.name, image_format)
        for place, start in enumerate(sheet.starts):
            left, top = place % sheet.columns * width, place // sheet.columns * height
            when = f"{_time(plan, start)} --> {_time(plan, next(ends))}"
            yield f"{when}\n{name}#xywh={left},{top},{width},{height}\n"


def _time(plan: Plan, frame: int) -> str:
    thousandths = round(Fraction(frame) / plan.video.rate * 1000)
    seconds, rest = divmod(thousandths, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}.{rest:03}"
