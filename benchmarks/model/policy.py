"""How long the chunks of a job are that says nothing of it: asked of the planner itself."""

from fractions import Fraction

from functions.plan_render.plan import PlanSettings, plan_render
from functions.plan_render.source.facts import Probe, VideoFacts
from functions.shared.job import parse_input
from functions.shared.plan import Source

_MOST_PARALLEL = 10_000
_ROOMY_MB = 10_240
"""Whether a chunk fits is not what is asked."""


def default_chunk_s(height: int, duration_s: float, width: int, rate: int = 30) -> float:
    """Seconds, for one H.264 output at the default preset of a 16:9 source."""
    size = (height * 16 // 9, height)
    video = VideoFacts(
        stream_index=0,
        codec="h264",
        width=size[0],
        height=size[1],
        coded_pixels=size[0] * size[1],
        coded_size=size,
        rate=Fraction(rate),
        colours_valid=True,
        start_s=Fraction(0),
        end_s=Fraction(duration_s),
    )
    probe = Probe(container="mov", container_start_s=Fraction(0), video=video, audio=None)
    request = parse_input(
        {
            "job_id": "modelled",
            "source": "s3://bucket/source",
            "render": {"outputs": [{}]},
            "max_parallel": width,
        }
    )
    settings = PlanSettings(threads=1, max_parallel=_MOST_PARALLEL, chunk_memory_mb=_ROOMY_MB)
    source = Source(bucket="bucket", key="source", etag='"0"', size_bytes=1, container="mov")
    plan = plan_render("modelled", request, source, probe, settings)
    return float(plan.chunk_frames / plan.video.rate)
