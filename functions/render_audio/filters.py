"""The sound's filters: onto the job's clock, clip by clip, as long as its pictures."""

from collections.abc import Iterator
from fractions import Fraction

from functions.shared.plan import Audio, Clip, Plan

_SOUND_OFF_S = 0.02
"""How far sound may be from its timestamps before silence is put in or samples are dropped: under
one lost AAC packet (21 ms), over the jitter of recorders (docs/decisions/0007-sound-gaps.md)."""
COUNTED = "asetpts=round(N/SR/TB)"
"""Times by counting samples, from 0; as quotients they miss whole numbers by a little."""
SOME = "apad=whole_len=1024"
"""A breath of silence where no sound is left: encoders make no file of nothing."""

_HALF, _DOUBLE = Fraction(1, 2), Fraction(2)
"""Where one atempo blends all it hears; faster it skips, slower it refuses."""


def timeline_graph(plan: Plan, audio: Audio) -> str:
    """A filter graph from the source's inputs to the sound of the timeline; its last chain is open.

    A clip's pictures are a whole number of frames, and its sound is exactly as long, so the two
    never drift apart however many clips there are.
    """
    stream = audio.stream_index
    if not plan.clips:
        rate_hz = audio.sample_rate_hz if audio.change else None
        return f"[0:{stream}]{on_clock(plan.clock.zero_s, rate_hz)}"
    chains = [
        f"[{i}:{stream}]{','.join(_clip_filters(plan, audio, clip))}[clip{i}]"
        for i, clip in enumerate(plan.clips)
    ]
    pads = "".join(f"[clip{i}]" for i in range(len(chains)))
    return ";".join([*chains, f"{pads}concat=n={len(chains)}:v=0:a=1,{COUNTED}"])


def on_clock(zero_s: Fraction, sample_rate_hz: int | None = None) -> str:
    """What is before zero is dropped; silence before a late start, gaps filled."""
    # Floats lose nothing of 24 bits, and no encoder's wish reaches back to where clips are cut.
    form = f"{sample_rate_hz}:osf=flt:" if sample_rate_hz else ""
    return (
        f"asetpts=PTS-round({zero_s.numerator}/{zero_s.denominator}/TB),"
        f"aresample={form}async=1:first_pts=0:min_hard_comp={_SOUND_OFF_S}"
    )


def _clip_filters(plan: Plan, audio: Audio, clip: Clip) -> Iterator[str]:
    yield on_clock(plan.clock.zero_s + clip.start_s, audio.sample_rate_hz)
    yield from (f"atempo={float(tempo)!r}" for tempo in tempos(clip.speed))
    if clip.open_ended and clip is plan.clips[-1]:
        yield SOME
    else:
        samples = clip_samples(plan, audio, clip)
        # Also ends the reading.
        yield f"apad=whole_len={samples},atrim=end_sample={samples}"
    yield COUNTED


def clip_samples(plan: Plan, audio: Audio, clip: Clip) -> int:
    """Samples between the times of a clip's first frame and of the next clip's, each rounded."""
    per_frame = audio.sample_rate_hz / plan.video.rate
    return round(clip.end_frame * per_frame) - round(clip.first_frame * per_frame)


def tempos(speed: Fraction) -> list[Fraction]:
    """Factors for a chain of atempo, each of which keeps to what one does well."""
    chain = []
    while not _HALF <= speed <= _DOUBLE:
        step = _DOUBLE if speed > _DOUBLE else _HALF
        chain.append(step)
        speed /= step
    return chain if speed == 1 else [*chain, speed]
