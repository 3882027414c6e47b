"""What others publish, beside what the model says of as much video; each says how they compare."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Seconds and US dollars as (least, most); None where none is published."""

    who: str
    what: str
    height: int
    duration_s: float
    width: int
    """Of the model's job; where theirs is known, theirs."""
    wall_s: tuple[float, float] | None
    usd: tuple[float, float] | None
    source: str
    note: str


_REMOTION = "https://www.remotion.dev/docs/lambda/cost-example"
_REMOTION_NOTE = (
    "measured by Remotion on Lambda, 2,048 MB: a browser draws each frame, and its H.264 is another"
    " encode than ours; from warm to cold"
)
PUBLISHED = (
    Published(
        who="Remotion Lambda",
        what="1 min of video",
        height=1080,
        duration_s=60,
        width=200,
        wall_s=(15.5, 18.9),
        usd=(0.017, 0.021),
        source=_REMOTION,
        note=_REMOTION_NOTE,
    ),
    Published(
        who="Remotion Lambda",
        what="10 min of HD video",
        height=1080,
        duration_s=600,
        width=200,
        wall_s=(56, 61),
        usd=(0.103, 0.108),
        source=_REMOTION,
        note=_REMOTION_NOTE,
    ),
    Published(
        who="MediaConvert, Basic, HD up to 30 fps",
        what="10 min",
        height=1080,
        duration_s=600,
        width=100,
        wall_s=None,
        usd=(0.15, 0.15),
        source="https://aws.amazon.com/mediaconvert/pricing/",
        note="a list price of 0.015 a minute; quality and speed are not comparable from a price",
    ),
    Published(
        who="ExCamera (NSDI 2017)",
        what="14.8 min of 4K",
        height=2160,
        duration_s=888,
        width=3600,
        wall_s=(156, 156),
        usd=None,
        source="https://www.usenix.org/conference/nsdi17/technical-sessions/presentation/fouladi",
        note="the paper's 2.6 min for Sintel, by memory of it and not read again; VP8 by an encoder"
        " of its own, one stream over 3,600 workers of 2016's Lambda",
    ),
    Published(
        who="Sprocket (SoCC 2018)",
        what="1 h, a filter on each frame",
        height=1080,
        duration_s=3600,
        width=1000,
        wall_s=(10, 99),
        usd=(0, 3),
        source="Ao et al., SoCC 2018, the abstract: '10s of seconds' and 'less than $3'",
        note="another task on 2018's Lambda: only the order of magnitude can be compared",
    ),
)
